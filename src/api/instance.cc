#include "wherry/instance.h"

#include "api/instantiate.h"
#include "api/store_state.h"
#include "runtime/instance.h"

namespace wherry {
namespace {

Extern to_public(StoreRef store, const runtime::Extern& item) {
  switch (item.kind()) {
    case ExternKind::kFunc:
      return Func(item.func());
    case ExternKind::kTable:
      return Table(store, *item.table());
    case ExternKind::kMemory:
      return Memory(store, *item.memory());
    case ExternKind::kGlobal:
      return Global(store, *item.global());
    case ExternKind::kTag:
      return Tag(store, *item.tag());
  }
  __builtin_unreachable();
}

}  // namespace

namespace detail {

runtime::Extern to_internal(const Extern& item) {
  return std::visit(
      []<class T>(const T& handle) -> runtime::Extern {
        if constexpr (std::is_same_v<T, Func>) {
          return handle.impl();
        } else {
          return &handle.impl();
        }
      },
      item);
}

StoreRef owner_of(const Extern& item) {
  return std::visit(
      []<class T>(const T& handle) {
        if constexpr (std::is_same_v<T, Func>) {
          return handle.store();
        } else {
          return handle.owner();
        }
      },
      item);
}

std::unexpected<Error> incompatible_import(const Module& module, size_t import, const ExternType& found) {
  const ImportType wanted = module.imports()[import];
  const Engine& engine = module.engine();
  return fail(ErrorCode::kUnlinkable, "incompatible import type: " + std::string(wanted.module) + "." +
                                          std::string(wanted.name) + ": expected " + engine.to_string(wanted.type) +
                                          ", found " + engine.to_string(found));
}

std::shared_ptr<const runtime::InstanceTemplate> template_of(const Module& module) {
  return {module.impl(), &module.impl()->instance_template()};
}

Result<Instance> instantiate(StoreRef store, std::shared_ptr<const runtime::InstanceTemplate> instance_template,
                             std::span<const runtime::Extern> imports) {
  StoreState& state = store.state();
  TrapKind trap = TrapKind::kNone;
  auto instance = state.instantiate(std::move(instance_template), imports, &trap);
  if (!instance.has_value()) {
    if (trap != TrapKind::kNone) {
      instance.error().trap = std::make_shared<const Trap>(state.take_trap(trap));
    }
    return std::unexpected(std::move(instance.error()));
  }
  if (runtime::Func* start = (*instance)->start_function(); start != nullptr) {
    runtime::Slot none[1];
    if (CallResult<> called = Func(start).call_raw(none); !called.has_value()) {
      Error error(ErrorCode::kTrap, called.error().message);
      error.trap = std::make_shared<const Trap>(std::move(called.error()));
      return std::unexpected(std::move(error));
    }
  }
  return Instance(**instance);
}

}  // namespace detail

ExternType type_of(const Extern& item) {
  return std::visit(
      []<class T>(const T& handle) -> ExternType {
        if constexpr (std::is_same_v<T, Tag>) {
          return TagType{handle.impl().type()};
        } else {
          return handle.type();
        }
      },
      item);
}

Result<Instance> Instance::make(StoreRef store, const Module& module, std::span<const Extern> imports) {
  const wasm::Module& declared = module.impl()->module();
  if (!(module.engine() == store.engine())) return fail(ErrorCode::kUnlinkable, "a module of another engine");
  if (imports.size() != declared.imports.size()) {
    return fail(ErrorCode::kUnlinkable, "expected " + std::to_string(declared.imports.size()) + " imports, found " +
                                            std::to_string(imports.size()));
  }
  std::vector<runtime::Extern> resolved;
  resolved.reserve(imports.size());
  for (size_t i = 0; i < imports.size(); ++i) {
    if (const Func* func = std::get_if<Func>(&imports[i]); func != nullptr && func->is_null()) {
      return fail(ErrorCode::kUnlinkable, "incompatible import type: a null function");
    }
    if (!(detail::owner_of(imports[i]) == store)) return fail(ErrorCode::kUnlinkable, "an import of another store");
    resolved.push_back(detail::to_internal(imports[i]));
    if (!runtime::check_import(declared, declared.imports[i], resolved.back())) {
      return detail::incompatible_import(module, i, type_of(imports[i]));
    }
  }
  return detail::instantiate(store, detail::template_of(module), resolved);
}

StoreRef Instance::store() const { return StoreRef(detail::StoreState::of(instance_->store())); }

std::optional<Extern> Instance::get_export(std::string_view name) const {
  std::optional<runtime::Extern> item = instance_->find_export(name);
  if (!item.has_value()) return std::nullopt;
  return to_public(store(), *item);
}

std::vector<std::pair<std::string_view, Extern>> Instance::exports() const {
  std::vector<std::pair<std::string_view, Extern>> exports;
  exports.reserve(instance_->module().exports.size());
  for (const wasm::Export& item : instance_->module().exports) {
    exports.emplace_back(item.name, to_public(store(), instance_->extern_at(item.kind, item.index)));
  }
  return exports;
}

namespace {

template <class T>
Result<T> find(const Instance& instance, std::string_view name, ExternKind kind) {
  std::optional<Extern> item = instance.get_export(name);
  if (!item.has_value()) return fail(ErrorCode::kNotFound, "no export \"" + std::string(name) + "\"");
  if (T* found = std::get_if<T>(&*item)) return *found;
  return fail(ErrorCode::kNotFound, "export \"" + std::string(name) + "\" is a " +
                                        std::string(wherry::name(wherry::kind(*item))) + ", not a " +
                                        std::string(wherry::name(kind)));
}

}  // namespace

Result<Func> Instance::func(std::string_view name) const { return find<Func>(*this, name, ExternKind::kFunc); }
Result<Memory> Instance::memory(std::string_view name) const { return find<Memory>(*this, name, ExternKind::kMemory); }
Result<Table> Instance::table(std::string_view name) const { return find<Table>(*this, name, ExternKind::kTable); }
Result<Global> Instance::global(std::string_view name) const { return find<Global>(*this, name, ExternKind::kGlobal); }
Result<Tag> Instance::tag(std::string_view name) const { return find<Tag>(*this, name, ExternKind::kTag); }

}  // namespace wherry
