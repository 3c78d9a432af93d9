// Fusions that end in a branch.
#include "interp/actions.h"

namespace wherry::interp {
namespace {

template <BinaryForm form>
using Ifs32 = Set<If<Op::kI32Eq, form>, If<Op::kI32Ne, form>, If<Op::kI32LtS, form>, If<Op::kI32LtU, form>,
                  If<Op::kI32GtS, form>, If<Op::kI32GtU, form>, If<Op::kI32LeS, form>, If<Op::kI32LeU, form>,
                  If<Op::kI32GeS, form>, If<Op::kI32GeU, form>>;
template <BinaryForm form>
using Ifs64 = Set<If<Op::kI64Eq, form>, If<Op::kI64Ne, form>, If<Op::kI64LtU, form>, If<Op::kI64GtU, form>,
                  If<Op::kI64LeU, form>, If<Op::kI64GeU, form>, If<Op::kI64LtS, form>, If<Op::kI64GeS, form>>;
using OnAcc = decltype(join(Set<IfAcc, UnlessAcc>{}, join(Ifs32<kAS>{}, Ifs32<kAI>{})));
using OnSlots = decltype(join(Ifs32<kSS>{}, Ifs32<kSI>{}));

using Counting = Set<Two<Op::kI32Add, kSI, kToSlot>, Two<Op::kI32Add, kSI, kToAcc>, Two<Op::kI32Add, kSS, kToSlot>,
                     Two<Op::kI32Add, kAI, kToAcc>, Two<Op::kI32And, kSI, kToAcc>, Two<Op::kI32And, kAI, kToAcc>,
                     Get<uint32_t, uint32_t, Address::kSlot, kToSlot>, Get<uint32_t, uint32_t, Address::kSlot, kToAcc>,
                     Get<uint32_t, uint32_t, Address::kAcc, kToAcc>, Get<uint32_t, uint32_t, Address::kAcc, kToSlot>,
                     Get<uint8_t, uint32_t, Address::kSlot, kToSlot>, Get<uint8_t, uint32_t, Address::kSlot, kToAcc>,
                     Get<uint8_t, uint32_t, Address::kAcc, kToAcc>, Keep>;
using Moving = Set<Copy, Copies, Constant, Two<Op::kI32Add, kSI, kToSlot>>;
using Long = Set<Two<Op::kI64Add, kSI, kToSlot>, Two<Op::kI64Add, kSS, kToSlot>, Two<Op::kI64And, kSI, kToAcc>,
                 Two<Op::kI64ShrU, kSI, kToSlot>, Get<uint64_t, uint64_t, Address::kSlot, kToAcc>,
                 Get<uint64_t, uint64_t, Address::kAcc, kToAcc>>;
using BeforeJump =
    Set<Copy, Copies, Keep, Constant, Two<Op::kI32Add, kSI, kToSlot>, Two<Op::kI32Add, kAI, kToSlot>,
        Two<Op::kI32Add, kSS, kToSlot>, Two<Op::kI64ShrU, kSI, kToSlot>,
        Put<uint32_t, uint64_t, Address::kSlot, Value::kAcc>, Put<uint32_t, uint64_t, Address::kSlot, Value::kSlot>,
        Put<uint8_t, uint64_t, Address::kSlot, Value::kAcc>, Get<uint32_t, uint32_t, Address::kSlot, kToSlot>>;
using Step = Two<Op::kI32Add, kSI, kToSlot>;

/// Interpreters inside: an opcode is fetched, maybe adjusted, and dispatched on.
using BeforeTable =
    Set<Get<uint32_t, uint32_t, Address::kSlot, kToAcc>, Get<uint32_t, uint32_t, Address::kAcc, kToAcc>,
        Get<uint8_t, uint32_t, Address::kSlot, kToAcc>, Get<uint8_t, uint32_t, Address::kAcc, kToAcc>,
        Get<uint16_t, uint32_t, Address::kAcc, kToAcc>, Two<Op::kI32Add, kSI, kToAcc>, Two<Op::kI32Add, kAI, kToAcc>,
        Two<Op::kI32And, kSI, kToAcc>, Two<Op::kI32And, kAI, kToAcc>, Keep>;

template <class A, class B, class... C>
constexpr auto triples(Set<C...>) {
  return std::array{fusion<A, B, C>()...};
}
/// Ends of loops: counting, then moving values for the next round, then back.
using Store32 = Put<uint32_t, uint64_t, Address::kSlot, Value::kAcc>;
using Ends = Set<IfAcc, UnlessAcc, If<Op::kI32Ne, kAS>, If<Op::kI32Eq, kAS>, If<Op::kI32LtU, kAS>, If<Op::kI32LtS, kAS>,
                 If<Op::kI32Ne, kAI>, If<Op::kI32Ne, kSS>, If<Op::kI32Eq, kAI>, If<Op::kI32LtU, kAI>, Jump>;
using Backwards = Set<Jump>;

constexpr auto kAll = concat(
    product(Counting{}, OnAcc{}), product(Moving{}, OnSlots{}), product(Long{}, join(Ifs64<kAS>{}, Ifs64<kAI>{})),
    product(BeforeJump{}, Set<Jump>{}), product(BeforeTable{}, Set<JumpTable>{}), triples<Step, Step>(Ends{}),
    triples<Copy, Step>(Ends{}), triples<Store32, Step>(Ends{}), triples<Step, Copy>(Backwards{}),
    triples<Store32, Copy>(Backwards{}), triples<Copies, Copy>(Backwards{}), triples<Copies, Copies>(Backwards{}),
    triples<Constant, Copy>(Backwards{}),
    triples<Step, Two<Op::kI64And, kSI, kToAcc>>(Set<If<Op::kI64Eq, kAI>, If<Op::kI64Ne, kAI>>{}));

}  // namespace

std::span<const Fusion> branch_fusions() { return kAll; }

}  // namespace wherry::interp
