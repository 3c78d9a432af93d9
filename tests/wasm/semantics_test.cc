// Meanings of ops at the edges, and vector ops against scalar ones, lane by lane.
#include "wasm/semantics.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/semantics_simd.h"
#include "wasm/semantics_table.h"

namespace wherry::wasm::semantics {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr uint32_t kSignallingF32 = 0x7FA00000;
constexpr uint64_t kSignallingF64 = 0x7FF4000000000000;
constexpr uint32_t kQuietBitF32 = 0x00400000;
constexpr uint64_t kQuietBitF64 = 0x0008000000000000;

float f32_of(uint32_t bits) { return std::bit_cast<float>(bits); }
double f64_of(uint64_t bits) { return std::bit_cast<double>(bits); }
bool is_quiet(float x) { return x != x && (std::bit_cast<uint32_t>(x) & kQuietBitF32) != 0; }
bool is_quiet(double x) { return x != x && (std::bit_cast<uint64_t>(x) & kQuietBitF64) != 0; }
template <class T>
constexpr Trapping<T> value(T x) {
  return {TrapKind::kNone, x};
}
template <class T>
constexpr Trapping<T> trap(TrapKind kind) {
  return {kind, 0};
}
template <class T, class... Lanes>
constexpr V128 vector(Lanes... lanes) {
  return V128::from_lanes(std::array<T, sizeof...(Lanes)>{static_cast<T>(lanes)...});
}

// The functions hold at compile time too.
static_assert(i32_div_s(0x80000000, 0xFFFFFFFF) == trap<uint32_t>(TrapKind::kIntegerOverflow));
static_assert(f32_nearest(2.5f) == 2 && f64_floor(-0.5) == -1 && f64_trunc(-1.9) == -1 && f32_ceil(1.1f) == 2);
static_assert(i32x4_add(vector<int32_t>(1, 2, 3, 4), i32x4_splat(10)) == vector<int32_t>(11, 12, 13, 14));
static_assert(i8x16_swizzle(i8x16_splat(7), i8x16_splat(16)) == V128{});
static_assert(i32x4_bitmask(vector<int32_t>(-1, 0, -1, 1)) == 5);
static_assert(f32x4_min(vector<float>(1, 2, 3, -0.0f), vector<float>(2, 1, 4, 0.0f)) == vector<float>(1, 1, 3, -0.0f));
static_assert(i32x4_trunc_sat_f32x4_s(vector<float>(1.9f, -1.9f, 3e9f, -3e9f)) ==
              vector<int32_t>(1, -1, 0x7FFFFFFF, 0x80000000));

TEST(Semantics, Division) {
  EXPECT_EQ(i32_div_s(7, static_cast<uint32_t>(-2)), value<uint32_t>(-3));
  EXPECT_EQ(i32_div_s(7, 0), trap<uint32_t>(TrapKind::kIntegerDivideByZero));
  EXPECT_EQ(i32_rem_s(0x80000000, 0xFFFFFFFF), value<uint32_t>(0));
  EXPECT_EQ(i32_rem_s(static_cast<uint32_t>(-7), 2), value<uint32_t>(-1));
  EXPECT_EQ(i32_div_u(0x80000000, 0xFFFFFFFF), value<uint32_t>(0));
  EXPECT_EQ(i32_rem_u(1, 0), trap<uint32_t>(TrapKind::kIntegerDivideByZero));
  const uint64_t min = uint64_t{1} << 63;
  EXPECT_EQ(i64_div_s(min, ~uint64_t{0}), trap<uint64_t>(TrapKind::kIntegerOverflow));
  EXPECT_EQ(i64_rem_s(min, ~uint64_t{0}), value<uint64_t>(0));
  EXPECT_EQ(i64_div_u(min, ~uint64_t{0}), value<uint64_t>(0));
}

TEST(Semantics, ShiftsCountModuloTheWidth) {
  EXPECT_EQ(i32_shl(1, 33), 2u);
  EXPECT_EQ(i32_shr_s(0x80000000, 63), 0xFFFFFFFFu);
  EXPECT_EQ(i64_shr_u(uint64_t{1} << 63, 127), 1u);
  EXPECT_EQ(i32_rotl(0x80000001, 33), 3u);
  EXPECT_EQ(i64_rotr(1, 65), uint64_t{1} << 63);
  EXPECT_EQ(i32_clz(0), 32u);
  EXPECT_EQ(i64_ctz(0), 64u);
  EXPECT_EQ(i16x8_shl(i16x8_splat(1), 17), i16x8_splat(2));
  EXPECT_EQ(i8x16_shr_s(i8x16_splat(0x80), 15), i8x16_splat(0xFF));
}

TEST(Semantics, MinAndMax) {
  EXPECT_TRUE(std::signbit(f32_min(0.0f, -0.0f)) && std::signbit(f32_min(-0.0f, 0.0f)));
  EXPECT_FALSE(std::signbit(f64_max(0.0, -0.0)) || std::signbit(f64_max(-0.0, 0.0)));
  EXPECT_EQ(f32_min(-kInf, 1), -kInf);
  EXPECT_EQ(f32_max(kInf, 1), kInf);
  EXPECT_TRUE(is_quiet(f32_min(f32_of(kSignallingF32), -kInf)) && is_quiet(f32_max(1, f32_of(kSignallingF32))));
  EXPECT_TRUE(is_quiet(f64_min(f64_of(kSignallingF64), 1)) && is_quiet(f64_max(1, f64_of(kSignallingF64))));
  const V128 mixed = f32x4_max(vector<float>(0.0f, -0.0f, f32_of(kSignallingF32), 1),
                               vector<float>(-0.0f, 0.0f, 1, f32_of(kSignallingF32 | 0x80000000)));
  EXPECT_EQ(mixed.low(), 0u);
  EXPECT_TRUE(is_quiet(mixed.lanes<float>()[2]) && is_quiet(mixed.lanes<float>()[3]));
  // pmin is "b < a ? b : a", and so keeps a's bits.
  EXPECT_EQ(f32x4_pmin(f32x4_splat(f32_of(kSignallingF32)), f32x4_splat(1)), i32x4_splat(kSignallingF32));
  EXPECT_EQ(f32x4_pmax(f32x4_splat(-0.0f), f32x4_splat(0.0f)), f32x4_splat(-0.0f));
}

template <class F>
void check_rounding(F (*op)(F), double (*reference)(double)) {
  for (double magnitude : {0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 3.5, 8388607.5, 8388608.0, 4503599627370495.5,
                           9007199254740993.0, 1e30, static_cast<double>(kInf)}) {
    for (F x : {static_cast<F>(magnitude), static_cast<F>(-magnitude)}) {
      EXPECT_EQ(op(x), static_cast<F>(reference(x))) << x;
      EXPECT_EQ(std::signbit(op(x)), std::signbit(x)) << x;
    }
  }
}

TEST(Semantics, Rounding) {
  check_rounding<float>([](float x) { return f32_nearest(x); }, std::nearbyint);
  check_rounding<float>([](float x) { return f32_floor(x); }, std::floor);
  check_rounding<float>([](float x) { return f32_ceil(x); }, std::ceil);
  check_rounding<float>([](float x) { return f32_trunc(x); }, std::trunc);
  check_rounding<double>([](double x) { return f64_nearest(x); }, std::nearbyint);
  check_rounding<double>([](double x) { return f64_floor(x); }, std::floor);
  check_rounding<double>([](double x) { return f64_ceil(x); }, std::ceil);
  check_rounding<double>([](double x) { return f64_trunc(x); }, std::trunc);
}

TEST(Semantics, NaNsBecomeQuiet) {
  const float f = f32_of(kSignallingF32);
  const double d = f64_of(kSignallingF64);
  EXPECT_TRUE(is_quiet(f32_nearest(f)) && is_quiet(f32_floor(f)) && is_quiet(f32_ceil(f)) && is_quiet(f32_trunc(f)));
  EXPECT_TRUE(is_quiet(f64_nearest(d)) && is_quiet(f64_floor(d)) && is_quiet(f64_ceil(d)) && is_quiet(f64_trunc(d)));
  EXPECT_TRUE(is_quiet(f32_sqrt(f)) && is_quiet(f64_sqrt(-1)) && is_quiet(f32_add(f, 1)));
  EXPECT_TRUE(is_quiet(f64_promote_f32(f)) && is_quiet(f32_demote_f64(d)));
  for (V128 v : {f32x4_nearest(f32x4_splat(f)), f32x4_floor(f32x4_splat(f)), f32x4_ceil(f32x4_splat(f)),
                 f32x4_trunc(f32x4_splat(f))}) {
    for (float lane : v.lanes<float>()) EXPECT_TRUE(is_quiet(lane));
  }
}

TEST(Semantics, SignsAreBits) {
  EXPECT_EQ(i32_reinterpret_f32(f32_neg(f32_of(kSignallingF32))), kSignallingF32 | 0x80000000);
  EXPECT_EQ(i32_reinterpret_f32(f32_abs(f32_of(kSignallingF32 | 0x80000000))), kSignallingF32);
  EXPECT_EQ(i64_reinterpret_f64(f64_copysign(f64_of(kSignallingF64), -1)), kSignallingF64 | uint64_t{1} << 63);
  EXPECT_EQ(f32x4_neg(i32x4_splat(kSignallingF32)), i32x4_splat(kSignallingF32 | 0x80000000));
}

TEST(Semantics, Truncation) {
  EXPECT_EQ(i32_trunc_f32_s(-2147483648.0f), value<uint32_t>(0x80000000));
  EXPECT_EQ(i32_trunc_f32_s(2147483648.0f), trap<uint32_t>(TrapKind::kIntegerOverflow));
  EXPECT_EQ(i32_trunc_f32_s(-2147483904.0f), trap<uint32_t>(TrapKind::kIntegerOverflow));
  EXPECT_EQ(i32_trunc_f32_s(f32_of(kSignallingF32)), trap<uint32_t>(TrapKind::kInvalidConversionToInteger));
  EXPECT_EQ(i32_trunc_f64_s(-2147483648.9), value<uint32_t>(0x80000000));
  EXPECT_EQ(i32_trunc_f64_s(2147483647.9), value<uint32_t>(0x7FFFFFFF));
  EXPECT_EQ(i32_trunc_f64_s(-2147483649.0), trap<uint32_t>(TrapKind::kIntegerOverflow));
  EXPECT_EQ(i32_trunc_f64_u(-0.9), value<uint32_t>(0));
  EXPECT_EQ(i32_trunc_f64_u(-1), trap<uint32_t>(TrapKind::kIntegerOverflow));
  EXPECT_EQ(i32_trunc_f64_u(4294967295.9), value<uint32_t>(0xFFFFFFFF));
  EXPECT_EQ(i64_trunc_f64_s(-9223372036854775808.0), value<uint64_t>(uint64_t{1} << 63));
  EXPECT_EQ(i64_trunc_f64_s(9223372036854775808.0), trap<uint64_t>(TrapKind::kIntegerOverflow));
  EXPECT_EQ(i64_trunc_f32_u(18446742974197923840.0f), value<uint64_t>(0xFFFFFF0000000000));
  EXPECT_EQ(i64_trunc_f32_u(18446744073709551616.0f), trap<uint64_t>(TrapKind::kIntegerOverflow));

  EXPECT_EQ(i32_trunc_sat_f32_s(kInf), 0x7FFFFFFFu);
  EXPECT_EQ(i32_trunc_sat_f32_s(-kInf), 0x80000000u);
  EXPECT_EQ(i32_trunc_sat_f32_u(-1), 0u);
  EXPECT_EQ(i64_trunc_sat_f64_u(1e30), ~uint64_t{0});
  EXPECT_EQ(i64_trunc_sat_f64_s(f64_of(kSignallingF64)), 0u);
  EXPECT_EQ(i32x4_trunc_sat_f64x2_u_zero(vector<double>(-1.0, 4294967295.5)), vector<uint32_t>(0, 0xFFFFFFFF, 0, 0));
  EXPECT_EQ(i32x4_trunc_sat_f64x2_s_zero(vector<double>(f64_of(kSignallingF64), -1e30)),
            vector<uint32_t>(0, 0x80000000, 0, 0));
  EXPECT_EQ(i32x4_trunc_sat_f32x4_u(vector<float>(kInf, f32_of(kSignallingF32), 4294967040.0f, -0.5f)),
            vector<uint32_t>(0xFFFFFFFF, 0, 0xFFFFFF00, 0));
}

TEST(Semantics, ConversionsRoundOnce) {
  EXPECT_EQ(f32_convert_i64_u(0x8000008000000001), 9223373136366403584.0f);
  EXPECT_EQ(f64_convert_i64_u(0xFFFFFFFFFFFFFC00), 18446744073709550592.0);
  EXPECT_EQ(f32_convert_i32_u(0xFFFFFFFF), 4294967296.0f);
  EXPECT_EQ(f32x4_convert_i32x4_u(vector<uint32_t>(0xFFFFFFFF, 0x80000080, 16777217, 0x01000003)),
            vector<float>(4294967296.0f, 2147483648.0f, 16777216.0f, 16777220.0f));
}

TEST(Semantics, WideArithmetic) {
  const uint64_t max = ~uint64_t{0};
  EXPECT_EQ(i64_add128(max, 0, 1, 0), (Wide{0, 1}));
  EXPECT_EQ(i64_sub128(0, 0, 1, 0), (Wide{max, max}));
  EXPECT_EQ(i64_mul_wide_u(max, max), (Wide{1, max - 1}));
  EXPECT_EQ(i64_mul_wide_s(max, max), (Wide{1, 0}));
  EXPECT_EQ(i64_mul_wide_s(uint64_t{1} << 63, 2), (Wide{0, max}));
}

TEST(Semantics, LanesOfVectors) {
  const V128 bytes = vector<uint8_t>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255);
  EXPECT_EQ(i8x16_extract_lane_s(bytes, 15), 0xFFFFFFFFu);
  EXPECT_EQ(i8x16_extract_lane_u(bytes, 15), 255u);
  EXPECT_EQ(i16x8_extract_lane_s(bytes, 7), 0xFFFFFF0Eu);
  EXPECT_EQ(i8x16_replace_lane(V128{}, 0x1FF, 2).low(), 0xFF0000u);
  EXPECT_EQ(i8x16_swizzle(bytes, vector<uint8_t>(15, 16, 128, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)).low(), 0xFFu);
  EXPECT_EQ(i8x16_shuffle(bytes, i8x16_splat(9), vector<uint8_t>(16, 0, 31, 1, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 15)),
            vector<uint8_t>(9, 0, 9, 1, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 255));
  EXPECT_EQ(i32_reinterpret_f32(f32x4_extract_lane(f32x4_splat(f32_of(kSignallingF32)), 3)), kSignallingF32);
  EXPECT_EQ(i32x4_all_true(vector<uint32_t>(1, 1, 0, 1)), 0u);
  EXPECT_EQ(i64x2_all_true(vector<uint64_t>(uint64_t{1} << 32, 1)), 1u);
  EXPECT_EQ(v128_any_true(vector<uint64_t>(0, 1)), 1u);
  EXPECT_EQ(i8x16_bitmask(i8x16_splat(0x80)), 0xFFFFu);
  EXPECT_EQ(i64x2_bitmask(vector<int64_t>(1, -1)), 2u);
}

