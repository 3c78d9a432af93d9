// Interrupting threads: a time limit or a cancel stops guest code at whatever instruction it is, without polling.
//
// Each thread that has had a time limit has a timer of the kernel's, which sends it a signal when its first Watch is
// due, and every millisecond from then on until the Watch ends. The signal aborts guest code (a program counter in a
// registered code range, inside run_guarded) at once: run_guarded returns kInterrupted. Anything else goes on, with its
// blocking system calls returning EINTR, and is expected to look at `*flag` when it returns to guest code.
//
// A thread that makes many short calls keeps its timer set in between, since setting it takes a system call: then the
// signal may come once when no Watch stands, and what blocks at that moment returns EINTR.
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
  /// Due when monotonic_ns() reaches `deadline`: then `*flag`, if it is 0, becomes `flag_value`; and as soon as the
  /// thread notices that `*flag` is not 0 (see nudge). If the kernel has no timer left it is due at once.
  Watch(uint64_t deadline, uint32_t* flag, uint32_t flag_value);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// Makes it due now, with `flag_value`. From any thread, as long as the Watch stands.
  void trigger(uint32_t flag_value);

 private:
  friend bool look_at_watches(bool timer_went_off);
  const uint64_t deadline_;
  uint32_t* const flag_;
  const uint32_t flag_value_;
  const uint32_t thread_;
  const Watch* const previous_;
  const uint64_t first_deadline_;  ///< Of this and those around it.
  bool keeps_timer_ = false;
};

/// What names the calling thread to nudge(); not 0.
uint32_t thread_id();
/// Makes a thread of this process look at the flags of its Watches. From any thread; if that thread is gone, or another
/// has its name now, nothing comes of it.
void nudge(uint32_t thread);

}  // namespace wherry::platform
