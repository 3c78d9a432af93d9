// Makes handlers from the pure functions of wasm/semantics.h: one a form of operands. Types are the function's.
#pragma once

#include "interp/handlers.h"
#include "wasm/semantics_table.h"

namespace wherry::interp {

/// Where an operand comes from.
enum class From : uint8_t { kAcc, kB, kC, kD, kImmediate, kThirdWord };

template <class T>
inline constexpr Class kClassOf = std::is_same_v<T, float>    ? Class::kF32
                                  : std::is_same_v<T, double> ? Class::kF64
                                  : sizeof(T) == 16           ? Class::kV128
                                                              : Class::kInt;

template <class T>
struct IsTrapping : std::false_type {};
template <class T>
struct IsTrapping<wasm::semantics::Trapping<T>> : std::true_type {
  using Value = T;
};

/// f64 immediates take the third word; others fit 32 bits, integers sign-extended.
template <class T>
inline constexpr bool kWideImmediate = sizeof(T) == 8 && !std::is_integral_v<T>;

template <class T, From from>
WHERRY_BODY T operand(Regs& r) {
  if constexpr (from == From::kAcc) return r.acc<T>();
  if constexpr (from == From::kB) return r.get<T>(r.b());
  if constexpr (from == From::kC) return r.get<T>(r.c());
  if constexpr (from == From::kD) return r.get<T>(r.d16());
  if constexpr (from == From::kThirdWord) return r.read_code<T>(16);
  if constexpr (from == From::kImmediate) {
    if constexpr (std::is_integral_v<T>) return static_cast<T>(int64_t{r.imm()});
    return r.read_code<T>(kWideImmediate<T> ? 16 : 12);
  }
}

/// Gives a result to the accumulator of its class, and to slot a too if `to_slot`.
template <bool to_slot, class T>
WHERRY_BODY void give(Regs& r, T value) {
  r.set_acc<T>(value);
  if constexpr (to_slot) r.set<T>(r.a(), value);
}

/// `function` over operands from `from...`, which may trap.
template <auto function, bool to_slot, class Result, class... T>
struct Apply {
  template <From... from>
  WHERRY_BODY static auto body(Regs& r) {
    const Result value = function(operand<T, from>(r)...);
    if constexpr (IsTrapping<Result>::value) {
      if (value.trap != TrapKind::kNone) [[unlikely]]
        return value.trap;
      give<to_slot>(r, value.value);
      return TrapKind::kNone;
    } else {
      give<to_slot>(r, value);
    }
  }
};

template <class Result, class... T>
using FunctionOf = Result (*)(T...);

/// The handlers of a two-operand op. Commutative ops and compares have no forms with the accumulator or an immediate
/// second in line: the translator swaps.
template <auto function, bool swappable, class Result, class L, class R>
constexpr std::array<HandlerPair, kBinaryForms> binary_handlers(FunctionOf<Result, L, R>) {
  using Acc = Apply<function, false, Result, L, R>;
  using Both = Apply<function, true, Result, L, R>;
  constexpr int immediate_r = kWideImmediate<R> ? 3 : 2;
  constexpr int immediate_l = kWideImmediate<L> ? 3 : 2;
#define WHERRY_PAIR(words, l, r)                                      \
  HandlerPair{straight<&Acc::template body<From::l, From::r>, words>, \
              straight<&Both::template body<From::l, From::r>, words>}
  std::array<HandlerPair, kBinaryForms> all{};
  all[kAS] = WHERRY_PAIR(2, kAcc, kB);
  all[kSS] = WHERRY_PAIR(2, kB, kC);
  if constexpr (sizeof(R) < 16) {
    all[kAI] = WHERRY_PAIR(immediate_r, kAcc, kImmediate);
    all[kSI] = WHERRY_PAIR(immediate_r, kB, kImmediate);
  }
  if constexpr (!swappable) {
    all[kSA] = WHERRY_PAIR(2, kB, kAcc);
    if constexpr (sizeof(L) < 16) {
      all[kIS] = WHERRY_PAIR(immediate_l, kImmediate, kB);
      all[kIA] = WHERRY_PAIR(immediate_l, kImmediate, kAcc);
    }
  }
#undef WHERRY_PAIR
  return all;
}

template <auto function, class Result, class T>
constexpr std::array<HandlerPair, kUnaryForms> unary_handlers(FunctionOf<Result, T>) {
  using Acc = Apply<function, false, Result, T>;
  using Both = Apply<function, true, Result, T>;
  return {{{straight<&Acc::template body<From::kAcc>, 2>, straight<&Both::template body<From::kAcc>, 2>},
           {straight<&Acc::template body<From::kB>, 2>, straight<&Both::template body<From::kB>, 2>}}};
}

// Branches on a compare: operands from the accumulator or slot a, and slot b or the third word.

enum class BranchFrom : uint8_t { kAcc, kA, kB, kImmediate };
template <class T, BranchFrom from>
WHERRY_BODY T branch_operand(Regs& r) {
  if constexpr (from == BranchFrom::kAcc) return r.acc<T>();
  if constexpr (from == BranchFrom::kA) return r.get<T>(r.a());
  if constexpr (from == BranchFrom::kB) return r.get<T>(r.b());
  if constexpr (from == BranchFrom::kImmediate) return r.read_code<T>(16);
}
template <auto function, bool sense, class T, BranchFrom l, BranchFrom r2>
WHERRY_BODY bool compare(Regs& r) {
  return (function(branch_operand<T, l>(r), branch_operand<T, r2>(r)) != 0) == sense;
}

template <auto function, class T>
constexpr std::array<Handler, 2 * kBranchForms> branch_handlers(FunctionOf<uint32_t, T, T>) {
  std::array<Handler, 2 * kBranchForms> all{};
  using enum BranchFrom;
  all[kAS * 2] = branch<&compare<function, false, T, kAcc, kB>, 2>;
  all[kAS * 2 + 1] = branch<&compare<function, true, T, kAcc, kB>, 2>;
  all[kSS * 2] = branch<&compare<function, false, T, kA, kB>, 2>;
  all[kSS * 2 + 1] = branch<&compare<function, true, T, kA, kB>, 2>;
  all[kAI * 2] = branch<&compare<function, false, T, kAcc, kImmediate>, 3>;
  all[kAI * 2 + 1] = branch<&compare<function, true, T, kAcc, kImmediate>, 3>;
  all[kSI * 2] = branch<&compare<function, false, T, kA, kImmediate>, 3>;
  all[kSI * 2 + 1] = branch<&compare<function, true, T, kA, kImmediate>, 3>;
  return all;
}

template <auto function, bool swappable>
inline constexpr auto kBinaryHandlers = binary_handlers<function, swappable>(function);
template <auto function>
inline constexpr auto kUnaryHandlers = unary_handlers<function>(function);
template <auto function>
inline constexpr auto kBranchHandlers = branch_handlers<function>(function);

template <class Result>
struct ValueOf {
  using Type = Result;
};
template <class T>
struct ValueOf<wasm::semantics::Trapping<T>> {
  using Type = T;
};

template <auto function, bool swappable, class Result, class L, class R>
constexpr OpRow make_binary_row(Op op, FunctionOf<Result, L, R>) {
  return {.op = op,
          .shape = Shape::kBinary,
          .lhs = kClassOf<L>,
          .rhs = kClassOf<R>,
          .result = kClassOf<typename ValueOf<Result>::Type>,
          .pairs = kBinaryHandlers<function, swappable>.data()};
}
template <auto function, class Result, class T>
constexpr OpRow make_unary_row(Op op, FunctionOf<Result, T>) {
  return {.op = op,
          .shape = Shape::kUnary,
          .lhs = kClassOf<T>,
          .result = kClassOf<typename ValueOf<Result>::Type>,
          .pairs = kUnaryHandlers<function>.data()};
}

// Rows, made from the op table.

constexpr bool is_compare(Op op) { return op >= Op::kI32Eq && op <= Op::kF64Ge && op != Op::kI64Eqz; }

/// Integer ops whose operands may be exchanged. Not of floats: which NaN comes out may depend on the order.
constexpr bool is_commutative(Op op) {
  switch (op) {
    case Op::kI32Add:
    case Op::kI32Mul:
    case Op::kI32And:
    case Op::kI32Or:
    case Op::kI32Xor:
    case Op::kI64Add:
    case Op::kI64Mul:
    case Op::kI64And:
    case Op::kI64Or:
    case Op::kI64Xor:
      return true;
    default:
      return false;
  }
}

/// Whether an op becomes an instruction of the shapes below: a result from one or two operands, no immediates. Not
/// those that the translator turns into others.
constexpr bool is_plain_numeric(Op op) {
  const wasm::OpInfo& row = wasm::info(op);
  const std::string_view params = row.signature.params;
  const std::string_view results = row.signature.results;
  return wasm::semantics::is_evaluable(op) && row.imm == wasm::ImmKind::kNone && results.size() == 1 &&
         (params.size() == 1 || params.size() == 2) && op != Op::kI32Eqz && op != Op::kI64Eqz && op != Op::kI32WrapI64;
}

constexpr bool has_letter(Op op, std::string_view letters) {
  const std::string_view params = wasm::info(op).signature.params;
  const std::string_view results = wasm::info(op).signature.results;
  return params.find_first_of(letters) != params.npos || results.find_first_of(letters) != results.npos;
}

template <Op op, wasm::semantics::Profile profile = wasm::semantics::Profile::kDeterministic>
constexpr OpRow numeric_row() {
  constexpr auto function = wasm::semantics::kMeaning<op, profile>;
  if constexpr (std::string_view(wasm::info(op).signature.params).size() == 1) {
    return make_unary_row<function>(op, function);
  } else {
    OpRow row = make_binary_row < function, is_commutative(op) || is_compare(op) > (op, function);
    if constexpr (is_compare(op)) {
      row.shape = Shape::kCompare;
      row.branches = kBranchHandlers<function>.data();
    }
    return row;
  }
}

/// The rows of the plain numeric ops for which `belongs` holds.
template <bool (*belongs)(Op), wasm::semantics::Profile profile = wasm::semantics::Profile::kDeterministic>
constexpr auto numeric_rows() {
  constexpr size_t count = [] {
    size_t n = 0;
    for (const wasm::OpInfo& row : wasm::kOpTable) n += is_plain_numeric(row.op) && belongs(row.op) ? 1 : 0;
    return n;
  }();
  std::array<OpRow, count> rows{};
  size_t n = 0;
  [&]<size_t... index>(std::index_sequence<index...>) {
    (
        [&] {
          constexpr Op op = static_cast<Op>(index);
          if constexpr (is_plain_numeric(op) && belongs(op)) rows[n++] = numeric_row<op, profile>();
        }(),
        ...);
  }(std::make_index_sequence<wasm::kOpCount>());
  return rows;
}

}  // namespace wherry::interp
