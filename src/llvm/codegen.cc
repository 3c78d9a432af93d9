#include "llvm/codegen.h"

#include <llvm/CodeGen/CodeGenTargetMachineImpl.h>
#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/Support/raw_ostream.h>

#include "llvm/memory_access.h"
#include "llvm/precompiled.h"

namespace wherry::compiler {

namespace {

/// Replaces one call.
void lower_access(CallBase& call, FaultingAccess kind) {
  IRBuilder<> builder(&call);
  Value* const address = call.getArgOperand(0);
  Instruction* access;
  if (kind == FaultingAccess::kLoad) {
    access = builder.CreateAlignedLoad(call.getType(), address, Align(1), /*isVolatile=*/true);
    call.replaceAllUsesWith(access);
    access->takeName(&call);
  } else {
    access = builder.CreateAlignedStore(call.getArgOperand(1), address, Align(1), /*isVolatile=*/true);
  }
  access->setAAMetadata(call.getAAMetadata());
  call.eraseFromParent();
}

}  // namespace

void lower_memory_accesses(Module& module) {
  for (Function& function : make_early_inc_range(module)) {
    const FaultingAccess kind = faulting_access(function);
    if (kind == FaultingAccess::kNone) continue;
    for (User* user : make_early_inc_range(function.users())) lower_access(*cast<CallBase>(user), kind);
    function.eraseFromParent();
  }
}

Result<> emit_object(Module& module, TargetMachine& machine, SmallVectorImpl<char>& elf) {
  raw_svector_ostream out(elf);
  legacy::PassManager passes;
  auto* const modules = new MachineModuleInfoWrapperPass(&machine);  // owned by `passes`
  TargetPassConfig* const config = static_cast<CodeGenTargetMachineImpl&>(machine).createPassConfig(passes);
  config->setDisableVerify(true);
  // Merging the ends of blocks would merge the places where they trap.
  config->setEnableTailMerge(false);
  // Backtraces go by frame pointers: the frame must stand before the first instruction that can trap.
  config->disablePass(&ShrinkWrapID);
  // Follows variables; there are none.
  config->disablePass(&LiveDebugValuesID);
  // Processors reorder better.
  config->disablePass(&PostRASchedulerID);
  passes.add(config);
  passes.add(modules);
  if (config->addISelPasses()) return fail(ErrorCode::kUnsupported, "the code generator has no instruction selector");
  config->addMachinePasses();
  config->setInitialized();
  if (machine.addAsmPrinter(passes, out, nullptr, CodeGenFileType::ObjectFile, modules->getMMI().getContext())) {
    return fail(ErrorCode::kUnsupported, "the code generator writes no object files");
  }
  passes.add(createFreeMachineFunctionPass());
  passes.run(module);
  return {};
}

}  // namespace wherry::compiler
