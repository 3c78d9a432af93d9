// Traps and exceptions, within the guest, out to the host, and through host frames.
#include "api_util.h"

namespace wherry {
namespace {

using TrapTest = ApiTest;

TEST_F(TrapTest, ATrapSaysWhatAndWhere) {
  const Instance instance = instantiate(R"((module $app
    (memory 1)
    (func $load (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "run") (param i32) (result i32) (call $load (local.get 0)))))");
  const auto run = must(instance.func<int32_t(int32_t)>("run"));
  EXPECT_EQ(must(run(0)), 0);
  const auto result = run(-1);
  ASSERT_FALSE(result.has_value());
  const Trap& trap = result.error();
  EXPECT_EQ(trap.kind, TrapKind::kMemoryOutOfBounds);
  EXPECT_EQ(trap.message, "out of bounds memory access");
  ASSERT_EQ(trap.backtrace.size(), 2u);
  EXPECT_EQ(trap.backtrace[0].function_name, "load");
  EXPECT_EQ(trap.backtrace[0].module_name, "app");
  EXPECT_EQ(trap.backtrace[0].function_index, 0u);
  EXPECT_EQ(trap.backtrace[1].function_name, "run");  // by its export
  EXPECT_LT(trap.backtrace[0].offset, trap.backtrace[1].offset);
  EXPECT_TRUE(trap.to_string().starts_with("trap: out of bounds memory access\n  0: $load (app+0x"))
      << trap.to_string();
  EXPECT_EQ(must(run(0)), 0);  // and the instance lives on
}

TEST_F(TrapTest, EveryKindOfTrap) {
  const Instance instance = instantiate(R"((module
    (type $t (func)) (type $u (func (param i32))) (type $a (array (mut i32)))
    (memory 1) (table 2 funcref) (elem (i32.const 0) $f)
    (func $f)
    (func (export "unreachable") unreachable)
    (func (export "table") (call_indirect (type $t) (i32.const 9)))
    (func (export "uninitialized") (call_indirect (type $t) (i32.const 1)))
    (func (export "mismatch") (call_indirect (type $u) (i32.const 1) (i32.const 0)))
    (func (export "overflow") (drop (i32.div_s (i32.const 0x80000000) (i32.const -1))))
    (func (export "zero") (drop (i32.rem_u (i32.const 1) (i32.const 0))))
    (func (export "nan") (drop (i64.trunc_f32_s (f32.const nan))))
    (func (export "null") (call_ref $t (ref.null $t)))
    (func (export "array") (drop (array.get $a (array.new_default $a (i32.const 3)) (i32.const 3))))
    (func (export "cast") (drop (ref.cast (ref i31) (array.new_default $a (i32.const 3)))))
    (func $deep (export "deep") (call $deep))))");
  const std::pair<const char*, TrapKind> cases[] = {
      {"unreachable", TrapKind::kUnreachable},
      {"table", TrapKind::kUndefinedElement},
      {"uninitialized", TrapKind::kUninitializedElement},
      {"mismatch", TrapKind::kIndirectCallTypeMismatch},
      {"overflow", TrapKind::kIntegerOverflow},
      {"zero", TrapKind::kIntegerDivideByZero},
      {"nan", TrapKind::kInvalidConversionToInteger},
      {"null", TrapKind::kNullFunctionReference},
      {"array", TrapKind::kArrayOutOfBounds},
      {"cast", TrapKind::kCastFailure},
      {"deep", TrapKind::kStackOverflow},
  };
  for (const auto& [name, kind] : cases) {
    const auto result = must(instance.func<void()>(name))();
    ASSERT_FALSE(result.has_value()) << name;
    EXPECT_EQ(result.error().kind, kind) << name << ": " << result.error().message;
    ASSERT_FALSE(result.error().backtrace.empty()) << name;
    EXPECT_EQ(result.error().backtrace[0].function_name, name);
  }
}

TEST_F(TrapTest, BacktracesOfDeepStacksAreCut) {
  const Instance instance = instantiate(R"((module (func $deep (export "deep") (call $deep))))");
  const auto result = must(instance.func<void()>("deep"))();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().backtrace.size(), Trap::kMaxBacktraceFrames);
}

