// Host functions: every type in both directions, every way to write one, and what they know of their caller.
#include <cmath>
#include <functional>
#include <limits>

#include "api_util.h"

namespace wherry {
namespace {

using HostFuncTest = ApiTest;

TEST_F(HostFuncTest, NumbersCrossInBothDirections) {
  linker.func("env", "i32", [](int32_t x) { return x - 1; });
  linker.func("env", "u32", [](uint32_t x) { return x + 1; });
  linker.func("env", "i64", [](int64_t x) { return x - 1; });
  linker.func("env", "u64", [](uint64_t x) { return x + 1; });
  linker.func("env", "f32", [](float x) { return x / 2; });
  linker.func("env", "f64", [](double x) { return x / 2; });
  linker.func("env", "v128", [](V128 x) { return V128::from_halves(x.high(), x.low()); });
  const Instance instance = instantiate(R"((module
    (import "env" "i32" (func $i32 (param i32) (result i32)))
    (import "env" "u32" (func $u32 (param i32) (result i32)))
    (import "env" "i64" (func $i64 (param i64) (result i64)))
    (import "env" "u64" (func $u64 (param i64) (result i64)))
    (import "env" "f32" (func $f32 (param f32) (result f32)))
    (import "env" "f64" (func $f64 (param f64) (result f64)))
    (import "env" "v128" (func $v128 (param v128) (result v128)))
    (func (export "i32") (param i32) (result i32) (call $i32 (local.get 0)))
    (func (export "u32") (param i32) (result i32) (call $u32 (local.get 0)))
    (func (export "i64") (param i64) (result i64) (call $i64 (local.get 0)))
    (func (export "u64") (param i64) (result i64) (call $u64 (local.get 0)))
    (func (export "f32") (param f32) (result f32) (call $f32 (local.get 0)))
    (func (export "f64") (param f64) (result f64) (call $f64 (local.get 0)))
    (func (export "v128") (param v128) (result v128) (call $v128 (local.get 0)))))");
  EXPECT_EQ(must(must(instance.func<int32_t(int32_t)>("i32"))(std::numeric_limits<int32_t>::min() + 1)),
            std::numeric_limits<int32_t>::min());
  EXPECT_EQ(must(must(instance.func<uint32_t(uint32_t)>("u32"))(0xFFFF'FFFE)), 0xFFFF'FFFFu);
  EXPECT_EQ(must(must(instance.func<int64_t(int64_t)>("i64"))(0)), -1);
  EXPECT_EQ(must(must(instance.func<uint64_t(uint64_t)>("u64"))(~uint64_t{1})), ~uint64_t{0});
  EXPECT_EQ(must(must(instance.func<float(float)>("f32"))(3)), 1.5f);
  EXPECT_EQ(must(must(instance.func<double(double)>("f64"))(-3)), -1.5);
  EXPECT_EQ(must(must(instance.func<V128(V128)>("v128"))(V128::from_halves(1, 2))), V128::from_halves(2, 1));
}

TEST_F(HostFuncTest, SignallingNanKeepsItsPayload) {
  uint32_t seen = 0;
  linker.func("env", "f", [&](float x) {
    seen = std::bit_cast<uint32_t>(x);
    return x;
  });
  const Instance instance = instantiate(R"((module
    (import "env" "f" (func $f (param f32) (result f32)))
    (func (export "run") (result i32) (i32.reinterpret_f32 (call $f (f32.const nan:0x200001))))))");
  EXPECT_EQ(must(must(instance.func<uint32_t()>("run"))()), 0x7FA00001u);
  EXPECT_EQ(seen, 0x7FA00001u);
}

TEST_F(HostFuncTest, MixedArgumentsAndSeveralResults) {
  linker.func("env", "mix", [](int32_t a, V128 b, double c, int64_t d) {
    return std::tuple{d + a, b, c, static_cast<int32_t>(b.low())};
  });
  const Instance instance = instantiate(R"((module
    (import "env" "mix" (func $mix (param i32 v128 f64 i64) (result i64 v128 f64 i32)))
    (func (export "run") (param i32 v128 f64 i64) (result i64 v128 f64 i32)
      (call $mix (local.get 0) (local.get 1) (local.get 2) (local.get 3)))))");
  auto run = must(instance.func<std::tuple<int64_t, V128, double, int32_t>(int32_t, V128, double, int64_t)>("run"));
  const auto [sum, vector, number, low] = must(run(1, V128::from_halves(7, 8), 0.5, int64_t{1} << 40));
  EXPECT_EQ(sum, (int64_t{1} << 40) + 1);
  EXPECT_EQ(vector, V128::from_halves(7, 8));
  EXPECT_EQ(number, 0.5);
  EXPECT_EQ(low, 7);
}

int32_t plain_function(int32_t x) noexcept { return x + 100; }

TEST_F(HostFuncTest, AnyCallableWillDo) {
  int calls = 0;
  linker.func("env", "pointer", &plain_function);
  linker.func("env", "reference", plain_function);
  linker.func("env", "std", std::function<int32_t(int32_t)>([](int32_t x) { return x + 200; }));
  linker.func("env", "mutable", [n = 0](int32_t x) mutable { return x + ++n; });
  linker.func("env", "void", [&] { ++calls; });
  const Instance instance = instantiate(R"((module
    (import "env" "pointer" (func $a (param i32) (result i32)))
    (import "env" "reference" (func $b (param i32) (result i32)))
    (import "env" "std" (func $c (param i32) (result i32)))
    (import "env" "mutable" (func $d (param i32) (result i32)))
    (import "env" "void" (func $e))
    (func (export "run") (result i32)
      (call $e)
      (call $d (call $d (call $c (call $b (call $a (i32.const 0)))))))))");
  EXPECT_EQ(must(must(instance.func<int32_t()>("run"))()), 100 + 100 + 200 + 1 + 2);
  EXPECT_EQ(calls, 1);
}

