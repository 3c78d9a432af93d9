// Linker: names for what modules import, and instantiation by name.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "wherry/host_func.h"
#include "wherry/instance.h"
#include "wherry/module.h"

namespace [[gnu::visibility("default")]] wherry {

namespace detail {
struct LinkerState;
struct ResolvedImports;
}  // namespace detail

/// A module whose imports are resolved and type-checked, once, so that instantiating it is as cheap as can be. A cheap
/// handle, thread-safe; if an import belongs to a store, it can be instantiated in that store only.
class InstancePre {
 public:
  /// Errors: kUnlinkable (an import of another store), kLimit, kTrap.
  Result<Instance> instantiate(StoreRef store) const;
  const Module& module() const;

 private:
  friend class Linker;
  explicit InstancePre(std::shared_ptr<const detail::ResolvedImports> imports) : imports_(std::move(imports)) {}
  std::shared_ptr<const detail::ResolvedImports> imports_;
};

/// Definitions by (module, name). Functions defined with func() belong to no store and may be used in all, also at the
/// same time by several threads; what is defined from a handle belongs to the handle's store. Const use is thread-safe.
///
/// Defining a name twice is an error (kUnlinkable), unless shadowing is allowed; then the last definition counts.
class Linker {
 public:
  explicit Linker(const Engine& engine);
  Linker(const Linker&);
  Linker& operator=(const Linker&);
  Linker(Linker&&) noexcept;
  Linker& operator=(Linker&&) noexcept;
  ~Linker();

  Linker& allow_shadowing(bool allow);

  /// A host function from a C++ callable; see Func::wrap.
  template <class F>
  Result<> func(std::string_view module, std::string_view name, F&& f) {
    return define(module, name, detail::typed_host_function(std::forward<F>(f)));
  }
  /// A host function on slots; see Func::raw_function.
  template <class F>
  Result<> raw_function(std::string_view module, std::string_view name, FuncType type, F&& f) {
    return define(module, name, detail::raw_host_function(std::move(type), std::forward<F>(f)));
  }
  Result<> values_function(std::string_view module, std::string_view name, FuncType type, ValuesFunction f);

  Result<> define(std::string_view module, std::string_view name, const Extern& item);
  Result<> define(std::string_view module, std::string_view name, const SharedMemory& memory);
  /// All exports of an instance, under a module name.
  Result<> instance(std::string_view module, const Instance& instance);
  /// A second name for a definition, or for all definitions of a module. Error: kNotFound.
  Result<> alias(std::string_view module, std::string_view name, std::string_view as_module, std::string_view as_name);
  Result<> alias_module(std::string_view module, std::string_view as_module);

  bool is_defined(std::string_view module, std::string_view name) const;
  /// The imports of a module that are not defined here.
  std::vector<ImportType> missing(const Module& module) const;

  /// Errors: kUnlinkable: "unknown import: env.foo (func [i32] -> [])", "incompatible import type: env.foo: expected
  /// ..., found ...".
  Result<InstancePre> prepare(const Module& module) const;
  /// prepare() and instantiate(). Errors of both.
  Result<Instance> instantiate(StoreRef store, const Module& module) const;

  const Engine& engine() const;

 private:
  Result<> define(std::string_view module, std::string_view name, detail::HostFunctionPtr function);
  std::unique_ptr<detail::LinkerState> state_;
};

}  // namespace wherry
