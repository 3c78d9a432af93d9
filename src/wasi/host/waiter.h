// The one place where a guest waits for the outside: every call that may block passes through a Waiter, so that it can
// be interrupted, and so that a later asynchronous host can suspend the guest here.
#pragma once

#include <poll.h>

#include <cstdint>
#include <optional>
#include <span>

#include "wasi/host/errno.h"

namespace wherry::wasi::host {

/// Belongs to one call of one guest thread. Who interrupts that thread sends it signals until it leaves the call (see
/// platform::Watch), so that system calls return EINTR; interrupted() then says whether that was meant for the guest.
class Waiter {
 public:
  virtual ~Waiter() = default;
  virtual bool interrupted() const { return false; }

  /// Waits until one of `fds` has an event (see poll(2)) or `timeout` nanoseconds have passed (none: without end).
  /// Returns how many have one. kIntr when interrupted.
  HostResult<size_t> wait(std::span<pollfd> fds, std::optional<uint64_t> timeout_ns);
  /// Waits until `fd` has one of `events` (POLLIN, POLLOUT), an error, or a hang-up.
  HostResult<> wait_for(int fd, short events);

  /// Calls `call` (a system call that returns -1 and sets errno) again while signals break it off. kIntr when
  /// interrupted.
  template <class Call>
  auto retry(Call call) -> HostResult<decltype(call())> {
    for (;;) {
      auto result = call();
      if (result >= 0) return result;
      if (errno != EINTR) return host_error();
      if (interrupted()) return error(Errno::kIntr);
    }
  }
};

}  // namespace wherry::wasi::host
