#include "platform/faults.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "guest_code.h"
#include "platform/memory.h"

namespace wherry::platform {
namespace {

using namespace wherry::platform::testing;

class RegisteredReservation {
 public:
  RegisteredReservation() : reservation_(Reservation::make(page_size() * 4)) {
    reservation_.commit(0, page_size());
    id_ = add_reservation(reservation_.base(), reservation_.size());
  }
  ~RegisteredReservation() { remove_reservation(id_); }
  uint8_t* good() const { return reservation_.base(); }
  uint8_t* bad() const { return reservation_.base() + page_size() + 17; }

 private:
  Reservation reservation_;
  uint32_t id_;
};

class Faults : public ::testing::Test {
 protected:
  void SetUp() override { register_guest_code(); }
  RegisteredReservation memory;
};

TEST_F(Faults, ResultOfAGoodCall) {
  *memory.good() = 42;
  Fault fault;
  EXPECT_EQ(run_guarded(guest_load, memory.good(), &fault), 42u);
}

TEST_F(Faults, FaultReturnsWithItsPlace) {
  for (int i = 0; i < 100; ++i) {
    Fault fault{};
    ASSERT_EQ(run_guarded(guest_load, memory.bad(), &fault), kFaulted);
    EXPECT_EQ(fault.address, reinterpret_cast<uintptr_t>(memory.bad()));
    EXPECT_EQ(fault.program_counter, reinterpret_cast<uintptr_t>(&guest_load));
  }
}

TEST_F(Faults, PreservedRegistersAreRestored) {
  volatile uint64_t keep[6] = {1, 2, 3, 4, 5, 6};
  const uint64_t a = keep[0], b = keep[1], c = keep[2], d = keep[3], e = keep[4], f = keep[5];
  const double x = static_cast<double>(keep[2]) + 0.5;
  Fault fault;
  ASSERT_EQ(run_guarded(guest_clobber_and_load, memory.bad(), &fault), kFaulted);
  EXPECT_EQ(a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f, 654321u);
  EXPECT_EQ(x, 3.5);
#if defined(__x86_64__)
  EXPECT_EQ(fault.registers[15], 0x1234u);
  EXPECT_EQ(fault.registers[7], reinterpret_cast<uintptr_t>(memory.bad()));
  // The guest had set the direction flag.
  uint64_t flags;
  asm volatile("pushfq\n popq %0" : "=r"(flags));
  EXPECT_EQ(flags & (1u << 10), 0u);
#elif defined(__aarch64__)
  EXPECT_EQ(fault.registers[9], 0x1234u);
#endif
}

TEST_F(Faults, NestedCallsReturnFromTheInnermost) {
  struct State {
    RegisteredReservation* memory;
    uint32_t inner = 0;
  } state{&memory};
  HostCall call{[](void* argument) {
                  auto& s = *static_cast<State*>(argument);
                  Fault fault;
                  s.inner = run_guarded(guest_load, s.memory->bad(), &fault);
                },
                &state};
  Fault fault;
  EXPECT_EQ(run_guarded(guest_call_host, &call, &fault), 7u);
  EXPECT_EQ(state.inner, kFaulted);
  EXPECT_EQ(run_guarded(guest_load, memory.bad(), &fault), kFaulted);
}

void* fault_on_thread(void* memory) {
  Fault fault;
  const auto* m = static_cast<RegisteredReservation*>(memory);
  const bool ok =
      run_guarded(guest_load, m->bad(), &fault) == kFaulted && run_guarded(guest_load, m->good(), &fault) == 0;
  return reinterpret_cast<void*>(static_cast<uintptr_t>(ok));
}

size_t mapping_count() {
  std::ifstream maps("/proc/self/maps");
  size_t count = 0;
  for (std::string line; std::getline(maps, line);) ++count;
  return count;
}

TEST_F(Faults, ThreadsWithTheSmallestStacksLeaveNothingBehind) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
#if !defined(WHERRY_SANITIZED)
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, static_cast<size_t>(sysconf(_SC_THREAD_STACK_MIN))), 0);
#endif
  const auto run = [&](int count) {
    for (int i = 0; i < count; ++i) {
      pthread_t thread;
      ASSERT_EQ(pthread_create(&thread, &attributes, fault_on_thread, &memory), 0);
      void* ok = nullptr;
      pthread_join(thread, &ok);
      ASSERT_NE(ok, nullptr);
    }
  };
  run(8);
  const size_t before = mapping_count();
  run(200);
  EXPECT_LE(mapping_count(), before + 8);
  pthread_attr_destroy(&attributes);
}

TEST_F(Faults, ManyReservationsAreFoundAndForgotten) {
  std::vector<std::unique_ptr<RegisteredReservation>> many;
  for (int i = 0; i < 300; ++i) many.push_back(std::make_unique<RegisteredReservation>());
  Fault fault;
  for (const auto& each : many) ASSERT_EQ(run_guarded(guest_load, each->bad(), &fault), kFaulted);
  many.erase(many.begin(), many.begin() + 150);
  for (int i = 0; i < 100; ++i) many.push_back(std::make_unique<RegisteredReservation>());
  for (const auto& each : many) ASSERT_EQ(run_guarded(guest_load, each->bad(), &fault), kFaulted);
}

