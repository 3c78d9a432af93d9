#include "runtime/store.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "guest_code.h"
#include "platform/clock.h"
#include "platform/threads.h"
#include "world.h"

namespace wherry::runtime {
namespace {

using testing::World;

TEST(Instantiation, InitialisersSeeImportsAndEachOther) {
  World world;
  const Slot five = 5;
  Global* imported = world.store.new_global({ValType::kI32, false}, &five);
  Instance* instance = world.make(R"((module
    (import "m" "g" (global $five i32))
    (global $twelve i32 (i32.add (global.get $five) (i32.const 7)))
    (global $v v128 (v128.const i64x2 1 2))
    (global $copy v128 (global.get $v))
    (global $f funcref (ref.func $f))
    (table 3 funcref (ref.func $f))
    (memory 1)
    (data (offset (global.get $twelve)) "hello")
    (func $f) (export "f" (func $f)) (export "twelve" (global $twelve)) (start $f)))",
                                  {imported});
  ASSERT_NE(instance, nullptr);
  Slot** globals = instance->context()->globals;
  EXPECT_EQ(static_cast<uint32_t>(*globals[1]), 12u);
  EXPECT_EQ(globals[3][0], 1u);
  EXPECT_EQ(globals[3][1], 2u);
  EXPECT_EQ(*globals[4], reinterpret_cast<Ref>(instance->func(0)));
  EXPECT_EQ(instance->table(0)->get(2), reinterpret_cast<Ref>(instance->func(0)));
  EXPECT_EQ(instance->memory(0)->contents()[12], 'h');
  EXPECT_EQ(instance->start_function(), instance->func(0));
  EXPECT_EQ(instance->find_export("f")->func(), instance->func(0));
  EXPECT_EQ(instance->find_export("twelve")->global()->cell, globals[1]);
  EXPECT_EQ(instance->find_export("twelve")->global(), instance->global(1)) << "one object a global";
  EXPECT_EQ(instance->global(0), imported);
  EXPECT_FALSE(instance->find_export("nothing"));
}

TEST(Instantiation, WhatWasWrittenBeforeATrapStays) {
  World world;
  Table* table = *world.store.new_table({.limits = {10, {}}}, 0);
  Memory* memory = *world.store.new_memory({.limits = {1, {}}});
  const auto made = world.try_make(R"((module
    (import "m" "t" (table 10 funcref)) (import "m" "m" (memory 1))
    (func $f (result i32) (i32.const 1))
    (elem (i32.const 3) func $f $f)
    (data (i32.const 0) "first") (data (i32.const 65536) "x") (data (i32.const 10) "never")))",
                                   {table, memory});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kTrap);
  EXPECT_EQ(made.error().message, "out of bounds memory access");
  EXPECT_EQ(world.trap, TrapKind::kMemoryOutOfBounds);
  EXPECT_EQ(memory->contents()[0], 'f');
  EXPECT_EQ(memory->contents()[10], 0);
  const auto* func = reinterpret_cast<const Func*>(table->view()->elements[4]);
  ASSERT_NE(func, nullptr);
  EXPECT_EQ(func->entry(const_cast<Func&>(*func), nullptr), TrapKind::kUnreachable) << "still alive";

  EXPECT_FALSE(world.try_make(
      "(module (import \"m\" \"t\" (table 10 funcref)) (func $f) (elem (i32.const 10) func $f))", {table}));
  EXPECT_EQ(world.trap, TrapKind::kTableOutOfBounds);
}

TEST(Instantiation, SegmentsAreDroppedAsTheSpecSays) {
  World world;
  Instance* instance = world.make(R"((module (memory 1) (table 9 funcref) (func $f)
    (elem (i32.const 0) func $f) (elem func $f $f) (elem declare func $f)
    (data (i32.const 0) "x") (data "abc")))");
  EXPECT_EQ(instance->element_count(0), 0u);
  EXPECT_EQ(instance->element_count(1), 2u);
  EXPECT_EQ(instance->element_count(2), 0u);
  EXPECT_EQ(instance->data(0).size(), 0u);
  EXPECT_EQ(instance->data(1).size(), 3u);
  VMContext* context = instance->context();
  EXPECT_EQ(ops::table_init(context, 1, 0, 7, 0, 2), TrapKind::kNone);
  EXPECT_EQ(ops::table_init(context, 1, 0, 8, 0, 2), TrapKind::kTableOutOfBounds);
  EXPECT_EQ(ops::table_init(context, 1, 0, 0, 2, 1), TrapKind::kTableOutOfBounds);
  ops::elem_drop(context, 1);
  EXPECT_EQ(ops::table_init(context, 1, 0, 0, 0, 1), TrapKind::kTableOutOfBounds);
  EXPECT_EQ(ops::table_init(context, 1, 0, 9, 0, 0), TrapKind::kNone);
}

