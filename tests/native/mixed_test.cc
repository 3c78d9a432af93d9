// Modules whose functions stand in different tiers give the same results, traps and backtraces as in the interpreter.
#include <random>

#include "world.h"

namespace wherry::native_test {
namespace {

/// `run` goes through tail calls, catches, the host and an indirect call to a leaf that returns, traps or throws.
constexpr std::string_view kModule = R"((module
  (import "env" "bounce" (func $bounce (param i32) (result i32)))
  (type $leaf (func (param i32) (result i32)))
  (tag $e (param i32))
  (table funcref (elem $load $throw $divide $recurse))
  (memory 1)
  (func $load (param i32) (result i32) (i32.add (i32.const 7) (i32.load (local.get 0))))
  (func $throw (param i32) (result i32) (throw $e (local.get 0)))
  (func $divide (param i32) (result i32) (i32.div_u (i32.const 1000) (local.get 0)))
  (func $recurse (param i32) (result i32) (i32.add (i32.const 1) (call $recurse (local.get 0))))
  (func $middle (param $x i32) (param $which i32) (result i32)
    (i32.add (i32.const 2) (call_indirect (type $leaf) (local.get $x) (local.get $which))))
  (func $through (export "through") (param $x i32) (param $which i32) (result i32)
    (i32.add (i32.const 10)
      (call $bounce (i32.or (i32.shl (local.get $x) (i32.const 3)) (local.get $which)))))
  (func $again (export "again") (param i32) (result i32)
    (call $middle (i32.shr_u (local.get 0) (i32.const 3)) (i32.and (local.get 0) (i32.const 7))))
  (func $catcher (param $x i32) (param $which i32) (result i32) (local $keep i32)
    (local.set $keep (i32.mul (local.get $x) (i32.const 3)))
    (i32.add (local.get $keep)
      (block $caught (result i32)
        (i32.mul (i32.const 1000)
          (try_table (result i32) (catch $e $caught) (call $through (local.get $x) (local.get $which)))))))
  (func $tail (param $x i32) (param $which i32) (result i32)
    (return_call $catcher (local.get $x) (local.get $which)))
  (func $run (export "run") (param $x i32) (param $which i32) (result i32)
    (i32.add (call $tail (local.get $x) (local.get $which)) (i32.const 1))))
)";
constexpr uint32_t kFirst = 1;
constexpr uint32_t kFunctions = 10;

struct Input {
  const char* name;
  int32_t x;
  int32_t which;
};
constexpr Input kInputs[] = {
    {"run", 8, 0}, {"run", 100'000, 0}, {"run", 5, 1}, {"run", 5, 2},     {"run", 0, 2},     {"run", 5, 5},
    {"run", 1, 3}, {"run", 6, 1},       {"run", 9, 2}, {"through", 5, 1}, {"through", 0, 2}, {"through", 8, 0},
};

/// A result, or a trap with all it tells.
std::string tell(const CallResult<int32_t>& result) {
  if (result.has_value()) return std::to_string(*result);
  std::string text(message(result.error().kind));
  for (const BacktraceFrame& frame : result.error().backtrace) {
    text += " " + frame.function_name + "+" + std::to_string(frame.offset);
  }
  return text;
}

class Guest {
 public:
  explicit Guest(TierKind tier) : engine_(all_features(tier)), store_(engine_) {
    Linker linker(engine_);
    must(linker.func("env", "bounce", [this](int32_t x) -> CallResult<int32_t> {
      return must(instance_->func<int32_t(int32_t)>("again"))(x);
    }));
    instance_ = must(linker.instantiate(store_, module_));
  }
  std::vector<std::string> run() {
    std::vector<std::string> results;
    for (const Input& input : kInputs) {
      results.push_back(tell(must(instance_->func<int32_t(int32_t, int32_t)>(input.name))(input.x, input.which)));
    }
    return results;
  }
  void compile(uint32_t mask) {
    std::vector<uint32_t> functions;
    for (uint32_t i = 0; i < kFunctions; ++i) {
      if ((mask >> i & 1) != 0) functions.push_back(kFirst + i);
    }
    attach(engine_, module_, functions);
  }

 private:
  Engine engine_;
  Store store_;
  Module module_ = must(Module::from_wat(engine_, kModule));
  std::optional<Instance> instance_;
};

TEST(Mixed, EveryMixOfTiersActsAsTheInterpreter) {
  if (!have_compiler()) GTEST_SKIP() << "no compiler in this build";
  const std::vector<std::string> expected = Guest(TierKind::kInterpreter).run();
  EXPECT_EQ(expected[2], "21");
  EXPECT_TRUE(expected[4].starts_with("integer divide by zero divide+")) << expected[4];
  EXPECT_EQ(Guest(TierKind::kLlvm).run(), expected);
  std::mt19937 random(1);
  constexpr uint32_t kAll = (1u << kFunctions) - 1;
  std::vector<uint32_t> masks{kAll};
  for (uint32_t i = 0; i < kFunctions; ++i) masks.insert(masks.end(), {1u << i, kAll & ~(1u << i)});
  for (int i = 0; i < 20; ++i) masks.push_back(static_cast<uint32_t>(random()) & kAll);
  for (const uint32_t mask : masks) {
    SCOPED_TRACE(testing::Message() << "compiled: " << std::hex << mask);
    Guest guest(TierKind::kAuto);
    // Half of them begin in the interpreter.
    if (random() % 2 == 0) EXPECT_EQ(guest.run(), expected);
    guest.compile(mask);
    EXPECT_EQ(guest.run(), expected);
    guest.compile(kAll);
    EXPECT_EQ(guest.run(), expected);
  }
}

/// Values of every type, more than there are registers, in and out.
constexpr std::string_view kValues = R"((module
  (import "env" "f" (func $host (param i32) (result i32)))
  (func $swap (param i32 i64 f32 f64 v128 i64 i64 i64 i64 i64 i64 i32 f64 f32 f64 f64 f64 f64 f64 f64 v128 f64)
              (result v128 i32 f64 i64 f32 v128 f64)
    (local.get 20) (i32.add (local.get 0) (local.get 11)) (f64.sub (local.get 3) (local.get 21))
    (i64.sub (local.get 10) (i64.mul (local.get 1) (local.get 9))) (f32.add (local.get 2) (local.get 13))
    (local.get 4) (f64.add (local.get 18) (local.get 19)))
  (func $use (export "use") (param $n i32) (result i64) (local $v v128) (local $w v128) (local $i i32) (local $d f64)
             (local $l i64) (local $f f32) (local $d2 f64)
    (call $swap (local.get $n) (i64.const 3) (f32.const 1.5) (f64.const 2.5) (i64x2.splat (i64.const 11))
      (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 600) (i32.const 70)
      (f64.const 1) (f32.const 2) (f64.const 3) (f64.const 4) (f64.const 5) (f64.const 6) (f64.const 7) (f64.const 8)
      (i32x4.splat (i32.const 9)) (f64.const 10))
    (local.set $d2) (local.set $w) (local.set $f) (local.set $l) (local.set $d) (local.set $i) (local.set $v)
    (i64.add (i64.add (i64x2.extract_lane 1 (local.get $w)) (i64.extend_i32_u (i32x4.extract_lane 3 (local.get $v))))
      (i64.add (i64.mul (local.get $l) (i64.extend_i32_s (local.get $i)))
        (i64.trunc_f64_s (f64.add (f64.mul (local.get $d) (f64.const 100))
          (f64.add (f64.promote_f32 (local.get $f)) (local.get $d2)))))))
  (func (export "call") (param i32) (result i64) (call $use (call $host (local.get 0)))))
)";

