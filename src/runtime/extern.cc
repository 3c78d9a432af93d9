#include "runtime/extern.h"

#include <string>
#include <string_view>

namespace wherry::runtime {

namespace {

std::string_view kind_name(ExternKind kind) {
  constexpr std::string_view kNames[] = {"function", "table", "memory", "global", "tag"};
  return kNames[static_cast<unsigned>(kind)];
}

/// Spec, "Import Matching": limits. The actual minimum is the current size.
bool limits_match(uint64_t size, const std::optional<uint64_t>& max, const Limits& wanted) {
  return size >= wanted.min && (!wanted.max || (max && *max <= *wanted.max));
}

std::string describe(const Limits& limits) {
  return "at least " + std::to_string(limits.min) + (limits.max ? ", at most " + std::to_string(*limits.max) : "");
}

std::string describe(uint64_t size, const std::optional<uint64_t>& max) {
  return std::to_string(size) + (max ? ", at most " + std::to_string(*max) : ", unlimited");
}

/// Why it does not match, or nothing.
std::string mismatch(const wasm::Module& module, const wasm::Import& import, const Extern& value) {
  const wasm::TypeRegistry& types = *module.registry;
  if (import.kind != value.kind()) {
    return "wanted a " + std::string(kind_name(import.kind)) + ", got a " + std::string(kind_name(value.kind()));
  }
  switch (import.kind) {
    case ExternKind::kFunc: {
      const TypeId wanted = module.functions[import.index].type;
      if (types.is_subtype(value.func()->type, wanted)) return {};
      const auto name = [&](TypeId id) { return types.to_string(ValType::ref(HeapType::defined(id), false)); };
      return "wanted a function of type " + name(wanted) + ", got " + name(value.func()->type);
    }
    case ExternKind::kTable: {
      const TableType& wanted = module.tables[import.index].type;
      const TableType& got = value.table()->type();
      if (wanted.is64 != got.is64) return "address types differ";
      if (!(types.matches(wanted.element, got.element) && types.matches(got.element, wanted.element))) {
        return "wanted a table of " + types.to_string(wanted.element) + ", got " + types.to_string(got.element);
      }
      const uint64_t size = value.table()->size();
      if (limits_match(size, got.limits.max, wanted.limits)) return {};
      return "wanted a table of " + describe(wanted.limits) + " elements, got " + describe(size, got.limits.max);
    }
    case ExternKind::kMemory: {
      const MemoryType& wanted = module.memories[import.index];
      const MemoryType& got = value.memory()->type();
      if (wanted.is64 != got.is64) return "address types differ";
      if (wanted.shared != got.shared) return wanted.shared ? "wanted a shared memory" : "wanted an unshared memory";
      if (wanted.page_size_log2 != got.page_size_log2) return "page sizes differ";
      const uint64_t pages = value.memory()->pages();
      if (limits_match(pages, got.limits.max, wanted.limits)) return {};
      return "wanted a memory of " + describe(wanted.limits) + " pages, got " + describe(pages, got.limits.max);
    }
    case ExternKind::kGlobal: {
      const GlobalType& wanted = module.globals[import.index].type;
      const GlobalType& got = value.global()->type;
      if (wanted.is_mutable != got.is_mutable) {
        return wanted.is_mutable ? "wanted a mutable global" : "wanted an immutable global";
      }
      if (types.matches(got.type, wanted.type) && (!wanted.is_mutable || types.matches(wanted.type, got.type)))
        return {};
      return "wanted a global of " + types.to_string(wanted.type) + ", got " + types.to_string(got.type);
    }
    case ExternKind::kTag:
      return module.tags[import.index].type == value.tag()->type() ? "" : "tag types differ";
  }
  return {};
}

}  // namespace

Result<> check_import(const wasm::Module& module, const wasm::Import& import, const Extern& value) {
  const std::string reason = mismatch(module, import, value);
  if (reason.empty()) return {};
  return fail(ErrorCode::kUnlinkable, "incompatible import type for \"" + std::string(import.module) + "\" \"" +
                                          std::string(import.name) + "\": " + reason);
}

}  // namespace wherry::runtime
