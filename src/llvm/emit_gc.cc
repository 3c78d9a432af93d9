// Structs, arrays, i31 and casts. Fields and elements are read and written in line; what allocates is the runtime's.
#include "llvm/function_emitter.h"
#include "runtime/gc_object.h"

namespace wherry::compiler {

using runtime::GcArray;
using runtime::GcKind;
using runtime::GcObject;
using runtime::GcStruct;

namespace {

/// The first five bytes of a header: type and kind.
static_assert(offsetof(GcObject, type) == 0 && offsetof(GcObject, kind) == 4);
constexpr uint64_t kTypeAndKind = (uint64_t{1} << 40) - 1;
/// Of GcArray::length, which is what an array has first.
constexpr size_t kLengthOffset = sizeof(GcObject);

}  // namespace

/// Values in consecutive slots, for the runtime.
Value* FunctionEmitter::slots_of(std::span<Value* const> values) {
  uint32_t slots = 0;
  for (Value* value : values) slots += value->getType() == shard_.v128 ? 2 : 1;
  Value* const area = scratch(std::max(slots, 1u));
  uint32_t slot = 0;
  for (Value* value : values) {
    shard_.store_slot(b_, value, area, slot);
    slot += value->getType() == shard_.v128 ? 2 : 1;
  }
  return area;
}

Value* FunctionEmitter::field_address(Value* ref, uint64_t offset) {
  return b_.CreateConstInBoundsGEP1_64(shard_.i8, as_pointer(ref), offset);
}

Value* FunctionEmitter::load_field(Value* address, ValType type, bool sign_extend) {
  Type* const stored = type.is_packed() ? b_.getIntNTy(type.byte_size() * 8) : shard_.type_of(type);
  const Align alignment(std::min(type.byte_size(), 8u));
  Value* const value = shard_.in(Region::kObject, b_.CreateAlignedLoad(stored, address, alignment));
  if (!type.is_packed()) return value;
  return sign_extend ? b_.CreateSExt(value, shard_.i32) : b_.CreateZExt(value, shard_.i32);
}

void FunctionEmitter::store_field(Value* address, ValType type, Value* value) {
  if (type.is_packed()) value = b_.CreateTrunc(value, b_.getIntNTy(type.byte_size() * 8));
  const Align alignment(std::min(type.byte_size(), 8u));
  shard_.in(Region::kObject, b_.CreateAlignedStore(value, address, alignment));
}

/// The address of an element; traps if there is none.
Value* FunctionEmitter::array_cell(Value* array, Value* index, ValType element) {
  trap_if(is_null(array), TrapKind::kNullArrayReference);
  Value* const length = load_field(field_address(array, kLengthOffset), ValType::kI32, false);
  trap_if(b_.CreateICmpUGE(index, length), TrapKind::kArrayOutOfBounds);
  Value* const offset = b_.CreateNUWMul(b_.CreateZExt(index, shard_.i64), i64(element.byte_size()));
  return b_.CreateInBoundsGEP(shard_.i8, field_address(array, sizeof(GcArray)), offset);
}

Value* FunctionEmitter::object_header(Value* ref) {
  return shard_.in(Region::kObject, b_.CreateAlignedLoad(shard_.i64, as_pointer(ref), Align(8)));
}

/// Whether a reference that is not null is an object of one of these kinds.
Value* FunctionEmitter::has_kind(Value* ref, uint32_t first_kind, uint32_t last_kind) {
  BasicBlock* const from = b_.GetInsertBlock();
  BasicBlock* const object = new_block();
  BasicBlock* const next = new_block();
  b_.CreateCondBr(b_.CreateTrunc(ref, shard_.i1), next, object);
  begin_block(object);
  Value* const kind =
      shard_.in(Region::kObject, b_.CreateLoad(shard_.i8, field_address(ref, offsetof(GcObject, kind))));
  Value* const distance = b_.CreateSub(kind, ConstantInt::get(shard_.i8, first_kind));
  Value* const matches = b_.CreateICmpULE(distance, ConstantInt::get(shard_.i8, last_kind - first_kind));
  b_.CreateBr(next);
  begin_block(next);
  PHINode* const result = b_.CreatePHI(shard_.i1, 2);
  result->addIncoming(b_.getFalse(), from);
  result->addIncoming(matches, object);
  return result;
}

/// Whether a reference that is not null is of a reference type.
Value* FunctionEmitter::test_object(Value* ref, ValType type) {
  constexpr auto kStruct = static_cast<uint32_t>(GcKind::kStruct);
  constexpr auto kArray = static_cast<uint32_t>(GcKind::kArray);
  static_assert(kArray == kStruct + 1);
  const HeapType heap = type.heap();
  if (heap.is_abstract()) {
    switch (heap.abstract()) {
      case HeapType::kFunc:
      case HeapType::kExtern:
      case HeapType::kAny:
      case HeapType::kExn:
        return b_.getTrue();
      case HeapType::kI31:
        return b_.CreateTrunc(ref, shard_.i1);
      case HeapType::kEq:
        return b_.CreateOr(b_.CreateTrunc(ref, shard_.i1), has_kind(ref, kStruct, kArray));
      case HeapType::kStruct:
        return has_kind(ref, kStruct, kStruct);
      case HeapType::kArray:
        return has_kind(ref, kArray, kArray);
      default:
        return b_.getFalse();
    }
  }
  const wasm::TypeDef& wanted = module_.registry->get(heap.type_id());
  const uint32_t index = shard_.type_index(wanted.id);
  // What is exactly of the type is found here; of other types the runtime knows.
  BasicBlock* const next = new_block();
  SmallVector<std::pair<Value*, BasicBlock*>, 3> results;
  const auto leave_if = [&](Value* condition, Value* result) {
    results.emplace_back(result, b_.GetInsertBlock());
    BasicBlock* const otherwise = new_block();
    b_.CreateCondBr(condition, next, otherwise);
    begin_block(otherwise);
  };
  Value* same;
  if (wanted.kind == wasm::CompositeKind::kFunc) {
    Value* const actual = invariant_field(shard_.i32, as_pointer(ref), offsetof(runtime::Func, type));
    same = b_.CreateICmpEQ(actual, type_id(index));
  } else {
    leave_if(b_.CreateTrunc(ref, shard_.i1), b_.getFalse());
    const uint64_t kind = wanted.kind == wasm::CompositeKind::kStruct ? kStruct : kArray;
    Value* const header = b_.CreateAnd(object_header(ref), i64(kTypeAndKind));
    same = b_.CreateICmpEQ(header, b_.CreateOr(b_.CreateZExt(type_id(index), shard_.i64), i64(kind << 32)));
  }
  if (!wanted.is_final) {
    leave_if(same, b_.getTrue());
    same = b_.CreateIsNotNull(libcall(Libcall::ref_is_a, {context_, ref, i32(index)}));
  }
  results.emplace_back(same, b_.GetInsertBlock());
  b_.CreateBr(next);
  begin_block(next);
  PHINode* const result = b_.CreatePHI(shard_.i1, 3);
  for (const auto& [value, block] : results) result->addIncoming(value, block);
  return result;
}

/// Whether a reference is of a type, as ref.test means it.
Value* FunctionEmitter::test_reference(Value* ref, ValType type) {
  BasicBlock* const from = b_.GetInsertBlock();
  BasicBlock* const present = new_block();
  BasicBlock* const next = new_block();
  b_.CreateCondBr(is_null(ref), next, present);
  begin_block(present);
  Value* const matches = test_object(ref, type);
  BasicBlock* const tested = b_.GetInsertBlock();
  b_.CreateBr(next);
  begin_block(next);
  PHINode* const result = b_.CreatePHI(shard_.i1, 2);
  result->addIncoming(b_.getInt1(type.is_nullable()), from);
  result->addIncoming(matches, tested);
  return result;
}

bool FunctionEmitter::gc_op(Op op, const wasm::Imm& imm) {
  Value* const no_values = ConstantPointerNull::get(shard_.ptr);
  const auto element = [&] { return type_def(imm.index).fields[0].type; };
  switch (op) {
    case Op::kStructNew: {
      Value* const fields = slots_of(pop_many(type_def(imm.index).fields.size()));
      push(libcall(Libcall::struct_new, {context_, i32(imm.index), fields}));
      return true;
    }
    case Op::kStructNewDefault:
      push(libcall(Libcall::struct_new, {context_, i32(imm.index), no_values}));
      return true;
    case Op::kStructGet:
    case Op::kStructGetS:
    case Op::kStructGetU: {
      const wasm::TypeDef& type = type_def(imm.index);
      Value* const ref = pop();
      trap_if(is_null(ref), TrapKind::kNullStructureReference);
      Value* const address = field_address(ref, sizeof(GcStruct) + type.field_offsets[imm.index2]);
      push(load_field(address, type.fields[imm.index2].type, op == Op::kStructGetS));
      return true;
    }
    case Op::kStructSet: {
      const wasm::TypeDef& type = type_def(imm.index);
      Value* const value = pop();
      Value* const ref = pop();
      trap_if(is_null(ref), TrapKind::kNullStructureReference);
      Value* const address = field_address(ref, sizeof(GcStruct) + type.field_offsets[imm.index2]);
      store_field(address, type.fields[imm.index2].type, value);
      return true;
    }
    case Op::kArrayNew: {
      Value* const length = pop();
      Value* const value = slots_of(pop_many(1));
      push(libcall(Libcall::array_new, {context_, i32(imm.index), value, length}));
      return true;
    }
    case Op::kArrayNewDefault:
      push(libcall(Libcall::array_new, {context_, i32(imm.index), no_values, pop()}));
      return true;
    case Op::kArrayNewFixed: {
      Value* const values = slots_of(pop_many(imm.index2));
      push(libcall(Libcall::array_new_fixed, {context_, i32(imm.index), values, i32(imm.index2)}));
      return true;
    }
    case Op::kArrayNewData:
    case Op::kArrayNewElem: {
      Value* const length = pop();
      Value* const from = pop();
      const Libcall callee = op == Op::kArrayNewData ? Libcall::array_new_data : Libcall::array_new_elem;
      push(libcall(callee, {context_, i32(imm.index), i32(imm.index2), from, length}));
      return true;
    }
    case Op::kArrayGet:
    case Op::kArrayGetS:
    case Op::kArrayGetU: {
      Value* const index = pop();
      Value* const array = pop();
      push(load_field(array_cell(array, index, element()), element(), op == Op::kArrayGetS));
      return true;
    }
    case Op::kArraySet: {
      Value* const value = pop();
      Value* const index = pop();
      Value* const array = pop();
      store_field(array_cell(array, index, element()), element(), value);
      return true;
    }
    case Op::kArrayLen: {
      Value* const array = pop();
      trap_if(is_null(array), TrapKind::kNullArrayReference);
      push(load_field(field_address(array, kLengthOffset), ValType::kI32, false));
      return true;
    }
    case Op::kArrayFill: {
      Value* const length = pop();
      Value* const value = slots_of(pop_many(1));
      Value* const to = pop();
      libcall(Libcall::array_fill, {context_, pop(), to, value, length});
      return true;
    }
    case Op::kArrayCopy: {
      const SmallVector<Value*, 8> operands = pop_many(5);
      libcall(Libcall::array_copy, {context_, operands[0], operands[1], operands[2], operands[3], operands[4]});
      return true;
    }
    case Op::kArrayInitData:
    case Op::kArrayInitElem: {
      const SmallVector<Value*, 8> operands = pop_many(4);
      const Libcall callee = op == Op::kArrayInitData ? Libcall::array_init_data : Libcall::array_init_elem;
      libcall(callee, {context_, operands[0], operands[1], i32(imm.index2), operands[2], operands[3]});
      return true;
    }
    case Op::kRefTest:
    case Op::kRefTestNull:
      push_bool(test_reference(pop(), imm.type));
      return true;
    case Op::kRefCast:
    case Op::kRefCastNull:
      trap_if(b_.CreateNot(test_reference(stack_.back(), imm.type)), TrapKind::kCastFailure);
      return true;
    case Op::kRefI31: {
      Value* const value = b_.CreateZExt(b_.CreateOr(b_.CreateShl(pop(), 1), 1), shard_.i64);
      push(value);
      return true;
    }
    case Op::kI31GetS:
    case Op::kI31GetU: {
      Value* const ref = pop();
      trap_if(is_null(ref), TrapKind::kNullI31Reference);
      Value* const word = b_.CreateTrunc(ref, shard_.i32);
      push(op == Op::kI31GetS ? b_.CreateAShr(word, 1) : b_.CreateLShr(word, 1));
      return true;
    }
    case Op::kAnyConvertExtern:
    case Op::kExternConvertAny:
      return true;
    default:
      return false;
  }
}

}  // namespace wherry::compiler
