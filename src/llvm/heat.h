// Which functions deserve the full pipeline, where a module is too large for all of them to get it: a guess from the
// module alone, by loops and by where calls stand.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "wasm/module.h"

namespace wherry::compiler {

/// Those of `functions` that are guessed to be worth most for their size, together of no more than `bytes` bytes of
/// bodies: a flag for each of `functions`. One pass over the bodies.
std::vector<bool> guess_hot(const wasm::Module& module, std::span<const uint32_t> functions, uint64_t bytes);

}  // namespace wherry::compiler
