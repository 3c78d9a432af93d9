// How a range is checked. The address of an access is base + zext32(index) + offset, where index, of 32 bits, is affine
// in the number c of the iteration, but wraps. lift() makes of it an expression of 64 bits that does not wrap, is
// affine in c, and is equal to the index modulo 2^32. So once its least and greatest values over the loop are known to
// be in [0, size of the memory), it is the index: one check does for both wrapping and bounds. 64 bits are enough
// because the parts of the expression are bounded (kMostStart, kMostSpan).
#include "llvm/loop_version.h"

#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/IR/Dominators.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/Local.h>
#include <llvm/Transforms/Utils/LoopUtils.h>
#include <llvm/Transforms/Utils/ScalarEvolutionExpander.h>

#include <optional>
#include <vector>

#include "llvm/loop_reroll.h"
#include "llvm/memory_access.h"
#include "llvm/precompiled.h"
#include "runtime/vmcontext.h"

namespace wherry::compiler {

namespace {

using runtime::MemoryView;
using runtime::VMContext;

/// A loop is copied once: of these sizes it is worth it.
constexpr unsigned kMostInstructions = 800;
constexpr size_t kMostRanges = 12;
/// Iterations of a checked loop, as a power of two; loops of more run exactly. And bounds of what expressions add up
/// to.
constexpr unsigned kIterationBits = 28;
constexpr int64_t kMostStart = int64_t{1} << 60;
constexpr int64_t kMostStep = int64_t{1} << 32;

/// How often the backedge is taken, in 64 bits, if `conditions` hold.
struct TripCount {
  const SCEV* count;
  /// Pairs that must be equal, and pairs of which the first must be less or equal (signed).
  SmallVector<std::pair<const SCEV*, const SCEV*>, 1> equal, ordered;
};

/// Accesses whose addresses differ by constants: base + start + step * c + [least, most).
struct Range {
  Value* base;
  const SCEV* start;
  const SCEV* step;
  int64_t least;
  int64_t most;
  // Once expanded in the preheader:
  Value* origin = nullptr;  ///< base + start
  Value* stride = nullptr;  ///< step
  Value* lowest = nullptr;  ///< Of all iterations, relative to base.
  Value* end = nullptr;
};

struct Access {
  CallBase* call;
  FaultingAccess kind;
  size_t range;
  int64_t offset;  ///< From base + start + step * c.
};

class LoopVersioner {
 public:
  LoopVersioner(Loop& loop, LoopInfo& loops, DominatorTree& dominators, ScalarEvolution& scev)
      : loop_(loop),
        loops_(loops),
        dominators_(dominators),
        scev_(scev),
        function_(*loop.getHeader()->getParent()),
        layout_(function_.getParent()->getDataLayout()),
        i64_(Type::getInt64Ty(function_.getContext())) {}

  bool run() {
    if (!has_shape()) return false;
    if (!collect_accesses()) return false;
    trips_ = trip_count();
    if (!trips_ || !can_expand()) return false;
    if (all_affine_) plan_ = find_reroll();
    version();
    return true;
  }

 private:
  /// One way in, one way back, one way out, which is the latch.
  bool has_shape() const {
    return loop_.isInnermost() && loop_.isLoopSimplifyForm() && loop_.getExitingBlock() != nullptr &&
           loop_.getExitingBlock() == loop_.getLoopLatch() && loop_.getExitBlock() != nullptr &&
           loop_.isLCSSAForm(dominators_);
  }

  bool collect_accesses() {
    unsigned instructions = 0;
    for (BasicBlock* block : loop_.blocks()) {
      for (Instruction& instruction : *block) {
        if (++instructions > kMostInstructions) return false;
        auto* const call = dyn_cast<CallBase>(&instruction);
        if (call == nullptr) continue;
        const Function* const callee = call->getCalledFunction();
        if (callee == nullptr) return false;
        const FaultingAccess kind = faulting_access(*callee);
        if (kind == FaultingAccess::kNone) {
          if (!callee->isIntrinsic()) return false;
          continue;
        }
        const size_t known = accesses_.size();
        add_access(*call, kind);
        all_affine_ = all_affine_ && accesses_.size() > known;
        if (ranges_.size() > kMostRanges) return false;
      }
    }
    return !accesses_.empty();
  }

