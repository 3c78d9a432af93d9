// Stores: limits, fuel, time, interruption, garbage, and many of them at once.
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "api_util.h"

namespace wherry {
namespace {

using namespace std::chrono_literals;
using StoreTest = ApiTest;

constexpr std::string_view kLoop = R"((module (func (export "spin") (loop (br 0)))
  (func (export "count") (param $n i32) (result i32) (local $i i32)
    (loop (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $i))))";

TEST(StoreLimitsTest, MemoriesTablesAndInstances) {
  const Engine engine;
  Store store(engine, {.max_memory_bytes = 3 * 65536, .max_table_elements = 10, .max_instances = 2});
  Linker linker(engine);
  const Module module = wat(engine, R"((module (memory (export "m") 1) (table 1 funcref)
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "tgrow") (param i32) (result i32) (table.grow (ref.null func) (local.get 0)))))");
  const Instance instance = must(linker.instantiate(store, module));
  const auto grow = must(instance.func<int32_t(int32_t)>("grow"));
  EXPECT_EQ(must(grow(3)), -1);
  EXPECT_EQ(must(grow(2)), 1);
  EXPECT_EQ(must(grow(1)), -1);
  EXPECT_EQ(must(instance.memory("m")).grow(1).error().code, ErrorCode::kLimit);
  const auto tgrow = must(instance.func<int32_t(int32_t)>("tgrow"));
  EXPECT_EQ(must(tgrow(10)), -1);
  EXPECT_EQ(must(tgrow(9)), 1);
  EXPECT_EQ(linker.instantiate(store, wat(engine, "(module (memory 4))")).error().code, ErrorCode::kLimit);
  // That one counted too: what traps or fails half made stays, for functions of it may be in tables.
  EXPECT_EQ(linker.instantiate(store, wat(engine, "(module)")).error().code, ErrorCode::kLimit);
  EXPECT_EQ(Memory::make(store, {.limits = {4, {}}}).error().code, ErrorCode::kLimit);
}

TEST(StoreLimitsTest, SmallStacksTrapEarlier) {
  const Engine engine;
  const Module module = wat(engine, R"((module (global $depth (export "depth") (mut i32) (i32.const 0))
    (func $deep (export "deep") (global.set $depth (i32.add (global.get $depth) (i32.const 1))) (call $deep))))");
  auto depth_with = [&](uint64_t bytes) {
    Store store(engine, {.stack_bytes = bytes});
    const Instance instance = must(Instance::make(store, module));
    const auto result = must(instance.func<void()>("deep"))();
    EXPECT_EQ(result.error().kind, TrapKind::kStackOverflow);
    return must(instance.global("depth")).get().i32();
  };
  const int32_t small = depth_with(64 << 10);
  const int32_t large = depth_with(1 << 20);
  EXPECT_GT(small, 100);
  EXPECT_GT(large, 8 * small);
}

