#include "wasi/host/waiter.h"

#include <time.h>

#include <limits>

#include "platform/clock.h"

namespace wherry::wasi::host {

HostResult<size_t> Waiter::wait(std::span<pollfd> fds, std::optional<uint64_t> timeout_ns) {
  constexpr uint64_t kNanosPerSecond = 1'000'000'000;
  const uint64_t start = platform::monotonic_ns();
  for (uint64_t now = start;; now = platform::monotonic_ns()) {
    timespec left = {0, 0};
    if (timeout_ns && *timeout_ns > now - start) {
      const uint64_t ns = *timeout_ns - (now - start);
      left = {static_cast<time_t>(ns / kNanosPerSecond), static_cast<long>(ns % kNanosPerSecond)};
    }
    const int ready = ppoll(fds.data(), fds.size(), timeout_ns ? &left : nullptr, nullptr);
    if (ready >= 0) return static_cast<size_t>(ready);
    if (errno != EINTR) return host_error();
    if (interrupted()) return error(Errno::kIntr);
  }
}

HostResult<> Waiter::wait_for(int fd, short events) {
  pollfd one[] = {{fd, events, 0}};
  WHERRY_CHECK(wait(one, std::nullopt));
  return {};
}

}  // namespace wherry::wasi::host
