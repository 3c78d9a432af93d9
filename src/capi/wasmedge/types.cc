// Strings, bytes, and the contexts that describe types.
#include <algorithm>

#include "capi/wasmedge/ast.h"
#include "capi/wasmedge/values.h"

using namespace wherry;
using namespace wherry::wasmedge;

namespace {

/// A copy that ends with a NUL, which its length does not count.
template <class T>
const T* copy_of(const T* from, uint32_t length) {
  T* copy = new T[size_t{length} + 1];
  std::copy_n(from, length, copy);
  copy[length] = 0;
  return copy;
}

}  // namespace

const char* WasmEdge_VersionGet() noexcept { return WASMEDGE_VERSION; }
uint32_t WasmEdge_VersionGetMajor() noexcept { return WASMEDGE_VERSION_MAJOR; }
uint32_t WasmEdge_VersionGetMinor() noexcept { return WASMEDGE_VERSION_MINOR; }
uint32_t WasmEdge_VersionGetPatch() noexcept { return WASMEDGE_VERSION_PATCH; }

WasmEdge_String WasmEdge_StringCreateByCString(const char* text) noexcept {
  return text == nullptr ? WasmEdge_String{0, nullptr}
                         : WasmEdge_StringCreateByBuffer(text, static_cast<uint32_t>(std::strlen(text)));
}
WasmEdge_String WasmEdge_StringCreateByBuffer(const char* buffer, uint32_t length) noexcept {
  if (buffer == nullptr || length == 0) return {0, nullptr};
  return {length, copy_of(buffer, length)};
}
WasmEdge_String WasmEdge_StringWrap(const char* buffer, uint32_t length) noexcept { return {length, buffer}; }
bool WasmEdge_StringIsEqual(WasmEdge_String a, WasmEdge_String b) noexcept { return view(a) == view(b); }
uint32_t WasmEdge_StringCopy(WasmEdge_String text, char* buffer, uint32_t length) noexcept {
  if (buffer == nullptr) return 0;
  const std::string_view from = view(text);
  const auto count = std::min(length, static_cast<uint32_t>(from.size()));
  std::fill_n(buffer, length, 0);
  std::copy_n(from.data(), count, buffer);
  return count;
}
void WasmEdge_StringDelete(WasmEdge_String text) noexcept { delete[] text.Buf; }

WasmEdge_Bytes WasmEdge_BytesCreate(const uint8_t* buffer, uint32_t length) noexcept {
  if (buffer == nullptr || length == 0) return {0, nullptr};
  return {length, copy_of(buffer, length)};
}
WasmEdge_Bytes WasmEdge_BytesWrap(const uint8_t* buffer, uint32_t length) noexcept { return {length, buffer}; }
void WasmEdge_BytesDelete(WasmEdge_Bytes bytes) noexcept { delete[] bytes.Buf; }

WasmEdge_LimitContext* WasmEdge_LimitCreate(uint64_t min, bool is64) noexcept {
  return new WasmEdge_LimitContext{min, min, false, is64, false};
}
WasmEdge_LimitContext* WasmEdge_LimitCreateWithMax(uint64_t min, uint64_t max, bool is64, bool shared) noexcept {
  return new WasmEdge_LimitContext{min, max, true, is64, shared};
}
uint64_t WasmEdge_LimitGetMin(const WasmEdge_LimitContext* limit) noexcept { return limit == nullptr ? 0 : limit->min; }
uint64_t WasmEdge_LimitGetMax(const WasmEdge_LimitContext* limit) noexcept { return limit == nullptr ? 0 : limit->max; }
bool WasmEdge_LimitHasMax(const WasmEdge_LimitContext* limit) noexcept { return limit != nullptr && limit->has_max; }
bool WasmEdge_LimitIsShared(const WasmEdge_LimitContext* limit) noexcept { return limit != nullptr && limit->shared; }
bool WasmEdge_LimitIs64Bit(const WasmEdge_LimitContext* limit) noexcept { return limit != nullptr && limit->is64; }
bool WasmEdge_LimitIsEqual(const WasmEdge_LimitContext* a, const WasmEdge_LimitContext* b) noexcept {
  return a != nullptr && b != nullptr && *a == *b;
}
void WasmEdge_LimitDelete(WasmEdge_LimitContext* limit) noexcept { delete limit; }

WasmEdge_FunctionTypeContext* WasmEdge_FunctionTypeCreate(const WasmEdge_ValType* params, uint32_t param_count,
                                                          const WasmEdge_ValType* results,
                                                          uint32_t result_count) noexcept {
  auto* type = new WasmEdge_FunctionTypeContext;
  if (params != nullptr) type->params.assign(params, params + param_count);
  if (results != nullptr) type->results.assign(results, results + result_count);
  return type;
}
uint32_t WasmEdge_FunctionTypeGetParametersLength(const WasmEdge_FunctionTypeContext* type) noexcept {
  return type == nullptr ? 0 : static_cast<uint32_t>(type->params.size());
}
uint32_t WasmEdge_FunctionTypeGetParameters(const WasmEdge_FunctionTypeContext* type, WasmEdge_ValType* list,
                                            uint32_t length) noexcept {
  return type == nullptr ? 0 : fill(type->params, list, length, std::identity());
}
uint32_t WasmEdge_FunctionTypeGetReturnsLength(const WasmEdge_FunctionTypeContext* type) noexcept {
  return type == nullptr ? 0 : static_cast<uint32_t>(type->results.size());
}
uint32_t WasmEdge_FunctionTypeGetReturns(const WasmEdge_FunctionTypeContext* type, WasmEdge_ValType* list,
                                         uint32_t length) noexcept {
  return type == nullptr ? 0 : fill(type->results, list, length, std::identity());
}
void WasmEdge_FunctionTypeDelete(WasmEdge_FunctionTypeContext* type) noexcept { delete type; }

