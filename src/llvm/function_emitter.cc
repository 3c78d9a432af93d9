// What all families of ops use: the frame of the function, the context, runtime calls, fuel; and the ops that move
// values.
#include "llvm/function_emitter.h"

#include <cassert>

#include "runtime/vmcontext.h"

namespace wherry::compiler {

using runtime::ExecState;
using runtime::VMContext;

FunctionEmitter::FunctionEmitter(Shard& shard)
    : shard_(shard), module_(shard.module()), b_(shard.context()), entry_(shard.context()) {}

void FunctionEmitter::start(uint32_t function, const BodyScan& scan) {
  index_ = function;
  scan_ = &scan;
  next_loop_ = 0;
  function_ = shard_.function(function);
  subprogram_ = shard_.subprogram(function);
  function_->setSubprogram(subprogram_);
  exec_ = nullptr;
  bases_.clear();
  scratch_ = nullptr;
  scratch_slots_ = 0;
  calls_ = false;
  stack_.clear();
  labels_.clear();
  scopes_.clear();
  scope_ = kNone;
  pending_fuel_ = 0;
}

void FunctionEmitter::begin(wasm::FunctionReaderBase& reader) {
  reader_ = &reader;
  BasicBlock* const entry = new_block();
  BasicBlock* const body = new_block();
  begin_block(entry);
  b_.SetCurrentDebugLocation(DebugLoc());
  if (subprogram_ != nullptr) {
    b_.SetCurrentDebugLocation(
        DILocation::get(shard_.context(), module_.functions[index_].body_offset, 0, subprogram_));
  }
  const Signature& signature = shard_.signature(type_of_self());
  const Shard::Received received = shard_.receive(b_, signature, *function_);
  context_ = received.first;
  results_ = received.results;
  AttrBuilder attributes(shard_.context());
  attributes.addAttribute(Attribute::NonNull);
  attributes.addAttribute(Attribute::NoUndef);
  attributes.addAlignmentAttr(Align(8));
  const size_t globals = module_.globals.size() - module_.imported_globals;
  attributes.addDereferenceableAttr(runtime::global_cell_offset(static_cast<uint32_t>(globals)));
  function_->addParamAttrs(0, attributes);

  SmallVector<Value*, 32> initial(received.args.begin(), received.args.end());
  const std::span<const ValType> locals = reader.locals();
  for (size_t i = initial.size(); i < locals.size(); ++i) {
    initial.push_back(Constant::getNullValue(shard_.type_of(locals[i])));
  }
  const bool in_memory = scan_->meetings > BodyScan::kMeetingsLimit;
  if (in_memory) function_->addFnAttr("wherry-huge");
  locals_.begin(b_, initial, in_memory);
  entry_.SetInsertPoint(b_.CreateBr(body));
  labels_.push_back({});
  begin_block(body);
}

void FunctionEmitter::finish() {
  if (scratch_ != nullptr) scratch_->setOperand(0, i32(scratch_slots_));
  if (!calls_) {
    function_->setDoesNotThrow();
    function_->setUWTableKind(UWTableKind::None);
  }
  // A function that calls nothing, and is small, fits in what stays free below the limit.
  constexpr uint32_t kSmallBody = 1024;
  if (!calls_ && module_.functions[index_].body_size < kSmallBody) return;
  Instruction* const branch = &*entry_.GetInsertPoint();
  BasicBlock* const body = branch->getSuccessor(0);
  BasicBlock* const overflow = new_block();
  Value* const exec_state = exec();
  b_.SetInsertPoint(branch);
  b_.SetCurrentDebugLocation(branch->getDebugLoc());
  Value* const limit = field(shard_.i64, exec_state, offsetof(ExecState, native_limit));
  Value* const stack = b_.CreateIntrinsic(Intrinsic::read_register, {shard_.i64}, {shard_.stack_register()});
  b_.CreateCondBr(b_.CreateICmpULT(stack, limit), overflow, body, shard_.unlikely());
  branch->eraseFromParent();
  begin_block(overflow);
  trap(TrapKind::kStackOverflow);
}

// The stack.

SmallVector<Value*, 8> FunctionEmitter::pop_many(size_t count) {
  SmallVector<Value*, 8> values(stack_.end() - count, stack_.end());
  stack_.truncate(stack_.size() - count);
  return values;
}

Value* FunctionEmitter::pop_condition() {
  Value* const value = pop();
  if (auto* extended = dyn_cast<ZExtInst>(value); extended != nullptr && extended->getSrcTy() == shard_.i1) {
    return extended->getOperand(0);
  }
  return b_.CreateIsNotNull(value);
}

// Blocks.

BasicBlock* FunctionEmitter::branch_unlikely(Value* condition, BasicBlock* block) {
  if (block == nullptr) block = new_block();
  BasicBlock* const next = new_block();
  b_.CreateCondBr(condition, block, next, shard_.unlikely());
  begin_block(next);
  return block;
}

void FunctionEmitter::trap(TrapKind kind) {
  CallInst* const call =
      b_.CreateIntrinsic(Intrinsic::ubsantrap, {}, {ConstantInt::get(shard_.i8, static_cast<uint8_t>(kind))});
  call->addFnAttr(Attribute::NoMerge);
  b_.CreateUnreachable();
}

void FunctionEmitter::trap_if(Value* condition, TrapKind kind) {
  if (auto* constant = dyn_cast<ConstantInt>(condition); constant != nullptr && constant->isZero()) return;
  BasicBlock* const block = branch_unlikely(condition);
  const IRBuilderBase::InsertPointGuard guard(b_);
  begin_block(block);
  trap(kind);
}

void FunctionEmitter::locate() {
  if (subprogram_ == nullptr) return;
  const auto offset = static_cast<unsigned>(reader_->op_offset());
  b_.SetCurrentDebugLocation(DILocation::get(shard_.context(), offset, 0, subprogram_));
}

// The context.

Value* FunctionEmitter::field(Type* type, Value* object, size_t offset) {
  Value* const address = b_.CreateConstInBoundsGEP1_64(shard_.i8, object, offset);
  return shard_.in(Region::kContext, b_.CreateLoad(type, address));
}

Value* FunctionEmitter::invariant_field(Type* type, Value* object, size_t offset) {
  return shard_.invariant(cast<LoadInst>(field(type, object, offset)));
}

Value* FunctionEmitter::context_field(Type* type, size_t offset, bool invariant) {
  return invariant ? invariant_field(type, context_, offset) : field(type, context_, offset);
}

Value* FunctionEmitter::exec() {
  if (exec_ == nullptr) {
    const IRBuilderBase::InsertPointGuard guard(b_);
    b_.SetInsertPoint(entry_.GetInsertPoint());
    exec_ = context_field(shard_.ptr, offsetof(VMContext, exec), true);
  }
  return exec_;
}

Value* FunctionEmitter::indexed(size_t table_offset, uint32_t index) {
  Value* const table = context_field(shard_.ptr, table_offset, true);
  return invariant_field(shard_.ptr, table, size_t{index} * sizeof(void*));
}

Value* FunctionEmitter::type_id(uint32_t module_index) {
  Value* const table = context_field(shard_.ptr, offsetof(VMContext, types), true);
  return invariant_field(shard_.i32, table, size_t{module_index} * sizeof(TypeId));
}

Value* FunctionEmitter::libcall_address(Value* context, Libcall callee) {
  Value* const table = invariant_field(shard_.ptr, context, offsetof(VMContext, libcalls));
  return invariant_field(shard_.ptr, table, static_cast<size_t>(callee) * sizeof(void*));
}

CallBase* FunctionEmitter::libcall(Libcall callee, std::initializer_list<Value*> args) {
  CallInst* const call = b_.CreateCall(shard_.libcall_type(callee), libcall_address(context_, callee), args);
  call->setDoesNotThrow();
  return call;
}

/// A libcall that throws or traps, and does not return.
void FunctionEmitter::libcall_never(Libcall callee, std::initializer_list<Value*> args) {
  CallBase* const call = emit_call(shard_.libcall_type(callee), libcall_address(context_, callee), args, true);
  call->setDoesNotReturn();
  call->addFnAttr(Attribute::Cold);
  b_.CreateUnreachable();
}

Value* FunctionEmitter::scratch(uint32_t slots) {
  if (scratch_ == nullptr) {
    BasicBlock& entry = function_->getEntryBlock();
    IRBuilder<> builder(&entry, entry.begin());
    scratch_ = builder.CreateAlloca(shard_.i64, i32(1));
    scratch_->setAlignment(Align(16));
  }
  scratch_slots_ = std::max(scratch_slots_, slots);
  return scratch_;
}

// Fuel.

void FunctionEmitter::charge() {
  if (pending_fuel_ == 0) return;
  locate();
  Value* const address = b_.CreateConstInBoundsGEP1_64(shard_.i8, exec(), offsetof(ExecState, fuel));
  Value* const fuel = shard_.in(Region::kContext, b_.CreateLoad(shard_.i64, address));
  Value* const cost = i64(pending_fuel_);
  pending_fuel_ = 0;
  BasicBlock* const empty = branch_unlikely(b_.CreateICmpSLT(fuel, cost));
  shard_.in(Region::kContext, b_.CreateStore(b_.CreateSub(fuel, cost), address));
  const IRBuilderBase::InsertPointGuard guard(b_);
  begin_block(empty);
  shard_.in(Region::kContext, b_.CreateStore(i64(0), address));
  trap(TrapKind::kOutOfFuel);
}

// Ops.

void FunctionEmitter::plain(Op op, const wasm::Imm& imm) {
  const wasm::Effect effect = wasm::info(op).effect;
  const bool local = op == Op::kLocalGet || op == Op::kLocalSet || op == Op::kLocalTee;
  if (effect != wasm::Effect::kPure && !local) {
    tick();
    charge();
    locate();
  } else {
    tick();
  }
  [[maybe_unused]] const bool known = variable_op(op, imm) || numeric_op(op) || memory_op(op, imm) ||
                                      conversion_op(op) || simd_op(op, imm) || simd_memory_op(op, imm) ||
                                      runtime_op(op, imm) || gc_op(op, imm) || atomic_op(op, imm);
  assert(known);
}

bool FunctionEmitter::variable_op(Op op, const wasm::Imm& imm) {
  switch (op) {
    case Op::kNop:
      return true;
    case Op::kI32Const:
      push(i32(static_cast<uint32_t>(imm.bits)));
      return true;
    case Op::kI64Const:
      push(i64(imm.bits));
      return true;
    case Op::kF32Const:
      push(ConstantFP::get(shard_.context(), APFloat(APFloat::IEEEsingle(), APInt(32, imm.bits))));
      return true;
    case Op::kF64Const:
      push(ConstantFP::get(shard_.context(), APFloat(APFloat::IEEEdouble(), APInt(64, imm.bits))));
      return true;
    case Op::kV128Const:
      push(ConstantDataVector::get(shard_.context(), ArrayRef<uint64_t>({imm.v128.low(), imm.v128.high()})));
      return true;
    case Op::kLocalGet:
      push(locals_.get(imm.index));
      return true;
    case Op::kLocalSet:
      locals_.set(imm.index, pop());
      return true;
    case Op::kLocalTee:
      locals_.set(imm.index, stack_.back());
      return true;
    case Op::kGlobalGet: {
      const wasm::GlobalDecl& global = module_.globals[imm.index];
      LoadInst* const load = b_.CreateAlignedLoad(shard_.type_of(global.type.type), global_cell(imm.index), Align(8));
      shard_.in(Region::kGlobal, load);
      push(global.type.is_mutable ? load : shard_.invariant(load));
      return true;
    }
    case Op::kGlobalSet: {
      Value* const value = pop();
      shard_.in(Region::kGlobal, b_.CreateAlignedStore(value, global_cell(imm.index), Align(8)));
      return true;
    }
    default:
      return false;
  }
}

Value* FunctionEmitter::global_cell(uint32_t index) {
  if (index < module_.imported_globals) return indexed(offsetof(VMContext, globals), index);
  return b_.CreateConstInBoundsGEP1_64(shard_.i8, context_,
                                       runtime::global_cell_offset(index - module_.imported_globals));
}

void FunctionEmitter::drop(ValType) {
  tick();
  pop();
}

void FunctionEmitter::select(ValType) {
  tick();
  Value* const condition = pop_condition();
  Value* const otherwise = pop();
  Value* const chosen = pop();
  push(b_.CreateSelect(condition, chosen, otherwise));
}

}  // namespace wherry::compiler
