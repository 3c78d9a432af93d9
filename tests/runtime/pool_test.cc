// Pools of memories, images of initial contents, and tables that fill when they are read.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "api_util.h"
#include "guest_code.h"
#include "platform/faults.h"
#include "runtime/memory_pool.h"
#include "world.h"

namespace wherry {
namespace {

using runtime::Memory;
using runtime::MemoryImage;
using runtime::MemoryPool;

constexpr uint64_t kPage = 65536;

class EachPool : public ::testing::TestWithParam<BoundsStrategy> {
 protected:
  std::unique_ptr<MemoryPool> make_pool(uint32_t memories, uint64_t keep_resident = 256 << 10) {
    auto pool = std::make_unique<MemoryPool>(
        PoolConfig{.memories = memories, .memory_bytes = 64 * kPage, .keep_resident_bytes = keep_resident}, GetParam());
    EXPECT_EQ(pool->size(), memories);
    return pool;
  }
  std::unique_ptr<Memory> open(MemoryPool& pool, uint64_t pages, const MemoryImage* image = nullptr,
                               std::optional<uint64_t> max = std::nullopt) {
    auto memory = std::make_unique<Memory>(MemoryType{.limits = {pages, max}}, GetParam(), uint64_t{1} << 40);
    const Result<> opened = memory->open(&pool, image);
    EXPECT_TRUE(opened.has_value()) << opened.error().message;
    return memory;
  }
};
INSTANTIATE_TEST_SUITE_P(Pool, EachPool, ::testing::Values(BoundsStrategy::kGuard, BoundsStrategy::kChecks));

bool all_zero(std::span<const uint8_t> bytes) {
  return std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; });
}

