// Linking: what is found, what is refused and in which words, and what instances share.
#include <atomic>
#include <thread>
#include <vector>

#include "api_util.h"

namespace wherry {
namespace {

class LinkerTest : public ApiTest {
 protected:
  std::string error_of(std::string_view text) {
    const auto result = linker.instantiate(store, wat(engine, text));
    if (result.has_value()) return "ok";
    EXPECT_EQ(result.error().code, ErrorCode::kUnlinkable);
    return result.error().message;
  }
};

TEST_F(LinkerTest, UnknownImports) {
  EXPECT_EQ(error_of(R"((module (import "env" "foo" (func (param i32)))))"),
            "unknown import: env.foo (func [i32] -> [])");
  EXPECT_EQ(error_of(R"((module (import "env" "m" (memory 1 2))))"), "unknown import: env.m (memory 1 2)");
  EXPECT_EQ(error_of(R"((module (import "a" "g" (global (mut i64)))))"), "unknown import: a.g (global (mut i64))");
  EXPECT_EQ(error_of(R"((module (import "a" "t" (table 3 funcref))))"), "unknown import: a.t (table 3 funcref)");
  EXPECT_EQ(error_of(R"((module (import "a" "e" (tag (param f32)))))"), "unknown import: a.e (tag [f32])");
}

TEST_F(LinkerTest, IncompatibleImports) {
  must(linker.func("env", "f", [](int64_t) {}));
  must(linker.define("env", "m", must(Memory::make(store, {.limits = {1, 2}}))));
  must(linker.define("env", "s", must(SharedMemory::make(engine, {.limits = {1, 2}, .shared = true}))));
  must(linker.define("env", "g", must(Global::make(store, {ValType::kI32, true}, 1))));
  EXPECT_EQ(error_of(R"((module (import "env" "f" (func (param i32)))))"),
            "incompatible import type: env.f: expected func [i32] -> [], found func [i64] -> []");
  EXPECT_EQ(error_of(R"((module (import "env" "f" (memory 1))))"),
            "incompatible import type: env.f: expected memory 1, found func [i64] -> []");
  EXPECT_EQ(error_of(R"((module (import "env" "m" (memory 2))))"),
            "incompatible import type: env.m: expected memory 2, found memory 1 2");
  EXPECT_EQ(error_of(R"((module (import "env" "s" (memory 1 2))))"),
            "incompatible import type: env.s: expected memory 1 2, found memory 1 2 shared");
  EXPECT_EQ(error_of(R"((module (import "env" "g" (global i32))))"),
            "incompatible import type: env.g: expected global i32, found global (mut i32)");
  EXPECT_EQ(error_of(R"((module (import "env" "g" (global (mut i32)))))"), "ok");
  EXPECT_EQ(error_of(R"((module (import "env" "m" (memory 1 3))))"), "ok");
}

TEST_F(LinkerTest, DefiningTwice) {
  must(linker.func("env", "f", [] { return 1; }));
  const auto again = linker.func("env", "f", [] { return 2; });
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().message, "defined twice: env.f");
  linker.allow_shadowing(true);
  must(linker.func("env", "f", [] { return 3; }));
  const Instance instance = instantiate(R"((module (import "env" "f" (func $f (result i32))) (export "f" (func $f))))");
  EXPECT_EQ(must(must(instance.func<int32_t()>("f"))()), 3);
}

TEST_F(LinkerTest, AliasesAndInstances) {
  must(linker.func("env", "f", [] { return 7; }));
  must(linker.alias("env", "f", "other", "g"));
  must(linker.alias_module("env", "copy"));
  EXPECT_EQ(linker.alias("env", "nothing", "a", "b").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(linker.alias_module("nothing", "a").error().code, ErrorCode::kNotFound);
  must(linker.instance("lib", instantiate(R"((module (func (export "h") (result i32) (i32.const 30))
    (memory (export "m") 1) (table (export "t") 1 funcref) (global (export "g") i32 (i32.const 3)) (tag (export "e"))))")));
  const Instance instance = instantiate(R"((module
    (import "other" "g" (func $g (result i32))) (import "copy" "f" (func $f (result i32)))
    (import "lib" "h" (func $h (result i32))) (import "lib" "m" (memory 1)) (import "lib" "t" (table 1 funcref))
    (import "lib" "g" (global $x i32)) (import "lib" "e" (tag))
    (func (export "run") (result i32)
      (i32.add (i32.add (call $g) (call $f)) (i32.add (call $h) (global.get $x))))))");
  EXPECT_EQ(must(must(instance.func<int32_t()>("run"))()), 7 + 7 + 30 + 3);
}

TEST_F(LinkerTest, MissingImports) {
  must(linker.func("env", "f", [] {}));
  const Module module =
      wat(engine, R"((module (import "env" "f" (func)) (import "env" "x" (func)) (import "y" "z" (memory 1))))");
  const std::vector<ImportType> missing = linker.missing(module);
  ASSERT_EQ(missing.size(), 2u);
  EXPECT_EQ(missing[0].name, "x");
  EXPECT_EQ(missing[1].module, "y");
}

TEST_F(LinkerTest, InstancesShareMemoryAndTable) {
  const Instance owner = instantiate(R"((module (memory (export "m") 1) (table (export "t") 4 funcref)
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0)))
    (func (export "size") (result i32) (memory.size))))");
  must(linker.instance("owner", owner));
  const Instance user = instantiate(R"((module (import "owner" "m" (memory 1)) (import "owner" "t" (table 4 funcref))
    (elem (i32.const 2) $f) (global $secret i32 (i32.const 1234))
    (func $f (result i32) (global.get $secret))
    (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "grow") (result i32) (memory.grow (i32.const 2)))))");
  must(must(user.func<void(int32_t, int32_t)>("store"))(100, 77));
  EXPECT_EQ(must(must(owner.func<int32_t(int32_t)>("load"))(100)), 77);
  EXPECT_EQ(must(must(owner.func<int32_t(int32_t)>("call"))(2)), 1234);
  EXPECT_EQ(must(must(user.func<int32_t()>("grow"))()), 1);
  EXPECT_EQ(must(must(owner.func<int32_t()>("size"))()), 3);
  EXPECT_EQ(must(owner.memory("m")).pages(), 3u);
  EXPECT_EQ(must(must(owner.table("t")).get(2)).func().type(), (FuncType{{}, {ValType::kI32}}));
}

