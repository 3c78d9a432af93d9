// The machines that code is made for: their name, features and code generator in LLVM.
#pragma once

#include <memory>
#include <string>

#include "engine/compiler_abi.h"
#include "engine/cpu_features.h"
#include "engine/native_image.h"
#include "wherry/result.h"

namespace llvm {
class TargetMachine;
}

namespace wherry::compiler {

struct Target {
  engine::ImageArch arch;
  std::string triple;
  std::string features;  ///< "+avx2,+bmi": exactly those of required_features, beyond the architecture's.
  std::string tune_cpu;  ///< Whose costs to optimise for.
  engine::CpuFeatureSet required_features;
};

/// Errors: kUnsupported for a machine that this LLVM does not know.
Result<Target> make_target(engine::CompileTarget target, engine::CompileCpu cpu);

/// Not thread-safe, and may not be used by two threads at once. Never null for what make_target() made.
std::unique_ptr<llvm::TargetMachine> make_machine(const Target& target, engine::CompileLevel level);

}  // namespace wherry::compiler
