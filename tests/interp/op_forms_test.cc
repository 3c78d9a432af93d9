// Every op that semantics.h computes, in every form that its operands can take in the interpreter (a local, a constant,
// the accumulator) and with its result where it can go, against semantics::evaluate.
#include <array>
#include <bit>
#include <cstdio>
#include <string>
#include <vector>

#include "guest.h"
#include "wasm/semantics_table.h"

namespace wherry::interp_test {
namespace {

using wasm::ImmKind;
using wasm::Op;
using wasm::OpInfo;

struct Type {
  std::string_view name;
  uint32_t slots;
  /// How to pass a value through the accumulator.
  std::string_view identity;
};
Type type_of(char letter) {
  switch (letter) {
    case 'i':
      return {"i32", 1, "i32.or"};
    case 'l':
      return {"i64", 1, "i64.or"};
    case 'f':
      return {"f32", 1, "f32.copysign"};
    case 'd':
      return {"f64", 1, "f64.copysign"};
    default:
      return {"v128", 2, "v128.or"};
  }
}

using Bits = std::array<uint64_t, 2>;

/// Values with something to them, of each type.
Bits sample(char letter, uint32_t n) {
  constexpr uint64_t kInts[] = {0, 1, 7, 0x80000000, 0xFFFFFFFF, 0x7FFFFFFF, 33, 0x12345678};
  constexpr uint64_t kLongs[] = {0, 1, 7, 0x8000000000000000, ~uint64_t{0}, 0x7FFFFFFFFFFFFFFF, 65, 0x123456789ABCDEF0};
  constexpr float kFloats[] = {0, 1.5f, -2.25f, 3e9f, -0.0f, 1e-40f, 123456.789f, -7};
  constexpr double kDoubles[] = {0, 1.5, -2.25, 3e9, -0.0, 1e-310, 123456.789, -7};
  n %= 8;
  switch (letter) {
    case 'i':
      return {kInts[n], 0};
    case 'l':
      return {kLongs[n], 0};
    case 'f':
      return {std::bit_cast<uint32_t>(kFloats[n]), 0};
    case 'd':
      return {std::bit_cast<uint64_t>(kDoubles[n]), 0};
    default:
      return {kLongs[n] * 0x0101010101010101, kLongs[(n + 3) % 8] ^ 0x00FF7F8001020304};
  }
}

std::string constant(char letter, const Bits& bits) {
  char text[96];
  switch (letter) {
    case 'i':
      std::snprintf(text, sizeof text, "(i32.const %u)", static_cast<uint32_t>(bits[0]));
      break;
    case 'l':
      std::snprintf(text, sizeof text, "(i64.const %llu)", static_cast<unsigned long long>(bits[0]));
      break;
    case 'f':
      std::snprintf(text, sizeof text, "(f32.const %a)", std::bit_cast<float>(static_cast<uint32_t>(bits[0])));
      break;
    case 'd':
      std::snprintf(text, sizeof text, "(f64.const %a)", std::bit_cast<double>(bits[0]));
      break;
    default:
      std::snprintf(text, sizeof text, "(v128.const i64x2 %llu %llu)", static_cast<unsigned long long>(bits[0]),
                    static_cast<unsigned long long>(bits[1]));
  }
  return text;
}

bool is_nan(uint32_t bits) { return (bits & 0x7FFFFFFF) > 0x7F800000; }
bool is_nan(uint64_t bits) { return (bits & 0x7FFFFFFFFFFFFFFF) > 0x7FF0000000000000; }

std::string immediate(const OpInfo& row) {
  if (row.imm == ImmKind::kLane) return " 1";
  if (row.imm == ImmKind::kLanes16) return " 0 17 2 19 4 21 6 23 8 25 10 27 12 29 14 31";
  return "";
}

enum Form { kLocal, kConstant, kAccumulator, kForms };

std::string operand(char letter, uint32_t n, int form, const Bits& bits) {
  const std::string local = "(local.get " + std::to_string(n) + ")";
  if (form == kLocal) return local;
  if (form == kConstant) return constant(letter, bits);
  return "(" + std::string(type_of(letter).identity) + " " + local + " " + local + ")";
}

enum Use { kReturned, kInLocal, kCondition, kUses };

struct Case {
  std::string name;
  std::string text;
  std::vector<Bits> operands;
  Use use;
};

std::vector<Case> cases_of(const OpInfo& row) {
  const std::string_view params = row.signature.params;
  const std::string_view results = row.signature.results;
  std::string signature;
  for (char p : params) signature += " (param " + std::string(type_of(p).name) + ")";
  for (char r : results) signature += " (result " + std::string(type_of(r).name) + ")";
  const int combinations = params.size() == 1 ? kForms : kForms * kForms;
  const std::string temp = std::to_string(params.size());
  std::vector<Case> cases;
  for (uint32_t s = 0; s < 6; ++s) {
    for (int c = 0; c < combinations; ++c) {
      for (int use = 0; use < kUses; ++use) {
        if (use == kCondition && results != "i") continue;
        if (use == kInLocal && results.size() != 1) continue;
        Case made{std::to_string(cases.size()), "", {}, static_cast<Use>(use)};
        std::string body = "(" + std::string(row.text) + immediate(row);
        for (uint32_t p = 0; p < params.size(); ++p) {
          const Bits bits = sample(params[p], s * 3 + p * 2 + s / 4);
          body += " " + operand(params[p], p, p == 0 ? c % kForms : c / kForms, bits);
          made.operands.push_back(bits);
        }
        body += ")";
        std::string locals;
        if (use == kInLocal) {
          locals = " (local " + std::string(type_of(results[0]).name) + ")";
          body = "(local.set " + temp + " " + body + ") (local.get " + temp + ")";
        } else if (use == kCondition) {
          body = "(if (result i32) " + body + " (then (i32.const 1)) (else (i32.const 0)))";
        }
        made.text = "(func (export \"" + made.name + "\")" + signature + locals + " " + body + ")\n";
        cases.push_back(std::move(made));
      }
    }
  }
  return cases;
}

void check_op(const OpInfo& row, wasm::semantics::Profile profile) {
  SCOPED_TRACE(std::string(row.text));
  const std::string_view params = row.signature.params;
  const std::string_view results = row.signature.results;
  const std::vector<Case> cases = cases_of(row);
  std::string text = "(module\n";
  for (const Case& c : cases) text += c.text;
  Config config = all_features();
  config.relaxed_simd_deterministic = profile == wasm::semantics::Profile::kDeterministic;
  Guest guest(text + ")", config);

  wasm::Imm imm;
  imm.lane = 1;
  imm.v128 = V128::from_lanes(std::array<uint8_t, 16>{0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31});
  for (const Case& c : cases) {
    std::array<uint64_t, 16> slots{};
    size_t n = 0;
    for (uint32_t p = 0; p < params.size(); ++p) {
      for (uint32_t k = 0; k < type_of(params[p]).slots; ++k) slots[n++] = c.operands[p][k];
    }
    std::array<uint64_t, 4> expected{};
    const TrapKind trap = wasm::semantics::evaluate(row.op, slots.data(), expected.data(), imm, profile);
    // Half of the slots' high halves are dirty: narrow values ignore them.
    n = 0;
    for (char p : params) {
      if (p == 'i' || p == 'f') slots[n] |= uint64_t{0xDEADBEEF} << 32;
      n += type_of(p).slots;
    }
    const auto result = guest.call(c.name, slots);
    ASSERT_EQ(result.has_value() ? TrapKind::kNone : result.error().kind, trap) << c.text;
    if (trap != TrapKind::kNone) continue;
    n = 0;
    for (char r : results) {
      for (uint32_t k = 0; k < type_of(r).slots; ++k, ++n) {
        uint64_t got = slots[n];
        uint64_t want = c.use == kCondition ? (expected[n] != 0 ? 1 : 0) : expected[n];
        if (r == 'i' || r == 'f') got = static_cast<uint32_t>(got);
        const bool both_nan = (r == 'f' && is_nan(static_cast<uint32_t>(got)) && is_nan(static_cast<uint32_t>(want))) ||
                              (r == 'd' && is_nan(got) && is_nan(want));
        if (!both_nan) {
          ASSERT_EQ(got, want) << c.text;
        }
      }
    }
  }
}

class OpForms : public testing::TestWithParam<wasm::semantics::Profile> {};

TEST_P(OpForms, AgreeWithTheirMeaning) {
  size_t ops = 0;
  for (const OpInfo& row : wasm::kOpTable) {
    const bool is_constant = std::string_view(row.signature.params).empty();
    if (!wasm::semantics::is_evaluable(row.op) || is_constant) continue;
    check_op(row, GetParam());
    ++ops;
  }
  EXPECT_GT(ops, 300u);
}

INSTANTIATE_TEST_SUITE_P(BothProfiles, OpForms,
                         testing::Values(wasm::semantics::Profile::kDeterministic, wasm::semantics::Profile::kNative));

}  // namespace
}  // namespace wherry::interp_test
