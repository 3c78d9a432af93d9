#include "wasm/semantics_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

namespace wherry::wasm::semantics {
namespace {

// Functions are named and typed as the op table says.

constexpr bool is_name_of(std::string_view function, std::string_view text) {
  if (function.size() != text.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (function[i] != (text[i] == '.' ? '_' : text[i])) return false;
  }
  return true;
}

template <class T>
constexpr char kLetter = '?';
template <>
constexpr char kLetter<uint32_t> = 'i';
template <>
constexpr char kLetter<uint64_t> = 'l';
template <>
constexpr char kLetter<float> = 'f';
template <>
constexpr char kLetter<double> = 'd';
template <>
constexpr char kLetter<V128> = 'v';

template <class T>
struct ResultOf {
  static constexpr char kLetters[] = {kLetter<T>, 0};
  static constexpr bool kTraps = false;
};
template <>
struct ResultOf<Wide> {
  static constexpr char kLetters[] = {'l', 'l', 0};
  static constexpr bool kTraps = false;
};
template <class T>
struct ResultOf<Trapping<T>> {
  static constexpr char kLetters[] = {kLetter<T>, 0};
  static constexpr bool kTraps = true;
};

template <class Result, class... Params>
constexpr bool fits(Result (*)(Params...), const OpInfo& row) {
  const char immediate = row.imm == ImmKind::kLane ? 'i' : row.imm == ImmKind::kLanes16 ? 'v' : 0;
  char params[sizeof(row.signature.params) + 1] = {};
  size_t n = 0;
  for (; row.signature.params[n] != 0; ++n) params[n] = row.signature.params[n];
  params[n] = immediate;
  const char actual[] = {kLetter<Params>..., 0};
  return std::string_view(actual) == params && std::string_view(ResultOf<Result>::kLetters) == row.signature.results &&
         ResultOf<Result>::kTraps == (row.effect == Effect::kTrap);
}

#define WHERRY_SEMANTICS(op, function) \
  static_assert(is_name_of(#function, info(Op::op).text) && fits(kMeaning<Op::op>, info(Op::op)));
#include "wasm/semantics.inc"
#undef WHERRY_SEMANTICS

// Slots

template <class T>
constexpr size_t kSlotsOf = std::is_same_v<T, V128> ? 2 : 1;

template <class T>
T get(const uint64_t* slots) {
  if constexpr (std::is_same_v<T, V128>) {
    return V128::from_halves(slots[0], slots[1]);
  } else if constexpr (sizeof(T) == 4) {
    return std::bit_cast<T>(static_cast<uint32_t>(*slots));
  } else {
    return std::bit_cast<T>(*slots);
  }
}

void put(uint64_t* slots, uint32_t x) { slots[0] = x; }
void put(uint64_t* slots, uint64_t x) { slots[0] = x; }
void put(uint64_t* slots, float x) { slots[0] = std::bit_cast<uint32_t>(x); }
void put(uint64_t* slots, double x) { slots[0] = std::bit_cast<uint64_t>(x); }
void put(uint64_t* slots, V128 x) {
  slots[0] = x.low();
  slots[1] = x.high();
}
void put(uint64_t* slots, Wide x) {
  slots[0] = x.low;
  slots[1] = x.high;
}

template <class T>
TrapKind store(uint64_t* results, const T& result) {
  put(results, result);
  return TrapKind::kNone;
}
template <class T>
TrapKind store(uint64_t* results, const Trapping<T>& result) {
  if (result.trap == TrapKind::kNone) put(results, result.value);
  return result.trap;
}

using Evaluator = TrapKind (*)(const uint64_t* operands, uint64_t* results, const Imm& imm);

template <auto kFunction>
struct Evaluate;
template <class Result, class... Params, Result (*kFunction)(Params...)>
struct Evaluate<kFunction> {
  /// Where the operands are, in slots.
  static constexpr std::array<size_t, sizeof...(Params)> kOffsets = [] {
    std::array<size_t, sizeof...(Params)> offsets = {kSlotsOf<Params>...};
    size_t sum = 0;
    for (size_t& offset : offsets) offset = std::exchange(sum, sum + offset);
    return offsets;
  }();
  static constexpr auto kIndices = std::index_sequence_for<Params...>();

  template <size_t... I>
  static TrapKind apply(const uint64_t* operands, uint64_t* results, std::index_sequence<I...>) {
    return store(results, kFunction(get<Params>(operands + kOffsets[I])...));
  }
  static TrapKind plain(const uint64_t* operands, uint64_t* results, const Imm&) {
    return apply(operands, results, kIndices);
  }
  // An immediate is passed as the last parameter; here it is the last slot too.
  static TrapKind with_lane(const uint64_t* operands, uint64_t* results, const Imm& imm) {
    uint64_t slots[kOffsets.back() + 1];
    std::copy_n(operands, kOffsets.back(), slots);
    slots[kOffsets.back()] = imm.lane;
    return apply(slots, results, kIndices);
  }
};

TrapKind evaluate_shuffle(const uint64_t* operands, uint64_t* results, const Imm& imm) {
  return store(results, i8x16_shuffle(get<V128>(operands), get<V128>(operands + 2), imm.v128));
}
template <Op op, Profile profile>
constexpr Evaluator evaluator() {
  if constexpr (info(op).imm == ImmKind::kLane) {
    return Evaluate<kMeaning<op, profile>>::with_lane;
  } else if constexpr (op == Op::kI8x16Shuffle) {
    return evaluate_shuffle;
  } else {
    return Evaluate<kMeaning<op, profile>>::plain;
  }
}

TrapKind evaluate_nop(const uint64_t*, uint64_t*, const Imm&) { return TrapKind::kNone; }
TrapKind evaluate_const(const uint64_t*, uint64_t* results, const Imm& imm) {
  results[0] = imm.bits;
  return TrapKind::kNone;
}
TrapKind evaluate_v128_const(const uint64_t*, uint64_t* results, const Imm& imm) {
  put(results, imm.v128);
  return TrapKind::kNone;
}

struct EvaluatorTable {
  Evaluator rows[kOpCount];
  constexpr Evaluator& operator[](Op op) { return rows[static_cast<size_t>(op)]; }
};

template <Profile profile>
constexpr EvaluatorTable kEvaluators = [] {
  EvaluatorTable table{};
  table[Op::kNop] = evaluate_nop;
  table[Op::kI32Const] = table[Op::kI64Const] = table[Op::kF32Const] = table[Op::kF64Const] = evaluate_const;
  table[Op::kV128Const] = evaluate_v128_const;
#define WHERRY_SEMANTICS(op, function) table[Op::op] = evaluator<Op::op, profile>();
#include "wasm/semantics.inc"
#undef WHERRY_SEMANTICS
  return table;
}();

static_assert(
    [] {
      for (const OpInfo& row : kOpTable) {
        const bool has_evaluator = kEvaluators<Profile::kDeterministic>.rows[static_cast<size_t>(row.op)] != nullptr;
        if (is_evaluable(row.op) != has_evaluator) return false;
      }
      return true;
    }(),
    "semantics.inc has a row for each evaluable op");

}  // namespace

TrapKind evaluate(Op op, const uint64_t* operands, uint64_t* results, const Imm& imm, Profile profile) {
  assert(is_evaluable(op));
  const EvaluatorTable& table =
      profile == Profile::kNative ? kEvaluators<Profile::kNative> : kEvaluators<Profile::kDeterministic>;
  return table.rows[static_cast<size_t>(op)](operands, results, imm);
}

}  // namespace wherry::wasm::semantics
