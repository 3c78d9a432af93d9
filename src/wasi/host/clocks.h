// Clocks a guest may read.
#pragma once

#include <cstdint>
#include <functional>

#include "wasi/host/errno.h"

namespace wherry::wasi::host {

/// Numbers as in WASI preview 1.
enum class ClockId : uint32_t { kRealtime, kMonotonic, kProcessCpu, kThreadCpu };
inline constexpr uint32_t kClockCount = 4;

/// Thread-safe. Times in nanoseconds.
class Clocks {
 public:
  virtual ~Clocks() = default;
  virtual HostResult<uint64_t> now(ClockId id) const = 0;
  /// The step of the clock, never zero.
  virtual HostResult<uint64_t> resolution(ClockId id) const = 0;
};

class SystemClocks final : public Clocks {
 public:
  HostResult<uint64_t> now(ClockId id) const override;
  HostResult<uint64_t> resolution(ClockId id) const override;
};

/// Clocks that the embedder answers for, with a resolution of 1 ns.
class FunctionClocks final : public Clocks {
 public:
  explicit FunctionClocks(std::function<uint64_t(ClockId)> read) : read_(std::move(read)) {}
  HostResult<uint64_t> now(ClockId id) const override { return read_(id); }
  HostResult<uint64_t> resolution(ClockId id) const override { return 1; }

 private:
  std::function<uint64_t(ClockId)> read_;
};

}  // namespace wherry::wasi::host