TEST_P(EachPool, WhatOneUserWroteTheNextDoesNotSee) {
  const auto pool = make_pool(2);
  // Little and much, more than stays resident; grown and not.
  for (const uint64_t step : {uint64_t{60'000}, uint64_t{4096}, uint64_t{128}}) {
    for (const uint64_t grow : {0, 3, 40}) {
      {
        const auto memory = open(*pool, 4);
        EXPECT_TRUE(all_zero(memory->contents()));
        if (grow != 0) {
          ASSERT_EQ(memory->grow(grow), 4u);
        }
        EXPECT_TRUE(all_zero(memory->contents()));
        for (uint64_t i = 0; i < memory->bytes(); i += step) memory->contents()[i] = 0xAA;
        memory->contents().back() = 1;
      }
      const auto larger = open(*pool, 50);
      ASSERT_TRUE(all_zero(larger->contents())) << step << " " << grow;
    }
  }
}

TEST_P(EachPool, LimitsHold) {
  const auto pool = make_pool(3);
  std::vector<std::unique_ptr<Memory>> memories;
  for (int i = 0; i < 3; ++i) memories.push_back(open(*pool, 1));
  Memory fourth({.limits = {1, {}}}, GetParam(), ~uint64_t{0});
  const Result<> refused = fourth.open(pool.get(), nullptr);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kLimit);
  EXPECT_EQ(refused.error().message, "all 3 memories of the pool are in use");
  EXPECT_EQ(memories[0]->grow(64), Memory::kGrowFailed);
  EXPECT_EQ(memories[0]->grow(63), 1u);
  memories.clear();
  Memory large({.limits = {65, {}}}, GetParam(), ~uint64_t{0});
  EXPECT_FALSE(large.open(pool.get(), nullptr).has_value());
  EXPECT_TRUE(open(*pool, 64));
}

TEST_P(EachPool, ImagesOfSeveralModulesDoNotMix) {
  const auto pool = make_pool(1);
  std::vector<uint8_t> bytes(3 * kPage + 100);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 7 + (i >> 8) + 1);
  const MemoryImage large({{.offset = 5000, .bytes = bytes}});
  const MemoryImage other({{.offset = 20 * kPage, .bytes = bytes}});
  const MemoryImage small({{.offset = 10, .bytes = std::span(bytes).first(100)}});
  ASSERT_TRUE(large.is_mapped());
  ASSERT_FALSE(small.is_mapped());
  const auto check = [&](const MemoryImage* image, uint64_t offset, size_t length, bool scribble) {
    const auto memory = open(*pool, 30, image);
    const std::span<uint8_t> contents = memory->contents();
    ASSERT_TRUE(all_zero(contents.first(offset)));
    ASSERT_EQ(std::memcmp(contents.data() + offset, bytes.data(), length), 0);
    ASSERT_TRUE(all_zero(contents.subspan(offset + length)));
    if (!scribble) return;
    for (uint64_t i = 0; i < contents.size(); i += 40'000) contents[i] ^= 0xFF;
    contents[offset] ^= 0xFF;
  };
  for (const bool scribble : {false, true, true}) {
    check(&large, 5000, bytes.size(), scribble);
    check(&large, 5000, bytes.size(), scribble);
    check(&small, 10, 100, scribble);
    check(&other, 20 * kPage, bytes.size(), scribble);
    check(nullptr, 0, 0, scribble);
    check(&large, 5000, bytes.size(), scribble);
  }
}

TEST(GuardedPool, SmallMemoriesEndWhereTheyEnd) {
  platform::testing::register_guest_code();
  const auto pool =
      std::make_unique<MemoryPool>(PoolConfig{.memories = 2, .memory_bytes = 64 * kPage}, BoundsStrategy::kGuard);
  platform::Fault fault;
  const auto open = [&](uint64_t pages) {
    auto memory = std::make_unique<Memory>(MemoryType{.limits = {pages, {}}}, BoundsStrategy::kGuard, 1 << 30);
    EXPECT_TRUE(memory->open(pool.get(), nullptr).has_value());
    return memory;
  };
  const auto load = [&](const Memory& memory, uint64_t offset) {
    return run_guarded(platform::testing::guest_load, const_cast<Memory&>(memory).view()->base + offset, &fault);
  };
  for (const uint64_t pages : {1, 20, 2, 0, 7}) {
    const auto memory = open(pages);
    if (pages != 0) {
      EXPECT_EQ(load(*memory, pages * kPage - 1), 0u);
    }
    EXPECT_EQ(load(*memory, pages * kPage), platform::kFaulted);
    EXPECT_EQ(memory->grow(2), pages);
    EXPECT_EQ(load(*memory, (pages + 2) * kPage - 1), 0u);
    EXPECT_EQ(load(*memory, (pages + 2) * kPage), platform::kFaulted);
    EXPECT_EQ(load(*memory, Memory::kReach), platform::kFaulted);
  }
}

/// A user that always writes the same pages lets the slot close; what comes then is seen by nobody.
TEST(GuardedPool, ClosedSlotsOpenForWhoeverComes) {
  const auto pool =
      std::make_unique<MemoryPool>(PoolConfig{.memories = 1, .memory_bytes = 64 * kPage}, BoundsStrategy::kGuard);
  const auto open = [&](uint64_t pages) {
    auto memory = std::make_unique<Memory>(MemoryType{.limits = {pages, {}}}, BoundsStrategy::kGuard, 1 << 30);
    EXPECT_TRUE(memory->open(pool.get(), nullptr).has_value());
    return memory;
  };
  const auto write = [](Memory& memory, uint64_t at) {
    volatile uint8_t& byte = memory.view()->base[at];
    const uint8_t before = byte;
    byte = 1;
    return before;
  };
  const auto close = [&] {
    for (int i = 0; i < 8; ++i) {
      const auto memory = open(2);
      EXPECT_EQ(write(*memory, 5000), 0);
      EXPECT_EQ(write(*memory, 2 * kPage - 1), 0);
    }
  };
  close();
  {
    const auto memory = open(2);
    EXPECT_EQ(write(*memory, 70'000), 0) << "opens it";
    EXPECT_EQ(write(*memory, 5000), 0);
  }
  close();
  {
    const auto memory = open(2);
    EXPECT_TRUE(all_zero(memory->contents())) << "opens it too";
    memory->contents()[100] = 1;
  }
  close();
  {
    const auto memory = open(3);  // another size
    EXPECT_TRUE(all_zero(memory->contents()));
    std::ranges::fill(memory->contents(), uint8_t{7});
  }
  close();
  {
    const auto memory = open(2);
    EXPECT_EQ(memory->grow(1), 2u);
    EXPECT_EQ(write(*memory, 2 * kPage + 1), 0);
    EXPECT_EQ(write(*memory, 80'000), 0);
  }
  EXPECT_TRUE(all_zero(open(4)->contents()));
}

// Through the API.

class PooledStores : public ::testing::TestWithParam<BoundsStrategy> {
 protected:
  Config config() const { return {.bounds = GetParam(), .pool = {.memories = 64, .memory_bytes = 32 << 20}}; }
};
INSTANTIATE_TEST_SUITE_P(Pool, PooledStores, ::testing::Values(BoundsStrategy::kGuard, BoundsStrategy::kChecks));

constexpr std::string_view kGuest = R"((module
  (memory (export "memory") 2 4) (global $g (export "g") (mut i32) (i32.const 7))
  (table $t 3 funcref) (elem (i32.const 1) func $one $two)
  (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))
  (data (i32.const 65530) "hello world")
  (func (export "run") (param $at i32) (result i32) (local $old i32)
    (local.set $old (i32.load8_u (local.get $at)))
    (i32.store8 (local.get $at) (i32.const 99))
    (global.set $g (i32.add (global.get $g) (i32.const 1)))
    (if (i32.eq (local.get $at) (i32.const 1)) (then (drop (memory.grow (i32.const 1)))))
    (local.get $old))
  (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0)))
  (func (export "null") (param i32) (table.set $t (local.get 0) (ref.null func)))
  (func (export "is_null") (param i32) (result i32) (ref.is_null (table.get $t (local.get 0))))))";