TEST(Mixed, ValuesOfAllTypesTravelBetweenTiers) {
  if (!have_compiler()) GTEST_SKIP() << "no compiler in this build";
  std::optional<int64_t> expected;
  const std::vector<uint32_t> mixes[] = {{}, {1}, {2}, {3}, {1, 3}, {1, 2, 3}};
  for (const std::vector<uint32_t>& compiled : mixes) {
    SCOPED_TRACE(testing::PrintToString(compiled));
    const Engine engine(all_features());
    const Module module = must(Module::from_wat(engine, kValues));
    if (!compiled.empty()) attach(engine, module, compiled);
    Store store(engine);
    Linker linker(engine);
    must(linker.func("env", "f", [](int32_t x) { return x + 1; }));
    const Instance instance = must(linker.instantiate(store, module));
    const int64_t result = must(must(instance.func<int64_t(int32_t)>("call"))(41));
    if (!expected) expected = result;
    EXPECT_EQ(result, *expected);
  }
  EXPECT_EQ(*expected, 11 + 9 + (600 - 15) * (42 + 70) + static_cast<int64_t>(-750 + 3.5 + 15));
}

TEST(Mixed, CodeMayComeWhileAFunctionRuns) {
  if (!have_compiler()) GTEST_SKIP() << "no compiler in this build";
  const Engine engine(all_features());
  const Module module = must(Module::from_wat(engine, R"((module
    (import "env" "tick" (func $tick (param i32)))
    (func $square (export "square") (param i32) (result i32) (i32.mul (local.get 0) (local.get 0)))
    (func (export "sum") (param $n i32) (result i32) (local $sum i32)
      (loop
        (local.set $sum (i32.add (local.get $sum) (call $square (local.get $n))))
        (call $tick (local.get $n))
        (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $sum))))"));
  Store store(engine);
  Linker linker(engine);
  must(linker.func("env", "tick", [&](int32_t n) {
    if (n == 500) attach(engine, module, {1});
  }));
  const Instance instance = must(linker.instantiate(store, module));
  const Func square = must(instance.func("square"));
  EXPECT_EQ(square.impl()->native, nullptr);
  EXPECT_EQ(must(must(instance.func<int32_t(int32_t)>("sum"))(1000)), 333'833'500);
  EXPECT_NE(square.impl()->native, nullptr) << "calls went on in the interpreter";
  EXPECT_EQ(must(must(square.typed<int32_t(int32_t)>())(12)), 144);
}

}  // namespace
}  // namespace wherry::native_test
