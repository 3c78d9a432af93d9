// What an Engine is inside: the engine, and where native code comes from.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "api/background_compiler.h"
#include "artifact/depot.h"
#include "engine/compiler.h"
#include "engine/engine.h"
#include "wherry/engine.h"

namespace wherry::detail {

struct VectorOwner final : wasm::ByteOwner {
  std::vector<uint8_t> bytes;
  explicit VectorOwner(std::vector<uint8_t> b) : bytes(std::move(b)) {}
};

/// Thread-safe.
class EngineState final : public engine::Engine {
 public:
  explicit EngineState(const Config& config);
  static EngineState& of(const wherry::Engine& engine) { return static_cast<EngineState&>(engine.impl()); }

  Result<artifact::ModuleFile> open_module(const std::string& path);
  /// Loads a module, with the native code that there is for it. `file`: what it comes from, if it is one.
  Result<std::shared_ptr<const engine::CompiledModule>> load_module(wasm::Bytes bytes,
                                                                    std::shared_ptr<const wasm::ByteOwner> owner,
                                                                    artifact::ModuleFile file = {});

  artifact::Depot& depot() { return depot_; }
  /// Whether a module is being compiled in the background.
  bool is_compiling() const { return background_.is_busy(); }

 private:
  bool runs_native_code() const { return config().tier != TierKind::kInterpreter; }
  Result<> compile(const engine::CompiledModule& module, const std::optional<artifact::Digest>& digest,
                   const artifact::ModuleFile& file);

  artifact::Depot depot_;
  std::unique_ptr<const engine::NativeCompiler> compiler_;
  BackgroundCompiler background_;
};

}  // namespace wherry::detail
