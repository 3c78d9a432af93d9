#include "wasi/host/poll.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace wherry::wasi::host {

namespace {

constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

/// Nanoseconds until a clock request is due.
HostResult<uint64_t> time_left(const PollRequest& request, const Clocks& clocks) {
  // Only these two run on while a guest sleeps.
  if (request.clock != ClockId::kRealtime && request.clock != ClockId::kMonotonic) return error(Errno::kNotsup);
  if (!request.absolute) return request.time;
  WHERRY_TRY(const uint64_t now, clocks.now(request.clock));
  return request.time > now ? request.time - now : 0;
}

}  // namespace

HostResult<std::vector<PollEvent>> poll_first(std::span<const PollRequest> requests, const Clocks& clocks,
                                              Waiter& waiter) {
  struct Source {
    const Errno failure;
    const uint64_t left;  ///< Clocks: nanoseconds until due.
    const size_t polled;  ///< Index in `polls`, or its size at the end.
  };
  std::vector<Source> sources;
  std::vector<pollfd> polls;
  sources.reserve(requests.size());
  constexpr size_t kNotPolled = std::numeric_limits<size_t>::max();
  uint64_t shortest = kNever;
  for (const PollRequest& request : requests) {
    Errno failure = request.failure;
    uint64_t left = kNever;
    size_t polled = kNotPolled;
    if (failure == Errno::kSuccess && request.kind == PollRequest::kClock) {
      const auto until = time_left(request, clocks);
      if (until) left = *until;
      if (!until) failure = until.error();
    } else if (failure == Errno::kSuccess && request.descriptor->poll_fd() >= 0) {
      polled = polls.size();
      const short events = request.kind == PollRequest::kRead ? POLLIN | POLLRDHUP : POLLOUT;
      polls.push_back({request.descriptor->poll_fd(), events, 0});
    } else {
      left = 0;
    }
    if (failure != Errno::kSuccess) left = 0;
    shortest = std::min(shortest, left);
    sources.push_back({failure, left, polled});
  }

  // A time that does not fit is centuries away.
  const auto timeout = shortest == kNever ? std::nullopt : std::optional(shortest);
  WHERRY_TRY(const size_t ready, waiter.wait(polls, timeout));

  std::vector<PollEvent> events;
  for (size_t i = 0; i < requests.size(); ++i) {
    const Source& source = sources[i];
    PollEvent event = {.request = i, .failure = source.failure};
    if (source.polled != kNotPolled) {
      const short seen = polls[source.polled].revents;
      if (seen == 0) continue;
      if ((seen & POLLNVAL) != 0) event.failure = Errno::kBadf;
      event.hang_up = (seen & (POLLHUP | POLLRDHUP)) != 0;
    } else if (source.left != 0 && (ready != 0 || source.left > shortest)) {
      continue;  // A clock that is not due: something else ended the wait.
    }
    if (event.failure == Errno::kSuccess && requests[i].kind == PollRequest::kRead) {
      event.bytes = requests[i].descriptor->readable_bytes();
    }
    events.push_back(event);
  }
  return events;
}

}  // namespace wherry::wasi::host
