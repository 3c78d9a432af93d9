// Random valid modules, from bytes. What a module may contain comes from the op table: a new plain op is generated as
// soon as it has a row.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace wherry::fuzz {

/// A module and how to run it.
struct GeneratedModule {
  std::vector<uint8_t> binary;
  /// Parameter types of the exported functions "f0", "f1", ..., in the letters of the op table's signatures, and F, E,
  /// A for funcref, externref, anyref.
  std::vector<std::string> params;
};

/// Makes a module that is valid with Features::all(), imports nothing, and whose functions end (they trap when they
/// have used up a counter). The same bytes make the same module, and any bytes make one; the more bytes, the larger it
/// is.
///
/// It exports all its functions ("f<n>"), memories ("m<n>"), tables ("t<n>") and globals ("g<n>"). Floating-point
/// results are made canonical where they are NaN, so that everything observable is determined by the specification, if
/// relaxed vector ops follow the deterministic profile. What is left open: whether memory or a table grows, and whether
/// the call stack suffices.
GeneratedModule generate_module(std::span<const uint8_t> seed);

}  // namespace wherry::fuzz