  /// An access that is not affine stays as it is.
  void add_access(CallBase& call, FaultingAccess kind) {
    const SCEV* const address = scev_.getSCEV(call.getArgOperand(0));
    const auto* const base = dyn_cast<SCEVUnknown>(scev_.getPointerBase(address));
    if (base == nullptr || !loop_.isLoopInvariant(base->getValue()) || !bytes_of(base->getValue())) return;
    const SCEV* const offset = scev_.removePointerBase(address);
    const SCEV* const lifted = lift(offset);
    if (lifted == nullptr) return;
    const SCEV* start = lifted;
    const SCEV* step = scev_.getZero(i64_);
    if (const auto* const recurrence = dyn_cast<SCEVAddRecExpr>(lifted);
        recurrence && recurrence->getLoop() == &loop_) {
      if (!recurrence->isAffine()) return;
      start = recurrence->getStart();
      step = recurrence->getStepRecurrence(scev_);
    }
    if (!scev_.isLoopInvariant(start, &loop_) || !scev_.isLoopInvariant(step, &loop_)) return;
    if (!is_bounded(start, kMostStart) || !is_bounded(step, kMostStep)) return;
    const auto size = static_cast<int64_t>(
        layout_.getTypeStoreSize(kind == FaultingAccess::kLoad ? call.getType() : call.getArgOperand(1)->getType())
            .getFixedValue());
    for (size_t i = 0; i < ranges_.size(); ++i) {
      Range& range = ranges_[i];
      if (range.base != base->getValue() || range.step != step) continue;
      const auto* const distance = dyn_cast<SCEVConstant>(scev_.getMinusSCEV(start, range.start));
      if (distance == nullptr) continue;
      const int64_t offset = distance->getAPInt().getSExtValue();
      if (std::abs(offset) > kMostStep) continue;
      range.least = std::min(range.least, offset);
      range.most = std::max(range.most, offset + size);
      accesses_.push_back({&call, kind, i, offset});
      return;
    }
    accesses_.push_back({&call, kind, ranges_.size(), 0});
    ranges_.push_back({base->getValue(), start, step, 0, size});
  }

  bool is_bounded(const SCEV* expression, int64_t most) {
    const ConstantRange range = scev_.getSignedRange(expression);
    return range.getSignedMin().sge(-most) && range.getSignedMax().sle(most);
  }

  /// An expression of 64 bits, affine in the loop, that is the given one where no 32-bit part of it wraps; null if
  /// there is none.
  const SCEV* lift(const SCEV* expression) {
    if (scev_.isLoopInvariant(expression, &loop_)) return lift_invariant(expression);
    switch (expression->getSCEVType()) {
      case scZeroExtend:
      case scTruncate:
        if (!is_index(expression)) return nullptr;
        return lift(cast<SCEVCastExpr>(expression)->getOperand());
      case scAddExpr: {
        const SCEV* sum = scev_.getZero(i64_);
        for (const SCEV* operand : cast<SCEVAddExpr>(expression)->operands()) {
          const SCEV* const lifted = lift(operand);
          if (lifted == nullptr) return nullptr;
          sum = scev_.getAddExpr(sum, lifted);
        }
        return sum;
      }
      case scMulExpr: {
        const auto* const product = cast<SCEVMulExpr>(expression);
        if (product->getNumOperands() != 2 || !isa<SCEVConstant>(product->getOperand(0))) return nullptr;
        const SCEV* const factor = lift(product->getOperand(1));
        if (factor == nullptr) return nullptr;
        return scev_.getMulExpr(lift_signed(product->getOperand(0)), factor);
      }
      case scAddRecExpr: {
        const auto* const recurrence = cast<SCEVAddRecExpr>(expression);
        if (recurrence->getLoop() != &loop_ || !recurrence->isAffine()) return nullptr;
        const SCEV* const start = lift(recurrence->getStart());
        if (start == nullptr) return nullptr;
        const SCEV* const step = lift_signed(recurrence->getStepRecurrence(scev_));
        return scev_.getAddRecExpr(start, step, &loop_, SCEV::FlagAnyWrap);
      }
      default:
        return nullptr;
    }
  }

