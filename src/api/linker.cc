#include "wherry/linker.h"

#include <algorithm>
#include <map>
#include <string>
#include <variant>

#include "api/instantiate.h"
#include "api/store_state.h"
#include "runtime/instance.h"

namespace wherry {
namespace detail {
namespace {

/// A host function that is not yet in any store.
struct HostDefinition {
  HostFunctionPtr function;
  TypeId type;
};
using Definition = std::variant<HostDefinition, SharedMemory, Extern>;
using Namespace = std::map<std::string, Definition, std::less<>>;

std::string qualified(std::string_view module, std::string_view name) {
  return std::string(module) + "." + std::string(name);
}

}  // namespace

struct LinkerState {
  Engine engine;
  bool shadowing = false;
  std::map<std::string, Namespace, std::less<>> modules;

  explicit LinkerState(const Engine& e) : engine(e) {}

  Result<> define(std::string_view module, std::string_view name, Definition definition) {
    auto space = modules.find(module);
    if (space == modules.end()) space = modules.emplace(module, Namespace()).first;
    auto item = space->second.find(name);
    if (item == space->second.end()) {
      space->second.emplace(name, std::move(definition));
    } else if (shadowing) {
      item->second = std::move(definition);
    } else {
      return fail(ErrorCode::kUnlinkable, "defined twice: " + qualified(module, name));
    }
    return {};
  }

