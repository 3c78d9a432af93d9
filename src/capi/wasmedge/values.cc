#include "capi/wasmedge/values.h"

#include <algorithm>

namespace wherry::wasmedge {
namespace {

// Positions in WasmEdge_ValType::Data.
constexpr size_t kCode = 2;
constexpr size_t kHeapCode = 3;
constexpr size_t kIndex = 4;

constexpr uint8_t kNoHeap = WasmEdge_TypeCode_Epsilon;

constexpr struct {
  HeapType::Abstract heap;
  uint8_t code;
} kHeaps[] = {
    {HeapType::kFunc, WasmEdge_TypeCode_FuncRef},     {HeapType::kNoFunc, WasmEdge_TypeCode_NullFuncRef},
    {HeapType::kExtern, WasmEdge_TypeCode_ExternRef}, {HeapType::kNoExtern, WasmEdge_TypeCode_NullExternRef},
    {HeapType::kAny, WasmEdge_TypeCode_AnyRef},       {HeapType::kEq, WasmEdge_TypeCode_EqRef},
    {HeapType::kI31, WasmEdge_TypeCode_I31Ref},       {HeapType::kStruct, WasmEdge_TypeCode_StructRef},
    {HeapType::kArray, WasmEdge_TypeCode_ArrayRef},   {HeapType::kNone, WasmEdge_TypeCode_NullRef},
    {HeapType::kExn, WasmEdge_TypeCode_ExnRef},       {HeapType::kNoExn, WasmEdge_TypeCode_NullExnRef},
};

WasmEdge_ValType plain(uint8_t code) { return {{0, 0, code, kNoHeap, 0, 0, 0, 0}}; }

std::vector<WasmEdge_ValType> row_to_c(std::span<const ValType> types) {
  std::vector<WasmEdge_ValType> row;
  row.reserve(types.size());
  for (const ValType type : types) row.push_back(to_c(type));
  return row;
}

std::optional<std::vector<ValType>> row_from_c(const std::vector<WasmEdge_ValType>& row) {
  std::vector<ValType> types;
  types.reserve(row.size());
  for (const WasmEdge_ValType& type : row) {
    const std::optional<ValType> converted = from_c(type);
    if (!converted.has_value()) return std::nullopt;
    types.push_back(*converted);
  }
  return types;
}

Limits from_c(const WasmEdge_LimitContext& limit) {
  return {limit.min, limit.has_max ? std::optional(limit.max) : std::nullopt};
}

}  // namespace

WasmEdge_ValType to_c(ValType type) {
  switch (type.kind()) {
    case ValType::kI32:
      return plain(WasmEdge_TypeCode_I32);
    case ValType::kI64:
      return plain(WasmEdge_TypeCode_I64);
    case ValType::kF32:
      return plain(WasmEdge_TypeCode_F32);
    case ValType::kF64:
      return plain(WasmEdge_TypeCode_F64);
    case ValType::kV128:
      return plain(WasmEdge_TypeCode_V128);
    case ValType::kRef:
      break;
    default:
      return plain(WasmEdge_TypeCode_Epsilon);
  }
  WasmEdge_ValType out{};
  out.Data[kCode] = type.is_nullable() ? WasmEdge_TypeCode_RefNull : WasmEdge_TypeCode_Ref;
  if (type.heap().is_abstract()) {
    const auto row = std::ranges::find(kHeaps, type.heap().abstract(), [](const auto& r) { return r.heap; });
    out.Data[kHeapCode] = row->code;
  } else {
    const uint32_t id = type.heap().type_id();
    std::memcpy(out.Data + kIndex, &id, sizeof id);
  }
  return out;
}

std::optional<ValType> from_c(const WasmEdge_ValType& type) {
  switch (type.Data[kCode]) {
    case WasmEdge_TypeCode_I32:
      return ValType::kI32;
    case WasmEdge_TypeCode_I64:
      return ValType::kI64;
    case WasmEdge_TypeCode_F32:
      return ValType::kF32;
    case WasmEdge_TypeCode_F64:
      return ValType::kF64;
    case WasmEdge_TypeCode_V128:
      return ValType::kV128;
    case WasmEdge_TypeCode_Ref:
    case WasmEdge_TypeCode_RefNull:
      break;
    default:
      return std::nullopt;
  }
  const bool nullable = is_nullable(type);
  const auto row = std::ranges::find(kHeaps, type.Data[kHeapCode], [](const auto& r) { return r.code; });
  if (row != std::end(kHeaps)) return ValType::ref(row->heap, nullable);
  uint32_t id;
  std::memcpy(&id, type.Data + kIndex, sizeof id);
  if (type.Data[kHeapCode] != 0 || id >= HeapType::kMaxTypeId) return std::nullopt;
  return ValType::ref(HeapType::defined(id), nullable);
}

bool is_ref(const WasmEdge_ValType& type) {
  return type.Data[kCode] == WasmEdge_TypeCode_Ref || type.Data[kCode] == WasmEdge_TypeCode_RefNull;
}
bool is_nullable(const WasmEdge_ValType& type) { return type.Data[kCode] == WasmEdge_TypeCode_RefNull; }
bool is_funcref(const WasmEdge_ValType& type) {
  // Of defined types only those of functions can be written in the C API.
  return is_ref(type) && (type.Data[kHeapCode] == WasmEdge_TypeCode_FuncRef ||
                          type.Data[kHeapCode] == WasmEdge_TypeCode_NullFuncRef || type.Data[kHeapCode] == 0);
}

WasmEdge_LimitContext to_c(const Limits& limits, bool is64, bool shared) {
  return {limits.min, limits.max.value_or(limits.min), limits.max.has_value(), is64, shared};
}
WasmEdge_FunctionTypeContext to_c(std::span<const ValType> params, std::span<const ValType> results) {
  return {row_to_c(params), row_to_c(results)};
}
WasmEdge_FunctionTypeContext to_c(const FuncType& type) { return to_c(type.params, type.results); }
WasmEdge_TableTypeContext to_c(const TableType& type) {
  return {to_c(type.element), to_c(type.limits, type.is64, false)};
}
WasmEdge_MemoryTypeContext to_c(const MemoryType& type) { return {to_c(type.limits, type.is64, type.shared)}; }
WasmEdge_GlobalTypeContext to_c(const GlobalType& type) { return {to_c(type.type), type.is_mutable}; }

std::optional<FuncType> from_c(const WasmEdge_FunctionTypeContext& type) {
  std::optional<std::vector<ValType>> params = row_from_c(type.params);
  std::optional<std::vector<ValType>> results = row_from_c(type.results);
  if (!params.has_value() || !results.has_value()) return std::nullopt;
  return FuncType{std::move(*params), std::move(*results)};
}
std::optional<TableType> from_c(const WasmEdge_TableTypeContext& type) {
  const std::optional<ValType> element = from_c(type.element);
  if (!element.has_value()) return std::nullopt;
  return TableType{*element, from_c(type.limit), type.limit.is64};
}
MemoryType from_c(const WasmEdge_MemoryTypeContext& type) {
  MemoryType out;
  out.limits = from_c(type.limit);
  out.is64 = type.limit.is64;
  out.shared = type.limit.shared;
  return out;
}
std::optional<GlobalType> from_c(const WasmEdge_GlobalTypeContext& type) {
  const std::optional<ValType> content = from_c(type.type);
  if (!content.has_value()) return std::nullopt;
  return GlobalType{*content, type.is_mutable};
}

}  // namespace wherry::wasmedge

