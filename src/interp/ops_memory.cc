// Handlers that move values: between slots and accumulators, to and from globals and linear memory.
#include "interp/memory_access.h"
#include "runtime/operations.h"

namespace wherry::interp {
namespace {

template <bool to_slot>
WHERRY_BODY void constant128(Regs& r) {
  give<to_slot, Vec>(r, r.read_code<Vec>(16));
}

template <class T, bool in_slot, bool to_slot>
WHERRY_BODY void select(Regs& r) {
  const bool condition = (in_slot ? r.get<uint32_t>(r.d16()) : static_cast<uint32_t>(r.i)) != 0;
  const Slot* from = r.fp + (condition ? r.b() : r.c());
  give<to_slot, T>(r, load_slot<T>(from));
}

// Globals. `far` ones were imported.

template <bool far>
WHERRY_BODY Slot* global(Regs& r) {
  if constexpr (far) return r.context->globals[static_cast<uint32_t>(r.imm())];
  return reinterpret_cast<Slot*>(reinterpret_cast<char*>(r.context) + static_cast<uint32_t>(r.imm()));
}
template <class T, bool far, bool to_slot>
WHERRY_BODY void global_get(Regs& r) {
  give<to_slot, T>(r, load_slot<T>(global<far>(r)));
}
template <class T, bool far, bool from_slot>
WHERRY_BODY void global_set(Regs& r) {
  store_slot<T>(global<far>(r), from_slot ? r.get<T>(r.b()) : r.acc<T>());
}

template <class Stored, class T, Address kind, Value source>
constexpr Handler store_handler() {
  return straight < &store<Stored, T, kind, source>, source == Value::kImmediate || is_checked(kind) ? 3 : 2 > ;
}

/// In the order of BinaryForm, address first.
template <class Stored, class T>
constexpr std::array<Handler, 8> kStores = {
    store_handler<Stored, T, Address::kAcc, Value::kSlot>(),
    store_handler<Stored, T, Address::kSlot, Value::kAcc>(),
    store_handler<Stored, T, Address::kSlot, Value::kSlot>(),
    nullptr,
    nullptr,
    store_handler<Stored, T, Address::kCheckedAcc, Value::kSlot>(),
    store_handler<Stored, T, Address::kCheckedSlot, Value::kAcc>(),
    store_handler<Stored, T, Address::kCheckedSlot, Value::kSlot>(),
};
template <class Stored>
constexpr std::array<Handler, 8> kIntStores = [] {
  std::array<Handler, 8> all = kStores<Stored, uint64_t>;
  all[kAI] = store_handler<Stored, uint64_t, Address::kAcc, Value::kImmediate>();
  all[kSI] = store_handler<Stored, uint64_t, Address::kSlot, Value::kImmediate>();
  return all;
}();

template <class Stored, class T>
constexpr OpRow load_row(Op op) {
  return make_load_row<&widen<Stored, T>>(op);
}
template <class Stored>
constexpr OpRow int_store_row(Op op) {
  return {.op = op, .shape = Shape::kStore, .rhs = Class::kInt, .single = kIntStores<Stored>.data()};
}

// Loads that only differ in how far the slot is extended share their handlers.
constexpr OpRow kRows[] = {
    load_row<uint32_t, uint32_t>(Op::kI32Load),
    load_row<uint64_t, uint64_t>(Op::kI64Load),
    load_row<float, float>(Op::kF32Load),
    load_row<double, double>(Op::kF64Load),
    load_row<int8_t, uint32_t>(Op::kI32Load8S),
    load_row<uint8_t, uint32_t>(Op::kI32Load8U),
    load_row<int16_t, uint32_t>(Op::kI32Load16S),
    load_row<uint16_t, uint32_t>(Op::kI32Load16U),
    load_row<int8_t, uint64_t>(Op::kI64Load8S),
    load_row<uint8_t, uint32_t>(Op::kI64Load8U),
    load_row<int16_t, uint64_t>(Op::kI64Load16S),
    load_row<uint16_t, uint32_t>(Op::kI64Load16U),
    load_row<int32_t, uint64_t>(Op::kI64Load32S),
    load_row<uint32_t, uint32_t>(Op::kI64Load32U),
    load_row<Vec, Vec>(Op::kV128Load),
    int_store_row<uint32_t>(Op::kI32Store),
    int_store_row<uint64_t>(Op::kI64Store),
    {.op = Op::kF32Store, .shape = Shape::kStore, .rhs = Class::kF32, .single = kStores<float, float>.data()},
    {.op = Op::kF64Store, .shape = Shape::kStore, .rhs = Class::kF64, .single = kStores<double, double>.data()},
    int_store_row<uint8_t>(Op::kI32Store8),
    int_store_row<uint16_t>(Op::kI32Store16),
    int_store_row<uint8_t>(Op::kI64Store8),
    int_store_row<uint16_t>(Op::kI64Store16),
    int_store_row<uint32_t>(Op::kI64Store32),
    {.op = Op::kV128Store, .shape = Shape::kStore, .rhs = Class::kV128, .single = kStores<Vec, Vec>.data()},
};

template <class T, bool far>
constexpr HandlerPair kGlobalGet = {straight<&global_get<T, far, false>, 2>, straight<&global_get<T, far, true>, 2>};

}  // namespace

std::span<const OpRow> memory_rows() { return kRows; }

const MoveHandlers kMove = {
    .slot_to_slot = {straight<&slot_to_slot<uint64_t>, 2>, straight<&slot_to_slot<float>, 2>,
                     straight<&slot_to_slot<uint64_t>, 2>, straight<&slot_to_slot<Vec>, 2>},
    .acc_to_slot = {straight<&acc_to_slot<uint64_t>, 2>, straight<&acc_to_slot<float>, 2>,
                    straight<&acc_to_slot<double>, 2>, straight<&acc_to_slot<Vec>, 2>},
    .slots2 = straight<&two_slots, 2>,
    .constant = straight<&constant, 2>,
    .constant64 = straight<&constant64, 3>,
    .constant128 = {straight<&constant128<false>, 4>, straight<&constant128<true>, 4>},
    .global_get = {kGlobalGet<uint64_t, false>, kGlobalGet<float, false>, kGlobalGet<double, false>,
                   kGlobalGet<Vec, false>},
    .global_get_far = {kGlobalGet<uint64_t, true>, kGlobalGet<float, true>, kGlobalGet<double, true>,
                       kGlobalGet<Vec, true>},
#define WHERRY_SET(T, far) {straight<&global_set<T, far, false>, 2>, straight<&global_set<T, far, true>, 2>}
    .global_set = {WHERRY_SET(uint64_t, false), WHERRY_SET(float, false), WHERRY_SET(double, false),
                   WHERRY_SET(Vec, false)},
    .global_set_far = {WHERRY_SET(uint64_t, true), WHERRY_SET(float, true), WHERRY_SET(double, true),
                       WHERRY_SET(Vec, true)},
#undef WHERRY_SET
#define WHERRY_SELECT(T)                                                             \
  {                                                                                  \
      {straight<&select<T, false, false>, 2>, straight<&select<T, false, true>, 2>}, \
      {straight<&select<T, true, false>, 2>, straight<&select<T, true, true>, 2>},   \
  }
    .select = {WHERRY_SELECT(uint64_t), WHERRY_SELECT(float), WHERRY_SELECT(double), WHERRY_SELECT(Vec)},
#undef WHERRY_SELECT
};

}  // namespace wherry::interp
