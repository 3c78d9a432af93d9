// Random bytes for guests.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <span>

#include "wasi/host/errno.h"

namespace wherry::wasi::host {

/// Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual HostResult<> fill(std::span<uint8_t> bytes) = 0;
};

/// The kernel's generator.
class SystemRandom final : public Random {
 public:
  HostResult<> fill(std::span<uint8_t> bytes) override;
};

/// The same bytes for the same seed, for runs that must repeat. Not for secrets: xoshiro256**.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed);
  HostResult<> fill(std::span<uint8_t> bytes) override;

 private:
  uint64_t next();

  std::mutex mutex_;
  std::array<uint64_t, 4> state_;
};

}  // namespace wherry::wasi::host