TEST_F(HostFuncTest, RawFunctionWorksOnSlots) {
  linker.raw_function("env", "sum", {{ValType::kI32, ValType::kI64, ValType::kV128}, {ValType::kI64, ValType::kI32}},
                      [](Caller&, std::span<Slot> slots) -> CallResult<> {
                        EXPECT_EQ(slots.size(), 4u);
                        const uint64_t sum = static_cast<uint32_t>(slots[0]) + slots[1] + slots[2] + slots[3];
                        slots[0] = sum;
                        slots[1] = 5;
                        return {};
                      });
  const Instance instance = instantiate(R"((module
    (import "env" "sum" (func $sum (param i32 i64 v128) (result i64 i32)))
    (func (export "run") (result i64 i32)
      (call $sum (i32.const 1) (i64.const 2) (v128.const i64x2 3 4)))))");
  EXPECT_EQ(must(must(instance.func<std::tuple<uint64_t, int32_t>()>("run"))()), std::tuple(10u, 5));
}

TEST_F(HostFuncTest, ValuesFunctionHasItsTypeAtRunTime) {
  linker.values_function("env", "swap", {{ValType::kI32, ValType::externref()}, {ValType::externref(), ValType::kI32}},
                         [](Caller&, std::span<const Value> args, std::span<Value> results) -> CallResult<> {
                           EXPECT_TRUE(results[0].is_null());
                           EXPECT_EQ(results[1].i32(), 0);
                           results[0] = args[1];
                           results[1] = args[0];
                           return {};
                         });
  const Instance instance = instantiate(R"((module
    (import "env" "swap" (func $swap (param i32 externref) (result externref i32)))
    (func (export "run") (param i32 externref) (result externref i32) (call $swap (local.get 0) (local.get 1)))))");
  const ExternRef ref = must(ExternRef::make(store, 99));
  const std::vector<Value> results = must(must(instance.func("run")).call({3, ref}));
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].externref(), ref);
  EXPECT_EQ(results[0].externref().word(), 99u);
  EXPECT_EQ(results[1].i32(), 3);
}

