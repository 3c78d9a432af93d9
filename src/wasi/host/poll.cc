#include "wasi/host/poll.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "platform/clock.h"

namespace wherry::wasi::host {

namespace {

constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

// One set of bits for both ways to wait.
static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLERR == POLLERR && EPOLLHUP == POLLHUP &&
              EPOLLRDHUP == POLLRDHUP);

/// Nanoseconds until a clock request is due.
HostResult<uint64_t> time_left(const PollRequest& request, const Clocks& clocks) {
  // Only these two run on while a guest sleeps.
  if (request.clock != ClockId::kRealtime && request.clock != ClockId::kMonotonic) return error(Errno::kNotsup);
  if (!request.absolute) return request.time;
  WHERRY_TRY(const uint64_t now, clocks.now(request.clock));
  return request.time > now ? request.time - now : 0;
}

uint32_t events_of(PollRequest::Kind kind) { return kind == PollRequest::kRead ? EPOLLIN | EPOLLRDHUP : EPOLLOUT; }

}  // namespace

HostResult<std::vector<PollEvent>> Poller::wait(std::span<const PollRequest> requests, const Clocks& clocks,
                                                Waiter& waiter) {
  struct Clock {
    size_t request;
    uint64_t left;
  };
  std::vector<Clock> due;         // The clocks that are due first.
  std::vector<PollEvent> events;  // At first those that need no waiting.
  uint64_t shortest = kNever;
  polled_.clear();
  met_.assign(requests.size(), 0);
  for (size_t i = 0; i < requests.size(); ++i) {
    const PollRequest& request = requests[i];
    Errno failure = request.failure;
    if (failure == Errno::kSuccess && request.kind == PollRequest::kClock) {
      const auto left = time_left(request, clocks);
      if (left) {
        if (*left < shortest) due.clear();
        shortest = std::min(shortest, *left);
        if (*left == shortest) due.push_back({i, *left});
        continue;
      }
      failure = left.error();
    } else if (failure == Errno::kSuccess && request.descriptor->poll_fd() >= 0) {
      polled_.push_back(i);
      continue;
    }
    events.push_back({.request = i, .failure = failure});
  }

  // A time that does not fit is centuries away.
  auto timeout = shortest == kNever ? std::nullopt : std::optional(shortest);
  if (!events.empty()) timeout = 0;
  constexpr size_t kFew = 16;
  WHERRY_CHECK(polled_.size() <= kFew ? wait_for_few(requests, timeout, waiter)
                                      : wait_for_many(requests, timeout, waiter));
  for (const size_t i : polled_) {
    const uint32_t seen = met_[i];
    if (seen == 0) continue;
    const Errno failure = (seen & POLLNVAL) != 0 ? Errno::kBadf : Errno::kSuccess;
    const uint32_t hang_ups = requests[i].kind == PollRequest::kRead ? EPOLLHUP | EPOLLRDHUP : EPOLLHUP;
    events.push_back({.request = i, .failure = failure, .hang_up = (seen & hang_ups) != 0});
  }
  // If nothing else ended the wait, they did.
  if (events.empty() || shortest == 0) {
    for (const Clock& clock : due) events.push_back({.request = clock.request});
  }
  std::ranges::sort(events, {}, &PollEvent::request);
  for (PollEvent& event : events) {
    const PollRequest& request = requests[event.request];
    if (event.failure == Errno::kSuccess && request.kind == PollRequest::kRead)
      event.bytes = request.descriptor->readable_bytes();
  }
  return events;
}

HostResult<> Poller::wait_for_few(std::span<const PollRequest> requests, std::optional<uint64_t> timeout,
                                  Waiter& waiter) {
  polls_.clear();
  for (const size_t i : polled_) {
    polls_.push_back({requests[i].descriptor->poll_fd(), static_cast<short>(events_of(requests[i].kind)), 0});
  }
  WHERRY_CHECK(waiter.wait(polls_, timeout));
  for (size_t i = 0; i < polls_.size(); ++i) met_[polled_[i]] = static_cast<uint16_t>(polls_[i].revents);
  return {};
}

