// Structs, arrays, i31 and casts. Fields and elements are read and written in line; allocation and bulk ops are the
// runtime's. An op that may collect publishes its frame first: all live references lie there (see
// Translator::stack_op).
#include "interp/calls.h"
#include "interp/numeric.h"
#include "interp/translator.h"
#include "runtime/gc_object.h"
#include "runtime/operations.h"

namespace wherry::interp {
namespace {

namespace ops = runtime::ops;
using runtime::GcArray;
using runtime::GcStruct;
using runtime::Ref;

/// How a field or element is stored, and as what it is read.
enum class Field : uint8_t { kS8, kU8, kS16, kU16, kI32, kI64, kF32, kF64, kV128, kCount };

constexpr Field field_of(ValType type, bool sign_extend) {
  switch (type.kind()) {
    case ValType::kI8:
      return sign_extend ? Field::kS8 : Field::kU8;
    case ValType::kI16:
      return sign_extend ? Field::kS16 : Field::kU16;
    case ValType::kI32:
      return Field::kI32;
    case ValType::kF32:
      return Field::kF32;
    case ValType::kF64:
      return Field::kF64;
    case ValType::kV128:
      return Field::kV128;
    default:
      return Field::kI64;
  }
}

WHERRY_BODY GcStruct* struct_of(Ref ref) { return reinterpret_cast<GcStruct*>(ref); }
WHERRY_BODY GcArray* array_of(Ref ref) { return reinterpret_cast<GcArray*>(ref); }

template <class Stored>
WHERRY_BODY Stored load_as(const uint8_t* from) {
  Stored value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// struct.get: the reference in slot b, the offset in the payload in imm. struct.set: reference in a, value in b, imm.
template <class Stored, class T, bool to_slot>
WHERRY_BODY TrapKind struct_get(Regs& r) {
  const Ref ref = r.get<Ref>(r.b());
  if (ref == 0) [[unlikely]]
    return TrapKind::kNullStructureReference;
  give<to_slot>(r, static_cast<T>(load_as<Stored>(struct_of(ref)->payload() + r.imm())));
  return TrapKind::kNone;
}
template <class Stored, class T>
WHERRY_BODY TrapKind struct_set(Regs& r) {
  const Ref ref = r.get<Ref>(r.a());
  if (ref == 0) [[unlikely]]
    return TrapKind::kNullStructureReference;
  const auto value = static_cast<Stored>(r.get<T>(r.b()));
  std::memcpy(struct_of(ref)->payload() + r.imm(), &value, sizeof value);
  return TrapKind::kNone;
}

// array.get: array b, index c. array.set: array a, index b, value c.
template <class Stored, class T, bool to_slot>
WHERRY_BODY TrapKind array_get(Regs& r) {
  const Ref ref = r.get<Ref>(r.b());
  if (ref == 0) [[unlikely]]
    return TrapKind::kNullArrayReference;
  const uint32_t index = r.get<uint32_t>(r.c());
  if (index >= array_of(ref)->length) [[unlikely]]
    return TrapKind::kArrayOutOfBounds;
  give<to_slot>(r, static_cast<T>(load_as<Stored>(array_of(ref)->payload() + uint64_t{index} * sizeof(Stored))));
  return TrapKind::kNone;
}
template <class Stored, class T>
WHERRY_BODY TrapKind array_set(Regs& r) {
  const Ref ref = r.get<Ref>(r.a());
  if (ref == 0) [[unlikely]]
    return TrapKind::kNullArrayReference;
  const uint32_t index = r.get<uint32_t>(r.b());
  if (index >= array_of(ref)->length) [[unlikely]]
    return TrapKind::kArrayOutOfBounds;
  const auto value = static_cast<Stored>(r.get<T>(r.c()));
  std::memcpy(array_of(ref)->payload() + uint64_t{index} * sizeof(Stored), &value, sizeof value);
  return TrapKind::kNone;
}

struct FieldHandlers {
  HandlerPair struct_get;
  HandlerPair array_get;
  Handler struct_set;
  Handler array_set;
};
template <class Stored, class T>
constexpr FieldHandlers field_handlers() {
  return {{straight<&struct_get<Stored, T, false>, 2>, straight<&struct_get<Stored, T, true>, 2>},
          {straight<&array_get<Stored, T, false>, 2>, straight<&array_get<Stored, T, true>, 2>},
          straight<&struct_set<Stored, T>, 2>,
          straight<&array_set<Stored, T>, 2>};
}
/// By Field.
constexpr FieldHandlers kFields[] = {
    field_handlers<int8_t, uint32_t>(),   field_handlers<uint8_t, uint32_t>(),  field_handlers<int16_t, uint32_t>(),
    field_handlers<uint16_t, uint32_t>(), field_handlers<uint32_t, uint32_t>(), field_handlers<uint64_t, uint64_t>(),
    field_handlers<float, float>(),       field_handlers<double, double>(),     field_handlers<Vec, Vec>(),
};
static_assert(std::size(kFields) == static_cast<size_t>(Field::kCount));

template <bool to_slot>
WHERRY_BODY TrapKind array_len(Regs& r) {
  const Ref ref = r.get<Ref>(r.b());
  if (ref == 0) [[unlikely]]
    return TrapKind::kNullArrayReference;
  give<to_slot>(r, array_of(ref)->length);
  return TrapKind::kNone;
}
template <bool to_slot>
WHERRY_BODY void make_i31(Regs& r) {
  give<to_slot, Ref>(r, runtime::i31_ref(r.get<uint32_t>(r.b())));
}
template <bool to_slot, bool sign_extend>
WHERRY_BODY TrapKind i31_get(Regs& r) {
  const Ref ref = r.get<Ref>(r.b());
  if (ref == 0) [[unlikely]]
    return TrapKind::kNullI31Reference;
  give<to_slot, uint32_t>(r, sign_extend ? static_cast<uint32_t>(runtime::i31_get_s(ref)) : runtime::i31_get_u(ref));
  return TrapKind::kNone;
}
constexpr HandlerPair kArrayLen = {straight<&array_len<false>, 2>, straight<&array_len<true>, 2>};
constexpr HandlerPair kMakeI31 = {straight<&make_i31<false>, 2>, straight<&make_i31<true>, 2>};
constexpr HandlerPair kI31GetS = {straight<&i31_get<false, true>, 2>, straight<&i31_get<true, true>, 2>};
constexpr HandlerPair kI31GetU = {straight<&i31_get<false, false>, 2>, straight<&i31_get<true, false>, 2>};

// The rest: operands in consecutive slots from a on, the result too; imm: a canonical type, or a second index; [2] a
// number; [3] this Function*.

constexpr int kWords = 4;

template <class T>
WHERRY_BODY T at(Regs& r, uint32_t n) {
  return r.get<T>(r.a() + n);
}
WHERRY_BODY TypeId type_id(Regs& r) { return static_cast<TypeId>(r.imm()); }
WHERRY_BODY uint32_t number(Regs& r) { return static_cast<uint32_t>(r.word(2)); }

/// An op of the runtime that may collect, and gives a reference.
template <auto operation>
WHERRY_BODY TrapKind allocate(Regs& r) {
  publish_frame(r, reinterpret_cast<const Function*>(r.word(3)));
  Ref result = 0;
  const TrapKind kind = operation(r, &result);
  r.forget_accumulators();
  if (kind == TrapKind::kNone) r.set<Ref>(r.a(), result);
  return kind;
}
WHERRY_BODY TrapKind struct_new(Regs& r, Ref* result) {
  return ops::struct_new(r.context, type_id(r), r.fp + r.a(), result);
}
WHERRY_BODY TrapKind struct_new_default(Regs& r, Ref* result) {
  return ops::struct_new(r.context, type_id(r), nullptr, result);
}
WHERRY_BODY TrapKind array_new(Regs& r, Ref* result) {
  return ops::array_new(r.context, type_id(r), r.fp + r.a(), at<uint32_t>(r, number(r)), result);
}
WHERRY_BODY TrapKind array_new_default(Regs& r, Ref* result) {
  return ops::array_new(r.context, type_id(r), nullptr, at<uint32_t>(r, 0), result);
}
WHERRY_BODY TrapKind array_new_fixed(Regs& r, Ref* result) {
  return ops::array_new_fixed(r.context, type_id(r), r.fp + r.a(), number(r), result);
}
WHERRY_BODY TrapKind array_new_data(Regs& r, Ref* result) {
  return ops::array_new_data(r.context, type_id(r), number(r), at<uint32_t>(r, 0), at<uint32_t>(r, 1), result);
}
WHERRY_BODY TrapKind array_new_elem(Regs& r, Ref* result) {
  return ops::array_new_elem(r.context, type_id(r), number(r), at<uint32_t>(r, 0), at<uint32_t>(r, 1), result);
}

template <auto operation>
WHERRY_BODY TrapKind change(Regs& r) {
  const TrapKind kind = operation(r);
  r.forget_accumulators();
  return kind;
}
WHERRY_BODY TrapKind array_fill(Regs& r) {
  return ops::array_fill(r.context, at<Ref>(r, 0), at<uint32_t>(r, 1), r.fp + r.a() + 2,
                         at<uint32_t>(r, 2 + number(r)));
}
WHERRY_BODY TrapKind array_copy(Regs& r) {
  return ops::array_copy(r.context, at<Ref>(r, 0), at<uint32_t>(r, 1), at<Ref>(r, 2), at<uint32_t>(r, 3),
                         at<uint32_t>(r, 4));
}
WHERRY_BODY TrapKind array_init_data(Regs& r) {
  return ops::array_init_data(r.context, at<Ref>(r, 0), at<uint32_t>(r, 1), number(r), at<uint32_t>(r, 2),
                              at<uint32_t>(r, 3));
}
WHERRY_BODY TrapKind array_init_elem(Regs& r) {
  return ops::array_init_elem(r.context, at<Ref>(r, 0), at<uint32_t>(r, 1), number(r), at<uint32_t>(r, 2),
                              at<uint32_t>(r, 3));
}

WHERRY_BODY bool has_type(Regs& r) { return ops::ref_test(r.context, at<Ref>(r, 0), ValType::from_bits(number(r))); }
WHERRY_BODY void ref_test(Regs& r) {
  r.set<uint32_t>(r.a(), has_type(r) ? 1 : 0);
  r.forget_accumulators();
}
WHERRY_BODY TrapKind ref_cast(Regs& r) {
  const bool is = has_type(r);
  r.forget_accumulators();
  return is ? TrapKind::kNone : TrapKind::kCastFailure;
}

}  // namespace

bool Translator::gc_op(Op op, const wasm::Imm& imm) {
  constexpr Class kRef[] = {Class::kInt};
  auto emit_op = [&](Handler handler, uint32_t operands, uint32_t results, uint32_t first, uint64_t number) {
    const Word words[] = {number, self_word()};
    stack_op(handler, operands, std::span(kRef, results), static_cast<int32_t>(first), words);
    return true;
  };
  auto type = [&]() -> const wasm::TypeDef& { return reader_->types().get(module_.types[imm.index]); };
  auto element = [&] { return type().fields[0].type; };
  auto unary_slot = [&](Class cls, const HandlerPair& pair, uint32_t offset = 0) {
    const uint32_t slot = to_slot(pop());
    produce_imm(cls, pair, slot, static_cast<int32_t>(offset));
    return true;
  };
  const bool signed_get = op == Op::kStructGetS || op == Op::kArrayGetS;
  switch (op) {
    case Op::kStructNew:
      return emit_op(straight<&allocate<&struct_new>, kWords>, static_cast<uint32_t>(type().fields.size()), 1,
                     type().id, 0);
    case Op::kStructNewDefault:
      return emit_op(straight<&allocate<&struct_new_default>, kWords>, 0, 1, type().id, 0);
    case Op::kStructGet:
    case Op::kStructGetS:
    case Op::kStructGetU: {
      const ValType field = type().fields[imm.index2].type;
      const FieldHandlers& handlers = kFields[static_cast<int>(field_of(field, signed_get))];
      return unary_slot(class_of(field), handlers.struct_get, type().field_offsets[imm.index2]);
    }
    case Op::kStructSet: {
      const ValType field = type().fields[imm.index2].type;
      const Entry value = pop();
      const uint32_t ref_slot = to_slot(pop());
      emit_imm(kFields[static_cast<int>(field_of(field, false))].struct_set, ref_slot, to_slot(value),
               static_cast<int32_t>(type().field_offsets[imm.index2]));
      return true;
    }
    case Op::kArrayNew:
      return emit_op(straight<&allocate<&array_new>, kWords>, 2, 1, type().id, element().slots());
    case Op::kArrayNewDefault:
      return emit_op(straight<&allocate<&array_new_default>, kWords>, 1, 1, type().id, 0);
    case Op::kArrayNewFixed:
      return emit_op(straight<&allocate<&array_new_fixed>, kWords>, imm.index2, 1, type().id, imm.index2);
    case Op::kArrayNewData:
      return emit_op(straight<&allocate<&array_new_data>, kWords>, 2, 1, type().id, imm.index2);
    case Op::kArrayNewElem:
      return emit_op(straight<&allocate<&array_new_elem>, kWords>, 2, 1, type().id, imm.index2);
    case Op::kArrayGet:
    case Op::kArrayGetS:
    case Op::kArrayGetU: {
      const FieldHandlers& handlers = kFields[static_cast<int>(field_of(element(), signed_get))];
      const Entry index = pop();
      const uint32_t array_slot = to_slot(pop());
      produce(class_of(element()), handlers.array_get, array_slot, to_slot(index), 0);
      return true;
    }
    case Op::kArraySet: {
      const Entry value = pop();
      const Entry index = pop();
      const uint32_t array_slot = to_slot(pop());
      const uint32_t index_slot = to_slot(index);
      emit(kFields[static_cast<int>(field_of(element(), false))].array_set, array_slot, index_slot, to_slot(value));
      return true;
    }
    case Op::kArrayLen:
      return unary_slot(Class::kInt, kArrayLen);
    case Op::kArrayFill:
      return emit_op(straight<&change<&array_fill>, kWords>, 4, 0, 0, element().slots());
    case Op::kArrayCopy:
      return emit_op(straight<&change<&array_copy>, kWords>, 5, 0, 0, 0);
    case Op::kArrayInitData:
      return emit_op(straight<&change<&array_init_data>, kWords>, 4, 0, 0, imm.index2);
    case Op::kArrayInitElem:
      return emit_op(straight<&change<&array_init_elem>, kWords>, 4, 0, 0, imm.index2);
    case Op::kRefTest:
    case Op::kRefTestNull:
      return emit_op(straight<&ref_test, kWords>, 1, 1, 0, imm.type.bits());
    case Op::kRefCast:
    case Op::kRefCastNull:
      return emit_op(straight<&ref_cast, kWords>, 1, 1, 0, imm.type.bits());
    case Op::kRefI31:
      return unary_slot(Class::kInt, kMakeI31);
    case Op::kI31GetS:
      return unary_slot(Class::kInt, kI31GetS);
    case Op::kI31GetU:
      return unary_slot(Class::kInt, kI31GetU);
    default:
      return false;
  }
}

}  // namespace wherry::interp
