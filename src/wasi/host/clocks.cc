#include "wasi/host/clocks.h"

#include <time.h>

#include <algorithm>

namespace wherry::wasi::host {

namespace {

clockid_t host_clock(ClockId id) {
  switch (id) {
    case ClockId::kRealtime:
      return CLOCK_REALTIME;
    case ClockId::kMonotonic:
      return CLOCK_MONOTONIC;
    case ClockId::kProcessCpu:
      return CLOCK_PROCESS_CPUTIME_ID;
    case ClockId::kThreadCpu:
      return CLOCK_THREAD_CPUTIME_ID;
  }
  return -1;
}

uint64_t nanoseconds(const timespec& t) {
  return t.tv_sec < 0 ? 0 : static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
}

}  // namespace

HostResult<uint64_t> SystemClocks::now(ClockId id) const {
  timespec t;
  if (clock_gettime(host_clock(id), &t) != 0) return host_error();
  return nanoseconds(t);
}

HostResult<uint64_t> SystemClocks::resolution(ClockId id) const {
  timespec t;
  if (clock_getres(host_clock(id), &t) != 0) return host_error();
  return std::max<uint64_t>(1, nanoseconds(t));
}

}  // namespace wherry::wasi::host
