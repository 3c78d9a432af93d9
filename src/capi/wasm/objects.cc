// References and values: what all objects of wasm.h have in common.
#include "capi/wasm/objects.h"

#include "capi/wasm/vectors.h"

namespace wherry::capi {
namespace {

/// A reference that a guest holds.
struct Boxed {
  std::unique_ptr<wasm_ref_t> ref;
};

std::optional<ExternRef> box(const StorePtr& store, const wasm_ref_t& ref) {
  std::unique_ptr<wasm_ref_t> copy(ref.clone());
  copy->store = nullptr;
  Result<ExternRef> made = ExternRef::make_owned<Boxed>(store->store, Boxed{std::move(copy)});
  if (!made.has_value()) return std::nullopt;
  return std::move(*made);
}

StoreLimits without_limits() {
  StoreLimits limits;
  limits.max_instances = UINT64_MAX;
  limits.max_table_elements = UINT64_MAX;
  return limits;
}

}  // namespace

SharedStore::SharedStore(const Engine& e) : engine(e), store(e, without_limits()) {}

wasm_extern_t* to_extern(const StorePtr& store, const Extern& item) {
  switch (kind(item)) {
    case ExternKind::kFunc:
      return new wasm_func_t(store, item);
    case ExternKind::kTable:
      return new wasm_table_t(store, item);
    case ExternKind::kMemory:
      return new wasm_memory_t(store, item);
    case ExternKind::kGlobal:
      return new wasm_global_t(store, item);
    case ExternKind::kTag:
      return new wasm_extern_t(store, item);
  }
  __builtin_unreachable();
}

std::optional<Value> to_value(const StorePtr& store, const wasm_ref_t* ref, ValType type) {
  if (!type.is_ref()) return std::nullopt;
  const ValType top = store->engine.top(type);
  if (ref != nullptr && ref->store != store) return std::nullopt;
  if (top == ValType::funcref()) {
    if (ref == nullptr) return Func();
    if (ref->kind != RefKind::kFunc) return std::nullopt;
    return static_cast<const wasm_func_t*>(ref)->get();
  }
  Ref inner;
  if (ref != nullptr && ref->kind == RefKind::kForeign) {
    inner = static_cast<const wasm_foreign_t*>(ref)->ref;
  } else if (ref != nullptr) {
    std::optional<ExternRef> boxed = box(store, *ref);
    if (!boxed.has_value()) return std::nullopt;
    inner = std::move(*boxed);
  }
  if (top == ValType::externref()) return ExternRef(std::move(inner));
  if (top == ValType::exnref()) return ExnRef(std::move(inner));
  return AnyRef(std::move(inner));
}

wasm_ref_t* to_ref(const StorePtr& store, const Value& value) {
  if (value.is_null()) return nullptr;
  if (value.type() == ValType::funcref()) return new wasm_func_t(store, value.func());
  ExternRef ref(Ref::from_raw(store->store, value.raw_ref()));
  if (const Boxed* boxed = ref.get<Boxed>(); boxed != nullptr) {
    wasm_ref_t* copy = boxed->ref->clone();
    copy->store = store;
    return copy;
  }
  return new wasm_foreign_t(store, std::move(ref));
}

std::optional<Value> to_value(const StorePtr& store, const wasm_val_t& value, ValType type) {
  switch (type.kind()) {
    case ValType::kI32:
      return value.kind == WASM_I32 ? std::optional<Value>(value.of.i32) : std::nullopt;
    case ValType::kI64:
      return value.kind == WASM_I64 ? std::optional<Value>(value.of.i64) : std::nullopt;
    case ValType::kF32:
      return value.kind == WASM_F32 ? std::optional<Value>(value.of.f32) : std::nullopt;
    case ValType::kF64:
      return value.kind == WASM_F64 ? std::optional<Value>(value.of.f64) : std::nullopt;
    case ValType::kRef:
      return wasm_valkind_is_ref(value.kind) ? to_value(store, value.of.ref, type) : std::nullopt;
    default:
      return std::nullopt;
  }
}

wasm_val_t to_val(const StorePtr& store, const Value& value) {
  wasm_val_t out{};
  switch (value.type().kind()) {
    case ValType::kI32:
      out.kind = WASM_I32;
      out.of.i32 = value.i32();
      break;
    case ValType::kI64:
      out.kind = WASM_I64;
      out.of.i64 = value.i64();
      break;
    case ValType::kF32:
      out.kind = WASM_F32;
      out.of.f32 = value.f32();
      break;
    case ValType::kF64:
      out.kind = WASM_F64;
      out.of.f64 = value.f64();
      break;
    case ValType::kRef:
      out.kind = value.type() == ValType::funcref() ? WASM_FUNCREF : WASM_EXTERNREF;
      out.of.ref = to_ref(store, value);
      break;
    default:
      out.kind = WASM_V128;
      break;
  }
  return out;
}

}  // namespace wherry::capi

using namespace wherry;
using namespace wherry::capi;

const void* wasm_extern_t::identity() const {
  return std::visit(
      [](const auto& handle) -> const void* {
        if constexpr (std::is_same_v<decltype(handle), const Func&>) {
          return handle.impl();
        } else {
          return &handle.impl();
        }
      },
      item);
}