WasmEdge_TableTypeContext* WasmEdge_TableTypeCreate(WasmEdge_ValType element,
                                                    const WasmEdge_LimitContext* limit) noexcept {
  if (limit == nullptr || !is_ref(element)) return nullptr;
  return new WasmEdge_TableTypeContext{element, *limit};
}
WasmEdge_ValType WasmEdge_TableTypeGetRefType(const WasmEdge_TableTypeContext* type) noexcept {
  return type == nullptr ? WasmEdge_ValTypeGenFuncRef() : type->element;
}
const WasmEdge_LimitContext* WasmEdge_TableTypeGetLimit(const WasmEdge_TableTypeContext* type) noexcept {
  return type == nullptr ? nullptr : &type->limit;
}
void WasmEdge_TableTypeDelete(WasmEdge_TableTypeContext* type) noexcept { delete type; }

WasmEdge_MemoryTypeContext* WasmEdge_MemoryTypeCreate(const WasmEdge_LimitContext* limit) noexcept {
  return limit == nullptr ? nullptr : new WasmEdge_MemoryTypeContext{*limit};
}
const WasmEdge_LimitContext* WasmEdge_MemoryTypeGetLimit(const WasmEdge_MemoryTypeContext* type) noexcept {
  return type == nullptr ? nullptr : &type->limit;
}
void WasmEdge_MemoryTypeDelete(WasmEdge_MemoryTypeContext* type) noexcept { delete type; }

const WasmEdge_FunctionTypeContext* WasmEdge_TagTypeGetFunctionType(const WasmEdge_TagTypeContext* type) noexcept {
  return type == nullptr ? nullptr : &type->type;
}

WasmEdge_GlobalTypeContext* WasmEdge_GlobalTypeCreate(WasmEdge_ValType type,
                                                      enum WasmEdge_Mutability mutability) noexcept {
  return new WasmEdge_GlobalTypeContext{type, mutability == WasmEdge_Mutability_Var};
}
WasmEdge_ValType WasmEdge_GlobalTypeGetValType(const WasmEdge_GlobalTypeContext* type) noexcept {
  return type == nullptr ? WasmEdge_ValTypeGenI32() : type->type;
}
enum WasmEdge_Mutability WasmEdge_GlobalTypeGetMutability(const WasmEdge_GlobalTypeContext* type) noexcept {
  return type != nullptr && type->is_mutable ? WasmEdge_Mutability_Var : WasmEdge_Mutability_Const;
}
void WasmEdge_GlobalTypeDelete(WasmEdge_GlobalTypeContext* type) noexcept { delete type; }

enum WasmEdge_ExternalType WasmEdge_ImportTypeGetExternalType(const WasmEdge_ImportTypeContext* type) noexcept {
  return type == nullptr ? WasmEdge_ExternalType_Function : kind(type->type);
}
WasmEdge_String WasmEdge_ImportTypeGetModuleName(const WasmEdge_ImportTypeContext* type) noexcept {
  return type == nullptr ? WasmEdge_String{0, nullptr} : to_c(type->module);
}
WasmEdge_String WasmEdge_ImportTypeGetExternalName(const WasmEdge_ImportTypeContext* type) noexcept {
  return type == nullptr ? WasmEdge_String{0, nullptr} : to_c(type->name);
}
enum WasmEdge_ExternalType WasmEdge_ExportTypeGetExternalType(const WasmEdge_ExportTypeContext* type) noexcept {
  return type == nullptr ? WasmEdge_ExternalType_Function : kind(type->type);
}
WasmEdge_String WasmEdge_ExportTypeGetExternalName(const WasmEdge_ExportTypeContext* type) noexcept {
  return type == nullptr ? WasmEdge_String{0, nullptr} : to_c(type->name);
}

// The type of an import or export, if it is of that kind.
#define WHERRY_DEFINE_EXTERNAL_TYPE(direction, name, context)                                                        \
  const context* WasmEdge_##direction##TypeGet##name##Type(const WasmEdge_ASTModuleContext* module,                  \
                                                           const WasmEdge_##direction##TypeContext* type) noexcept { \
    return module == nullptr || type == nullptr ? nullptr : std::get_if<context>(&type->type);                       \
  }
WHERRY_DEFINE_EXTERNAL_TYPE(Import, Function, WasmEdge_FunctionTypeContext)
WHERRY_DEFINE_EXTERNAL_TYPE(Import, Table, WasmEdge_TableTypeContext)
WHERRY_DEFINE_EXTERNAL_TYPE(Import, Memory, WasmEdge_MemoryTypeContext)
WHERRY_DEFINE_EXTERNAL_TYPE(Import, Global, WasmEdge_GlobalTypeContext)
WHERRY_DEFINE_EXTERNAL_TYPE(Import, Tag, WasmEdge_TagTypeContext)
WHERRY_DEFINE_EXTERNAL_TYPE(Export, Function, WasmEdge_FunctionTypeContext)
WHERRY_DEFINE_EXTERNAL_TYPE(Export, Table, WasmEdge_TableTypeContext)
WHERRY_DEFINE_EXTERNAL_TYPE(Export, Memory, WasmEdge_MemoryTypeContext)
WHERRY_DEFINE_EXTERNAL_TYPE(Export, Global, WasmEdge_GlobalTypeContext)
WHERRY_DEFINE_EXTERNAL_TYPE(Export, Tag, WasmEdge_TagTypeContext)