TEST(Instantiation, LimitsAreErrors) {
  Config config;
  config.max_memory_bytes = 65536;
  config.max_table_elements = 10;
  config.max_instances = 3;
  World world(config);
  EXPECT_EQ(world.try_make("(module (memory 2))").error().code, ErrorCode::kLimit);
  EXPECT_EQ(world.try_make("(module (table 11 funcref))").error().code, ErrorCode::kLimit);
  EXPECT_TRUE(world.try_make("(module (memory 1) (table 10 funcref))"));
  EXPECT_EQ(world.try_make("(module)").error().message, "too many instances: the limit is 3");
}

struct ImportCase {
  const char* import;
  const char* why;  ///< In the error; null: fits.
};

TEST(Imports, AreMatchedByTheSpecsRules) {
  World world;
  Instance* exporter = world.make(R"((module
    (type $super (sub (func (result (ref null any))))) (type $sub (sub $super (func (result (ref null any)))))
    (func (export "func") (param i32) (result i64) (i64.const 0))
    (func (export "sub") (type $sub) (ref.null any))
    (table (export "table") 5 10 funcref)
    (memory (export "memory") 2 4)
    (global (export "const") (ref func) (ref.func 0))
    (global (export "var") (mut i32) (i32.const 0))
    (tag (export "tag") (param i32)) (elem declare func 0)))");
  const ImportCase cases[] = {
      {"(func (import \"m\" \"func\") (param i32) (result i64))", nullptr},
      {"(func (import \"m\" \"func\") (param i32) (result i32))", "wanted a function of type"},
      {"(func (import \"m\" \"memory\"))", "wanted a function, got a memory"},
      {"(type $super (sub (func (result (ref null any))))) (func (import \"m\" \"sub\") (type $super))", nullptr},
      {"(type $other (func (result (ref null any)))) (func (import \"m\" \"sub\") (type $other))",
       "wanted a function of type"},
      {"(table (import \"m\" \"table\") 5 10 funcref)", nullptr},
      {"(table (import \"m\" \"table\") 1 funcref)", nullptr},
      {"(table (import \"m\" \"table\") 6 10 funcref)", "at least 6"},
      {"(table (import \"m\" \"table\") 5 9 funcref)", "at most 9"},
      {"(table (import \"m\" \"table\") 5 10 externref)", "wanted a table of"},
      {"(table (import \"m\" \"table\") i64 5 10 funcref)", "address types differ"},
      {"(memory (import \"m\" \"memory\") 2 4)", nullptr},
      {"(memory (import \"m\" \"memory\") 0 5)", nullptr},
      {"(memory (import \"m\" \"memory\") 3 4)", "at least 3"},
      {"(memory (import \"m\" \"memory\") i64 2 4)", "address types differ"},
      {"(memory (import \"m\" \"memory\") 2 4 shared)", "wanted a shared memory"},
      {"(memory (import \"m\" \"memory\") 2 4 (pagesize 1))", "page sizes differ"},
      {"(global (import \"m\" \"const\") (ref func))", nullptr},
      {"(global (import \"m\" \"const\") funcref)", nullptr},
      {"(global (import \"m\" \"const\") externref)", "wanted a global of"},
      {"(global (import \"m\" \"const\") (mut (ref func)))", "wanted a mutable global"},
      {"(global (import \"m\" \"var\") (mut i32))", nullptr},
      {"(global (import \"m\" \"var\") i32)", "wanted an immutable global"},
      {"(tag (import \"m\" \"tag\") (param i32))", nullptr},
      {"(tag (import \"m\" \"tag\") (param i64))", "tag types differ"},
  };
  for (const ImportCase& each : cases) {
    const auto module = world.read("(module " + std::string(each.import) + ")");
    ASSERT_NE(module, nullptr) << each.import;
    const wasm::Import& import = module->imports[0];
    const Result<> result = check_import(*module, import, *exporter->find_export(import.name));
    EXPECT_EQ(result.has_value(), each.why == nullptr) << each.import;
    if (result) continue;
    EXPECT_EQ(result.error().code, ErrorCode::kUnlinkable);
    EXPECT_TRUE(result.error().message.starts_with("incompatible import type for \"m\" ")) << result.error().message;
    if (each.why != nullptr) {
      EXPECT_NE(result.error().message.find(each.why), std::string::npos) << result.error().message;
    }
  }
  // What counts is the size now.
  exporter->memory(0)->grow(1);
  const auto module = world.read("(module (memory (import \"m\" \"memory\") 3 4))");
  EXPECT_TRUE(check_import(*module, module->imports[0], exporter->memory(0)));
}

