// How large a module may be: limits of this implementation, as the spec allows (core spec, appendix "Implementation
// Limitations"). Most numbers are the WebAssembly JavaScript API's, which toolchains and other engines keep to.
#pragma once

#include <cstdint>

namespace wherry::wasm::limits {

inline constexpr uint64_t kModuleSize = uint64_t{1} << 31;  ///< Offsets within a module are 32 bits.
inline constexpr uint32_t kTypes = 1'000'000;
inline constexpr uint32_t kFunctions = 1'000'000;  ///< Defined and imported.
inline constexpr uint32_t kImports = 1'000'000;
inline constexpr uint32_t kExports = 1'000'000;
inline constexpr uint32_t kGlobals = 1'000'000;
inline constexpr uint32_t kTags = 1'000'000;
inline constexpr uint32_t kDataSegments = 100'000;
inline constexpr uint32_t kElementSegments = 10'000'000;
inline constexpr uint32_t kSegmentElements = 10'000'000;  ///< Of one element segment.
inline constexpr uint32_t kTables = 100'000;
inline constexpr uint32_t kMemories = 100'000;
inline constexpr uint32_t kCustomSections = 100'000;
inline constexpr uint32_t kFunctionSize =
    128u << 20;                              ///< Bytes of a body; JavaScript's 7,654,321 is too small for AOT'd guests.
inline constexpr uint32_t kLocals = 50'000;  ///< With the parameters.
inline constexpr uint32_t kParams = 1'000;
inline constexpr uint32_t kResults = 1'000;
inline constexpr uint32_t kStructFields = 10'000;
inline constexpr uint32_t kArrayNewFixed = 10'000;  ///< Operands of array.new_fixed.
inline constexpr uint32_t kBranchTable = 65'520;    ///< Labels of one br_table, without the default.
inline constexpr uint32_t kCatches = 10'000;        ///< Clauses of one try_table.
inline constexpr uint32_t kSubtypeDepth = 63;       ///< Supertypes of a type.
/// Operands on the stack at one point of a function; only multi-value calls and blocks can get there.
inline constexpr uint32_t kOperands = 16u << 20;

}  // namespace wherry::wasm::limits
