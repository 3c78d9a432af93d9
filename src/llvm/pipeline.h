// The middle end: which of LLVM's passes run over which functions, and in which order.
#pragma once

#include <memory>

#include "engine/compiler_abi.h"

namespace llvm {
class Module;
class TargetMachine;
}  // namespace llvm

namespace wherry::compiler {

/// Optimises a shard. Accesses of linear memory stay calls (memory_access.h), but for those that cannot fault.
void optimize(llvm::Module& module, llvm::TargetMachine& machine, engine::CompileLevel level);

}  // namespace wherry::compiler
