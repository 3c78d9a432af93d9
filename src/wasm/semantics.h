// What numeric ops mean: one pure function an op, named after it. The interpreter's handlers, the constant folder, the
// tests and the fuzzers all call these; nothing else repeats them. Vectors are in semantics_simd.h.
// Spec: https://webassembly.github.io/spec/core/exec/numerics.html
//
// - i32 and i64 are unsigned words; f32 and f64 are float and double, whose bits survive being passed around.
// - NaNs: abs, neg, copysign and reinterpretations work on bits; all other results that are NaN are quiet ("arithmetic"
//   in the spec's words), with a payload that depends on the machine.
// - All functions are constexpr, but for a floating-point result that is NaN and for sqrt, which clang does not fold.
// - They compile to the instructions one would write by hand, so they are always inlined.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "wherry/trap.h"

#pragma clang attribute push(__attribute__((always_inline)), apply_to = function)
namespace wherry::wasm::semantics {

/// The result of an op that may trap: `value` counts if `trap` is TrapKind::kNone.
template <class T>
struct Trapping {
  TrapKind trap = TrapKind::kNone;
  T value{};
  constexpr bool operator==(const Trapping&) const = default;
};

/// The result of an op on 128-bit integers.
struct Wide {
  uint64_t low;
  uint64_t high;
  constexpr bool operator==(const Wide&) const = default;
};

/// Whether the target rounds a float to an integral float in one instruction. Where not (x86-64 before SSE 4.1), a
/// library call is slower than the few instructions below, and makes an interpreter's handler spill its registers.
#if defined(__SSE4_1__) || defined(__aarch64__)
inline constexpr bool kHasRoundInstruction = true;
#else
inline constexpr bool kHasRoundInstruction = false;
#endif

namespace detail {

constexpr int32_t as_signed(uint32_t x) { return static_cast<int32_t>(x); }
constexpr int64_t as_signed(uint64_t x) { return static_cast<int64_t>(x); }

template <class U>
constexpr Trapping<U> div_s(U a, U b) {
  if (b == 0) [[unlikely]]
    return {TrapKind::kIntegerDivideByZero};
  if (a == U{1} << (sizeof(U) * 8 - 1) && b == ~U{0}) [[unlikely]]
    return {TrapKind::kIntegerOverflow};
  return {TrapKind::kNone, static_cast<U>(as_signed(a) / as_signed(b))};
}
template <class U>
constexpr Trapping<U> div_u(U a, U b) {
  if (b == 0) [[unlikely]]
    return {TrapKind::kIntegerDivideByZero};
  return {TrapKind::kNone, a / b};
}
template <class U>
constexpr Trapping<U> rem_s(U a, U b) {
  if (b == 0) [[unlikely]]
    return {TrapKind::kIntegerDivideByZero};
  if (b == ~U{0}) [[unlikely]]
    return {TrapKind::kNone, 0};  // the machine's division would overflow
  return {TrapKind::kNone, static_cast<U>(as_signed(a) % as_signed(b))};
}
template <class U>
constexpr Trapping<U> rem_u(U a, U b) {
  if (b == 0) [[unlikely]]
    return {TrapKind::kIntegerDivideByZero};
  return {TrapKind::kNone, a % b};
}

template <class F>
using Bits = std::conditional_t<sizeof(F) == 4, uint32_t, uint64_t>;
template <class F>
inline constexpr Bits<F> kSignBit = Bits<F>{1} << (sizeof(F) * 8 - 1);
template <class F>
constexpr Bits<F> bits(F x) {
  return std::bit_cast<Bits<F>>(x);
}

template <class F>
constexpr F abs(F x) {
  return std::bit_cast<F>(bits(x) & ~kSignBit<F>);
}
template <class F>
constexpr F neg(F x) {
  return std::bit_cast<F>(bits(x) ^ kSignBit<F>);
}
template <class F>
constexpr F copysign(F x, F sign) {
  return std::bit_cast<F>((bits(x) & ~kSignBit<F>) | (bits(sign) & kSignBit<F>));
}

/// Both minima agree unless the operands are equal; then their bits differ at most in the sign (of zeroes).
template <class F>
constexpr F min(F a, F b) {
  if (a != a || b != b) [[unlikely]]
    return a + b;
  return std::bit_cast<F>(bits(a < b ? a : b) | bits(b < a ? b : a));
}
template <class F>
constexpr F max(F a, F b) {
  if (a != a || b != b) [[unlikely]]
    return a + b;
  return std::bit_cast<F>(bits(a > b ? a : b) & bits(b > a ? b : a));
}

/// The least float whose neighbours are 1 apart: adding it rounds to an integer, to even where there is a tie.
template <class F>
inline constexpr F kUnitSpacing = static_cast<F>(uint64_t{1} << (std::numeric_limits<F>::digits - 1));

/// Of floats that are integral already, infinite, or NaN: the same, NaN made quiet. (Adding zero would do in principle,
/// but compilers drop it.)
template <class F>
constexpr F already_integral(F x) {
  return x != x ? x + x : x;
}
template <class F>
constexpr F nearest(F x) {
  if constexpr (kHasRoundInstruction) {
    if !consteval {
      return __builtin_elementwise_roundeven(x);
    }
  }
  const F magnitude = abs(x);
  if (!(magnitude < kUnitSpacing<F>)) [[unlikely]]
    return already_integral(x);
  return copysign((magnitude + kUnitSpacing<F>)-kUnitSpacing<F>, x);
}
template <class F>
constexpr F trunc(F x) {
  if constexpr (kHasRoundInstruction) {
    if !consteval {
      return __builtin_elementwise_trunc(x);
    }
  }
  const F magnitude = abs(x);
  if (!(magnitude < kUnitSpacing<F>)) [[unlikely]]
    return already_integral(x);
  const F rounded = (magnitude + kUnitSpacing<F>)-kUnitSpacing<F>;
  return copysign(rounded - (rounded > magnitude ? F{1} : F{0}), x);
}
template <class F>
constexpr F floor(F x) {
  if constexpr (kHasRoundInstruction) {
    if !consteval {
      return __builtin_elementwise_floor(x);
    }
  }
  const F rounded = nearest(x);
  return rounded - (rounded > x ? F{1} : F{0});
}
template <class F>
constexpr F ceil(F x) {
  if constexpr (kHasRoundInstruction) {
    if !consteval {
      return __builtin_elementwise_ceil(x);
    }
  }
  const F rounded = nearest(x);
  return copysign(rounded + (rounded < x ? F{1} : F{0}), x);  // (-1, 0] goes to -0
}

/// Whether the truncation of x is an Int. False of NaN.
template <class Int, class F>
constexpr bool truncates_to(F x) {
  constexpr int kDigits = std::numeric_limits<Int>::digits;
  constexpr F kEnd = static_cast<F>(Int{1} << (kDigits - 1)) * 2;
  if constexpr (std::is_unsigned_v<Int>) {
    return x > F{-1} && x < kEnd;
  } else if constexpr (std::numeric_limits<F>::digits > kDigits) {
    return x > -kEnd - 1 && x < kEnd;
  } else {  // there are no floats between -kEnd - 1 and -kEnd
    return x >= -kEnd && x < kEnd;
  }
}
template <class Int, class F>
constexpr Trapping<std::make_unsigned_t<Int>> trunc_to(F x) {
  if (truncates_to<Int>(x)) [[likely]] {
    return {TrapKind::kNone, static_cast<std::make_unsigned_t<Int>>(static_cast<Int>(x))};
  }
  return {x != x ? TrapKind::kInvalidConversionToInteger : TrapKind::kIntegerOverflow};
}
template <class Int, class F>
constexpr std::make_unsigned_t<Int> trunc_sat_to(F x) {
  if (truncates_to<Int>(x)) [[likely]]
    return static_cast<std::make_unsigned_t<Int>>(static_cast<Int>(x));
  if (x != x) return 0;
  return static_cast<std::make_unsigned_t<Int>>(x < 0 ? std::numeric_limits<Int>::min()
                                                      : std::numeric_limits<Int>::max());
}

}  // namespace detail

// i32: tests and comparisons
constexpr uint32_t i32_eqz(uint32_t a) { return a == 0; }
constexpr uint32_t i32_eq(uint32_t a, uint32_t b) { return a == b; }
constexpr uint32_t i32_ne(uint32_t a, uint32_t b) { return a != b; }
constexpr uint32_t i32_lt_s(uint32_t a, uint32_t b) { return detail::as_signed(a) < detail::as_signed(b); }
constexpr uint32_t i32_lt_u(uint32_t a, uint32_t b) { return a < b; }
constexpr uint32_t i32_gt_s(uint32_t a, uint32_t b) { return detail::as_signed(a) > detail::as_signed(b); }
constexpr uint32_t i32_gt_u(uint32_t a, uint32_t b) { return a > b; }
constexpr uint32_t i32_le_s(uint32_t a, uint32_t b) { return detail::as_signed(a) <= detail::as_signed(b); }
constexpr uint32_t i32_le_u(uint32_t a, uint32_t b) { return a <= b; }
constexpr uint32_t i32_ge_s(uint32_t a, uint32_t b) { return detail::as_signed(a) >= detail::as_signed(b); }
constexpr uint32_t i32_ge_u(uint32_t a, uint32_t b) { return a >= b; }

// i32: arithmetic
constexpr uint32_t i32_clz(uint32_t a) { return static_cast<uint32_t>(std::countl_zero(a)); }
constexpr uint32_t i32_ctz(uint32_t a) { return static_cast<uint32_t>(std::countr_zero(a)); }
constexpr uint32_t i32_popcnt(uint32_t a) { return static_cast<uint32_t>(std::popcount(a)); }
constexpr uint32_t i32_add(uint32_t a, uint32_t b) { return a + b; }
constexpr uint32_t i32_sub(uint32_t a, uint32_t b) { return a - b; }
constexpr uint32_t i32_mul(uint32_t a, uint32_t b) { return a * b; }
constexpr Trapping<uint32_t> i32_div_s(uint32_t a, uint32_t b) { return detail::div_s(a, b); }
constexpr Trapping<uint32_t> i32_div_u(uint32_t a, uint32_t b) { return detail::div_u(a, b); }
constexpr Trapping<uint32_t> i32_rem_s(uint32_t a, uint32_t b) { return detail::rem_s(a, b); }
constexpr Trapping<uint32_t> i32_rem_u(uint32_t a, uint32_t b) { return detail::rem_u(a, b); }
constexpr uint32_t i32_and(uint32_t a, uint32_t b) { return a & b; }
constexpr uint32_t i32_or(uint32_t a, uint32_t b) { return a | b; }
constexpr uint32_t i32_xor(uint32_t a, uint32_t b) { return a ^ b; }
constexpr uint32_t i32_shl(uint32_t a, uint32_t b) { return a << (b & 31); }
constexpr uint32_t i32_shr_s(uint32_t a, uint32_t b) { return static_cast<uint32_t>(detail::as_signed(a) >> (b & 31)); }
constexpr uint32_t i32_shr_u(uint32_t a, uint32_t b) { return a >> (b & 31); }
constexpr uint32_t i32_rotl(uint32_t a, uint32_t b) { return __builtin_rotateleft32(a, b); }
constexpr uint32_t i32_rotr(uint32_t a, uint32_t b) { return __builtin_rotateright32(a, b); }
constexpr uint32_t i32_extend8_s(uint32_t a) { return static_cast<uint32_t>(static_cast<int8_t>(a)); }
constexpr uint32_t i32_extend16_s(uint32_t a) { return static_cast<uint32_t>(static_cast<int16_t>(a)); }

// i64: tests and comparisons
constexpr uint32_t i64_eqz(uint64_t a) { return a == 0; }
constexpr uint32_t i64_eq(uint64_t a, uint64_t b) { return a == b; }
constexpr uint32_t i64_ne(uint64_t a, uint64_t b) { return a != b; }
constexpr uint32_t i64_lt_s(uint64_t a, uint64_t b) { return detail::as_signed(a) < detail::as_signed(b); }
constexpr uint32_t i64_lt_u(uint64_t a, uint64_t b) { return a < b; }
constexpr uint32_t i64_gt_s(uint64_t a, uint64_t b) { return detail::as_signed(a) > detail::as_signed(b); }
constexpr uint32_t i64_gt_u(uint64_t a, uint64_t b) { return a > b; }
constexpr uint32_t i64_le_s(uint64_t a, uint64_t b) { return detail::as_signed(a) <= detail::as_signed(b); }
constexpr uint32_t i64_le_u(uint64_t a, uint64_t b) { return a <= b; }
constexpr uint32_t i64_ge_s(uint64_t a, uint64_t b) { return detail::as_signed(a) >= detail::as_signed(b); }
constexpr uint32_t i64_ge_u(uint64_t a, uint64_t b) { return a >= b; }

// i64: arithmetic
constexpr uint64_t i64_clz(uint64_t a) { return static_cast<uint64_t>(std::countl_zero(a)); }
constexpr uint64_t i64_ctz(uint64_t a) { return static_cast<uint64_t>(std::countr_zero(a)); }
constexpr uint64_t i64_popcnt(uint64_t a) { return static_cast<uint64_t>(std::popcount(a)); }
constexpr uint64_t i64_add(uint64_t a, uint64_t b) { return a + b; }
constexpr uint64_t i64_sub(uint64_t a, uint64_t b) { return a - b; }
constexpr uint64_t i64_mul(uint64_t a, uint64_t b) { return a * b; }
constexpr Trapping<uint64_t> i64_div_s(uint64_t a, uint64_t b) { return detail::div_s(a, b); }
constexpr Trapping<uint64_t> i64_div_u(uint64_t a, uint64_t b) { return detail::div_u(a, b); }
constexpr Trapping<uint64_t> i64_rem_s(uint64_t a, uint64_t b) { return detail::rem_s(a, b); }
constexpr Trapping<uint64_t> i64_rem_u(uint64_t a, uint64_t b) { return detail::rem_u(a, b); }
constexpr uint64_t i64_and(uint64_t a, uint64_t b) { return a & b; }
constexpr uint64_t i64_or(uint64_t a, uint64_t b) { return a | b; }
constexpr uint64_t i64_xor(uint64_t a, uint64_t b) { return a ^ b; }
constexpr uint64_t i64_shl(uint64_t a, uint64_t b) { return a << (b & 63); }
constexpr uint64_t i64_shr_s(uint64_t a, uint64_t b) { return static_cast<uint64_t>(detail::as_signed(a) >> (b & 63)); }
constexpr uint64_t i64_shr_u(uint64_t a, uint64_t b) { return a >> (b & 63); }
constexpr uint64_t i64_rotl(uint64_t a, uint64_t b) { return __builtin_rotateleft64(a, b); }
constexpr uint64_t i64_rotr(uint64_t a, uint64_t b) { return __builtin_rotateright64(a, b); }
constexpr uint64_t i64_extend8_s(uint64_t a) { return static_cast<uint64_t>(static_cast<int8_t>(a)); }
constexpr uint64_t i64_extend16_s(uint64_t a) { return static_cast<uint64_t>(static_cast<int16_t>(a)); }
constexpr uint64_t i64_extend32_s(uint64_t a) { return static_cast<uint64_t>(static_cast<int32_t>(a)); }

// f32
constexpr uint32_t f32_eq(float a, float b) { return a == b; }
constexpr uint32_t f32_ne(float a, float b) { return a != b; }
constexpr uint32_t f32_lt(float a, float b) { return a < b; }
constexpr uint32_t f32_gt(float a, float b) { return a > b; }
constexpr uint32_t f32_le(float a, float b) { return a <= b; }
constexpr uint32_t f32_ge(float a, float b) { return a >= b; }
constexpr float f32_abs(float a) { return detail::abs(a); }
constexpr float f32_neg(float a) { return detail::neg(a); }
constexpr float f32_ceil(float a) { return detail::ceil(a); }
constexpr float f32_floor(float a) { return detail::floor(a); }
constexpr float f32_trunc(float a) { return detail::trunc(a); }
constexpr float f32_nearest(float a) { return detail::nearest(a); }
constexpr float f32_sqrt(float a) { return __builtin_elementwise_sqrt(a); }
constexpr float f32_add(float a, float b) { return a + b; }
constexpr float f32_sub(float a, float b) { return a - b; }
constexpr float f32_mul(float a, float b) { return a * b; }
constexpr float f32_div(float a, float b) { return a / b; }
constexpr float f32_min(float a, float b) { return detail::min(a, b); }
constexpr float f32_max(float a, float b) { return detail::max(a, b); }
constexpr float f32_copysign(float a, float b) { return detail::copysign(a, b); }

// f64
constexpr uint32_t f64_eq(double a, double b) { return a == b; }
constexpr uint32_t f64_ne(double a, double b) { return a != b; }
constexpr uint32_t f64_lt(double a, double b) { return a < b; }
constexpr uint32_t f64_gt(double a, double b) { return a > b; }
constexpr uint32_t f64_le(double a, double b) { return a <= b; }
constexpr uint32_t f64_ge(double a, double b) { return a >= b; }
constexpr double f64_abs(double a) { return detail::abs(a); }
constexpr double f64_neg(double a) { return detail::neg(a); }
constexpr double f64_ceil(double a) { return detail::ceil(a); }
constexpr double f64_floor(double a) { return detail::floor(a); }
constexpr double f64_trunc(double a) { return detail::trunc(a); }
constexpr double f64_nearest(double a) { return detail::nearest(a); }
constexpr double f64_sqrt(double a) { return __builtin_elementwise_sqrt(a); }
constexpr double f64_add(double a, double b) { return a + b; }
constexpr double f64_sub(double a, double b) { return a - b; }
constexpr double f64_mul(double a, double b) { return a * b; }
constexpr double f64_div(double a, double b) { return a / b; }
constexpr double f64_min(double a, double b) { return detail::min(a, b); }
constexpr double f64_max(double a, double b) { return detail::max(a, b); }
constexpr double f64_copysign(double a, double b) { return detail::copysign(a, b); }

// Conversions
constexpr uint32_t i32_wrap_i64(uint64_t a) { return static_cast<uint32_t>(a); }
constexpr uint64_t i64_extend_i32_s(uint32_t a) {
  return static_cast<uint64_t>(static_cast<int64_t>(detail::as_signed(a)));
}
constexpr uint64_t i64_extend_i32_u(uint32_t a) { return a; }
constexpr Trapping<uint32_t> i32_trunc_f32_s(float a) { return detail::trunc_to<int32_t>(a); }
constexpr uint32_t i32_trunc_sat_f32_s(float a) { return detail::trunc_sat_to<int32_t>(a); }
constexpr Trapping<uint32_t> i32_trunc_f32_u(float a) { return detail::trunc_to<uint32_t>(a); }
constexpr uint32_t i32_trunc_sat_f32_u(float a) { return detail::trunc_sat_to<uint32_t>(a); }
constexpr Trapping<uint32_t> i32_trunc_f64_s(double a) { return detail::trunc_to<int32_t>(a); }
constexpr uint32_t i32_trunc_sat_f64_s(double a) { return detail::trunc_sat_to<int32_t>(a); }
constexpr Trapping<uint32_t> i32_trunc_f64_u(double a) { return detail::trunc_to<uint32_t>(a); }
constexpr uint32_t i32_trunc_sat_f64_u(double a) { return detail::trunc_sat_to<uint32_t>(a); }
constexpr Trapping<uint64_t> i64_trunc_f32_s(float a) { return detail::trunc_to<int64_t>(a); }
constexpr uint64_t i64_trunc_sat_f32_s(float a) { return detail::trunc_sat_to<int64_t>(a); }
constexpr Trapping<uint64_t> i64_trunc_f32_u(float a) { return detail::trunc_to<uint64_t>(a); }
constexpr uint64_t i64_trunc_sat_f32_u(float a) { return detail::trunc_sat_to<uint64_t>(a); }
constexpr Trapping<uint64_t> i64_trunc_f64_s(double a) { return detail::trunc_to<int64_t>(a); }
constexpr uint64_t i64_trunc_sat_f64_s(double a) { return detail::trunc_sat_to<int64_t>(a); }
constexpr Trapping<uint64_t> i64_trunc_f64_u(double a) { return detail::trunc_to<uint64_t>(a); }
constexpr uint64_t i64_trunc_sat_f64_u(double a) { return detail::trunc_sat_to<uint64_t>(a); }
constexpr float f32_convert_i32_s(uint32_t a) { return static_cast<float>(detail::as_signed(a)); }
constexpr float f32_convert_i32_u(uint32_t a) { return static_cast<float>(a); }
constexpr float f32_convert_i64_s(uint64_t a) { return static_cast<float>(detail::as_signed(a)); }
constexpr float f32_convert_i64_u(uint64_t a) { return static_cast<float>(a); }
constexpr double f64_convert_i32_s(uint32_t a) { return static_cast<double>(detail::as_signed(a)); }
constexpr double f64_convert_i32_u(uint32_t a) { return static_cast<double>(a); }
constexpr double f64_convert_i64_s(uint64_t a) { return static_cast<double>(detail::as_signed(a)); }
constexpr double f64_convert_i64_u(uint64_t a) { return static_cast<double>(a); }
constexpr float f32_demote_f64(double a) { return static_cast<float>(a); }
constexpr double f64_promote_f32(float a) { return static_cast<double>(a); }
constexpr uint32_t i32_reinterpret_f32(float a) { return std::bit_cast<uint32_t>(a); }
constexpr uint64_t i64_reinterpret_f64(double a) { return std::bit_cast<uint64_t>(a); }
constexpr float f32_reinterpret_i32(uint32_t a) { return std::bit_cast<float>(a); }
constexpr double f64_reinterpret_i64(uint64_t a) { return std::bit_cast<double>(a); }

// Wide arithmetic
namespace detail {
using U128 = unsigned __int128;
constexpr U128 join(uint64_t low, uint64_t high) { return U128{high} << 64 | low; }
constexpr Wide split(U128 x) { return {static_cast<uint64_t>(x), static_cast<uint64_t>(x >> 64)}; }
}  // namespace detail
constexpr Wide i64_add128(uint64_t a_low, uint64_t a_high, uint64_t b_low, uint64_t b_high) {
  return detail::split(detail::join(a_low, a_high) + detail::join(b_low, b_high));
}
constexpr Wide i64_sub128(uint64_t a_low, uint64_t a_high, uint64_t b_low, uint64_t b_high) {
  return detail::split(detail::join(a_low, a_high) - detail::join(b_low, b_high));
}
constexpr Wide i64_mul_wide_s(uint64_t a, uint64_t b) {
  return detail::split(static_cast<detail::U128>(static_cast<__int128>(detail::as_signed(a)) * detail::as_signed(b)));
}
constexpr Wide i64_mul_wide_u(uint64_t a, uint64_t b) { return detail::split(detail::U128{a} * b); }

}  // namespace wherry::wasm::semantics
#pragma clang attribute pop
