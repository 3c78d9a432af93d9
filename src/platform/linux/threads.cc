#include "platform/threads.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "platform/clock.h"
#include "platform/memory.h"
#include "platform/watchdog.h"

namespace wherry::platform {

namespace {

/// [limit, top): the stack grows down from `top`.
struct StackBounds {
  uintptr_t limit = 0;
  uintptr_t top = 0;
  bool contains(uintptr_t address) const { return limit < address && address < top; }
};

/// Of the process's first thread. The kernel puts the name of the executable at its very top. (glibc would read
/// /proc/self/maps, which takes a tenth of a millisecond.)
StackBounds main_stack_bounds() {
  // The kernel keeps mappings away from the stack by the limit at the start of the process, but not for more than this;
  // of an unlimited stack we promise no more.
  constexpr uint64_t kMost = uint64_t{64} << 20;
  constexpr uint64_t kUnlimited = uint64_t{8} << 20;
  rlimit limit;
  uint64_t size = kUnlimited;
  if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    size = std::min<uint64_t>(limit.rlim_cur, kMost);
  }
  const uintptr_t top = round_up(getauxval(AT_EXECFN), page_size());
  return {top - std::min<uintptr_t>(size, top), top};
}

StackBounds thread_stack_bounds() {
  StackBounds bounds;
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return bounds;
  void* low = nullptr;
  size_t size = 0;
  pthread_attr_getstack(&attributes, &low, &size);
  pthread_attr_destroy(&attributes);
  bounds.limit = reinterpret_cast<uintptr_t>(low);
  bounds.top = bounds.limit + size;
  return bounds;
}

}  // namespace

uintptr_t native_stack_limit() {
  thread_local StackBounds bounds;
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  if (bounds.contains(here)) return bounds.limit;
  StackBounds found = main_stack_bounds();
  if (!found.contains(here)) found = thread_stack_bounds();
  if (!found.contains(here)) {
    constexpr uintptr_t kGuess = uintptr_t{64} << 10;
    return here - kGuess;
  }
  bounds = found;
  return bounds.limit;
}

uint32_t processor_count() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return static_cast<uint32_t>(std::max(1, CPU_COUNT(&set)));
  return static_cast<uint32_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
}

void sleep_on(const std::atomic<uint32_t>& word, uint32_t expected, uint64_t deadline) {
  timespec until{};
  until.tv_sec = static_cast<time_t>(deadline / 1'000'000'000u);
  until.tv_nsec = static_cast<long>(deadline % 1'000'000'000u);
  // FUTEX_WAIT_BITSET takes an absolute time of the monotonic clock.
  syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected, deadline == kNever ? nullptr : &until, nullptr,
          FUTEX_BITSET_MATCH_ANY);
}

void wake(const std::atomic<uint32_t>& word) { syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0); }

}  // namespace wherry::platform
