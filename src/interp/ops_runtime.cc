// Ops on memories and tables as a whole, function references, and 128-bit arithmetic. Most are calls of the runtime;
// their operands lie in consecutive slots from a on, where their results go too.
#include "interp/calls.h"
#include "interp/numeric.h"
#include "interp/translator.h"
#include "runtime/operations.h"

namespace wherry::interp {
namespace {

namespace ops = runtime::ops;
using runtime::Ref;
using runtime::TableView;

// Which operands are 64-bit: flags in the high half of [2], a bit an operand.

template <class T>
WHERRY_BODY T at(Regs& r, uint32_t n) {
  return r.get<T>(r.a() + n);
}
WHERRY_BODY uint64_t address_at(Regs& r, uint32_t n) {
  const uint64_t value = at<uint64_t>(r, n);
  return (r.word(2) >> (32 + n) & 1) != 0 ? value : static_cast<uint32_t>(value);
}
WHERRY_BODY uint32_t first_index(Regs& r) { return static_cast<uint32_t>(r.imm()); }
WHERRY_BODY uint32_t second_index(Regs& r) { return static_cast<uint32_t>(r.word(2)); }

constexpr int kWords = 3;

template <auto operation>
WHERRY_BODY auto outside(Regs& r) {
  if constexpr (std::is_void_v<decltype(operation(r))>) {
    operation(r);
    r.forget_accumulators();
  } else {
    const TrapKind kind = operation(r);
    r.forget_accumulators();
    return kind;
  }
}

WHERRY_BODY void memory_size(Regs& r) { r.set<uint64_t>(r.a(), ops::memory_size(r.context, first_index(r))); }
WHERRY_BODY void memory_grow(Regs& r) {
  r.set<uint64_t>(r.a(), ops::memory_grow(r.context, first_index(r), address_at(r, 0)));
  switch_context(r, r.context);
}
WHERRY_BODY TrapKind memory_fill(Regs& r) {
  return ops::memory_fill(r.context, first_index(r), address_at(r, 0), at<uint32_t>(r, 1), address_at(r, 2));
}
WHERRY_BODY TrapKind memory_copy(Regs& r) {
  return ops::memory_copy(r.context, first_index(r), second_index(r), address_at(r, 0), address_at(r, 1),
                          address_at(r, 2));
}
WHERRY_BODY TrapKind memory_init(Regs& r) {
  return ops::memory_init(r.context, first_index(r), second_index(r), address_at(r, 0), at<uint32_t>(r, 1),
                          at<uint32_t>(r, 2));
}
WHERRY_BODY void data_drop(Regs& r) { ops::data_drop(r.context, first_index(r)); }

WHERRY_BODY TrapKind table_get(Regs& r) {
  const TableView* table = r.context->tables[first_index(r)];
  const uint64_t index = address_at(r, 0);
  if (index >= table->size) [[unlikely]]
    return TrapKind::kTableOutOfBounds;
  Ref element = table->elements[index];
  if (element == 0) {
    element = ops::table_element(r.context, first_index(r), index);
    r.forget_accumulators();
  }
  r.set<Ref>(r.a(), element);
  return TrapKind::kNone;
}
WHERRY_BODY TrapKind table_set(Regs& r) {
  return ops::table_set(r.context, first_index(r), address_at(r, 0), at<Ref>(r, 1));
}
WHERRY_BODY void table_size(Regs& r) { r.set<uint64_t>(r.a(), r.context->tables[first_index(r)]->size); }
WHERRY_BODY void table_grow(Regs& r) {
  r.set<uint64_t>(r.a(), ops::table_grow(r.context, first_index(r), at<Ref>(r, 0), address_at(r, 1)));
}
WHERRY_BODY TrapKind table_fill(Regs& r) {
  return ops::table_fill(r.context, first_index(r), address_at(r, 0), at<Ref>(r, 1), address_at(r, 2));
}
WHERRY_BODY TrapKind table_copy(Regs& r) {
  return ops::table_copy(r.context, first_index(r), second_index(r), address_at(r, 0), address_at(r, 1),
                         address_at(r, 2));
}
WHERRY_BODY TrapKind table_init(Regs& r) {
  return ops::table_init(r.context, first_index(r), second_index(r), address_at(r, 0), at<uint32_t>(r, 1),
                         at<uint32_t>(r, 2));
}
WHERRY_BODY void elem_drop(Regs& r) { ops::elem_drop(r.context, first_index(r)); }

WHERRY_BODY void ref_func(Regs& r) {
  r.set<Ref>(r.a(), reinterpret_cast<Ref>(ops::ref_func(r.context, first_index(r))));
}
WHERRY_BODY TrapKind check_not_null(Regs& r) { return at<Ref>(r, 0) == 0 ? TrapKind::kNullReference : TrapKind::kNone; }

template <auto function>
WHERRY_BODY void wide_of_four(Regs& r) {
  const auto result = function(at<uint64_t>(r, 0), at<uint64_t>(r, 1), at<uint64_t>(r, 2), at<uint64_t>(r, 3));
  r.set<uint64_t>(r.a(), result.low);
  r.set<uint64_t>(r.a() + 1u, result.high);
}
template <auto function>
WHERRY_BODY void wide_of_two(Regs& r) {
  const auto result = function(at<uint64_t>(r, 0), at<uint64_t>(r, 1));
  r.set<uint64_t>(r.a(), result.low);
  r.set<uint64_t>(r.a() + 1u, result.high);
}

}  // namespace

/// Emits an op of this file, if it is one.
bool Translator::runtime_op(Op op, const wasm::Imm& imm) {
  constexpr Class kResult[] = {Class::kInt, Class::kInt};
  auto emit_op = [&](Handler handler, uint32_t operands, uint32_t results, uint32_t first = 0, uint32_t second = 0,
                     uint32_t is64 = 0) {
    const Word word[] = {Word{second} | Word{is64} << 32};
    stack_op(handler, operands, std::span(kResult, results), static_cast<int32_t>(first), word);
    return true;
  };
  auto memory64 = [&](uint32_t index) { return module_.memories[index].is64 ? 1u : 0u; };
  auto table64 = [&](uint32_t index) { return module_.tables[index].type.is64 ? 1u : 0u; };
  using namespace wasm::semantics;
  switch (op) {
    case Op::kMemorySize:
      return emit_op(straight<&outside<&memory_size>, kWords>, 0, 1, imm.index);
    case Op::kMemoryGrow:
      return emit_op(straight<&outside<&memory_grow>, kWords>, 1, 1, imm.index, 0, memory64(imm.index));
    case Op::kMemoryFill:
      return emit_op(straight<&outside<&memory_fill>, kWords>, 3, 0, imm.index, 0, memory64(imm.index) * 5);
    case Op::kMemoryCopy: {
      const uint32_t to = memory64(imm.index);
      const uint32_t from = memory64(imm.index2);
      return emit_op(straight<&outside<&memory_copy>, kWords>, 3, 0, imm.index, imm.index2,
                     to | from << 1 | (to & from) << 2);
    }
    case Op::kMemoryInit:
      return emit_op(straight<&outside<&memory_init>, kWords>, 3, 0, imm.index, imm.index2, memory64(imm.index2));
    case Op::kDataDrop:
      return emit_op(straight<&outside<&data_drop>, kWords>, 0, 0, imm.index);
    case Op::kTableGet:
      return emit_op(straight<&table_get, kWords>, 1, 1, imm.index, 0, table64(imm.index));
    case Op::kTableSet:
      return emit_op(straight<&outside<&table_set>, kWords>, 2, 0, imm.index, 0, table64(imm.index));
    case Op::kTableSize:
      return emit_op(straight<&table_size, kWords>, 0, 1, imm.index);
    case Op::kTableGrow:
      return emit_op(straight<&outside<&table_grow>, kWords>, 2, 1, imm.index, 0, table64(imm.index) << 1);
    case Op::kTableFill:
      return emit_op(straight<&outside<&table_fill>, kWords>, 3, 0, imm.index, 0, table64(imm.index) * 5);
    case Op::kTableCopy: {
      const uint32_t to = table64(imm.index);
      const uint32_t from = table64(imm.index2);
      return emit_op(straight<&outside<&table_copy>, kWords>, 3, 0, imm.index, imm.index2,
                     to | from << 1 | (to & from) << 2);
    }
    case Op::kTableInit:
      return emit_op(straight<&outside<&table_init>, kWords>, 3, 0, imm.index, imm.index2, table64(imm.index2));
    case Op::kElemDrop:
      return emit_op(straight<&outside<&elem_drop>, kWords>, 0, 0, imm.index);
    case Op::kRefFunc:
      return emit_op(straight<&outside<&ref_func>, kWords>, 0, 1, imm.index);
    case Op::kRefAsNonNull:
      return emit_op(straight<&check_not_null, kWords>, 1, 1);
    case Op::kI64Add128:
      return emit_op(straight<&wide_of_four<&i64_add128>, kWords>, 4, 2);
    case Op::kI64Sub128:
      return emit_op(straight<&wide_of_four<&i64_sub128>, kWords>, 4, 2);
    case Op::kI64MulWideS:
      return emit_op(straight<&wide_of_two<&i64_mul_wide_s>, kWords>, 2, 2);
    case Op::kI64MulWideU:
      return emit_op(straight<&wide_of_two<&i64_mul_wide_u>, kWords>, 2, 2);
    default:
      return gc_op(op, imm);
  }
}

}  // namespace wherry::interp