TEST_P(PooledStores, ManyRequestsOnManyThreads) {
  const Engine engine(config());
  const InstancePre pre = must(Linker(engine).prepare(wat(engine, kGuest)));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        Store store(engine);
        const Instance instance = must(pre.instantiate(store));
        const auto run = must(instance.func<int32_t(int32_t)>("run"));
        ASSERT_EQ(must(run(65530)), 'h');
        ASSERT_EQ(must(run(65530)), 99);
        ASSERT_EQ(must(run(i % 3)), 0);
        ASSERT_EQ(must(instance.global("g")).get().i32(), 10);
        ASSERT_EQ(must(must(instance.func<int32_t(int32_t)>("call"))(2)), 2);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(PooledStores, TheErrorNamesTheLimit) {
  const Engine engine({.bounds = GetParam(), .pool = {.memories = 1, .memory_bytes = 3 * kPage}});
  const InstancePre pre = must(Linker(engine).prepare(wat(engine, kGuest)));
  Store first(engine);
  const Instance instance = must(pre.instantiate(first));
  EXPECT_EQ(must(instance.memory("memory")).grow(2).error().code, ErrorCode::kLimit);
  Store second(engine);
  const auto refused = pre.instantiate(second);
  EXPECT_EQ(refused.error().code, ErrorCode::kLimit);
  EXPECT_EQ(refused.error().message, "all 1 memories of the pool are in use");
  first = Store(engine);
  must(pre.instantiate(second));
}

TEST(LazyTables, NullsThatAreWrittenStayNull) {
  const Engine engine;
  Store store(engine);
  const Instance instance = must(Instance::make(store, wat(engine, kGuest)));
  const auto call = must(instance.func<int32_t(int32_t)>("call"));
  const auto is_null = must(instance.func<int32_t(int32_t)>("is_null"));
  EXPECT_EQ(call(0).error().kind, TrapKind::kUninitializedElement);
  EXPECT_EQ(must(is_null(0)), 1);
  EXPECT_EQ(must(is_null(2)), 0);
  must(must(instance.func<void(int32_t)>("null"))(2));
  EXPECT_EQ(must(is_null(2)), 1);
  EXPECT_EQ(call(2).error().kind, TrapKind::kUninitializedElement);
  EXPECT_EQ(must(call(1)), 1);
  EXPECT_EQ(call(3).error().kind, TrapKind::kUndefinedElement);
}

TEST(LazyTables, BulkOperationsSeeAllElements) {
  const Engine engine;
  Store store(engine);
  const Instance instance = must(Instance::make(store, wat(engine, R"((module
    (table $t (export "table") 8 funcref) (table $u 8 funcref) (elem (table $t) (i32.const 0) func $a $b $c)
    (elem $e func $c) (elem $x funcref (ref.null func) (ref.func $a))
    (func $a (result i32) (i32.const 10)) (func $b (result i32) (i32.const 11)) (func $c (result i32) (i32.const 12))
    (func (export "t") (param i32) (result i32) (call_indirect $t (result i32) (local.get 0)))
    (func (export "u") (param i32) (result i32) (call_indirect $u (result i32) (local.get 0)))
    (func (export "copy") (table.copy $u $t (i32.const 1) (i32.const 0) (i32.const 3)))
    (func (export "over") (table.copy $t $u (i32.const 0) (i32.const 5) (i32.const 2)))
    (func (export "init") (table.init $t $x (i32.const 1) (i32.const 0) (i32.const 2)))
    (func (export "fill") (table.fill $t (i32.const 0) (ref.null func) (i32.const 1)))
    (func (export "grow") (result i32) (table.grow $t (ref.func $b) (i32.const 2)))))")));
  const auto t = must(instance.func<int32_t(int32_t)>("t"));
  const auto u = must(instance.func<int32_t(int32_t)>("u"));
  const auto run = [&](std::string_view name) { must(must(instance.func<void()>(name))()); };
  run("copy");
  EXPECT_EQ(must(u(1)) + must(u(2)) + must(u(3)), 33);
  EXPECT_EQ(must(must(instance.func<int32_t()>("grow"))()), 8);
  EXPECT_EQ(must(t(8)), 11);
  EXPECT_EQ(must(t(2)), 12);
  run("init");
  EXPECT_EQ(t(1).error().kind, TrapKind::kUninitializedElement);
  EXPECT_EQ(must(t(2)), 10);
  run("fill");
  EXPECT_EQ(t(0).error().kind, TrapKind::kUninitializedElement);
  run("over");
  EXPECT_EQ(t(1).error().kind, TrapKind::kUninitializedElement);
  EXPECT_EQ(must(instance.table("table")).get(0)->is_null(), true);
}

TEST(LazyTables, OthersSeeThemThroughImports) {
  const Engine engine;
  Store store(engine);
  Linker linker(engine);
  const Instance owner = must(linker.instantiate(store, wat(engine, R"((module
    (table (export "t") 4 funcref) (elem (i32.const 1) func $f) (func $f (result i32) (i32.const 5))))")));
  must(linker.instance("owner", owner));
  const Instance user = must(linker.instantiate(store, wat(engine, R"((module (import "owner" "t" (table 4 funcref))
    (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0)))))")));
  const auto call = must(user.func<int32_t(int32_t)>("call"));
  EXPECT_EQ(must(call(1)), 5);
  EXPECT_EQ(call(2).error().kind, TrapKind::kUninitializedElement);
}

TEST(Stores, IdleOnesTakeLittleMemory) {
  const Engine engine({.pool = {.memories = 1000, .memory_bytes = 1 << 20}});
  const InstancePre pre = must(Linker(engine).prepare(wat(engine, kGuest)));
  std::vector<Store> stores;
  stores.reserve(1000);
  const uint64_t before = runtime::testing::resident_bytes();
  for (int i = 0; i < 1000; ++i) {
    stores.emplace_back(engine);
    // Writes one page.
    must(must(must(pre.instantiate(stores.back())).func<int32_t(int32_t)>("run"))(5));
  }
  const uint64_t each = (runtime::testing::resident_bytes() - before) / 1000;
  RecordProperty("bytes_each", std::to_string(each));
  // One page that the call wrote, two that the data segment spans.
  EXPECT_LE(each, uint64_t{8 + 3 * 4} << 10);
}

}  // namespace
}  // namespace wherry
