#include "interp/fusions.h"

#include <algorithm>
#include <bit>

namespace wherry::interp {

namespace {

std::array<Word, Fusion::kMost> words_of(const Fusion& fusion) {
  std::array<Word, Fusion::kMost> words;
  std::ranges::transform(fusion.parts, words.begin(), [](Handler h) { return reinterpret_cast<Word>(h); });
  return words;
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
  table_.resize(std::bit_ceil(2 * count + 1));
  for (const auto family : families) {
    for (const Fusion& fusion : family) {
      const Fusion*& slot = table_[slot_of(words_of(fusion))];
      if (slot == nullptr) slot = &fusion;
    }
  }
}

/// Where the fusion of these parts is, or would be.
size_t Fusions::slot_of(const std::array<Word, Fusion::kMost>& parts) const {
  uint64_t hash = 0;
  for (Word part : parts) hash = (hash ^ part) * 0x9E3779B97F4A7C15;
  const size_t mask = table_.size() - 1;
  size_t at = (hash >> 32) & mask;
  while (table_[at] != nullptr && words_of(*table_[at]) != parts) at = (at + 1) & mask;
  return at;
}

Word Fusions::find(std::span<const Word> handlers) const {
  std::array<Word, Fusion::kMost> parts{};
  std::ranges::copy(handlers, parts.begin());
  const Fusion* found = table_[slot_of(parts)];
  return found == nullptr ? 0 : reinterpret_cast<Word>(found->fused);
}

}  // namespace wherry::interp
