#include "llvm/target.h"

#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/CodeGen.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Target/TargetOptions.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/Triple.h>

#include <mutex>
#include <span>

#include "llvm/precompiled.h"

namespace wherry::compiler {

namespace {

using engine::CompileCpu;
using engine::CompileLevel;
using engine::CompileTarget;
using engine::CpuFeature;
using engine::ImageArch;

#if defined(__x86_64__)
constexpr ImageArch kHostArch = ImageArch::kX86_64;
#elif defined(__aarch64__)
constexpr ImageArch kHostArch = ImageArch::kAarch64;
#endif

void initialize_llvm() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
  });
}

std::span<const CpuFeature> features_of(ImageArch arch) {
  return arch == ImageArch::kX86_64 ? std::span<const CpuFeature>(engine::kX86Features)
                                    : std::span<const CpuFeature>(engine::kAarch64Features);
}

engine::CpuFeatureSet baseline_of(ImageArch arch) {
  engine::CpuFeatureSet set{};
  if (arch == ImageArch::kX86_64) {
    for (uint32_t bit : engine::kX86Baseline) engine::add_feature(set, bit);
  }
  return set;
}

}  // namespace

Result<Target> make_target(CompileTarget wanted, CompileCpu cpu) {
  initialize_llvm();
  Target target;
  target.arch = wanted == CompileTarget::kHost ? kHostArch : static_cast<ImageArch>(wanted);
  if (target.arch != ImageArch::kX86_64 && target.arch != ImageArch::kAarch64) {
    return fail(ErrorCode::kUnsupported, "the compiler does not know this architecture");
  }
  const bool is_x86 = target.arch == ImageArch::kX86_64;
  target.triple = is_x86 ? "x86_64-unknown-linux-gnu" : "aarch64-unknown-linux-gnu";
  target.required_features = baseline_of(target.arch);
  target.tune_cpu = "generic";
  if (cpu == CompileCpu::kHost && target.arch == kHostArch) {
    const StringMap<bool> host = sys::getHostCPUFeatures();
    for (const CpuFeature& feature : features_of(target.arch)) {
      if (host.lookup(StringRef(feature.name.data(), feature.name.size()))) {
        engine::add_feature(target.required_features, feature.bit);
      }
    }
    target.tune_cpu = sys::getHostCPUName().str();
  }
  for (const CpuFeature& feature : features_of(target.arch)) {
    if (!engine::has_feature(target.required_features, feature.bit)) continue;
    target.features += (target.features.empty() ? "+" : ",+") + std::string(feature.name);
  }
  std::string error;
  if (TargetRegistry::lookupTarget(Triple(target.triple), error) == nullptr) {
    return fail(ErrorCode::kUnsupported, "this LLVM has no code generator for " + target.triple);
  }
  return target;
}

std::unique_ptr<TargetMachine> make_machine(const Target& target, CompileLevel level) {
  const Triple triple(target.triple);
  std::string error;
  const ::llvm::Target* const generator = TargetRegistry::lookupTarget(triple, error);
  TargetOptions options;
  options.AllowFPOpFusion = FPOpFusion::Strict;  // wasm arithmetic has no contraction
  options.EmitStackSizeSection = true;
  options.ExceptionModel = ExceptionHandling::DwarfCFI;
  const auto opt_level = level == CompileLevel::kFast      ? CodeGenOptLevel::None
                         : level == CompileLevel::kDefault ? CodeGenOptLevel::Default
                                                           : CodeGenOptLevel::Aggressive;
  const StringRef base = target.arch == ImageArch::kX86_64 ? "x86-64" : "generic";
  return std::unique_ptr<TargetMachine>(generator->createTargetMachine(
      triple, base, target.features, options, Reloc::PIC_, CodeModel::Small, opt_level, /*JIT=*/false));
}

}  // namespace wherry::compiler
