#include "interp/fusions.h"

#include <algorithm>
#include <bit>

namespace wherry::interp {

namespace {

using Parts = std::array<Word, Fusion::kMost>;

Parts parts_of(const Fusion& fusion) {
  Parts parts;
  std::ranges::transform(fusion.parts, parts.begin(), [](Handler h) { return reinterpret_cast<Word>(h); });
  return parts;
}

uint64_t mix(uint64_t hash, Word part) {
  hash = (hash ^ part) * 0x9E3779B97F4A7C15;
  return hash ^ hash >> 29;
}
uint64_t hash_of(const Parts& parts) {
  uint64_t hash = 0;
  for (Word part : parts) hash = mix(hash, part);
  return hash;
}

}  // namespace

const Fusions& Fusions::get() {
  static const Fusions fusions;
  return fusions;
}

Fusions::Fusions() {
  const auto families = {int_fusions(), branch_fusions(), float_fusions()};
  size_t count = 0;
  for (const auto family : families) count += family.size();
  table_.resize(std::bit_ceil(count + count / 2));
  for (const auto family : families) {
    for (const Fusion& fusion : family) {
      const Parts parts = parts_of(fusion);
      const uint64_t hash = hash_of(parts);
      table_[slot_of(parts, hash)] = {hash, &fusion};
      const uint64_t first = mix(0, parts[0]) >> 52;
      firsts_[first / 64] |= uint64_t{1} << first % 64;
    }
  }
}

/// Where the fusion of these parts is, or would be.
size_t Fusions::slot_of(const Parts& parts, uint64_t hash) const {
  const size_t mask = table_.size() - 1;
  size_t at = hash & mask;
  while (table_[at].fusion != nullptr && (table_[at].hash != hash || parts_of(*table_[at].fusion) != parts)) {
    at = (at + 1) & mask;
  }
  return at;
}

Word Fusions::find(std::span<const Word> handlers) const {
  const uint64_t first = mix(0, handlers[0]) >> 52;
  if ((firsts_[first / 64] >> first % 64 & 1) == 0) return 0;
  Parts parts{};
  std::ranges::copy(handlers, parts.begin());
  const Fusion* found = table_[slot_of(parts, hash_of(parts))].fusion;
  return found == nullptr ? 0 : reinterpret_cast<Word>(found->fused);
}

}  // namespace wherry::interp
