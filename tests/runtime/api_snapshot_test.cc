// Snapshots and statistics.
#include <cstring>

#include "api_util.h"
#include "wherry/snapshot.h"

namespace wherry {
namespace {

using SnapshotTest = ApiTest;

constexpr std::string_view kApp = R"((module $app
  (import "env" "host" (func $host (result i32)))
  (type $f (func (result i32)))
  (memory $m (export "memory") 1 10) (memory $n (export "second") i64 1)
  (table $t (export "table") 4 20 funcref) (table $u 2 (ref null $f)) (table $x 3 externref)
  (global $g (export "g") (mut i32) (i32.const 1)) (global $v (mut v128) (v128.const i64x2 0 0))
  (global $h (mut f64) (f64.const 0)) (global $r (mut funcref) (ref.null func)) (global $i (mut i31ref) (ref.null i31))
  (global $const i32 (i32.const 77))
  (elem declare func $host)
  (elem $e (table $t) (i32.const 0) func $one) (elem $p func $two $one)
  (data $d (i32.const 8) "active") (data $q "passive") (data $z "gone")
  (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))
  (func $start (global.set $g (i32.add (global.get $g) (i32.const 100)))) (start $start)
  (func (export "init")
    (global.set $g (i32.add (global.get $g) (i32.const 10)))
    (global.set $v (v128.const i64x2 5 -6)) (global.set $h (f64.const -2.5))
    (global.set $r (ref.func $two)) (global.set $i (ref.i31 (i32.const -9)))
    (drop (memory.grow $m (i32.const 2)))
    (i64.store (i32.const 150000) (i64.const 0x1122334455667788))
    (i32.store8 $n (i64.const 65535) (i32.const 42))
    (memory.init $m $z (i32.const 1000) (i32.const 0) (i32.const 4)) (data.drop $z)
    (drop (table.grow $t (ref.func $host) (i32.const 3)))
    (table.set $t (i32.const 0) (ref.null func)) (table.set $t (i32.const 2) (ref.func $two))
    (table.set $u (i32.const 1) (ref.func $one)))
  (func (export "sum") (result i32)
    (i32.add (i32.add (global.get $g) (i31.get_s (global.get $i)))
             (i32.add (i32.trunc_f64_s (global.get $h)) (i32.load8_u $n (i64.const 65535)))))
  (func (export "call") (param i32) (result i32) (call_indirect $t (type $f) (local.get 0)))
  (func (export "call_u") (result i32) (call_ref $f (table.get $u (i32.const 1))))
  (func (export "lane") (result i64) (i64x2.extract_lane 1 (global.get $v)))
  (func (export "passive") (memory.init $m $q (i32.const 0) (i32.const 0) (i32.const 7)))
  (func (export "gone") (memory.init $m $z (i32.const 0) (i32.const 0) (i32.const 1)))
  (func (export "active") (memory.init $m $d (i32.const 0) (i32.const 0) (i32.const 1)))
  (func (export "elements") (table.init $t $p (i32.const 1) (i32.const 0) (i32.const 1)))
  (func (export "set_extern") (param externref) (table.set $x (i32.const 0) (local.get 0)))
  (func (export "size") (result i32) (table.size $t))))";