  /// Zero extension from 32 to 64 bits, or the truncation that an inner part of it may be. What is extended from
  /// fewer bits wraps on its own.
  bool is_index(const SCEV* expression) const {
    const auto* const cast_expression = cast<SCEVCastExpr>(expression);
    const uint64_t from = scev_.getTypeSizeInBits(cast_expression->getOperand()->getType());
    const uint64_t to = scev_.getTypeSizeInBits(expression->getType());
    return expression->getSCEVType() == scZeroExtend ? from == 32 && to == 64 : from == 64 && to == 32;
  }

  /// What stays the same is taken as unsigned; constants are taken out, so that neighbours are seen to be such.
  const SCEV* lift_invariant(const SCEV* expression) {
    if (expression->getType() == i64_) {
      const auto* const extension = dyn_cast<SCEVZeroExtendExpr>(expression);
      if (extension == nullptr || !is_index(extension)) return expression;
      expression = extension->getOperand();
    }
    if (isa<SCEVConstant>(expression)) return lift_signed(expression);
    const SCEV* constant = scev_.getZero(expression->getType());
    if (const auto* const sum = dyn_cast<SCEVAddExpr>(expression)) {
      if (isa<SCEVConstant>(sum->getOperand(0))) constant = sum->getOperand(0);
    } else if (const auto* const recurrence = dyn_cast<SCEVAddRecExpr>(expression)) {
      const SCEV* const start = recurrence->getStart();
      if (isa<SCEVConstant>(start)) constant = start;
      if (const auto* const sum = dyn_cast<SCEVAddExpr>(start); sum && isa<SCEVConstant>(sum->getOperand(0))) {
        constant = sum->getOperand(0);
      }
    }
    const SCEV* const rest = scev_.getMinusSCEV(expression, constant);
    return scev_.getAddExpr(lift_signed(constant), scev_.getZeroExtendExpr(rest, i64_));
  }

  const SCEV* lift_signed(const SCEV* expression) {
    return scev_.getTypeSizeInBits(expression->getType()) < 64 ? scev_.getSignExtendExpr(expression, i64_) : expression;
  }
  const SCEV* lift_unsigned(const SCEV* expression) {
    return scev_.getTypeSizeInBits(expression->getType()) < 64 ? scev_.getZeroExtendExpr(expression, i64_) : expression;
  }

  std::optional<TripCount> trip_count() {
    const SCEV* const known = scev_.getBackedgeTakenCount(&loop_);
    if (!isa<SCEVCouldNotCompute>(known)) {
      if (scev_.getTypeSizeInBits(known->getType()) > 64) return std::nullopt;
      return TripCount{lift_unsigned(known), {}, {}};
    }
    return count_strides();
  }

