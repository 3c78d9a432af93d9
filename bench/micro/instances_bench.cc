// Very many instances: what one costs to make, call and drop, how that scales, and what idle ones keep.
//
// WHERRY_BENCH_TIER=llvm measures compiled code (default: auto).
#include <benchmark/benchmark.h>
#include <unistd.h>
#include <wherry/wasi.h>
#include <wherry/wherry.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace wherry;

template <class T, class E>
T must(std::expected<T, E> result) {
  if (!result.has_value()) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

Config config(bool pooled, BoundsStrategy bounds = BoundsStrategy::kGuard) {
  Config config;
  const char* tier = std::getenv("WHERRY_BENCH_TIER");
  if (tier != nullptr && std::string_view(tier) == "llvm") config.tier = TierKind::kLlvm;
  config.bounds = bounds;
  if (pooled) config.pool = {.memories = 10'100, .memory_bytes = 64 << 20};
  return config;
}

constexpr std::string_view kSmall = R"((module (memory (export "memory") 1)
  (func (export "run") (param i32) (result i32)
    (i32.store (i32.const 16) (local.get 0)) (i32.load (i32.const 16)))))";

/// Two pages, a string, and one write: what a C program with a printf comes down to.
constexpr std::string_view kHello = R"((module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $fdstat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2) (table 8 funcref) (elem (i32.const 1) func $nop $nop)
  (global $sp (mut i32) (i32.const 66560))
  (data (i32.const 1024) "hello, world\n") (data (i32.const 65536) "\00\04\00\00\0d\00\00\00")
  (func $nop)
  (func (export "_start")
    (i32.store (i32.const 66552) (i32.const 1))
    (drop (call $args (i32.const 66540) (i32.const 66544))) (drop (call $environ (i32.const 66540) (i32.const 66544)))
    (drop (call $fdstat (i32.const 1) (i32.const 66500)))
    (drop (call $write (i32.const 1) (i32.const 65536) (i32.const 1) (i32.const 66548))))))";

struct World {
  Engine engine;
  Linker linker{engine};
  InstancePre pre;

  World(const Config& config, std::string_view text)
      : engine(config), pre([&] {
          must(add_wasi(linker));
          return must(linker.prepare(must(Module::from_wat(engine, text))));
        }()) {}

  void request() const {
    Store store(engine);
    must(must(must(pre.instantiate(store)).func<int32_t(int32_t)>("run"))(1));
  }
};

/// 20 MB of contents, of which run() reads and writes a hundred kilobytes.
std::string large_module() {
  std::string text = "(module (memory 400) (data (i32.const 65536) \"";
  constexpr size_t kBytes = 20 << 20;
  text.reserve(kBytes + 1000);
  for (size_t i = 0; i < kBytes; ++i) text += static_cast<char>('a' + i % 26);
  text += R"(") (func (export "run") (param i32) (result i32) (local $at i32) (local $sum i32)
    (loop
      (local.set $sum (i32.add (local.get $sum) (i32.load (i32.add (local.get $at) (i32.const 1000000)))))
      (i32.store (i32.add (local.get $at) (i32.const 1000000)) (local.get $sum))
      (br_if 0 (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 64))) (i32.const 102400))))
    (local.get $sum))))";
  return text;
}

