// Traps: that faults of guarded memories are told with the right instruction, whatever handler faulted; and the ways
// that calls, tail calls and exceptions take between instances and through the host.
#include "guest.h"
#include "wasm/decoder.h"
#include "wasm/ops.h"

namespace wherry::interp_test {
namespace {

using wasm::ImmKind;
using wasm::Op;
using wasm::OpInfo;

std::string_view type_name(char letter) {
  switch (letter) {
    case 'i':
      return "i32";
    case 'l':
      return "i64";
    case 'f':
      return "f32";
    case 'd':
      return "f64";
    default:
      return "v128";
  }
}

class FaultOffsets : public testing::TestWithParam<BoundsStrategy> {};

/// Addresses out of bounds, in the forms that operands and fusions give them.
constexpr std::string_view kAddresses[] = {
    "(local.get 0)",
    "(i32.add (local.get 0) (i32.const 65520))",
    "(i32.add (local.get 0) (local.get 0))",
    "(i32.add (i32.shl (local.get 0) (i32.const 1)) (local.get 0))",
    "(i32.const 0x7fffffff)",
};

TEST_P(FaultOffsets, NameTheAccess) {
  Config config = all_features();
  config.bounds = GetParam();
  for (const OpInfo& row : wasm::kOpTable) {
    if (row.imm != ImmKind::kMemArg || row.feature == Feature::kThreads) continue;
    const std::string_view params = row.signature.params;
    const std::string_view results = row.signature.results;
    const bool is_load = !results.empty();
    for (std::string_view address : kAddresses) {
      for (const std::string_view value : {"(local.get 1)", "(local.tee 1 (local.get 1))"}) {
        std::string text = "(module (memory 1) (func (export \"f\") (param i32";
        text += is_load ? ")" : " " + std::string(type_name(params[1])) + ")";
        if (is_load) text += " (local " + std::string(type_name(results[0])) + ")";
        std::string access = "(" + std::string(row.text) + " offset=16 " + std::string(address);
        if (!is_load) access += " " + std::string(value);
        access += ")";
        text += is_load ? " (local.set 1 " + access + ")" : access;
        text += " (drop (local.get 0))))";
        Guest guest(text, config);
        Slot slots[4] = {0x7FFFFF00, 1, 1};
        const auto result = guest.call("f", slots);
        ASSERT_FALSE(result.has_value()) << text;
        ASSERT_EQ(result.error().kind, TrapKind::kMemoryOutOfBounds) << text;
        ASSERT_EQ(result.error().backtrace.size(), 1u) << text;
        const uint64_t offset = result.error().backtrace[0].offset;
        const auto bytes = guest.module().bytes();
        ASSERT_LT(offset, bytes.size());
        wasm::Decoder decoder(bytes.subspan(offset));
        Op op;
        wasm::Imm imm;
        ASSERT_TRUE(decoder.next(op, imm)) << text;
        ASSERT_EQ(op, row.op) << text;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(BothStrategies, FaultOffsets,
                         testing::Values(BoundsStrategy::kGuard, BoundsStrategy::kChecks));

/// Two instances that call each other's exports.
class TwoInstances : public testing::Test {
 protected:
  TwoInstances() : engine_(all_features()), store_(engine_), linker_(engine_) {}
  Instance add(std::string_view name, std::string_view text) {
    auto module = Module::from_wat(engine_, text);
    EXPECT_TRUE(module.has_value()) << module.error().message;
    auto instance = linker_.instantiate(store_, *module);
    EXPECT_TRUE(instance.has_value()) << instance.error().message;
    EXPECT_TRUE(linker_.instance(name, *instance).has_value());
    return *instance;
  }
  Engine engine_;
  Store store_;
  Linker linker_;
};

TEST_F(TwoInstances, TailCallEachOtherForEver) {
  add("a", R"((module (table (export "t") 2 funcref) (memory 1) (data (i32.const 0) "a")
    (type $step (func (param i32 i32) (result i32)))
    (func $here (export "step") (type $step)
      (if (result i32) (i32.eqz (local.get 0)) (then (i32.add (local.get 1) (i32.load8_u (i32.const 0))))
        (else (return_call_indirect (type $step) (i32.sub (local.get 0) (i32.const 1))
                (i32.add (local.get 1) (i32.const 1)) (i32.const 1)))))
    (elem (i32.const 0) $here)))");
  const Instance b = add("b", R"((module (import "a" "t" (table 2 funcref)) (memory 1) (data (i32.const 0) "b")
    (type $step (func (param i32 i32) (result i32)))
    (func $there (type $step) (local i64 i64 v128)
      (if (result i32) (i32.eqz (local.get 0)) (then (i32.add (local.get 1) (i32.load8_u (i32.const 0))))
        (else (return_call_indirect (type $step) (i32.sub (local.get 0) (i32.const 1))
                (i32.add (local.get 1) (i32.const 1)) (i32.const 0)))))
    (func (export "run") (param i32) (result i32)
      ;; The context is this instance's again after the calls.
      (i32.add (i32.mul (i32.load8_u (i32.const 0)) (i32.const 1000000000))
               (i32.add (call $there (local.get 0) (i32.const 0)) (i32.load8_u (i32.const 0)))))
    (elem (i32.const 1) $there)))");
  for (const uint32_t n : {0u, 1u, 2u, 5u, 1'000'001u}) {
    Slot slots[1] = {n};
    const auto result = b.func("run")->call_raw(slots);
    ASSERT_TRUE(result.has_value()) << result.error().message;
    const uint32_t last = n % 2 == 0 ? 'b' : 'a';
    EXPECT_EQ(static_cast<uint32_t>(slots[0]), uint32_t{'b'} * 1000000000u + n + last + 'b');
  }
}

TEST_F(TwoInstances, ExceptionsCrossInstancesAndTheHost) {
  ASSERT_TRUE(linker_
                  .func("host", "call",
                        [](Caller&, Func f) -> CallResult<> {
                          auto result = f.call({});
                          if (!result.has_value()) return std::unexpected(result.error());
                          return {};
                        })
                  .has_value());
  add("a", R"((module (tag (export "t") (param i32 i64)) (func (export "throw")
    (throw 0 (i32.const 7) (i64.const 8)))))");
  const Instance b = add("b", R"((module (import "a" "t" (tag $t (param i32 i64))) (import "a" "throw" (func $throw))
    (import "host" "call" (func $host (param funcref))) (elem declare func $throw $inner)
    (func $inner (call $throw))
    (func (export "direct") (result i32) (local $keep i32) (local.set $keep (i32.const 100))
      (block $h (result i32 i64) (try_table (catch $t $h) (call $inner)) (unreachable))
      (i32.wrap_i64) (i32.add) (i32.add (local.get $keep)))
    (func (export "through_host") (result i32)
      (block $h (result i32 i64) (try_table (catch $t $h) (call $host (ref.func $inner))) (unreachable))
      (drop))
    (func (export "uncaught") (call $inner))))");
  Slot slots[1] = {};
  ASSERT_TRUE(b.func("direct")->call_raw(slots).has_value());
  EXPECT_EQ(static_cast<uint32_t>(slots[0]), 115u);
  const auto uncaught = b.func("uncaught")->call_raw(slots);
  ASSERT_FALSE(uncaught.has_value());
  EXPECT_EQ(uncaught.error().kind, TrapKind::kUncaughtException);
  EXPECT_EQ(uncaught.error().backtrace.size(), 3u);
}

TEST_F(TwoInstances, BacktracesGoThroughTheHost) {
  ASSERT_TRUE(linker_
                  .func("host", "call",
                        [](Caller&, Func f) -> CallResult<> {
                          auto result = f.call({});
                          if (!result.has_value()) return std::unexpected(result.error());
                          return {};
                        })
                  .has_value());
  const Instance a = add("a", R"((module (import "host" "call" (func $host (param funcref)))
    (elem declare func $inner)
    (func $inner (unreachable))
    (func $outer (export "outer") (call $host (ref.func $inner)))))");
  const auto result = a.func("outer")->call({});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, TrapKind::kUnreachable);
  ASSERT_GE(result.error().backtrace.size(), 1u);
  EXPECT_EQ(result.error().backtrace[0].function_index, 1u);
}

