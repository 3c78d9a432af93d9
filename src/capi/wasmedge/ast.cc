#include "capi/wasmedge/ast.h"

#include <algorithm>
#include <cstring>

#include "capi/wasmedge/errors.h"
#include "engine/engine.h"
#include "platform/files.h"

namespace wherry::wasmedge {
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{1} << 32;

}  // namespace

ExternalType to_c(const Engine& engine, const ExternType& type) {
  struct Visitor {
    const Engine& engine;
    ExternalType operator()(const FuncType& t) const { return to_c(t); }
    ExternalType operator()(const TableType& t) const { return to_c(t); }
    ExternalType operator()(const MemoryType& t) const { return to_c(t); }
    ExternalType operator()(const GlobalType& t) const { return to_c(t); }
    ExternalType operator()(const TagType& t) const { return WasmEdge_TagTypeContext{to_c(engine.func_type(t.type))}; }
  };
  return std::visit(Visitor{engine}, type);
}

Result<LoadedModulePtr> LoadedModule::load(EnginePtr engine, std::span<const uint8_t> bytes) {
  LoadedModulePtr loaded(new LoadedModule(std::move(engine)));
  Result<Module> module = Module::from_binary(loaded->engine_->engine, bytes);
  if (!module.has_value() && loaded->engine_->without_compiler != nullptr) {
    // Perhaps it cannot be compiled; if it is wrong, it is wrong for the other engine too.
    loaded->engine_ = loaded->engine_->without_compiler;
    module = Module::from_binary(loaded->engine_->engine, bytes);
  }
  if (module.has_value()) {
    loaded->module_ = std::move(*module);
  } else if (module.error().code == ErrorCode::kInvalid) {
    loaded->error_ = std::move(module.error());
    loaded->invalid_bytes_.assign(bytes.begin(), bytes.end());
  } else {
    return std::unexpected(std::move(module.error()));
  }
  return loaded;
}

Result<LoadedModulePtr> LoadedModule::load_file(EnginePtr engine, const char* path) {
  if (path == nullptr || *path == 0) return fail(ErrorCode::kIo, "no path");
  // Read, not mapped: the embedder may overwrite the file while the module lives.
  WHERRY_TRY(platform::FileBytes file, platform::FileBytes::open(path, kMaxFileBytes));
  return load(std::move(engine), file.bytes());
}

Result<> LoadedModule::validate() {
  if (error_.has_value()) return std::unexpected(*error_);
  validated_ = true;
  return {};
}

std::span<const uint8_t> LoadedModule::bytes() const {
  return module_.has_value() ? module_->bytes() : std::span<const uint8_t>(invalid_bytes_);
}

void LoadedModule::describe() {
  if (!module_.has_value()) return;
  const Engine& engine = engine_->engine;
  for (const ImportType& import : module_->imports()) {
    imports_.push_back({std::string(import.module), std::string(import.name), to_c(engine, import.type)});
  }
  for (const ExportType& item : module_->exports()) {
    exports_.push_back({std::string(item.name), to_c(engine, item.type)});
  }
}

const std::vector<WasmEdge_ImportTypeContext>& LoadedModule::imports() {
  std::call_once(described_, [this] { describe(); });
  return imports_;
}
const std::vector<WasmEdge_ExportTypeContext>& LoadedModule::exports() {
  std::call_once(described_, [this] { describe(); });
  return exports_;
}

Result<Module> LoadedModule::module_for(const EnginePtr& engine) {
  if (!module_.has_value()) return std::unexpected(*error_);
  if (engine == engine_) return *module_;
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(others_, engine, [](const auto& other) { return other.first; });
  if (found != others_.end()) return found->second;
  WHERRY_TRY(Module module, Module::from_binary(engine->engine, module_->bytes()));
  others_.emplace_back(engine, module);
  return module;
}

}  // namespace wherry::wasmedge

using namespace wherry;
using namespace wherry::wasmedge;

namespace {

WasmEdge_Result give(Result<LoadedModulePtr> loaded, WasmEdge_ASTModuleContext** module) {
  if (!loaded.has_value()) return report(loaded.error());
  *module = new WasmEdge_ASTModuleContext{std::move(*loaded)};
  return kSuccess;
}

}  // namespace