TEST_F(Faults, ManyThreadsFaultWhileReservationsChange) {
  std::atomic<bool> stop{false};
  std::atomic<bool> ok{true};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      while (!stop) {
        const RegisteredReservation own;
        Fault fault;
        if (run_guarded(guest_load, own.bad(), &fault) != kFaulted) ok = false;
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(ok);
}

TEST_F(Faults, CostOfAGuardedCall) {
  constexpr int kCalls = 1'000'000;
  Fault fault;
  run_guarded(guest_load, memory.good(), &fault);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kCalls; ++i) run_guarded(guest_load, memory.good(), &fault);
  const auto spent = std::chrono::steady_clock::now() - start;
  const double each = std::chrono::duration<double, std::nano>(spent).count() / kCalls;
  RecordProperty("nanoseconds", std::to_string(each));
  EXPECT_LT(each, 200);
}

// What happens to faults that are not ours. Each in a fresh process, in which these handlers are installed before ours.

void exit_42_info(int, siginfo_t* info, void* context) { _exit(info != nullptr && context != nullptr ? 42 : 1); }
void exit_43(int) { _exit(43); }

void install_first(int signal, int flags, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action = {};
  action.sa_sigaction = handler;
  action.sa_flags = flags;
  sigaction(signal, &action, nullptr);
}

void install_first(int signal, int flags, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaction(signal, &action, nullptr);
}

/// Faults in guest code, but outside any reservation.
void fault_outside_reservation() {
  register_guest_code();
  void* page = mmap(nullptr, page_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  Fault fault;
  run_guarded(guest_load, page, &fault);
  _exit(0);
}

/// Faults in a reservation, inside run_guarded, but not in guest code.
void fault_outside_code() {
  register_guest_code();
  const RegisteredReservation memory;
  Fault fault;
  run_guarded([](void* address) -> uint32_t { return *static_cast<volatile uint8_t*>(address); }, memory.bad(), &fault);
  _exit(0);
}

/// Faults in guest code in a reservation, but nobody called run_guarded.
void fault_unguarded() {
  register_guest_code();
  const RegisteredReservation memory;
  guest_load(memory.bad());
  _exit(0);
}

class ForeignFaults : public ::testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

using ::testing::ExitedWithCode;
using ::testing::KilledBySignal;

TEST_F(ForeignFaults, GoToThePreviousHandlerWithInfo) {
  EXPECT_EXIT((install_first(SIGSEGV, SA_SIGINFO, exit_42_info), fault_outside_reservation()), ExitedWithCode(42), "");
  EXPECT_EXIT((install_first(SIGSEGV, SA_SIGINFO, exit_42_info), fault_outside_code()), ExitedWithCode(42), "");
  EXPECT_EXIT((install_first(SIGSEGV, SA_SIGINFO, exit_42_info), fault_unguarded()), ExitedWithCode(42), "");
}

TEST_F(ForeignFaults, GoToThePreviousHandlerWithoutInfo) {
  EXPECT_EXIT((install_first(SIGSEGV, 0, exit_43), fault_outside_reservation()), ExitedWithCode(43), "");
  EXPECT_EXIT((install_first(SIGBUS, 0, exit_43), register_guest_code(), raise(SIGBUS), _exit(0)), ExitedWithCode(43),
              "");
}

TEST_F(ForeignFaults, KillByDefault) {
  EXPECT_EXIT((install_first(SIGSEGV, 0, SIG_DFL), fault_outside_reservation()), KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT((install_first(SIGSEGV, 0, SIG_DFL), register_guest_code(), raise(SIGSEGV), _exit(0)),
              KilledBySignal(SIGSEGV), "");
}

TEST_F(ForeignFaults, AreIgnoredOnlyIfSent) {
  EXPECT_EXIT((install_first(SIGSEGV, 0, SIG_IGN), register_guest_code(), raise(SIGSEGV), _exit(3)), ExitedWithCode(3),
              "");
  EXPECT_EXIT((install_first(SIGSEGV, 0, SIG_IGN), fault_outside_reservation()), KilledBySignal(SIGSEGV), "");
}

void exit_if_masked(int) {
  sigset_t mask;
  sigemptyset(&mask);
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
#if defined(WHERRY_SANITIZED)
  const bool others_open = true;  // ThreadSanitizer blocks all signals in a handler.
#else
  const bool others_open = sigismember(&mask, SIGUSR2) == 0;
#endif
  _exit(sigismember(&mask, SIGUSR1) == 1 && others_open ? 44 : 1);
}

TEST_F(ForeignFaults, PreviousHandlerRunsWithItsMask) {
  const auto run = [] {
    struct sigaction action = {};
    action.sa_handler = exit_if_masked;
    sigaddset(&action.sa_mask, SIGUSR1);
    sigaction(SIGSEGV, &action, nullptr);
    fault_outside_reservation();
  };
  EXPECT_EXIT(run(), ExitedWithCode(44), "");
}

TEST_F(ForeignFaults, OneShotHandlerRunsOnce) {
  const auto run = [] {
    install_first(SIGSEGV, SA_RESETHAND, [](int) {});
    fault_outside_reservation();  // The handler returns, the fault happens again, now with the default action.
  };
  EXPECT_EXIT(run(), KilledBySignal(SIGSEGV), "");
}

void* broken_page;

TEST_F(ForeignFaults, HandlerThatRepairsTheFaultGoesOn) {
  const auto run = [] {
    broken_page = mmap(nullptr, page_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    install_first(SIGSEGV, SA_SIGINFO,
                  [](int, siginfo_t*, void*) { mprotect(broken_page, page_size(), PROT_READ | PROT_WRITE); });
    register_guest_code();
    Fault fault;
    _exit(run_guarded(guest_load, broken_page, &fault) == 0 ? 45 : 1);
  };
  EXPECT_EXIT(run(), ExitedWithCode(45), "");
}

}  // namespace
}  // namespace wherry::platform
