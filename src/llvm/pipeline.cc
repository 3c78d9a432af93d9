#include "llvm/pipeline.h"

#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/GVN.h>
#include <llvm/Transforms/Scalar/LICM.h>
#include <llvm/Transforms/Scalar/LoopPassManager.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>

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
    functions.registerPass([&] { return TargetLibraryAnalysis(library); });
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(sccs);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, sccs, modules);
  }
};

FunctionPassManager default_passes() {
  FunctionPassManager passes;
  passes.addPass(EarlyCSEPass(/*UseMemorySSA=*/true));
  passes.addPass(InstCombinePass());
  passes.addPass(SimplifyCFGPass());
  LoopPassManager loops;
  loops.addPass(LICMPass(LICMOptions()));
  passes.addPass(createFunctionToLoopPassAdaptor(std::move(loops), /*UseMemorySSA=*/true));
  passes.addPass(GVNPass());
  passes.addPass(InstCombinePass());
  passes.addPass(SimplifyCFGPass());
  return passes;
}

FunctionPassManager fast_passes() {
  FunctionPassManager passes;
  passes.addPass(EarlyCSEPass());
  return passes;
}

}  // namespace

void optimize(Module& module, TargetMachine& machine, CompileLevel level) {
  Analyses analyses(machine);
  FunctionPassManager passes = level == CompileLevel::kFast ? fast_passes() : default_passes();
  for (Function& function : module) {
    if (function.isDeclaration()) continue;
    passes.run(function, analyses.functions);
    analyses.functions.clear(function, function.getName());
  }
}

}  // namespace wherry::compiler
