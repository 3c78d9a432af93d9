// Interrupting threads: a time limit or a cancel stops guest code at whatever instruction it is, without polling.
//
// While a Watch is due, its thread gets a signal every millisecond until the Watch ends. The signal aborts guest code
// (a program counter in a registered code range, inside run_guarded) at once: run_guarded returns kInterrupted.
// Anything else goes on, with its blocking system calls returning EINTR, and is expected to look at `*flag` when it
// returns to guest code.
#pragma once

#include <cstdint>
#include <limits>

namespace wherry::platform {

inline constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

/// The signal used for interruptions; call before the first Watch. Default: SIGURG, which is ignored by those who do
/// not know of it.
void set_interrupt_signal(int signal);

/// One stretch of work of the thread that makes it; must end on that thread, innermost first.
class Watch {
 public:
  /// Due when monotonic_ns() reaches `deadline`: then `*flag`, if it is 0, becomes `flag_value`.
  Watch(uint64_t deadline, uint32_t* flag, uint32_t flag_value);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// Makes it due now, with `flag_value`. From any thread, as long as the Watch stands.
  void trigger(uint32_t flag_value);

 private:
  friend class WatchdogThread;
  uint64_t deadline_;
  uint32_t* flag_;
  uint32_t flag_value_;
  bool due_ = false;
  uint64_t thread_;
  void* thread_state_;
  Watch* previous_ = nullptr;
  Watch* next_ = nullptr;
};

}  // namespace wherry::platform
