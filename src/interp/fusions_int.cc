// Fusions of integer ops, loads and stores.
#include "interp/actions.h"

namespace wherry::interp {
namespace {

template <BinaryForm form, bool to_slot>
using Add = Two<Op::kI32Add, form, to_slot>;
template <Address address, bool to_slot>
using Get32 = Get<uint32_t, uint32_t, address, to_slot>;
template <Address address, bool to_slot>
using Get8 = Get<uint8_t, uint32_t, address, to_slot>;
template <Address address, bool to_slot>
using Get16 = Get<uint16_t, uint32_t, address, to_slot>;
using Put32 = Put<uint32_t, uint64_t, Address::kSlot, Value::kAcc>;
using Put32Slots = Put<uint32_t, uint64_t, Address::kSlot, Value::kSlot>;
using Put8 = Put<uint8_t, uint64_t, Address::kSlot, Value::kAcc>;

/// What addresses and counters are made of, in all of C's programs.
using Common =
    Set<Add<kSI, kToSlot>, Add<kSI, kToAcc>, Add<kAS, kToSlot>, Add<kSS, kToSlot>, Add<kAS, kToAcc>, Add<kSS, kToAcc>,
        Add<kAI, kToAcc>, Add<kAI, kToSlot>, Constant, Copy, Copies, Keep, Get32<Address::kSlot, kToSlot>,
        Get32<Address::kSlot, kToAcc>, Get32<Address::kAcc, kToAcc>, Get32<Address::kAcc, kToSlot>,
        Two<Op::kI32Shl, kSI, kToAcc>, Two<Op::kI32Shl, kAI, kToAcc>, Two<Op::kI32And, kSI, kToAcc>,
        Two<Op::kI32And, kAI, kToAcc>, Two<Op::kI32Xor, kAS, kToSlot>, Two<Op::kI32ShrU, kAI, kToAcc>,
        Two<Op::kI32ShrU, kSI, kToAcc>, Two<Op::kI32Mul, kAS, kToAcc>, Put32>;

using Addresses =
    Set<Add<kSI, kToAcc>, Add<kAS, kToAcc>, Add<kSS, kToAcc>, Add<kAI, kToAcc>, Add<kSI, kToSlot>, Add<kAS, kToSlot>>;
using Loads = Set<Get8<Address::kAcc, kToAcc>, Get8<Address::kAcc, kToSlot>, Get16<Address::kAcc, kToAcc>,
                  Get16<Address::kAcc, kToSlot>, Get<int16_t, uint32_t, Address::kAcc, kToAcc>,
                  Get<int8_t, uint32_t, Address::kAcc, kToAcc>, Get<uint64_t, uint64_t, Address::kAcc, kToAcc>,
                  Get<uint64_t, uint64_t, Address::kAcc, kToSlot>, Get<double, double, Address::kAcc, kToAcc>,
                  Get<double, double, Address::kAcc, kToSlot>, Get<float, float, Address::kAcc, kToAcc>,
                  Get<float, float, Address::kAcc, kToSlot>, Get<Vec, Vec, Address::kAcc, kToAcc>,
                  Get<Vec, Vec, Address::kAcc, kToSlot>>;

using Bytes = Set<Get8<Address::kSlot, kToSlot>, Get8<Address::kSlot, kToAcc>, Get8<Address::kAcc, kToAcc>>;
using AfterBytes =
    Set<Put8, Add<kSI, kToSlot>, Add<kAI, kToAcc>, Two<Op::kI32And, kAI, kToAcc>, Two<Op::kI32Shl, kAI, kToAcc>,
        Two<Op::kI32Xor, kAS, kToAcc>, Two<Op::kI32Or, kAS, kToAcc>, Add<kAS, kToSlot>, Add<kAS, kToAcc>,
        Get8<Address::kSlot, kToSlot>, Get8<Address::kSlot, kToAcc>>;

/// Hashes and ciphers.
template <Op op>
using Mixed = Set<Two<op, kAS, kToAcc>, Two<op, kAS, kToSlot>>;
using Mixes =
    decltype(join(join(Mixed<Op::kI32Xor>{}, Mixed<Op::kI32Or>{}), join(Mixed<Op::kI32Add>{}, Mixed<Op::kI32And>{})));
using Rotations = Set<Two<Op::kI32Rotl, kSI, kToAcc>, Two<Op::kI32Rotl, kAI, kToAcc>, Two<Op::kI32Rotr, kSI, kToAcc>,
                      Two<Op::kI32Shl, kSI, kToAcc>, Two<Op::kI32Shl, kAI, kToAcc>, Two<Op::kI32ShrU, kSI, kToAcc>,
                      Two<Op::kI32ShrU, kAI, kToAcc>, Two<Op::kI32Xor, kAS, kToAcc>, Two<Op::kI32Xor, kSS, kToAcc>,
                      Two<Op::kI32And, kAS, kToAcc>, Two<Op::kI32And, kSS, kToAcc>, Two<Op::kI32Or, kAS, kToAcc>>;
using Scrambles = Set<Two<Op::kI32Xor, kAS, kToAcc>, Two<Op::kI32Xor, kAS, kToSlot>, Two<Op::kI32Add, kAS, kToSlot>>;
using Shifts = Set<Two<Op::kI32Rotl, kSI, kToAcc>, Two<Op::kI32Shl, kSI, kToAcc>, Two<Op::kI32Rotl, kAI, kToAcc>,
                   Two<Op::kI32Mul, kAI, kToSlot>, Two<Op::kI32Mul, kAI, kToAcc>, Two<Op::kI32And, kSS, kToAcc>,
                   Two<Op::kI32Xor, kSS, kToAcc>>;

using Longs = Set<Two<Op::kI64Add, kSI, kToSlot>, Two<Op::kI64Add, kSS, kToSlot>, Two<Op::kI64Add, kAS, kToSlot>,
                  Two<Op::kI64Add, kAI, kToSlot>, Two<Op::kI64And, kSI, kToAcc>, Two<Op::kI64ShrU, kSI, kToSlot>,
                  Two<Op::kI64Mul, kSS, kToAcc>, Two<Op::kI64Mul, kSI, kToAcc>, Two<Op::kI64Mul, kSS, kToSlot>,
                  Two<Op::kI64Xor, kAS, kToAcc>, Two<Op::kI64Xor, kAS, kToSlot>, Two<Op::kI64Shl, kSI, kToAcc>,
                  Two<Op::kI64ShrU, kSI, kToAcc>, Two<Op::kI64Rotl, kSI, kToAcc>>;

template <bool to_slot>
constexpr auto indexed_loads() {
  using Scaled = Add<kAS, kToAcc>;
  return std::array{fusion<Two<Op::kI32Shl, kSI, kToAcc>, Scaled, Get32<Address::kAcc, to_slot>>(),
                    fusion<Two<Op::kI32Shl, kAI, kToAcc>, Scaled, Get32<Address::kAcc, to_slot>>(),
                    fusion<Two<Op::kI32Shl, kSI, kToAcc>, Scaled, Get<double, double, Address::kAcc, to_slot>>(),
                    fusion<Two<Op::kI32Shl, kAI, kToAcc>, Scaled, Get<double, double, Address::kAcc, to_slot>>(),
                    fusion<Two<Op::kI32Shl, kSI, kToAcc>, Scaled, Get<uint64_t, uint64_t, Address::kAcc, to_slot>>()};
}

constexpr auto kAll =
    concat(product(Common{}, Common{}), product(Addresses{}, Loads{}), product(Bytes{}, AfterBytes{}),
           product(Rotations{}, Mixes{}), product(Scrambles{}, Shifts{}), product(Longs{}, Longs{}),
           product(Set<Put32Slots, Put8>{}, Set<Add<kSI, kToSlot>, Add<kSS, kToSlot>, Constant, Copy, Put32Slots>{}),
           indexed_loads<kToAcc>(), indexed_loads<kToSlot>());

}  // namespace

std::span<const Fusion> int_fusions() { return kAll; }

}  // namespace wherry::interp
