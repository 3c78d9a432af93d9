// The seam between the runtime and the tiers that execute code: all that a store, an instance or a linker knows of
// them. Model: wazero's internal/wasm/engine.go.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

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
  /// A wasm frame: an instance's context, a function index, and a byte offset in the module.
  struct Frame {
    runtime::VMContext* context;
    uint32_t function;
    uint64_t offset;
  };
};

class Tier : public runtime::StackScanner {
 public:
  virtual std::string_view name() const = 0;
  /// Errors: kLimit, kUnsupported. The module outlives the result.
  virtual Result<std::unique_ptr<TierModule>> compile(const wasm::Module& module, const Config& config) = 0;

  /// The wasm frames of `exec` when the last trap happened (ExecState::last_trap), innermost first, at most `max`:
  /// through host functions down to the outermost call. Asked right after the trap, before the next call.
  virtual std::vector<TierModule::Frame> backtrace(const runtime::ExecState& exec, size_t max) const = 0;
};

}  // namespace wherry::engine
