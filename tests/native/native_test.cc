// What holds of code that is compiled: limits, interruptions, references on the native stack, images that do not fit.
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <thread>

#include "world.h"

extern "C" {
struct jit_code_entry {
  jit_code_entry* next_entry;
  jit_code_entry* prev_entry;
  const char* symfile_addr;
  uint64_t symfile_size;
};
extern struct {
  uint32_t version;
  uint32_t action_flag;
  jit_code_entry* relevant_entry;
  jit_code_entry* first_entry;
} __jit_debug_descriptor;
}

namespace wherry::native_test {
namespace {

class Native : public testing::Test {
 protected:
  void SetUp() override {
    if (!have_compiler()) GTEST_SKIP() << "no compiler in this build";
    engine.emplace(all_features(TierKind::kLlvm));
    store.emplace(*engine);
  }
  Instance instantiate(std::string_view text) {
    Linker linker(*engine);
    return must(linker.instantiate(*store, must(Module::from_wat(*engine, text))));
  }

  std::optional<Engine> engine;
  std::optional<Store> store;
};

constexpr std::string_view kLoop = R"((module (memory 1)
  (func (export "spin") (loop (br 0)))
  (func (export "store") (loop (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1))) (br 0)))
  (func (export "one") (result i32) (i32.const 1))))";

TEST_F(Native, TimeLimitsEndLoops) {
  const Instance instance = instantiate(kLoop);
  store->set_time_limit(std::chrono::milliseconds(20));
  for (const char* name : {"spin", "store", "spin"}) {
    const auto result = must(instance.func<void()>(name))();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind, TrapKind::kTimeLimit);
    EXPECT_EQ(must(must(instance.func<int32_t()>("one"))()), 1);
  }
}

TEST_F(Native, AnotherThreadMayInterruptALoop) {
  const Instance instance = instantiate(kLoop);
  const InterruptHandle handle = store->interrupt_handle();
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    handle.interrupt();
  });
  const auto result = must(instance.func<void()>("spin"))();
  other.join();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, TrapKind::kInterrupted);
}

constexpr std::string_view kDeep = R"((module
  (import "env" "host" (func $host (param i32) (result i32)))
  (func $down (export "down") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
      (else (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))))
  (func (export "bounce") (param i32) (result i32) (i32.add (i32.const 1) (call $host (local.get 0))))))";

