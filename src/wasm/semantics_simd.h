// What vector ops mean: one pure function an op, named after it. See semantics.h; lane indices are in range, as
// validation sees to. Vector types of the compiler make most ops one machine instruction.
//
// Relaxed ops: the plain functions follow the deterministic profile; those in `native` do what is fast on the target,
// within what the specification allows.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "wasm/semantics.h"
#include "wherry/v128.h"

#if defined(__SSSE3__)
#include <tmmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#pragma clang attribute push(__attribute__((always_inline)), apply_to = function)
namespace wherry::wasm::semantics {

/// N lanes in the compiler's terms.
template <class T, size_t N = 16 / sizeof(T)>
using Vec __attribute__((vector_size(sizeof(T) * N))) = T;

namespace detail {

template <class T>
constexpr Vec<T> vec(V128 a) {
  return std::bit_cast<Vec<T>>(a);
}
template <class V>
constexpr V128 v128(V a) {
  static_assert(sizeof(V) == 16);
  return std::bit_cast<V128>(a);
}

template <class V>
using LaneOf = std::remove_cvref_t<decltype(std::declval<V&>()[0])>;
template <class V>
inline constexpr size_t kLanes = sizeof(V) / sizeof(LaneOf<V>);

/// Lanes of the result: kIndex(0) ... kIndex(N - 1), in a (from 0) or b (from kLanes).
template <size_t N, auto kIndex, class V>
constexpr auto shuffle(V a, V b) {
  return [&]<size_t... I>(std::index_sequence<I...>) {
    return __builtin_shufflevector(a, b, kIndex(I)...);
  }(std::make_index_sequence<N>());
}
template <class V>
constexpr auto low_half(V a) {
  return shuffle<kLanes<V> / 2, [](size_t i) { return i; }>(a, a);
}
template <class V>
constexpr auto high_half(V a) {
  return shuffle<kLanes<V> / 2, [](size_t i) { return i + kLanes<V> / 2; }>(a, a);
}
template <class V>
constexpr auto even_lanes(V a) {
  return shuffle<kLanes<V> / 2, [](size_t i) { return 2 * i; }>(a, a);
}
template <class V>
constexpr auto odd_lanes(V a) {
  return shuffle<kLanes<V> / 2, [](size_t i) { return 2 * i + 1; }>(a, a);
}
template <class V>
constexpr auto concat(V low, V high) {
  return shuffle<kLanes<V> * 2, [](size_t i) { return i; }>(low, high);
}
template <class T, class V>
constexpr auto convert(V a) {
  return __builtin_convertvector(a, Vec<T, kLanes<V>>);
}

/// Lanes of a where the mask is all ones, of b where it is zero.
template <class M, class V>
constexpr V select(M mask, V a, V b) {
  if consteval {
    return std::bit_cast<V>((mask & std::bit_cast<M>(a)) | (~mask & std::bit_cast<M>(b)));
  } else {
    return mask ? a : b;
  }
}

template <class U>
constexpr V128 splat(U x) {
  return v128(Vec<U>{} | x);
}

template <class T>
constexpr V128 replace_lane(V128 a, T x, uint32_t lane) {
  Vec<T> v = vec<T>(a);
  v[lane] = x;
  return v128(v);
}

/// The lanes' conditions as the low bits of a word.
template <class M>
constexpr uint32_t bitmask(M mask) {
  constexpr size_t N = kLanes<M>;
  if consteval {
    uint32_t result = 0;
    for (size_t i = 0; i < N; ++i) result |= static_cast<uint32_t>(mask[i] != 0) << i;
    return result;
  } else {
    using Bools = bool __attribute__((ext_vector_type(N)));
    using Word = std::conditional_t<N == 16, uint16_t, uint8_t>;
    return std::bit_cast<Word>(__builtin_convertvector(mask, Bools)) & ((1u << N) - 1);
  }
}
template <class T>
constexpr uint32_t all_true(V128 a) {
  return bitmask(vec<T>(a) == 0) == 0;
}

template <class T>
constexpr V128 shl(V128 a, uint32_t n) {
  return v128(vec<T>(a) << static_cast<T>(n & (sizeof(T) * 8 - 1)));
}
template <class T>
constexpr V128 shr(V128 a, uint32_t n) {
  return v128(vec<T>(a) >> static_cast<T>(n & (sizeof(T) * 8 - 1)));
}

/// Lanes of a, then of b, each saturated to a T.
template <class T, class From>
constexpr V128 narrow(V128 a, V128 b) {
  using Wide = Vec<From, 2 * kLanes<Vec<From>>>;
  constexpr Wide kMin = Wide{} + static_cast<From>(std::numeric_limits<T>::min());
  constexpr Wide kMax = Wide{} + static_cast<From>(std::numeric_limits<T>::max());
  const Wide all = concat(vec<From>(a), vec<From>(b));
  return v128(convert<T>(__builtin_elementwise_min(__builtin_elementwise_max(all, kMin), kMax)));
}

template <class To, class From>
constexpr V128 extend_low(V128 a) {
  return v128(convert<To>(low_half(vec<From>(a))));
}
template <class To, class From>
constexpr V128 extend_high(V128 a) {
  return v128(convert<To>(high_half(vec<From>(a))));
}
// Products and sums are of unsigned lanes, which wrap.
template <class To, class From>
constexpr V128 extmul_low(V128 a, V128 b) {
  using Lane = std::make_unsigned_t<To>;
  return v128(vec<Lane>(extend_low<To, From>(a)) * vec<Lane>(extend_low<To, From>(b)));
}
template <class To, class From>
constexpr V128 extmul_high(V128 a, V128 b) {
  using Lane = std::make_unsigned_t<To>;
  return v128(vec<Lane>(extend_high<To, From>(a)) * vec<Lane>(extend_high<To, From>(b)));
}
template <class To, class From>
constexpr V128 extadd_pairwise(V128 a) {
  const auto wide = convert<To>(vec<From>(a));
  return v128(even_lanes(wide) + odd_lanes(wide));
}
/// Pairwise sums of products. No product overflows a signed To.
template <class To, class From>
constexpr auto pair_products(V128 a, V128 b) {
  return convert<To>(vec<From>(a)) * convert<To>(vec<From>(b));
}

template <class T>
constexpr V128 avgr_u(V128 a, V128 b) {
  const auto sum = convert<uint32_t>(vec<T>(a)) + convert<uint32_t>(vec<T>(b)) + 1;
  return v128(convert<T>(sum >> 1));
}

// Floating point. Algorithms are those of the scalar functions, without branches.
template <class F>
constexpr auto bits(Vec<F> a) {
  return std::bit_cast<Vec<Bits<F>>>(a);
}
template <class F>
constexpr Vec<F> splat_float(F x) {
  return std::bit_cast<Vec<F>>(Vec<Bits<F>>{} | bits(x));
}
template <class F>
constexpr V128 fabs(V128 a) {
  return v128(vec<Bits<F>>(a) & ~kSignBit<F>);
}
template <class F>
constexpr V128 fneg(V128 a) {
  return v128(vec<Bits<F>>(a) ^ kSignBit<F>);
}
template <class F>
constexpr V128 fmin(V128 a, V128 b) {
  const Vec<F> x = vec<F>(a), y = vec<F>(b);
  const auto ordered = bits<F>(select(x < y, x, y)) | bits<F>(select(y < x, y, x));
  return v128(select((x != x) | (y != y), x + y, std::bit_cast<Vec<F>>(ordered)));
}
template <class F>
constexpr V128 fmax(V128 a, V128 b) {
  const Vec<F> x = vec<F>(a), y = vec<F>(b);
  const auto ordered = bits<F>(select(x > y, x, y)) & bits<F>(select(y > x, y, x));
  return v128(select((x != x) | (y != y), x + y, std::bit_cast<Vec<F>>(ordered)));
}
template <class F>
constexpr V128 pmin(V128 a, V128 b) {
  const Vec<F> x = vec<F>(a), y = vec<F>(b);
  return v128(select(y < x, y, x));
}
template <class F>
constexpr V128 pmax(V128 a, V128 b) {
  const Vec<F> x = vec<F>(a), y = vec<F>(b);
  return v128(select(x < y, y, x));
}

template <class F>
constexpr Vec<F> copysign(Vec<F> x, Vec<F> sign) {
  return std::bit_cast<Vec<F>>((bits<F>(x) & ~kSignBit<F>) | (bits<F>(sign) & kSignBit<F>));
}
/// `rounded`, which was computed for lanes below kUnitSpacing; other lanes of x are integral, infinite or NaN.
template <class F>
constexpr Vec<F> unless_integral(Vec<F> x, Vec<F> magnitude, Vec<F> rounded) {
  return select(magnitude < splat_float(kUnitSpacing<F>), rounded, select(x != x, x + x, x));
}
/// 1 where the mask is set, else 0.
template <class F, class M>
constexpr Vec<F> one_where(M mask) {
  return std::bit_cast<Vec<F>>(std::bit_cast<Vec<Bits<F>>>(mask) & bits(F{1}));
}
template <class F>
constexpr Vec<F> round_small(Vec<F> magnitude) {
  return (magnitude + splat_float(kUnitSpacing<F>)) - splat_float(kUnitSpacing<F>);
}
template <class F>
constexpr V128 nearest(V128 a) {
  const Vec<F> x = vec<F>(a), magnitude = vec<F>(fabs<F>(a));
  if constexpr (kHasRoundInstruction) {
    if !consteval {
      return v128(__builtin_elementwise_roundeven(x));
    }
  }
  return v128(unless_integral<F>(x, magnitude, copysign<F>(round_small<F>(magnitude), x)));
}
template <class F>
constexpr V128 trunc(V128 a) {
  const Vec<F> x = vec<F>(a), magnitude = vec<F>(fabs<F>(a));
  if constexpr (kHasRoundInstruction) {
    if !consteval {
      return v128(__builtin_elementwise_trunc(x));
    }
  }
  const Vec<F> rounded = round_small<F>(magnitude);
  return v128(unless_integral<F>(x, magnitude, copysign<F>(rounded - one_where<F>(rounded > magnitude), x)));
}
template <class F>
constexpr V128 floor(V128 a) {
  const Vec<F> x = vec<F>(a);
  if constexpr (kHasRoundInstruction) {
    if !consteval {
      return v128(__builtin_elementwise_floor(x));
    }
  }
  const Vec<F> rounded = vec<F>(nearest<F>(a));
  return v128(rounded - one_where<F>(rounded > x));
}
template <class F>
constexpr V128 ceil(V128 a) {
  const Vec<F> x = vec<F>(a);
  if constexpr (kHasRoundInstruction) {
    if !consteval {
      return v128(__builtin_elementwise_ceil(x));
    }
  }
  const Vec<F> rounded = vec<F>(nearest<F>(a));
  return v128(copysign<F>(rounded + one_where<F>(rounded < x), x));
}

/// To 32-bit lanes, as many as there are floats. A lane is brought into range first, since a conversion out of range is
/// undefined in C++ and differs between machines.
template <class F>
constexpr auto trunc_sat_s(Vec<F> x) {
  const Vec<F> kEnd = splat_float(F{2147483648.0});
  const auto too_large = x >= kEnd;
  const Vec<F> number = select(x == x, x, Vec<F>{});
  const auto converted = convert<int32_t>(select(too_large, Vec<F>{}, select(number < -kEnd, -kEnd, number)));
  return select(convert<int32_t>(too_large), decltype(converted){} + std::numeric_limits<int32_t>::max(), converted);
}
template <class F>
constexpr auto trunc_sat_u(Vec<F> x) {
  const auto too_large = x >= splat_float(F{4294967296.0});
  const auto in_range = (x > Vec<F>{}) & ~too_large;
  const auto converted = convert<uint32_t>(select(in_range, x, Vec<F>{}));
  return converted | std::bit_cast<std::remove_cv_t<decltype(converted)>>(convert<int32_t>(too_large));
}
/// Two lanes, then zeroes.
template <class V>
constexpr V128 with_zeroes(V a) {
  return v128(concat(a, V{}));
}

}  // namespace detail

// Splats and lanes
constexpr V128 i8x16_splat(uint32_t x) { return detail::splat(static_cast<uint8_t>(x)); }
constexpr uint32_t i8x16_extract_lane_s(V128 a, uint32_t lane) {
  return static_cast<uint32_t>(detail::vec<int8_t>(a)[lane]);
}
constexpr uint32_t i8x16_extract_lane_u(V128 a, uint32_t lane) { return detail::vec<uint8_t>(a)[lane]; }
constexpr V128 i8x16_replace_lane(V128 a, uint32_t x, uint32_t lane) {
  return detail::replace_lane(a, static_cast<uint8_t>(x), lane);
}
constexpr V128 i16x8_splat(uint32_t x) { return detail::splat(static_cast<uint16_t>(x)); }
constexpr uint32_t i16x8_extract_lane_s(V128 a, uint32_t lane) {
  return static_cast<uint32_t>(detail::vec<int16_t>(a)[lane]);
}
constexpr uint32_t i16x8_extract_lane_u(V128 a, uint32_t lane) { return detail::vec<uint16_t>(a)[lane]; }
constexpr V128 i16x8_replace_lane(V128 a, uint32_t x, uint32_t lane) {
  return detail::replace_lane(a, static_cast<uint16_t>(x), lane);
}
constexpr V128 i32x4_splat(uint32_t x) { return detail::splat(x); }
constexpr uint32_t i32x4_extract_lane(V128 a, uint32_t lane) { return detail::vec<uint32_t>(a)[lane]; }
constexpr V128 i32x4_replace_lane(V128 a, uint32_t x, uint32_t lane) { return detail::replace_lane(a, x, lane); }
constexpr V128 i64x2_splat(uint64_t x) { return detail::splat(x); }
constexpr uint64_t i64x2_extract_lane(V128 a, uint32_t lane) { return detail::vec<uint64_t>(a)[lane]; }
constexpr V128 i64x2_replace_lane(V128 a, uint64_t x, uint32_t lane) { return detail::replace_lane(a, x, lane); }
constexpr V128 f32x4_splat(float x) { return detail::v128(detail::splat_float(x)); }
constexpr float f32x4_extract_lane(V128 a, uint32_t lane) { return detail::vec<float>(a)[lane]; }
constexpr V128 f32x4_replace_lane(V128 a, float x, uint32_t lane) { return detail::replace_lane(a, x, lane); }
constexpr V128 f64x2_splat(double x) { return detail::v128(detail::splat_float(x)); }
constexpr double f64x2_extract_lane(V128 a, uint32_t lane) { return detail::vec<double>(a)[lane]; }
constexpr V128 f64x2_replace_lane(V128 a, double x, uint32_t lane) { return detail::replace_lane(a, x, lane); }

/// `lanes` holds sixteen indices below 32.
constexpr V128 i8x16_shuffle(V128 a, V128 b, V128 lanes) {
  const auto both = std::bit_cast<std::array<uint8_t, 32>>(std::array<V128, 2>{a, b});
  V128 result;
  for (size_t i = 0; i < 16; ++i) result.bytes[i] = both[lanes.bytes[i] & 31];
  return result;
}

namespace detail {
constexpr V128 portable_swizzle(V128 a, V128 b) {
  V128 result;
  for (size_t i = 0; i < 16; ++i) result.bytes[i] = a.bytes[b.bytes[i] & 15];
  return v128(vec<uint8_t>(result) & (vec<uint8_t>(b) < 16));
}
#if defined(__SSSE3__)
inline V128 swizzle(V128 a, V128 b) {
  const __m128i lanes = _mm_adds_epu8(std::bit_cast<__m128i>(b), _mm_set1_epi8(0x70));  // of 16 and more, bit 7 is set
  return std::bit_cast<V128>(_mm_shuffle_epi8(std::bit_cast<__m128i>(a), lanes));
}
#elif defined(__aarch64__)
inline V128 swizzle(V128 a, V128 b) {
  return std::bit_cast<V128>(vqtbl1q_u8(std::bit_cast<uint8x16_t>(a), std::bit_cast<uint8x16_t>(b)));
}
#else
inline V128 swizzle(V128 a, V128 b) { return portable_swizzle(a, b); }
#endif
}  // namespace detail
constexpr V128 i8x16_swizzle(V128 a, V128 b) {
  if consteval {
    return detail::portable_swizzle(a, b);
  } else {
    return detail::swizzle(a, b);
  }
}

// Bits
constexpr V128 v128_not(V128 a) { return detail::v128(~detail::vec<uint64_t>(a)); }
constexpr V128 v128_and(V128 a, V128 b) { return detail::v128(detail::vec<uint64_t>(a) & detail::vec<uint64_t>(b)); }
constexpr V128 v128_or(V128 a, V128 b) { return detail::v128(detail::vec<uint64_t>(a) | detail::vec<uint64_t>(b)); }
constexpr V128 v128_xor(V128 a, V128 b) { return detail::v128(detail::vec<uint64_t>(a) ^ detail::vec<uint64_t>(b)); }
constexpr V128 v128_andnot(V128 a, V128 b) {
  return detail::v128(detail::vec<uint64_t>(a) & ~detail::vec<uint64_t>(b));
}
/// Bits of a where c has ones, else of b.
constexpr V128 v128_bitselect(V128 a, V128 b, V128 c) {
  const Vec<uint64_t> x = detail::vec<uint64_t>(a), y = detail::vec<uint64_t>(b);
  return detail::v128(((x ^ y) & detail::vec<uint64_t>(c)) ^ y);
}
constexpr uint32_t v128_any_true(V128 a) { return (a.low() | a.high()) != 0; }

// i8x16
constexpr V128 i8x16_eq(V128 a, V128 b) { return detail::v128(detail::vec<uint8_t>(a) == detail::vec<uint8_t>(b)); }
constexpr V128 i8x16_ne(V128 a, V128 b) { return detail::v128(detail::vec<uint8_t>(a) != detail::vec<uint8_t>(b)); }
constexpr V128 i8x16_lt_s(V128 a, V128 b) { return detail::v128(detail::vec<int8_t>(a) < detail::vec<int8_t>(b)); }
constexpr V128 i8x16_lt_u(V128 a, V128 b) { return detail::v128(detail::vec<uint8_t>(a) < detail::vec<uint8_t>(b)); }
constexpr V128 i8x16_gt_s(V128 a, V128 b) { return detail::v128(detail::vec<int8_t>(a) > detail::vec<int8_t>(b)); }
constexpr V128 i8x16_gt_u(V128 a, V128 b) { return detail::v128(detail::vec<uint8_t>(a) > detail::vec<uint8_t>(b)); }
constexpr V128 i8x16_le_s(V128 a, V128 b) { return detail::v128(detail::vec<int8_t>(a) <= detail::vec<int8_t>(b)); }
constexpr V128 i8x16_le_u(V128 a, V128 b) { return detail::v128(detail::vec<uint8_t>(a) <= detail::vec<uint8_t>(b)); }
constexpr V128 i8x16_ge_s(V128 a, V128 b) { return detail::v128(detail::vec<int8_t>(a) >= detail::vec<int8_t>(b)); }
constexpr V128 i8x16_ge_u(V128 a, V128 b) { return detail::v128(detail::vec<uint8_t>(a) >= detail::vec<uint8_t>(b)); }
constexpr V128 i8x16_abs(V128 a) { return detail::v128(__builtin_elementwise_abs(detail::vec<int8_t>(a))); }
constexpr V128 i8x16_neg(V128 a) { return detail::v128(-detail::vec<uint8_t>(a)); }
constexpr V128 i8x16_popcnt(V128 a) { return detail::v128(__builtin_elementwise_popcount(detail::vec<uint8_t>(a))); }
constexpr uint32_t i8x16_all_true(V128 a) { return detail::all_true<uint8_t>(a); }
constexpr uint32_t i8x16_bitmask(V128 a) { return detail::bitmask(detail::vec<int8_t>(a) < 0); }
constexpr V128 i8x16_shl(V128 a, uint32_t n) { return detail::shl<uint8_t>(a, n); }
constexpr V128 i8x16_shr_s(V128 a, uint32_t n) { return detail::shr<int8_t>(a, n); }
constexpr V128 i8x16_shr_u(V128 a, uint32_t n) { return detail::shr<uint8_t>(a, n); }
constexpr V128 i8x16_add(V128 a, V128 b) { return detail::v128(detail::vec<uint8_t>(a) + detail::vec<uint8_t>(b)); }
constexpr V128 i8x16_sub(V128 a, V128 b) { return detail::v128(detail::vec<uint8_t>(a) - detail::vec<uint8_t>(b)); }
constexpr V128 i8x16_add_sat_s(V128 a, V128 b) {
  return detail::v128(__builtin_elementwise_add_sat(detail::vec<int8_t>(a), detail::vec<int8_t>(b)));
}
constexpr V128 i8x16_add_sat_u(V128 a, V128 b) {
  return detail::v128(__builtin_elementwise_add_sat(detail::vec<uint8_t>(a), detail::vec<uint8_t>(b)));
}
constexpr V128 i8x16_sub_sat_s(V128 a, V128 b) {
  return detail::v128(__builtin_elementwise_sub_sat(detail::vec<int8_t>(a), detail::vec<int8_t>(b)));
}
constexpr V128 i8x16_sub_sat_u(V128 a, V128 b) {
  return detail::v128(__builtin_elementwise_sub_sat(detail::vec<uint8_t>(a), detail::vec<uint8_t>(b)));
}
constexpr V128 i8x16_min_s(V128 a, V128 b) {
  return detail::v128(__builtin_elementwise_min(detail::vec<int8_t>(a), detail::vec<int8_t>(b)));
}
constexpr V128 i8x16_min_u(V128 a, V128 b) {
  return detail::v128(__builtin_elementwise_min(detail::vec<uint8_t>(a), detail::vec<uint8_t>(b)));
}
constexpr V128 i8x16_max_s(V128 a, V128 b) {
  return detail::v128(__builtin_elementwise_max(detail::vec<int8_t>(a), detail::vec<int8_t>(b)));
}
constexpr V128 i8x16_max_u(V128 a, V128 b) {
  return detail::v128(__builtin_elementwise_max(detail::vec<uint8_t>(a), detail::vec<uint8_t>(b)));
}
constexpr V128 i8x16_avgr_u(V128 a, V128 b) { return detail::avgr_u<uint8_t>(a, b); }
constexpr V128 i8x16_narrow_i16x8_s(V128 a, V128 b) { return detail::narrow<int8_t, int16_t>(a, b); }
constexpr V128 i8x16_narrow_i16x8_u(V128 a, V128 b) { return detail::narrow<uint8_t, int16_t>(a, b); }

// i16x8
constexpr V128 i16x8_eq(V128 a, V128 b) { return detail::v128(detail::vec<uint16_t>(a) == detail::vec<uint16_t>(b)); }
constexpr V128 i16x8_ne(V128 a, V128 b) { return detail::v128(detail::vec<uint16_t>(a) != detail::vec<uint16_t>(b)); }
constexpr V128 i16x8_lt_s(V128 a, V128 b) { return detail::v128(detail::vec<int16_t>(a) < detail::vec<int16_t>(b)); }
constexpr V128 i16x8_lt_u(V128 a, V128 b) { return detail::v128(detail::vec<uint16_t>(a) < detail::vec<uint16_t>(b)); }
constexpr V128 i16x8_gt_s(V128 a, V128 b) { return detail::v128(detail::vec<int16_t>(a) > detail::vec<int16_t>(b)); }
constexpr V128 i16x8_gt_u(V128 a, V128 b) { return detail::v128(detail::vec<uint16_t>(a) > detail::vec<uint16_t>(b)); }
constexpr V128 i16x8_le_s(V128 a, V128 b) { return detail::v128(detail::vec<int16_t>(a) <= detail::vec<int16_t>(b)); }
constexpr V128 i16x8_le_u(V128 a, V128 b) { return detail::v128(detail::vec<uint16_t>(a) <= detail::vec<uint16_t>(b)); }
constexpr V128 i16x8_ge_s(V128 a, V128 b) { return detail::v128(detail::vec<int16_t>(a) >= detail::vec<int16_t>(b)); }
constexpr V128 i16x8_ge_u(V128 a, V128 b) { return detail::v128(detail::vec<uint16_t>(a) >= detail::vec<uint16_t>(b)); }
constexpr V128 i16x8_abs(V128 a) { return detail::v128(__builtin_elementwise_abs(detail::vec<int16_t>(a))); }
constexpr V128 i16x8_neg(V128 a) { return detail::v128(-detail::vec<uint16_t>(a)); }
constexpr uint32_t i16x8_all_true(V128 a) { return detail::all_true<uint16_t>(a); }
constexpr uint32_t i16x8_bitmask(V128 a) { return detail::bitmask(detail::vec<int16_t>(a) < 0); }
constexpr V128 i16x8_shl(V128 a, uint32_t n) { return detail::shl<uint16_t>(a, n); }
constexpr V128 i16x8_shr_s(V128 a, uint32_t n) { return detail::shr<int16_t>(a, n); }
constexpr V128 i16x8_shr_u(V128 a, uint32_t n) { return detail::shr<uint16_t>(a, n); }
constexpr V128 i16x8_add(V128 a, V128 b) { return detail::v128(detail::vec<uint16_t>(a) + detail::vec<uint16_t>(b)); }
constexpr V128 i16x8_sub(V128 a, V128 b) { return detail::v128(detail::vec<uint16_t>(a) - detail::vec<uint16_t>(b)); }
constexpr V128 i16x8_add_sat_s(V128 a, V128 b) {
  return detail::v128(__builtin_elementwise_add_sat(detail::vec<int16_t>(a), detail::vec<int16_t>(b)));
}
constexpr V128 i16x8_add_sat_u(V128 a, V128 b) {
  return detail::v128(__builtin_elementwise_add_sat(detail::vec<uint16_t>(a), detail::vec<uint16_t>(b)));
}
constexpr V128 i16x8_sub_sat_s(V128 a, V128 b) {
  return detail::v128(__builtin_elementwise_sub_sat(detail::vec<int16_t>(a), detail::vec<int16_t>(b)));
}
constexpr V128 i16x8_sub_sat_u(V128 a, V128 b) {
  return detail::v128(__builtin_elementwise_sub_sat(detail::vec<uint16_t>(a), detail::vec<uint16_t>(b)));
}
constexpr V128 i16x8_mul(V128 a, V128 b) { return detail::v128(detail::vec<uint16_t>(a) * detail::vec<uint16_t>(b)); }
constexpr V128 i16x8_min_s(V128 a, V128 b) {
  return detail::v128(__builtin_elementwise_min(detail::vec<int16_t>(a), detail::vec<int16_t>(b)));
}
constexpr V128 i16x8_min_u(V128 a, V128 b) {
  return detail::v128(__builtin_elementwise_min(detail::vec<uint16_t>(a), detail::vec<uint16_t>(b)));
}
constexpr V128 i16x8_max_s(V128 a, V128 b) {
  return detail::v128(__builtin_elementwise_max(detail::vec<int16_t>(a), detail::vec<int16_t>(b)));
}
constexpr V128 i16x8_max_u(V128 a, V128 b) {
  return detail::v128(__builtin_elementwise_max(detail::vec<uint16_t>(a), detail::vec<uint16_t>(b)));
}
constexpr V128 i16x8_avgr_u(V128 a, V128 b) { return detail::avgr_u<uint16_t>(a, b); }
constexpr V128 i16x8_narrow_i32x4_s(V128 a, V128 b) { return detail::narrow<int16_t, int32_t>(a, b); }
constexpr V128 i16x8_narrow_i32x4_u(V128 a, V128 b) { return detail::narrow<uint16_t, int32_t>(a, b); }
constexpr V128 i16x8_extend_low_i8x16_s(V128 a) { return detail::extend_low<int16_t, int8_t>(a); }
constexpr V128 i16x8_extend_low_i8x16_u(V128 a) { return detail::extend_low<uint16_t, uint8_t>(a); }
constexpr V128 i16x8_extend_high_i8x16_s(V128 a) { return detail::extend_high<int16_t, int8_t>(a); }
constexpr V128 i16x8_extend_high_i8x16_u(V128 a) { return detail::extend_high<uint16_t, uint8_t>(a); }
constexpr V128 i16x8_extmul_low_i8x16_s(V128 a, V128 b) { return detail::extmul_low<int16_t, int8_t>(a, b); }
constexpr V128 i16x8_extmul_low_i8x16_u(V128 a, V128 b) { return detail::extmul_low<uint16_t, uint8_t>(a, b); }
constexpr V128 i16x8_extmul_high_i8x16_s(V128 a, V128 b) { return detail::extmul_high<int16_t, int8_t>(a, b); }
constexpr V128 i16x8_extmul_high_i8x16_u(V128 a, V128 b) { return detail::extmul_high<uint16_t, uint8_t>(a, b); }
constexpr V128 i16x8_extadd_pairwise_i8x16_s(V128 a) { return detail::extadd_pairwise<int16_t, int8_t>(a); }
constexpr V128 i16x8_extadd_pairwise_i8x16_u(V128 a) { return detail::extadd_pairwise<uint16_t, uint8_t>(a); }
constexpr V128 i16x8_q15mulr_sat_s(V128 a, V128 b) {
  const auto product = detail::pair_products<int32_t, int16_t>(a, b);
  const auto rounded = (product + 0x4000) >> 15;  // only -32768 squared is too large
  return detail::v128(detail::convert<int16_t>(__builtin_elementwise_min(rounded, decltype(rounded){} + 0x7FFF)));
}

// i32x4
constexpr V128 i32x4_eq(V128 a, V128 b) { return detail::v128(detail::vec<uint32_t>(a) == detail::vec<uint32_t>(b)); }
constexpr V128 i32x4_ne(V128 a, V128 b) { return detail::v128(detail::vec<uint32_t>(a) != detail::vec<uint32_t>(b)); }
constexpr V128 i32x4_lt_s(V128 a, V128 b) { return detail::v128(detail::vec<int32_t>(a) < detail::vec<int32_t>(b)); }
constexpr V128 i32x4_lt_u(V128 a, V128 b) { return detail::v128(detail::vec<uint32_t>(a) < detail::vec<uint32_t>(b)); }
constexpr V128 i32x4_gt_s(V128 a, V128 b) { return detail::v128(detail::vec<int32_t>(a) > detail::vec<int32_t>(b)); }
constexpr V128 i32x4_gt_u(V128 a, V128 b) { return detail::v128(detail::vec<uint32_t>(a) > detail::vec<uint32_t>(b)); }
constexpr V128 i32x4_le_s(V128 a, V128 b) { return detail::v128(detail::vec<int32_t>(a) <= detail::vec<int32_t>(b)); }
constexpr V128 i32x4_le_u(V128 a, V128 b) { return detail::v128(detail::vec<uint32_t>(a) <= detail::vec<uint32_t>(b)); }
constexpr V128 i32x4_ge_s(V128 a, V128 b) { return detail::v128(detail::vec<int32_t>(a) >= detail::vec<int32_t>(b)); }
constexpr V128 i32x4_ge_u(V128 a, V128 b) { return detail::v128(detail::vec<uint32_t>(a) >= detail::vec<uint32_t>(b)); }
constexpr V128 i32x4_abs(V128 a) { return detail::v128(__builtin_elementwise_abs(detail::vec<int32_t>(a))); }
constexpr V128 i32x4_neg(V128 a) { return detail::v128(-detail::vec<uint32_t>(a)); }
constexpr uint32_t i32x4_all_true(V128 a) { return detail::all_true<uint32_t>(a); }
constexpr uint32_t i32x4_bitmask(V128 a) { return detail::bitmask(detail::vec<int32_t>(a) < 0); }
constexpr V128 i32x4_shl(V128 a, uint32_t n) { return detail::shl<uint32_t>(a, n); }
constexpr V128 i32x4_shr_s(V128 a, uint32_t n) { return detail::shr<int32_t>(a, n); }
constexpr V128 i32x4_shr_u(V128 a, uint32_t n) { return detail::shr<uint32_t>(a, n); }
constexpr V128 i32x4_add(V128 a, V128 b) { return detail::v128(detail::vec<uint32_t>(a) + detail::vec<uint32_t>(b)); }
constexpr V128 i32x4_sub(V128 a, V128 b) { return detail::v128(detail::vec<uint32_t>(a) - detail::vec<uint32_t>(b)); }
constexpr V128 i32x4_mul(V128 a, V128 b) { return detail::v128(detail::vec<uint32_t>(a) * detail::vec<uint32_t>(b)); }
constexpr V128 i32x4_min_s(V128 a, V128 b) {
  return detail::v128(__builtin_elementwise_min(detail::vec<int32_t>(a), detail::vec<int32_t>(b)));
}
constexpr V128 i32x4_min_u(V128 a, V128 b) {
  return detail::v128(__builtin_elementwise_min(detail::vec<uint32_t>(a), detail::vec<uint32_t>(b)));
}
constexpr V128 i32x4_max_s(V128 a, V128 b) {
  return detail::v128(__builtin_elementwise_max(detail::vec<int32_t>(a), detail::vec<int32_t>(b)));
}
constexpr V128 i32x4_max_u(V128 a, V128 b) {
  return detail::v128(__builtin_elementwise_max(detail::vec<uint32_t>(a), detail::vec<uint32_t>(b)));
}
constexpr V128 i32x4_extend_low_i16x8_s(V128 a) { return detail::extend_low<int32_t, int16_t>(a); }
constexpr V128 i32x4_extend_low_i16x8_u(V128 a) { return detail::extend_low<uint32_t, uint16_t>(a); }
constexpr V128 i32x4_extend_high_i16x8_s(V128 a) { return detail::extend_high<int32_t, int16_t>(a); }
constexpr V128 i32x4_extend_high_i16x8_u(V128 a) { return detail::extend_high<uint32_t, uint16_t>(a); }
constexpr V128 i32x4_extmul_low_i16x8_s(V128 a, V128 b) { return detail::extmul_low<int32_t, int16_t>(a, b); }
constexpr V128 i32x4_extmul_low_i16x8_u(V128 a, V128 b) { return detail::extmul_low<uint32_t, uint16_t>(a, b); }
constexpr V128 i32x4_extmul_high_i16x8_s(V128 a, V128 b) { return detail::extmul_high<int32_t, int16_t>(a, b); }
constexpr V128 i32x4_extmul_high_i16x8_u(V128 a, V128 b) { return detail::extmul_high<uint32_t, uint16_t>(a, b); }
constexpr V128 i32x4_extadd_pairwise_i16x8_s(V128 a) { return detail::extadd_pairwise<int32_t, int16_t>(a); }
constexpr V128 i32x4_extadd_pairwise_i16x8_u(V128 a) { return detail::extadd_pairwise<uint32_t, uint16_t>(a); }
constexpr V128 i32x4_dot_i16x8_s(V128 a, V128 b) {
  const auto products = detail::convert<uint32_t>(detail::pair_products<int32_t, int16_t>(a, b));
  return detail::v128(detail::even_lanes(products) + detail::odd_lanes(products));
}

// i64x2
constexpr V128 i64x2_eq(V128 a, V128 b) { return detail::v128(detail::vec<uint64_t>(a) == detail::vec<uint64_t>(b)); }
constexpr V128 i64x2_ne(V128 a, V128 b) { return detail::v128(detail::vec<uint64_t>(a) != detail::vec<uint64_t>(b)); }
constexpr V128 i64x2_lt_s(V128 a, V128 b) { return detail::v128(detail::vec<int64_t>(a) < detail::vec<int64_t>(b)); }
constexpr V128 i64x2_gt_s(V128 a, V128 b) { return detail::v128(detail::vec<int64_t>(a) > detail::vec<int64_t>(b)); }
constexpr V128 i64x2_le_s(V128 a, V128 b) { return detail::v128(detail::vec<int64_t>(a) <= detail::vec<int64_t>(b)); }
constexpr V128 i64x2_ge_s(V128 a, V128 b) { return detail::v128(detail::vec<int64_t>(a) >= detail::vec<int64_t>(b)); }
constexpr V128 i64x2_abs(V128 a) { return detail::v128(__builtin_elementwise_abs(detail::vec<int64_t>(a))); }
constexpr V128 i64x2_neg(V128 a) { return detail::v128(-detail::vec<uint64_t>(a)); }
constexpr uint32_t i64x2_all_true(V128 a) { return detail::all_true<uint64_t>(a); }
constexpr uint32_t i64x2_bitmask(V128 a) { return detail::bitmask(detail::vec<int64_t>(a) < 0); }
constexpr V128 i64x2_shl(V128 a, uint32_t n) { return detail::shl<uint64_t>(a, n); }
constexpr V128 i64x2_shr_s(V128 a, uint32_t n) { return detail::shr<int64_t>(a, n); }
constexpr V128 i64x2_shr_u(V128 a, uint32_t n) { return detail::shr<uint64_t>(a, n); }
constexpr V128 i64x2_add(V128 a, V128 b) { return detail::v128(detail::vec<uint64_t>(a) + detail::vec<uint64_t>(b)); }
constexpr V128 i64x2_sub(V128 a, V128 b) { return detail::v128(detail::vec<uint64_t>(a) - detail::vec<uint64_t>(b)); }
constexpr V128 i64x2_mul(V128 a, V128 b) { return detail::v128(detail::vec<uint64_t>(a) * detail::vec<uint64_t>(b)); }
constexpr V128 i64x2_extend_low_i32x4_s(V128 a) { return detail::extend_low<int64_t, int32_t>(a); }
constexpr V128 i64x2_extend_low_i32x4_u(V128 a) { return detail::extend_low<uint64_t, uint32_t>(a); }
constexpr V128 i64x2_extend_high_i32x4_s(V128 a) { return detail::extend_high<int64_t, int32_t>(a); }
constexpr V128 i64x2_extend_high_i32x4_u(V128 a) { return detail::extend_high<uint64_t, uint32_t>(a); }
constexpr V128 i64x2_extmul_low_i32x4_s(V128 a, V128 b) { return detail::extmul_low<int64_t, int32_t>(a, b); }
constexpr V128 i64x2_extmul_low_i32x4_u(V128 a, V128 b) { return detail::extmul_low<uint64_t, uint32_t>(a, b); }
constexpr V128 i64x2_extmul_high_i32x4_s(V128 a, V128 b) { return detail::extmul_high<int64_t, int32_t>(a, b); }
constexpr V128 i64x2_extmul_high_i32x4_u(V128 a, V128 b) { return detail::extmul_high<uint64_t, uint32_t>(a, b); }

// f32x4
constexpr V128 f32x4_eq(V128 a, V128 b) { return detail::v128(detail::vec<float>(a) == detail::vec<float>(b)); }
constexpr V128 f32x4_ne(V128 a, V128 b) { return detail::v128(detail::vec<float>(a) != detail::vec<float>(b)); }
constexpr V128 f32x4_lt(V128 a, V128 b) { return detail::v128(detail::vec<float>(a) < detail::vec<float>(b)); }
constexpr V128 f32x4_gt(V128 a, V128 b) { return detail::v128(detail::vec<float>(a) > detail::vec<float>(b)); }
constexpr V128 f32x4_le(V128 a, V128 b) { return detail::v128(detail::vec<float>(a) <= detail::vec<float>(b)); }
constexpr V128 f32x4_ge(V128 a, V128 b) { return detail::v128(detail::vec<float>(a) >= detail::vec<float>(b)); }
constexpr V128 f32x4_abs(V128 a) { return detail::fabs<float>(a); }
constexpr V128 f32x4_neg(V128 a) { return detail::fneg<float>(a); }
constexpr V128 f32x4_ceil(V128 a) { return detail::ceil<float>(a); }
constexpr V128 f32x4_floor(V128 a) { return detail::floor<float>(a); }
constexpr V128 f32x4_trunc(V128 a) { return detail::trunc<float>(a); }
constexpr V128 f32x4_nearest(V128 a) { return detail::nearest<float>(a); }
constexpr V128 f32x4_sqrt(V128 a) { return detail::v128(__builtin_elementwise_sqrt(detail::vec<float>(a))); }
constexpr V128 f32x4_add(V128 a, V128 b) { return detail::v128(detail::vec<float>(a) + detail::vec<float>(b)); }
constexpr V128 f32x4_sub(V128 a, V128 b) { return detail::v128(detail::vec<float>(a) - detail::vec<float>(b)); }
constexpr V128 f32x4_mul(V128 a, V128 b) { return detail::v128(detail::vec<float>(a) * detail::vec<float>(b)); }
constexpr V128 f32x4_div(V128 a, V128 b) { return detail::v128(detail::vec<float>(a) / detail::vec<float>(b)); }
constexpr V128 f32x4_min(V128 a, V128 b) { return detail::fmin<float>(a, b); }
constexpr V128 f32x4_max(V128 a, V128 b) { return detail::fmax<float>(a, b); }
constexpr V128 f32x4_pmin(V128 a, V128 b) { return detail::pmin<float>(a, b); }
constexpr V128 f32x4_pmax(V128 a, V128 b) { return detail::pmax<float>(a, b); }

// f64x2
constexpr V128 f64x2_eq(V128 a, V128 b) { return detail::v128(detail::vec<double>(a) == detail::vec<double>(b)); }
constexpr V128 f64x2_ne(V128 a, V128 b) { return detail::v128(detail::vec<double>(a) != detail::vec<double>(b)); }
constexpr V128 f64x2_lt(V128 a, V128 b) { return detail::v128(detail::vec<double>(a) < detail::vec<double>(b)); }
constexpr V128 f64x2_gt(V128 a, V128 b) { return detail::v128(detail::vec<double>(a) > detail::vec<double>(b)); }
constexpr V128 f64x2_le(V128 a, V128 b) { return detail::v128(detail::vec<double>(a) <= detail::vec<double>(b)); }
constexpr V128 f64x2_ge(V128 a, V128 b) { return detail::v128(detail::vec<double>(a) >= detail::vec<double>(b)); }
constexpr V128 f64x2_abs(V128 a) { return detail::fabs<double>(a); }
constexpr V128 f64x2_neg(V128 a) { return detail::fneg<double>(a); }
constexpr V128 f64x2_ceil(V128 a) { return detail::ceil<double>(a); }
constexpr V128 f64x2_floor(V128 a) { return detail::floor<double>(a); }
constexpr V128 f64x2_trunc(V128 a) { return detail::trunc<double>(a); }
constexpr V128 f64x2_nearest(V128 a) { return detail::nearest<double>(a); }
constexpr V128 f64x2_sqrt(V128 a) { return detail::v128(__builtin_elementwise_sqrt(detail::vec<double>(a))); }
constexpr V128 f64x2_add(V128 a, V128 b) { return detail::v128(detail::vec<double>(a) + detail::vec<double>(b)); }
constexpr V128 f64x2_sub(V128 a, V128 b) { return detail::v128(detail::vec<double>(a) - detail::vec<double>(b)); }
constexpr V128 f64x2_mul(V128 a, V128 b) { return detail::v128(detail::vec<double>(a) * detail::vec<double>(b)); }
constexpr V128 f64x2_div(V128 a, V128 b) { return detail::v128(detail::vec<double>(a) / detail::vec<double>(b)); }
constexpr V128 f64x2_min(V128 a, V128 b) { return detail::fmin<double>(a, b); }
constexpr V128 f64x2_max(V128 a, V128 b) { return detail::fmax<double>(a, b); }
constexpr V128 f64x2_pmin(V128 a, V128 b) { return detail::pmin<double>(a, b); }
constexpr V128 f64x2_pmax(V128 a, V128 b) { return detail::pmax<double>(a, b); }

// Conversions
constexpr V128 i32x4_trunc_sat_f32x4_s(V128 a) {
  return detail::v128(detail::trunc_sat_s<float>(detail::vec<float>(a)));
}
constexpr V128 i32x4_trunc_sat_f64x2_s_zero(V128 a) {
  return detail::with_zeroes(detail::trunc_sat_s<double>(detail::vec<double>(a)));
}
constexpr V128 f32x4_convert_i32x4_s(V128 a) { return detail::v128(detail::convert<float>(detail::vec<int32_t>(a))); }
constexpr V128 f64x2_convert_low_i32x4_s(V128 a) {
  return detail::v128(detail::convert<double>(detail::low_half(detail::vec<int32_t>(a))));
}
constexpr V128 i32x4_trunc_sat_f32x4_u(V128 a) {
  return detail::v128(detail::trunc_sat_u<float>(detail::vec<float>(a)));
}
constexpr V128 i32x4_trunc_sat_f64x2_u_zero(V128 a) {
  return detail::with_zeroes(detail::trunc_sat_u<double>(detail::vec<double>(a)));
}
constexpr V128 f32x4_convert_i32x4_u(V128 a) { return detail::v128(detail::convert<float>(detail::vec<uint32_t>(a))); }
constexpr V128 f64x2_convert_low_i32x4_u(V128 a) {
  return detail::v128(detail::convert<double>(detail::low_half(detail::vec<uint32_t>(a))));
}
constexpr V128 f32x4_demote_f64x2_zero(V128 a) {
  return detail::with_zeroes(detail::convert<float>(detail::vec<double>(a)));
}
constexpr V128 f64x2_promote_low_f32x4(V128 a) {
  return detail::v128(detail::convert<double>(detail::low_half(detail::vec<float>(a))));
}

// Relaxed, deterministic profile
constexpr V128 i8x16_relaxed_swizzle(V128 a, V128 b) { return i8x16_swizzle(a, b); }
constexpr V128 i32x4_relaxed_trunc_f32x4_s(V128 a) { return i32x4_trunc_sat_f32x4_s(a); }
constexpr V128 i32x4_relaxed_trunc_f32x4_u(V128 a) { return i32x4_trunc_sat_f32x4_u(a); }
constexpr V128 i32x4_relaxed_trunc_f64x2_s_zero(V128 a) { return i32x4_trunc_sat_f64x2_s_zero(a); }
constexpr V128 i32x4_relaxed_trunc_f64x2_u_zero(V128 a) { return i32x4_trunc_sat_f64x2_u_zero(a); }
constexpr V128 f32x4_relaxed_madd(V128 a, V128 b, V128 c) { return f32x4_add(f32x4_mul(a, b), c); }
constexpr V128 f32x4_relaxed_nmadd(V128 a, V128 b, V128 c) { return f32x4_relaxed_madd(f32x4_neg(a), b, c); }
constexpr V128 f64x2_relaxed_madd(V128 a, V128 b, V128 c) { return f64x2_add(f64x2_mul(a, b), c); }
constexpr V128 f64x2_relaxed_nmadd(V128 a, V128 b, V128 c) { return f64x2_relaxed_madd(f64x2_neg(a), b, c); }
constexpr V128 i8x16_relaxed_laneselect(V128 a, V128 b, V128 c) { return v128_bitselect(a, b, c); }
constexpr V128 i16x8_relaxed_laneselect(V128 a, V128 b, V128 c) { return v128_bitselect(a, b, c); }
constexpr V128 i32x4_relaxed_laneselect(V128 a, V128 b, V128 c) { return v128_bitselect(a, b, c); }
constexpr V128 i64x2_relaxed_laneselect(V128 a, V128 b, V128 c) { return v128_bitselect(a, b, c); }
constexpr V128 f32x4_relaxed_min(V128 a, V128 b) { return f32x4_min(a, b); }
constexpr V128 f32x4_relaxed_max(V128 a, V128 b) { return f32x4_max(a, b); }
constexpr V128 f64x2_relaxed_min(V128 a, V128 b) { return f64x2_min(a, b); }
constexpr V128 f64x2_relaxed_max(V128 a, V128 b) { return f64x2_max(a, b); }
constexpr V128 i16x8_relaxed_q15mulr_s(V128 a, V128 b) { return i16x8_q15mulr_sat_s(a, b); }
constexpr V128 i16x8_relaxed_dot_i8x16_i7x16_s(V128 a, V128 b) {
  const auto products = detail::pair_products<int16_t, int8_t>(a, b);
  return detail::v128(__builtin_elementwise_add_sat(detail::even_lanes(products), detail::odd_lanes(products)));
}
constexpr V128 i32x4_relaxed_dot_i8x16_i7x16_add_s(V128 a, V128 b, V128 c) {
  return i32x4_add(i32x4_extadd_pairwise_i16x8_s(i16x8_relaxed_dot_i8x16_i7x16_s(a, b)), c);
}

/// Whether the target multiplies and adds in one instruction.
#if defined(__FMA__) || defined(__aarch64__)
inline constexpr bool kHasFusedMultiplyAdd = true;
#else
inline constexpr bool kHasFusedMultiplyAdd = false;
#endif

/// Relaxed ops as the target does them best. All of them are here; most are the same as in the deterministic profile.
namespace native {

using semantics::i16x8_relaxed_dot_i8x16_i7x16_s;
using semantics::i16x8_relaxed_laneselect;
using semantics::i16x8_relaxed_q15mulr_s;
using semantics::i32x4_relaxed_dot_i8x16_i7x16_add_s;
using semantics::i32x4_relaxed_laneselect;
using semantics::i32x4_relaxed_trunc_f32x4_s;
using semantics::i32x4_relaxed_trunc_f32x4_u;
using semantics::i32x4_relaxed_trunc_f64x2_s_zero;
using semantics::i32x4_relaxed_trunc_f64x2_u_zero;
using semantics::i64x2_relaxed_laneselect;
using semantics::i8x16_relaxed_laneselect;
using semantics::i8x16_relaxed_swizzle;

namespace detail {
template <class F>
constexpr V128 madd(V128 a, V128 b, V128 c) {
  using semantics::detail::vec;
  if constexpr (kHasFusedMultiplyAdd) {
    return semantics::detail::v128(__builtin_elementwise_fma(vec<F>(a), vec<F>(b), vec<F>(c)));
  } else {
    return semantics::detail::v128(vec<F>(a) * vec<F>(b) + vec<F>(c));
  }
}
}  // namespace detail
constexpr V128 f32x4_relaxed_madd(V128 a, V128 b, V128 c) { return detail::madd<float>(a, b, c); }
constexpr V128 f32x4_relaxed_nmadd(V128 a, V128 b, V128 c) { return detail::madd<float>(f32x4_neg(a), b, c); }
constexpr V128 f32x4_relaxed_min(V128 a, V128 b) { return f32x4_pmin(a, b); }
constexpr V128 f32x4_relaxed_max(V128 a, V128 b) { return f32x4_pmax(a, b); }
constexpr V128 f64x2_relaxed_madd(V128 a, V128 b, V128 c) { return detail::madd<double>(a, b, c); }
constexpr V128 f64x2_relaxed_nmadd(V128 a, V128 b, V128 c) { return detail::madd<double>(f64x2_neg(a), b, c); }
constexpr V128 f64x2_relaxed_min(V128 a, V128 b) { return f64x2_pmin(a, b); }
constexpr V128 f64x2_relaxed_max(V128 a, V128 b) { return f64x2_pmax(a, b); }

}  // namespace native

}  // namespace wherry::wasm::semantics
#pragma clang attribute pop