  const Definition* find(std::string_view module, std::string_view name) const {
    auto space = modules.find(module);
    if (space == modules.end()) return nullptr;
    auto item = space->second.find(name);
    return item == space->second.end() ? nullptr : &item->second;
  }
};

/// Definitions in the order of a module's imports, all of the right type; and the module, which lives as long.
struct ResolvedImports {
  Module module;
  std::vector<Definition> definitions;
  /// The host functions among them, in order, as a store's functions, but for their context.
  std::vector<runtime::Func> host_functions;
};

namespace {

Result<> check(const Module& module, size_t i, const Definition& definition) {
  const wasm::Module& declared = module.impl()->module();
  const wasm::Import& import = declared.imports[i];
  struct Visitor {
    const Engine& engine;
    /// A function of that type in no store, to be looked at only.
    runtime::Func& probe;
    std::pair<runtime::Extern, ExternType> operator()(const HostDefinition& host) const {
      probe.type = host.type;
      return {&probe, engine.func_type(host.type)};
    }
    std::pair<runtime::Extern, ExternType> operator()(const SharedMemory& memory) const {
      return {memory.impl().get(), memory.type()};
    }
    std::pair<runtime::Extern, ExternType> operator()(const Extern& item) const {
      return {to_internal(item), type_of(item)};
    }
  };
  runtime::Func probe{};
  const auto [found, type] = std::visit(Visitor{module.engine(), probe}, definition);
  if (runtime::check_import(declared, import, found)) return {};
  return incompatible_import(module, i, type);
}

/// What a definition is in a store. `next_host_function` goes through the store's functions for host_functions.
runtime::Extern materialize(StoreState& store, const Definition& definition, runtime::Func*& next_host_function) {
  if (std::holds_alternative<HostDefinition>(definition)) return next_host_function++;
  if (const auto* memory = std::get_if<SharedMemory>(&definition)) return store.shared_memory(memory->impl());
  return to_internal(std::get<Extern>(definition));
}

}  // namespace
}  // namespace detail

Result<Instance> InstancePre::instantiate(StoreRef store) const {
  const detail::ResolvedImports& resolved = *imports_;
  if (!(resolved.module.engine() == store.engine())) return fail(ErrorCode::kUnlinkable, "a module of another engine");
  const auto is_foreign = [&](const detail::Definition& definition) {
    const Extern* item = std::get_if<Extern>(&definition);
    return item != nullptr && !(detail::owner_of(*item) == store);
  };
  if (std::ranges::any_of(resolved.definitions, is_foreign)) {
    return fail(ErrorCode::kUnlinkable, "an import of another store");
  }
  runtime::Func* next_host_function = store.state().host_funcs(resolved.host_functions);
  // The usual number of imports takes no allocation.
  constexpr size_t kUsual = 64;
  alignas(runtime::Extern) std::byte usual[kUsual * sizeof(runtime::Extern)];
  std::vector<std::byte> many;
  const size_t count = resolved.definitions.size();
  if (count > kUsual) many.resize(count * sizeof(runtime::Extern));
  auto* const imports = reinterpret_cast<runtime::Extern*>(count > kUsual ? many.data() : usual);
  for (size_t i = 0; i < count; ++i) {
    new (imports + i) runtime::Extern(detail::materialize(store.state(), resolved.definitions[i], next_host_function));
  }
  std::shared_ptr<const runtime::InstanceTemplate> how(imports_, &resolved.module.impl()->instance_template());
  return detail::instantiate(store, std::move(how), {imports, count});
}

const Module& InstancePre::module() const { return imports_->module; }

Linker::Linker(const Engine& engine) : state_(new detail::LinkerState(engine)) {}
Linker::Linker(const Linker& other) : state_(new detail::LinkerState(*other.state_)) {}
Linker& Linker::operator=(const Linker& other) {
  if (this != &other) *state_ = *other.state_;
  return *this;
}
Linker::Linker(Linker&&) noexcept = default;
Linker& Linker::operator=(Linker&&) noexcept = default;
Linker::~Linker() = default;

const Engine& Linker::engine() const { return state_->engine; }

Linker& Linker::allow_shadowing(bool allow) {
  state_->shadowing = allow;
  return *this;
}

Result<> Linker::define(std::string_view module, std::string_view name, detail::HostFunctionPtr function) {
  const TypeId type = engine().impl().types().intern_func(function->params, function->results);
  return state_->define(module, name, detail::HostDefinition{std::move(function), type});
}

Result<> Linker::values_function(std::string_view module, std::string_view name, FuncType type, ValuesFunction f) {
  return define(module, name, detail::values_host_function(std::move(type), std::move(f)));
}

Result<> Linker::define(std::string_view module, std::string_view name, const Extern& item) {
  if (const Func* func = std::get_if<Func>(&item); func != nullptr && func->is_null()) {
    return fail(ErrorCode::kType, "a null function");
  }
  if (!(detail::owner_of(item).engine() == engine())) return fail(ErrorCode::kUnlinkable, "a store of another engine");
  return state_->define(module, name, item);
}

Result<> Linker::define(std::string_view module, std::string_view name, const SharedMemory& memory) {
  return state_->define(module, name, memory);
}

Result<> Linker::instance(std::string_view module, const Instance& instance) {
  for (const auto& [name, item] : instance.exports()) WHERRY_CHECK(define(module, name, item));
  return {};
}

Result<> Linker::alias(std::string_view module, std::string_view name, std::string_view as_module,
                       std::string_view as_name) {
  const detail::Definition* definition = state_->find(module, name);
  if (definition == nullptr) return fail(ErrorCode::kNotFound, "not defined: " + detail::qualified(module, name));
  return state_->define(as_module, as_name, *definition);
}

Result<> Linker::alias_module(std::string_view module, std::string_view as_module) {
  auto space = state_->modules.find(module);
  if (space == state_->modules.end()) return fail(ErrorCode::kNotFound, "not defined: " + std::string(module));
  const detail::Namespace copy = space->second;
  for (const auto& [name, definition] : copy) WHERRY_CHECK(state_->define(as_module, name, definition));
  return {};
}

bool Linker::is_defined(std::string_view module, std::string_view name) const {
  return state_->find(module, name) != nullptr;
}

std::vector<ImportType> Linker::missing(const Module& module) const {
  std::vector<ImportType> missing = module.imports();
  std::erase_if(missing, [&](const ImportType& i) { return is_defined(i.module, i.name); });
  return missing;
}

Result<InstancePre> Linker::prepare(const Module& module) const {
  if (!(module.engine() == engine())) return fail(ErrorCode::kUnlinkable, "a module of another engine");
  const wasm::Module& declared = module.impl()->module();
  auto resolved = std::make_shared<detail::ResolvedImports>(module);
  resolved->definitions.reserve(declared.imports.size());
  for (size_t i = 0; i < declared.imports.size(); ++i) {
    const wasm::Import& import = declared.imports[i];
    const detail::Definition* definition = state_->find(import.module, import.name);
    if (definition == nullptr) {
      return fail(ErrorCode::kUnlinkable, "unknown import: " + detail::qualified(import.module, import.name) + " (" +
                                              engine().to_string(module.imports()[i].type) + ")");
    }
    WHERRY_CHECK(detail::check(module, i, *definition));
    resolved->definitions.push_back(*definition);
    const auto* host = std::get_if<detail::HostDefinition>(definition);
    if (host == nullptr) continue;
    resolved->host_functions.push_back({.entry = &detail::enter_host_function,
                                        .type = host->type,
                                        .index = 0,
                                        .context = nullptr,
                                        .code = nullptr,
                                        .host = host->function.get()});
  }
  return InstancePre(std::move(resolved));
}

Result<Instance> Linker::instantiate(StoreRef store, const Module& module) const {
  WHERRY_TRY(InstancePre pre, prepare(module));
  return pre.instantiate(store);
}

}  // namespace wherry
