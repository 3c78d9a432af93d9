// What an engine is inside: a configuration, the registry of types, and a tier; and how it makes modules ready.
#pragma once

#include <memory>
#include <string>

#include "engine/tier.h"
#include "runtime/instance_template.h"
#include "runtime/memory_pool.h"
#include "wasm/module.h"
#include "wasm/type_registry.h"
#include "wherry/config.h"
#include "wherry/result.h"

namespace wherry::engine {

/// A validated module and its executable form. Immutable once it is shared, thread-safe; must not outlive its engine.
class CompiledModule {
 public:
  CompiledModule(std::shared_ptr<const wasm::Module> module, std::shared_ptr<const TierModule> code)
      : code_(code), template_(std::move(module), std::move(code)) {}
  const wasm::Module& module() const { return template_.module(); }
  const std::shared_ptr<const wasm::Module>& shared_module() const { return template_.shared_module(); }
  const std::shared_ptr<const TierModule>& code() const { return code_; }
  const runtime::InstanceTemplate& instance_template() const { return template_; }
  /// Why native code that came with the module is not used, for the user; empty if there is none, or it is.
  const std::string& refusal() const { return refusal_; }
  void set_refusal(std::string refusal) { refusal_ = std::move(refusal); }

 private:
  std::shared_ptr<const TierModule> code_;
  runtime::InstanceTemplate template_;
  std::string refusal_;
};

/// What is known of a module before it is read. kKnown: it was found valid, with the engine's features or fewer, so
/// function bodies need not be validated again.
enum class Validity : uint8_t { kUnknown, kKnown };

/// Thread-safe.
class Engine {
 public:
  Engine(const Config& config, std::unique_ptr<Tier> tier);

  const Config& config() const { return config_; }
  wasm::TypeRegistry& types() { return types_; }
  Tier& tier() { return *tier_; }
  /// Null if the configuration asks for none.
  runtime::MemoryPool* pool() { return pool_.get(); }

  /// Reads, validates and makes ready. `owner` keeps `bytes` alive; null if the caller does.
  Result<std::shared_ptr<CompiledModule>> load(wasm::Bytes bytes, std::shared_ptr<const wasm::ByteOwner> owner,
                                               Validity validity = Validity::kUnknown);

 private:
  Config config_;
  wasm::TypeRegistry types_;
  std::unique_ptr<Tier> tier_;
  std::unique_ptr<runtime::MemoryPool> pool_;
};

/// Validates the bodies of all functions, on up to `threads` threads (0: one a processor). The error is that of the
/// lowest offset.
Result<> validate_all_functions(const wasm::Module& module, uint32_t threads);

}  // namespace wherry::engine
