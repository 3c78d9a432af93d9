// The op table against itself: what one column says follows from another.
#include "wasm/ops.h"

#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <string_view>

namespace wherry::wasm {
namespace {

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

char letter_of(std::string_view type) {
  return type == "i32" ? 'i' : type == "i64" ? 'l' : type == "f32" ? 'f' : type == "f64" ? 'd' : 'v';
}

/// The number at the front of `text`, or 0.
int leading_number(std::string_view text) {
  int n = 0;
  for (char c : text) {
    if (c < '0' || c > '9') break;
    n = n * 10 + (c - '0');
  }
  return n;
}

/// Bits that an op accesses in memory, as its name tells.
int accessed_bits(std::string_view text) {
  const std::string_view type = text.substr(0, text.find('.'));
  for (std::string_view verb : {"load", "store", "rmw", "wait"}) {
    const size_t at = text.find(verb);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = text.substr(at + verb.size());
    const int bits = leading_number(rest);
    if (bits == 0) return type == "v128" ? 128 : leading_number(type.substr(1));
    const size_t x = rest.find('x');
    const bool is_shape = x != std::string_view::npos && leading_number(rest.substr(x + 1)) != 0;
    return is_shape ? bits * leading_number(rest.substr(x + 1)) : bits;
  }
  return text == "memory.atomic.notify" ? 32 : 0;
}

TEST(Ops, EveryRowIsFound) {
  for (const OpInfo& row : kOpTable) {
    EXPECT_EQ(op_by_code(row.code), row.op) << row.text;
    EXPECT_EQ(op_by_text(row.text), row.op) << row.text;
    EXPECT_EQ(&info(row.op), &row) << row.text;
  }
}

TEST(Ops, WhatIsNoOpIsNotFound) {
  for (uint32_t code : {0x16u, 0x27u, 0xC5u, 0xFAu, 0xFBu, 0xFFu, 0x100u, 0xFB001Fu, 0xFC0012u, 0xFC0017u, 0xFD00A2u,
                        0xFD0114u, 0xFDFFFFu, 0xFE0004u, 0xFE004Fu, 0xFF0000u, 0x10FD0000u, 0xFFFFFFFFu}) {
    EXPECT_EQ(op_by_code(code), std::nullopt) << std::hex << code;
  }
  EXPECT_EQ(op_by_prefixed(0xFD, 0xFFFFFFFF), std::nullopt);
  for (std::string_view text : {"", "i32", "i32.", "i32.addd", "I32.ADD", "select_t", "v128.load_splat"}) {
    EXPECT_EQ(op_by_text(text), std::nullopt) << text;
  }
}

TEST(Ops, AccessesAreAsTheNameSays) {
  for (const OpInfo& row : kOpTable) {
    const bool has_memarg = row.imm == ImmKind::kMemArg || row.imm == ImmKind::kMemArgLane;
    EXPECT_EQ(row.access >= 0, has_memarg) << row.text;
    if (!has_memarg) continue;
    EXPECT_EQ(8 << row.access, accessed_bits(row.text)) << row.text;
    EXPECT_EQ(row.signature.params[0], 'p') << row.text;

    const char letter = letter_of(row.text.substr(0, row.text.find('.')));
    const std::string_view params = row.signature.params, results = row.signature.results;
    const bool lane = contains(row.text, "_lane");
    EXPECT_EQ(lane, row.imm == ImmKind::kMemArgLane) << row.text;
    if (contains(row.text, "load")) {
      EXPECT_EQ(row.effect, Effect::kRead) << row.text;
      EXPECT_EQ(params, lane ? "pv" : "p") << row.text;
      EXPECT_EQ(results, std::string(1, letter)) << row.text;
    } else if (contains(row.text, "store")) {
      EXPECT_EQ(row.effect, Effect::kWrite) << row.text;
      EXPECT_EQ(params, std::string("p") + letter) << row.text;
      EXPECT_EQ(results, "") << row.text;
    } else if (contains(row.text, "rmw")) {
      EXPECT_EQ(row.effect, Effect::kWrite) << row.text;
      EXPECT_EQ(params, std::string("p") + std::string(contains(row.text, "cmpxchg") ? 2 : 1, letter)) << row.text;
      EXPECT_EQ(results, std::string(1, letter)) << row.text;
    } else {
      EXPECT_EQ(row.effect, Effect::kCall) << row.text;
      EXPECT_EQ(results, "i") << row.text;
    }
  }
}

TEST(Ops, PrefixesAndFeaturesAgree) {
  for (const OpInfo& row : kOpTable) {
    const uint32_t prefix = row.code >> 16;
    EXPECT_EQ(prefix == 0xFE, row.feature == Feature::kThreads) << row.text;
    EXPECT_EQ(prefix == 0xFD && (row.code & 0xFFFF) < 0x100, row.feature == Feature::kSimd) << row.text;
    EXPECT_EQ(contains(row.text, "relaxed"), row.feature == Feature::kRelaxedSimd) << row.text;
    EXPECT_EQ(contains(row.text, "trunc_sat") && prefix == 0xFC, row.feature == Feature::kSaturatingFloatToInt)
        << row.text;
    if (prefix == 0xFB) EXPECT_EQ(row.feature, Feature::kGc) << row.text;
  }
}

TEST(Ops, ValueOpsProduceTheTypeOfTheirName) {
  for (const OpInfo& row : kOpTable) {
    const bool is_value_op = !row.signature.special && (row.effect == Effect::kPure || row.effect == Effect::kTrap);
    if (!is_value_op || row.op == Op::kNop) continue;
    const std::string_view type = row.text.substr(0, row.text.find('.'));
    const std::string_view name = row.text.substr(row.text.find('.') + 1);
    const std::string_view params = row.signature.params, results = row.signature.results;
    const bool is_vector = row.code >> 16 == 0xFD;
    const bool is_comparison =
        name == "eqz" || (params.size() == 2 && name.size() >= 2 && name.size() <= 4 &&
                          contains("eq ne lt gt le ge", name.substr(0, 2)) && (name.size() == 2 || name[2] == '_'));
    if (contains(name, "extract_lane")) {
      const int bits = leading_number(type.substr(1));
      const bool is_float = type[0] == 'f';
      EXPECT_EQ(results, is_float ? (bits == 32 ? "f" : "d") : (bits == 64 ? "l" : "i")) << row.text;
    } else if (is_vector && (contains(name, "_true") || name == "bitmask")) {
      EXPECT_EQ(results, "i") << row.text;
    } else if (is_vector) {
      EXPECT_EQ(results, "v") << row.text;
    } else if (is_comparison) {
      EXPECT_EQ(results, "i") << row.text;
      for (char c : params) EXPECT_EQ(c, letter_of(type)) << row.text;
    } else if (row.feature != Feature::kWideArithmetic) {
      EXPECT_EQ(results, std::string(1, letter_of(type))) << row.text;
    }
    const bool may_trap =
        !is_vector && (contains(name, "div_") || contains(name, "rem_") || name.starts_with("trunc_f"));
    EXPECT_EQ(may_trap, row.effect == Effect::kTrap) << row.text;
  }
}

}  // namespace
}  // namespace wherry::wasm
