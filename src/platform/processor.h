// What the processor can do, where asking it directly is not possible.
#pragma once

#include <cstdint>

namespace wherry::platform {

/// The kernel's words of capability bits (AT_HWCAP, AT_HWCAP2); their meaning is the architecture's.
struct Capabilities {
  uint64_t first;
  uint64_t second;
};
Capabilities processor_capabilities();

}  // namespace wherry::platform
