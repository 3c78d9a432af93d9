#include "platform/watchdog.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "platform/clock.h"
#include "platform/linux/thread_state.h"

namespace wherry::platform {

namespace {
std::atomic<int> interrupt_signal{SIGURG};
}  // namespace

void set_interrupt_signal(int signal) { interrupt_signal = signal; }

/// The one thread that minds all Watches. Started with the first of them; never ends.
class WatchdogThread {
 public:
  /// Never destroyed: the thread uses it until the process ends.
  static WatchdogThread& get() {
    static WatchdogThread* const watchdog = new WatchdogThread;
    return *watchdog;
  }

  void add(Watch& watch) {
    const std::lock_guard lock(mutex_);
    watch.next_ = first_;
    if (first_ != nullptr) first_->previous_ = &watch;
    first_ = &watch;
    wake_before(watch.deadline_);
  }

  void remove(Watch& watch) {
    const std::lock_guard lock(mutex_);
    (watch.previous_ != nullptr ? watch.previous_->next_ : first_) = watch.next_;
    if (watch.next_ != nullptr) watch.next_->previous_ = watch.previous_;
    if (watch.due_) thread_state.due.fetch_sub(1, std::memory_order_relaxed);
  }

  void trigger(Watch& watch, uint32_t flag_value) {
    const std::lock_guard lock(mutex_);
    if (watch.due_) return;
    watch.flag_value_ = flag_value;
    watch.deadline_ = 0;
    wake_before(0);
  }

 private:
  /// Between two signals to a thread that was not in guest code.
  static constexpr uint64_t kRepeat = 1'000'000;

  WatchdogThread() : signal_(interrupt_signal) {
    install_interrupt_handler(signal_);
    // Other signals are not for this thread.
    sigset_t all;
    sigset_t saved;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &saved);
    std::thread([this] { run(); }).detach();
    pthread_sigmask(SIG_SETMASK, &saved, nullptr);
  }

  void wake_before(uint64_t time) {
    if (time >= wake_time_) return;
    wake_time_ = time;
    changed_.notify_one();
  }

  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      const uint64_t now = monotonic_ns();
      uint64_t next = kNever;
      for (Watch* watch = first_; watch != nullptr; watch = watch->next_) {
        if (watch->deadline_ <= now) {
          signal_due(*watch);
          watch->deadline_ = now + kRepeat;
        }
        next = std::min(next, watch->deadline_);
      }
      wake_time_ = next;
      if (next == kNever) {
        changed_.wait(lock);
      } else {
        const std::chrono::time_point<std::chrono::steady_clock> until{std::chrono::nanoseconds(next)};
        changed_.wait_until(lock, until);
      }
    }
  }

  void signal_due(Watch& watch) {
    auto& thread = *static_cast<ThreadState*>(watch.thread_state_);
    if (!watch.due_) {
      watch.due_ = true;
      thread.due.fetch_add(1, std::memory_order_relaxed);
    }
    uint32_t none = 0;
    __atomic_compare_exchange_n(watch.flag_, &none, watch.flag_value_, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    // The thread cannot end before its Watch, whose end waits for our lock.
    pthread_kill(static_cast<pthread_t>(watch.thread_), signal_);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  Watch* first_ = nullptr;
  /// When run() wakes by itself.
  uint64_t wake_time_ = kNever;
  const int signal_;
};

Watch::Watch(uint64_t deadline, uint32_t* flag, uint32_t flag_value)
    : deadline_(deadline),
      flag_(flag),
      flag_value_(flag_value),
      thread_(static_cast<uint64_t>(pthread_self())),
      thread_state_(&thread_state) {
  WatchdogThread::get().add(*this);
}

Watch::~Watch() { WatchdogThread::get().remove(*this); }

void Watch::trigger(uint32_t flag_value) { WatchdogThread::get().trigger(*this, flag_value); }

}  // namespace wherry::platform