using namespace wherry;
using namespace wherry::wasmedge;

WasmEdge_ValType WasmEdge_ValTypeGenI32() noexcept { return to_c(ValType(ValType::kI32)); }
WasmEdge_ValType WasmEdge_ValTypeGenI64() noexcept { return to_c(ValType(ValType::kI64)); }
WasmEdge_ValType WasmEdge_ValTypeGenF32() noexcept { return to_c(ValType(ValType::kF32)); }
WasmEdge_ValType WasmEdge_ValTypeGenF64() noexcept { return to_c(ValType(ValType::kF64)); }
WasmEdge_ValType WasmEdge_ValTypeGenV128() noexcept { return to_c(ValType(ValType::kV128)); }
WasmEdge_ValType WasmEdge_ValTypeGenFuncRef() noexcept { return to_c(ValType::funcref()); }
WasmEdge_ValType WasmEdge_ValTypeGenExternRef() noexcept { return to_c(ValType::externref()); }
bool WasmEdge_ValTypeIsEqual(WasmEdge_ValType a, WasmEdge_ValType b) noexcept { return a == b; }
bool WasmEdge_ValTypeIsI32(WasmEdge_ValType type) noexcept { return type.Data[kCode] == WasmEdge_TypeCode_I32; }
bool WasmEdge_ValTypeIsI64(WasmEdge_ValType type) noexcept { return type.Data[kCode] == WasmEdge_TypeCode_I64; }
bool WasmEdge_ValTypeIsF32(WasmEdge_ValType type) noexcept { return type.Data[kCode] == WasmEdge_TypeCode_F32; }
bool WasmEdge_ValTypeIsF64(WasmEdge_ValType type) noexcept { return type.Data[kCode] == WasmEdge_TypeCode_F64; }
bool WasmEdge_ValTypeIsV128(WasmEdge_ValType type) noexcept { return type.Data[kCode] == WasmEdge_TypeCode_V128; }
bool WasmEdge_ValTypeIsFuncRef(WasmEdge_ValType type) noexcept { return is_funcref(type); }
bool WasmEdge_ValTypeIsExternRef(WasmEdge_ValType type) noexcept {
  return is_ref(type) && type.Data[kHeapCode] == WasmEdge_TypeCode_ExternRef;
}
bool WasmEdge_ValTypeIsRef(WasmEdge_ValType type) noexcept { return is_ref(type); }
bool WasmEdge_ValTypeIsRefNull(WasmEdge_ValType type) noexcept { return is_nullable(type); }

