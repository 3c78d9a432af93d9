// Types and values as the C API has them, and between them and Wherry's.
#pragma once

#include <bit>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wasmedge/wasmedge.h"
#include "wherry/extern_type.h"
#include "wherry/v128.h"

struct WasmEdge_LimitContext {
  uint64_t min = 0;
  uint64_t max = 0;  ///< As `min`, if there is none.
  bool has_max = false;
  bool is64 = false;
  bool shared = false;
  bool operator==(const WasmEdge_LimitContext&) const = default;
};

inline bool operator==(const WasmEdge_ValType& a, const WasmEdge_ValType& b) {
  return std::memcmp(a.Data, b.Data, sizeof a.Data) == 0;
}

struct WasmEdge_FunctionTypeContext {
  std::vector<WasmEdge_ValType> params;
  std::vector<WasmEdge_ValType> results;
};

struct WasmEdge_TableTypeContext {
  WasmEdge_ValType element;
  WasmEdge_LimitContext limit;
};

struct WasmEdge_MemoryTypeContext {
  WasmEdge_LimitContext limit;
};

struct WasmEdge_GlobalTypeContext {
  WasmEdge_ValType type;
  bool is_mutable;
};

struct WasmEdge_TagTypeContext {
  WasmEdge_FunctionTypeContext type;
};

namespace wherry::wasmedge {

inline std::string_view view(WasmEdge_String text) {
  return text.Buf == nullptr ? std::string_view() : std::string_view(text.Buf, text.Length);
}
inline WasmEdge_String to_c(std::string_view text) { return {static_cast<uint32_t>(text.size()), text.data()}; }

inline std::span<const uint8_t> bytes(WasmEdge_Bytes bytes) {
  return {bytes.Buf, bytes.Buf == nullptr ? 0 : bytes.Length};
}

/// Fills an array of the caller's, as far as it reaches; how many there are.
template <class From, class To, class Convert>
uint32_t fill(const From& from, To* to, uint32_t room, Convert convert) {
  uint32_t i = 0;
  for (const auto& item : from) {
    if (to != nullptr && i < room) to[i] = convert(item);
    ++i;
  }
  return i;
}

// Types. A reference to a defined type carries its TypeId, good for its engine only.
WasmEdge_ValType to_c(ValType type);
/// None: not a value type.
std::optional<ValType> from_c(const WasmEdge_ValType& type);
bool is_ref(const WasmEdge_ValType& type);
bool is_nullable(const WasmEdge_ValType& type);
bool is_funcref(const WasmEdge_ValType& type);

WasmEdge_LimitContext to_c(const Limits& limits, bool is64, bool shared);
WasmEdge_FunctionTypeContext to_c(const FuncType& type);
WasmEdge_FunctionTypeContext to_c(std::span<const ValType> params, std::span<const ValType> results);
WasmEdge_TableTypeContext to_c(const TableType& type);
WasmEdge_MemoryTypeContext to_c(const MemoryType& type);
WasmEdge_GlobalTypeContext to_c(const GlobalType& type);
std::optional<FuncType> from_c(const WasmEdge_FunctionTypeContext& type);
std::optional<TableType> from_c(const WasmEdge_TableTypeContext& type);
MemoryType from_c(const WasmEdge_MemoryTypeContext& type);
std::optional<GlobalType> from_c(const WasmEdge_GlobalTypeContext& type);

// Values.
inline uint64_t low(const WasmEdge_Value& value) { return static_cast<uint64_t>(value.Value); }
inline uint64_t high(const WasmEdge_Value& value) { return static_cast<uint64_t>(value.Value >> 64); }
inline WasmEdge_Value number(const WasmEdge_ValType& type, uint64_t bits) { return {bits, type}; }
/// The pointer of a reference.
inline void* pointer(const WasmEdge_Value& value) { return reinterpret_cast<void*>(high(value)); }
inline WasmEdge_Value reference(const WasmEdge_ValType& type, const void* pointer) {
  return {static_cast<uint128_t>(reinterpret_cast<uint64_t>(pointer)) << 64 | std::bit_cast<uint64_t>(type), type};
}

}  // namespace wherry::wasmedge
