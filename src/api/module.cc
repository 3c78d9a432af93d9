#include "wherry/module.h"

#include "api/engine_state.h"
#include "wasm/text/wat.h"

namespace wherry {

using detail::EngineState;
using detail::VectorOwner;

namespace {

/// Text begins with a parenthesis or a comment; a binary never does.
bool looks_like_text(std::span<const uint8_t> bytes) {
  for (uint8_t byte : bytes) {
    if (byte == '(' || byte == ';') return true;
    if (byte != ' ' && byte != '\t' && byte != '\n' && byte != '\r') return false;
  }
  return false;
}

ExternType type_of(const Engine& engine, const wasm::Module& module, ExternKind kind, uint32_t index) {
  switch (kind) {
    case ExternKind::kFunc:
      return engine.func_type(module.functions[index].type);
    case ExternKind::kTable:
      return module.tables[index].type;
    case ExternKind::kMemory:
      return module.memories[index];
    case ExternKind::kGlobal:
      return module.globals[index].type;
    case ExternKind::kTag:
      return module.tags[index];
  }
  __builtin_unreachable();
}

}  // namespace

Module::Module(Engine engine, std::shared_ptr<const engine::CompiledModule> impl)
    : engine_(std::move(engine)), impl_(std::move(impl)) {}

Result<Module> Module::from_binary(const Engine& engine, std::span<const uint8_t> bytes, BytesUse use) {
  std::shared_ptr<const VectorOwner> owner;
  if (use == BytesUse::kCopy) {
    owner = std::make_shared<const VectorOwner>(std::vector<uint8_t>(bytes.begin(), bytes.end()));
    bytes = owner->bytes;
  }
  WHERRY_TRY(auto impl, EngineState::of(engine).load_module(bytes, std::move(owner)));
  return Module(engine, std::move(impl));
}

Result<Module> Module::from_wat(const Engine& engine, std::string_view text) {
  WHERRY_TRY(std::vector<uint8_t> bytes, wasm::parse_wat(text));
  auto owner = std::make_shared<const VectorOwner>(std::move(bytes));
  WHERRY_TRY(auto impl, EngineState::of(engine).load_module(owner->bytes, owner));
  return Module(engine, std::move(impl));
}

Result<Module> Module::from_file(const Engine& engine, const std::string& path) {
  EngineState& state = EngineState::of(engine);
  WHERRY_TRY(artifact::ModuleFile file, state.open_module(path));
  if (looks_like_text(file.bytes)) {
    return from_wat(engine, {reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size()});
  }
  const wasm::Bytes bytes = file.bytes;
  auto owner = file.owner;
  WHERRY_TRY(auto impl, state.load_module(bytes, std::move(owner), std::move(file)));
  return Module(engine, std::move(impl));
}

std::string_view Module::native_code_refusal() const { return impl_->refusal(); }
std::string_view Module::name() const { return impl_->module().names().module_name; }

std::vector<ImportType> Module::imports() const {
  const wasm::Module& module = impl_->module();
  std::vector<ImportType> imports;
  imports.reserve(module.imports.size());
  for (const wasm::Import& import : module.imports) {
    imports.push_back({import.module, import.name, type_of(engine_, module, import.kind, import.index)});
  }
  return imports;
}

std::vector<ExportType> Module::exports() const {
  const wasm::Module& module = impl_->module();
  std::vector<ExportType> exports;
  exports.reserve(module.exports.size());
  for (const wasm::Export& item : module.exports) {
    exports.push_back({item.name, type_of(engine_, module, item.kind, item.index)});
  }
  return exports;
}

std::optional<ExternType> Module::export_type(std::string_view name) const {
  const wasm::Export* item = impl_->module().find_export(name);
  if (item == nullptr) return std::nullopt;
  return type_of(engine_, impl_->module(), item->kind, item->index);
}

std::vector<CustomSectionView> Module::custom_sections() const {
  std::vector<CustomSectionView> sections;
  for (const wasm::CustomSection& section : impl_->module().customs) sections.push_back({section.name, section.bytes});
  return sections;
}

std::span<const uint8_t> Module::bytes() const { return impl_->module().bytes; }

Features Module::features_used() const {
  Features used = Features::none();
  for (const FeatureInfo& row : kFeatureTable) {
    Features without = impl_->module().features;
    if (row.feature == Feature::kMvp || !without.has(row.feature)) continue;
    wasm::TypeRegistry types;
    auto module = wasm::read_module(bytes(), without.set(row.feature, false), types);
    if (!module.has_value() || !engine::validate_all_functions(**module, engine_.config().validation_threads)) {
      used.set(row.feature);
    }
  }
  return used;
}

}  // namespace wherry