TEST(Semantics, ProductsOfVectors) {
  EXPECT_EQ(i32x4_dot_i16x8_s(i16x8_splat(0x8000), i16x8_splat(0x8000)), i32x4_splat(0x80000000));
  EXPECT_EQ(i16x8_q15mulr_sat_s(i16x8_splat(0x8000), i16x8_splat(0x8000)), i16x8_splat(0x7FFF));
  EXPECT_EQ(i16x8_q15mulr_sat_s(i16x8_splat(0x4000), i16x8_splat(0xFFFF)), i16x8_splat(0));
  EXPECT_EQ(i16x8_extmul_low_i8x16_s(i8x16_splat(0x80), i8x16_splat(0x80)), i16x8_splat(0x4000));
  EXPECT_EQ(i64x2_extmul_high_i32x4_u(i32x4_splat(~0u), i32x4_splat(~0u)), i64x2_splat(0xFFFFFFFE00000001));
  EXPECT_EQ(i16x8_extadd_pairwise_i8x16_u(i8x16_splat(0xFF)), i16x8_splat(0x1FE));
  EXPECT_EQ(i32x4_extadd_pairwise_i16x8_s(i16x8_splat(0x8000)), i32x4_splat(static_cast<uint32_t>(-65536)));
  EXPECT_EQ(i16x8_relaxed_dot_i8x16_i7x16_s(i8x16_splat(0x80), i8x16_splat(0x80)), i16x8_splat(0x7FFF));
  EXPECT_EQ(i32x4_relaxed_dot_i8x16_i7x16_add_s(i8x16_splat(0x80), i8x16_splat(0x7F), i32x4_splat(5)),
            i32x4_splat(static_cast<uint32_t>(-65024 + 5)));
}