bool wasm_ref_same(const wasm_ref_t* a, const wasm_ref_t* b) {
  return a == b || (a != nullptr && b != nullptr && a->kind == b->kind && a->identity() == b->identity());
}
void* wasm_ref_get_host_info(const wasm_ref_t* ref) {
  const HostInfo* info = const_cast<wasm_ref_t*>(ref)->host_info();
  return info == nullptr ? nullptr : info->data();
}
void wasm_ref_set_host_info_with_finalizer(wasm_ref_t* ref, void* data, void (*finalizer)(void*)) {
  HostInfo info(data, finalizer);
  if (HostInfo* place = ref->host_info(); place != nullptr) *place = std::move(info);
}
void wasm_ref_set_host_info(wasm_ref_t* ref, void* data) { wasm_ref_set_host_info_with_finalizer(ref, data, nullptr); }
wasm_ref_t* wasm_ref_copy(const wasm_ref_t* ref) { return ref == nullptr ? nullptr : ref->clone(); }
void wasm_ref_delete(wasm_ref_t* ref) { delete ref; }

#define WHERRY_DEFINE_REFERENCE(X)                                                                                  \
  wasm_##X##_t* wasm_##X##_copy(const wasm_##X##_t* ref) { return static_cast<wasm_##X##_t*>(wasm_ref_copy(ref)); } \
  bool wasm_##X##_same(const wasm_##X##_t* a, const wasm_##X##_t* b) { return wasm_ref_same(a, b); }                \
  void* wasm_##X##_get_host_info(const wasm_##X##_t* ref) { return wasm_ref_get_host_info(ref); }                   \
  void wasm_##X##_set_host_info(wasm_##X##_t* ref, void* data) { wasm_ref_set_host_info(ref, data); }               \
  void wasm_##X##_set_host_info_with_finalizer(wasm_##X##_t* ref, void* data, void (*finalizer)(void*)) {           \
    wasm_ref_set_host_info_with_finalizer(ref, data, finalizer);                                                    \
  }                                                                                                                 \
  void wasm_##X##_delete(wasm_##X##_t* ref) { delete ref; }                                                         \
  wasm_ref_t* wasm_##X##_as_ref(wasm_##X##_t* ref) { return ref; }                                                  \
  const wasm_ref_t* wasm_##X##_as_ref_const(const wasm_##X##_t* ref) { return ref; }

// A view from a general reference (`general`) of the kind X.
#define WHERRY_DEFINE_VIEW(general, X)                                                                     \
  wasm_##X##_t* wasm_##general##_as_##X(wasm_##general##_t* ref) {                                         \
    return ref != nullptr && ref->kind == wasm_##X##_t::kKind ? static_cast<wasm_##X##_t*>(ref) : nullptr; \
  }                                                                                                        \
  const wasm_##X##_t* wasm_##general##_as_##X##_const(const wasm_##general##_t* ref) {                     \
    return wasm_##general##_as_##X(const_cast<wasm_##general##_t*>(ref));                                  \
  }

#define WHERRY_DEFINE_OBJECT(X) WHERRY_DEFINE_REFERENCE(X) WHERRY_DEFINE_VIEW(ref, X)
#define WHERRY_DEFINE_EXTERN(X)                                          \
  WHERRY_DEFINE_OBJECT(X)                                                \
  WHERRY_DEFINE_VIEW(extern, X)                                          \
  wasm_extern_t* wasm_##X##_as_extern(wasm_##X##_t* ref) { return ref; } \
  const wasm_extern_t* wasm_##X##_as_extern_const(const wasm_##X##_t* ref) { return ref; }

WHERRY_DEFINE_OBJECT(trap)
WHERRY_DEFINE_OBJECT(foreign)
WHERRY_DEFINE_OBJECT(module)
WHERRY_DEFINE_OBJECT(instance)
WHERRY_DEFINE_EXTERN(func)
WHERRY_DEFINE_EXTERN(global)
WHERRY_DEFINE_EXTERN(table)
WHERRY_DEFINE_EXTERN(memory)
WHERRY_DEFINE_REFERENCE(extern)

wasm_extern_t* wasm_ref_as_extern(wasm_ref_t* ref) {
  return ref != nullptr && ref->kind <= RefKind::kTag ? static_cast<wasm_extern_t*>(ref) : nullptr;
}
const wasm_extern_t* wasm_ref_as_extern_const(const wasm_ref_t* ref) {
  return wasm_ref_as_extern(const_cast<wasm_ref_t*>(ref));
}
WHERRY_DEFINE_VECTOR(extern, wasm_extern_t*, wasm_extern_copy, wasm_extern_delete)

void wasm_val_delete(wasm_val_t* value) {
  if (wasm_valkind_is_ref(value->kind)) {
    delete value->of.ref;
    value->of.ref = nullptr;
  }
}
void wasm_val_copy(wasm_val_t* out, const wasm_val_t* value) {
  *out = *value;
  if (wasm_valkind_is_ref(value->kind)) out->of.ref = wasm_ref_copy(value->of.ref);
}
WHERRY_DEFINE_VECTOR(
    val, wasm_val_t,
    [](const wasm_val_t& value) {
      wasm_val_t copy;
      wasm_val_copy(&copy, &value);
      return copy;
    },
    [](wasm_val_t& value) { wasm_val_delete(&value); })
