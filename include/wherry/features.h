// The set of language features a module may use.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace wherry {

enum class Feature : uint8_t {
#define WHERRY_FEATURE(id, name, on, what) id,
#include "wherry/features.inc"
#undef WHERRY_FEATURE
};

/// A set of features. Default: the current standard. Value type, thread-safe as such.
class Features {
 public:
  constexpr Features() = default;
  static constexpr Features none() { return Features(bit(Feature::kMvp)); }
  static constexpr Features all() { return Features(~uint32_t{0}); }

  constexpr bool has(Feature f) const { return (bits_ & bit(f)) != 0; }
  constexpr Features& set(Feature f, bool on = true) {
    bits_ = on ? bits_ | bit(f) : bits_ & ~bit(f);
    bits_ |= bit(Feature::kMvp);
    return *this;
  }
  /// Whether this set has all of `others`.
  constexpr bool includes(const Features& others) const { return (others.bits_ & ~bits_) == 0; }
  constexpr bool operator==(const Features&) const = default;

  /// As plain data, for other processes: bit n is the n-th row of features.inc.
  constexpr uint32_t bits() const { return bits_; }
  static constexpr Features from_bits(uint32_t bits) { return Features(bits | bit(Feature::kMvp)); }

 private:
  explicit constexpr Features(uint32_t bits) : bits_(bits) {}
  static constexpr uint32_t bit(Feature f) { return uint32_t{1} << static_cast<unsigned>(f); }
  static constexpr uint32_t kDefaults = 0
#define WHERRY_FEATURE(id, name, on, what) | ((on) ? (uint32_t{1} << static_cast<unsigned>(Feature::id)) : 0)
#include "wherry/features.inc"
#undef WHERRY_FEATURE
      ;
  uint32_t bits_ = kDefaults;
};

/// One feature's row of features.inc.
struct FeatureInfo {
  Feature feature;
  std::string_view name;
  bool on_by_default;
  std::string_view description;
};
inline constexpr FeatureInfo kFeatureTable[] = {
#define WHERRY_FEATURE(id, name, on, what) {Feature::id, name, on, what},
#include "wherry/features.inc"
#undef WHERRY_FEATURE
};

constexpr const FeatureInfo& info(Feature f) { return kFeatureTable[static_cast<unsigned>(f)]; }

constexpr std::optional<Feature> feature_by_name(std::string_view name) {
  for (const FeatureInfo& row : kFeatureTable) {
    if (row.name == name) return row.feature;
  }
  return std::nullopt;
}

}  // namespace wherry
