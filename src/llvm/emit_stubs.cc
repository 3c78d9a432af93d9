// The two stubs of a function type: into compiled code from slots, and out of it to any function.
#include <llvm/ADT/STLExtras.h>

#include "llvm/shard.h"
#include "runtime/vmcontext.h"

namespace wherry::compiler {

namespace {

using runtime::ExecState;
using runtime::Func;
using runtime::VMContext;

Value* load(Shard& shard, IRBuilderBase& builder, Type* type, Value* object, size_t offset) {
  Value* const address = builder.CreateConstInBoundsGEP1_64(shard.i8, object, offset);
  return shard.in(Region::kContext, builder.CreateLoad(type, address));
}

/// Results are written where the arguments were: those have been read by then. An exception ends here: whoever unwinds
/// the stack returns kUncaughtException in the stub's stead (src/native).
void emit_enter(Shard& shard, uint32_t index) {
  const wasm::TypeDef& type = shard.module().registry->get(shard.module().types[index]);
  const Signature& signature = shard.signature(type);
  Function* const stub = shard.enter_stub(index);
  IRBuilder<> builder(BasicBlock::Create(shard.context(), "", stub));
  Value* const func = stub->getArg(0);
  Value* const slots = stub->getArg(1);

  SmallVector<Value*, 16> args;
  uint32_t slot = 0;
  for (ValType param : type.params) {
    args.push_back(shard.load_slot(builder, param, slots, slot));
    slot += param.slots();
  }
  Value* overflow = nullptr;
  if (signature.overflow_slots != 0) {
    overflow = builder.CreateAlloca(shard.i64, builder.getInt32(signature.overflow_slots));
    shard.store_overflow(builder, signature, args, overflow);
  }
  Value* const context = load(shard, builder, shard.ptr, func, offsetof(Func, context));
  Value* const native = load(shard, builder, shard.ptr, func, offsetof(Func, native));
  const SmallVector<Value*, 16> passed = shard.pass(builder, signature, context, slots, overflow, args);
  CallInst* const result = builder.CreateCall(shard.function_type(signature), native, passed);
  result->setTailCallKind(CallInst::TCK_NoTail);
  if (type.results.size() == 1) shard.store_slot(builder, result, slots, 0);
  builder.CreateRet(builder.getInt32(static_cast<uint32_t>(TrapKind::kNone)));
}

/// Whoever calls it has stored its own context in ExecState::caller.
void emit_leave(Shard& shard, uint32_t index) {
  const wasm::TypeDef& type = shard.module().registry->get(shard.module().types[index]);
  const Signature& signature = shard.signature(type);
  Function* const stub = shard.leave_stub(type);
  IRBuilder<> builder(BasicBlock::Create(shard.context(), "", stub));
  const Shard::Received received = shard.receive(builder, signature, *stub);
  Value* const func = received.first;
  const uint32_t slot_count = std::max({type.param_slots, type.result_slots, 1u});
  AllocaInst* const slots = builder.CreateAlloca(shard.i64, builder.getInt32(slot_count));
  slots->setAlignment(Align(16));
  uint32_t slot = 0;
  for (size_t i = 0; i < received.args.size(); ++i) {
    shard.store_slot(builder, received.args[i], slots, slot);
    slot += type.params[i].slots();
  }
  Value* const context = load(shard, builder, shard.ptr, func, offsetof(Func, context));
  Value* const exec = load(shard, builder, shard.ptr, context, offsetof(VMContext, exec));
  Value* const caller = load(shard, builder, shard.ptr, exec, offsetof(ExecState, caller));
  Value* const entry = load(shard, builder, shard.ptr, func, offsetof(Func, entry));
  CallInst* const call =
      builder.CreateCall(FunctionType::get(shard.i8, {shard.ptr, shard.ptr}, false), entry, {func, slots});
  call->setTailCallKind(CallInst::TCK_NoTail);
  Value* const kind = builder.CreateZExt(call, shard.i32);

  const auto leave_if_not_zero = [&](Value* trap) {
    BasicBlock* const trapped = BasicBlock::Create(shard.context(), "", stub);
    BasicBlock* const next = BasicBlock::Create(shard.context(), "", stub);
    builder.CreateCondBr(builder.CreateIsNotNull(trap), trapped, next, shard.unlikely());
    builder.SetInsertPoint(trapped);
    Value* const libcalls = load(shard, builder, shard.ptr, caller, offsetof(VMContext, libcalls));
    Value* const raise = load(shard, builder, shard.ptr, libcalls, static_cast<size_t>(Libcall::raise) * sizeof(void*));
    CallInst* const raised = builder.CreateCall(shard.libcall_type(Libcall::raise), raise, {caller, trap});
    raised->setDoesNotReturn();
    raised->setTailCallKind(CallInst::TCK_NoTail);
    builder.CreateUnreachable();
    builder.SetInsertPoint(next);
  };
  leave_if_not_zero(kind);
  leave_if_not_zero(load(shard, builder, shard.i32, exec, offsetof(ExecState, interrupt)));

  if (type.results.size() == 1) {
    builder.CreateRet(shard.load_slot(builder, type.results[0], slots, 0));
    return;
  }
  slot = 0;
  for (ValType result : type.results) {
    shard.store_slot(builder, shard.load_slot(builder, result, slots, slot), received.results, slot);
    slot += result.slots();
  }
  builder.CreateRetVoid();
}

}  // namespace

void emit_stubs(Shard& shard) {
  for (uint32_t index = 0; index < shard.module().types.size(); ++index) {
    if (shard.stub_type(index) != index) continue;
    emit_enter(shard, index);
    emit_leave(shard, index);
  }
}

void emit_thunk(Shard& shard, uint32_t function) {
  Function* const thunk = shard.function(function);
  IRBuilder<> builder(BasicBlock::Create(shard.context(), "", thunk));
  Value* const context = thunk->getArg(0);
  Value* const exec = load(shard, builder, shard.ptr, context, offsetof(VMContext, exec));
  Value* const caller = builder.CreateConstInBoundsGEP1_64(shard.i8, exec, offsetof(ExecState, caller));
  shard.in(Region::kContext, builder.CreateStore(context, caller));
  Value* const libcalls = load(shard, builder, shard.ptr, context, offsetof(VMContext, libcalls));
  Value* const make = load(shard, builder, shard.ptr, libcalls, static_cast<size_t>(Libcall::ref_func) * sizeof(void*));
  Value* const func = builder.CreateIntToPtr(
      builder.CreateCall(shard.libcall_type(Libcall::ref_func), make, {context, builder.getInt32(function)}),
      shard.ptr);
  Value* const native = load(shard, builder, shard.ptr, func, offsetof(Func, native));
  Value* const is_native = builder.CreateIsNotNull(native);
  Value* const stub = shard.leave_stub(shard.module().function_type(function));
  SmallVector<Value*, 16> args = {builder.CreateSelect(is_native, context, func)};
  for (Argument& arg : drop_begin(thunk->args())) args.push_back(&arg);
  CallInst* const call =
      builder.CreateCall(thunk->getFunctionType(), builder.CreateSelect(is_native, native, stub), args);
  call->setTailCallKind(CallInst::TCK_MustTail);
  if (thunk->getReturnType()->isVoidTy()) {
    builder.CreateRetVoid();
  } else {
    builder.CreateRet(call);
  }
}

}  // namespace wherry::compiler
