// A 128-bit vector as data: sixteen bytes in memory order, which lanes of any shape may be read from and written to.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace wherry {

struct V128 {
  std::array<uint8_t, 16> bytes{};

  template <class Lane, std::size_t N>
  static constexpr V128 from_lanes(const std::array<Lane, N>& lanes) {
    static_assert(sizeof(Lane) * N == 16);
    return std::bit_cast<V128>(lanes);
  }
  static constexpr V128 from_halves(uint64_t low, uint64_t high) { return from_lanes<uint64_t, 2>({low, high}); }

  template <class Lane>
  constexpr std::array<Lane, 16 / sizeof(Lane)> lanes() const {
    return std::bit_cast<std::array<Lane, 16 / sizeof(Lane)>>(*this);
  }
  constexpr uint64_t low() const { return lanes<uint64_t>()[0]; }
  constexpr uint64_t high() const { return lanes<uint64_t>()[1]; }

  constexpr bool operator==(const V128&) const = default;
};
static_assert(sizeof(V128) == 16);

}  // namespace wherry
