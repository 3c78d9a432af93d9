// How handlers find the bytes of linear memory that they access.
//
// A guarded access adds a 32-bit address and a 32-bit offset (imm): 33 bits, which the reservation covers, so an
// address out of bounds faults and nothing is checked. A checked access names its memory: imm is the index, with the
// top bit set for 64-bit addresses, and [2] the offset.
#pragma once

#include "interp/numeric.h"

namespace wherry::interp {

enum class Address : uint8_t { kAcc, kSlot, kCheckedAcc, kCheckedSlot };
enum class Value : uint8_t { kAcc, kSlot, kImmediate };

constexpr bool is_checked(Address kind) { return kind >= Address::kCheckedAcc; }
constexpr bool is_in_acc(Address kind) { return kind == Address::kAcc || kind == Address::kCheckedAcc; }
constexpr int access_words(Address kind) { return is_checked(kind) ? 3 : 2; }

WHERRY_BODY uint32_t memory_index(Regs& r) { return static_cast<uint32_t>(r.imm()) & 0x7FFFFFFF; }

/// Of a checked access, from its address operand. False if it overflows.
WHERRY_BODY bool effective_address(Regs& r, uint64_t operand, uint64_t& address) {
  if (r.imm() >= 0) operand = static_cast<uint32_t>(operand);
  return !__builtin_add_overflow(operand, r.word(2), &address);
}

/// The bytes at an effective address, or null if they are out of bounds.
WHERRY_BODY uint8_t* checked_cell(Regs& r, uint64_t address, uint32_t size) {
  const runtime::MemoryView* view = r.context->memories[memory_index(r)];
  const uint64_t bytes = __atomic_load_n(&view->bytes, __ATOMIC_RELAXED);
  if (address > bytes || bytes - address < size) [[unlikely]]
    return nullptr;
  return view->base + address;
}

/// The bytes that an access means. Null if out of bounds, for checked ones.
template <Address kind, uint32_t size>
WHERRY_BODY uint8_t* locate(Regs& r, uint32_t slot) {
  if constexpr (!is_checked(kind)) {
    const uint32_t address = is_in_acc(kind) ? static_cast<uint32_t>(r.i) : r.get<uint32_t>(slot);
    return r.mem + uint64_t{address} + static_cast<uint32_t>(r.imm());
  } else {
    uint64_t address;
    if (!effective_address(r, is_in_acc(kind) ? r.i : r.get<uint64_t>(slot), address)) [[unlikely]]
      return nullptr;
    return checked_cell(r, address, size);
  }
}

/// Gives what `convert` makes of the bytes at the address, in the accumulator or slot b.
template <auto convert, Address kind, bool to_slot, class T, class Stored>
struct Load {
  WHERRY_BODY static TrapKind body(Regs& r) {
    const uint8_t* from = locate<kind, sizeof(Stored)>(r, r.b());
    if (is_checked(kind) && from == nullptr) return TrapKind::kMemoryOutOfBounds;
    Stored value;
    if constexpr (!is_checked(kind)) pin_pc(r);
    std::memcpy(&value, from, sizeof value);
    if constexpr (!is_checked(kind)) pin_pc(r);
    give<to_slot, T>(r, convert(value));
    return TrapKind::kNone;
  }
};

template <auto convert, Address kind, class T, class Stored>
constexpr HandlerPair kLoadPair = {straight<&Load<convert, kind, false, T, Stored>::body, access_words(kind)>,
                                   straight<&Load<convert, kind, true, T, Stored>::body, access_words(kind)>};
template <auto convert, class T, class Stored>
constexpr std::array<HandlerPair, 4> kLoads = {
    kLoadPair<convert, Address::kAcc, T, Stored>, kLoadPair<convert, Address::kSlot, T, Stored>,
    kLoadPair<convert, Address::kCheckedAcc, T, Stored>, kLoadPair<convert, Address::kCheckedSlot, T, Stored>};

template <auto convert, class T, class Stored>
constexpr OpRow load_row_of(Op op, FunctionOf<T, Stored>) {
  return {.op = op, .shape = Shape::kLoad, .result = kClassOf<T>, .pairs = kLoads<convert, T, Stored>.data()};
}
/// The row of a load: `convert` is from what lies in memory to what it is on the stack.
template <auto convert>
constexpr OpRow make_load_row(Op op) {
  return load_row_of<convert>(op, convert);
}

/// A value in memory, as it is given.
template <class Stored, class T>
WHERRY_BODY T widen(Stored value) {
  return static_cast<T>(value);
}

/// The value is in slot b, or [2].
template <class Stored, class T, Address kind, Value source>
WHERRY_BODY TrapKind store(Regs& r) {
  uint8_t* to = locate<kind, sizeof(Stored)>(r, r.a());
  if (is_checked(kind) && to == nullptr) return TrapKind::kMemoryOutOfBounds;
  Stored value;
  if constexpr (source == Value::kAcc) value = static_cast<Stored>(r.acc<T>());
  if constexpr (source == Value::kSlot) value = static_cast<Stored>(r.get<T>(r.b()));
  if constexpr (source == Value::kImmediate) value = static_cast<Stored>(r.word(2));
  if constexpr (!is_checked(kind)) pin_pc(r);
  std::memcpy(to, &value, sizeof value);
  if constexpr (!is_checked(kind)) pin_pc(r);
  return TrapKind::kNone;
}

// Moves. The copies leave the accumulators alone, so that they can be put between an instruction and its use.

template <class T>
WHERRY_BODY void slot_to_slot(Regs& r) {
  r.set<T>(r.a(), r.get<T>(r.b()));
}
template <class T>
WHERRY_BODY void acc_to_slot(Regs& r) {
  r.set<T>(r.a(), r.acc<T>());
}
WHERRY_BODY void two_slots(Regs& r) {
  r.set<Slot>(r.a(), r.get<Slot>(r.b()));
  r.set<Slot>(r.c(), r.get<Slot>(r.d16()));
}
WHERRY_BODY void constant(Regs& r) { r.set<uint64_t>(r.a(), static_cast<uint64_t>(int64_t{r.imm()})); }
WHERRY_BODY void constant64(Regs& r) { r.set<uint64_t>(r.a(), r.word(2)); }

}  // namespace wherry::interp