TEST(Semantics, RelaxedProfiles) {
  // (1 + e)(1 - e) - 1 = -e^2 when fused, 0 when rounded twice.
  const double e = std::ldexp(1.0, -27);
  const V128 a = f64x2_splat(1 + e), b = f64x2_splat(1 - e), c = f64x2_splat(-1);
  EXPECT_EQ(f64x2_relaxed_madd(a, b, c), f64x2_splat(0));
  EXPECT_EQ(native::f64x2_relaxed_madd(a, b, c), f64x2_splat(kHasFusedMultiplyAdd ? -e * e : 0));
  EXPECT_EQ(f64x2_relaxed_nmadd(a, b, f64x2_splat(1)), f64x2_splat(0));
  EXPECT_EQ(f32x4_relaxed_min(f32x4_splat(0.0f), f32x4_splat(-0.0f)), f32x4_splat(-0.0f));
  EXPECT_EQ(i8x16_relaxed_laneselect(i8x16_splat(0xFF), i8x16_splat(0), i8x16_splat(0x81)), i8x16_splat(0x81));
}

// Operands that touch the edges of every lane width and of both float formats.
const std::vector<uint64_t>& interesting_words() {
  static const std::vector<uint64_t> words = {
      0,
      1,
      2,
      0x7F,
      0x80,
      0xFF,
      0x7FFF,
      0x8000,
      0xFFFF,
      0x7FFFFFFF,
      0x80000000,
      0xFFFFFFFF,
      0x3F800000,  // 1.0f
      0xBF000000,  // -0.5f
      0x7F800000,  // infinity
      0x4F000000,  // 2^31
      0x80008000FF01807F,
      0x7FFFFFFFFFFFFFFF,
      0x8000000000000000,
      ~uint64_t{0},
      0x0102030405060708,
      std::bit_cast<uint64_t>(1.5),
      std::bit_cast<uint64_t>(-2.5),
      std::bit_cast<uint64_t>(4294967296.0),
      std::bit_cast<uint64_t>(-2147483649.0),
      std::bit_cast<uint64_t>(0.1),
      0x3F8CCCCDC0600000,  // 1.1f, -3.5f
      0x7FF0000000000000,
  };
  return words;
}

