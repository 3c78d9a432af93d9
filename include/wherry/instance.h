// Instance: a module come to life in a store.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "wherry/func.h"
#include "wherry/host_func.h"
#include "wherry/memory.h"
#include "wherry/module.h"
#include "wherry/objects.h"

namespace wherry::runtime {
class Instance;
}

namespace [[gnu::visibility("default")]] wherry {

/// Anything that can be imported or exported; the alternatives stand in the order of ExternKind.
using Extern = std::variant<Func, Table, Memory, Global, Tag>;
inline ExternKind kind(const Extern& item) { return static_cast<ExternKind>(item.index()); }
/// Its type, as it is now.
ExternType type_of(const Extern& item);

/// A handle to an instance, valid as long as its store.
class Instance {
 public:
  /// Instantiates `module` with its imports in the module's order, and runs its start function. Most embedders use a
  /// Linker. Errors: kUnlinkable, kLimit, kTrap.
  static Result<Instance> make(StoreRef store, const Module& module, std::span<const Extern> imports = {});

  std::optional<Extern> get_export(std::string_view name) const;
  /// In the module's order. Names live as long as the module.
  std::vector<std::pair<std::string_view, Extern>> exports() const;

  // One export of a kind. Error: kNotFound; of the typed one also kType.
  Result<Func> func(std::string_view name) const;
  template <class Signature>
  Result<TypedFunc<Signature>> func(std::string_view name) const {
    auto found = func(name);
    if (!found.has_value()) return std::unexpected(std::move(found.error()));
    return found->typed<Signature>();
  }
  Result<Memory> memory(std::string_view name) const;
  Result<Table> table(std::string_view name) const;
  Result<Global> global(std::string_view name) const;
  Result<Tag> tag(std::string_view name) const;

  StoreRef store() const;

  bool operator==(const Instance&) const = default;

  /// For Wherry's own rooms.
  explicit Instance(runtime::Instance& instance) : instance_(&instance) {}
  runtime::Instance& impl() const { return *instance_; }

 private:
  runtime::Instance* instance_;
};

}  // namespace wherry
