// Literals: grammar, values at the edges of rounding and range, and printing that reads back.
#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <string>

#include "wasm/text/number.h"

namespace wherry::wasm::text {
namespace {

TEST(Number, Shape) {
  for (const char* s : {"0", "1", "+1", "-0", "0x0", "1_000", "-0xFf_f", "0123456789"}) {
    EXPECT_EQ(number_shape(s), NumberShape::kInteger) << s;
  }
  for (const char* s : {"1.", "1.5", "1e9", "1E-9", "1.e+9", "0x1.8p3", "0x1P-3", "0x1.", "inf", "-inf", "nan", "+nan",
                        "nan:0x1", "-nan:0xf_f", "1_0.0_1e1_0"}) {
    EXPECT_EQ(number_shape(s), NumberShape::kFloat) << s;
  }
  for (const char* s :
       {"",      "+",    "_1",   "1_",   "1__0",  "0x",     "0x_1",          ".5",       "1e", "1e+", "0x1p",
        "0x1pf", "1._5", "1_.5", "nan:", "nan:1", "nan:0x", "nan:canonical", "infinity", "1f", "0b1", "0x1e+3"}) {
    EXPECT_EQ(number_shape(s), NumberShape::kNone) << s;
  }
}

TEST(Number, Integers) {
  EXPECT_EQ(parse_natural("0xFFFF_FFFF", UINT32_MAX), 0xFFFFFFFFu);
  EXPECT_EQ(parse_natural("4294967296", UINT32_MAX), std::nullopt);
  EXPECT_EQ(parse_natural("18446744073709551615", UINT64_MAX), UINT64_MAX);
  EXPECT_EQ(parse_natural("18446744073709551616", UINT64_MAX), std::nullopt);
  EXPECT_EQ(parse_natural("99999999999999999999999999", UINT64_MAX), std::nullopt);
  EXPECT_EQ(parse_integer("-1", 32), 0xFFFFFFFFu);
  EXPECT_EQ(parse_integer("-2147483648", 32), 0x80000000u);
  EXPECT_EQ(parse_integer("-2147483649", 32), std::nullopt);
  EXPECT_EQ(parse_integer("4294967295", 32), 0xFFFFFFFFu);
  EXPECT_EQ(parse_integer("4294967296", 32), std::nullopt);
  EXPECT_EQ(parse_integer("-0x8000_0000_0000_0000", 64), uint64_t{1} << 63);
  EXPECT_EQ(parse_integer("-0x8000_0000_0000_0001", 64), std::nullopt);
  EXPECT_EQ(parse_integer("-128", 8), 0x80u);
  EXPECT_EQ(parse_integer("256", 8), std::nullopt);
}

TEST(Number, HexFloatsRoundToNearestEven) {
  EXPECT_EQ(parse_f32("0x1p0"), 0x3F800000u);
  EXPECT_EQ(parse_f32("-0x1.8p1"), 0xC0400000u);
  EXPECT_EQ(parse_f32("0x1.000001p0"), 0x3F800000u);              // half: to even, down
  EXPECT_EQ(parse_f32("0x1.000001000000000001p0"), 0x3F800001u);  // a little more than half
  EXPECT_EQ(parse_f32("0x1.000003p0"), 0x3F800002u);              // half: to even, up
  EXPECT_EQ(parse_f32("0x1.ffffffp0"), 0x40000000u);              // carries into the exponent
  EXPECT_EQ(parse_f32("0x1p-149"), 1u);
  EXPECT_EQ(parse_f32("0x1p-150"), 0u);  // half the least subnormal: to even
  EXPECT_EQ(parse_f32("0x1.000001p-150"), 1u);
  EXPECT_EQ(parse_f32("0x1p-151"), 0u);
  EXPECT_EQ(parse_f32("0x1.ffffffp-127"), 0x00800000u);  // rounds up to the least normal
  EXPECT_EQ(parse_f32("0x1.fffffep127"), 0x7F7FFFFFu);
  EXPECT_EQ(parse_f32("0x1.fffffefffp127"), 0x7F7FFFFFu);
  EXPECT_EQ(parse_f32("0x1.ffffffp127"), std::nullopt);
  EXPECT_EQ(parse_f32("0x1p128"), std::nullopt);
  EXPECT_EQ(parse_f64("0x1p-1074"), 1u);
  EXPECT_EQ(parse_f64("0x1p-1075"), 0u);
  EXPECT_EQ(parse_f64("0x1.fffffffffffff8p1023"), std::nullopt);
  EXPECT_EQ(parse_f64("0x0p99999999999999999999"), 0u);
  EXPECT_EQ(parse_f64("0x1p99999999999999999999"), std::nullopt);
  EXPECT_EQ(parse_f64("0x1p-99999999999999999999"), 0u);
  EXPECT_EQ(parse_f64("0x" + std::string(2000, '0') + "." + std::string(250, '0') + "1p1004"), parse_f64("0x1p0"));
  EXPECT_EQ(parse_f64("0x1" + std::string(250, '0') + "p-1000"), parse_f64("0x1p0"));
}

TEST(Number, DecimalFloats) {
  EXPECT_EQ(parse_f64("1.5"), std::bit_cast<uint64_t>(1.5));
  EXPECT_EQ(parse_f64("+1_0.2_5e-0_1"), std::bit_cast<uint64_t>(1.025));
  EXPECT_EQ(parse_f64("-0.0"), uint64_t{1} << 63);
  EXPECT_EQ(parse_f64("1e-400"), 0u);
  EXPECT_EQ(parse_f64("-1e-400"), uint64_t{1} << 63);
  EXPECT_EQ(parse_f64("1e400"), std::nullopt);
  EXPECT_EQ(parse_f64("0e400"), 0u);
  EXPECT_EQ(parse_f64("4.9e-324"), 1u);
  EXPECT_EQ(parse_f32("340282356779733661637539395458142568447"), 0x7F7FFFFFu);
  EXPECT_EQ(parse_f32("340282356779733661637539395458142568448"), std::nullopt);
  EXPECT_EQ(parse_f32("16777217"), 0x4B800000u);
  // By way of a double it would round to even, down.
  EXPECT_EQ(parse_f32("1.00000005960464477540"), 0x3F800001u);
  EXPECT_EQ(parse_f32("0." + std::string(60, '0') + "1"), 0u);
  EXPECT_EQ(parse_f32("1" + std::string(60, '0') + "e-60"), 0x3F800000u);
}

TEST(Number, NaNs) {
  EXPECT_EQ(parse_f32("nan"), 0x7FC00000u);
  EXPECT_EQ(parse_f32("-nan:0x1"), 0xFF800001u);
  EXPECT_EQ(parse_f32("nan:0x7f_ffff"), 0x7FFFFFFFu);
  EXPECT_EQ(parse_f32("nan:0x800000"), std::nullopt);
  EXPECT_EQ(parse_f32("nan:0x0"), std::nullopt);
  EXPECT_EQ(parse_f64("nan:0xfffffffffffff"), 0x7FFFFFFFFFFFFFFFu);
  EXPECT_EQ(parse_f64("nan:0x10000000000000"), std::nullopt);
  EXPECT_EQ(parse_f64("-inf"), 0xFFF0000000000000u);
}

TEST(Number, PrintedFloatsReadBack) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t bits = random();
    std::string s;
    append_f64(bits, s);
    ASSERT_NE(number_shape(s), NumberShape::kNone) << s;
    ASSERT_EQ(parse_f64(s), bits) << s;
    s.clear();
    append_f32(static_cast<uint32_t>(bits), s);
    ASSERT_NE(number_shape(s), NumberShape::kNone) << s;
    ASSERT_EQ(parse_f32(s), static_cast<uint32_t>(bits)) << s;
  }
  std::string s;
  append_f32(0x80000000u, s);
  s += ' ';
  append_f64(0x7FF8000000000000u, s);
  s += ' ';
  append_f64(0xFFF0000000000000u, s);
  s += ' ';
  append_f32(0x7F800001u, s);
  EXPECT_EQ(s, "-0 nan -inf nan:0x1");
}

}  // namespace
}  // namespace wherry::wasm::text
