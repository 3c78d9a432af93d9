#include "wherry/ref.h"

#include <cassert>

#include "api/store_state.h"
#include "api/values.h"
#include "runtime/operations.h"
#include "wherry/objects.h"
#include "wherry/value.h"

namespace wherry {
namespace {

/// The object behind a reference, if there is one.
runtime::GcObject* object_of(const Ref& ref) {
  return ref.is_null() || runtime::is_i31(ref.raw()) ? nullptr : runtime::gc_object(ref.raw());
}

bool is_a(const Ref& ref, runtime::GcKind kind) {
  const runtime::GcObject* object = object_of(ref);
  return object != nullptr && object->kind == kind;
}

std::unexpected<Error> heap_full() { return fail(ErrorCode::kLimit, std::string(message(TrapKind::kOutOfGcHeap))); }

Result<ExternRef> make_extern(StoreRef store, uint64_t value, uint16_t flags) {
  runtime::GcObject* object = store.state().heap().allocate(runtime::GcKind::kExtern, 0, sizeof(runtime::GcExtern));
  if (object == nullptr) return heap_full();
  object->flags = flags;
  static_cast<runtime::GcExtern*>(object)->value = value;
  return ExternRef(store.state().root(reinterpret_cast<runtime::Ref>(object)));
}

}  // namespace

Ref Ref::from_raw(StoreRef store, uint64_t raw) { return store.state().root(raw); }

Result<ExternRef> ExternRef::make(StoreRef store, uint64_t word) { return make_extern(store, word, 0); }

Result<ExternRef> ExternRef::make_owned_object(StoreRef store, detail::HostObject* object) {
  auto ref = make_extern(store, reinterpret_cast<uint64_t>(object), runtime::GcHeap::kFinalizeFlag);
  if (!ref.has_value()) object->destroy(object);
  return ref;
}

std::optional<uint64_t> ExternRef::word() const {
  if (!is_a(*this, runtime::GcKind::kExtern) || host_object() != nullptr) return std::nullopt;
  return static_cast<const runtime::GcExtern*>(object_of(*this))->value;
}

detail::HostObject* ExternRef::host_object() const {
  if (!is_a(*this, runtime::GcKind::kExtern)) return nullptr;
  const auto* object = static_cast<const runtime::GcExtern*>(object_of(*this));
  if ((object->flags & runtime::GcHeap::kFinalizeFlag) == 0) return nullptr;
  return reinterpret_cast<detail::HostObject*>(object->value);
}

AnyRef AnyRef::i31(int32_t value) {
  const runtime::Ref ref = runtime::i31_ref(static_cast<uint32_t>(value));
  return AnyRef(detail::RootHandle(new detail::Root{ref, 0, nullptr, nullptr}));
}

bool AnyRef::is_struct() const { return is_a(*this, runtime::GcKind::kStruct); }
bool AnyRef::is_array() const { return is_a(*this, runtime::GcKind::kArray); }

std::optional<TypeId> AnyRef::type() const {
  if (!is_struct() && !is_array()) return std::nullopt;
  return object_of(*this)->type;
}

uint32_t AnyRef::size(StoreRef store) const {
  if (is_array()) return static_cast<const runtime::GcArray*>(object_of(*this))->length;
  if (is_struct()) return static_cast<uint32_t>(store.state().types().get(*type()).fields.size());
  return 0;
}

Result<Value> AnyRef::get(StoreRef store, uint32_t index) const {
  if (!is_struct() && !is_array()) return fail(ErrorCode::kType, "neither a struct nor an array");
  if (index >= size(store)) return fail(ErrorCode::kNotFound, "no field or element " + std::to_string(index));
  const wasm::TypeDef& type = store.state().types().get(*this->type());
  const uint8_t* at;
  ValType field;
  if (is_struct()) {
    field = type.fields[index].type;
    at = static_cast<runtime::GcStruct*>(object_of(*this))->payload() + type.field_offsets[index];
  } else {
    field = type.fields[0].type;
    at = static_cast<runtime::GcArray*>(object_of(*this))->payload() + size_t{index} * field.byte_size();
  }
  runtime::Slot slots[2];
  runtime::ops::load_field(at, field, false, slots);
  return detail::from_slots(store.state(), field, slots);
}

Result<ExnRef> ExnRef::make(StoreRef store, const Tag& tag, std::span<const Value> args) {
  detail::StoreState& state = store.state();
  const wasm::TypeDef& type = state.types().get(tag.impl().type());
  std::vector<runtime::Slot> slots(type.param_slots);
  WHERRY_CHECK(detail::to_slots(state, args, type.params, slots.data(), "argument"));
  const uint64_t bytes = sizeof(runtime::GcException) + slots.size() * sizeof(runtime::Slot);
  runtime::GcObject* object = state.heap().allocate(runtime::GcKind::kException, type.id, bytes);
  if (object == nullptr) return heap_full();
  auto* exception = static_cast<runtime::GcException*>(object);
  exception->tag = &tag.impl();
  std::copy(slots.begin(), slots.end(), exception->args());
  return ExnRef(state.root(reinterpret_cast<runtime::Ref>(object)));
}

std::optional<Tag> ExnRef::tag(StoreRef store) const {
  if (is_null()) return std::nullopt;
  return Tag(store, *static_cast<const runtime::GcException*>(object_of(*this))->tag);
}

std::vector<Value> ExnRef::args(StoreRef store) const {
  if (is_null()) return {};
  auto* exception = static_cast<runtime::GcException*>(object_of(*this));
  return detail::from_slots(store.state(), store.state().types().get(exception->type).params, exception->args());
}

}  // namespace wherry
