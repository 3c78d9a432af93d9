// What this machine is, in the words of images.
#pragma once

#include "engine/cpu_features.h"
#include "engine/native_image.h"

namespace wherry::native {

#if defined(__x86_64__)
inline constexpr engine::ImageArch kArch = engine::ImageArch::kX86_64;
#elif defined(__aarch64__)
inline constexpr engine::ImageArch kArch = engine::ImageArch::kAarch64;
#endif

const engine::CpuFeatureSet& machine_features();

}  // namespace wherry::native
