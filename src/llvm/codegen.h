// From optimised IR to an object file.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/compiler_abi.h"
#include "wherry/result.h"

namespace llvm {
class Module;
class TargetMachine;
template <typename T>
class SmallVectorImpl;
}  // namespace llvm

namespace wherry::compiler {

/// Replaces the calls of memory_access.h by loads and stores. They are volatile: the code generator neither drops them,
/// nor sinks them to where their value is used, nor changes their order.
void lower_memory_accesses(llvm::Module& module);

/// An ELF object file. The module's accesses are lowered. Errors: kUnsupported if LLVM cannot.
Result<> emit_object(llvm::Module& module, llvm::TargetMachine& machine, llvm::SmallVectorImpl<char>& elf);

}  // namespace wherry::compiler