TEST_F(TrapTest, HostErrorsAndExits) {
  linker.func("env", "fail", [](Caller& caller) -> CallResult<> { return caller.fail("disk full"); });
  linker.func("env", "exit", [](uint32_t code) -> CallResult<> { return std::unexpected(Trap::exit(code)); });
  const Instance instance = instantiate(R"((module
    (import "env" "fail" (func $fail)) (import "env" "exit" (func $exit (param i32)))
    (func (export "fail") (call $fail) unreachable)
    (func (export "exit") (param i32) (call $exit (local.get 0)) unreachable)))");
  const auto failed = must(instance.func<void()>("fail"))();
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().kind, TrapKind::kHostError);
  EXPECT_EQ(failed.error().message, "host function failed: disk full");
  ASSERT_EQ(failed.error().backtrace.size(), 1u);
  EXPECT_EQ(failed.error().backtrace[0].function_name, "fail");
  const auto exited = must(instance.func<void(uint32_t)>("exit"))(42);
  ASSERT_FALSE(exited.has_value());
  EXPECT_EQ(exited.error().kind, TrapKind::kExit);
  EXPECT_EQ(exited.error().exit_code, 42u);
}

TEST_F(TrapTest, ATrapOutsideWebAssemblyHasNoBacktrace) {
  const Instance instance = instantiate(R"((module (func (export "trap") unreachable)))");
  EXPECT_EQ(must(instance.func<void()>("trap"))().error().backtrace.size(), 1u);
  const Func host = Func::wrap(store, [](Caller& caller) -> CallResult<> { return caller.fail("no"); });
  const auto result = host.call({});
  ASSERT_FALSE(result.has_value());
  EXPECT_TRUE(result.error().backtrace.empty()) << result.error().to_string();
}

/// guest `outer` -> host `bounce` -> guest `inner`.
constexpr std::string_view kNested = R"((module
  (import "env" "bounce" (func $bounce (param i32) (result i32)))
  (func $inner (export "inner") (param i32) (result i32) (i32.div_u (i32.const 100) (local.get 0)))
  (func $outer (export "outer") (param i32) (result i32) (i32.add (i32.const 1) (call $bounce (local.get 0))))))";

TEST_F(TrapTest, TrapsPassThroughHostFrames) {
  std::optional<Instance> instance;
  bool caught = false;
  linker.func("env", "bounce", [&](int32_t x) -> CallResult<int32_t> {
    auto result = must(instance->func<int32_t(int32_t)>("inner"))(x);
    caught = !result.has_value();
    return result;
  });
  instance = instantiate(kNested);
  const auto outer = must(instance->func<int32_t(int32_t)>("outer"));
  EXPECT_EQ(must(outer(5)), 21);
  EXPECT_FALSE(caught);
  const auto result = outer(0);
  ASSERT_FALSE(result.has_value());
  EXPECT_TRUE(caught);
  EXPECT_EQ(result.error().kind, TrapKind::kIntegerDivideByZero);
  ASSERT_EQ(result.error().backtrace.size(), 2u) << result.error().to_string();
  EXPECT_EQ(result.error().backtrace[0].function_name, "inner");
  EXPECT_EQ(result.error().backtrace[1].function_name, "outer");
}

TEST_F(TrapTest, AHostFunctionMaySwallowATrap) {
  std::optional<Instance> instance;
  linker.func("env", "bounce",
              [&](int32_t x) { return must(instance->func<int32_t(int32_t)>("inner"))(x).value_or(-1); });
  instance = instantiate(kNested);
  const auto outer = must(instance->func<int32_t(int32_t)>("outer"));
  EXPECT_EQ(must(outer(0)), 0);
  EXPECT_EQ(must(outer(10)), 11);
}

TEST_F(TrapTest, RecursionThroughTheHostIsStackExhaustion) {
  std::optional<Instance> instance;
  linker.func("env", "again", [&](int32_t depth) -> CallResult<int32_t> {
    return must(instance->func<int32_t(int32_t)>("run"))(depth + 1);
  });
  instance = instantiate(R"((module (import "env" "again" (func $again (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (call $again (local.get 0)))))");
  const auto result = must(instance->func<int32_t(int32_t)>("run"))(0);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, TrapKind::kStackOverflow);
}

constexpr std::string_view kExceptions = R"((module
  (import "env" "tag" (tag $tag (param i32 f64)))
  (import "env" "call" (func $call (param i32)))
  (func (export "throw") (param i32) (throw $tag (local.get 0) (f64.const 0.5)))
  (func (export "pass") (param i32) (call $call (local.get 0)))
  (func (export "catch") (param i32) (result i32)
    (block $caught (result i32 f64)
      (try_table (catch $tag $caught) (call $call (local.get 0)))
      (return (i32.const -1)))
    (drop))))";

