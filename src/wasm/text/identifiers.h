// The identifiers that a module's text uses, from its name section.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "wasm/module.h"
#include "wasm/text/module_scope.h"

namespace wherry::wasm::text {

/// Appends `bytes` as a string literal. With `utf8`, bytes beyond ASCII stand for themselves.
void append_literal(std::string_view bytes, bool utf8, std::string& out);

/// Appends $name or $"name".
void append_identifier(std::string_view name, std::string& out);

/// Identifiers by index; no two are the same.
class IdMap {
 public:
  /// Takes the name for the index, which must be greater than those before it. Names that are not unique are changed.
  void add(uint32_t index, std::string_view name);
  bool contains(uint32_t index) const { return ids_.contains(index); }
  /// Appends " $id" and, where the name had to be changed, a @name annotation; nothing if there is no name.
  void append_definition(uint32_t index, std::string& out) const;
  /// Appends the identifier, or the number.
  void append_reference(uint32_t index, std::string& out) const;

 private:
  struct Entry {
    std::string id;                 ///< With its $.
    std::string_view changed_from;  ///< Empty if it was not.
  };
  std::unordered_map<uint32_t, Entry> ids_;
  std::unordered_set<std::string_view> used_;
  std::deque<std::string> changed_;
};

/// What a module's name sections say. Views of the module's bytes. What is malformed is ignored.
class Identifiers {
 public:
  Identifiers() = default;
  explicit Identifiers(const Module& module);

  std::string_view module_name() const { return module_name_; }
  const IdMap& operator[](Space s) const { return spaces_[static_cast<size_t>(s)]; }
  const IdMap& locals(uint32_t function) const { return find(locals_, function); }
  const IdMap& fields(uint32_t type) const { return find(fields_, type); }
  /// The name of the function's label, counted in the order of instructions; empty for none. Not unique.
  std::string_view label(uint32_t function, uint32_t label) const;

 private:
  using OwnedIds = std::unordered_map<uint32_t, IdMap>;
  static const IdMap& find(const OwnedIds& all, uint32_t owner) {
    static const IdMap kNone;
    const auto found = all.find(owner);
    return found == all.end() ? kNone : found->second;
  }
  void read(Bytes section);

  std::string_view module_name_;
  std::array<IdMap, kSpaceCount> spaces_;
  OwnedIds locals_, fields_;
  std::unordered_map<uint64_t, std::string_view> labels_;  ///< By function << 32 | label.
};

}  // namespace wherry::wasm::text