  /// Trip counts that ScalarEvolution does not know, since wasm's integers carry no promise not to wrap: the latch
  /// compares a recurrence with an invariant.
  std::optional<TripCount> count_strides() {
    auto* const branch = dyn_cast<BranchInst>(loop_.getLoopLatch()->getTerminator());
    auto* const compare = branch->isConditional() ? dyn_cast<ICmpInst>(branch->getCondition()) : nullptr;
    if (compare == nullptr || !compare->getOperand(0)->getType()->isIntegerTy()) return std::nullopt;
    CmpInst::Predicate stays = compare->getPredicate();
    if (!loop_.contains(branch->getSuccessor(0))) stays = CmpInst::getInversePredicate(stays);
    const SCEV* moving = scev_.getSCEV(compare->getOperand(0));
    const SCEV* limit = scev_.getSCEV(compare->getOperand(1));
    if (scev_.isLoopInvariant(moving, &loop_)) {
      std::swap(moving, limit);
      stays = CmpInst::getSwappedPredicate(stays);
    }
    const auto* const recurrence = dyn_cast<SCEVAddRecExpr>(moving);
    if (recurrence == nullptr || recurrence->getLoop() != &loop_ || !recurrence->isAffine() ||
        !scev_.isLoopInvariant(limit, &loop_) || scev_.getTypeSizeInBits(moving->getType()) != 32) {
      return std::nullopt;
    }
    const auto* const step = dyn_cast<SCEVConstant>(recurrence->getStepRecurrence(scev_));
    if (step == nullptr) return std::nullopt;
    const int64_t stride = step->getAPInt().getSExtValue();
    if (stride == 0 || stride == INT32_MIN) return std::nullopt;
    const SCEV* const start = recurrence->getStart();
    const auto constant = [&](int64_t value) { return scev_.getConstant(i64_, static_cast<uint64_t>(value), true); };

    if (stays == CmpInst::ICMP_NE) {
      // The first c with start + stride * c == limit (mod 2^32) is the distance / stride, if that has no remainder.
      const SCEV* const distance =
          lift_unsigned(stride > 0 ? scev_.getMinusSCEV(limit, start) : scev_.getMinusSCEV(start, limit));
      const SCEV* const size = constant(std::abs(stride));
      TripCount trips{scev_.getUDivExpr(distance, size), {}, {}};
      trips.equal.emplace_back(scev_.getMulExpr(trips.count, size), distance);
      return trips;
    }
    const bool is_signed = CmpInst::isSigned(stays);
    const bool rises = stays == CmpInst::ICMP_ULT || stays == CmpInst::ICMP_SLT || stays == CmpInst::ICMP_ULE ||
                       stays == CmpInst::ICMP_SLE;
    if (!CmpInst::isRelational(stays) || rises != (stride > 0)) return std::nullopt;
    // In 64 bits: how far from start until the limit is reached or passed, when the step beyond it does not wrap.
    const auto widen = [&](const SCEV* value) { return is_signed ? lift_signed(value) : lift_unsigned(value); };
    const int64_t equality = CmpInst::isTrueWhenEqual(stays) ? 1 : 0;
    const SCEV* const from = widen(start);
    const SCEV* const to = scev_.getAddExpr(widen(limit), constant(rises ? equality : -equality));
    const SCEV* const gap = rises ? scev_.getMinusSCEV(to, from) : scev_.getMinusSCEV(from, to);
    const SCEV* const size = constant(std::abs(stride));
    const SCEV* const some = scev_.getSMaxExpr(gap, constant(0));
    TripCount trips{scev_.getUDivExpr(scev_.getAddExpr(some, constant(std::abs(stride) - 1)), size), {}, {}};
    const int64_t most = is_signed ? INT32_MAX : int64_t{UINT32_MAX};
    const int64_t least = is_signed ? INT32_MIN : 0;
    if (rises) {
      trips.ordered.emplace_back(scev_.getAddExpr(to, constant(stride - 1)), constant(most));
    } else {
      trips.ordered.emplace_back(constant(least), scev_.getAddExpr(to, constant(stride + 1)));
    }
    return trips;
  }

  std::optional<RerollPlan> find_reroll() {
    std::vector<RerollAccess> accesses;
    for (const Access& access : accesses_) {
      accesses.push_back({access.call, access.kind == FaultingAccess::kLoad, access.range, access.offset});
    }
    std::vector<std::optional<int64_t>> steps;
    for (const Range& range : ranges_) {
      const auto* const step = dyn_cast<SCEVConstant>(range.step);
      steps.push_back(step != nullptr ? std::optional(step->getAPInt().getSExtValue()) : std::nullopt);
    }
    return plan_reroll(loop_, scev_, accesses, steps);
  }

  bool can_expand() {
    Instruction* const place = loop_.getLoopPreheader()->getTerminator();
    const SCEVExpander expander(scev_, "range");
    const auto expandable = [&](const SCEV* expression) { return expander.isSafeToExpandAt(expression, place); };
    if (!expandable(trips_->count)) return false;
    for (const auto* pairs : {&trips_->equal, &trips_->ordered}) {
      for (const auto& [a, b] : *pairs) {
        if (!expandable(a) || !expandable(b)) return false;
      }
    }
    return all_of(ranges_, [&](const Range& range) { return expandable(range.start) && expandable(range.step); });
  }

  /// Where the size of the memory that begins at `base` stands: emitted code reads bases from its context or from
  /// the memory's view. Null if it does not.
  std::optional<std::pair<Value*, bool>> bytes_of(Value* base) const {
    auto* const load = dyn_cast<LoadInst>(base);
    if (load == nullptr) return std::nullopt;
    APInt offset(64, 0);
    Value* const object = load->getPointerOperand()->stripAndAccumulateConstantOffsets(layout_, offset, true);
    const bool of_context = object == function_.getArg(0);
    if (of_context && offset == offsetof(VMContext, guarded_base0)) return std::pair(object, true);
    if (!of_context && offset == offsetof(MemoryView, base)) return std::pair(object, false);
    return std::nullopt;
  }

