// What crossing the border costs: calls into the guest, calls out of it, and instances; in the interpreter, and in
// compiled code where there is a compiler.
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

Config config_for(TierKind tier) {
  Config config;
  config.tier = tier;
  return config;
}

struct World {
  explicit World(TierKind tier) : engine(config_for(tier)) {}

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

void host_to_guest(benchmark::State& state, TierKind tier) {
  World world(tier);
  Store store(world.engine);
  const auto add = must(must(world.pre.instantiate(store)).func<int32_t(int32_t, int32_t)>("add"));
  int32_t x = 0;
  for (auto _ : state) x = *add(x, 1);
  benchmark::DoNotOptimize(x);
}

void host_to_guest_with_time_limit(benchmark::State& state, TierKind tier) {
  World world(tier);
  Store store(world.engine);
  store.set_time_limit(std::chrono::seconds(10));
  const auto add = must(must(world.pre.instantiate(store)).func<int32_t(int32_t, int32_t)>("add"));
  int32_t x = 0;
  for (auto _ : state) x = *add(x, 1);
  benchmark::DoNotOptimize(x);
}

void host_to_guest_values(benchmark::State& state, TierKind tier) {
  World world(tier);
  Store store(world.engine);
  const Func add = must(must(world.pre.instantiate(store)).func("add"));
  for (auto _ : state) benchmark::DoNotOptimize(add.call({1, 2}));
}

/// One item is one turn of a loop in the guest; "empty" makes no call, and is what to subtract.
void guest_to_host(benchmark::State& state, TierKind tier, const char* name) {
  World world(tier);
  Store store(world.engine);
  const auto loop = must(must(world.pre.instantiate(store)).func<void(int32_t)>(name));
  constexpr int32_t kTurns = 10'000;
  for (auto _ : state) must(loop(kTurns));
  state.SetItemsProcessed(state.iterations() * kTurns);
}
void new_store(benchmark::State& state) {
  const Engine engine;
  for (auto _ : state) Store store(engine);
}
BENCHMARK(new_store);

void new_store_and_instance(benchmark::State& state, TierKind tier) {
  World world(tier);
  for (auto _ : state) {
    Store store(world.engine);
    benchmark::DoNotOptimize(must(world.pre.instantiate(store)));
  }
}

void new_store_instance_and_call(benchmark::State& state, TierKind tier) {
  World world(tier);
  for (auto _ : state) {
    Store store(world.engine);
    must(must(must(world.pre.instantiate(store)).func<void()>("nop"))());
  }
}

void new_engine(benchmark::State& state) {
  for (auto _ : state) Engine engine;
}
BENCHMARK(new_engine);

void register_for(TierKind tier, const std::string& name) {
  const auto add = [&](const char* what, auto function, auto... more) {
    benchmark::RegisterBenchmark((name + "/" + what).c_str(), function, tier, more...);
  };
  add("host_to_guest", host_to_guest);
  add("host_to_guest_with_time_limit", host_to_guest_with_time_limit);
  add("host_to_guest_values", host_to_guest_values);
  for (const char* loop : {"empty", "typed", "caller", "raw", "values"}) {
    add((std::string("guest_to_host/") + loop).c_str(), guest_to_host, loop);
  }
  add("new_store_and_instance", new_store_and_instance);
  add("new_store_instance_and_call", new_store_instance_and_call);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  register_for(TierKind::kInterpreter, "interp");
  const bool compiler = Module::from_wat(Engine(config_for(TierKind::kLlvm)), "(module (func))").has_value();
  if (compiler) register_for(TierKind::kLlvm, "llvm");
  benchmark::RunSpecifiedBenchmarks();
}
