#include "wasi/host/random.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "platform/entropy.h"

namespace wherry::wasi::host {

HostResult<> SystemRandom::fill(std::span<uint8_t> bytes) {
  if (!platform::fill_random(bytes)) return error(Errno::kIo);
  return {};
}

SeededRandom::SeededRandom(uint64_t seed) {
  // SplitMix64, as the authors of xoshiro advise for seeding.
  for (uint64_t& word : state_) {
    seed += 0x9e3779b97f4a7c15;
    uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    word = z ^ (z >> 31);
  }
}

uint64_t SeededRandom::next() {
  const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

HostResult<> SeededRandom::fill(std::span<uint8_t> bytes) {
  std::lock_guard lock(mutex_);
  while (!bytes.empty()) {
    const uint64_t word = next();
    const size_t size = std::min(bytes.size(), sizeof word);
    std::memcpy(bytes.data(), &word, size);
    bytes = bytes.subspan(size);
  }
  return {};
}

}  // namespace wherry::wasi::host
