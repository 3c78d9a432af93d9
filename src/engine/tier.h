// The seam between the runtime and the tiers that execute code: all that a store, an instance or a linker knows of
// them. Model: wazero's internal/wasm/engine.go.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "engine/native_image.h"
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

  /// Lets the functions that `image` holds be executed by its code from their next call on (a call that has begun stays
  /// where it is, a loop that never ends too), in all instances, while they run. Images may follow one another, each
  /// with some functions; the last one counts. Thread-safe. Errors: those of view_image(); kUnsupported, if the tier
  /// runs no native code or the image is not for this module, configuration or machine.
  virtual Result<> attach(NativeImage image) const {
    return fail(ErrorCode::kUnsupported, "this tier does not run native code");
  }
  /// Of a tier below another's: calls of the function go through a Func that `binder` binds, from the next one on.
  /// `binder` outlives this. Thread-safe.
  virtual void hand_over(uint32_t function, const runtime::CodeBinder& binder) const { std::unreachable(); }
};

class Tier : public runtime::StackScanner {
 public:
  virtual std::string_view name() const = 0;
  /// Errors: kLimit, kUnsupported. The module outlives the result.
  virtual Result<std::unique_ptr<TierModule>> compile(const wasm::Module& module, const Config& config) = 0;
};

}  // namespace wherry::engine