WasmEdge_LoaderContext* WasmEdge_LoaderCreate(const WasmEdge_ConfigureContext* given) noexcept {
  const WasmEdge_ConfigureContext configure = given == nullptr ? WasmEdge_ConfigureContext() : *given;
  return new WasmEdge_LoaderContext{configure, engine_for(configure)};
}
WasmEdge_Result WasmEdge_LoaderParseFromFile(WasmEdge_LoaderContext* loader, WasmEdge_ASTModuleContext** module,
                                             const char* path) noexcept {
  if (loader == nullptr || module == nullptr) return kWrongWorkflow;
  return give(LoadedModule::load_file(loader->engine, path), module);
}
WasmEdge_Result WasmEdge_LoaderParseFromBytes(WasmEdge_LoaderContext* loader, WasmEdge_ASTModuleContext** module,
                                              WasmEdge_Bytes data) noexcept {
  if (loader == nullptr || module == nullptr) return kWrongWorkflow;
  return give(LoadedModule::load(loader->engine, bytes(data)), module);
}
WasmEdge_Result WasmEdge_LoaderParseFromBuffer(WasmEdge_LoaderContext* loader, WasmEdge_ASTModuleContext** module,
                                               const uint8_t* buffer, uint32_t length) noexcept {
  return WasmEdge_LoaderParseFromBytes(loader, module, {length, buffer});
}
WasmEdge_Result WasmEdge_LoaderSerializeASTModule(WasmEdge_LoaderContext* loader,
                                                  const WasmEdge_ASTModuleContext* module,
                                                  WasmEdge_Bytes* out) noexcept {
  if (loader == nullptr || module == nullptr || out == nullptr) return kWrongWorkflow;
  const std::span<const uint8_t> from = module->loaded->bytes();
  *out = WasmEdge_BytesCreate(from.data(), static_cast<uint32_t>(from.size()));
  return kSuccess;
}
void WasmEdge_LoaderDelete(WasmEdge_LoaderContext* loader) noexcept { delete loader; }

WasmEdge_ValidatorContext* WasmEdge_ValidatorCreate(const WasmEdge_ConfigureContext*) noexcept {
  return new WasmEdge_ValidatorContext;
}
WasmEdge_Result WasmEdge_ValidatorValidate(WasmEdge_ValidatorContext* validator,
                                           const WasmEdge_ASTModuleContext* module) noexcept {
  if (validator == nullptr || module == nullptr) return kWrongWorkflow;
  const Result<> valid = module->loaded->validate();
  return valid.has_value() ? kSuccess : report(valid.error());
}
void WasmEdge_ValidatorDelete(WasmEdge_ValidatorContext* validator) noexcept { delete validator; }

uint32_t WasmEdge_ASTModuleListImportsLength(const WasmEdge_ASTModuleContext* module) noexcept {
  return module == nullptr ? 0 : static_cast<uint32_t>(module->loaded->imports().size());
}
uint32_t WasmEdge_ASTModuleListImports(const WasmEdge_ASTModuleContext* module,
                                       const WasmEdge_ImportTypeContext** imports, uint32_t length) noexcept {
  if (module == nullptr) return 0;
  return fill(module->loaded->imports(), imports, length, [](const auto& import) { return &import; });
}
uint32_t WasmEdge_ASTModuleListExportsLength(const WasmEdge_ASTModuleContext* module) noexcept {
  return module == nullptr ? 0 : static_cast<uint32_t>(module->loaded->exports().size());
}
uint32_t WasmEdge_ASTModuleListExports(const WasmEdge_ASTModuleContext* module,
                                       const WasmEdge_ExportTypeContext** exports, uint32_t length) noexcept {
  if (module == nullptr) return 0;
  return fill(module->loaded->exports(), exports, length, [](const auto& item) { return &item; });
}
void WasmEdge_ASTModuleDelete(WasmEdge_ASTModuleContext* module) noexcept { delete module; }
