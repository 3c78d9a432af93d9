// A module with native code, for some or all of its functions.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/tier.h"
#include "native/code.h"
#include "native/code_map.h"
#include "native/debugger.h"

namespace wherry::native {

class NativeModule final : public engine::TierModule {
 public:
  /// `below`: the module in the tier below. `map` outlives this.
  NativeModule(const wasm::Module& module, const Config& config, std::unique_ptr<engine::TierModule> below,
               CodeMap& map)
      : module_(module), config_(config), below_(std::move(below)), map_(map) {}
  ~NativeModule() override;

  void bind(runtime::Func& func) const override;
  Frame locate(const runtime::TrapFrame& frame) const override;
  Result<> attach(engine::NativeImage image) const override;

 private:
  struct Image {
    std::unique_ptr<const Code> code;
    std::unique_ptr<const GdbSymbols> gdb_symbols;
    const Image* older;
  };

  const wasm::Module& module_;
  const Config config_;
  std::unique_ptr<engine::TierModule> below_;
  CodeMap& map_;
  mutable std::mutex mutex_;  ///< Guards attaching, and images_.
  mutable std::vector<std::unique_ptr<const Image>> images_;
  mutable std::atomic<const Image*> newest_ = nullptr;
};

/// The entry of functions with native code (runtime::FuncEntry). Their `code` is the enter stub of their type.
TrapKind native_entry(runtime::Func& func, runtime::Slot* slots);

}  // namespace wherry::native
