// Linear memories: scalar and atomic accesses, sizes, growth.
//
// A guarded memory (runtime::Memory::is_guarded) needs no check: base + address + offset stays in its reservation,
// where it faults. Every other access is checked, so that it cannot fault.
#include "llvm/function_emitter.h"
#include "llvm/memory_access.h"
#include "runtime/memory.h"
#include "runtime/vmcontext.h"

namespace wherry::compiler {

using runtime::MemoryView;
using runtime::VMContext;

bool FunctionEmitter::is_guarded(uint32_t memory) const {
  return runtime::Memory::is_guarded(module_.memories[memory], shard_.options().bounds);
}

Value* FunctionEmitter::memory_view(uint32_t memory) {
  if (memory == 0) return context_field(shard_.ptr, offsetof(VMContext, memory0), true);
  return indexed(offsetof(VMContext, memories), memory);
}

/// The address of the memory's first byte. One that never moves is read once, before the body.
Value* FunctionEmitter::memory_base(uint32_t memory) {
  const bool fixed = is_guarded(memory) || module_.memories[memory].shared;
  if (!fixed) return field(shard_.ptr, memory_view(memory), offsetof(MemoryView, base));
  Value*& base = bases_[memory];
  if (base == nullptr) {
    const IRBuilderBase::InsertPointGuard guard(b_);
    b_.SetInsertPoint(entry_.GetInsertPoint());
    base = memory == 0 && is_guarded(0) ? context_field(shard_.ptr, offsetof(VMContext, guarded_base0), true)
                                        : invariant_field(shard_.ptr, memory_view(memory), offsetof(MemoryView, base));
  }
  return base;
}

Value* FunctionEmitter::memory_bytes(uint32_t memory) {
  auto* const load = cast<LoadInst>(field(shard_.i64, memory_view(memory), offsetof(MemoryView, bytes)));
  if (module_.memories[memory].shared) load->setAtomic(AtomicOrdering::Monotonic);
  return load;
}

/// Address plus offset, as 64 bits; traps if that overflows.
Value* FunctionEmitter::effective_address(const wasm::MemArg& arg, Value* operand) {
  Value* const address = extended_address(operand);
  if (arg.offset == 0) return address;
  if (!module_.memories[arg.memory].is64) return b_.CreateNUWAdd(address, i64(arg.offset));
  Value* const sum = b_.CreateBinaryIntrinsic(Intrinsic::uadd_with_overflow, address, i64(arg.offset));
  trap_if(b_.CreateExtractValue(sum, 1), TrapKind::kMemoryOutOfBounds);
  return b_.CreateExtractValue(sum, 0);
}

FunctionEmitter::MemoryPlace FunctionEmitter::place(const wasm::MemArg& arg, Value* operand, uint32_t size,
                                                    bool aligned) {
  const auto no_wrap = GEPNoWrapFlags::inBounds() | GEPNoWrapFlags::noUnsignedWrap();
  if (is_guarded(arg.memory)) {
    Value* const base = memory_base(arg.memory);
    Value* const extended = extended_address(operand);
    if (aligned && size > 1) {
      Value* const misaligned = b_.CreateAnd(b_.CreateAdd(extended, i64(arg.offset)), size - 1);
      trap_if(b_.CreateIsNotNull(misaligned), TrapKind::kUnalignedAtomic);
    }
    Value* address = b_.CreateGEP(shard_.i8, base, extended, "", no_wrap);
    if (arg.offset != 0) address = b_.CreateGEP(shard_.i8, address, i64(arg.offset), "", no_wrap);
    return {address, true};
  }
  const MemoryType& type = module_.memories[arg.memory];
  Value* const address = effective_address(arg, operand);
  if (aligned && size > 1) {
    trap_if(b_.CreateIsNotNull(b_.CreateAnd(address, size - 1)), TrapKind::kUnalignedAtomic);
  }
  Value* const bytes = memory_bytes(arg.memory);
  if (type.is64) {
    // address > bytes - size, where bytes - size does not wrap; else everything is out of bounds.
    Value* const room = b_.CreateBinaryIntrinsic(Intrinsic::usub_with_overflow, bytes, i64(size));
    Value* const outside =
        b_.CreateOr(b_.CreateExtractValue(room, 1), b_.CreateICmpUGT(address, b_.CreateExtractValue(room, 0)));
    trap_if(outside, TrapKind::kMemoryOutOfBounds);
  } else {
    trap_if(b_.CreateICmpUGT(b_.CreateNUWAdd(address, i64(size)), bytes), TrapKind::kMemoryOutOfBounds);
  }
  return {b_.CreateGEP(shard_.i8, memory_base(arg.memory), address, "", no_wrap), false};
}

Value* FunctionEmitter::load(const wasm::MemArg& arg, Value* operand, Type* type) {
  const auto size = static_cast<uint32_t>(type->getPrimitiveSizeInBits() / 8);
  const MemoryPlace from = place(arg, operand, size);
  if (from.may_fault) return shard_.in(Region::kMemory, emit_faulting_load(b_, type, from.address));
  return shard_.in(Region::kMemory, b_.CreateAlignedLoad(type, from.address, Align(1)));
}

void FunctionEmitter::store(const wasm::MemArg& arg, Value* operand, Value* value) {
  const auto size = static_cast<uint32_t>(value->getType()->getPrimitiveSizeInBits() / 8);
  const MemoryPlace to = place(arg, operand, size);
  if (to.may_fault) {
    shard_.in(Region::kMemory, emit_faulting_store(b_, value, to.address));
  } else {
    shard_.in(Region::kMemory, b_.CreateAlignedStore(value, to.address, Align(1)));
  }
}

/// Pushes what memory.size or memory.grow gives, which comes as 64 bits.
void FunctionEmitter::grow_result(uint32_t memory, Value* result) {
  push(module_.memories[memory].is64 ? result : b_.CreateTrunc(result, shard_.i32));
}

bool FunctionEmitter::memory_op(Op op, const wasm::Imm& imm) {
  const auto load_op = [&](Type* type) {
    push(load(imm.mem, pop(), type));
    return true;
  };
  const auto narrow_load = [&](IntegerType* from, IntegerType* to, bool is_signed) {
    Value* const value = load(imm.mem, pop(), from);
    push(is_signed ? b_.CreateSExt(value, to) : b_.CreateZExt(value, to));
    return true;
  };
  const auto store_op = [&](Type* type) {
    Value* value = pop();
    if (value->getType() != type) value = b_.CreateTrunc(value, type);
    Value* const address = pop();
    store(imm.mem, address, value);
    return true;
  };
  switch (op) {
    case Op::kI32Load:
      return load_op(shard_.i32);
    case Op::kI64Load:
      return load_op(shard_.i64);
    case Op::kF32Load:
      return load_op(shard_.f32);
    case Op::kF64Load:
      return load_op(shard_.f64);
    case Op::kV128Load:
      return load_op(shard_.v128);
    case Op::kI32Load8S:
    case Op::kI32Load8U:
      return narrow_load(shard_.i8, shard_.i32, op == Op::kI32Load8S);
    case Op::kI32Load16S:
    case Op::kI32Load16U:
      return narrow_load(shard_.i16, shard_.i32, op == Op::kI32Load16S);
    case Op::kI64Load8S:
    case Op::kI64Load8U:
      return narrow_load(shard_.i8, shard_.i64, op == Op::kI64Load8S);
    case Op::kI64Load16S:
    case Op::kI64Load16U:
      return narrow_load(shard_.i16, shard_.i64, op == Op::kI64Load16S);
    case Op::kI64Load32S:
    case Op::kI64Load32U:
      return narrow_load(shard_.i32, shard_.i64, op == Op::kI64Load32S);
    case Op::kI32Store:
    case Op::kI64Store32:
      return store_op(shard_.i32);
    case Op::kI64Store:
      return store_op(shard_.i64);
    case Op::kF32Store:
      return store_op(shard_.f32);
    case Op::kF64Store:
      return store_op(shard_.f64);
    case Op::kV128Store:
      return store_op(shard_.v128);
    case Op::kI32Store8:
    case Op::kI64Store8:
      return store_op(shard_.i8);
    case Op::kI32Store16:
    case Op::kI64Store16:
      return store_op(shard_.i16);
    case Op::kMemorySize:
      grow_result(imm.index, b_.CreateLShr(memory_bytes(imm.index), module_.memories[imm.index].page_size_log2));
      return true;
    case Op::kMemoryGrow:
      grow_result(imm.index, libcall(Libcall::memory_grow, {context_, i32(imm.index), extended_address(pop())}));
      return true;
    default:
      return false;
  }
}

bool FunctionEmitter::atomic_op(Op op, const wasm::Imm& imm) {
  const wasm::OpInfo& row = wasm::info(op);
  constexpr auto kOrder = AtomicOrdering::SequentiallyConsistent;
  switch (op) {
    case Op::kAtomicFence:
      b_.CreateFence(kOrder);
      return true;
    case Op::kMemoryAtomicNotify: {
      Value* const count = pop();
      Value* const address = effective_address(imm.mem, pop());
      push(libcall(Libcall::memory_atomic_notify, {context_, i32(imm.mem.memory), address, count}));
      return true;
    }
    case Op::kMemoryAtomicWait32:
    case Op::kMemoryAtomicWait64: {
      Value* const timeout = pop();
      Value* const expected = pop();
      Value* const address = effective_address(imm.mem, pop());
      const Libcall wait =
          op == Op::kMemoryAtomicWait32 ? Libcall::memory_atomic_wait32 : Libcall::memory_atomic_wait64;
      push(libcall(wait, {context_, i32(imm.mem.memory), address, expected, timeout}));
      return true;
    }
    default:
      break;
  }
  if (op < Op::kI32AtomicLoad || op > Op::kI64AtomicRmw32CmpxchgU) return false;
  const uint32_t size = 1u << row.access;
  const Align alignment(size);
  IntegerType* const cell_type = b_.getIntNTy(size * 8);
  IntegerType* const type = row.signature.results[0] == 'l' ? shard_.i64 : shard_.i32;
  const auto narrow = [&](Value* value) { return b_.CreateTrunc(value, cell_type); };
  // Volatile, or else LLVM drops an access that changes nothing and whose result is not used, with its fault.
  const auto in_memory = [&](auto* access) {
    access->setVolatile(true);
    return shard_.in(Region::kMemory, access);
  };
  if (op <= Op::kI64AtomicLoad32U) {
    LoadInst* const load = b_.CreateAlignedLoad(cell_type, place(imm.mem, pop(), size, true).address, alignment);
    load->setAtomic(kOrder);
    push(b_.CreateZExt(in_memory(load), type));
    return true;
  }
  if (op <= Op::kI64AtomicStore32) {
    Value* const value = narrow(pop());
    Value* const address = place(imm.mem, pop(), size, true).address;
    StoreInst* const store = b_.CreateAlignedStore(value, address, alignment);
    store->setAtomic(kOrder);
    in_memory(store);
    return true;
  }
  if (op >= Op::kI32AtomicRmwCmpxchg) {
    Value* const replacement = narrow(pop());
    Value* const expected_whole = pop();
    Value* const address = place(imm.mem, pop(), size, true).address;
    AtomicCmpXchgInst* const exchange =
        b_.CreateAtomicCmpXchg(address, narrow(expected_whole), replacement, alignment, kOrder, kOrder);
    push(b_.CreateZExt(b_.CreateExtractValue(in_memory(exchange), 0), type));
    return true;
  }
  // Each kind comes for i32, i64, and in five narrow forms.
  constexpr uint32_t kForms = 7;
  constexpr AtomicRMWInst::BinOp kKinds[] = {AtomicRMWInst::Add, AtomicRMWInst::Sub, AtomicRMWInst::And,
                                             AtomicRMWInst::Or,  AtomicRMWInst::Xor, AtomicRMWInst::Xchg};
  static_assert(static_cast<uint32_t>(Op::kI32AtomicRmwCmpxchg) - static_cast<uint32_t>(Op::kI32AtomicRmwAdd) ==
                kForms * std::size(kKinds));
  const uint32_t kind = (static_cast<uint32_t>(op) - static_cast<uint32_t>(Op::kI32AtomicRmwAdd)) / kForms;
  Value* const value = narrow(pop());
  Value* const address = place(imm.mem, pop(), size, true).address;
  push(b_.CreateZExt(in_memory(b_.CreateAtomicRMW(kKinds[kind], address, value, alignment, kOrder)), type));
  return true;
}

}  // namespace wherry::compiler
