// The seam between the runtime and the tiers that execute code: all that a store, an instance or a linker knows of them.
// Model: wazero's internal/wasm/engine.go.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "runtime/vmcontext.h"
#include "wasm/module.h"
#include "wherry/config.h"
#include "wherry/result.h"

namespace wherry::engine {

/// A module made ready by a tier. Shared by all instances of the module, immutable to its users, thread-safe (a tier may
/// translate lazily inside).
class TierModule {
 public:
  virtual ~TierModule() = default;

  /// Fills `entry` and `code` of a defined function; `context`, `type` and `index` are set. May be called for the same
  /// function of many instances. Cheap: no translation happens here.
  virtual void bind(runtime::Func& func) const = 0;

  /// The wasm frames between the innermost activation of `exec` and the host, innermost first, as (instance context,
  /// function index, byte offset in the module). Called right after a trap, before the next call.
  struct Frame {
    runtime::VMContext* context;
    uint32_t function;
    uint64_t offset;
  };
};

class Tier {
 public:
  virtual ~Tier() = default;
  virtual std::string_view name() const = 0;
  /// Errors: kLimit, kUnsupported. The module outlives the result.
  virtual Result<std::unique_ptr<TierModule>> compile(const wasm::Module& module, const Config& config) = 0;

  /// Frames of the last trap on `exec`, innermost first, at most `max`. Recorded when the trap happened.
  virtual std::vector<TierModule::Frame> backtrace(const runtime::ExecState& exec, size_t max) const = 0;

  /// Calls `visit(first, last)` for every range of slots of `exec`'s wasm stack that may hold references: the collector
  /// scans them conservatively.
  virtual void visit_roots(const runtime::ExecState& exec,
                           void (*visit)(void* arg, const runtime::Slot* first, const runtime::Slot* last),
                           void* arg) const = 0;
};

}  // namespace wherry::engine
