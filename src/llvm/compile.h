// The compiler's driver: from a module to a native image, on all cores.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/compiler_abi.h"
#include "wasm/module.h"
#include "wherry/config.h"
#include "wherry/result.h"

namespace wherry::compiler {

struct CompileOptions {
  engine::CompileTarget target = engine::CompileTarget::kHost;
  engine::CompileCpu cpu = engine::CompileCpu::kHost;
  engine::CompileLevel level = engine::CompileLevel::kDefault;
  BoundsStrategy bounds = BoundsStrategy::kGuard;
  bool relaxed_simd_deterministic = false;
  bool canonical_nan = false;
  bool fuel = false;
  uint32_t threads = 0;  ///< 0: one a processor.
  /// The functions to compile (function index space, defined ones); nullopt: all.
  std::optional<std::span<const uint32_t>> functions;
};

/// Is told how far a compilation is.
class Progress {
 public:
  virtual ~Progress() = default;
  /// `done` of `total` bytes of function bodies are code. Called from any thread, but from one at a time. False: stop.
  virtual bool update(uint64_t done, uint64_t total) = 0;
};

/// The native image (engine/native_image.h) of a module. `progress` may be null. Errors: those of validation; kLimit
/// when stopped by `progress`; kUnsupported for what the code generator cannot do. Thread-safe.
Result<std::vector<uint8_t>> compile_module(const wasm::Module& module, const CompileOptions& options,
                                            Progress* progress);

}  // namespace wherry::compiler
