// Rerolling: producers of wasm unroll loops by factors that suit a small machine without vectors. Where the body of a
// loop is the same few instructions several times over, with addresses one element apart, the loop can run them once an
// iteration, as its author wrote it, and be vectorised for the machine at hand.
#pragma once

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace wherry::compiler {

/// An access of linear memory in a loop, as the reroller sees it: its address is that of its range, plus a constant.
struct RerollAccess {
  llvm::CallBase* call;
  bool is_load;
  size_t range;
  int64_t offset;
};

struct RerollPlan {
  unsigned factor;
  /// The stores that stay, those of the first copy; all others go.
  std::vector<llvm::CallBase*> kept_stores;
  /// Header phis that carry values, and what they carry from the first copy to the second.
  std::vector<std::pair<llvm::PHINode*, llvm::Value*>> carried;
  /// Ranges that must not overlap, since accesses of theirs change their order.
  std::vector<std::pair<size_t, size_t>> disjoint;
};

/// How the loop can be rerolled; nullopt if it cannot. `accesses` are all its accesses of memory, in order; `steps` how
/// far each range moves an iteration (nullopt: not by a constant). The loop has one block and leaves at its end.
std::optional<RerollPlan> plan_reroll(llvm::Loop& loop, llvm::ScalarEvolution& scev,
                                      std::span<const RerollAccess> accesses,
                                      std::span<const std::optional<int64_t>> steps);

/// Whether `phi`, of the loop's header, is affine in the number of the iteration with a constant step.
std::optional<int64_t> induction_step(llvm::PHINode& phi, const llvm::Loop& loop, llvm::ScalarEvolution& scev);

}  // namespace wherry::compiler
