#include "wherry/objects.h"

#include "api/store_state.h"
#include "api/values.h"
#include "runtime/extern.h"
#include "runtime/table.h"

namespace wherry {

Result<Table> Table::make(StoreRef store, const TableType& type, const Value& init) {
  const uint64_t most = type.is64 ? ~uint64_t{0} : 0xFFFFFFFF;
  if (!type.element.is_ref()) return fail(ErrorCode::kInvalid, "table of a type that is not a reference");
  if (type.limits.min > most || type.limits.max.value_or(0) > most) return fail(ErrorCode::kInvalid, "table size");
  if (type.limits.max.has_value() && type.limits.min > *type.limits.max) {
    return fail(ErrorCode::kInvalid, "size minimum must not be greater than maximum");
  }
  runtime::Slot slot;
  WHERRY_CHECK(detail::to_slots(store.state(), init, type.element, &slot));
  WHERRY_TRY(runtime::Table * table, store.state().new_table(type, slot));
  return Table(store, *table);
}

TableType Table::type() const {
  TableType type = table_->type();
  type.limits.min = size();
  return type;
}

uint64_t Table::size() const { return table_->size(); }

Result<Value> Table::get(uint64_t index) const {
  if (index >= size()) return fail(ErrorCode::kNotFound, std::string(message(TrapKind::kTableOutOfBounds)));
  const runtime::Slot slot = table_->get(index);
  return detail::from_slots(store_.state(), table_->type().element, &slot);
}

Result<> Table::set(uint64_t index, const Value& value) const {
  if (index >= size()) return fail(ErrorCode::kNotFound, std::string(message(TrapKind::kTableOutOfBounds)));
  runtime::Slot slot;
  WHERRY_CHECK(detail::to_slots(store_.state(), value, table_->type().element, &slot));
  table_->set(index, slot);
  return {};
}

Result<uint64_t> Table::grow(uint64_t elements, const Value& init) const {
  runtime::Slot slot;
  WHERRY_CHECK(detail::to_slots(store_.state(), init, table_->type().element, &slot));
  const uint64_t old = table_->grow(elements, slot);
  if (old == runtime::Table::kGrowFailed) return fail(ErrorCode::kLimit, "table cannot grow");
  return old;
}

Result<Global> Global::make(StoreRef store, const GlobalType& type, const Value& init) {
  runtime::Slot slots[2] = {};
  WHERRY_CHECK(detail::to_slots(store.state(), init, type.type, slots));
  return Global(store, *store.state().new_global(type, slots));
}

GlobalType Global::type() const { return global_->type; }

Value Global::get() const { return detail::from_slots(store_.state(), global_->type.type, global_->cell); }

Result<> Global::set(const Value& value) const {
  if (!global_->type.is_mutable) return fail(ErrorCode::kType, "global is immutable");
  return detail::to_slots(store_.state(), value, global_->type.type, global_->cell);
}

Result<Tag> Tag::make(StoreRef store, const FuncType& type) {
  if (!type.results.empty()) return fail(ErrorCode::kInvalid, "non-empty tag result type");
  WHERRY_TRY(TypeId id, store.engine().intern(type));
  return Tag(store, *store.state().new_tag(id));
}

FuncType Tag::type() const { return store_.engine().func_type(tag_->type()); }

}  // namespace wherry
