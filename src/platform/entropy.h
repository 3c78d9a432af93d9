// Randomness fit for cryptography.
#pragma once

#include <cstdint>
#include <span>

namespace wherry::platform {

/// Fills `bytes` from the operating system's generator; waits if it is not ready yet. False if there is none.
bool fill_random(std::span<uint8_t> bytes);

}  // namespace wherry::platform
