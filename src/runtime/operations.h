// What running code asks of the runtime: the ops that do more than compute. Every tier calls these; none repeats them.
// All take the running instance's context. Those that return a TrapKind return kNone when they succeed. Those marked
// (gc) may collect: references that the caller still needs must be in its wasm stack frame or in the arguments.
// Addresses, offsets and lengths of 32-bit memories and tables come zero-extended.
#pragma once

#include <cstdint>

#include "runtime/gc_object.h"
#include "runtime/vmcontext.h"

namespace wherry::runtime::ops {

// Memory. Sizes in pages of the memory's own page size.
uint64_t memory_size(VMContext* context, uint32_t memory);
/// The old size, or -1 (all bits set; of 32-bit memories the low half is the result).
uint64_t memory_grow(VMContext* context, uint32_t memory, uint64_t delta);
TrapKind memory_fill(VMContext* context, uint32_t memory, uint64_t to, uint32_t value, uint64_t length);
TrapKind memory_copy(VMContext* context, uint32_t to_memory, uint32_t from_memory, uint64_t to, uint64_t from,
                     uint64_t length);
TrapKind memory_init(VMContext* context, uint32_t data, uint32_t memory, uint64_t to, uint32_t from, uint32_t length);
void data_drop(VMContext* context, uint32_t data);

/// `address` is the effective address (64 bits, overflow already excluded); checks alignment, bounds, sharedness.
/// `timeout` in nanoseconds, negative for none. `result`: 0 woken, 1 not equal, 2 timed out.
TrapKind memory_atomic_wait32(VMContext* context, uint32_t memory, uint64_t address, uint32_t expected, int64_t timeout,
                              uint32_t* result);
TrapKind memory_atomic_wait64(VMContext* context, uint32_t memory, uint64_t address, uint64_t expected, int64_t timeout,
                              uint32_t* result);
TrapKind memory_atomic_notify(VMContext* context, uint32_t memory, uint64_t address, uint32_t count, uint32_t* woken);

// Tables. Single elements are read and written through TableView, but for tables of functions: there null may be an
// element that is yet to be made, which these know (see Table).
/// The element at an index within the table; 0: it is really null.
Ref table_element(VMContext* context, uint32_t table, uint64_t index);
TrapKind table_set(VMContext* context, uint32_t table, uint64_t index, Ref value);
uint64_t table_grow(VMContext* context, uint32_t table, Ref value, uint64_t delta);
TrapKind table_fill(VMContext* context, uint32_t table, uint64_t to, Ref value, uint64_t length);
TrapKind table_copy(VMContext* context, uint32_t to_table, uint32_t from_table, uint64_t to, uint64_t from,
                    uint64_t length);
TrapKind table_init(VMContext* context, uint32_t elem, uint32_t table, uint64_t to, uint32_t from, uint32_t length);
void elem_drop(VMContext* context, uint32_t elem);

// References.
/// The funcref of a function, made on first use.
Func* ref_func(VMContext* context, uint32_t function);
/// Whether `ref` is of the reference type `type` (ref.test, ref.cast, br_on_cast).
bool ref_test(VMContext* context, Ref ref, ValType type);

// GC objects. `type` is the canonical TypeId. Fields and elements come in slots (v128: two).
/// (gc) kOutOfGcHeap if there is no room. `fields` null: default values.
TrapKind struct_new(VMContext* context, TypeId type, const Slot* fields, Ref* result);
/// (gc) `value` null: the default value.
TrapKind array_new(VMContext* context, TypeId type, const Slot* value, uint32_t length, Ref* result);
TrapKind array_new_fixed(VMContext* context, TypeId type, const Slot* values, uint32_t length, Ref* result);
TrapKind array_new_data(VMContext* context, TypeId type, uint32_t data, uint32_t from, uint32_t length, Ref* result);
TrapKind array_new_elem(VMContext* context, TypeId type, uint32_t elem, uint32_t from, uint32_t length, Ref* result);
TrapKind array_fill(VMContext* context, Ref array, uint32_t to, const Slot* value, uint32_t length);
TrapKind array_copy(VMContext* context, Ref to_array, uint32_t to, Ref from_array, uint32_t from, uint32_t length);
TrapKind array_init_data(VMContext* context, Ref array, uint32_t to, uint32_t data, uint32_t from, uint32_t length);
TrapKind array_init_elem(VMContext* context, Ref array, uint32_t to, uint32_t elem, uint32_t from, uint32_t length);
/// One field or element between slots and its packed form; `sign_extend` for packed types.
void load_field(const uint8_t* from, ValType type, bool sign_extend, Slot* to);
void store_field(uint8_t* to, ValType type, const Slot* from);

// Exceptions.
/// (gc) A new exception of the instance's tag number `tag`.
TrapKind exception_new(VMContext* context, uint32_t tag, const Slot* args, Ref* result);
/// Whether an exception was thrown with the instance's tag number `tag`.
bool exception_has_tag(VMContext* context, Ref exception, uint32_t tag);

}  // namespace wherry::runtime::ops
