// Clocks, in nanoseconds. Thread-safe.
#pragma once

#include <cstdint>

namespace wherry::platform {

/// From an arbitrary start; never goes back.
uint64_t monotonic_ns();
/// Since 1970-01-01 00:00 UTC.
uint64_t realtime_ns();

}  // namespace wherry::platform