TEST(StoreLimitsTest, GcHeap) {
  const Engine engine;
  Store store(engine, {.max_gc_heap_bytes = 1 << 20});
  const Instance instance = must(Instance::make(store, wat(engine, R"((module (type $a (array i64))
    (global $keep (mut (ref null $a)) (ref.null $a))
    (func (export "garbage") (param $n i32)
      (loop (drop (array.new_default $a (i32.const 1000)))
        (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "keep") (param i32) (global.set $keep (array.new_default $a (local.get 0))))))")));
  must(must(instance.func<void(int32_t)>("garbage"))(10'000));  // 80 MB in all
  EXPECT_GT(store.gc_stats().collections, 10u);
  EXPECT_LE(store.gc_stats().heap_bytes, uint64_t{1} << 20);
  const auto keep = must(instance.func<void(int32_t)>("keep"));
  must(keep(100'000));
  EXPECT_EQ(keep(200'000).error().kind, TrapKind::kOutOfGcHeap);
  must(keep(1));
}

TEST(FuelTest, IsCountedAndEnds) {
  const Engine engine({.fuel = true});
  Store store(engine);
  const Instance instance = must(Instance::make(store, wat(engine, kLoop)));
  const auto count = must(instance.func<int32_t(int32_t)>("count"));
  EXPECT_EQ(count(10).error().kind, TrapKind::kOutOfFuel);  // there is none at first
  auto used = [&](int32_t n) {
    store.set_fuel(1'000'000);
    must(count(n));
    return 1'000'000 - store.fuel();
  };
  const uint64_t ten = used(10);
  EXPECT_GT(ten, 0u);
  EXPECT_EQ(used(10), ten);
  EXPECT_EQ(used(1010) - used(510), used(510) - ten);  // linear
  store.set_fuel(1000);
  const auto result = must(instance.func<void()>("spin"))();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, TrapKind::kOutOfFuel);
  EXPECT_EQ(store.fuel(), 0u);
}

TEST_F(StoreTest, TimeLimit) {
  const Instance instance = instantiate(kLoop);
  const auto spin = must(instance.func<void()>("spin"));
  store.set_time_limit(20ms);
  for (int i = 0; i < 3; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const auto result = spin();
    const auto took = std::chrono::steady_clock::now() - begin;
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind, TrapKind::kTimeLimit);
    EXPECT_GE(took, 19ms);
    EXPECT_LT(took, 5s);
  }
  EXPECT_EQ(must(must(instance.func<int32_t(int32_t)>("count"))(100)), 100);
  store.set_time_limit(std::nullopt);
  EXPECT_EQ(must(must(instance.func<int32_t(int32_t)>("count"))(100)), 100);
}

TEST_F(StoreTest, TimeLimitCoversNestedCalls) {
  std::optional<Instance> instance;
  linker.func("env", "nest", [&]() -> CallResult<> { return must(instance->func<void()>("spin"))(); });
  instance = instantiate(R"((module (import "env" "nest" (func $nest))
    (func (export "spin") (loop (br 0))) (func (export "run") (call $nest))))");
  store.set_time_limit(20ms);
  EXPECT_EQ(must(instance->func<void()>("run"))().error().kind, TrapKind::kTimeLimit);
}

TEST_F(StoreTest, TimeLimitWaitsForHostFunctions) {
  bool done = false;
  linker.func("env", "sleep", [&](Caller& caller) {
    const auto end = std::chrono::steady_clock::now() + 60ms;
    while (std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(1ms);
    EXPECT_TRUE(caller.interrupted());
    done = true;
  });
  const Instance instance = instantiate(R"((module (import "env" "sleep" (func $sleep))
    (global (export "after") (mut i32) (i32.const 0))
    (func (export "run") (call $sleep) (global.set 0 (i32.const 1)))))");
  store.set_time_limit(10ms);
  const auto result = must(instance.func<void()>("run"))();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, TrapKind::kTimeLimit);
  EXPECT_TRUE(done);
  EXPECT_EQ(must(instance.global("after")).get().i32(), 0);
}

TEST_F(StoreTest, InterruptFromAnotherThread) {
  const Instance instance = instantiate(kLoop);
  const auto spin = must(instance.func<void()>("spin"));
  const InterruptHandle handle = store.interrupt_handle();
  for (int i = 0; i < 3; ++i) {
    std::thread other([handle] {
      std::this_thread::sleep_for(10ms);
      handle.interrupt();
    });
    const auto result = spin();
    other.join();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind, TrapKind::kInterrupted);
  }
  const auto count = must(instance.func<int32_t(int32_t)>("count"));
  EXPECT_EQ(must(count(5)), 5);
  handle.interrupt();  // nothing runs: the next call ends
  EXPECT_EQ(count(5).error().kind, TrapKind::kInterrupted);
  EXPECT_EQ(must(count(5)), 5);
}

TEST_F(StoreTest, InterruptHandlesOutliveTheirStore) {
  std::optional<Store> gone(std::in_place, engine);
  const InterruptHandle handle = gone->interrupt_handle();
  gone.reset();
  handle.interrupt();
}

TEST_F(StoreTest, DataIsDestroyedWithTheStore) {
  struct Witness {
    std::vector<int>* order;
    int id;
    ~Witness() { order->push_back(id); }
  };
  struct Other : Witness {};
  std::vector<int> order;
  {
    Store own(engine);
    own.emplace_data<Witness>(&order, 1);
    own.emplace_data<Other>(Witness(&order, 2));
    order.clear();  // of the temporary's
    own.emplace_data<Witness>(&order, 3);
    EXPECT_EQ(order, std::vector{1});
    Store moved = std::move(own);
    EXPECT_EQ(moved.data<Witness>().id, 3);
  }
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TEST_F(StoreTest, ExternRefsLiveAsLongAsAnyoneHoldsThem) {
  static std::atomic<int> alive;
  alive = 0;
  struct Resource {
    int id;
    explicit Resource(int i) : id(i) { ++alive; }
    ~Resource() { --alive; }
  };
  linker.func("env", "open",
              [](Caller& caller, int32_t id) { return must(ExternRef::make_owned<Resource>(caller, id)); });
  linker.func("env", "id", [](ExternRef ref) -> int32_t {
    const Resource* resource = ref.get<Resource>();
    return resource == nullptr ? -1 : resource->id;
  });
  const Instance instance = instantiate(R"((module
    (import "env" "open" (func $open (param i32) (result externref)))
    (import "env" "id" (func $id (param externref) (result i32)))
    (table $t (export "t") 10 externref)
    (func (export "open") (param i32) (table.set $t (local.get 0) (call $open (local.get 0))))
    (func (export "id") (param i32) (result i32) (call $id (table.get $t (local.get 0))))
    (func (export "get") (param i32) (result externref) (table.get $t (local.get 0)))
    (func (export "close") (param i32) (table.set $t (local.get 0) (ref.null extern)))))");
  const auto open = must(instance.func<void(int32_t)>("open"));
  const auto id = must(instance.func<int32_t(int32_t)>("id"));
  const auto close = must(instance.func<void(int32_t)>("close"));
  for (int i = 0; i < 10; ++i) must(open(i));
  store.collect();
  EXPECT_EQ(alive, 10);
  EXPECT_EQ(must(id(7)), 7);
  {
    const ExternRef held = must(must(instance.func<ExternRef(int32_t)>("get"))(3));
    const ExternRef copy = held;
    for (int i = 0; i < 10; ++i) must(close(i));
    store.collect();
    EXPECT_EQ(alive, 1);
    EXPECT_EQ(copy.get<Resource>()->id, 3);
    EXPECT_EQ(copy.get<int>(), nullptr);
    EXPECT_FALSE(copy.word().has_value());
    EXPECT_EQ(must(id(3)), -1);
  }
  store.collect();
  EXPECT_EQ(alive, 0);
  must(open(1));
  store = Store(engine);
  EXPECT_EQ(alive, 0);
}

TEST_F(StoreTest, RefsMayOutliveTheirStore) {
  ExternRef ref;
  Value value;
  {
    Store own(engine);
    ref = must(ExternRef::make(own, 5));
    value = ref;
    EXPECT_EQ(ref.word(), 5u);
  }
}

TEST_F(StoreTest, ReferencesInHostFramesAreRoots) {
  // The host keeps references only in its own frames while the guest fills the heap with garbage.
  const Instance instance = instantiate(R"((module (type $s (struct (field i32) (field (ref null $s))))
    (func (export "chain") (param $n i32) (result anyref) (local $s (ref null $s))
      (loop (local.set $s (struct.new $s (local.get $n) (local.get $s)))
        (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $s))
    (func (export "sum") (param anyref) (result i32) (local $s (ref null $s)) (local $sum i32)
      (local.set $s (ref.cast (ref null $s) (local.get 0)))
      (block (loop
        (br_if 1 (ref.is_null (local.get $s)))
        (local.set $sum (i32.add (local.get $sum) (struct.get $s 0 (local.get $s))))
        (local.set $s (struct.get $s 1 (local.get $s))) (br 0)))
      (local.get $sum))))");
  const auto chain = must(instance.func<AnyRef(int32_t)>("chain"));
  const auto sum = must(instance.func<int32_t(AnyRef)>("sum"));
  std::vector<AnyRef> chains;
  for (int n = 1; n <= 50; ++n) {
    chains.push_back(must(chain(n)));
    must(chain(2000));
    if (n % 10 == 0) store.collect();
  }
  for (int n = 1; n <= 50; ++n) EXPECT_EQ(must(sum(chains[n - 1])), n * (n + 1) / 2);
  EXPECT_EQ(must(chains[4].get(store, 0)).i32(), 1);
  EXPECT_TRUE(must(chains[0].get(store, 1)).is_null());
  EXPECT_EQ(chains[0].get(store, 2).error().code, ErrorCode::kNotFound);
}

TEST_F(StoreTest, ManyStoresOnManyThreads) {
  const Module module = wat(engine, kLoop);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        Store own(engine);
        own.set_time_limit(10s);
        const Instance instance = must(Instance::make(own, module));
        EXPECT_EQ(must(must(instance.func<int32_t(int32_t)>("count"))(1000 + t)), 1000 + t);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(StoreTest, ThreadsShareASharedMemory) {
  const SharedMemory memory = must(SharedMemory::make(engine, {.limits = {1, 1}, .shared = true}));
  must(linker.define("env", "m", memory));
  const InstancePre pre = must(linker.prepare(wat(engine, R"((module (import "env" "m" (memory 1 1 shared))
    (func (export "add") (param $n i32)
      (loop (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
        (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))))")));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      Store own(engine);
      must(must(must(pre.instantiate(own)).func<void(int32_t)>("add"))(10'000));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Memory::use(store, memory).load<uint32_t>(0), 40'000u);
}

}  // namespace
}  // namespace wherry
