#include "llvm/loop_reroll.h"

#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/IR/IntrinsicInst.h>

#include <algorithm>

#include "llvm/precompiled.h"

namespace wherry::compiler {

namespace {

constexpr unsigned kMostCopies = 16;

/// Tries one factor. Copy j of a value is what stands for it in the j-th of the bodies.
class Reroller {
 public:
  Reroller(Loop& loop, ScalarEvolution& scev, std::span<const RerollAccess> accesses,
           std::span<const std::optional<int64_t>> steps, unsigned factor)
      : loop_(loop), scev_(scev), accesses_(accesses), steps_(steps), factor_(factor), copies_(factor) {
    for (const RerollAccess& access : accesses) by_call_[access.call] = &access;
    size_t position = 0;
    for (Instruction& instruction : *loop.getHeader()) position_[&instruction] = position++;
  }

  std::optional<RerollPlan> run() {
    for (const std::optional<int64_t>& step : steps_) {
      if (!step || *step % factor_ != 0) return std::nullopt;
    }
    bind_chains();
    if (!match_stores() || !match_carried() || !outside_uses_known() || !order_kept()) return std::nullopt;
    return std::move(plan_);
  }

 private:
  /// The values that a reduction's phi has in each copy, by walking back from what the latch gives it.
  void bind_chains() {
    for (PHINode& phi : loop_.getHeader()->phis()) {
      if (induction_step(phi, loop_, scev_)) continue;
      const std::vector<Value*> chain = reduction_chain(phi);
      if (chain.empty() || chain.size() % factor_ != 0) continue;
      const size_t length = chain.size() / factor_;
      for (unsigned j = 1; j < factor_; ++j) copies_[j][&phi] = chain[(factor_ - j) * length];
    }
  }

  /// The operations between a phi and its latch value, the last first; empty if they are no chain.
  std::vector<Value*> reduction_chain(PHINode& phi) const {
    SmallPtrSet<const Value*, 16> dependent = {&phi};
    for (Instruction& instruction : *loop_.getHeader()) {
      if (!isa<PHINode>(instruction) &&
          any_of(instruction.operands(), [&](Value* v) { return dependent.contains(v); })) {
        dependent.insert(&instruction);
      }
    }
    std::vector<Value*> chain;
    Value* value = phi.getIncomingValueForBlock(loop_.getLoopLatch());
    while (value != &phi) {
      auto* const instruction = dyn_cast<Instruction>(value);
      if (instruction == nullptr || !dependent.contains(instruction)) return {};
      chain.push_back(value);
      Value* next = nullptr;
      for (Value* operand : instruction->operands()) {
        if (!dependent.contains(operand)) continue;
        if (next != nullptr) return {};
        next = operand;
      }
      value = next;
    }
    return chain;
  }

  bool match_stores() {
    std::vector<const RerollAccess*> stores;
    for (const RerollAccess& access : accesses_) {
      if (!access.is_load) stores.push_back(&access);
    }
    if (stores.size() % factor_ != 0) return false;
    const size_t each = stores.size() / factor_;
    for (size_t i = 0; i < each; ++i) {
      plan_.kept_stores.push_back(stores[i]->call);
      stored_.emplace_back(stores[i], 0);
      for (unsigned j = 1; j < factor_; ++j) {
        const RerollAccess* const copy = stores[j * each + i];
        if (!match_access(*stores[i], *copy, j)) return false;
        if (!match(stores[i]->call->getArgOperand(1), copy->call->getArgOperand(1), j)) return false;
        stored_.emplace_back(copy, j);
      }
    }
    return true;
  }

  /// What is carried from copy to copy must be computed alike in each.
  bool match_carried() {
    for (PHINode& phi : loop_.getHeader()->phis()) {
      if (induction_step(phi, loop_, scev_)) continue;
      const auto first = copies_[1].find(&phi);
      if (first == copies_[1].end()) return false;
      Value* const carried = first->second;
      for (unsigned j = 1; j < factor_; ++j) {
        Value* next = phi.getIncomingValueForBlock(loop_.getLoopLatch());
        if (j + 1 < factor_) {
          const auto copy = copies_[j + 1].find(&phi);
          if (copy == copies_[j + 1].end()) return false;
          next = copy->second;
        }
        if (!match(carried, next, j)) return false;
      }
      plan_.carried.emplace_back(&phi, carried);
    }
    return true;
  }

  bool match_access(const RerollAccess& first, const RerollAccess& copy, unsigned j) const {
    return first.is_load == copy.is_load && first.range == copy.range &&
           copy.offset - first.offset == *steps_[first.range] / factor_ * j;
  }

  bool match(Value* first, Value* copy, unsigned j) {
    const auto known = copies_[j].find(first);
    if (known != copies_[j].end()) return known->second == copy;
    if (loop_.isLoopInvariant(first)) return first == copy;
    auto* const a = cast<Instruction>(first);
    auto* const b = dyn_cast<Instruction>(copy);
    if (b == nullptr || !loop_.contains(b) || a->getType() != b->getType()) return false;
    if (const std::optional<bool> moved = match_induction(a, b, j)) {
      if (*moved) copies_[j][a] = b;
      return *moved;
    }
    if (isa<PHINode>(a)) {
      copies_[j][a] = b;
      return true;
    }
    if (isa<PHINode>(b)) return false;
    if (const RerollAccess* const access = by_call_.lookup(a)) {
      const RerollAccess* const other = by_call_.lookup(b);
      if (other == nullptr || !match_access(*access, *other, j)) return false;
      loaded_.emplace_back(access, 0);
      loaded_.emplace_back(other, j);
      copies_[j][a] = b;
      return true;
    }
    if (a->mayReadOrWriteMemory() || !a->isSameOperationAs(b)) return false;
    if (!match_operands(*a, *b, j)) return false;
    copies_[j][a] = b;
    return true;
  }

