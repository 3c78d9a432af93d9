// What the emitter must know of a body before it reads it: which locals each loop assigns, so that only these get a phi
// at its header. One pass of the Decoder, without validation.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "wasm/module.h"

namespace wherry::compiler {

struct BodyScan {
  struct Loop {
    uint64_t offset;  ///< Of its op in the module.
    uint32_t first;   ///< In `locals`.
    uint32_t count;
  };
  std::vector<Loop> loops;       ///< In the order of the code.
  std::vector<uint32_t> locals;  ///< Assigned in loops, each once for each loop.
  bool has_tail_calls = false;
  /// Values that would meet at joins if locals were SSA values: more than kMeetingsLimit, and they stay in memory.
  uint64_t meetings = 0;

  static constexpr uint64_t kMeetingsLimit = 8u << 20;

  std::span<const uint32_t> assigned_in(const Loop& loop) const {
    return std::span(locals).subspan(loop.first, loop.count);
  }
};

/// Stops where the body is malformed; the reader will say why.
BodyScan scan_body(const wasm::Module& module, uint32_t function);

}  // namespace wherry::compiler
