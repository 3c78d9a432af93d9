// Function bodies of generated modules. Types are letters: those of the op table's signatures (i l f d v), and F E A
// for funcref, externref, anyref; X is exnref, which only labels carry; b and h are the packed i8 and i16 of fields.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/encoder.h"
#include "wasm/ops.h"

namespace wherry::fuzz {

/// The bytes that decide everything. When they are used up, all decisions are 0, which everywhere is the one that ends
/// soonest.
class Choices {
 public:
  explicit Choices(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  uint8_t byte() { return used_ < bytes_.size() ? bytes_[used_++] : 0; }
  /// Below n, which is not 0.
  uint32_t below(uint32_t n) { return (n <= 256 ? byte() : byte() | uint32_t{byte()} << 8) % n; }
  /// True in about `n` of 256 cases.
  bool chance(uint32_t n) { return byte() >= 256 - n; }
  bool exhausted() const { return used_ == bytes_.size(); }

 private:
  std::span<const uint8_t> bytes_;
  size_t used_ = 0;
};

struct FuncType {
  std::string params;
  std::string results;
};
struct TableShape {
  char element;
  bool is64;
  uint32_t min;
};
struct MemoryShape {
  bool is64;
  uint32_t max;
};

// What all modules have.
inline constexpr std::string_view kTypeLetters = "ilfdvFEA";
inline constexpr std::array<TableShape, 3> kTables = {{{'F', false, 8}, {'E', false, 4}, {'F', true, 4}}};
inline constexpr std::array<MemoryShape, 2> kMemories = {{{false, 3}, {true, 2}}};
inline constexpr std::string_view kTagParams = "il";
/// Types of the tags, as indices of function types: without parameters, and with kTagParams.
inline constexpr std::array<uint32_t, 2> kTagTypes = {0, 1};
/// Of a block that results in kTagParams.
inline constexpr uint32_t kHandlerType = 2;
/// Global 0 counts down at each function entry and loop iteration; at zero it traps. Then one global a type.
inline constexpr int32_t kFuel = 300;
inline constexpr uint32_t kElemSegments = 2, kDataSegments = 2;
/// A structure type follows the function types; then come array types.
inline constexpr std::string_view kFieldLetters = "ilfdvAFbh";
inline constexpr std::string_view kArrayLetters = "ibAv";

/// What differs between modules.
struct ModuleShape {
  /// The first are those of kTagTypes and kHandlerType.
  std::vector<FuncType> func_types;
  std::vector<uint32_t> functions;  ///< Their types.

  uint32_t struct_type() const { return static_cast<uint32_t>(func_types.size()); }
  uint32_t array_type(size_t which) const { return struct_type() + 1 + static_cast<uint32_t>(which); }
};

void write_type(wasm::Encoder& out, char letter);
/// Of F, E, A and X.
void write_heap_type(wasm::Encoder& out, char letter);

/// Locals and code, without the size.
std::vector<uint8_t> generate_body(const ModuleShape& shape, const FuncType& type, Choices& choices);

}  // namespace wherry::fuzz