/// All combinations of `count` vectors whose halves are interesting.
void for_each_vectors(size_t count, const std::function<void(const std::vector<V128>&)>& visit) {
  const std::vector<uint64_t>& words = interesting_words();
  const size_t n = words.size();
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      std::vector<V128> operands;
      for (size_t k = 0; k < count; ++k) {
        operands.push_back(V128::from_halves(words[k % 2 == 0 ? i : j], words[(k % 2 == 0 ? j : i) * (k + 3) % n]));
      }
      visit(operands);
    }
  }
}

std::vector<uint64_t> slots_of(const std::vector<V128>& operands) {
  std::vector<uint64_t> slots;
  for (const V128& v : operands) slots.insert(slots.end(), {v.low(), v.high()});
  return slots;
}

uint64_t lane_of(const V128& v, size_t bits, size_t lane) {
  const size_t at = lane * bits;
  const uint64_t word = at < 64 ? v.low() : v.high();
  return bits == 64 ? word : word >> (at % 64) & ((uint64_t{1} << bits) - 1);
}

bool same_float(std::string_view type, uint64_t a, uint64_t b) {
  const bool nans = type == "f32"
                        ? std::isnan(f32_of(static_cast<uint32_t>(a))) && std::isnan(f32_of(static_cast<uint32_t>(b)))
                        : std::isnan(f64_of(a)) && std::isnan(f64_of(b));
  return a == b || nans;
}

