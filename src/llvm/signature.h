// How the values of a call travel in compiled code. Everything is in registers of the C convention, so that a tail call
// never has to move a stack: integers and references in integer registers, the rest in vector registers, first come
// first served. Parameters:
//
//   context, [results], [overflow], parameters that found a register
//
// `results`: where two or more results go, as slots; one result is returned. `overflow`: where the parameters that
// found no register are, as slots.
#pragma once

#include <cstdint>
#include <vector>

#include "wasm/type_registry.h"

namespace wherry::compiler {

/// Registers that carry arguments.
struct Registers {
  uint32_t ints;
  uint32_t vectors;
};
inline constexpr Registers kRegistersX86_64 = {6, 8};
inline constexpr Registers kRegistersAarch64 = {8, 8};

struct Signature {
  struct Place {
    enum class Kind : uint8_t { kInt, kVector, kOverflow };
    Kind kind;
    /// Number of the register (the context is integer register 0), or slot in the overflow area.
    uint32_t index;
  };

  Signature(const wasm::TypeDef& type, Registers registers);

  const wasm::TypeDef& type;
  std::vector<Place> params;
  bool has_results_pointer;
  uint32_t overflow_slots = 0;
};

}  // namespace wherry::compiler
