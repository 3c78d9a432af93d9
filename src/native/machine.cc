#include "native/machine.h"

#if defined(__aarch64__)
#include "platform/processor.h"
#endif

namespace wherry::native {

namespace {

#if defined(__x86_64__)

#define WHERRY_DETECT(bit, name) \
  if (__builtin_cpu_supports(name)) engine::add_feature(set, bit);
engine::CpuFeatureSet detect() {
  engine::CpuFeatureSet set{};
  WHERRY_X86_FEATURES(WHERRY_DETECT)
  return set;
}
#undef WHERRY_DETECT

#elif defined(__aarch64__)

/// Bits of Linux's hwcap words, that must all be set for a feature.
struct Capability {
  std::string_view name;
  uint64_t first;
  uint64_t second;
};
constexpr Capability kCapabilities[] = {
    {"lse", 1u << 8, 0},   {"rdm", 1u << 12, 0},    {"dotprod", 1u << 20, 0}, {"fullfp16", 1u << 9 | 1u << 10, 0},
    {"rcpc", 1u << 15, 0}, {"jsconv", 1u << 13, 0}, {"lse2", 1u << 25, 0},    {"i8mm", 0, 1u << 13},
    {"sve", 1u << 22, 0},  {"sve2", 0, 1u << 1},
};

engine::CpuFeatureSet detect() {
  engine::CpuFeatureSet set{};
  const platform::Capabilities present = platform::processor_capabilities();
  for (const engine::CpuFeature& feature : engine::kAarch64Features) {
    for (const Capability& needed : kCapabilities) {
      if (needed.name == feature.name && (present.first & needed.first) == needed.first &&
          (present.second & needed.second) == needed.second) {
        engine::add_feature(set, feature.bit);
      }
    }
  }
  return set;
}

#endif

}  // namespace

const engine::CpuFeatureSet& machine_features() {
  static const engine::CpuFeatureSet features = detect();
  return features;
}

}  // namespace wherry::native
