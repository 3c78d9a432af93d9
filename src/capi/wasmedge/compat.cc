// The functions whose signatures changed, as binaries built for older releases call them: by the version of the symbol,
// or without one (exports.lds).
#include "capi/wasmedge/values.h"

namespace {

/// WasmEdge_Limit up to 0.16, passed by value.
struct OldLimit {
  bool has_max;
  bool shared;
  uint32_t min;
  uint32_t max;
};
static_assert(sizeof(OldLimit) == 12 && offsetof(OldLimit, min) == 4);

WasmEdge_LimitContext from_old(OldLimit limit) {
  const bool has_max = limit.has_max || limit.shared;
  return {limit.min, has_max ? limit.max : limit.min, has_max, false, limit.shared};
}

OldLimit to_old(const WasmEdge_LimitContext& limit) {
  return {limit.has_max, limit.shared, static_cast<uint32_t>(limit.min), static_cast<uint32_t>(limit.max)};
}

}  // namespace

// The function under its old name and version.
#define WHERRY_SYMBOL(name, version) __attribute__((used, visibility("default"))) __asm__("wherry_" #name "_" version)
#define WHERRY_OLD(name, version) __asm__(".symver wherry_" #name "_" version ", " #name "@WASMEDGE_" version);

extern "C" {

WHERRY_OLD(WasmEdge_LimitIsEqual, "0.16")
bool old_limit_is_equal(OldLimit a, OldLimit b) WHERRY_SYMBOL(WasmEdge_LimitIsEqual, "0.16");
bool old_limit_is_equal(OldLimit a, OldLimit b) {
  return a.has_max == b.has_max && a.shared == b.shared && a.min == b.min && a.max == b.max;
}

WHERRY_OLD(WasmEdge_TableTypeCreate, "0.16")
WasmEdge_TableTypeContext* old_table_type_create(WasmEdge_ValType element, OldLimit limit)
    WHERRY_SYMBOL(WasmEdge_TableTypeCreate, "0.16");
WasmEdge_TableTypeContext* old_table_type_create(WasmEdge_ValType element, OldLimit limit) {
  const WasmEdge_LimitContext context = from_old(limit);
  return WasmEdge_TableTypeCreate(element, &context);
}

WHERRY_OLD(WasmEdge_TableTypeGetLimit, "0.16")
OldLimit old_table_type_get_limit(const WasmEdge_TableTypeContext* type)
    WHERRY_SYMBOL(WasmEdge_TableTypeGetLimit, "0.16");
OldLimit old_table_type_get_limit(const WasmEdge_TableTypeContext* type) {
  return type == nullptr ? OldLimit{} : to_old(type->limit);
}

WHERRY_OLD(WasmEdge_MemoryTypeCreate, "0.16")
WasmEdge_MemoryTypeContext* old_memory_type_create(OldLimit limit) WHERRY_SYMBOL(WasmEdge_MemoryTypeCreate, "0.16");
WasmEdge_MemoryTypeContext* old_memory_type_create(OldLimit limit) {
  return new WasmEdge_MemoryTypeContext{from_old(limit)};
}

WHERRY_OLD(WasmEdge_MemoryTypeGetLimit, "0.16")
OldLimit old_memory_type_get_limit(const WasmEdge_MemoryTypeContext* type)
    WHERRY_SYMBOL(WasmEdge_MemoryTypeGetLimit, "0.16");
OldLimit old_memory_type_get_limit(const WasmEdge_MemoryTypeContext* type) {
  return type == nullptr ? OldLimit{} : to_old(type->limit);
}

// Up to 0.17 these returned nothing, and took the object over in any case.
#define WHERRY_OLD_ADD(Kind)                                                               \
  WHERRY_OLD(WasmEdge_ModuleInstanceAdd##Kind, "0.17")                                     \
  void old_add_##Kind(WasmEdge_ModuleInstanceContext* module, WasmEdge_String name,        \
                      WasmEdge_##Kind##InstanceContext* object)                            \
      WHERRY_SYMBOL(WasmEdge_ModuleInstanceAdd##Kind, "0.17");                             \
  void old_add_##Kind(WasmEdge_ModuleInstanceContext* module, WasmEdge_String name,        \
                      WasmEdge_##Kind##InstanceContext* object) {                          \
    if (module == nullptr) return;                                                         \
    const WasmEdge_Result result = WasmEdge_ModuleInstanceAdd##Kind(module, name, object); \
    if (!WasmEdge_ResultOK(result)) WasmEdge_##Kind##InstanceDelete(object);               \
  }
WHERRY_OLD_ADD(Function)
WHERRY_OLD_ADD(Table)
WHERRY_OLD_ADD(Memory)
WHERRY_OLD_ADD(Global)

}  // extern "C"