WasmEdge_Value WasmEdge_ValueGenI32(int32_t value) noexcept {
  return number(WasmEdge_ValTypeGenI32(), static_cast<uint32_t>(value));
}
WasmEdge_Value WasmEdge_ValueGenI64(int64_t value) noexcept {
  return number(WasmEdge_ValTypeGenI64(), static_cast<uint64_t>(value));
}
WasmEdge_Value WasmEdge_ValueGenF32(float value) noexcept {
  return number(WasmEdge_ValTypeGenF32(), std::bit_cast<uint32_t>(value));
}
WasmEdge_Value WasmEdge_ValueGenF64(double value) noexcept {
  return number(WasmEdge_ValTypeGenF64(), std::bit_cast<uint64_t>(value));
}
WasmEdge_Value WasmEdge_ValueGenV128(int128_t value) noexcept {
  return {static_cast<uint128_t>(value), WasmEdge_ValTypeGenV128()};
}
WasmEdge_Value WasmEdge_ValueGenFuncRef(const WasmEdge_FunctionInstanceContext* function) noexcept {
  return reference(WasmEdge_ValTypeGenFuncRef(), function);
}
WasmEdge_Value WasmEdge_ValueGenExternRef(void* object) noexcept {
  return reference(WasmEdge_ValTypeGenExternRef(), object);
}
int32_t WasmEdge_ValueGetI32(WasmEdge_Value value) noexcept { return static_cast<int32_t>(low(value)); }
int64_t WasmEdge_ValueGetI64(WasmEdge_Value value) noexcept { return static_cast<int64_t>(low(value)); }
float WasmEdge_ValueGetF32(WasmEdge_Value value) noexcept {
  return std::bit_cast<float>(static_cast<uint32_t>(low(value)));
}
double WasmEdge_ValueGetF64(WasmEdge_Value value) noexcept { return std::bit_cast<double>(low(value)); }
int128_t WasmEdge_ValueGetV128(WasmEdge_Value value) noexcept { return static_cast<int128_t>(value.Value); }
bool WasmEdge_ValueIsNullRef(WasmEdge_Value value) noexcept { return is_ref(value.Type) && pointer(value) == nullptr; }
const WasmEdge_FunctionInstanceContext* WasmEdge_ValueGetFuncRef(WasmEdge_Value value) noexcept {
  return static_cast<const WasmEdge_FunctionInstanceContext*>(pointer(value));
}
void* WasmEdge_ValueGetExternRef(WasmEdge_Value value) noexcept { return pointer(value); }
