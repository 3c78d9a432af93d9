// Threads as the runtime needs them: how deep their native stacks are, and how they sleep and wake each other.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

namespace wherry::platform {

/// The lowest address to which the calling thread's stack may grow. On a stack that is not the thread's own (a
/// coroutine's): a guess, not far below the caller. Cheap after a thread's first call.
uintptr_t native_stack_limit();

/// Processors this process may run on; at least 1.
uint32_t processor_count();

/// Calls work(argument) on the calling thread, and at the same time on up to `count` - 1 others, as many as the system
/// gives; returns when all have returned.
void run_on_threads(uint32_t count, void (*work)(void*), void* argument);

/// A thread of the process's own. Must have been joined before the handle goes.
class Thread {
 public:
  Thread() = default;
  /// One that calls work(argument); nothing if the system gives none.
  static std::optional<Thread> start(void (*work)(void*), void* argument);
  Thread(Thread&& other) noexcept : id_(std::exchange(other.id_, 0)) {}
  Thread& operator=(Thread&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  /// Waits until it has ended.
  void join();

 private:
  explicit Thread(uint64_t id) : id_(id) {}
  uint64_t id_ = 0;
};

/// Sleeps while `word` is `expected`, until wake() or `deadline` (of monotonic_ns(); kNever for none). May return for
/// no reason, and does so when the thread is interrupted.
void sleep_on(const std::atomic<uint32_t>& word, uint32_t expected, uint64_t deadline);
/// Wakes one thread that sleeps on `word`.
void wake(const std::atomic<uint32_t>& word);

}  // namespace wherry::platform
