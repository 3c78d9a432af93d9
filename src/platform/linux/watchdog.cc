#include "platform/watchdog.h"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "platform/clock.h"
#include "platform/linux/thread_state.h"

namespace wherry::platform {

namespace {

std::atomic<int> interrupt_signal{SIGURG};

/// Between two signals to a thread that was not in guest code.
constexpr uint64_t kRepeat = 1'000'000;
/// Watches that follow each other sooner than this leave the timer as it is.
constexpr uint64_t kSoon = 100'000;

// The kernel's timers, without the C library's: these may be called in signal handlers.

int make_timer(int signal) {
  sigevent event = {};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = signal;
  event.sigev_value.sival_ptr = &thread_state;
  event._sigev_un._tid = static_cast<pid_t>(thread_id());
  int timer = ThreadState::kNoTimer;
  return syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) == 0 ? timer : ThreadState::kNoTimer;
}

/// kNever switches it off.
void set_timer(uint64_t time) {
  itimerspec at = {};
  if (time != kNever) {
    at.it_value.tv_sec = static_cast<time_t>(time / 1'000'000'000u);
    at.it_value.tv_nsec = static_cast<long>(time % 1'000'000'000u);
  }
  thread_state.timer_set_for = time;
  syscall(SYS_timer_settime, thread_state.timer, TIMER_ABSTIME, &at, nullptr);
}

/// What must be done once, and deletes the timers of threads that end.
class Timers {
 public:
  static Timers& get() {
    static Timers* const timers = new Timers;
    return *timers;
  }
  int signal() const { return signal_; }
  void note_thread() { pthread_setspecific(key_, &thread_state); }

 private:
  Timers() : signal_(interrupt_signal) {
    pthread_key_create(&key_, [](void*) {
      if (thread_state.timer == ThreadState::kNoTimer) return;
      syscall(SYS_timer_delete, thread_state.timer);
      thread_state.timer = ThreadState::kNoTimer;
      thread_state.timer_set_for = kNever;
    });
    // A child has no timers, and another name.
    pthread_atfork(nullptr, nullptr, [] {
      thread_state.timer = ThreadState::kNoTimer;
      thread_state.timer_set_for = kNever;
      thread_state.id = 0;
    });
    install_interrupt_handler(signal_);
  }

  const int signal_;
  pthread_key_t key_;
};

bool is_set(const uint32_t* flag) { return __atomic_load_n(flag, __ATOMIC_RELAXED) != 0; }

void set(uint32_t* flag, uint32_t value) {
  uint32_t none = 0;
  __atomic_compare_exchange_n(flag, &none, value, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

}  // namespace

void set_interrupt_signal(int signal) { interrupt_signal = signal; }

uint32_t thread_id() {
  if (thread_state.id == 0) [[unlikely]] {
    Timers::get().note_thread();
    thread_state.id = static_cast<uint32_t>(syscall(SYS_gettid));
  }
  return thread_state.id;
}

void nudge(uint32_t thread) { syscall(SYS_tgkill, getpid(), thread, Timers::get().signal()); }

Watch::Watch(uint64_t deadline, uint32_t* flag, uint32_t flag_value)
    : deadline_(deadline),
      flag_(flag),
      flag_value_(flag_value),
      thread_(thread_id()),
      previous_(thread_state.watch),
      first_deadline_(previous_ == nullptr ? deadline : std::min(deadline, previous_->first_deadline_)) {
  ThreadState& thread = thread_state;
  if (deadline != kNever) {
    if (thread.timer == ThreadState::kNoTimer) thread.timer = make_timer(Timers::get().signal());
    if (thread.timer == ThreadState::kNoTimer) set(flag_, flag_value_);
    keeps_timer_ = deadline - thread.last_deadline < kSoon;
    thread.last_deadline = deadline;
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);
  thread.watch = this;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (first_deadline_ < thread.timer_set_for && thread.timer != ThreadState::kNoTimer) set_timer(first_deadline_);
}

Watch::~Watch() {
  ThreadState& thread = thread_state;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  thread.watch = previous_;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (previous_ == nullptr && !keeps_timer_ && thread.timer_set_for != kNever) set_timer(kNever);
}

void Watch::trigger(uint32_t flag_value) {
  set(flag_, flag_value);
  nudge(thread_);
}

/// On the thread's behalf, in its signal handler: sets the flags of the Watches that are due, and the timer for the
/// next time. Whether any is due.
bool look_at_watches(bool timer_went_off) {
  ThreadState& thread = thread_state;
  if (timer_went_off) thread.timer_set_for = kNever;
  const uint64_t now = monotonic_ns();
  bool any_due = false;
  uint64_t next = kNever;
  for (const Watch* watch = thread.watch; watch != nullptr; watch = watch->previous_) {
    if (watch->deadline_ <= now) set(watch->flag_, watch->flag_value_);
    const bool due = is_set(watch->flag_);
    any_due |= due;
    if (!due) next = std::min(next, watch->deadline_);
  }
  if (any_due) {
    next = now + kRepeat;
    if (thread.timer == ThreadState::kNoTimer) thread.timer = make_timer(Timers::get().signal());
  }
  if (next < thread.timer_set_for && thread.timer != ThreadState::kNoTimer) set_timer(next);
  return any_due;
}

}  // namespace wherry::platform
