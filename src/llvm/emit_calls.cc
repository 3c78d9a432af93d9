// Calls. Within the module a call is direct. Through a Func it goes to compiled code if there is some, with the
// callee's context, and else to the type's leave stub, with the Func itself.
#include "llvm/function_emitter.h"
#include "runtime/vmcontext.h"

namespace wherry::compiler {

using runtime::ExecState;
using runtime::Func;
using runtime::VMContext;

/// A call that may run any code. It is an invoke where something catches what it throws.
CallBase* FunctionEmitter::emit_call(FunctionType* type, Value* callee, ArrayRef<Value*> args, bool may_unwind) {
  calls_ = true;
  if (may_unwind && scope_ != kNone) {
    BasicBlock* const pad = landing_pad(scope_);
    locals_.add_edge(scopes_[scope_].landing_join, b_.GetInsertBlock());
    BasicBlock* const next = new_block();
    InvokeInst* const invoke = b_.CreateInvoke(type, callee, next, pad, args);
    begin_block(next);
    return invoke;
  }
  CallInst* const call = b_.CreateCall(type, callee, args);
  call->setTailCallKind(CallInst::TCK_NoTail);
  return call;
}

/// Calls with the operands on the stack, and pushes the results, or returns them.
void FunctionEmitter::finish_call(const wasm::TypeDef& type, Value* callee, Value* first, bool tail) {
  const Signature& signature = shard_.signature(type);
  const SmallVector<Value*, 8> args = pop_many(type.params.size());
  const uint32_t result_slots = signature.has_results_pointer ? type.result_slots : 0;
  Value* results = nullptr;
  Value* overflow = nullptr;
  if (signature.has_results_pointer) results = tail ? results_ : scratch(result_slots);
  if (signature.overflow_slots != 0) {
    overflow = tail ? as_pointer(libcall(Libcall::argument_buffer, {context_, i32(signature.overflow_slots)}))
                    : shard_.slot_address(b_, scratch(result_slots + signature.overflow_slots), result_slots);
    shard_.store_overflow(b_, signature, args, overflow);
  }
  FunctionType* const callee_type = shard_.function_type(signature);
  const SmallVector<Value*, 16> passed = shard_.pass(b_, signature, first, results, overflow, args);
  if (tail) {
    calls_ = true;
    CallInst* const call = b_.CreateCall(callee_type, callee, passed);
    call->setTailCallKind(CallInst::TCK_MustTail);
    if (callee_type->getReturnType()->isVoidTy()) {
      b_.CreateRetVoid();
    } else {
      b_.CreateRet(call);
    }
    return;
  }
  CallBase* const call = emit_call(callee_type, callee, passed, true);
  if (type.results.size() == 1) {
    push(call);
  } else {
    uint32_t slot = 0;
    for (ValType result : type.results) {
      push(shard_.load_slot(b_, result, results, slot));
      slot += result.slots();
    }
  }
}

void FunctionEmitter::call_through(const wasm::TypeDef& type, Value* func, bool tail) {
  Value* const caller = b_.CreateConstInBoundsGEP1_64(shard_.i8, exec(), offsetof(ExecState, caller));
  shard_.in(Region::kContext, b_.CreateStore(context_, caller));
  Value* const native = field(shard_.ptr, func, offsetof(Func, native));
  Value* const context = invariant_field(shard_.ptr, func, offsetof(Func, context));
  Value* const is_native = b_.CreateIsNotNull(native);
  Value* const first = b_.CreateSelect(is_native, context, func);
  Value* const callee = b_.CreateSelect(is_native, native, shard_.leave_stub(type));
  finish_call(type, callee, first, tail);
}

void FunctionEmitter::call(uint32_t function, bool tail) {
  tick();
  charge();
  locate();
  const wasm::TypeDef& type = module_.function_type(function);
  if (function < module_.imported_functions) {
    call_through(type, indexed(offsetof(VMContext, funcs), function), tail);
  } else {
    finish_call(type, shard_.function(function), context_, tail);
  }
}

void FunctionEmitter::call_indirect(uint32_t table, TypeId type_id_wanted, bool tail) {
  tick();
  charge();
  locate();
  const wasm::TypeDef& type = module_.registry->get(type_id_wanted);
  Value* const ref =
      table_element(table, extended_address(pop()), TrapKind::kUndefinedElement, TrapKind::kUninitializedElement);
  Value* const func = as_pointer(ref);
  const ValType wanted = ValType::ref(HeapType::defined(type.id), true);
  if (!module_.registry->matches(module_.tables[table].type.element, wanted)) {
    const uint32_t index = shard_.type_index(type.id);
    Value* const actual = invariant_field(shard_.i32, func, offsetof(Func, type));
    Value* const differs = b_.CreateICmpNE(actual, type_id(index));
    if (type.is_final) {
      trap_if(differs, TrapKind::kIndirectCallTypeMismatch);
    } else {
      BasicBlock* const other = branch_unlikely(differs);
      BasicBlock* const same = b_.GetInsertBlock();
      begin_block(other);
      Value* const matches = libcall(Libcall::func_has_type, {context_, func, i32(index)});
      trap_if(is_null(matches), TrapKind::kIndirectCallTypeMismatch);
      b_.CreateBr(same);
      begin_block(same);
    }
  }
  call_through(type, func, tail);
}

void FunctionEmitter::call_ref(TypeId type, bool tail) {
  tick();
  charge();
  locate();
  Value* const ref = pop();
  trap_if(is_null(ref), TrapKind::kNullFunctionReference);
  call_through(module_.registry->get(type), as_pointer(ref), tail);
}

}  // namespace wherry::compiler
