// What signal handlers know of the thread they run on. Shared by faults.cc and watchdog.cc only.
#pragma once

#include <atomic>
#include <cstdint>

#include "platform/faults.h"

namespace wherry::platform {

/// One run_guarded() that has not returned. guarded_*.S knows the first member.
struct Activation {
  uintptr_t stack_pointer;
  Activation* previous;
  Fault* fault;
};

struct ThreadState {
  Activation* innermost = nullptr;
  bool has_signal_stack = false;
  /// Watches of this thread that are due.
  std::atomic<uint32_t> due{0};
};

/// Static TLS, so that a signal handler's first access does not allocate.
extern thread_local constinit ThreadState thread_state [[gnu::tls_model("initial-exec")]];

/// Makes `signal` abort guest code in threads whose `due` is not 0. Called once.
void install_interrupt_handler(int signal);

}  // namespace wherry::platform