// Calls.

TrapKind spin(Func&, Slot*) {
  platform::Fault fault;
  const uint32_t result = run_guarded(platform::testing::guest_spin, nullptr, &fault);
  return result == platform::kInterrupted ? TrapKind::kInterrupted : TrapKind::kUnreachable;
}

class Calls : public ::testing::Test {
 protected:
  void SetUp() override { platform::testing::register_guest_code(); }
  Func* function(FuncEntry entry) { return world.store.new_host_func(world.types.intern_func({}, {}), entry, nullptr); }
  uint32_t interrupt() { return __atomic_load_n(&world.store.exec().interrupt, __ATOMIC_RELAXED); }
  World world;
};

TEST_F(Calls, PrepareTheThread) {
  Func* check = function([](Func& func, Slot* slots) {
    const ExecState& exec = *func.context->exec;
    slots[0] = exec.native_limit;
    return exec.caller == nullptr ? TrapKind::kNone : TrapKind::kHostError;
  });
  Slot slots[1];
  EXPECT_EQ(world.store.call(*check, slots), TrapKind::kNone);
  EXPECT_GT(slots[0], platform::native_stack_limit());
  EXPECT_LT(slots[0], reinterpret_cast<uintptr_t>(__builtin_frame_address(0)));
  std::thread([&] {
    Slot own[1];
    world.store.call(*check, own);
    EXPECT_GT(own[0], platform::native_stack_limit());
    EXPECT_LT(own[0], reinterpret_cast<uintptr_t>(__builtin_frame_address(0)));
  }).join();
}

TEST_F(Calls, TimeLimitStopsThem) {
  Func* endless = function(spin);
  world.store.set_time_limit(3'000'000);
  for (int i = 0; i < 3; ++i) {
    const uint64_t start = platform::monotonic_ns();
    EXPECT_EQ(world.store.call(*endless, nullptr), TrapKind::kInterrupted);
    EXPECT_GE(platform::monotonic_ns() - start, 3'000'000u);
    EXPECT_EQ(interrupt(), 0u);
  }
  world.store.set_time_limit(0);
  Func* fine = function([](Func&, Slot*) { return TrapKind::kNone; });
  EXPECT_EQ(world.store.call(*fine, nullptr), TrapKind::kNone);
}

TEST_F(Calls, TimeLimitCoversNestedCalls) {
  Func* nested = function([](Func& func, Slot* slots) {
    Store& store = *func.context->exec->store;
    Func* endless = store.new_host_func(func.type, spin, nullptr);
    EXPECT_EQ(store.call(*endless, slots), TrapKind::kInterrupted);
    // The limit has passed: nothing new begins.
    return store.call(*endless, slots);
  });
  world.store.set_time_limit(2'000'000);
  EXPECT_EQ(world.store.call(*nested, nullptr), TrapKind::kTimeLimit);
  EXPECT_EQ(interrupt(), 0u);
}

TEST_F(Calls, AreInterruptedFromAnotherThread) {
  world.store.set_interruptible(true);
  std::thread other([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    world.store.interrupt();
  });
  EXPECT_EQ(world.store.call(*function(spin), nullptr), TrapKind::kInterrupted);
  other.join();
  // When nothing runs, the next call is stopped, once.
  Func* fine = function([](Func&, Slot*) { return TrapKind::kNone; });
  EXPECT_EQ(world.store.call(*fine, nullptr), TrapKind::kNone);
  world.store.interrupt();
  EXPECT_EQ(world.store.call(*fine, nullptr), TrapKind::kInterrupted);
  EXPECT_EQ(world.store.call(*fine, nullptr), TrapKind::kNone);
}

TEST_F(Calls, WaitingIsInterrupted) {
  Instance* instance = world.make("(module (memory 1 1 shared))");
  Func* waiting = world.store.new_host_func(
      world.types.intern_func({}, {}),
      [](Func& func, Slot*) {
        uint32_t result;
        auto* waiter = static_cast<Instance*>(func.host)->context();
        return ops::memory_atomic_wait32(waiter, 0, 0, 0, -1, &result);
      },
      instance);
  world.store.set_time_limit(3'000'000);
  EXPECT_EQ(world.store.call(*waiting, nullptr), TrapKind::kTimeLimit);
}

TEST(Store, WithoutRoomForAStackEveryCallIsExhaustion) {
  Config config;
  config.stack_bytes = uint64_t{1} << 60;
  World world(config);
  EXPECT_EQ(world.store.exec().stack_top, world.store.exec().stack_limit);
}

}  // namespace
}  // namespace wherry::runtime
