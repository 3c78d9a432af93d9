// What is known of a module while its text is parsed: index spaces and their identifiers, and types by shape. Fields
// and bodies are encoded against it.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "wasm/encoder.h"
#include "wasm/text/annotations.h"
#include "wasm/text/cursor.h"

namespace wherry::wasm::text {

enum class Space : uint8_t { kType, kFunc, kTable, kMemory, kGlobal, kTag, kElem, kData };
inline constexpr std::string_view kSpaceNames[] = {"type", "func", "table", "memory", "global", "tag", "elem", "data"};
inline constexpr size_t kSpaceCount = sizeof(kSpaceNames) / sizeof(kSpaceNames[0]);

/// Index and name, by rising index.
using NameList = std::vector<std::pair<uint32_t, std::string_view>>;
/// Names within a thing that has an index of its own: a function's locals or labels, a type's fields.
struct OwnedNames {
  uint32_t owner;
  NameList names;
};

struct IndexSpace {
  uint32_t count = 0;
  std::unordered_map<Symbol, uint32_t> by_symbol;
  NameList names;
};

/// A parameter's or local's identifier, and the name that it goes by in the name section.
struct LocalName {
  std::optional<Symbol> id;
  std::string_view name;
  uint32_t offset;  ///< In the text.
};

class ModuleScope {
 public:
  ModuleScope(Cursor& cursor, Annotations& annotations) : cursor_(cursor), annotations_(annotations) {}

  Cursor& cursor() { return cursor_; }
  Annotations& annotations() { return annotations_; }
  IndexSpace& space(Space s) { return spaces_[static_cast<size_t>(s)]; }
  /// Whether an instruction named a data segment: then the binary needs a data count section.
  bool uses_data_index = false;
  /// Field names of the struct types.
  const std::vector<OwnedNames>& field_names() const { return field_names_; }

  /// Takes an optional identifier and @name annotation, for the next index of the space. Returns that index.
  uint32_t bind(Space s);
  /// An index, by number or identifier.
  uint32_t index(Space s);
  uint32_t field_index(uint32_t type);
  /// An optional identifier and @name annotation. `what` is named in the error if there are several annotations.
  LocalName local_name(std::string_view what = "local");

  // Types.
  void value_type(Encoder& out);
  void reference_type(Encoder& out);
  /// Nullability apart from the heap type, as instructions have it.
  bool nullable_reference_type(Encoder& heap);
  void heap_type(Encoder& out);
  /// Reads what follows "(type $id?"; its index is already bound. `alone`: not one of several in a recursion group.
  void define_type(Encoder& out, uint32_t index, bool alone);
  /// "(type x)"? "(param ...)"* "(result ...)"*: the index of the function type, which is added if need be.
  /// `params`: receives one name each that is written here; null where names are not allowed.
  uint32_t type_use(std::vector<LocalName>* params);
  void block_type(Encoder& out);
  /// How many parameters the type has; 0 if it is no function type.
  uint32_t param_count(uint32_t type) const;
  /// Those defined, and those added since by type uses.
  VectorSection& types() { return types_; }

 private:
  /// A function type's parameters and results, as the binary has them: equal types have equal bytes.
  struct Signature {
    std::string bytes;
    uint32_t params = 0;
  };
  struct DefinedType {
    bool is_function = false;
    Signature signature;
  };
  struct InlineSignature {
    Encoder params, results;
    uint32_t param_count = 0, result_count = 0;
    Signature signature() const;
  };

  InlineSignature inline_signature(std::vector<LocalName>* params);
  uint32_t type_of(std::optional<uint32_t> explicit_type, const InlineSignature& written, const Token& at);
  std::optional<uint32_t> explicit_type();
  uint32_t implicit_type(Signature signature);
  void struct_type(Encoder& out, uint32_t index);
  void field_type(Encoder& out);
  std::string_view name_annotation(std::optional<Symbol> id, std::string_view what);
  uint32_t resolve(const std::unordered_map<Symbol, uint32_t>& names, std::string_view what);

  Cursor& cursor_;
  Annotations& annotations_;
  std::array<IndexSpace, kSpaceCount> spaces_;
  VectorSection types_;
  std::vector<DefinedType> defined_;
  /// By signature, the first final function type without supertype that is alone in its recursion group.
  std::unordered_map<std::string, uint32_t> plain_types_;
  std::vector<OwnedNames> field_names_;
  std::unordered_map<uint64_t, uint32_t> fields_;  ///< By type index << 32 | symbol.
  std::deque<std::string> annotated_names_;
};

}  // namespace wherry::wasm::text
