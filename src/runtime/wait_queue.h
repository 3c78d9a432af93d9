// Threads that wait at addresses of a shared memory (memory.atomic.wait and notify).
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace wherry::runtime {

/// Thread-safe.
class WaitQueue {
 public:
  enum class Outcome : uint8_t { kWoken = 0, kNotEqual = 1, kTimedOut = 2, kInterrupted = 3 };

  /// Waits at `address` if `is_expected(address)` holds, until notified, `deadline` (monotonic) or `*interrupt` != 0.
  Outcome wait(const void* address, bool (*is_expected)(const void* address, uint64_t expected), uint64_t expected,
               uint64_t deadline, const uint32_t* interrupt);
  /// Wakes up to `count` threads that wait at `address`, the longest waiting first; how many.
  uint32_t notify(const void* address, uint32_t count);

 private:
  struct Waiter {
    const void* address;
    std::atomic<uint32_t> woken{0};
    Waiter* previous = nullptr;
    Waiter* next = nullptr;
  };
  void append(Waiter& waiter);
  void remove(Waiter& waiter);

  std::mutex mutex_;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

}  // namespace wherry::runtime
