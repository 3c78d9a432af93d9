#include "runtime/memory.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "guest_code.h"
#include "platform/clock.h"
#include "runtime/table.h"
#include "world.h"

namespace wherry::runtime {
namespace {

using testing::World;

constexpr uint64_t kPage = 65536;
constexpr uint64_t kNoLimit = uint64_t{1} << 40;

MemoryType type(uint64_t min, std::optional<uint64_t> max = std::nullopt) { return {.limits = {min, max}}; }

class EachStrategy : public ::testing::TestWithParam<BoundsStrategy> {
 protected:
  std::shared_ptr<Memory> make(const MemoryType& memory_type, uint64_t max_bytes = kNoLimit) {
    auto made = Memory::make(memory_type, GetParam(), max_bytes);
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }
};
INSTANTIATE_TEST_SUITE_P(Memory, EachStrategy, ::testing::Values(BoundsStrategy::kGuard, BoundsStrategy::kChecks));

TEST_P(EachStrategy, GrowsZeroedAndKeepsItsContents) {
  const auto memory = make(type(1));
  EXPECT_EQ(memory->bytes(), kPage);
  memory->contents()[kPage - 1] = 7;
  for (uint64_t pages = 1; pages < 2000; pages += 97) ASSERT_EQ(memory->grow(97), pages);
  EXPECT_EQ(memory->contents()[kPage - 1], 7);
  EXPECT_EQ(memory->contents()[kPage], 0);
  memory->contents().back() = 1;
  EXPECT_EQ(memory->grow(0), memory->pages());
}

TEST_P(EachStrategy, MaximumHolds) {
  const auto memory = make(type(1, 3));
  const uint8_t* base = memory->view()->base;
  EXPECT_EQ(memory->grow(3), Memory::kGrowFailed);
  EXPECT_EQ(memory->grow(~uint64_t{0}), Memory::kGrowFailed);
  EXPECT_EQ(memory->grow(2), 1u);
  EXPECT_EQ(memory->grow(1), Memory::kGrowFailed);
  EXPECT_EQ(memory->view()->base, base) << "a known maximum is reserved";
  const auto all = make(type(0));
  EXPECT_EQ(all->grow(65537), Memory::kGrowFailed);
}

TEST_P(EachStrategy, LimitHoldsAndMoves) {
  EXPECT_FALSE(Memory::make(type(11), GetParam(), 10 * kPage));
  const auto memory = make(type(1), 10 * kPage);
  EXPECT_EQ(memory->grow(10), Memory::kGrowFailed);
  EXPECT_EQ(memory->grow(9), 1u);
  memory->set_max_bytes(500 * kPage);
  EXPECT_EQ(memory->grow(300), 10u);
  memory->set_max_bytes(kPage);
  EXPECT_EQ(memory->grow(0), 310u);
  EXPECT_EQ(memory->grow(1), Memory::kGrowFailed);
}

TEST_P(EachStrategy, LargestMemoriesCostNothingUntilTouched) {
  const auto memory = make(type(65536));
  EXPECT_EQ(memory->bytes(), uint64_t{1} << 32);
  memory->contents().back() = 1;
  EXPECT_LT(testing::resident_bytes(), uint64_t{1} << 30);
  const auto large = make({.limits = {1 << 20, std::nullopt}, .is64 = true});
  large->contents()[uint64_t{60} << 30] = 1;
}

TEST_P(EachStrategy, AbsurdSizesAreRefused) {
  EXPECT_FALSE(Memory::make({.limits = {uint64_t{1} << 48, {}}, .is64 = true}, GetParam(), kNoLimit));
  EXPECT_FALSE(Memory::make({.limits = {~uint64_t{0}, {}}, .is64 = true}, GetParam(), ~uint64_t{0}));
  const auto memory = make({.limits = {1, ~uint64_t{0}}, .is64 = true});
  EXPECT_EQ(memory->grow(~uint64_t{0} >> 17), Memory::kGrowFailed);
  EXPECT_EQ(memory->grow(5), 1u);
}

TEST_P(EachStrategy, OneBytePages) {
  const auto memory = make({.limits = {5, 100'000}, .page_size_log2 = 0});
  EXPECT_EQ(memory->bytes(), 5u);
  EXPECT_EQ(memory->grow(70'000), 5u);
  memory->contents().back() = 1;
  EXPECT_EQ(memory->grow(30'000), Memory::kGrowFailed);
}

TEST_P(EachStrategy, SharedMemoriesGrowFromManyThreads) {
  const auto memory = make({.limits = {0, 4000}, .shared = true});
  const uint8_t* base = memory->view()->base;
  std::vector<std::thread> threads;
  std::atomic<uint64_t> sum{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        const uint64_t old = memory->grow(1);
        memory->view()->base[old * kPage] = 1;
        sum += old;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(memory->pages(), 4000u);
  EXPECT_EQ(sum, uint64_t{4000} * 3999 / 2);
  EXPECT_EQ(memory->view()->base, base);
}

TEST(GuardedMemory, EveryReachableAddressFaultsAsATrap) {
  platform::testing::register_guest_code();
  EXPECT_FALSE(Memory::is_guarded({.limits = {}, .is64 = true}, BoundsStrategy::kGuard));
  EXPECT_FALSE(Memory::is_guarded({.limits = {}, .page_size_log2 = 0}, BoundsStrategy::kGuard));
  EXPECT_FALSE(Memory::is_guarded({}, BoundsStrategy::kChecks));
  ASSERT_TRUE(Memory::is_guarded({}, BoundsStrategy::kGuard));
  auto memory = *Memory::make(type(1), BoundsStrategy::kGuard, kNoLimit);
  uint8_t* base = memory->view()->base;
  platform::Fault fault;
  const auto load = [&](int64_t offset) { return run_guarded(platform::testing::guest_load, base + offset, &fault); };
  EXPECT_EQ(load(kPage - 1), 0u);
  for (const int64_t offset : {int64_t{kPage}, int64_t{1} << 31, int64_t{1} << 32, (int64_t{1} << 33) - 2 + 15,
                               int64_t{-1}, -(int64_t{1} << 30)}) {
    EXPECT_EQ(load(offset), platform::kFaulted) << offset;
    EXPECT_EQ(fault.address, reinterpret_cast<uintptr_t>(base + offset));
  }
  EXPECT_EQ(memory->grow(1), 1u);
  EXPECT_EQ(load(kPage), 0u);
}

TEST(Table, GrowsAndFills) {
  auto table = *Table::make({.limits = {2, 10}}, 5, 1000);
  EXPECT_EQ(table->view()->elements[1], 5u);
  EXPECT_EQ(table->grow(8, 9), 2u);
  EXPECT_EQ(table->view()->elements[9], 9u);
  EXPECT_EQ(table->view()->elements[1], 5u);
  EXPECT_EQ(table->grow(1, 9), Table::kGrowFailed);
  EXPECT_EQ(table->grow(~uint64_t{0}, 9), Table::kGrowFailed);
  EXPECT_FALSE(Table::make({.limits = {1001, {}}}, 0, 1000));
  EXPECT_FALSE(Table::make({.limits = {~uint64_t{0}, {}}, .is64 = true}, 0, ~uint64_t{0}));
  auto limited = *Table::make({.limits = {0, {}}}, 0, 1000);
  EXPECT_EQ(limited->grow(1001, 0), Table::kGrowFailed);
  EXPECT_EQ(limited->grow(1000, 0), 0u);
}

// Bulk operations and waiting, through an instance.

class MemoryOperations : public ::testing::Test {
 protected:
  void SetUp() override {
    instance = world.make(R"((module (memory 100) (memory i64 1) (memory 1 1 shared)
      (data $d "abcdef")))");
    context = instance->context();
  }
  World world;
  Instance* instance = nullptr;
  VMContext* context = nullptr;
};

TEST_F(MemoryOperations, BoundsAreCheckedWithoutOverflow) {
  const uint64_t size = 100 * kPage;
  EXPECT_EQ(ops::memory_fill(context, 0, size, 1, 0), TrapKind::kNone);
  EXPECT_EQ(ops::memory_fill(context, 0, size - 1, 1, 1), TrapKind::kNone);
  EXPECT_EQ(ops::memory_fill(context, 0, size + 1, 1, 0), TrapKind::kMemoryOutOfBounds);
  EXPECT_EQ(ops::memory_fill(context, 0, size, 1, 1), TrapKind::kMemoryOutOfBounds);
  EXPECT_EQ(ops::memory_fill(context, 1, ~uint64_t{0}, 1, 2), TrapKind::kMemoryOutOfBounds);
  EXPECT_EQ(ops::memory_fill(context, 1, 2, 1, ~uint64_t{0}), TrapKind::kMemoryOutOfBounds);
  EXPECT_EQ(ops::memory_copy(context, 1, 0, kPage, size, 0), TrapKind::kNone);
  EXPECT_EQ(ops::memory_copy(context, 1, 0, kPage - 1, 0, 2), TrapKind::kMemoryOutOfBounds);
  EXPECT_EQ(ops::memory_init(context, 0, 0, 0, 5, 2), TrapKind::kMemoryOutOfBounds);
  EXPECT_EQ(ops::memory_init(context, 0, 0, 3, 1, 4), TrapKind::kNone);
  EXPECT_EQ(std::memcmp(context->memory0->base + 3, "bcde", 4), 0);
  ops::data_drop(context, 0);
  EXPECT_EQ(ops::memory_init(context, 0, 0, 0, 0, 1), TrapKind::kMemoryOutOfBounds);
  EXPECT_EQ(ops::memory_init(context, 0, 0, 0, 0, 0), TrapKind::kNone);
}

TEST_F(MemoryOperations, LongOverlappingCopies) {
  uint8_t* base = context->memory0->base;
  constexpr uint64_t kLength = 3'500'000;
  const auto pattern = [](uint64_t i) { return static_cast<uint8_t>(i * 31 + (i >> 12)); };
  for (const auto [to, from] : {std::pair<uint64_t, uint64_t>{1'000, 0}, {0, 1'000}, {1'100'000, 0}, {0, 1'100'000}}) {
    for (uint64_t i = 0; i < kLength; ++i) base[from + i] = pattern(i);
    ASSERT_EQ(ops::memory_copy(context, 0, 0, to, from, kLength), TrapKind::kNone);
    for (uint64_t i = 0; i < kLength; ++i) ASSERT_EQ(base[to + i], pattern(i)) << i;
  }
}

TEST_F(MemoryOperations, LongOnesStopWhenInterrupted) {
  world.store.exec().interrupt = static_cast<uint32_t>(TrapKind::kTimeLimit);
  EXPECT_EQ(ops::memory_fill(context, 0, 0, 1, 100 * kPage), TrapKind::kTimeLimit);
  EXPECT_EQ(context->memory0->base[50 * kPage], 0);
}

TEST_F(MemoryOperations, WaitChecksItsOperands) {
  uint32_t result = 9;
  EXPECT_EQ(ops::memory_atomic_wait32(context, 0, 0, 0, 0, &result), TrapKind::kExpectedSharedMemory);
  EXPECT_EQ(ops::memory_atomic_wait32(context, 2, 2, 0, 0, &result), TrapKind::kUnalignedAtomic);
  EXPECT_EQ(ops::memory_atomic_wait64(context, 2, 4, 0, 0, &result), TrapKind::kUnalignedAtomic);
  EXPECT_EQ(ops::memory_atomic_wait32(context, 2, kPage, 0, 0, &result), TrapKind::kMemoryOutOfBounds);
  EXPECT_EQ(ops::memory_atomic_wait32(context, 2, 0, 1, -1, &result), TrapKind::kNone);
  EXPECT_EQ(result, 1u);
  EXPECT_EQ(ops::memory_atomic_wait64(context, 2, 0, 0, 2'000'000, &result), TrapKind::kNone);
  EXPECT_EQ(result, 2u);
  EXPECT_EQ(ops::memory_atomic_notify(context, 0, 0, 1, &result), TrapKind::kNone);
  EXPECT_EQ(result, 0u);
  EXPECT_EQ(ops::memory_atomic_notify(context, 0, 1, 1, &result), TrapKind::kUnalignedAtomic);
  EXPECT_EQ(ops::memory_atomic_notify(context, 0, 200 * kPage, 1, &result), TrapKind::kMemoryOutOfBounds);
}

/// Each thread with a store of its own, as WebAssembly's threads are.
TEST_F(MemoryOperations, NotifyWakesThoseWhoWaitThere) {
  const std::shared_ptr<Memory> memory = instance->shared_memory(2);
  std::atomic<int> woken{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      World own;
      Memory* adopted = own.store.adopt_memory(memory);
      Instance* user = own.make(R"((module (import "m" "m" (memory 1 1 shared))))", {adopted});
      uint32_t result = 9;
      const TrapKind trap = ops::memory_atomic_wait32(user->context(), 0, t < 2 ? 0 : 64, 0, 10'000'000'000, &result);
      EXPECT_EQ(trap, TrapKind::kNone);
      EXPECT_EQ(result, 0u);
      ++woken;
    });
  }
  uint32_t count = 0;
  uint32_t total = 0;
  while (total < 2) {
    ASSERT_EQ(ops::memory_atomic_notify(context, 2, 0, 1, &count), TrapKind::kNone);
    ASSERT_LE(count, 1u);
    total += count;
  }
  while (woken < 2) std::this_thread::yield();
  EXPECT_EQ(ops::memory_atomic_notify(context, 2, 0, ~0u, &count), TrapKind::kNone);
  EXPECT_EQ(count, 0u);
  do {
    ASSERT_EQ(ops::memory_atomic_notify(context, 2, 64, ~0u, &count), TrapKind::kNone);
  } while (count == 0);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(woken, 3);
}

}  // namespace
}  // namespace wherry::runtime
