// From an op to its meaning: at compile time (kMeaning, for tiers that expand the op table), and at run time (evaluate,
// for constant folding and for checking tiers against each other).
#pragma once

#include <cstdint>

#include "wasm/decoder.h"
#include "wasm/ops.h"
#include "wasm/semantics.h"
#include "wasm/semantics_simd.h"
#include "wherry/trap.h"

namespace wherry::wasm::semantics {

/// What relaxed vector ops do; all others do the same in both.
enum class Profile : uint8_t { kDeterministic, kNative };

/// Whether the op computes its results from its operands and immediates alone, by a fixed signature.
constexpr bool is_evaluable(Op op) {
  const OpInfo& row = info(op);
  return !row.signature.special && (row.effect == Effect::kPure || row.effect == Effect::kTrap);
}

/// The function, as a pointer. Its parameters are the operands, then the lane (uint32_t) or the lanes of a shuffle
/// (V128) if the op has such immediates. Its result is a value, a Wide, or a Trapping value where the op may trap.
template <Op op, Profile profile = Profile::kDeterministic>
inline constexpr auto kMeaning = nullptr;
#define WHERRY_SEMANTICS(op, function) \
  template <Profile profile>           \
  inline constexpr auto kMeaning<Op::op, profile> = &function;
#define WHERRY_RELAXED_SEMANTICS(op, function)                                 \
  template <>                                                                  \
  inline constexpr auto kMeaning<Op::op, Profile::kDeterministic> = &function; \
  template <>                                                                  \
  inline constexpr auto kMeaning<Op::op, Profile::kNative> = &native::function;
#include "wasm/semantics.inc"
#undef WHERRY_SEMANTICS

/// Computes an op for which is_evaluable() holds. Operands and results are 64-bit slots in order: i32 and f32
/// zero-extended, v128 two slots, low half first. Returns kNone, or the trap; then `results` is not written.
TrapKind evaluate(Op op, const uint64_t* operands, uint64_t* results, const Imm& imm,
                  Profile profile = Profile::kDeterministic);

}  // namespace wherry::wasm::semantics