TEST(Semantics, VectorOpsDoToEachLaneWhatScalarOpsDo) {
  int compared = 0;
  for (const OpInfo& row : kOpTable) {
    const std::string_view shape = row.text.substr(0, row.text.find('.'));
    if (!is_evaluable(row.op) || row.imm != ImmKind::kNone || !(shape.ends_with("x4") || shape.ends_with("x2")))
      continue;
    const std::string type(shape.substr(0, 3));
    const auto scalar = op_by_text(type + std::string(row.text.substr(shape.size())));
    if (!scalar.has_value()) continue;
    const OpInfo& scalar_row = info(*scalar);
    const size_t arity = std::string_view(row.signature.params).size();
    const bool same_form = std::string_view(row.signature.params) == std::string(arity, 'v') &&
                           std::string_view(scalar_row.signature.params).size() == arity;
    if (!same_form) continue;
    ++compared;
    const size_t bits = type.ends_with("64") ? 64 : 32;
    const bool is_float_result = type[0] == 'f' && scalar_row.signature.results[0] != 'i';
    const bool is_comparison = row.text.find(".eq") != row.text.npos || row.text.find(".ne") == row.text.size() - 3 ||
                               std::string_view(".lt.gt.le.ge").find(row.text.substr(shape.size(), 3)) != row.text.npos;
    for_each_vectors(arity, [&](const std::vector<V128>& operands) {
      uint64_t result[2];
      ASSERT_EQ(evaluate(row.op, slots_of(operands).data(), result, Imm()), TrapKind::kNone);
      for (size_t lane = 0; lane < 128 / bits; ++lane) {
        uint64_t scalar_operands[3], expected;
        for (size_t i = 0; i < arity; ++i) scalar_operands[i] = lane_of(operands[i], bits, lane);
        ASSERT_EQ(evaluate(*scalar, scalar_operands, &expected, Imm()), TrapKind::kNone);
        if (is_comparison) expected = expected != 0 ? ~uint64_t{0} >> (64 - bits) : 0;
        const uint64_t actual = lane_of(V128::from_halves(result[0], result[1]), bits, lane);
        if (is_float_result && !is_comparison) {
          ASSERT_TRUE(same_float(type, actual, expected)) << row.text << std::hex << " " << actual << " " << expected;
        } else {
          ASSERT_EQ(actual, expected) << row.text << " lane " << lane;
        }
      }
    });
  }
  EXPECT_GE(compared, 50);
}

