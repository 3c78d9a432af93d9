// Waiting for the first of several events.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "wasi/host/clocks.h"
#include "wasi/host/descriptor.h"
#include "wasi/host/fd.h"
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

/// Waits for events, and remembers from one time to the next what the kernel watches: a guest that waits for many
/// connections asks for nearly the same ones each time, and then the kernel has to look at those only on which
/// something has happened. For one thread at a time.
class Poller {
 public:
  /// Waits until at least one request is met and returns all that are, in order. kIntr when interrupted.
  HostResult<std::vector<PollEvent>> wait(std::span<const PollRequest> requests, const Clocks& clocks, Waiter& waiter);

 private:
  /// What the kernel watches one of its descriptors for.
  struct Watch {
    /// To tell it from an earlier one of the same number, of which closing it has ended the watch.
    std::weak_ptr<const Descriptor> descriptor;
    uint32_t events = 0;
    // In this wait:
    uint64_t round = 0;   ///< The last wait that asked for it.
    uint32_t wanted = 0;  ///< Events.
    size_t request = 0;   ///< The last request for it, from which same_ leads to the others.
  };
  static constexpr size_t kNone = SIZE_MAX;

  /// Both set met_[i] of the requests that `polled_` names, waiting at most `timeout` nanoseconds (none: without end).
  HostResult<> wait_for_few(std::span<const PollRequest> requests, std::optional<uint64_t> timeout, Waiter& waiter);
  HostResult<> wait_for_many(std::span<const PollRequest> requests, std::optional<uint64_t> timeout, Waiter& waiter);
  /// Tells the kernel what changed since the last time. False if a request is met without it.
  HostResult<bool> watch(std::span<const PollRequest> requests);
  /// kStrangers: an event of something that this wait does not ask for.
  enum Collected : uint8_t { kNothing, kSome, kStrangers };
  HostResult<Collected> collect(std::span<const PollRequest> requests);

  std::vector<size_t> polled_;    ///< The requests that wait for a descriptor of the kernel's.
  std::vector<uint32_t> met_;     ///< Events (EPOLLIN, ...) of each request.
  std::vector<pollfd> polls_;     ///< For wait_for_few().
  Fd epoll_;                      ///< For wait_for_many(), opened by the first.
  std::vector<Watch> watches_;    ///< By descriptor.
  std::vector<int> watched_;      ///< Descriptors with a watch.
  std::vector<int> now_watched_;  ///< Those of this wait, which become the former.
  std::vector<size_t> same_;      ///< Of a request: an earlier one for the same descriptor, or kNone.
  std::vector<epoll_event> ready_;
  uint64_t round_ = 0;
};

/// Lends a Poller to each of a guest's threads that waits. Thread-safe.
class Pollers {
 public:
  std::unique_ptr<Poller> take();
  void give_back(std::unique_ptr<Poller> poller);

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Poller>> idle_;
};

}  // namespace wherry::wasi::host
