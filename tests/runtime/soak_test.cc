// Everything at once, for some seconds (WHERRY_SOAK_SECONDS for more): random modules are instantiated, run,
// interrupted and dropped on four threads, and in the end nothing of it is left.
#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "api_util.h"
#include "world.h"

namespace wherry {
namespace {

using namespace std::chrono_literals;

size_t count_entries(const char* directory) {
  const std::filesystem::directory_iterator entries(directory);
  return static_cast<size_t>(std::distance(begin(entries), end(entries)));
}

size_t count_mappings() {
  std::ifstream maps("/proc/self/maps");
  size_t count = 0;
  for (std::string line; std::getline(maps, line);) ++count;
  return count;
}

struct Usage {
  size_t descriptors, threads, mappings;
  uint64_t resident;
  static Usage now() {
    malloc_trim(0);
    return {count_entries("/proc/self/fd"), count_entries("/proc/self/task"), count_mappings(),
            runtime::testing::resident_bytes()};
  }
};

constexpr std::string_view kModules[] = {
    R"((module (memory 1 100) (data (i32.const 0) "x")
      (func (export "run") (param i32) (result i32)
        (i32.store (i32.rem_u (i32.mul (local.get 0) (i32.const 7919)) (i32.const 65000)) (local.get 0))
        (i32.load8_u (i32.const 0)))
      (func (export "trap") (param i32) (result i32) (i32.load (i32.const -4)))
      (func (export "deep") (param i32) (result i32) (call 2 (local.get 0)))
      (func (export "spin") (param i32) (result i32) (loop (br 0)) (unreachable))
      (func (export "grow") (param i32) (result i32)
        (loop (br_if 0 (i32.ne (memory.grow (i32.const 3)) (i32.const -1))))
        (memory.fill (i32.const 0) (i32.const 1) (i32.mul (memory.size) (i32.const 65536))) (memory.size))))",
    R"((module (type $a (array (mut i64))) (type $n (struct (field (ref null $n)) (field i64)))
      (table $t 100 1000 (ref null $n))
      (func (export "run") (param i32) (result i32)
        (table.set $t (i32.rem_u (local.get 0) (i32.const 100)) (struct.new $n (ref.null $n) (i64.const 1)))
        (table.size $t))
      (func (export "trap") (param i32) (result i32) (drop (struct.get $n 1 (table.get $t (i32.const 99)))) (i32.const 0))
      (func (export "deep") (param i32) (result i32) (i32.add (call 2 (local.get 0)) (i32.const 1)))
      (func (export "spin") (param i32) (result i32)
        (loop (drop (array.new_default $a (i32.const 10))) (br 0)) (unreachable))
      (func (export "grow") (param i32) (result i32) (local $l (ref null $n))
        (loop (local.set $l (struct.new $n (local.get $l) (i64.const 2))) (br 0)) (unreachable))))",
};

/// What one thread does until the time is up. Without signals: nothing that faults or is interrupted.
void work(const std::vector<const Engine*>& engines, const std::vector<std::vector<InstancePre>>& programs,
          bool with_signals, std::atomic<bool>& stop, unsigned seed, std::atomic<uint64_t>& rounds) {
  std::mt19937 random(seed);
  const auto any = [&random](size_t below) { return std::uniform_int_distribution<size_t>(0, below - 1)(random); };
  constexpr const char* kFunctions[] = {"run", "run", "run", "deep", "grow", "trap", "spin"};
  const size_t functions = with_signals ? std::size(kFunctions) : std::size(kFunctions) - 2;
  while (!stop) {
    ++rounds;
    const size_t engine = any(engines.size());
    Store store(*engines[engine], {.stack_bytes = 256 << 10, .max_gc_heap_bytes = 4 << 20});
    if (with_signals) store.set_time_limit(std::chrono::microseconds(200 + any(3000)));
    const auto instance = programs[engine][any(programs[engine].size())].instantiate(store);
    if (!instance.has_value()) {
      ASSERT_EQ(instance.error().code, ErrorCode::kLimit) << instance.error().message;
      continue;
    }
    const bool interrupts = with_signals && any(20) == 0;
    const InterruptHandle handle = store.interrupt_handle();
    std::thread other;
    if (interrupts) {
      const auto delay = std::chrono::microseconds(any(500));
      other = std::thread([handle, delay] {
        std::this_thread::sleep_for(delay);
        handle.interrupt();
      });
    }
    const size_t calls = 1 + any(5);
    for (size_t i = 0; i < calls; ++i) {
      const char* name = kFunctions[any(functions)];
      const auto result = must(instance->func<int32_t(int32_t)>(name))(static_cast<int32_t>(random()));
      if (!result.has_value()) {
        ASSERT_NE(result.error().kind, TrapKind::kHostError) << name;
      }
    }
    if (other.joinable()) other.join();
  }
}

void soak(bool with_signals) {
  const char* wanted = std::getenv("WHERRY_SOAK_SECONDS");
  const auto duration = std::chrono::seconds(wanted != nullptr ? std::atoi(wanted) : 3);
  std::vector<Engine> made;
  for (const BoundsStrategy bounds : {BoundsStrategy::kGuard, BoundsStrategy::kChecks}) {
    for (const uint32_t memories : {0, 3, 16}) {
      made.emplace_back(Config{
          .bounds = bounds, .pool = {.memories = memories, .memory_bytes = 4 << 20}, .max_memory_bytes = 6 << 20});
    }
  }
  std::vector<const Engine*> engines;
  std::vector<std::vector<InstancePre>> programs;
  for (const Engine& engine : made) {
    engines.push_back(&engine);
    std::vector<InstancePre>& of_engine = programs.emplace_back();
    for (const std::string_view text : kModules) {
      of_engine.push_back(must(Linker(engine).prepare(wat(engine, text))));
    }
  }
  std::atomic<uint64_t> rounds{0};
  const auto run_for = [&](std::chrono::milliseconds time) {
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 4; ++t) {
      threads.emplace_back(
          [&, t] { work(engines, programs, with_signals, stop, t + static_cast<unsigned>(rounds), rounds); });
    }
    std::this_thread::sleep_for(time);
    stop = true;
    for (std::thread& thread : threads) thread.join();
  };
  // What stays for good (translated code, warm pools, malloc's arenas) is there after a while.
  run_for(duration / 3);
  const Usage before = Usage::now();
  run_for(duration * 2 / 3);
  const Usage after = Usage::now();
  ::testing::Test::RecordProperty("rounds", std::to_string(rounds));
  EXPECT_GT(rounds, 0u);
  EXPECT_EQ(after.descriptors, before.descriptors);
  EXPECT_EQ(after.threads, before.threads);
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
  // The pools' slots, taken in another order, may be cut differently. (Sanitizers have mappings of their own.)
  EXPECT_LE(after.mappings, before.mappings + 150);
  EXPECT_LE(after.resident, before.resident + (uint64_t{16} << 20));
#endif
}

TEST(Soak, EverythingAtOnce) { soak(true); }
TEST(Soak, WithoutSignals) { soak(false); }

}  // namespace
}  // namespace wherry
