#include "wherry/engine.h"

#include <cassert>

#include "api/engine_state.h"

namespace wherry {
namespace {

std::string size_to_string(const Limits& limits) {
  std::string text = " " + std::to_string(limits.min);
  if (limits.max.has_value()) text += " " + std::to_string(*limits.max);
  return text;
}

}  // namespace

Engine::Engine(const Config& config) : impl_(std::make_shared<detail::EngineState>(config)) {}

const Config& Engine::config() const { return impl_->config(); }
std::string_view Engine::tier() const {
  constexpr std::string_view kNames[] = {"auto", "interp", "llvm"};
  return kNames[static_cast<size_t>(config().tier)];
}

Result<TypeId> Engine::intern(const FuncType& type) const {
  for (const std::vector<ValType>* types : {&type.params, &type.results}) {
    for (ValType t : *types) {
      if (t.is_packed() || t.kind() == ValType::kBottom) return fail(ErrorCode::kInvalid, "not a value type");
    }
  }
  wasm::SubType definition;
  definition.params = type.params;
  definition.results = type.results;
  return impl_->types().intern({&definition, 1});
}

FuncType Engine::func_type(TypeId id) const {
  const wasm::TypeDef& type = impl_->types().get(id);
  assert(type.kind == wasm::CompositeKind::kFunc);
  return {{type.params.begin(), type.params.end()}, {type.results.begin(), type.results.end()}};
}

ValType Engine::top(ValType type) const {
  return type.is_ref() ? ValType::ref(wasm::top_of(type.heap(), impl_->types()), true) : type;
}

std::string Engine::to_string(ValType type) const { return impl_->types().to_string(type); }

std::string Engine::to_string(const ExternType& type) const {
  auto row = [this](const std::vector<ValType>& types) {
    std::string text = "[";
    for (ValType t : types) text += (text.size() > 1 ? " " : "") + to_string(t);
    return text + "]";
  };
  struct Visitor {
    const Engine& engine;
    decltype(row)& row;
    std::string operator()(const FuncType& t) const { return " " + row(t.params) + " -> " + row(t.results); }
    std::string operator()(const TableType& t) const {
      return (t.is64 ? " i64" : "") + size_to_string(t.limits) + " " + engine.to_string(t.element);
    }
    std::string operator()(const MemoryType& t) const {
      std::string text = (t.is64 ? " i64" : "") + size_to_string(t.limits) + (t.shared ? " shared" : "");
      if (t.page_size_log2 != 16) text += " (pagesize " + std::to_string(t.page_size()) + ")";
      return text;
    }
    std::string operator()(const GlobalType& t) const {
      return t.is_mutable ? " (mut " + engine.to_string(t.type) + ")" : " " + engine.to_string(t.type);
    }
    std::string operator()(const TagType& t) const { return " " + row(engine.func_type(t.type).params); }
  };
  return std::string(wherry::name(kind(type))) + std::visit(Visitor{*this, row}, type);
}

}  // namespace wherry
