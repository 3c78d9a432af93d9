// A module as it is declared: what the binary says, validated, before anything runs. Immutable once read, used by many
// threads and instances. Spec: https://webassembly.github.io/spec/core/syntax/modules.html
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wasm/type_registry.h"
#include "wherry/features.h"
#include "wherry/result.h"
#include "wherry/types.h"

namespace wherry::wasm {

using Bytes = std::span<const uint8_t>;

/// A constant expression, validated. The common one-instruction forms are decoded; anything else keeps its body (with
/// its `end`), to be evaluated by const_expr.h.
struct ConstExpr {
  enum class Kind : uint8_t { kI32, kI64, kF32, kF64, kRefNull, kRefFunc, kGlobalGet, kExtended };
  Kind kind = Kind::kExtended;
  ValType type;         ///< Type of the value.
  uint64_t bits = 0;    ///< Value bits; function index; global index.
  uint32_t offset = 0;  ///< Of the body in the module.
  uint32_t size = 0;
};

struct FunctionDecl {
  TypeId type = 0;
  /// Body (locals and code, without its size field) in the module's bytes. Zero for imported functions.
  uint32_t body_offset = 0;
  uint32_t body_size = 0;
};

struct TableDecl {
  TableType type;
  std::optional<ConstExpr> init;  ///< Without: null.
};

struct GlobalDecl {
  GlobalType type;
  std::optional<ConstExpr> init;  ///< Absent exactly for imported globals.
};

enum class SegmentMode : uint8_t { kPassive, kActive, kDeclarative };

struct ElementSegment {
  SegmentMode mode = SegmentMode::kPassive;
  uint32_t table = 0;
  ConstExpr offset;  ///< kActive
  ValType type = ValType::funcref();
  /// Either function indices (the common case), or expressions; the other is empty.
  std::vector<uint32_t> functions;
  std::vector<ConstExpr> expressions;
  size_t size() const { return functions.empty() ? expressions.size() : functions.size(); }
};

struct DataSegment {
  SegmentMode mode = SegmentMode::kPassive;
  uint32_t memory = 0;
  ConstExpr offset;  ///< kActive
  Bytes bytes;       ///< In the module's bytes.
};

/// Names point into the module's bytes.
struct Import {
  std::string_view module;
  std::string_view name;
  ExternKind kind;
  uint32_t index;  ///< In the index space of its kind.
};

struct Export {
  std::string_view name;
  ExternKind kind;
  uint32_t index;
};

struct CustomSection {
  std::string_view name;
  Bytes bytes;          ///< Without the name.
  uint64_t offset = 0;  ///< Of `bytes` in the module.
  /// Id of the last non-custom section before it, or 0: where it stands.
  uint8_t after_section = 0;
};

/// The name section, decoded on demand. A malformed name section is ignored, as the spec asks.
struct NameMap {
  std::string_view module_name;
  /// Sorted by index.
  std::vector<std::pair<uint32_t, std::string_view>> functions;
  std::string_view function_name(uint32_t index) const;
};

/// What keeps the bytes alive: a vector, a file mapping, or the embedder's promise.
class ByteOwner {
 public:
  virtual ~ByteOwner() = default;
};

struct Module {
  Bytes bytes;
  std::shared_ptr<const ByteOwner> owner;
  const TypeRegistry* registry = nullptr;
  Features features;

  std::vector<TypeId> types;            ///< Type index space, canonical.
  std::vector<FunctionDecl> functions;  ///< Function index space: imports first.
  std::vector<TableDecl> tables;
  std::vector<MemoryType> memories;
  std::vector<GlobalDecl> globals;
  std::vector<TagType> tags;
  uint32_t imported_functions = 0;
  uint32_t imported_tables = 0;
  uint32_t imported_memories = 0;
  uint32_t imported_globals = 0;
  uint32_t imported_tags = 0;

  std::vector<Import> imports;  ///< In the binary's order.
  std::vector<Export> exports;
  std::vector<uint32_t> exports_by_name;  ///< Indices into `exports`, sorted by name (as bytes).
  std::optional<uint32_t> start;
  std::vector<ElementSegment> elements;
  std::vector<DataSegment> data;
  bool has_data_count = false;  ///< A data count section: bodies may name data segments.
  std::vector<CustomSection> customs;
  /// Functions that may be the operand of ref.func (they occur in exports, globals, segments): one bit each.
  std::vector<bool> declared_refs;

  const TypeDef& function_type(uint32_t func) const { return registry->get(functions[func].type); }
  /// Used while reading.
  void declare_ref(uint32_t func) {
    if (func >= declared_refs.size()) declared_refs.resize(functions.size());
    declared_refs[func] = true;
  }
  const Export* find_export(std::string_view name) const;
  NameMap names() const;
};

/// Reads and validates everything but function bodies. `bytes` must stay valid as long as the module (see `owner`).
/// Errors: kMalformed, kInvalid, kUnsupported, kLimit, with the byte offset. Thread-safe.
Result<std::unique_ptr<Module>> read_module(Bytes bytes, const Features& features, TypeRegistry& registry,
                                            std::shared_ptr<const ByteOwner> owner = nullptr);

/// Validates the bodies of the defined functions [first, last) (indices in the function index space). Different ranges
/// may be validated by different threads. The error is that of the lowest offset within the range.
Result<> validate_functions(const Module& module, uint32_t first, uint32_t last);

}  // namespace wherry::wasm
