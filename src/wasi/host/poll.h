// Waiting for the first of several events.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "wasi/host/clocks.h"
#include "wasi/host/descriptor.h"
#include "wasi/host/waiter.h"

namespace wherry::wasi::host {

struct PollRequest {
  enum Kind : uint8_t { kClock, kRead, kWrite } kind = kClock;
  // kClock:
  ClockId clock = ClockId::kMonotonic;
  uint64_t time = 0;  ///< Nanoseconds: from now, or when `absolute` on the clock.
  bool absolute = false;
  // kRead, kWrite:
  std::shared_ptr<Descriptor> descriptor;
  /// Set by the caller for a request that cannot be waited for: it is reported at once.
  Errno failure = Errno::kSuccess;
};

struct PollEvent {
  size_t request;  ///< Index of the request.
  Errno failure = Errno::kSuccess;
  uint64_t bytes = 0;  ///< kRead: how many can be read, as far as is known.
  bool hang_up = false;
};

/// Waits until at least one request is met and returns all that are, in order. kIntr when interrupted.
HostResult<std::vector<PollEvent>> poll_first(std::span<const PollRequest> requests, const Clocks& clocks,
                                              Waiter& waiter);

}  // namespace wherry::wasi::host
