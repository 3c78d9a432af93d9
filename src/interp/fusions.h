// Handlers that do several instructions in a row, and so save dispatches. Which there are is decided by how often
// instructions follow one another in programs (see RATIONALE.md); fusions_*.cc name them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "interp/dispatch.h"

namespace wherry::interp {

struct Fusion {
  static constexpr size_t kMost = 3;  ///< Instructions.

  Handler fused;
  /// Of the instructions alone; null behind the last.
  std::array<Handler, kMost> parts;
};

std::span<const Fusion> int_fusions();
std::span<const Fusion> branch_fusions();
std::span<const Fusion> float_fusions();

class Fusions {
 public:
  static const Fusions& get();

  /// The handler that does what these do one after the other, or 0.
  Word find(std::span<const Word> handlers) const;

 private:
  Fusions();
  using Parts = std::array<Word, Fusion::kMost>;
  struct Row {
    uint64_t hash;
    const Fusion* fusion;
  };
  size_t slot_of(const Parts& parts, uint64_t hash) const;

  std::vector<Row> table_;             ///< Open addressing.
  std::array<uint64_t, 64> firsts_{};  ///< A bit for each first part, by its hash: most instructions begin no fusion.
};

// How fusions are named: actions, as in dispatch.h, and sets of them.

template <class... A>
struct Set {};

template <class... A>
constexpr Fusion fusion() {
  static_assert(sizeof...(A) >= 2 && sizeof...(A) <= Fusion::kMost);
  return {perform<A...>, {perform<A>...}};
}

template <class... A>
constexpr size_t size(Set<A...>) {
  return sizeof...(A);
}
template <class... A, class... B>
constexpr Set<A..., B...> join(Set<A...>, Set<B...>) {
  return {};
}

/// Every action of the first set followed by every one of the second.
template <class First, class... B>
constexpr std::array<Fusion, sizeof...(B)> each_after(Set<B...>) {
  return {fusion<First, B>()...};
}
template <class... A, class Seconds>
constexpr auto product(Set<A...>, Seconds seconds) {
  std::array<Fusion, sizeof...(A) * size(Seconds{})> all{};
  size_t n = 0;
  auto append = [&](const auto& some) {
    for (const Fusion& one : some) all[n++] = one;
  };
  (append(each_after<A>(seconds)), ...);
  return all;
}

template <size_t... n>
constexpr auto concat(const std::array<Fusion, n>&... parts) {
  std::array<Fusion, (n + ...)> all{};
  size_t at = 0;
  auto append = [&](const auto& some) {
    for (const Fusion& one : some) all[at++] = one;
  };
  (append(parts), ...);
  return all;
}

}  // namespace wherry::interp
