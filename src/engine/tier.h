// The seam between the runtime and the tiers that execute code: all that a store, an instance or a linker knows of
// them. Model: wazero's internal/wasm/engine.go.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "runtime/code.h"
#include "runtime/vmcontext.h"
#include "wasm/module.h"
#include "wherry/config.h"
#include "wherry/result.h"

namespace wherry::engine {

/// A module made ready by a tier. Shared by all instances of the module, immutable to its users, thread-safe (a tier
/// may translate lazily inside).
class TierModule : public runtime::CodeBinder {
 public:
  /// A wasm frame: a function index, and a byte offset in the module.
  struct Frame {
    const wasm::Module* module;
    uint32_t function;
    uint64_t offset;
  };
  /// What a frame of a trap (Store::trap_frames) with this record means.
  virtual Frame locate(const runtime::TrapFrame& frame) const = 0;
};

class Tier : public runtime::StackScanner {
 public:
  virtual std::string_view name() const = 0;
  /// Errors: kLimit, kUnsupported. The module outlives the result.
  virtual Result<std::unique_ptr<TierModule>> compile(const wasm::Module& module, const Config& config) = 0;
};

}  // namespace wherry::engine
