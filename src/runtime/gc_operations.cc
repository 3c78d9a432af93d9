// operations.h: GC objects, casts and exceptions.
#include <cassert>
#include <cstring>

#include "runtime/gc_heap.h"
#include "runtime/instance.h"
#include "runtime/operations.h"
#include "runtime/store.h"

namespace wherry::runtime::ops {

namespace {

bool in_bounds(uint64_t at, uint64_t length, uint64_t size) { return length <= size && at <= size - length; }

Store& store_of(const VMContext* context) { return *context->exec->store; }

const wasm::TypeDef& type_def(const VMContext* context, TypeId type) { return store_of(context).types().get(type); }

GcArray& array_at(Ref ref) {
  assert(gc_object(ref)->kind == GcKind::kArray);
  return static_cast<GcArray&>(*gc_object(ref));
}

ValType element_type(const VMContext* context, const GcArray& array) {
  return type_def(context, array.type).fields[0].type;
}

size_t slot_count(std::span<const wasm::FieldType> fields) {
  size_t count = 0;
  for (const wasm::FieldType& field : fields) count += field.type.slots();
  return count;
}

/// An array with undefined elements, or null. `extra`: see GcHeap::allocate.
GcArray* allocate_array(VMContext* context, TypeId type, uint32_t element_bytes, uint32_t length,
                        std::span<const Slot> extra) {
  const uint64_t bytes = sizeof(GcArray) + uint64_t{length} * element_bytes;
  auto* array = static_cast<GcArray*>(store_of(context).heap().allocate(GcKind::kArray, type, bytes, extra));
  if (array != nullptr) array->length = length;
  return array;
}

template <class T>
void fill_as(uint8_t* to, uint32_t count, Slot value) {
  const auto element = static_cast<T>(value);
  for (uint32_t i = 0; i < count; ++i) std::memcpy(to + size_t{i} * sizeof(T), &element, sizeof(T));
}

void fill_elements(uint8_t* to, ValType type, uint32_t count, const Slot* value) {
  switch (type.byte_size()) {
    case 1:
      if (count != 0) std::memset(to, static_cast<int>(*value & 0xFF), count);
      break;
    case 2:
      fill_as<uint16_t>(to, count, *value);
      break;
    case 4:
      fill_as<uint32_t>(to, count, *value);
      break;
    case 8:
      fill_as<uint64_t>(to, count, *value);
      break;
    default:
      for (uint32_t i = 0; i < count; ++i) store_field(to + size_t{i} * 16, type, value);
      break;
  }
}

void copy_references(Instance& instance, uint8_t* to, uint32_t elem, uint32_t from, uint32_t length) {
  for (uint32_t i = 0; i < length; ++i) {
    const Ref ref = instance.element(elem, from + i);
    std::memcpy(to + size_t{i} * sizeof(Ref), &ref, sizeof(Ref));
  }
}

TrapKind finish(GcObject* object, Ref* result) {
  if (object == nullptr) return TrapKind::kOutOfGcHeap;
  *result = reinterpret_cast<Ref>(object);
  return TrapKind::kNone;
}

bool is_a(Ref ref, GcKind kind) { return !is_i31(ref) && gc_object(ref)->kind == kind; }

}  // namespace

bool ref_test(VMContext* context, Ref ref, ValType type) {
  if (ref == 0) return type.is_nullable();
  const HeapType heap = type.heap();
  if (heap.is_abstract()) {
    switch (heap.abstract()) {
      case HeapType::kFunc:
      case HeapType::kExtern:
      case HeapType::kAny:
      case HeapType::kExn:
        return true;
      case HeapType::kEq:
        return is_i31(ref) || is_a(ref, GcKind::kStruct) || is_a(ref, GcKind::kArray);
      case HeapType::kI31:
        return is_i31(ref);
      case HeapType::kStruct:
        return is_a(ref, GcKind::kStruct);
      case HeapType::kArray:
        return is_a(ref, GcKind::kArray);
      case HeapType::kNone:
      case HeapType::kNoFunc:
      case HeapType::kNoExtern:
      case HeapType::kNoExn:
        return false;
    }
  }
  const wasm::TypeRegistry& types = store_of(context).types();
  const TypeId wanted = heap.type_id();
  if (types.get(wanted).kind == wasm::CompositeKind::kFunc) {
    return types.is_subtype(reinterpret_cast<const Func*>(ref)->type, wanted);
  }
  return (is_a(ref, GcKind::kStruct) || is_a(ref, GcKind::kArray)) && types.is_subtype(gc_object(ref)->type, wanted);
}

void load_field(const uint8_t* from, ValType type, bool sign_extend, Slot* to) {
  switch (type.kind()) {
    case ValType::kI8:
      *to = sign_extend ? static_cast<uint32_t>(static_cast<int8_t>(*from)) : *from;
      break;
    case ValType::kI16: {
      uint16_t value;
      std::memcpy(&value, from, sizeof(value));
      *to = sign_extend ? static_cast<uint32_t>(static_cast<int16_t>(value)) : value;
      break;
    }
    case ValType::kI32:
    case ValType::kF32: {
      uint32_t value;
      std::memcpy(&value, from, sizeof(value));
      *to = value;
      break;
    }
    default:
      std::memcpy(to, from, type.byte_size());
      break;
  }
}

void store_field(uint8_t* to, ValType type, const Slot* from) {
  // Slots are little endian, like fields: the low bytes of a slot come first.
  std::memcpy(to, from, type.byte_size());
}

TrapKind struct_new(VMContext* context, TypeId type, const Slot* fields, Ref* result) {
  const wasm::TypeDef& def = type_def(context, type);
  GcHeap& heap = store_of(context).heap();
  const uint64_t bytes = sizeof(GcStruct) + def.payload_size;
  GcObject* object = heap.try_allocate(GcKind::kStruct, type, bytes);
  if (object == nullptr) [[unlikely]] {
    const std::span<const Slot> extra(fields, fields == nullptr ? 0 : slot_count(def.fields));
    object = heap.allocate(GcKind::kStruct, type, bytes, extra);
    if (object == nullptr) return TrapKind::kOutOfGcHeap;
  }
  uint8_t* const payload = static_cast<GcStruct*>(object)->payload();
  if (fields == nullptr) {
    std::memset(payload, 0, def.payload_size);
  } else {
    for (size_t i = 0; i < def.fields.size(); ++i) {
      const ValType field = def.fields[i].type;
      store_field(payload + def.field_offsets[i], field, fields);
      fields += field.slots();
    }
  }
  return finish(object, result);
}

TrapKind array_new(VMContext* context, TypeId type, const Slot* value, uint32_t length, Ref* result) {
  const ValType element = type_def(context, type).fields[0].type;
  const std::span<const Slot> extra(value, value == nullptr ? 0 : element.slots());
  GcArray* array = allocate_array(context, type, element.byte_size(), length, extra);
  if (array == nullptr) return TrapKind::kOutOfGcHeap;
  if (value == nullptr) {
    std::memset(array->payload(), 0, uint64_t{length} * element.byte_size());
  } else {
    fill_elements(array->payload(), element, length, value);
  }
  return finish(array, result);
}

TrapKind array_new_fixed(VMContext* context, TypeId type, const Slot* values, uint32_t length, Ref* result) {
  const ValType element = type_def(context, type).fields[0].type;
  const size_t slots = size_t{length} * element.slots();
  GcArray* array = allocate_array(context, type, element.byte_size(), length, {values, slots});
  if (array == nullptr) return TrapKind::kOutOfGcHeap;
  for (uint32_t i = 0; i < length; ++i) {
    store_field(array->payload() + size_t{i} * element.byte_size(), element, values + size_t{i} * element.slots());
  }
  return finish(array, result);
}

TrapKind array_new_data(VMContext* context, TypeId type, uint32_t data, uint32_t from, uint32_t length, Ref* result) {
  const uint32_t element_bytes = type_def(context, type).fields[0].type.byte_size();
  const std::span<const uint8_t> bytes = context->instance->data(data);
  const uint64_t wanted = uint64_t{length} * element_bytes;
  if (!in_bounds(from, wanted, bytes.size())) return TrapKind::kMemoryOutOfBounds;
  GcArray* array = allocate_array(context, type, element_bytes, length, {});
  if (array != nullptr && wanted != 0) std::memcpy(array->payload(), bytes.data() + from, wanted);
  return finish(array, result);
}

TrapKind array_new_elem(VMContext* context, TypeId type, uint32_t elem, uint32_t from, uint32_t length, Ref* result) {
  if (!in_bounds(from, length, context->instance->element_count(elem))) return TrapKind::kTableOutOfBounds;
  GcArray* array = allocate_array(context, type, sizeof(Ref), length, {});
  if (array != nullptr) copy_references(*context->instance, array->payload(), elem, from, length);
  return finish(array, result);
}

TrapKind array_fill(VMContext* context, Ref array, uint32_t to, const Slot* value, uint32_t length) {
  if (array == 0) return TrapKind::kNullArrayReference;
  GcArray& target = array_at(array);
  if (!in_bounds(to, length, target.length)) return TrapKind::kArrayOutOfBounds;
  const ValType element = element_type(context, target);
  fill_elements(target.payload() + size_t{to} * element.byte_size(), element, length, value);
  return TrapKind::kNone;
}

TrapKind array_copy(VMContext* context, Ref to_array, uint32_t to, Ref from_array, uint32_t from, uint32_t length) {
  if (to_array == 0 || from_array == 0) return TrapKind::kNullArrayReference;
  GcArray& target = array_at(to_array);
  GcArray& source = array_at(from_array);
  if (!in_bounds(to, length, target.length) || !in_bounds(from, length, source.length)) {
    return TrapKind::kArrayOutOfBounds;
  }
  const size_t element_bytes = element_type(context, target).byte_size();
  std::memmove(target.payload() + to * element_bytes, source.payload() + from * element_bytes, length * element_bytes);
  return TrapKind::kNone;
}

TrapKind array_init_data(VMContext* context, Ref array, uint32_t to, uint32_t data, uint32_t from, uint32_t length) {
  if (array == 0) return TrapKind::kNullArrayReference;
  GcArray& target = array_at(array);
  if (!in_bounds(to, length, target.length)) return TrapKind::kArrayOutOfBounds;
  const uint64_t element_bytes = element_type(context, target).byte_size();
  const std::span<const uint8_t> bytes = context->instance->data(data);
  const uint64_t wanted = length * element_bytes;
  if (!in_bounds(from, wanted, bytes.size())) return TrapKind::kMemoryOutOfBounds;
  if (wanted != 0) std::memcpy(target.payload() + to * element_bytes, bytes.data() + from, wanted);
  return TrapKind::kNone;
}

TrapKind array_init_elem(VMContext* context, Ref array, uint32_t to, uint32_t elem, uint32_t from, uint32_t length) {
  if (array == 0) return TrapKind::kNullArrayReference;
  GcArray& target = array_at(array);
  if (!in_bounds(to, length, target.length)) return TrapKind::kArrayOutOfBounds;
  if (!in_bounds(from, length, context->instance->element_count(elem))) return TrapKind::kTableOutOfBounds;
  copy_references(*context->instance, target.payload() + size_t{to} * sizeof(Ref), elem, from, length);
  return TrapKind::kNone;
}

TrapKind exception_new(VMContext* context, uint32_t tag, const Slot* args, Ref* result) {
  Tag& thrown = *context->instance->tag(tag);
  const size_t slots = type_def(context, thrown.type()).param_slots;
  auto* exception = static_cast<GcException*>(store_of(context).heap().allocate(
      GcKind::kException, thrown.type(), sizeof(GcException) + slots * sizeof(Slot), {args, slots}));
  if (exception == nullptr) return TrapKind::kOutOfGcHeap;
  exception->tag = &thrown;
  if (slots != 0) std::memcpy(exception->args(), args, slots * sizeof(Slot));
  return finish(exception, result);
}

bool exception_has_tag(VMContext* context, Ref exception, uint32_t tag) {
  return static_cast<const GcException*>(gc_object(exception))->tag == context->instance->tag(tag);
}

}  // namespace wherry::runtime::ops