HostResult<> Poller::wait_for_many(std::span<const PollRequest> requests, std::optional<uint64_t> timeout,
                                   Waiter& waiter) {
  const uint64_t start = platform::monotonic_ns();
  for (;;) {
    if (!epoll_.valid()) epoll_ = Fd(epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_.valid()) return host_error();
    WHERRY_TRY(const bool wait, watch(requests));
    WHERRY_TRY(const Collected collected, collect(requests));
    if (collected == kStrangers) {
      // A descriptor that was closed here, but not in a process that was forked from this one.
      epoll_ = Fd();
      watches_.clear();
      watched_.clear();
      continue;
    }
    if (collected == kSome || !wait) return {};
    std::optional<uint64_t> left = timeout;
    if (timeout) left = *timeout - std::min(*timeout, platform::monotonic_ns() - start);
    if (left == 0) return {};
    pollfd one[] = {{epoll_.get(), POLLIN, 0}};
    WHERRY_CHECK(waiter.wait(one, left));  // What it tells may be gone again before it is collected.
  }
}

HostResult<bool> Poller::watch(std::span<const PollRequest> requests) {
  ++round_;
  same_.assign(requests.size(), kNone);
  now_watched_.clear();
  for (const size_t i : polled_) {
    const int fd = requests[i].descriptor->poll_fd();
    if (static_cast<size_t>(fd) >= watches_.size()) watches_.resize(static_cast<size_t>(fd) + 1);
    Watch& watch = watches_[static_cast<size_t>(fd)];
    if (watch.round != round_) {
      watch.round = round_;
      watch.wanted = 0;
      now_watched_.push_back(fd);
    } else {
      same_[i] = watch.request;
    }
    watch.request = i;
    watch.wanted |= events_of(requests[i].kind);
  }
  for (const int fd : watched_) {
    Watch& watch = watches_[static_cast<size_t>(fd)];
    if (watch.round == round_) continue;
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);  // It fails if the descriptor was closed, which is as well.
    watch.descriptor.reset();
    watch.events = 0;
  }
  std::swap(watched_, now_watched_);
  ready_.resize(watched_.size());
  bool wait = true;
  for (const int fd : watched_) {
    Watch& watch = watches_[static_cast<size_t>(fd)];
    const auto& descriptor = requests[watch.request].descriptor;
    const bool known = !watch.descriptor.owner_before(descriptor) && !descriptor.owner_before(watch.descriptor);
    if (known && watch.events == watch.wanted) continue;
    epoll_event event = {.events = watch.wanted, .data = {.fd = fd}};
    int failed = epoll_ctl(epoll_.get(), known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    // Two descriptors of the guest's may be one of the kernel's.
    if (failed != 0 && errno == EEXIST) failed = epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
    if (failed != 0) {
      // EPERM: a device for which there is nothing to wait for, such as /dev/null.
      if (errno != EPERM && errno != EBADF) return host_error();
      for (size_t i = watch.request; i != kNone; i = same_[i])
        met_[i] = errno == EPERM ? events_of(requests[i].kind) & (EPOLLIN | EPOLLOUT) : uint32_t{POLLNVAL};
      wait = false;
      continue;
    }
    watch.descriptor = descriptor;
    watch.events = watch.wanted;
  }
  return wait;
}

HostResult<Poller::Collected> Poller::collect(std::span<const PollRequest> requests) {
  const int count = epoll_wait(epoll_.get(), ready_.data(), static_cast<int>(ready_.size()), 0);
  if (count < 0) return host_error();
  Collected collected = kNothing;
  for (const epoll_event& event : std::span(ready_).first(static_cast<size_t>(count))) {
    const Watch& watch = watches_[static_cast<size_t>(event.data.fd)];
    if (watch.round != round_) return kStrangers;
    for (size_t i = watch.request; i != kNone; i = same_[i]) {
      met_[i] = event.events & (events_of(requests[i].kind) | EPOLLERR | EPOLLHUP);
      if (met_[i] != 0) collected = kSome;
    }
  }
  return collected;
}

std::unique_ptr<Poller> Pollers::take() {
  std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<Poller>();
  auto poller = std::move(idle_.back());
  idle_.pop_back();
  return poller;
}

void Pollers::give_back(std::unique_ptr<Poller> poller) {
  std::lock_guard lock(mutex_);
  idle_.push_back(std::move(poller));
}

}  // namespace wherry::wasi::host
