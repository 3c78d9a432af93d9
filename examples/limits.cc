// A guest that nobody trusts: bounded in time and memory, and stopped from another thread.
#include <wherry/wherry.h>

#include <cstdio>
#include <thread>

constexpr std::string_view kGuest = R"((module
  (memory 1)
  (func (export "spin") (loop (br 0)))
  (func (export "grow") (result i32) (memory.grow (i32.const 1000)))))";

int main() {
  using namespace std::chrono_literals;
  wherry::Engine engine;
  auto module = wherry::Module::from_wat(engine, kGuest);
  wherry::Store store(engine, {.max_memory_bytes = 16 << 20});
  auto instance = wherry::Instance::make(store, *module);
  auto spin = *instance->func<void()>("spin");

  store.set_time_limit(10ms);
  std::printf("spin: %s\n", spin().error().message.c_str());

  store.set_time_limit(std::nullopt);
  std::thread watcher([stop = store.interrupt_handle()] {
    std::this_thread::sleep_for(10ms);
    stop.interrupt();
  });
  std::printf("spin: %s\n", spin().error().message.c_str());
  watcher.join();

  std::printf("grow: %d\n", *(*instance->func<int32_t()>("grow"))());
}
