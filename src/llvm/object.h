// What the linker needs of a shard's object file, taken out of ELF so that the file can go.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/native_image.h"
#include "wasm/module.h"
#include "wherry/result.h"

namespace wherry::compiler {

/// The sections of an image that come from object files.
enum class Part : uint8_t { kText, kRodata, kEhFrame, kEhTable };
inline constexpr size_t kParts = 4;

/// What a relocation points to.
struct Symbol {
  enum class Kind : uint8_t {
    kPart,             ///< A place in this shard: `index` is a Part, the offset is in the addend.
    kFunction,         ///< Function index space.
    kEnter,            ///< Type section.
    kLeave,            ///< Type section.
    kPersonalitySlot,  ///< See kPersonalitySlotSize.
  };
  Kind kind = Kind::kPart;
  uint32_t index = 0;
};

/// A relocation: type as in ELF, for the architecture.
struct Fixup {
  Part part;
  uint32_t offset;
  uint32_t type;
  Symbol target;
  int64_t addend;
};

struct ShardObject {
  /// A compiled function; offsets are relative to the shard's text and locations.
  struct Function {
    uint32_t index;
    uint32_t offset;
    uint32_t size;
    uint32_t locations;
    uint64_t frame_bytes;
  };
  struct Stub {
    Symbol symbol;
    uint32_t offset;
  };

  std::array<std::vector<uint8_t>, kParts> parts;
  std::array<uint32_t, kParts> alignments = {1, 1, 1, 1};
  std::vector<Fixup> fixups;
  std::vector<Function> functions;
  std::vector<Stub> stubs;
  bool are_thunks = false;         ///< The functions are called directly, but are not what their Funcs run.
  std::vector<uint8_t> locations;  ///< As ImageFunction::locations says.
};

/// Reads the object file that a shard of `module` was compiled to. Errors: kUnsupported when it holds what an image
/// cannot: writable data, absolute relocations, references to other symbols.
Result<ShardObject> read_object(std::span<const uint8_t> elf, const wasm::Module& module);

}  // namespace wherry::compiler
