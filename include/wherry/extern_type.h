// The types of what modules import and export.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wherry/types.h"

namespace [[gnu::visibility("default")]] wherry {

struct FuncType {
  std::vector<ValType> params;
  std::vector<ValType> results;
  bool operator==(const FuncType&) const = default;
};

/// The alternatives stand in the order of ExternKind.
using ExternType = std::variant<FuncType, TableType, MemoryType, GlobalType, TagType>;
inline ExternKind kind(const ExternType& type) { return static_cast<ExternKind>(type.index()); }
constexpr std::string_view name(ExternKind kind) {
  constexpr std::string_view kNames[] = {"func", "table", "memory", "global", "tag"};
  return kNames[static_cast<unsigned>(kind)];
}

/// Names are valid as long as the Module they come from.
struct ImportType {
  std::string_view module;
  std::string_view name;
  ExternType type;
};
struct ExportType {
  std::string_view name;
  ExternType type;
};

}  // namespace wherry