class ExceptionTest : public ApiTest {
 protected:
  Tag tag = must(Tag::make(store, {{ValType::kI32, ValType::kF64}, {}}));
  void SetUp() override { must(linker.define("env", "tag", tag)); }
};

TEST_F(ExceptionTest, UncaughtOnesReachTheHost) {
  linker.func("env", "call", [](int32_t) {});
  const Instance instance = instantiate(kExceptions);
  const auto result = must(instance.func<void(int32_t)>("throw"))(7);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, TrapKind::kUncaughtException);
  EXPECT_EQ(result.error().exception.tag(store), tag);
  const std::vector<Value> args = result.error().exception.args(store);
  ASSERT_EQ(args.size(), 2u);
  EXPECT_EQ(args[0].i32(), 7);
  EXPECT_EQ(args[1].f64(), 0.5);
}

TEST_F(ExceptionTest, GuestsCatchWhatTheHostThrows) {
  linker.func("env", "call", [&](Caller& caller, int32_t x) -> CallResult<> {
    if (x == 0) return {};
    const Value args[] = {x * 2, 1.0};
    return caller.throw_exception(tag, args);
  });
  const Instance instance = instantiate(kExceptions);
  const auto catching = must(instance.func<int32_t(int32_t)>("catch"));
  EXPECT_EQ(must(catching(4)), 8);
  EXPECT_EQ(must(catching(0)), -1);
  const auto passed = must(instance.func<void(int32_t)>("pass"))(4);
  ASSERT_FALSE(passed.has_value());
  EXPECT_EQ(passed.error().kind, TrapKind::kUncaughtException);
  EXPECT_EQ(passed.error().exception.args(store)[0].i32(), 8);
}

TEST_F(ExceptionTest, ThrowingWithWrongArgumentsFails) {
  linker.func("env", "call", [&](Caller& caller, int32_t) -> CallResult<> { return caller.throw_exception(tag, {}); });
  const Instance instance = instantiate(kExceptions);
  const auto result = must(instance.func<int32_t(int32_t)>("catch"))(4);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, TrapKind::kHostError);
}

TEST_F(ExceptionTest, TheyPassThroughHostFrames) {
  std::optional<Instance> instance;
  linker.func("env", "call", [&](int32_t x) { return must(instance->func<void(int32_t)>("throw"))(x); });
  instance = instantiate(kExceptions);
  EXPECT_EQ(must(must(instance->func<int32_t(int32_t)>("catch"))(9)), 9);
}

TEST_F(ExceptionTest, ACaughtOneLeavesNothingBehind) {
  linker.func("env", "call", [&](Caller& caller, int32_t x) -> CallResult<> {
    const Value args[] = {x, 1.0};
    return caller.throw_exception(tag, args);
  });
  const Instance instance = instantiate(kExceptions);
  EXPECT_EQ(must(must(instance.func<int32_t(int32_t)>("catch"))(1)), 1);
  // A later exception of the guest's own must not be taken for the earlier one.
  const auto result = must(instance.func<void(int32_t)>("throw"))(2);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().exception.args(store)[0].i32(), 2);
}

TEST_F(TrapTest, AStartFunctionThatTrapsGivesAnErrorWithTheTrap) {
  linker.func("env", "exit", [](uint32_t code) -> CallResult<> { return std::unexpected(Trap::exit(code)); });
  const auto exited = linker.instantiate(store, wat(engine, R"((module (import "env" "exit" (func $exit (param i32)))
    (func $start (call $exit (i32.const 3))) (start $start)))"));
  ASSERT_FALSE(exited.has_value());
  EXPECT_EQ(exited.error().code, ErrorCode::kTrap);
  ASSERT_NE(exited.error().trap, nullptr);
  EXPECT_EQ(exited.error().trap->exit_code, 3u);

  const auto segment = linker.instantiate(store, wat(engine, R"((module (memory 1) (data (i32.const 65536) "x")))"));
  ASSERT_FALSE(segment.has_value());
  EXPECT_EQ(segment.error().code, ErrorCode::kTrap);
  ASSERT_NE(segment.error().trap, nullptr);
  EXPECT_EQ(segment.error().trap->kind, TrapKind::kMemoryOutOfBounds);
}

}  // namespace
}  // namespace wherry
