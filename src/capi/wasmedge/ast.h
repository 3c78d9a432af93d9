// Modules as loaded.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "capi/wasmedge/configure.h"
#include "capi/wasmedge/values.h"
#include "wherry/module.h"

namespace wherry::wasmedge {

/// In the order of WasmEdge_ExternalType.
using ExternalType = std::variant<WasmEdge_FunctionTypeContext, WasmEdge_TableTypeContext, WasmEdge_MemoryTypeContext,
                                  WasmEdge_GlobalTypeContext, WasmEdge_TagTypeContext>;
inline WasmEdge_ExternalType kind(const ExternalType& type) { return static_cast<WasmEdge_ExternalType>(type.index()); }
ExternalType to_c(const Engine& engine, const ExternType& type);

}  // namespace wherry::wasmedge

struct WasmEdge_ImportTypeContext {
  std::string module;
  std::string name;
  wherry::wasmedge::ExternalType type;
};

struct WasmEdge_ExportTypeContext {
  std::string name;
  wherry::wasmedge::ExternalType type;
};

namespace wherry::wasmedge {

/// What a loaded module is, shared by its handles and instances. Thread-safe.
class LoadedModule {
 public:
  /// Errors: as Module::from_binary, but for modules that are not valid: those load, and validate() says so.
  static Result<std::shared_ptr<LoadedModule>> load(EnginePtr engine, std::span<const uint8_t> bytes);
  static Result<std::shared_ptr<LoadedModule>> load_file(EnginePtr engine, const char* path);

  /// Kept for is_validated().
  Result<> validate();
  bool is_validated() const { return validated_; }

  std::span<const uint8_t> bytes() const;
  const std::vector<WasmEdge_ImportTypeContext>& imports();
  const std::vector<WasmEdge_ExportTypeContext>& exports();
  const EnginePtr& engine() const { return engine_; }
  /// The module for another engine (another configuration), made and kept when first asked for. Only if valid.
  Result<Module> module_for(const EnginePtr& engine);

 private:
  explicit LoadedModule(EnginePtr engine) : engine_(std::move(engine)) {}
  void describe();

  EnginePtr engine_;
  std::vector<uint8_t> invalid_bytes_;  ///< Of a module that is not valid.
  std::optional<Module> module_;        ///< If it is valid.
  std::optional<Error> error_;          ///< If it is not.
  bool validated_ = false;
  std::once_flag described_;
  std::vector<WasmEdge_ImportTypeContext> imports_;
  std::vector<WasmEdge_ExportTypeContext> exports_;
  std::mutex mutex_;
  std::vector<std::pair<EnginePtr, Module>> others_;
};
using LoadedModulePtr = std::shared_ptr<LoadedModule>;

}  // namespace wherry::wasmedge

struct WasmEdge_ASTModuleContext {
  wherry::wasmedge::LoadedModulePtr loaded;
};

struct WasmEdge_LoaderContext {
  WasmEdge_ConfigureContext configure;
  wherry::wasmedge::EnginePtr engine;
};

struct WasmEdge_ValidatorContext {};
