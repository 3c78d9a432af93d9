// Engine: the configuration, the tiers and the types that modules and stores share.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "wherry/config.h"
#include "wherry/extern_type.h"
#include "wherry/result.h"

namespace [[gnu::visibility("default")]] wherry {

namespace engine {
class Engine;
}

/// A cheap handle, shared by copies; the engine lives as long as any of them, or any Module or Store made from it.
/// Thread-safe. A process usually has one.
class Engine {
 public:
  explicit Engine(const Config& config = {});

  const Config& config() const;
  /// The tier that executes code: "auto", "interp" or "llvm".
  std::string_view tier() const;

  /// The canonical id of a function type, final and alone in its recursion group. Errors: kInvalid (a packed or bottom
  /// type, or one of another engine), kLimit.
  Result<TypeId> intern(const FuncType& type) const;
  /// The function type with this id, which must be one of a function.
  FuncType func_type(TypeId id) const;

  /// Of a reference type, the top type of its hierarchy, nullable; other types as they are.
  ValType top(ValType type) const;

  /// As the text format writes it: "i32", "(ref null extern)".
  std::string to_string(ValType type) const;
  /// "func [i32 i32] -> [i64]", "memory 1 2 shared", "table 10 funcref", "global (mut i32)", "tag [i32]".
  std::string to_string(const ExternType& type) const;

  bool operator==(const Engine&) const = default;

  /// For Wherry's own rooms.
  engine::Engine& impl() const { return *impl_; }

 private:
  std::shared_ptr<engine::Engine> impl_;
};

}  // namespace wherry
