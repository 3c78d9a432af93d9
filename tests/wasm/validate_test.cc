// Validation of function bodies on hand-made code, and the validator's fast path against the general reader.
#include <gtest/gtest.h>

#include <random>

#include "module_bytes.h"
#include "wasm/function_reader.h"
#include "wasm/limits.h"

namespace wherry::wasm {
namespace {

constexpr auto kMalformed = ErrorCode::kMalformed;
constexpr auto kInvalid = ErrorCode::kInvalid;

// Long enough that the interesting op is met by the fast path, which stops short of a body's end.
const ByteList kPadding(32, 0x01);

/// Checks `ops` in a function [i32] -> [i32], at the body's end and in its middle.
void expect_rejected(ErrorCode code_expected, std::string_view text, const ByteList& ops) {
  EXPECT_REJECTED(code_expected, text, with_function({0x7F}, {0x7F}, code(ops)));
  EXPECT_REJECTED(code_expected, text, with_function({0x7F}, {0x7F}, code(cat({ops, kPadding}))));
}
void expect_accepted(const ByteList& ops) {
  EXPECT_ACCEPTED(with_function({0x7F}, {0x7F}, code(ops)));
  EXPECT_ACCEPTED(with_function({0x7F}, {0x7F}, code(cat({ops, kPadding}))));
}

TEST(Validate, Operands) {
  expect_accepted({0x20, 0, 0x41, 1, 0x6A});
  expect_rejected(kInvalid, "type mismatch", {0x41, 1, 0x6A});
  expect_rejected(kInvalid, "type mismatch", {0x41, 1, 0x42, 1, 0x6A});
  expect_rejected(kInvalid, "type mismatch", {0x41, 1, 0x41, 1});
  expect_rejected(kInvalid, "type mismatch", {});
  expect_rejected(kInvalid, "type mismatch", {0x42, 0});
  expect_rejected(kInvalid, "type mismatch", {0x1A, 0x41, 0});
  expect_rejected(kInvalid, "unknown local 1", {0x20, 1});
  expect_rejected(kInvalid, "unknown global 1", {0x23, 1});
  expect_rejected(kInvalid, "unknown function 1", {0x10, 1});
  expect_rejected(kInvalid, "unknown label 2", {0x0C, 2});
  expect_rejected(kInvalid, "alignment must not be larger than natural", {0x41, 0, 0x28, 3, 0});
  expect_rejected(kInvalid, "unknown memory 1", {0x41, 0, 0x28, 0x42, 1, 0});
  expect_rejected(kInvalid, "offset out of range", {0x41, 0, 0x28, 2, 0x80, 0x80, 0x80, 0x80, 0x10});
  expect_accepted({0x41, 0, 0x28, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F});
  expect_rejected(kMalformed, "malformed memop flags", {0x41, 0, 0x28, 0x80, 0x01, 0});
  expect_rejected(kMalformed, "illegal opcode ff", {0xFF});
  expect_rejected(kMalformed, "illegal opcode fc 20", {0xFC, 0x20});
  expect_rejected(kMalformed, "integer too large", {0x41, 0x80, 0x80, 0x80, 0x80, 0x10});
  expect_accepted({0x41, 0x80, 0x80, 0x80, 0x80, 0x78});
  expect_rejected(kMalformed, "integer representation too long", {0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00});
}

TEST(Validate, Structure) {
  expect_accepted({0x02, 0x7F, 0x41, 1, 0x0B});
  expect_accepted({0x20, 0, 0x04, 0x7F, 0x41, 1, 0x05, 0x41, 2, 0x0B});
  expect_rejected(kInvalid, "type mismatch", {0x20, 0, 0x04, 0x7F, 0x41, 1, 0x0B});
  expect_rejected(kMalformed, "else without if", {0x05});
  expect_rejected(kInvalid, "type mismatch", {0x02, 0x40, 0x41, 1, 0x0B, 0x41, 0});
  expect_rejected(kInvalid, "type mismatch", {0x20, 0, 0x02, 0x40, 0x1A, 0x0B, 0x41, 0});  // from outside the block
  expect_accepted({0x03, 0x40, 0x20, 0, 0x0D, 0, 0x0B, 0x41, 0});
  expect_rejected(kInvalid, "type mismatch", {0x02, 0x7F, 0x0C, 0, 0x0B});
  expect_accepted({0x02, 0x7F, 0x41, 0, 0x20, 0, 0x0E, 1, 0, 1, 0x0B});
  expect_rejected(kInvalid, "type mismatch", {0x02, 0x40, 0x41, 0, 0x20, 0, 0x0E, 1, 0, 1, 0x0B, 0x41, 0});
  expect_rejected(kInvalid, "unknown type 9", {0x02, 9, 0x0B});
  EXPECT_REJECTED(kMalformed, "END opcode expected", with_function({}, {}, {0, 0x0B, 0x0B}));
  EXPECT_REJECTED(kMalformed, "END opcode expected", with_function({}, {}, cat({{0, 0x0B}, kPadding})));
  EXPECT_REJECTED(kMalformed, "unexpected end", with_function({}, {}, {0, 0x02, 0x40, 0x0B}));
  EXPECT_REJECTED(kMalformed, "unexpected end", with_function({}, {}, {0, 0x41, 0x0B}));  // the end is an operand
}

TEST(Validate, UnreachableCode) {
  expect_accepted({0x00});
  expect_accepted({0x00, 0x6A});
  expect_accepted({0x00, 0x1B});
  expect_rejected(kInvalid, "type mismatch", {0x00, 0x42, 0, 0x6A});
  expect_rejected(kInvalid, "type mismatch", {0x00, 0x02, 0x40, 0x6A, 0x0B});  // a block begins anew
  expect_accepted({0x00, 0xD4, 0xD1});
  expect_rejected(kInvalid, "type mismatch", {0x00, 0xD4, 0x6A});  // some reference is no number
}

TEST(Validate, LocalsWithoutDefaults) {
  const auto body = [](const ByteList& ops) { return with_function({}, {}, cat({{1, 1, 0x64, 0x70}, ops, {0x0B}})); };
  EXPECT_REJECTED(kInvalid, "uninitialized local 0", body({0x20, 0, 0x1A}));
  EXPECT_ACCEPTED(body({0x00, 0x21, 0, 0x20, 0, 0x1A}));
  // What a block sets is set no more after it.
  EXPECT_REJECTED(kInvalid, "uninitialized local 0", body({0x02, 0x40, 0x00, 0x21, 0, 0x0B, 0x20, 0, 0x1A}));
}

TEST(Validate, Limits) {
  EXPECT_REJECTED(ErrorCode::kLimit, "too many locals", with_function({}, {}, {1, 0xD1, 0x86, 3, 0x7F, 0x0B}));
  EXPECT_REJECTED(kMalformed, "too many locals",
                  with_function({}, {}, {2, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x7F, 1, 0x7F, 0x0B}));
}

TEST(Validate, NestsWithoutRecursion) {
  constexpr size_t kDepth = 1'000'000;
  ByteList ops;
  for (size_t i = 0; i < kDepth; ++i) append(ops, {0x02, 0x40});
  ops.insert(ops.end(), kDepth, 0x0B);
  EXPECT_ACCEPTED(with_function({}, {}, code(ops)));
  ops.resize(2 * kDepth);
  EXPECT_REJECTED(kMalformed, "unexpected end", with_function({}, {}, code(ops)));
}

TEST(Validate, AtomicsNeedNaturalAlignment) {
  expect_accepted({0x41, 0, 0xFE, 0x10, 2, 0});
  expect_rejected(kInvalid, "atomic alignment must be natural", {0x41, 0, 0xFE, 0x10, 1, 0});
}

TEST(Validate, LaneIndices) {
  expect_accepted({0x41, 0, 0xFD, 0x11, 0xFD, 0x1B, 3});
  expect_rejected(kInvalid, "invalid lane index", {0x41, 0, 0xFD, 0x11, 0xFD, 0x1B, 4});
}

TEST(Validate, DataSegmentsNeedTheirCount) {
  expect_rejected(kMalformed, "data count section required", {0x41, 0, 0x41, 0, 0x41, 0, 0xFC, 8, 0, 0, 0x41, 0});
}

/// The error of the first function, as the general reader sees it.
std::string general_error(const Module& module) {
  NullSink sink;
  FunctionReader<NullSink> reader(module, sink);
  if (reader.read_function(0)) return "";
  return reader.error().message + " at " + std::to_string(reader.error().offset);
}
std::string fast_error(const Module& module) {
  const Result<> valid = validate_functions(module, 0, 1);
  return valid ? "" : valid.error().message + " at " + std::to_string(valid.error().offset);
}

TEST(Validate, FastPathAgreesWithTheReader) {
  std::mt19937 random(7);
  const auto below = [&](uint32_t n) { return random() % n; };
  const auto number = [&](ByteList& out, uint32_t value) {  // sometimes padded, sometimes too long
    const uint32_t pad = below(4) == 0 ? below(7) : 0;
    ByteList bytes = leb(value);
    if (pad > bytes.size()) {
      bytes.back() |= 0x80;
      while (bytes.size() + 1 < pad) bytes.push_back(0x80);
      bytes.push_back(below(8) == 0 ? static_cast<uint8_t>(below(0x80)) : 0);
    }
    append(out, bytes);
  };
  constexpr uint8_t kPlain[] = {0x6A, 0x6B, 0x71, 0x45, 0x48, 0xA7, 0xAC, 0x7C, 0x1A, 0x1B, 0x01, 0xC0};
  int accepted = 0;
  for (int round = 0; round < 30'000; ++round) {
    ByteList ops;
    int depth = 0;
    const uint32_t length = 8 + below(24);
    for (uint32_t i = 0; i < length; ++i) {
      switch (below(16)) {
        case 0:
        case 1:
        case 2:
          ops.push_back(0x20);
          number(ops, below(50) == 0 ? 3 : 0);
          break;
        case 3:
          ops.push_back(static_cast<uint8_t>(0x21 + below(2)));
          number(ops, 0);
          break;
        case 4:
        case 5:
          ops.push_back(0x41);
          number(ops, random());
          break;
        case 6:
          ops.push_back(0x28);
          ops.push_back(static_cast<uint8_t>(below(30) == 0 ? below(256) : 2));
          number(ops, random());
          break;
        case 7:
          append(ops, {0x20, 0, static_cast<uint8_t>(0x0D - (below(4) == 0 ? 1 : 0))});
          number(ops, below(3));
          break;
        case 8:
        case 9:
          ops.push_back(static_cast<uint8_t>(0x02 + below(2)));
          ops.push_back(below(4) == 0 ? 0x7F : 0x40);
          ++depth;
          break;
        case 10:
          append(ops, {0x20, 0, 0x04, 0x40});
          ++depth;
          break;
        case 11:
          if (depth > 0) {
            if (below(2) == 0) ops.push_back(0x00);  // unreachable: the stack may be anything
            ops.push_back(below(8) == 0 ? 0x05 : 0x0B);
            depth -= ops.back() == 0x0B;
          }
          break;
        case 12:
          append(ops, {0x20, 0, 0x10});
          number(ops, 0);
          break;
        case 13:
          ops.push_back(0x23);
          number(ops, 0);
          break;
        default:
          ops.push_back(kPlain[below(sizeof kPlain)]);
      }
    }
    for (; depth > 0; --depth) append(ops, {0x00, 0x0B});
    ops.push_back(below(4) == 0 ? 0x01 : 0x00);
    append(ops, kPadding);
    const ByteList bytes = with_function({0x7F}, {}, code(ops));
    TypeRegistry types;
    const auto module = read_module(bytes, Features::all(), types);
    ASSERT_TRUE(module) << module.error().message;
    const std::string expected = general_error(**module);
    ASSERT_EQ(fast_error(**module), expected) << "round " << round;
    accepted += expected.empty();
  }
  EXPECT_GT(accepted, 300);  // the comparison is of valid code too
}

}  // namespace
}  // namespace wherry::wasm
