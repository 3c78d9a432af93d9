// What a machine may have beyond the least of its architecture, as bits of ImageHeader::cpu_features: what compilers
// ask for, and what whoever loads an image looks up in the machine. Bits are never reused.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wherry::engine {

// X(bit, "name"). Names are LLVM's (of x86, but for cx16, also those of __builtin_cpu_supports).
#define WHERRY_X86_FEATURES(X) \
  X(0, "sse3")                 \
  X(1, "ssse3")                \
  X(2, "sse4.1")               \
  X(3, "sse4.2")               \
  X(4, "popcnt")               \
  X(5, "cx16")                 \
  X(6, "avx")                  \
  X(7, "avx2")                 \
  X(8, "bmi")                  \
  X(9, "bmi2")                 \
  X(10, "lzcnt")               \
  X(11, "fma")                 \
  X(12, "f16c")                \
  X(13, "movbe")               \
  X(14, "avx512f")             \
  X(15, "avx512bw")            \
  X(16, "avx512cd")            \
  X(17, "avx512dq")            \
  X(18, "avx512vl")            \
  X(19, "avx512vbmi")          \
  X(20, "avx512vbmi2")         \
  X(21, "avx512ifma")          \
  X(22, "avx512vnni")          \
  X(23, "avx512bitalg")        \
  X(24, "avx512vpopcntdq")     \
  X(25, "gfni")                \
  X(26, "avxvnni")

#define WHERRY_AARCH64_FEATURES(X) \
  X(0, "lse")                      \
  X(1, "rdm")                      \
  X(2, "dotprod")                  \
  X(3, "fullfp16")                 \
  X(4, "rcpc")                     \
  X(5, "jsconv")                   \
  X(6, "lse2")                     \
  X(7, "i8mm")                     \
  X(8, "sve")                      \
  X(9, "sve2")

struct CpuFeature {
  uint32_t bit;
  std::string_view name;
};
#define WHERRY_CPU_FEATURE(bit, name) CpuFeature{bit, name},
inline constexpr CpuFeature kX86Features[] = {WHERRY_X86_FEATURES(WHERRY_CPU_FEATURE)};
inline constexpr CpuFeature kAarch64Features[] = {WHERRY_AARCH64_FEATURES(WHERRY_CPU_FEATURE)};
#undef WHERRY_CPU_FEATURE

using CpuFeatureSet = std::array<uint64_t, 4>;
constexpr void add_feature(CpuFeatureSet& set, uint32_t bit) { set[bit / 64] |= uint64_t{1} << (bit % 64); }
constexpr bool has_feature(const CpuFeatureSet& set, uint32_t bit) { return (set[bit / 64] >> (bit % 64) & 1) != 0; }
/// Whether a machine with `present` runs code that needs `needed`.
constexpr bool covers(const CpuFeatureSet& present, const CpuFeatureSet& needed) {
  for (size_t i = 0; i < needed.size(); ++i) {
    if ((needed[i] & ~present[i]) != 0) return false;
  }
  return true;
}

/// The portable baselines: x86-64-v2 (any x86-64 server since 2009), and Armv8.0 without more.
inline constexpr uint32_t kX86Baseline[] = {0, 1, 2, 3, 4, 5};

}  // namespace wherry::engine
