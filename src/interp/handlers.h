// The handler table: which handler executes an op in which form of its operands.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "interp/dispatch.h"
#include "wasm/ops.h"

namespace wherry::interp {

using wasm::Op;

/// Classes of values, by the accumulator that holds them.
enum class Class : uint8_t { kInt, kF32, kF64, kV128 };
inline constexpr uint32_t kClasses = 4;

/// Where an instruction's result goes: the accumulator of its class, and also slot `a` for the second of each pair.
struct HandlerPair {
  Handler acc;
  Handler slot;
};

/// How the operands of a two-operand instruction are given: A accumulator, S slot (the first in field b, the second in
/// c), I immediate.
enum BinaryForm : uint8_t { kAS, kSA, kSS, kAI, kSI, kIS, kIA, kBinaryForms };
enum UnaryForm : uint8_t { kA, kS, kUnaryForms };

/// Where the checked forms of a store begin in its handlers.
inline constexpr uint32_t kCheckedStores = 5;

/// What kind of instruction an op becomes.
enum class Shape : uint8_t {
  kNone,     ///< None, or one that the translator has its own code for.
  kBinary,   ///< pairs[BinaryForm]; immediates in the instruction.
  kCompare,  ///< Also branches[BranchForm][sense].
  kUnary,    ///< pairs[UnaryForm]
  kLaned,    ///< pairs[BinaryForm] AS, SA, SS; the lane or lanes from the third word on.
  kTernary,  ///< pairs[0]: slots b, c, d; pairs[1]: the third operand in the accumulator.
  kLoad,     ///< pairs[UnaryForm]; [2 + UnaryForm]: checked. Operands: address, imm offset. See ops_memory.cc.
  kStore,    ///< single[BinaryForm] up to kSI; [kCheckedStores + BinaryForm] up to kSS: checked.
};

/// Forms of a fused compare and branch. kBranchIS does not exist: compares can be swapped.
inline constexpr uint32_t kBranchForms = 5;  // kAS, kSA, kSS, kAI, kSI

/// The handlers of an op. Immediate operands sit in c-d if they fit 32 bits and the class is not f64, else in the third
/// word.
struct OpRow {
  Op op = Op::kNop;
  Shape shape = Shape::kNone;
  Class lhs = Class::kInt;
  Class rhs = Class::kInt;
  Class result = Class::kInt;
  const HandlerPair* pairs = nullptr;
  /// kCompare: [form * 2 + sense]; sense 1 branches if the compare is true.
  const Handler* branches = nullptr;
  const Handler* single = nullptr;
};

/// Handlers that are not an op's: what the translator emits to move values and to move control.
/// `a`, `b`, ... are the operand fields; "to a" a slot; imm the 32-bit immediate; [2], [3] the words that follow.
struct MoveHandlers {
  Handler slot_to_slot[kClasses];        ///< b to a; leaves the accumulators alone.
  Handler acc_to_slot[kClasses];         ///< to a
  Handler slots2;                        ///< b to a, d to c: two int or f64 slots.
  Handler constant;                      ///< imm, sign-extended, to a
  Handler constant64;                    ///< [2] to a
  HandlerPair constant128;               ///< [2] and [3]
  HandlerPair global_get[kClasses];      ///< From context + imm bytes.
  HandlerPair global_get_far[kClasses];  ///< From the cell of global imm.
  Handler global_set[kClasses][2];       ///< [0] from the accumulator, [1] from b; to context + imm bytes.
  Handler global_set_far[kClasses][2];
  HandlerPair select[kClasses][2];  ///< b if the condition holds, else c. [0] condition in the accumulator, [1] in d.
};
extern const MoveHandlers kMove;

struct ControlHandlers {
  Handler leave;       ///< Back to the host.
  Handler trap;        ///< With the TrapKind in imm.
  Handler jump;        ///< By imm words, as all branches.
  Handler jump_if[2];  ///< The condition is an i32: [0] in the accumulator, [1] in slot a.
  Handler jump_unless[2];
  Handler jump_if_null;  ///< Slot a.
  Handler jump_if_not_null;
  Handler jump_if_cast;  ///< Slot a is of the type with the bits [2].
  Handler jump_if_not_cast;
  Handler table[2];  ///< imm labels besides the last; index as for jump_if; displacements of 32 bits from [2].
  Handler fuel;      ///< Takes imm.

  // Calls. The callee's frame begins at slot a; the last word is the caller's Function*. Calls that may leave the
  // instance are followed by `restore`, which same-instance callees skip.
  Handler call[4];           ///< Of the Function* in [2]; n arguments are first copied from slots b, c, d.
  Handler call_import;       ///< Function index imm.
  Handler call_indirect[2];  ///< [0] index in the accumulator, [1] in slot b. [2]: table | type << 32.
  Handler call_ref;          ///< Of the funcref in slot b.
  Handler restore;           ///< Back in this instance; its context is in the link's slot, a.
  // Tail calls: arguments from slot a on, this frame's link at slot c.
  Handler tail_call;         ///< [2] callee
  Handler tail_import;       ///< [2] function index
  Handler tail_handed_over;  ///< [2] function index
  Handler tail_indirect;     ///< index in slot b; [2]: table | type << 32; d: whether the table is 64-bit
  Handler tail_ref;          ///< slot b

  // Returns: this frame's link at slot a.
  Handler return_none;
  Handler return_acc[kClasses];
  Handler return_slot[kClasses];  ///< Of slot b.
  Handler return_constant;        ///< imm, sign-extended
  Handler return_many;            ///< imm slots from slot b

  Handler throw_tag;  ///< Tag imm with arguments from slot a; [2] this Function*.
  Handler throw_ref;  ///< The exnref in slot a; [2] this Function*.
};
extern const ControlHandlers kControl;

/// The rows of the families.
std::span<const OpRow> int_rows();
std::span<const OpRow> float_rows();
std::span<const OpRow> memory_rows();
std::array<std::span<const OpRow>, 3> simd_rows();
/// Of relaxed vector ops, where results may depend on the machine.
std::array<std::span<const OpRow>, 2> native_relaxed_rows();

/// By op; rows of shape kNone for ops that the translator handles itself.
const OpRow& op_row(Op op);
/// For relaxed vector ops: as the machine does them.
const OpRow& native_op_row(Op op);

}  // namespace wherry::interp
