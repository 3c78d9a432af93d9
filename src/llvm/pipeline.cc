#include "llvm/pipeline.h"

#include <llvm/Analysis/AliasAnalysis.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/ADCE.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/GVN.h>
#include <llvm/Transforms/Scalar/IndVarSimplify.h>
#include <llvm/Transforms/Scalar/LICM.h>
#include <llvm/Transforms/Scalar/LoopLoadElimination.h>
#include <llvm/Transforms/Scalar/LoopPassManager.h>
#include <llvm/Transforms/Scalar/LoopRotation.h>
#include <llvm/Transforms/Scalar/LoopUnrollPass.h>
#include <llvm/Transforms/Scalar/Reassociate.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <llvm/Transforms/Utils/LCSSA.h>
#include <llvm/Transforms/Utils/LoopSimplify.h>
#include <llvm/Transforms/Vectorize/LoopVectorize.h>
#include <llvm/Transforms/Vectorize/SLPVectorizer.h>
#include <llvm/Transforms/Vectorize/VectorCombine.h>

#include "llvm/loop_version.h"
#include "llvm/precompiled.h"

namespace wherry::compiler {

namespace {

using engine::CompileLevel;

/// The managers that passes need, with the target's costs and no C library.
struct Analyses {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager sccs;
  ModuleAnalysisManager modules;
  PassBuilder builder;

  explicit Analyses(TargetMachine& machine) : builder(&machine) {
    TargetLibraryInfoImpl library(machine.getTargetTriple());
    library.disableAllFunctions();
    functions.registerPass([library] { return TargetLibraryAnalysis(library); });
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(sccs);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, sccs, modules);
  }
};

template <class... Passes>
auto loop_passes(Passes... passes) {
  LoopPassManager manager;
  (manager.addPass(std::move(passes)), ...);
  return createFunctionToLoopPassAdaptor(std::move(manager), /*UseMemorySSA=*/true);
}

/// What every function gets.
FunctionPassManager scalar_passes(CompileLevel level) {
  FunctionPassManager passes;
  if (level == CompileLevel::kFast) {
    passes.addPass(EarlyCSEPass());
    return passes;
  }
  passes.addPass(EarlyCSEPass(/*UseMemorySSA=*/true));
  passes.addPass(InstCombinePass());
  passes.addPass(SimplifyCFGPass());
  return passes;
}

/// What functions with loops get before their loops are versioned.
FunctionPassManager loop_shaping_passes() {
  FunctionPassManager passes;
  passes.addPass(LoopSimplifyPass());
  passes.addPass(LCSSAPass());
  passes.addPass(loop_passes(LoopRotatePass(), LICMPass(LICMOptions())));
  passes.addPass(GVNPass());
  passes.addPass(InstCombinePass());
  passes.addPass(LoopSimplifyPass());
  passes.addPass(LCSSAPass());
  return passes;
}

/// What functions get in which a loop was versioned: as LLVM treats loops in C.
FunctionPassManager versioned_passes(CompileLevel level) {
  FunctionPassManager passes;
  passes.addPass(EarlyCSEPass(/*UseMemorySSA=*/true));
  passes.addPass(InstCombinePass());
  passes.addPass(loop_passes(LICMPass(LICMOptions()), IndVarSimplifyPass()));
  passes.addPass(LoopVectorizePass());
  passes.addPass(LoopLoadEliminationPass());
  passes.addPass(InstCombinePass());
  passes.addPass(SimplifyCFGPass());
  passes.addPass(SLPVectorizerPass());
  passes.addPass(VectorCombinePass());
  passes.addPass(InstCombinePass());
  passes.addPass(LoopUnrollPass(LoopUnrollOptions(level == CompileLevel::kMax ? 3 : 2)));
  passes.addPass(InstCombinePass());
  passes.addPass(loop_passes(LICMPass(LICMOptions())));
  return passes;
}

}  // namespace

void optimize(Module& module, TargetMachine& machine, CompileLevel level) {
  Analyses analyses(machine);
  FunctionPassManager scalar = scalar_passes(level);
  FunctionPassManager shaping = loop_shaping_passes();
  LoopVersionPass version;
  FunctionPassManager versioned = versioned_passes(level);
  FunctionPassManager last;
  last.addPass(EarlyCSEPass(/*UseMemorySSA=*/true));
  last.addPass(SimplifyCFGPass());
  FunctionAnalysisManager& manager = analyses.functions;
  for (Function& function : module) {
    if (function.isDeclaration()) continue;
    const auto run = [&](auto& passes) {
      const PreservedAnalyses preserved = passes.run(function, manager);
      manager.invalidate(function, preserved);
      return !preserved.areAllPreserved();
    };
    run(scalar);
    if (level != CompileLevel::kFast && !manager.getResult<LoopAnalysis>(function).empty()) {
      run(shaping);
      if (run(version)) run(versioned);
      run(last);
    }
    manager.clear(function, function.getName());
  }
}

}  // namespace wherry::compiler