TEST_F(Native, StackExhaustionIsATrapOnStacksOfAnySize) {
  std::optional<Instance> instance;
  Linker linker(*engine);
  must(linker.func("env", "host", [&](int32_t x) -> CallResult<int32_t> {
    return must(instance->func<int32_t(int32_t)>("bounce"))(x);
  }));
  instance = must(linker.instantiate(*store, must(Module::from_wat(*engine, kDeep))));
  const auto attempt = [&] {
    for (const char* name : {"down", "bounce", "down"}) {
      const auto result = must(instance->func<int32_t(int32_t)>(name))(1'000'000'000);
      ASSERT_FALSE(result.has_value());
      EXPECT_EQ(result.error().kind, TrapKind::kStackOverflow);
    }
    EXPECT_EQ(must(must(instance->func<int32_t(int32_t)>("down"))(100)), 100);
  };
  attempt();
  for (const size_t stack : {size_t{128} << 10, size_t{256} << 10, size_t{64} << 20}) {
    SCOPED_TRACE(stack);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack);
    pthread_t thread;
    const auto run = [](void* work) -> void* {
      (*static_cast<decltype(attempt)*>(work))();
      return nullptr;
    };
    ASSERT_EQ(pthread_create(&thread, &attributes, run, const_cast<void*>(static_cast<const void*>(&attempt))), 0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
  }
}

TEST_F(Native, ReferencesInCompiledFramesKeepObjects) {
  const Instance instance = instantiate(R"((module
    (rec (type $node (struct (field i32) (field (ref null $node)))))
    (type $bytes (array (mut i8)))
    (func $list (param $n i32) (result (ref null $node)) (local $list (ref null $node))
      (loop
        (local.set $list (struct.new $node (local.get $n) (local.get $list)))
        (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $list))
    (func $sum (param $list (ref null $node)) (result i32) (local $sum i32)
      (loop
        (if (ref.is_null (local.get $list)) (then (return (local.get $sum))))
        (local.set $sum (i32.add (local.get $sum) (struct.get $node 0 (local.get $list))))
        (local.set $list (struct.get $node 1 (local.get $list)))
        (br 0))
      (unreachable))
    (func $deep (export "run") (param $depth i32) (result i32) (local $mine (ref null $node)) (local $b (ref $bytes))
      (local.set $mine (call $list (i32.const 100)))
      (local.set $b (array.new $bytes (i32.const 5) (i32.const 1000)))
      (if (local.get $depth) (then (drop (call $deep (i32.sub (local.get $depth) (i32.const 1))))))
      (drop (call $list (i32.const 3000)))
      (if (i32.ne (call $sum (local.get $mine)) (i32.const 5050)) (then (unreachable)))
      (if (i32.ne (array.get_u $bytes (local.get $b) (i32.const 999)) (i32.const 5)) (then (unreachable)))
      (call $sum (local.get $mine)))))");
  EXPECT_EQ(must(must(instance.func<int32_t(int32_t)>("run"))(300)), 5050);
  EXPECT_GT(store->gc_stats().collections, 5u);
}

TEST_F(Native, ManyExceptionsInARow) {
  const Instance instance = instantiate(R"((module
    (tag $e (param i64))
    (func $throw (param i64) (result i64) (if (i64.eqz (local.get 0)) (then (throw $e (i64.const 7)))) (throw $e (local.get 0)))
    (func $pass (param i64) (param $depth i32) (result i64)
      (if (result i64) (local.get $depth)
        (then (i64.add (i64.const 1) (call $pass (local.get 0) (i32.sub (local.get $depth) (i32.const 1)))))
        (else (call $throw (local.get 0)))))
    (func (export "run") (param $n i64) (result i64) (local $sum i64) (local $i i64)
      (loop
        (local.set $sum (i64.add (local.get $sum)
          (block $h (result i64)
            (try_table (result i64) (catch $e $h)
              (call $pass (local.get $i) (i32.wrap_i64 (i64.and (local.get $i) (i64.const 15))))))))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br_if 0 (i64.lt_u (local.get $i) (local.get $n))))
      (local.get $sum))))");
  EXPECT_EQ(must(must(instance.func<int64_t(int64_t)>("run"))(20'000)), int64_t{20'000} * 19'999 / 2 + 7);
}

TEST_F(Native, CodeGoesWithItsModule) {
  for (int i = 0; i < 20; ++i) {
    Store own(*engine);
    Linker linker(*engine);
    const Instance instance = must(linker.instantiate(own, must(Module::from_wat(*engine, kLoop))));
    EXPECT_EQ(must(must(instance.func<int32_t()>("one"))()), 1);
  }
}

TEST_F(Native, StoresOfManyThreadsRunTheSameCode) {
  const Module module = must(Module::from_wat(*engine, R"((module (memory 1)
    (func (export "f") (param i32) (result i32) (i32.load (local.get 0)))))"));
  std::atomic<int> traps = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      Store own(*engine);
      Linker linker(*engine);
      const auto f = must(must(linker.instantiate(own, module)).func<int32_t(int32_t)>("f"));
      for (int i = 0; i < 500; ++i) {
        const auto result = f(i % 2 == 0 ? 0 : 65533);
        if (!result.has_value() && result.error().backtrace.size() == 1) ++traps;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(traps, 1000);
}

TEST_F(Native, ImagesForOthersAreRefused) {
  const Module module = must(Module::from_wat(*engine, "(module (func (export \"f\")))"));
  const Engine checks([] {
    Config config = all_features();
    config.bounds = BoundsStrategy::kChecks;
    return config;
  }());
  const auto compiler = native::find_compiler("");
  auto image = must(compiler->compile({.flags = engine::image_flags(engine->config()),
                                       .features = engine->config().features.bits(),
                                       .module = module.bytes().data(),
                                       .module_size = module.bytes().size()}));
  const auto code = [&](const Engine& other, std::string_view text) {
    return must(Module::from_wat(other, text)).impl();
  };
  const auto refused = [&](const std::shared_ptr<const engine::CompiledModule>& module) {
    const Result<> attached = module->code()->attach(image);
    EXPECT_FALSE(attached.has_value());
    return attached.has_value() ? "" : attached.error().message;
  };
  EXPECT_EQ(refused(code(checks, "(module (func))")), "native image: compiled for another configuration");
  EXPECT_EQ(refused(code(*engine, "(module (func) (func))")), "native image: of another module");
  const Engine interpreter(all_features(TierKind::kInterpreter));
  EXPECT_EQ(refused(code(interpreter, "(module (func))")), "this tier does not run native code");
  image.bytes = image.bytes.first(image.bytes.size() - 1);
  refused(code(*engine, "(module (func))"));
}

TEST(Debuggers, GetTheNamesOfCompiledFunctions) {
  if (!have_compiler()) GTEST_SKIP() << "no compiler in this build";
  Config config = all_features(TierKind::kLlvm);
  config.gdb = true;
  config.perf_map = true;
  const std::string map = "/tmp/perf-" + std::to_string(getpid()) + ".map";
  std::remove(map.c_str());
  {
    const Engine engine(config);
    const Module module = must(Module::from_wat(engine, R"((module
      (func $named) (func (export "exported")) (func)))"));
    ASSERT_NE(__jit_debug_descriptor.first_entry, nullptr);
    const jit_code_entry& entry = *__jit_debug_descriptor.first_entry;
    const std::string_view file(entry.symfile_addr, entry.symfile_size);
    EXPECT_TRUE(
        file.starts_with("\x7F"
                         "ELF"));
    std::ifstream perf(map);
    const std::string lines((std::istreambuf_iterator<char>(perf)), std::istreambuf_iterator<char>());
    for (const char* name : {"named", "exported", "function[2]", "(enter)"}) {
      EXPECT_NE(file.find(name), std::string_view::npos) << name;
      EXPECT_NE(lines.find(std::string(" ") + name + "\n"), std::string::npos) << lines;
    }
  }
  EXPECT_EQ(__jit_debug_descriptor.first_entry, nullptr);
  std::remove(map.c_str());
}

TEST(Compiler, ThatIsMissingOrBreaksIsAnError) {
  const auto compile_with = [](const char* compiler) {
    Config config = all_features(TierKind::kLlvm);
    config.compiler = compiler;
    const auto module = Module::from_wat(Engine(config), "(module (func))");
    return module.has_value() ? "" : module.error().message;
  };
  EXPECT_NE(compile_with("/no/such/wherry-compiler"), "");
  EXPECT_NE(compile_with("/no/such/libwherry-llvm.so"), "");
  EXPECT_EQ(compile_with("/bin/false"), "the compiler ended too early: exit status 1");
  EXPECT_EQ(compile_with("/bin/true"), "the compiler ended too early: it said nothing");
}

}  // namespace
}  // namespace wherry::native_test
