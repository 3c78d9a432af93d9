// Handlers of vector ops. Those of two operands or one are like scalar ones; these have forms of their own:
// lanes of extract in imm, of replace and shuffle from the third word on; three operands in slots b, c, d, of which the
// last may be the accumulator.
#include "interp/memory_access.h"
#include "interp/translator.h"

namespace wherry::interp {
namespace {

namespace semantics = wasm::semantics;
using semantics::Profile;
using wasm::ImmKind;

constexpr bool is_relaxed(Op op) { return wasm::info(op).feature == Feature::kRelaxedSimd; }
constexpr bool is_vector(Op op) { return has_letter(op, "v"); }

template <auto function, class Result, class... T>
struct VectorForms {
  template <bool to_slot, From... from>
  static constexpr auto body = &Apply<function, to_slot, Result, T...>::template body<from...>;
  template <int words, From... from>
  static constexpr HandlerPair pair = {straight<body<false, from...>, words>, straight<body<true, from...>, words>};
};

template <auto function, class Result>
constexpr std::array<HandlerPair, kUnaryForms> extract_handlers(FunctionOf<Result, V128, uint32_t>) {
  using Forms = VectorForms<function, Result, V128, uint32_t>;
  using enum From;
  return {Forms::template pair<2, kAcc, kImmediate>, Forms::template pair<2, kB, kImmediate>};
}
/// With a third argument from the code: the lane to replace, or the lanes of a shuffle.
template <auto function, class T, class Lanes>
constexpr std::array<HandlerPair, kBinaryForms> laned_handlers(FunctionOf<V128, V128, T, Lanes>) {
  using Forms = VectorForms<function, V128, V128, T, Lanes>;
  using enum From;
  constexpr int words = sizeof(Lanes) == 16 ? 4 : 3;
  std::array<HandlerPair, kBinaryForms> all{};
  all[kAS] = Forms::template pair<words, kAcc, kB, kThirdWord>;
  all[kSA] = Forms::template pair<words, kB, kAcc, kThirdWord>;
  all[kSS] = Forms::template pair<words, kB, kC, kThirdWord>;
  return all;
}
template <auto function>
constexpr std::array<HandlerPair, 2> ternary_handlers(FunctionOf<V128, V128, V128, V128>) {
  using Forms = VectorForms<function, V128, V128, V128, V128>;
  using enum From;
  return {Forms::template pair<2, kB, kC, kD>, Forms::template pair<2, kB, kC, kAcc>};
}
template <auto function>
constexpr auto kExtract = extract_handlers<function>(function);
template <auto function>
constexpr auto kLaned = laned_handlers<function>(function);
template <auto function>
constexpr auto kTernary = ternary_handlers<function>(function);

template <class Result, class... T>
constexpr Class result_class(FunctionOf<Result, T...>) {
  return kClassOf<Result>;
}
template <class Result, class L, class R, class Lanes>
constexpr Class second_class(FunctionOf<Result, L, R, Lanes>) {
  return kClassOf<R>;
}

/// Vector ops that are not plain, but computed by a function.
enum class Kind : uint8_t { kNone, kExtract, kLaned, kTernary };
constexpr Kind kind_of(Op op) {
  const wasm::OpInfo& row = wasm::info(op);
  if (!semantics::is_evaluable(op) || !is_vector(op)) return Kind::kNone;
  const size_t params = std::string_view(row.signature.params).size();
  if (row.imm == ImmKind::kLane) return params == 1 ? Kind::kExtract : Kind::kLaned;
  if (row.imm == ImmKind::kLanes16) return Kind::kLaned;
  return row.imm == ImmKind::kNone && params == 3 ? Kind::kTernary : Kind::kNone;
}

template <Op op, Profile profile>
constexpr OpRow vector_row() {
  constexpr auto function = semantics::kMeaning<op, profile>;
  constexpr Kind kind = kind_of(op);
  OpRow row{.op = op, .lhs = Class::kV128, .rhs = Class::kV128, .result = result_class(function)};
  if constexpr (kind == Kind::kExtract) {
    row.shape = Shape::kUnary;
    row.pairs = kExtract<function>.data();
  } else if constexpr (kind == Kind::kLaned) {
    row.shape = Shape::kLaned;
    row.rhs = second_class(function);
    row.pairs = kLaned<function>.data();
  } else {
    row.shape = Shape::kTernary;
    row.pairs = kTernary<function>.data();
  }
  return row;
}

template <bool (*belongs)(Op), Profile profile>
constexpr auto vector_rows() {
  constexpr size_t count = [] {
    size_t n = 0;
    for (const wasm::OpInfo& row : wasm::kOpTable) n += kind_of(row.op) != Kind::kNone && belongs(row.op) ? 1 : 0;
    return n;
  }();
  std::array<OpRow, count> rows{};
  size_t n = 0;
  [&]<size_t... index>(std::index_sequence<index...>) {
    (
        [&] {
          constexpr Op op = static_cast<Op>(index);
          if constexpr (kind_of(op) != Kind::kNone && belongs(op)) rows[n++] = vector_row<op, profile>();
        }(),
        ...);
  }(std::make_index_sequence<wasm::kOpCount>());
  return rows;
}

// Loads.

template <auto extend>
WHERRY_BODY V128 load_half(uint64_t half) {
  return extend(V128::from_halves(half, 0));
}
template <auto splat, class T, class Lane>
WHERRY_BODY V128 load_splat(T value) {
  return splat(static_cast<Lane>(value));
}
WHERRY_BODY V128 load32_zero(uint32_t value) { return V128::from_halves(value, 0); }
WHERRY_BODY V128 load64_zero(uint64_t value) { return V128::from_halves(value, 0); }

constexpr OpRow kLoadRows[] = {
    make_load_row<&load_half<semantics::i16x8_extend_low_i8x16_s>>(Op::kV128Load8x8S),
    make_load_row<&load_half<semantics::i16x8_extend_low_i8x16_u>>(Op::kV128Load8x8U),
    make_load_row<&load_half<semantics::i32x4_extend_low_i16x8_s>>(Op::kV128Load16x4S),
    make_load_row<&load_half<semantics::i32x4_extend_low_i16x8_u>>(Op::kV128Load16x4U),
    make_load_row<&load_half<semantics::i64x2_extend_low_i32x4_s>>(Op::kV128Load32x2S),
    make_load_row<&load_half<semantics::i64x2_extend_low_i32x4_u>>(Op::kV128Load32x2U),
    make_load_row<&load_splat<semantics::i8x16_splat, uint8_t, uint32_t>>(Op::kV128Load8Splat),
    make_load_row<&load_splat<semantics::i16x8_splat, uint16_t, uint32_t>>(Op::kV128Load16Splat),
    make_load_row<&load_splat<semantics::i32x4_splat, uint32_t, uint32_t>>(Op::kV128Load32Splat),
    make_load_row<&load_splat<semantics::i64x2_splat, uint64_t, uint64_t>>(Op::kV128Load64Splat),
    make_load_row<&load32_zero>(Op::kV128Load32Zero),
    make_load_row<&load64_zero>(Op::kV128Load64Zero),
};

// Lanes in memory: address in slot a, vector in the two after it; the memory as for checked accesses; the lane in [3].

constexpr int kLaneWords = 4;

template <class T>
WHERRY_BODY TrapKind access_lane(Regs& r, bool is_store) {
  const uint8_t* cell = locate<Address::kCheckedSlot, sizeof(T)>(r, r.a());
  if (cell == nullptr) return TrapKind::kMemoryOutOfBounds;
  auto lanes = r.get<V128>(r.a() + 1u).template lanes<T>();
  const auto lane = static_cast<uint32_t>(r.word(3)) % lanes.size();
  if (is_store) {
    std::memcpy(const_cast<uint8_t*>(cell), &lanes[lane], sizeof(T));
  } else {
    std::memcpy(&lanes[lane], cell, sizeof(T));
    r.set<V128>(r.a(), V128::from_lanes(lanes));
  }
  return TrapKind::kNone;
}
template <class T>
WHERRY_BODY TrapKind load_lane(Regs& r) {
  return access_lane<T>(r, false);
}
template <class T>
WHERRY_BODY TrapKind store_lane(Regs& r) {
  return access_lane<T>(r, true);
}
/// By log2 of the lane's size.
constexpr Handler kLoadLane[] = {straight<&load_lane<uint8_t>, kLaneWords>, straight<&load_lane<uint16_t>, kLaneWords>,
                                 straight<&load_lane<uint32_t>, kLaneWords>,
                                 straight<&load_lane<uint64_t>, kLaneWords>};
constexpr Handler kStoreLane[] = {
    straight<&store_lane<uint8_t>, kLaneWords>, straight<&store_lane<uint16_t>, kLaneWords>,
    straight<&store_lane<uint32_t>, kLaneWords>, straight<&store_lane<uint64_t>, kLaneWords>};

constexpr auto kPlainRows = numeric_rows<is_vector>();
constexpr auto kFormRows = vector_rows<is_vector, Profile::kDeterministic>();
constexpr auto kNativePlainRows = numeric_rows<is_relaxed, Profile::kNative>();
constexpr auto kNativeFormRows = vector_rows<is_relaxed, Profile::kNative>();

}  // namespace

std::array<std::span<const OpRow>, 3> simd_rows() { return {kPlainRows, kFormRows, kLoadRows}; }
std::array<std::span<const OpRow>, 2> native_relaxed_rows() { return {kNativePlainRows, kNativeFormRows}; }

bool Translator::vector_op(const OpRow& row, const wasm::Imm& imm) {
  const wasm::OpInfo& info = wasm::info(row.op);
  if (row.shape == Shape::kLaned) {
    binary(row);
    if (info.imm == ImmKind::kLane) {
      emit_word(imm.lane);
    } else {
      emit_word(imm.v128.low());
      emit_word(imm.v128.high());
    }
    return true;
  }
  if (row.shape == Shape::kTernary) {
    const Entry third = pop();
    const Entry second = pop();
    const Entry first = pop();
    const uint32_t first_slot = to_slot(first);
    const uint32_t second_slot = to_slot(second);
    const bool in_acc = third.kind == Entry::Kind::kAcc || mirrored(third);
    const uint32_t third_slot = in_acc ? 0 : to_slot(third);
    produce(Class::kV128, row.pairs[in_acc ? 1 : 0], first_slot, second_slot, third_slot);
    return true;
  }
  return false;
}

bool Translator::vector_memory_op(Op op, const wasm::Imm& imm) {
  constexpr Class kVector[] = {Class::kV128};
  const wasm::OpInfo& info = wasm::info(op);
  if (op == Op::kV128Const) {
    produce(Class::kV128, kMove.constant128, 0, 0, 0);
    emit_word(imm.v128.low());
    emit_word(imm.v128.high());
    return true;
  }
  if (info.imm != ImmKind::kMemArgLane) return false;
  const bool is_load = info.effect == wasm::Effect::kRead;
  const Word words[] = {imm.mem.offset, imm.lane};
  stack_op((is_load ? kLoadLane : kStoreLane)[info.access], 2, std::span(kVector, is_load ? 1 : 0),
           memory_word(imm.mem.memory), words);
  return true;
}

}  // namespace wherry::interp
