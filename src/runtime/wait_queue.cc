#include "runtime/wait_queue.h"

#include "platform/clock.h"
#include "platform/threads.h"

namespace wherry::runtime {

WaitQueue::Outcome WaitQueue::wait(const void* address, bool (*is_expected)(const void*, uint64_t), uint64_t expected,
                                   uint64_t deadline, const uint32_t* interrupt) {
  Waiter waiter{.address = address};
  {
    const std::lock_guard lock(mutex_);
    if (!is_expected(address, expected)) return Outcome::kNotEqual;
    append(waiter);
  }
  for (;;) {
    if (waiter.woken.load(std::memory_order_acquire) != 0) return Outcome::kWoken;
    const bool interrupted = __atomic_load_n(interrupt, __ATOMIC_RELAXED) != 0;
    if (interrupted || platform::monotonic_ns() >= deadline) {
      const std::lock_guard lock(mutex_);
      if (waiter.woken.load(std::memory_order_acquire) != 0) return Outcome::kWoken;
      remove(waiter);
      return interrupted ? Outcome::kInterrupted : Outcome::kTimedOut;
    }
    platform::sleep_on(waiter.woken, 0, deadline);
  }
}

uint32_t WaitQueue::notify(const void* address, uint32_t count) {
  const std::lock_guard lock(mutex_);
  uint32_t woken = 0;
  for (Waiter* waiter = first_; waiter != nullptr && woken < count;) {
    Waiter* const next = waiter->next;
    if (waiter->address == address) {
      remove(*waiter);
      // It may return, and be gone, as soon as this is set; waking the address of a word that is gone is harmless.
      std::atomic<uint32_t>& word = waiter->woken;
      word.store(1, std::memory_order_release);
      platform::wake(word);
      ++woken;
    }
    waiter = next;
  }
  return woken;
}

void WaitQueue::append(Waiter& waiter) {
  waiter.previous = last_;
  (last_ != nullptr ? last_->next : first_) = &waiter;
  last_ = &waiter;
}

void WaitQueue::remove(Waiter& waiter) {
  (waiter.previous != nullptr ? waiter.previous->next : first_) = waiter.next;
  (waiter.next != nullptr ? waiter.next->previous : last_) = waiter.previous;
}

}  // namespace wherry::runtime