  bool match_operands(Instruction& a, Instruction& b, unsigned j) {
    bool same = true;
    for (unsigned i = 0; same && i < a.getNumOperands(); ++i) same = match(a.getOperand(i), b.getOperand(i), j);
    if (same || !a.isCommutative() || a.getNumOperands() < 2) return same;
    for (unsigned i = 2; i < a.getNumOperands(); ++i) {
      if (!match(a.getOperand(i), b.getOperand(i), j)) return false;
    }
    return match(a.getOperand(0), b.getOperand(1), j) && match(a.getOperand(1), b.getOperand(0), j);
  }

  /// Integers that move with the iteration; nullopt if `a` is none.
  std::optional<bool> match_induction(Instruction* a, Instruction* b, unsigned j) {
    if (!a->getType()->isIntegerTy() || !scev_.isSCEVable(a->getType())) return std::nullopt;
    const auto* const recurrence = dyn_cast<SCEVAddRecExpr>(scev_.getSCEV(a));
    if (recurrence == nullptr || recurrence->getLoop() != &loop_ || !recurrence->isAffine()) return std::nullopt;
    const auto* const step = dyn_cast<SCEVConstant>(recurrence->getStepRecurrence(scev_));
    const auto* const distance = dyn_cast<SCEVConstant>(scev_.getMinusSCEV(scev_.getSCEV(b), recurrence));
    if (step == nullptr || distance == nullptr) return false;
    const int64_t stride = step->getAPInt().getSExtValue();
    return stride % factor_ == 0 && distance->getAPInt().getSExtValue() == stride / factor_ * j;
  }

  /// After the loop only carried values and inductions may be used.
  bool outside_uses_known() const {
    for (PHINode& exit : loop_.getExitBlock()->phis()) {
      Value* const value = exit.getIncomingValueForBlock(loop_.getLoopLatch());
      if (loop_.isLoopInvariant(value)) continue;
      const bool is_carried = any_of(plan_.carried, [&](const auto& carried) {
        return carried.first->getIncomingValueForBlock(loop_.getLoopLatch()) == value;
      });
      if (is_carried) continue;
      if (!value->getType()->isIntegerTy()) return false;
      const auto* const recurrence = dyn_cast<SCEVAddRecExpr>(scev_.getSCEV(value));
      if (recurrence == nullptr || recurrence->getLoop() != &loop_ || !recurrence->isAffine()) return false;
    }
    return true;
  }

  /// A load that now comes to stand on the other side of a store must not read what it writes.
  bool order_kept() {
    for (const auto& [load, load_copy] : loaded_) {
      for (const auto& [store, store_copy] : stored_) {
        const bool before = position_[load->call] < position_[store->call];
        const bool stays_before = load_copy <= store_copy;
        if (load_copy == store_copy || before == stays_before) continue;
        if (load->range == store->range) return false;
        const std::pair pair(std::min(load->range, store->range), std::max(load->range, store->range));
        if (!is_contained(plan_.disjoint, pair)) plan_.disjoint.push_back(pair);
      }
    }
    return true;
  }

  Loop& loop_;
  ScalarEvolution& scev_;
  std::span<const RerollAccess> accesses_;
  std::span<const std::optional<int64_t>> steps_;
  const int64_t factor_;
  std::vector<DenseMap<Value*, Value*>> copies_;  ///< [j]: values of the first copy to those of copy j.
  DenseMap<const Instruction*, const RerollAccess*> by_call_;
  DenseMap<const Instruction*, size_t> position_;
  std::vector<std::pair<const RerollAccess*, unsigned>> loaded_, stored_;  ///< In which copy.
  RerollPlan plan_{static_cast<unsigned>(factor_), {}, {}, {}};
};

}  // namespace

std::optional<int64_t> induction_step(PHINode& phi, const Loop& loop, ScalarEvolution& scev) {
  if (!phi.getType()->isIntegerTy() || !scev.isSCEVable(phi.getType())) return std::nullopt;
  const auto* const recurrence = dyn_cast<SCEVAddRecExpr>(scev.getSCEV(&phi));
  if (recurrence == nullptr || recurrence->getLoop() != &loop || !recurrence->isAffine()) return std::nullopt;
  const auto* const step = dyn_cast<SCEVConstant>(recurrence->getStepRecurrence(scev));
  if (step == nullptr || step->getAPInt().getSignificantBits() > 64) return std::nullopt;
  return step->getAPInt().getSExtValue();
}

std::optional<RerollPlan> plan_reroll(Loop& loop, ScalarEvolution& scev, std::span<const RerollAccess> accesses,
                                      std::span<const std::optional<int64_t>> steps) {
  if (loop.getNumBlocks() != 1) return std::nullopt;
  unsigned roots = 0;
  for (const RerollAccess& access : accesses) roots += access.is_load ? 0 : 1;
  const bool only_loads = roots == 0;
  if (only_loads) roots = static_cast<unsigned>(accesses.size());
  for (unsigned factor = std::min(roots, kMostCopies); factor >= 2; --factor) {
    if (roots % factor != 0 && !only_loads) continue;
    if (auto plan = Reroller(loop, scev, accesses, steps, factor).run()) return plan;
  }
  return std::nullopt;
}

}  // namespace wherry::compiler