  Value* load_bytes(IRBuilderBase& builder, Value* base) {
    Type* const pointer = builder.getPtrTy();
    auto [object, of_context] = *bytes_of(base);
    if (of_context) {
      auto* const view = builder.CreateLoad(
          pointer, builder.CreateConstGEP1_64(builder.getInt8Ty(), object, offsetof(VMContext, memory0)));
      view->setMetadata(LLVMContext::MD_invariant_load, MDNode::get(builder.getContext(), {}));
      object = view;
    }
    auto* const bytes = builder.CreateAlignedLoad(
        i64_, builder.CreateConstGEP1_64(builder.getInt8Ty(), object, offsetof(MemoryView, bytes)), Align(8));
    bytes->setAtomic(AtomicOrdering::Monotonic);  // of shared memories, other threads write it
    return bytes;
  }

  /// Whether all is well, computed at the end of the preheader; fills in the ranges' values.
  Value* build_check(SCEVExpander& expander, Instruction* place) {
    const auto expand = [&](const SCEV* expression) {
      return expander.expandCodeFor(expression, expression->getType(), place);
    };
    count_ = expand(trips_->count);
    for (Range& range : ranges_) {
      range.stride = expand(range.step);
      range.origin = expand(range.start);
    }
    SmallVector<std::pair<Value*, Value*>, 1> equal, ordered;
    for (const auto& [a, b] : trips_->equal) equal.emplace_back(expand(a), expand(b));
    for (const auto& [a, b] : trips_->ordered) ordered.emplace_back(expand(a), expand(b));

    IRBuilder<> builder(place);
    Value* ok = builder.CreateICmpULT(count_, builder.getInt64(uint64_t{1} << kIterationBits));
    const auto require = [&](Value* condition) { ok = builder.CreateAnd(ok, condition); };
    for (const auto& [a, b] : equal) require(builder.CreateICmpEQ(a, b));
    for (const auto& [a, b] : ordered) require(builder.CreateICmpSLE(a, b));
    SmallDenseMap<Value*, Value*> bytes;
    for (Range& range : ranges_) {
      Value*& size = bytes[range.base];
      if (size == nullptr) size = load_bytes(builder, range.base);
      Value* const first = builder.CreateAdd(range.origin, builder.getInt64(range.least));
      Value* lowest = first;
      Value* highest = first;
      const auto* const step = dyn_cast<ConstantInt>(range.stride);
      if (step == nullptr || !step->isZero()) {
        Value* const last = builder.CreateAdd(first, builder.CreateMul(range.stride, count_));
        if (step == nullptr) {
          lowest = builder.CreateBinaryIntrinsic(Intrinsic::smin, first, last);
          highest = builder.CreateBinaryIntrinsic(Intrinsic::smax, first, last);
        } else {
          (step->isNegative() ? lowest : highest) = last;
        }
      }
      range.lowest = lowest;
      range.end = builder.CreateAdd(highest, builder.getInt64(range.most - range.least));
      require(builder.CreateICmpSGE(lowest, builder.getInt64(0)));
      require(builder.CreateICmpSLE(range.end, size));
    }
    if (plan_) {
      for (const auto& [i, j] : plan_->disjoint) {
        const Range& a = ranges_[i];
        const Range& b = ranges_[j];
        if (a.base != b.base) continue;
        require(builder.CreateOr(builder.CreateICmpSLE(a.end, b.lowest), builder.CreateICmpSLE(b.end, a.lowest)));
      }
    }
    return ok;
  }

