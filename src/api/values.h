// Between Values and slots.
#pragma once

#include <span>

#include "api/store_state.h"
#include "wherry/value.h"

namespace wherry::detail {

/// Writes `value` as a value of `type`: one slot, or two for a v128. Error: kType, also for a reference of another
/// store.
Result<> to_slots(StoreState& store, const Value& value, ValType type, runtime::Slot* slots);
Value from_slots(StoreState& store, ValType type, const runtime::Slot* slots);

/// The same for a row of values, whose slots follow each other. Error: kType, "argument 1: expected i32, found i64";
/// `what` is "argument" or "result".
Result<> to_slots(StoreState& store, std::span<const Value> values, std::span<const ValType> types,
                  runtime::Slot* slots, std::string_view what);
std::vector<Value> from_slots(StoreState& store, std::span<const ValType> types, const runtime::Slot* slots);

}  // namespace wherry::detail