TEST_F(LinkerTest, APreparedModuleServesManyStores) {
  std::atomic<int> calls = 0;
  must(linker.func("env", "f", [&](int32_t x) {
    ++calls;
    return x + 1;
  }));
  const InstancePre pre =
      must(linker.prepare(wat(engine, R"((module (import "env" "f" (func $f (param i32) (result i32)))
    (global $n (mut i32) (i32.const 0))
    (func (export "run") (result i32)
      (global.set $n (call $f (global.get $n))) (global.get $n))))")));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        Store own(pre.module().engine());
        const auto run = must(must(pre.instantiate(own)).func<int32_t()>("run"));
        for (int n = 1; n <= 10; ++n) EXPECT_EQ(must(run()), n);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(calls, 4 * 25 * 10);
}

TEST_F(LinkerTest, WhatBelongsToAStoreStaysThere) {
  must(linker.define("env", "m", must(Memory::make(store, {.limits = {1, {}}}))));
  const InstancePre pre = must(linker.prepare(wat(engine, R"((module (import "env" "m" (memory 1))))")));
  EXPECT_TRUE(pre.instantiate(store).has_value());
  Store other(engine);
  const auto result = pre.instantiate(other);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message, "an import of another store");
}

TEST_F(LinkerTest, EnginesDoNotMix) {
  const Engine other;
  EXPECT_EQ(linker.prepare(wat(other, "(module)")).error().code, ErrorCode::kUnlinkable);
  Store foreign(other);
  EXPECT_EQ(linker.instantiate(foreign, wat(engine, "(module)")).error().code, ErrorCode::kUnlinkable);
  EXPECT_EQ(linker.define("a", "b", must(Memory::make(foreign, {.limits = {1, {}}}))).error().code,
            ErrorCode::kUnlinkable);
}

TEST_F(LinkerTest, InstantiateWithoutALinker) {
  const Module module = wat(engine, R"((module (import "a" "f" (func $f (result i32))) (import "a" "g" (global $g i32))
    (func (export "run") (result i32) (i32.add (call $f) (global.get $g)))))");
  const Extern imports[] = {Func::wrap(store, [] { return 40; }), must(Global::make(store, {ValType::kI32}, 2))};
  EXPECT_EQ(must(must(must(Instance::make(store, module, imports)).func<int32_t()>("run"))()), 42);
  EXPECT_EQ(Instance::make(store, module, std::span(imports).first(1)).error().code, ErrorCode::kUnlinkable);
  const Extern swapped[] = {imports[1], imports[0]};
  EXPECT_EQ(Instance::make(store, module, swapped).error().message,
            "incompatible import type: a.f: expected func [] -> [i32], found global i32");
}

TEST_F(LinkerTest, CopiesAreIndependent) {
  must(linker.func("env", "f", [] {}));
  Linker copy = linker;
  must(copy.func("env", "g", [] {}));
  const Module module = wat(engine, R"((module (import "env" "f" (func)) (import "env" "g" (func))))");
  EXPECT_TRUE(copy.prepare(module).has_value());
  EXPECT_FALSE(linker.prepare(module).has_value());
}

}  // namespace
}  // namespace wherry
