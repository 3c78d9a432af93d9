// The parts of LLVM that this room's files share, as its precompiled header. Files include it after their own header,
// and what only they need besides.
#pragma once

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/SmallString.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/ADT/StringSwitch.h>
#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/ModRef.h>

namespace wherry::compiler {
using namespace ::llvm;  // NOLINT: LLVM's own files read so
// Names that mean something else in wherry.
using ::llvm::Module;
using ::llvm::Value;
}  // namespace wherry::compiler
