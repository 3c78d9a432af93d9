// What crossing the border costs: calls into the guest, calls out of it, and instances.
#include <benchmark/benchmark.h>
#include <wherry/wherry.h>

#include <cstdlib>

namespace {

using namespace wherry;

template <class T, class E>
T must(std::expected<T, E> result) {
  if (!result.has_value()) abort();
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

constexpr std::string_view kModule = R"((module
  (import "env" "typed" (func $typed (param i32) (result i32)))
  (import "env" "caller" (func $caller (param i32) (result i32)))
  (import "env" "raw" (func $raw (param i32) (result i32)))
  (import "env" "values" (func $values (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "nop"))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "empty") (param $n i32) (local $x i32)
    (loop (local.set $x (i32.add (local.get $x) (local.get $n)))
      (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "typed") (param $n i32) (local $x i32)
    (loop (local.set $x (call $typed (local.get $n)))
      (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "caller") (param $n i32) (local $x i32)
    (loop (local.set $x (call $caller (local.get $n)))
      (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "raw") (param $n i32) (local $x i32)
    (loop (local.set $x (call $raw (local.get $n)))
      (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "values") (param $n i32) (local $x i32)
    (loop (local.set $x (call $values (local.get $n)))
      (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))))";

struct World {
  Engine engine;
  Linker linker{engine};
  Module module = must(Module::from_wat(engine, kModule));
  InstancePre pre = [this] {
    must(linker.func("env", "typed", [](int32_t x) { return x + 1; }));
    must(linker.func("env", "caller", [](Caller& caller, uint32_t x) -> CallResult<int32_t> {
      const std::span<uint8_t> bytes = caller.memory_bytes();
      if (x >= bytes.size()) return caller.fail("out of bounds");
      return bytes[x];
    }));
    must(linker.raw_function("env", "raw", {{ValType::kI32}, {ValType::kI32}},
                             [](Caller&, std::span<Slot> slots) -> CallResult<> {
                               ++slots[0];
                               return {};
                             }));
    must(linker.values_function("env", "values", {{ValType::kI32}, {ValType::kI32}},
                                [](Caller&, std::span<const Value> args, std::span<Value> results) -> CallResult<> {
                                  results[0] = args[0];
                                  return {};
                                }));
    return must(linker.prepare(module));
  }();
};

void host_to_guest(benchmark::State& state) {
  World world;
  Store store(world.engine);
  const auto add = must(must(world.pre.instantiate(store)).func<int32_t(int32_t, int32_t)>("add"));
  int32_t x = 0;
  for (auto _ : state) x = *add(x, 1);
  benchmark::DoNotOptimize(x);
}
BENCHMARK(host_to_guest);

void host_to_guest_with_time_limit(benchmark::State& state) {
  World world;
  Store store(world.engine);
  store.set_time_limit(std::chrono::seconds(10));
  const auto add = must(must(world.pre.instantiate(store)).func<int32_t(int32_t, int32_t)>("add"));
  int32_t x = 0;
  for (auto _ : state) x = *add(x, 1);
  benchmark::DoNotOptimize(x);
}
BENCHMARK(host_to_guest_with_time_limit);

void host_to_guest_values(benchmark::State& state) {
  World world;
  Store store(world.engine);
  const Func add = must(must(world.pre.instantiate(store)).func("add"));
  for (auto _ : state) benchmark::DoNotOptimize(add.call({1, 2}));
}
BENCHMARK(host_to_guest_values);

/// One item is one turn of a loop in the guest; "empty" makes no call, and is what to subtract.
void guest_to_host(benchmark::State& state, const char* name) {
  World world;
  Store store(world.engine);
  const auto loop = must(must(world.pre.instantiate(store)).func<void(int32_t)>(name));
  constexpr int32_t kTurns = 10'000;
  for (auto _ : state) must(loop(kTurns));
  state.SetItemsProcessed(state.iterations() * kTurns);
}
BENCHMARK_CAPTURE(guest_to_host, empty, "empty");
BENCHMARK_CAPTURE(guest_to_host, typed, "typed");
BENCHMARK_CAPTURE(guest_to_host, caller, "caller");
BENCHMARK_CAPTURE(guest_to_host, raw, "raw");
BENCHMARK_CAPTURE(guest_to_host, values, "values");

void new_store(benchmark::State& state) {
  const Engine engine;
  for (auto _ : state) Store store(engine);
}
BENCHMARK(new_store);

void new_store_and_instance(benchmark::State& state) {
  World world;
  for (auto _ : state) {
    Store store(world.engine);
    benchmark::DoNotOptimize(must(world.pre.instantiate(store)));
  }
}
BENCHMARK(new_store_and_instance);

void new_store_instance_and_call(benchmark::State& state) {
  World world;
  for (auto _ : state) {
    Store store(world.engine);
    must(must(must(world.pre.instantiate(store)).func<void()>("nop"))());
  }
}
BENCHMARK(new_store_instance_and_call);

void new_engine(benchmark::State& state) {
  for (auto _ : state) Engine engine;
}
BENCHMARK(new_engine);

}  // namespace

BENCHMARK_MAIN();
