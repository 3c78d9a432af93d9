// Exceptions, of both kinds. A call in a try is an invoke; its landing pad leads to the try's dispatch block, which
// asks one handler after the other, and, if none wants the exception, goes on to the dispatch block of the enclosing
// try, or throws again. The exception is in ExecState::exception.
#include "llvm/function_emitter.h"
#include "runtime/gc_object.h"
#include "runtime/vmcontext.h"

namespace wherry::compiler {

using Kind = wasm::CatchClause::Kind;

BasicBlock* FunctionEmitter::landing_pad(uint32_t index) {
  ensure_dispatch(scopes_[index]);
  Scope& scope = scopes_[index];
  if (scope.landing_pad == nullptr) {
    function_->setPersonalityFn(shard_.personality());
    scope.landing_pad = new_block();
    scope.landing_join = locals_.make_join(scope.landing_pad);
    const IRBuilderBase::InsertPointGuard guard(b_);
    begin_block(scope.landing_pad);
    LandingPadInst* const pad = b_.CreateLandingPad(StructType::get(shard_.ptr, shard_.i32), 1);
    pad->addClause(ConstantPointerNull::get(shard_.ptr));  // catches all
  }
  return scope.landing_pad;
}

void FunctionEmitter::ensure_dispatch(Scope& scope) {
  if (scope.dispatch != nullptr) return;
  scope.dispatch = new_block();
  scope.dispatch_join = locals_.make_join(scope.dispatch);
}

void FunctionEmitter::open_scope(Label& own) {
  own.own_scope = own.scope = scope_ = static_cast<uint32_t>(scopes_.size());
  scopes_.emplace_back();
}

Value* FunctionEmitter::begin_dispatch(const Label& own) {
  Scope& scope = scopes_[own.own_scope];
  ensure_dispatch(scope);
  if (scope.landing_pad != nullptr) {
    begin_block(scope.landing_pad);
    locals_.enter(scope.landing_join, own.mark);
    locals_.add_edge(scope.dispatch_join, scope.landing_pad);
    b_.CreateBr(scope.dispatch);
  }
  begin_block(scope.dispatch);
  locals_.enter(scope.dispatch_join, own.mark);
  // Taken from there, so that it is not kept alive longer than the code holds it.
  Value* const cell = exception_cell();
  Value* const exception = shard_.in(Region::kContext, b_.CreateLoad(shard_.i64, cell));
  shard_.in(Region::kContext, b_.CreateStore(i64(0), cell));
  return exception;
}

Value* FunctionEmitter::exception_cell() {
  return b_.CreateConstInBoundsGEP1_64(shard_.i8, exec(), offsetof(runtime::ExecState, exception));
}

void FunctionEmitter::throw_to(uint32_t index, Value* exception) {
  if (index == kNone) {
    const uint32_t here = std::exchange(scope_, kNone);
    libcall_never(Libcall::throw_ref, {context_, exception});
    scope_ = here;
    return;
  }
  Scope& scope = scopes_[index];
  ensure_dispatch(scope);
  shard_.in(Region::kContext, b_.CreateStore(exception, exception_cell()));
  locals_.add_edge(scope.dispatch_join, b_.GetInsertBlock());
  b_.CreateBr(scope.dispatch);
}

BasicBlock* FunctionEmitter::test_tag(Value* exception, uint32_t tag) {
  Value* const has = b_.CreateIsNotNull(libcall(Libcall::exception_has_tag, {context_, exception, i32(tag)}));
  BasicBlock* const match = new_block();
  BasicBlock* const next = new_block();
  b_.CreateCondBr(has, match, next);
  begin_block(match);
  return next;
}

void FunctionEmitter::push_arguments(Value* exception, uint32_t tag) {
  Value* const arguments =
      b_.CreateConstInBoundsGEP1_64(shard_.i8, as_pointer(exception), sizeof(runtime::GcException));
  uint32_t slot = 0;
  for (ValType type : module_.registry->get(module_.tags[tag].type).params) {
    push(shard_.load_slot(b_, type, arguments, slot));
    slot += type.slots();
  }
}

void FunctionEmitter::throw_(uint32_t tag) {
  tick();
  charge();
  locate();
  const wasm::TypeDef& type = module_.registry->get(module_.tags[tag].type);
  Value* const arguments = slots_of(pop_many(type.params.size()));
  libcall_never(Libcall::throw_tag, {context_, i32(tag), arguments});
}

void FunctionEmitter::throw_ref() {
  tick();
  charge();
  locate();
  Value* const exception = pop();
  trap_if(is_null(exception), TrapKind::kNullExceptionReference);
  throw_to(scope_, exception);
}

void FunctionEmitter::rethrow(uint32_t depth) {
  tick();
  charge();
  locate();
  throw_to(scope_, label(depth).exception);
}

void FunctionEmitter::try_table(wasm::Control& control, std::span<const wasm::CatchClause> clauses) {
  tick();
  charge();
  Label& own = open(control);
  own.clauses.assign(clauses.begin(), clauses.end());
  open_scope(own);
}

void FunctionEmitter::end_try_body(const wasm::Control& control, Label& own, bool falls_in, uint32_t otherwise) {
  scope_ = own.outer_scope;
  for (const wasm::CatchClause& clause : own.clauses) {
    Label& target = label(clause.label + 1);
    if (!target.is_loop) target.has_branches = true;
  }
  const bool is_used = scopes_[own.own_scope].is_used();
  if (falls_in && (is_used || own.block != nullptr)) join_own(own, control.results());
  if (is_used) {
    locate();
    Value* const exception = begin_dispatch(own);
    bool catches_all = false;
    for (const wasm::CatchClause& clause : own.clauses) {
      const bool tagged = clause.kind == Kind::kCatch || clause.kind == Kind::kCatchRef;
      BasicBlock* const next = tagged ? test_tag(exception, clause.tag) : nullptr;
      reset(own, {});
      if (tagged) push_arguments(exception, clause.tag);
      if (clause.kind == Kind::kCatchRef || clause.kind == Kind::kCatchAllRef) push(exception);
      branch_to(clause.label + 1);
      catches_all = next == nullptr;
      if (catches_all) break;
      begin_block(next);
    }
    if (!catches_all) throw_to(otherwise, exception);
  }
  if (own.block != nullptr || !falls_in) begin_label_block(own, control.results());
}

void FunctionEmitter::try_(wasm::Control& control) {
  tick();
  charge();
  open_scope(open(control));
}

/// Ends the arm before a handler, and goes on where the exception has not been wanted so far.
FunctionEmitter::Label& FunctionEmitter::begin_handler(wasm::Control& control, bool falls_in) {
  tick();
  Label& own = labels_[control.sink_data];
  if (falls_in) {
    charge();
    join_own(own, control.results());
  }
  pending_fuel_ = 0;
  locate();
  if (own.exception == nullptr) {
    scope_ = own.scope = own.outer_scope;
    own.exception = begin_dispatch(own);
    own.catch_time = locals_.now();
  } else {
    begin_block(own.next_test);
    locals_.restore(own.catch_time, own.mark);
  }
  own.next_test = nullptr;
  reset(own, {});
  return own;
}

void FunctionEmitter::catch_(wasm::Control& control, uint32_t tag, bool falls_in) {
  Label& own = begin_handler(control, falls_in);
  own.next_test = test_tag(own.exception, tag);
  push_arguments(own.exception, tag);
}

void FunctionEmitter::catch_all(wasm::Control& control, bool falls_in) { begin_handler(control, falls_in); }

void FunctionEmitter::delegate(wasm::Control& control, uint32_t depth, bool falls_in) {
  Label& own = labels_[control.sink_data];
  const bool joins = own.has_branches || !falls_in;
  if (falls_in && joins) charge();
  end_try_body(control, own, falls_in, label(depth + 1).scope);
  if (joins) pending_fuel_ = 0;
  labels_.pop_back();
}

}  // namespace wherry::compiler
