// What signal handlers know of the thread they run on. Shared by faults.cc and watchdog.cc only.
#pragma once

#include <cstdint>

#include "platform/faults.h"

namespace wherry::platform {

/// One run_guarded() that has not returned. guarded_*.S knows the first member.
struct Activation {
  uintptr_t stack_pointer;
  Activation* previous;
  Fault* fault;
};

class Watch;

struct ThreadState {
  static constexpr int kNoTimer = -1;

  Activation* innermost = nullptr;
  bool has_signal_stack = false;
  uint32_t id = 0;               ///< The kernel's; 0: not asked for yet.
  const Watch* watch = nullptr;  ///< The innermost.
  int timer = kNoTimer;
  uint64_t timer_set_for = ~uint64_t{0};  ///< Never.
  uint64_t last_deadline = 0;
};

/// Static TLS, so that a signal handler's first access does not allocate.
extern thread_local constinit ThreadState thread_state [[gnu::tls_model("initial-exec")]];

/// Makes `signal` abort guest code in threads that have a Watch which is due. Called once.
void install_interrupt_handler(int signal);
/// See watchdog.cc.
bool look_at_watches(bool timer_went_off);

}  // namespace wherry::platform