TEST_F(SnapshotTest, TheNewModuleBeginsWhereTheInstanceStood) {
  must(linker.func("env", "host", [] { return 30; }));
  const Instance warm = instantiate(kApp);
  must(must(warm.func<void()>("init"))());
  const std::vector<uint8_t> bytes = must(snapshot(warm, {.drop_exports = {"init"}}));
  const Module ready = must(Module::from_binary(engine, bytes));
  EXPECT_EQ(ready.name(), "app");
  EXPECT_FALSE(ready.export_type("init").has_value());
  for (int round = 0; round < 2; ++round) {
    Store own(engine);
    const Instance instance = must(linker.instantiate(own, ready));
    const auto i32 = [&](std::string_view name) { return must(must(instance.func<int32_t()>(name))()); };
    const auto call = must(instance.func<int32_t(int32_t)>("call"));
    const auto run = [&](std::string_view name) { return must(instance.func<void()>(name))(); };
    EXPECT_EQ(must(instance.global("g")).get().i32(), 111) << "the start function ran once, before";
    EXPECT_EQ(i32("sum"), 111 - 9 - 2 + 42);
    EXPECT_EQ(must(must(instance.func<int64_t()>("lane"))()), -6);
    EXPECT_EQ(i32("size"), 7);
    EXPECT_EQ(call(0).error().kind, TrapKind::kUninitializedElement);
    EXPECT_EQ(must(call(2)), 2);
    EXPECT_EQ(must(call(6)), 30);
    EXPECT_EQ(i32("call_u"), 1);
    const Memory memory = must(instance.memory("memory"));
    EXPECT_EQ(memory.pages(), 3u);
    EXPECT_EQ(memory.load<uint64_t>(150'000), 0x1122334455667788u);
    EXPECT_EQ(memory.read_string(8, 6), "active");
    EXPECT_EQ(memory.read_string(1000, 4), "gone");
    EXPECT_TRUE(run("passive").has_value());
    EXPECT_EQ(memory.read_string(0, 7), "passive");
    EXPECT_EQ(run("gone").error().kind, TrapKind::kMemoryOutOfBounds);
    EXPECT_EQ(run("active").error().kind, TrapKind::kMemoryOutOfBounds);
    EXPECT_TRUE(run("elements").has_value());
    EXPECT_EQ(must(call(1)), 2);
    // And again, from there.
    EXPECT_TRUE(Module::from_binary(engine, must(snapshot(instance))).has_value());
  }
}

TEST_F(SnapshotTest, WhatCannotBeKeptIsAnError) {
  must(linker.func("env", "host", [] { return 30; }));
  const Instance app = instantiate(kApp);
  EXPECT_EQ(snapshot(app, {.drop_exports = {"nothing"}}).error().code, ErrorCode::kNotFound);
  must(must(app.func<void(ExternRef)>("set_extern"))(must(ExternRef::make(store, 5))));
  const auto refused = snapshot(app);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(refused.error().message, "snapshot: table 2 holds a reference to an object");

  must(linker.define("env", "m", must(Memory::make(store, {.limits = {1, {}}}))));
  EXPECT_EQ(snapshot(instantiate(R"((module (import "env" "m" (memory 1))))")).error().message,
            "snapshot: the memory env.m is imported");
  must(linker.define("env", "g", must(Global::make(store, {ValType::kI32, true}, 1))));
  EXPECT_EQ(snapshot(instantiate(R"((module (import "env" "g" (global (mut i32)))))")).error().message,
            "snapshot: the mutable global env.g is imported");
}

TEST_F(SnapshotTest, LargeContentsTakeFewSegments) {
  const Instance instance = instantiate(R"((module (memory (export "memory") 40)))");
  const std::span<uint8_t> contents = must(instance.memory("memory")).data();
  for (size_t i = 0; i < contents.size(); i += 100) contents[i] = 1;
  const std::vector<uint8_t> bytes = must(snapshot(instance));
  Store own(engine);
  const Instance again = must(linker.instantiate(own, must(Module::from_binary(engine, bytes))));
  const std::span<uint8_t> copy = must(again.memory("memory")).data();
  EXPECT_EQ(std::memcmp(copy.data(), contents.data(), contents.size()), 0);
}

TEST_F(SnapshotTest, StatisticsSayWhatWasDone) {
  must(linker.func("env", "host", [] { return 30; }));
  store.measure_time(true);
  const Instance app = instantiate(kApp);
  must(must(app.func<void()>("init"))());
  EXPECT_FALSE(must(app.func<int32_t(int32_t)>("call"))(0).has_value());
  const StoreStats stats = store.stats();
  EXPECT_EQ(stats.instances, 1u);
  EXPECT_EQ(stats.calls, 3u);  // The start function is one.
  EXPECT_EQ(stats.traps, 1u);
  EXPECT_EQ(stats.interruptions, 0u);
  EXPECT_EQ(stats.memories, 2u);
  EXPECT_EQ(stats.memory_bytes, 4u * 65536);
  EXPECT_EQ(stats.tables, 3u);
  EXPECT_EQ(stats.table_elements, 7u + 2 + 3);
  EXPECT_GT(stats.instantiate_ns, 0u);
  EXPECT_GT(stats.run_ns, 0u);
  EXPECT_NE(to_text(stats).find("calls 3\n"), std::string::npos);
  const std::string prometheus = to_prometheus(stats, "guest=\"app\"");
  EXPECT_NE(prometheus.find("# TYPE wherry_calls_total counter\nwherry_calls_total{guest=\"app\"} 3\n"),
            std::string::npos);
  EXPECT_NE(prometheus.find("# TYPE wherry_memory_bytes gauge\nwherry_memory_bytes{guest=\"app\"} 262144\n"),
            std::string::npos);
}

TEST(TotalMemoryLimit, HoldsForAllMemoriesTogether) {
  const Engine engine;
  Store store(engine, {.max_total_memory_bytes = 3 * 65536});
  const Module module = wat(engine, R"((module (memory (export "m") 1)
    (func (export "grow") (result i32) (memory.grow (i32.const 1)))))");
  const Instance first = must(Instance::make(store, module));
  const Instance second = must(Instance::make(store, module));
  EXPECT_EQ(must(must(first.func<int32_t()>("grow"))()), 1);
  EXPECT_EQ(must(must(second.func<int32_t()>("grow"))()), -1);
  const auto third = Instance::make(store, module);
  ASSERT_FALSE(third.has_value());
  EXPECT_EQ(third.error().code, ErrorCode::kLimit);
  EXPECT_EQ(third.error().message, "memory of 1 pages is more than is left of the store's 196608 bytes");
}

}  // namespace
}  // namespace wherry