/// What a small-lane op does, in wide integers: from two lanes (sign- or zero-extended), before the result is cut.
struct SmallLaneOp {
  std::string name;
  std::function<int64_t(int64_t, int64_t)> meaning;
};

int64_t clamp_to(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

TEST(Semantics, SmallLanes) {
  for (int bits : {8, 16}) {
    const std::string shape = bits == 8 ? "i8x16" : "i16x8";
    const int64_t max_s = (int64_t{1} << (bits - 1)) - 1, max_u = (int64_t{1} << bits) - 1;
    const std::vector<SmallLaneOp> ops = {
        {"add", [](int64_t a, int64_t b) { return a + b; }},
        {"sub", [](int64_t a, int64_t b) { return a - b; }},
        {"add_sat_s", [=](int64_t a, int64_t b) { return clamp_to(a + b, -max_s - 1, max_s); }},
        {"sub_sat_s", [=](int64_t a, int64_t b) { return clamp_to(a - b, -max_s - 1, max_s); }},
        {"add_sat_u", [=](int64_t a, int64_t b) { return clamp_to(a + b, 0, max_u); }},
        {"sub_sat_u", [=](int64_t a, int64_t b) { return clamp_to(a - b, 0, max_u); }},
        {"min_s", [](int64_t a, int64_t b) { return a < b ? a : b; }},
        {"max_s", [](int64_t a, int64_t b) { return a < b ? b : a; }},
        {"min_u", [](int64_t a, int64_t b) { return a < b ? a : b; }},
        {"max_u", [](int64_t a, int64_t b) { return a < b ? b : a; }},
        {"avgr_u", [](int64_t a, int64_t b) { return (a + b + 1) / 2; }},
        {"eq", [](int64_t a, int64_t b) { return -int64_t{a == b}; }},
        {"ne", [](int64_t a, int64_t b) { return -int64_t{a != b}; }},
        {"lt_s", [](int64_t a, int64_t b) { return -int64_t{a < b}; }},
        {"gt_s", [](int64_t a, int64_t b) { return -int64_t{a > b}; }},
        {"le_s", [](int64_t a, int64_t b) { return -int64_t{a <= b}; }},
        {"ge_s", [](int64_t a, int64_t b) { return -int64_t{a >= b}; }},
        {"lt_u", [](int64_t a, int64_t b) { return -int64_t{a < b}; }},
        {"gt_u", [](int64_t a, int64_t b) { return -int64_t{a > b}; }},
        {"le_u", [](int64_t a, int64_t b) { return -int64_t{a <= b}; }},
        {"ge_u", [](int64_t a, int64_t b) { return -int64_t{a >= b}; }},
        {"abs", [](int64_t a, int64_t) { return a < 0 ? -a : a; }},
        {"neg", [](int64_t a, int64_t) { return -a; }},
    };
    for (const SmallLaneOp& op : ops) {
      const auto found = op_by_text(shape + "." + op.name);
      ASSERT_TRUE(found.has_value()) << op.name;
      const bool is_unsigned = op.name.ends_with("_u");
      for_each_vectors(2, [&](const std::vector<V128>& operands) {
        uint64_t result[2];
        evaluate(*found, slots_of(operands).data(), result, Imm());
        for (int lane = 0; lane < 128 / bits; ++lane) {
          int64_t x[2];
          for (int i = 0; i < 2; ++i) {
            x[i] = static_cast<int64_t>(lane_of(operands[i], bits, lane));
            if (!is_unsigned && x[i] > max_s) x[i] -= max_u + 1;
          }
          const auto expected = static_cast<uint64_t>(op.meaning(x[0], x[1]) & max_u);
          ASSERT_EQ(lane_of(V128::from_halves(result[0], result[1]), bits, lane), expected)
              << op.name << " " << x[0] << " " << x[1];
        }
      });
    }
  }
}

TEST(Semantics, Narrowing) {
  for_each_vectors(2, [](const std::vector<V128>& v) {
    const V128 bytes_s = i8x16_narrow_i16x8_s(v[0], v[1]), bytes_u = i8x16_narrow_i16x8_u(v[0], v[1]);
    const V128 words_s = i16x8_narrow_i32x4_s(v[0], v[1]), words_u = i16x8_narrow_i32x4_u(v[0], v[1]);
    for (size_t i = 0; i < 16; ++i) {
      const int64_t x = v[i / 8].lanes<int16_t>()[i % 8];
      ASSERT_EQ(bytes_s.lanes<int8_t>()[i], clamp_to(x, -128, 127));
      ASSERT_EQ(bytes_u.lanes<uint8_t>()[i], clamp_to(x, 0, 255));
    }
    for (size_t i = 0; i < 8; ++i) {
      const int64_t x = v[i / 4].lanes<int32_t>()[i % 4];
      ASSERT_EQ(words_s.lanes<int16_t>()[i], clamp_to(x, -32768, 32767));
      ASSERT_EQ(words_u.lanes<uint16_t>()[i], clamp_to(x, 0, 65535));
    }
  });
}

TEST(Semantics, EvaluateTakesSlotsAndImmediates) {
  uint64_t result[2] = {77, 77};
  const uint64_t zeroes[4] = {};
  EXPECT_EQ(evaluate(Op::kI32DivU, zeroes, result, Imm()), TrapKind::kIntegerDivideByZero);
  EXPECT_EQ(result[0], 77u) << "a trap writes no result";

  Imm imm;
  imm.bits = 0xFFFFFFFF;
  EXPECT_EQ(evaluate(Op::kI32Const, nullptr, result, imm), TrapKind::kNone);
  EXPECT_EQ(result[0], 0xFFFFFFFFu);

  imm.lane = 1;
  const uint64_t replace[3] = {1, 2, 3};
  evaluate(Op::kI64x2ReplaceLane, replace, result, imm);
  EXPECT_EQ(result[0], 1u);
  EXPECT_EQ(result[1], 3u);

  imm.v128 = i8x16_splat(31);
  const uint64_t shuffle[4] = {0, 0, 0, 0xAB00000000000000};
  evaluate(Op::kI8x16Shuffle, shuffle, result, imm);
  EXPECT_EQ(result[0], 0xABABABABABABABABu);

  const uint64_t wide[4] = {~uint64_t{0}, 1, 1, 1};
  evaluate(Op::kI64Add128, wide, result, Imm());
  EXPECT_EQ(result[0], 0u);
  EXPECT_EQ(result[1], 3u);
}

}  // namespace
}  // namespace wherry::wasm::semantics