  void version() {
    BasicBlock* const check = loop_.getLoopPreheader();
    SCEVExpander expander(scev_, "range");
    Value* const ok = build_check(expander, check->getTerminator());

    BasicBlock* const exit = loop_.getExitBlock();
    BasicBlock* const preheader =
        SplitBlock(check, check->getTerminator(), &dominators_, &loops_, nullptr, loop_.getHeader()->getName() + ".ph");
    ValueToValueMapTy map;
    SmallVector<BasicBlock*, 8> blocks;
    Loop* const exact = cloneLoopWithPreheader(preheader, check, &loop_, map, ".exact", &loops_, &dominators_, blocks);
    remapInstructionsInBlocks(blocks, map);
    for (PHINode& phi : exit->phis()) {
      const int index = phi.getBasicBlockIndex(loop_.getExitingBlock());
      Value* const value = phi.getIncomingValue(static_cast<unsigned>(index));
      const auto copy = map.find(value);
      phi.addIncoming(copy != map.end() ? static_cast<Value*>(copy->second) : value,
                      cast<BasicBlock>(map[loop_.getExitingBlock()]));
    }
    Instruction* const old_branch = check->getTerminator();
    IRBuilder<> builder(old_branch);
    builder.CreateCondBr(ok, preheader, exact->getLoopPreheader(),
                         MDBuilder(function_.getContext()).createLikelyBranchWeights());
    old_branch->eraseFromParent();
    dominators_.changeImmediateDominator(exit, check);
    keep_as_is(*exact);

    if (plan_) reroll(expander);
    rewrite();
    formDedicatedExitBlocks(exact, &dominators_, &loops_, nullptr, true);
    formDedicatedExitBlocks(&loop_, &dominators_, &loops_, nullptr, true);
    scev_.forgetTopmostLoop(&loop_);
  }

  /// No pass shall make more of the exact copy.
  static void keep_as_is(Loop& loop) {
    LLVMContext& context = loop.getHeader()->getContext();
    const auto flag = [&](StringRef name) { return MDNode::get(context, {MDString::get(context, name)}); };
    loop.setLoopID(makePostTransformationMetadata(context, loop.getLoopID(), {},
                                                  {flag("llvm.loop.unroll.disable"), flag("llvm.loop.isvectorized")}));
  }

  /// Leaves one copy of the body, that moves by one element. The other copies' values die with their last use.
  void reroll(SCEVExpander& expander) {
    const auto factor = static_cast<int64_t>(plan_->factor);
    BasicBlock* const latch = loop_.getLoopLatch();
    Instruction* const place = loop_.getLoopPreheader()->getTerminator();
    for (PHINode& exit : loop_.getExitBlock()->phis()) {
      const auto index = static_cast<unsigned>(exit.getBasicBlockIndex(latch));
      Value* const value = exit.getIncomingValue(index);
      if (loop_.isLoopInvariant(value)) continue;
      const auto carried =
          find_if(plan_->carried, [&](const auto& c) { return c.first->getIncomingValueForBlock(latch) == value; });
      if (carried != plan_->carried.end()) {
        exit.setIncomingValue(index, carried->second);
        continue;
      }
      const auto* const recurrence = cast<SCEVAddRecExpr>(scev_.getSCEV(value));
      const SCEV* const count = scev_.getTruncateOrZeroExtend(scev_.getSCEV(count_), value->getType());
      const SCEV* const last =
          scev_.getAddExpr(recurrence->getStart(), scev_.getMulExpr(recurrence->getStepRecurrence(scev_), count));
      exit.setIncomingValue(index, expander.expandCodeFor(last, value->getType(), place));
    }
    for (PHINode& phi : loop_.getHeader()->phis()) {
      const std::optional<int64_t> step = induction_step(phi, loop_, scev_);
      if (!step) continue;
      IRBuilder<> builder(latch->getTerminator());
      Value* const next = builder.CreateAdd(&phi, ConstantInt::getSigned(phi.getType(), *step / factor));
      phi.setIncomingValueForBlock(latch, next);
    }
    for (const auto& [phi, value] : plan_->carried) phi->setIncomingValueForBlock(latch, value);
    erase_if(accesses_, [&](const Access& access) {
      if (access.kind == FaultingAccess::kLoad || is_contained(plan_->kept_stores, access.call)) return false;
      access.call->eraseFromParent();
      return true;
    });
    IRBuilder<> builder(place);
    Value* const trips = builder.CreateMul(builder.CreateAdd(count_, builder.getInt64(1)), builder.getInt64(factor));
    count_ = builder.CreateSub(trips, builder.getInt64(1));
    for (Range& range : ranges_) {
      range.stride = builder.getInt64(cast<ConstantInt>(range.stride)->getSExtValue() / factor);
    }
  }