TEST_F(HostFuncTest, ValuesFunctionWithAWrongResultFailsTheGuest) {
  linker.values_function("env", "f", {{}, {ValType::kI32}},
                         [](Caller&, std::span<const Value>, std::span<Value> results) -> CallResult<> {
                           results[0] = 1.5;
                           return {};
                         });
  const Instance instance = instantiate(R"((module (import "env" "f" (func $f (result i32))) (export "f" (func $f))
    (func (export "run") (result i32) (call $f))))");
  for (const char* name : {"f", "run"}) {
    const auto result = must(instance.func<int32_t()>(name))();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind, TrapKind::kHostError);
    EXPECT_EQ(result.error().message, "host function failed: result 1: expected i32, found f64");
  }
}

TEST_F(HostFuncTest, CallerIsTheInstanceThatCalls) {
  linker.func("env", "peek", [](Caller& caller, uint32_t address) -> CallResult<int32_t> {
    const std::span<uint8_t> bytes = caller.memory_bytes();
    if (address >= bytes.size()) return caller.fail("out of bounds");
    EXPECT_EQ(caller.memory()->data().data(), bytes.data());
    EXPECT_EQ(must(caller.instance()->memory("m")), *caller.memory());
    return bytes[address];
  });
  const Module module = wat(engine, R"((module
    (import "env" "peek" (func $peek (param i32) (result i32)))
    (memory (export "m") 1)
    (func (export "set") (param i32) (i32.store8 (i32.const 5) (local.get 0)))
    (func (export "run") (param i32) (result i32) (call $peek (local.get 0)))))");
  const Instance a = must(linker.instantiate(store, module));
  const Instance b = must(linker.instantiate(store, module));
  must(must(a.func<void(int32_t)>("set"))(11));
  must(must(b.func<void(int32_t)>("set"))(22));
  EXPECT_EQ(must(must(a.func<int32_t(int32_t)>("run"))(5)), 11);
  EXPECT_EQ(must(must(b.func<int32_t(int32_t)>("run"))(5)), 22);
  const auto failed = must(b.func<int32_t(int32_t)>("run"))(65536);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().message, "host function failed: out of bounds");
}

TEST_F(HostFuncTest, NoCallerWhenTheHostCallsDirectly) {
  const Func f = Func::wrap(store, [](Caller& caller, int32_t x) {
    EXPECT_FALSE(caller.instance().has_value());
    EXPECT_FALSE(caller.memory().has_value());
    EXPECT_TRUE(caller.memory_bytes().empty());
    return x * 2;
  });
  EXPECT_EQ(must(must(f.typed<int32_t(int32_t)>())(21)), 42);
  EXPECT_EQ(must(f.call({21}))[0].i32(), 42);
}

TEST_F(HostFuncTest, CallerSurvivesANestedCall) {
  // A host function calls back into another instance; afterwards its caller must still be the first one.
  linker.func("env", "id", [](Caller& caller) { return static_cast<int32_t>(caller.memory_bytes()[0]); });
  const Instance inner = instantiate(R"((module (import "env" "id" (func $id (result i32))) (memory 1)
    (data (i32.const 0) "\02") (func (export "run") (result i32) (call $id))))");
  linker.func("env", "nest", [&](Caller& caller) -> CallResult<int32_t> {
    auto nested = must(inner.func<int32_t()>("run"))();
    if (!nested.has_value()) return nested;
    return *nested * 10 + caller.memory_bytes()[0];
  });
  const Instance outer = instantiate(R"((module (import "env" "id" (func $id (result i32)))
    (import "env" "nest" (func $nest (result i32))) (memory 1) (data (i32.const 0) "\01")
    (func (export "run") (result i32) (i32.add (i32.mul (call $nest) (i32.const 10)) (call $id)))))");
  EXPECT_EQ(must(must(outer.func<int32_t()>("run"))()), 211);
}

