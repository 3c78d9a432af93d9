#include "platform/watchdog.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "guest_code.h"
#include "platform/clock.h"
#include "platform/faults.h"

namespace wherry::platform {
namespace {

using namespace wherry::platform::testing;

constexpr uint64_t kMillisecond = 1'000'000;

uint32_t read(const uint32_t& flag) { return __atomic_load_n(&flag, __ATOMIC_RELAXED); }

class Watchdog : public ::testing::Test {
 protected:
  void SetUp() override { register_guest_code(); }
  uint32_t flag = 0;
};

TEST_F(Watchdog, StopsGuestCodeAtItsDeadline) {
  for (int i = 0; i < 5; ++i) {
    __atomic_store_n(&flag, 0, __ATOMIC_RELAXED);
    Fault fault{};
    const uint64_t deadline = monotonic_ns() + 5 * kMillisecond;
    const Watch watch(deadline, &flag, 17);
    ASSERT_EQ(run_guarded(guest_spin, nullptr, &fault), kInterrupted);
    const uint64_t now = monotonic_ns();
    EXPECT_GE(now, deadline);
    EXPECT_LT(now, deadline + 200 * kMillisecond) << "on a busy machine; some 0.1 ms on an idle one";
    RecordProperty("microseconds_late", std::to_string((now - deadline) / 1000));
    EXPECT_EQ(read(flag), 17u);
    EXPECT_EQ(fault.address, 0u);
    EXPECT_EQ(fault.program_counter, reinterpret_cast<uintptr_t>(&guest_spin));
  }
}

TEST_F(Watchdog, TriggerStopsGuestCodeFromAnotherThread) {
  Watch watch(kNever, &flag, 1);
  std::thread other([&watch] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    watch.trigger(23);
  });
  Fault fault;
  EXPECT_EQ(run_guarded(guest_spin, nullptr, &fault), kInterrupted);
  EXPECT_EQ(read(flag), 23u);
  other.join();
}

TEST_F(Watchdog, HostCodeIsNotAbortedButItsSystemCallsAre) {
  struct State {
    int error = 0;
    bool finished = false;
  } state;
  HostCall call{[](void* argument) {
                  auto& s = *static_cast<State*>(argument);
                  s.error = poll(nullptr, 0, 10'000) < 0 ? errno : 0;
                  s.finished = true;
                },
                &state};
  const Watch watch(monotonic_ns() + 5 * kMillisecond, &flag, 1);
  Fault fault;
  const uint32_t result = run_guarded(guest_call_host, &call, &fault);
  EXPECT_TRUE(result == 7 || result == kInterrupted);
  EXPECT_TRUE(state.finished);
  EXPECT_EQ(state.error, EINTR);
  EXPECT_EQ(read(flag), 1u);
}

TEST_F(Watchdog, SignalThatFindsHostCodeComesAgain) {
  HostCall busy{[](void* seen) {
                  // Stays in host code until well after the first signal.
                  while (__atomic_load_n(static_cast<uint32_t*>(seen), __ATOMIC_RELAXED) == 0) {
                  }
                  const uint64_t until = monotonic_ns() + 3 * kMillisecond;
                  while (monotonic_ns() < until) {
                  }
                },
                &flag};
  const Watch watch(monotonic_ns() + kMillisecond, &flag, 1);
  Fault fault;
  const uint32_t first = run_guarded(guest_call_host, &busy, &fault);
  EXPECT_TRUE(first == 7 || first == kInterrupted);
  EXPECT_EQ(run_guarded(guest_spin, nullptr, &fault), kInterrupted);
}

TEST_F(Watchdog, EndedWatchesAreForgotten) {
  for (int i = 0; i < 1000; ++i) {
    const Watch watch(monotonic_ns() + kMillisecond * 500, &flag, 1);
    const Watch inner(kNever, &flag, 1);
  }
  {
    const Watch watch(monotonic_ns() + kMillisecond * 20, &flag, 1);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_EQ(read(flag), 0u);
  Fault fault;
  uint8_t byte = 9;
  EXPECT_EQ(run_guarded(guest_load, &byte, &fault), 9u);
}

TEST_F(Watchdog, ManyThreadsAreStoppedEachAtItsTime) {
  std::atomic<int> stopped{0};
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&stopped, t] {
      for (uint64_t i = 0; i < 10; ++i) {
        uint32_t own = 0;
        const Watch watch(monotonic_ns() + kMillisecond * (1 + (i + t) % 3), &own, 1);
        Fault fault;
        if (run_guarded(guest_spin, nullptr, &fault) == kInterrupted && read(own) == 1) ++stopped;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stopped, 40);
}

}  // namespace
}  // namespace wherry::platform
