// operations.h: tables and function references.
#include <algorithm>
#include <cstring>

#include "runtime/instance.h"
#include "runtime/operations.h"

namespace wherry::runtime::ops {

namespace {
bool in_bounds(uint64_t at, uint64_t length, uint64_t size) { return length <= size && at <= size - length; }
}  // namespace

Ref table_element(VMContext* context, uint32_t table, uint64_t index) {
  return context->instance->table(table)->get(index);
}

TrapKind table_set(VMContext* context, uint32_t table, uint64_t index, Ref value) {
  Table& target = *context->instance->table(table);
  if (index >= target.size()) return TrapKind::kTableOutOfBounds;
  target.set(index, value);
  return TrapKind::kNone;
}

uint64_t table_grow(VMContext* context, uint32_t table, Ref value, uint64_t delta) {
  return context->instance->table(table)->grow(delta, value);
}

TrapKind table_fill(VMContext* context, uint32_t table, uint64_t to, Ref value, uint64_t length) {
  const TableView& view = *context->tables[table];
  if (!in_bounds(to, length, view.size)) return TrapKind::kTableOutOfBounds;
  if (value == 0) context->instance->table(table)->finish();
  std::fill_n(view.elements + to, length, value);
  return TrapKind::kNone;
}

TrapKind table_copy(VMContext* context, uint32_t to_table, uint32_t from_table, uint64_t to, uint64_t from,
                    uint64_t length) {
  const TableView& target = *context->tables[to_table];
  const TableView& source = *context->tables[from_table];
  if (!in_bounds(to, length, target.size) || !in_bounds(from, length, source.size)) return TrapKind::kTableOutOfBounds;
  context->instance->table(from_table)->finish();
  context->instance->table(to_table)->finish();
  if (length != 0) std::memmove(target.elements + to, source.elements + from, length * sizeof(Ref));
  return TrapKind::kNone;
}

TrapKind table_init(VMContext* context, uint32_t elem, uint32_t table, uint64_t to, uint32_t from, uint32_t length) {
  Instance& instance = *context->instance;
  const TableView& view = *context->tables[table];
  Table& target = *instance.table(table);
  if (!in_bounds(from, length, instance.element_count(elem)) || !in_bounds(to, length, view.size)) {
    return TrapKind::kTableOutOfBounds;
  }
  for (uint32_t i = 0; i < length; ++i) target.set(to + i, instance.element(elem, from + i));
  return TrapKind::kNone;
}

void elem_drop(VMContext* context, uint32_t elem) { context->instance->drop_elements(elem); }

Func* ref_func(VMContext* context, uint32_t function) { return context->instance->func(function); }

}  // namespace wherry::runtime::ops
