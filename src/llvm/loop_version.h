// Loop versioning: an innermost loop whose accesses of linear memory are affine gets one check of all their ranges
// before it begins. Behind the check runs a copy in which nothing can fault, so that its accesses are ordinary loads
// and stores and LLVM may vectorise and reorder as it does with C; the other copy is as it was, and traps where it
// must.
#pragma once

#include <llvm/IR/PassManager.h>

namespace wherry::compiler {

/// Wants loops in simplified, rotated, LCSSA form.
class LoopVersionPass : public llvm::PassInfoMixin<LoopVersionPass> {
 public:
  llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
};

}  // namespace wherry::compiler