TEST(Limits, DeepRecursionIsATrap) {
  Guest guest(R"((module (func $f (export "f") (param i32) (result i32)
    (i32.add (call $f (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))))");
  Slot slots[1] = {};
  const auto result = guest.call("f", slots);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, TrapKind::kStackOverflow);
  EXPECT_EQ(result.error().backtrace.size(), Trap::kMaxBacktraceFrames);
}

TEST(Limits, FunctionsThatNeedTooManySlotsTrapWhenCalled) {
  std::string text = "(module (func (export \"f\") (result i32)";
  for (int i = 0; i < 40'000; ++i) text += " (local v128)";
  Guest guest(text + " (i32.const 1)) (func (export \"g\") (result i32) (i32.const 2)))");
  Slot slots[1] = {};
  const auto result = guest.call("f", slots);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, TrapKind::kFunctionTooLarge);
  ASSERT_TRUE(guest.call("g", slots).has_value());
  EXPECT_EQ(static_cast<uint32_t>(slots[0]), 2u);
}

TEST(Fuel, IsExact) {
  Config config = all_features();
  config.fuel = true;
  Guest guest(R"((module (memory 1) (global $g (mut i32) (i32.const 0))
    (func (export "count") (param i32)
      (loop (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "read") (result i32) (i32.load (i32.const 0)))))",
              config);
  // loop 1; const const load const add store: 6; get const sub tee br_if: 5
  guest.store().set_fuel(1'000'000);
  Slot slots[1] = {10};
  ASSERT_TRUE(guest.call("count", slots).has_value());
  EXPECT_EQ(guest.store().fuel(), 1'000'000u - 1 - 10 * 11);
  guest.store().set_fuel(1 + 11 * 3 + 6);
  slots[0] = 100;
  const auto result = guest.call("count", slots);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, TrapKind::kOutOfFuel);
  guest.store().set_fuel(100);
  ASSERT_TRUE(guest.call("read", slots).has_value());
  EXPECT_EQ(static_cast<uint32_t>(slots[0]), 14u) << "the fourth store was paid for, the fourth branch was not";
}

}  // namespace
}  // namespace wherry::interp_test
