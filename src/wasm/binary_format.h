// The numbers of the binary format that are not opcodes: what the reader expects and the encoder writes.
// Spec: https://webassembly.github.io/spec/core/binary/index.html
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "wherry/types.h"

namespace wherry::wasm {

inline constexpr uint8_t kModuleHeader[8] = {0x00, 'a', 's', 'm', 0x01, 0x00, 0x00, 0x00};

enum class SectionId : uint8_t {
  kCustom = 0,
  kType = 1,
  kImport = 2,
  kFunction = 3,
  kTable = 4,
  kMemory = 5,
  kGlobal = 6,
  kExport = 7,
  kStart = 8,
  kElement = 9,
  kCode = 10,
  kData = 11,
  kDataCount = 12,
  kTag = 13,
};
/// The order sections must come in, with their names in the text format's `@custom` annotation.
struct SectionInfo {
  SectionId id;
  std::string_view name;
};
inline constexpr SectionInfo kSectionOrder[] = {
    {SectionId::kType, "type"},     {SectionId::kImport, "import"},       {SectionId::kFunction, "func"},
    {SectionId::kTable, "table"},   {SectionId::kMemory, "memory"},       {SectionId::kTag, "tag"},
    {SectionId::kGlobal, "global"}, {SectionId::kExport, "export"},       {SectionId::kStart, "start"},
    {SectionId::kElement, "elem"},  {SectionId::kDataCount, "datacount"}, {SectionId::kCode, "code"},
    {SectionId::kData, "data"},
};

/// First bytes of types.
namespace type_code {
inline constexpr uint8_t kI32 = 0x7F, kI64 = 0x7E, kF32 = 0x7D, kF64 = 0x7C, kV128 = 0x7B, kI8 = 0x78, kI16 = 0x77;
inline constexpr uint8_t kRef = 0x64, kRefNull = 0x63;
inline constexpr uint8_t kFunc = 0x60, kStruct = 0x5F, kArray = 0x5E;
inline constexpr uint8_t kSub = 0x50, kSubFinal = 0x4F, kRec = 0x4E;
inline constexpr uint8_t kEmptyBlock = 0x40;
inline constexpr uint8_t kTableWithInit = 0x40;  // then 0x00, the table type, and the initial value
}  // namespace type_code

/// An abstract heap type: its code, its name, and the name of the nullable reference to it.
struct HeapTypeInfo {
  HeapType::Abstract type;
  uint8_t code;
  std::string_view name;
  std::string_view ref_name;
};
/// In the order of HeapType::Abstract.
inline constexpr HeapTypeInfo kHeapTypes[] = {
    {HeapType::kFunc, 0x70, "func", "funcref"},       {HeapType::kNoFunc, 0x73, "nofunc", "nullfuncref"},
    {HeapType::kExtern, 0x6F, "extern", "externref"}, {HeapType::kNoExtern, 0x72, "noextern", "nullexternref"},
    {HeapType::kAny, 0x6E, "any", "anyref"},          {HeapType::kEq, 0x6D, "eq", "eqref"},
    {HeapType::kI31, 0x6C, "i31", "i31ref"},          {HeapType::kStruct, 0x6B, "struct", "structref"},
    {HeapType::kArray, 0x6A, "array", "arrayref"},    {HeapType::kNone, 0x71, "none", "nullref"},
    {HeapType::kExn, 0x69, "exn", "exnref"},          {HeapType::kNoExn, 0x74, "noexn", "nullexnref"},
};
constexpr const HeapTypeInfo& info(HeapType::Abstract type) { return kHeapTypes[type]; }
constexpr std::optional<HeapType::Abstract> heap_type_by_code(uint8_t code) {
  for (const HeapTypeInfo& row : kHeapTypes) {
    if (row.code == code) return row.type;
  }
  return std::nullopt;
}

/// Bits of the flags byte of limits.
namespace limits_flag {
inline constexpr uint8_t kHasMax = 1, kShared = 2, k64 = 4, kPageSize = 8;
}  // namespace limits_flag

/// Bit of a memarg's alignment field that says that a memory index follows.
inline constexpr uint32_t kMemArgHasMemory = 1u << 6;

/// Subsections of the name section, with the extended ones.
enum class NameSubsection : uint8_t {
  kModule = 0,
  kFunctions = 1,
  kLocals = 2,
  kLabels = 3,
  kTypes = 4,
  kTables = 5,
  kMemories = 6,
  kGlobals = 7,
  kElements = 8,
  kData = 9,
  kFields = 10,
  kTags = 11,
};

}  // namespace wherry::wasm
