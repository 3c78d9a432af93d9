// Short names for actions, for those who list fusions of them.
#pragma once

#include "interp/calls.h"
#include "interp/fusions.h"
#include "interp/memory_access.h"

namespace wherry::interp {

/// Where a result goes: the accumulator, or a slot too.
inline constexpr bool kToAcc = false;
inline constexpr bool kToSlot = true;

constexpr From first_source(BinaryForm form) {
  if (form == kAS || form == kAI) return From::kAcc;
  if (form == kIS || form == kIA) return From::kImmediate;
  return From::kB;
}
constexpr From second_source(BinaryForm form) {
  if (form == kAI || form == kSI) return From::kImmediate;
  if (form == kSA || form == kIA) return From::kAcc;
  return form == kSS ? From::kC : From::kB;
}

template <auto function, BinaryForm form, bool to_slot, class Result, class L, class R>
constexpr auto binary_action(FunctionOf<Result, L, R>) {
  constexpr bool wide =
      ((form == kAI || form == kSI) && kWideImmediate<R>) || ((form == kIS || form == kIA) && kWideImmediate<L>);
  return Action<Flow::kStraight,
                &Apply<function, to_slot, Result, L, R>::template body<first_source(form), second_source(form)>,
                wide ? 3 : 2>();
}
/// A two-operand op.
template <Op op, BinaryForm form, bool to_slot>
using Two = decltype(binary_action<wasm::semantics::kMeaning<op>, form, to_slot>(wasm::semantics::kMeaning<op>));

template <auto function, BinaryForm form, class T>
constexpr auto branch_action(FunctionOf<uint32_t, T, T>) {
  constexpr BranchFrom first = form == kAS || form == kAI ? BranchFrom::kAcc : BranchFrom::kA;
  constexpr BranchFrom second = form == kAI || form == kSI ? BranchFrom::kImmediate : BranchFrom::kB;
  return Action<Flow::kBranch, &compare<function, true, T, first, second>, form == kAI || form == kSI ? 3 : 2>();
}
/// A branch if a compare is true.
template <Op op, BinaryForm form>
using If = decltype(branch_action<wasm::semantics::kMeaning<op>, form>(wasm::semantics::kMeaning<op>));

using IfAcc = Action<Flow::kBranch, &acc_is_true, 2>;
using UnlessAcc = Action<Flow::kBranch, &acc_is_false, 2>;
using Jump = Action<Flow::kTransfer, &jump, 0>;
using JumpTable = Action<Flow::kTransfer, &jump_table<false>, 0>;

/// A guarded load of a `Stored` that becomes a T.
template <class Stored, class T, Address address, bool to_slot>
using Get = Action<Flow::kStraight, &Load<&widen<Stored, T>, address, to_slot, T, Stored>::body, 2>;
template <class Stored, class T, Address address, Value value>
using Put = Action<Flow::kStraight, &store<Stored, T, address, value>, value == Value::kImmediate ? 3 : 2>;

using Copy = Action<Flow::kStraight, &slot_to_slot<uint64_t>, 2>;
using Copies = Action<Flow::kStraight, &two_slots, 2>;
using Keep = Action<Flow::kStraight, &acc_to_slot<uint64_t>, 2>;
using Constant = Action<Flow::kStraight, &constant, 2>;

}  // namespace wherry::interp