void small(benchmark::State& state, bool pooled, BoundsStrategy bounds) {
  static std::unique_ptr<World> world;
  if (state.thread_index() == 0) {
    world.reset();  // There is not address space for two pools.
    world = std::make_unique<World>(config(pooled, bounds), kSmall);
  }
  for (auto _ : state) world->request();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(small, pool, true, BoundsStrategy::kGuard)->Iterations(300'000);
BENCHMARK_CAPTURE(small, pool_checks, true, BoundsStrategy::kChecks)->Iterations(100'000);
BENCHMARK_CAPTURE(small, on_demand, false, BoundsStrategy::kGuard);
BENCHMARK_CAPTURE(small, on_demand_checks, false, BoundsStrategy::kChecks);
BENCHMARK_CAPTURE(small, pool_2_threads, true, BoundsStrategy::kGuard)->Threads(2)->UseRealTime()->Iterations(200'000);
BENCHMARK_CAPTURE(small, pool_checks_2_threads, true, BoundsStrategy::kChecks)
    ->Threads(2)
    ->UseRealTime()
    ->Iterations(200'000);

void small_with_time_limit(benchmark::State& state) {
  const World world(config(true), kSmall);
  for (auto _ : state) {
    Store store(world.engine);
    store.set_time_limit(std::chrono::seconds(10));
    must(must(must(world.pre.instantiate(store)).func<int32_t(int32_t)>("run"))(1));
  }
}
BENCHMARK(small_with_time_limit);

void hello_with_wasi(benchmark::State& state, bool pooled) {
  const World world(config(pooled), kHello);
  WasiConfig grants;
  grants.arg("hello").standard_input(WasiStream()).standard_output(WasiStream()).standard_error(WasiStream());
  for (auto _ : state) {
    Store store(world.engine);
    store.emplace_data<Wasi>(must(Wasi::make(grants)));
    must(must(must(world.pre.instantiate(store)).func<void()>("_start"))());
  }
}
BENCHMARK_CAPTURE(hello_with_wasi, pool, true);
BENCHMARK_CAPTURE(hello_with_wasi, on_demand, false);

void large_image(benchmark::State& state, bool pooled) {
  const World world(config(pooled), large_module());
  world.request();  // Makes the image.
  for (auto _ : state) world.request();
}
BENCHMARK_CAPTURE(large_image, pool, true)->Iterations(3000);
BENCHMARK_CAPTURE(large_image, on_demand, false)->Iterations(300);

/// Memory that 10,000 instances take, each of which was called once and wrote one page.
void idle(benchmark::State& state, bool pooled, BoundsStrategy bounds) {
  const World world(config(pooled, bounds), kSmall);
  const auto private_kib = [] {
    long kib = 0;
    std::FILE* file = std::fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    while (file != nullptr && std::fgets(line, sizeof line, file) != nullptr) {
      long n = 0;
      if (std::sscanf(line, "Private_Dirty: %ld", &n) == 1 || std::sscanf(line, "Private_Clean: %ld", &n) == 1)
        kib += n;
    }
    if (file != nullptr) std::fclose(file);
    return kib;
  };
  constexpr int kCount = 10'000;
  for (auto _ : state) {
    std::vector<Store> stores;
    stores.reserve(kCount);
    const long before = private_kib();
    for (int i = 0; i < kCount; ++i) {
      stores.emplace_back(world.engine);
      must(must(must(world.pre.instantiate(stores.back())).func<int32_t(int32_t)>("run"))(i));
    }
    const long after = private_kib();
    constexpr double kWritten = 4.0;
    state.counters["KiB_each_beyond_what_it_wrote"] = static_cast<double>(after - before) / kCount - kWritten;
  }
}
BENCHMARK_CAPTURE(idle, pool, true, BoundsStrategy::kGuard)->Iterations(1);
BENCHMARK_CAPTURE(idle, pool_checks, true, BoundsStrategy::kChecks)->Iterations(1);
BENCHMARK_CAPTURE(idle, on_demand_checks, false, BoundsStrategy::kChecks)->Iterations(1);

/// How long after its deadline an infinite loop ends.
void lateness(benchmark::State& state) {
  const World world(config(true), R"((module (func (export "spin") (loop (br 0)))))");
  Store store(world.engine);
  const auto spin = must(must(world.pre.instantiate(store)).func<void()>("spin"));
  constexpr auto kLimit = std::chrono::milliseconds(5);
  store.set_time_limit(kLimit);
  double worst = 0;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    static_cast<void>(spin());
    const std::chrono::duration<double, std::micro> late = std::chrono::steady_clock::now() - begin - kLimit;
    worst = std::max(worst, late.count());
    state.SetIterationTime(late.count() * 1e-6);
  }
  state.counters["worst_us"] = worst;
}
BENCHMARK(lateness)->UseManualTime()->Iterations(200);

/// A loop with and without a deadline.
void loop(benchmark::State& state, bool limited) {
  const World world(config(true), R"((module (func (export "loop") (param $n i32) (result i32) (local $x i32)
    (loop (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 31)) (local.get $n)))
      (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $x))))");
  Store store(world.engine);
  if (limited) store.set_time_limit(std::chrono::seconds(10));
  const auto run = must(must(world.pre.instantiate(store)).func<int32_t(int32_t)>("loop"));
  for (auto _ : state) must(run(10'000'000));
}
BENCHMARK_CAPTURE(loop, without_deadline, false)->Iterations(30);
BENCHMARK_CAPTURE(loop, with_deadline, true)->Iterations(30);

}  // namespace

BENCHMARK_MAIN();