  /// Makes the loop the checked copy: a counter that does not wrap, addresses from it, plain accesses.
  void rewrite() {
    BasicBlock* const header = loop_.getHeader();
    BasicBlock* const latch = loop_.getLoopLatch();
    IRBuilder<> builder(header, header->begin());
    PHINode* const counter = builder.CreatePHI(i64_, 2, "c");
    auto* const branch = cast<BranchInst>(latch->getTerminator());
    builder.SetInsertPoint(branch);
    Value* const next = builder.CreateAdd(counter, builder.getInt64(1), "c.next", true, true);
    counter->addIncoming(builder.getInt64(0), loop_.getLoopPreheader());
    counter->addIncoming(next, latch);
    const bool leaves_when_true = !loop_.contains(branch->getSuccessor(0));
    Value* const old_condition = branch->getCondition();
    branch->setCondition(builder.CreateICmp(leaves_when_true ? CmpInst::ICMP_EQ : CmpInst::ICMP_NE, counter, count_));
    RecursivelyDeleteTriviallyDeadInstructions(old_condition);

    builder.SetInsertPoint(loop_.getLoopPreheader()->getTerminator());
    const auto no_wrap = GEPNoWrapFlags::inBounds();
    for (Range& range : ranges_) {
      // By way of an integer, so that to the vectoriser each range is an object of its own, as arrays are in C: it then
      // compares ranges at run time where it would give up on two places of one object.
      Value* const base = builder.CreatePtrToInt(range.base, i64_);
      range.origin = builder.CreateIntToPtr(builder.CreateAdd(base, range.origin), builder.getPtrTy());
    }
    for (const Access& access : accesses_) {
      const Range& range = ranges_[access.range];
      builder.SetInsertPoint(access.call);
      Value* address = range.origin;
      if (const auto* const step = dyn_cast<ConstantInt>(range.stride); step == nullptr || !step->isZero()) {
        address = builder.CreateGEP(builder.getInt8Ty(), address,
                                    builder.CreateMul(counter, range.stride, "", false, true), "", no_wrap);
      }
      if (access.offset != 0) {
        address = builder.CreateGEP(builder.getInt8Ty(), address, builder.getInt64(access.offset), "", no_wrap);
      }
      Value* const old_address = access.call->getArgOperand(0);
      Instruction* plain;
      if (access.kind == FaultingAccess::kLoad) {
        plain = builder.CreateAlignedLoad(access.call->getType(), address, Align(1));
        plain->takeName(access.call);
        access.call->replaceAllUsesWith(plain);
      } else {
        plain = builder.CreateAlignedStore(access.call->getArgOperand(1), address, Align(1));
      }
      plain->setAAMetadata(access.call->getAAMetadata());
      access.call->eraseFromParent();
      RecursivelyDeleteTriviallyDeadInstructions(old_address);
    }
  }

  Loop& loop_;
  LoopInfo& loops_;
  DominatorTree& dominators_;
  ScalarEvolution& scev_;
  Function& function_;
  const DataLayout& layout_;
  Type* const i64_;
  std::vector<Access> accesses_;
  std::vector<Range> ranges_;
  bool all_affine_ = true;
  std::optional<TripCount> trips_;
  std::optional<RerollPlan> plan_;
  Value* count_ = nullptr;
};

}  // namespace

PreservedAnalyses LoopVersionPass::run(Function& function, FunctionAnalysisManager& analyses) {
  LoopInfo& loops = analyses.getResult<LoopAnalysis>(function);
  if (loops.empty()) return PreservedAnalyses::all();
  DominatorTree& dominators = analyses.getResult<DominatorTreeAnalysis>(function);
  ScalarEvolution& scev = analyses.getResult<ScalarEvolutionAnalysis>(function);
  SmallVector<Loop*, 8> innermost;
  for (Loop* loop : loops.getLoopsInPreorder()) {
    if (loop->isInnermost()) innermost.push_back(loop);
  }
  bool changed = false;
  for (Loop* loop : innermost) changed |= LoopVersioner(*loop, loops, dominators, scev).run();
  if (!changed) return PreservedAnalyses::all();
  PreservedAnalyses preserved;
  preserved.preserve<LoopAnalysis>();
  preserved.preserve<DominatorTreeAnalysis>();
  return preserved;
}

}  // namespace wherry::compiler