TEST_F(HostFuncTest, FunctionReferencesCross) {
  linker.func("env", "apply", [](Func f, int32_t x) -> CallResult<int32_t> {
    if (f.is_null()) return -1;
    return must(f.typed<int32_t(int32_t)>())(x);
  });
  linker.func("env", "pick",
              [](Caller& caller, int32_t add) { return Func::wrap(caller, [add](int32_t x) { return x + add; }); });
  const Instance instance = instantiate(R"((module
    (type $t (func (param i32) (result i32)))
    (import "env" "apply" (func $apply (param funcref i32) (result i32)))
    (import "env" "pick" (func $pick (param i32) (result funcref)))
    (table $table 1 funcref)
    (elem declare func $double)
    (func $double (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
    (func (export "guest") (result i32) (call $apply (ref.func $double) (i32.const 21)))
    (func (export "null") (result i32) (call $apply (ref.null func) (i32.const 21)))
    (func (export "host") (result i32)
      (table.set $table (i32.const 0) (call $pick (i32.const 5)))
      (call_indirect $table (type $t) (i32.const 10) (i32.const 0)))))");
  EXPECT_EQ(must(must(instance.func<int32_t()>("guest"))()), 42);
  EXPECT_EQ(must(must(instance.func<int32_t()>("null"))()), -1);
  EXPECT_EQ(must(must(instance.func<int32_t()>("host"))()), 15);
}

TEST_F(HostFuncTest, TypedChecksTheType) {
  const Instance instance = instantiate(R"((module
    (func (export "f") (param i32 i64) (result f32) (f32.const 1))
    (func (export "r") (result (ref func)) (ref.func 0))))");
  EXPECT_TRUE(instance.func<float(uint32_t, int64_t)>("f").has_value());
  EXPECT_TRUE(instance.func<Func()>("r").has_value());  // (ref func) is a funcref
  const auto wrong = instance.func<double(int32_t, int64_t)>("f");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code, ErrorCode::kType);
  EXPECT_EQ(wrong.error().message, "expected func [i32 i64] -> [f64], found func [i32 i64] -> [f32]");
  EXPECT_FALSE(instance.func<float(int32_t)>("f").has_value());
  EXPECT_FALSE(instance.func<void(int32_t, int64_t)>("f").has_value());
}

TEST_F(HostFuncTest, UntypedCallChecksItsArguments) {
  const Instance instance = instantiate(R"((module (type $t (func))
    (func (export "f") (param i32 i64))
    (func (export "g") (param (ref $t)))
    (func (export "h") (param i31ref))
    (export "t" (func 3)) (func (type $t))))");
  auto message_of = [&](const char* name, std::vector<Value> args) {
    const auto result = must(instance.func(name)).call(args);
    return result.has_value() ? std::string("ok") : result.error().message;
  };
  EXPECT_EQ(message_of("f", {1, int64_t{2}}), "ok");
  EXPECT_EQ(message_of("f", {1}), "host function failed: expected 2 arguments, found 1");
  EXPECT_EQ(message_of("f", {1, 2}), "host function failed: argument 2: expected i64, found i32");
  EXPECT_EQ(message_of("g", {must(instance.func("t"))}), "ok");
  EXPECT_NE(message_of("g", {must(instance.func("f"))}), "ok");
  EXPECT_NE(message_of("g", {Func()}), "ok");
  EXPECT_EQ(message_of("h", {AnyRef::i31(3)}), "ok");
  EXPECT_EQ(message_of("h", {AnyRef()}), "ok");
  EXPECT_NE(message_of("h", {ExternRef()}), "ok");

  Store other(engine);
  EXPECT_EQ(message_of("g", {Func::wrap(other, [] {})}),
            "host function failed: argument 1: a reference of another store");
}

TEST_F(HostFuncTest, DataOfTheStoreIsFoundByType) {
  struct Counter {
    int value;
  };
  linker.func("env", "count", [](Caller& caller) { return ++caller.data<Counter>().value; });
  const Module module = wat(engine, R"((module (import "env" "count" (func $count (result i32)))
    (func (export "run") (result i32) (call $count))))");
  Store other(engine);
  store.emplace_data<Counter>(10);
  other.emplace_data<Counter>(20);
  store.emplace_data<std::string>("beside it");
  const auto a = must(must(linker.instantiate(store, module)).func<int32_t()>("run"));
  const auto b = must(must(linker.instantiate(other, module)).func<int32_t()>("run"));
  EXPECT_EQ(must(a()), 11);
  EXPECT_EQ(must(b()), 21);
  EXPECT_EQ(must(a()), 12);
  EXPECT_EQ(store.data<std::string>(), "beside it");
  EXPECT_EQ(other.find_data<std::string>(), nullptr);
}

}  // namespace
}  // namespace wherry
