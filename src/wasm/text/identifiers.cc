#include "wasm/text/identifiers.h"

#include <algorithm>

#include "base/byte_reader.h"
#include "wasm/text/lexer.h"

namespace wherry::wasm::text {
namespace {

/// Calls `entry(index, name)` for each pair of a name map, as long as indices rise.
template <class F>
bool read_name_map(base::ByteReader& reader, F entry) {
  uint32_t count = 0;
  if (!reader.u32(count)) return false;
  int64_t last = -1;
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t index = 0;
    std::string_view name;
    if (!reader.u32(index) || !reader.name(name) || index <= last) return false;
    last = index;
    if (!name.empty()) entry(index, name);
  }
  return true;
}

template <class F>
bool read_owned_names(base::ByteReader& reader, F entry) {
  uint32_t count = 0;
  if (!reader.u32(count)) return false;
  int64_t last = -1;
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t owner = 0;
    if (!reader.u32(owner) || owner <= last) return false;
    last = owner;
    if (!read_name_map(reader, [&](uint32_t index, std::string_view name) { entry(owner, index, name); })) return false;
  }
  return true;
}

}  // namespace

void append_literal(std::string_view bytes, bool utf8, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if ((byte >= 0x20 && byte < 0x7F) || (byte >= 0x80 && utf8)) {
      out += c;
    } else {
      out += '\\';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  out += '"';
}

void append_identifier(std::string_view name, std::string& out) {
  out += '$';
  if (std::ranges::all_of(name, is_id_char)) {
    out += name;
  } else {
    append_literal(name, true, out);
  }
}

void IdMap::add(uint32_t index, std::string_view name) {
  std::string_view unique = name;
  if (used_.contains(name)) {
    std::string& changed = changed_.emplace_back(name);
    changed += '#' + std::to_string(index);
    while (used_.contains(changed)) changed += '#';
    unique = changed;
  }
  used_.insert(unique);
  Entry& entry = ids_[index];
  append_identifier(unique, entry.id);
  if (unique != name) entry.changed_from = name;
}

void IdMap::append_definition(uint32_t index, std::string& out) const {
  const auto found = ids_.find(index);
  if (found == ids_.end()) return;
  out += ' ';
  out += found->second.id;
  if (found->second.changed_from.empty()) return;
  out += " (@name ";
  append_literal(found->second.changed_from, true, out);
  out += ')';
}

void IdMap::append_reference(uint32_t index, std::string& out) const {
  const auto found = ids_.find(index);
  out += found != ids_.end() ? found->second.id : std::to_string(index);
}

Identifiers::Identifiers(const Module& module) {
  // Of several name sections the first counts.
  const auto section = std::ranges::find(module.customs, "name", &CustomSection::name);
  if (section != module.customs.end()) read(section->bytes);
}

std::string_view Identifiers::label(uint32_t function, uint32_t label) const {
  const auto found = labels_.find(uint64_t{function} << 32 | label);
  return found == labels_.end() ? std::string_view{} : found->second;
}

void Identifiers::read(Bytes section) {
  base::ByteReader reader(section);
  int last_id = -1;
  while (!reader.at_end()) {
    uint8_t id = 0;
    uint32_t size = 0;
    Bytes content;
    if (!reader.u8(id) || !reader.u32(size) || !reader.bytes(size, content) || id <= last_id) return;
    last_id = id;
    base::ByteReader names(content);
    const auto space = [&](Space s) {
      IdMap& ids = spaces_[static_cast<size_t>(s)];
      read_name_map(names, [&](uint32_t index, std::string_view name) { ids.add(index, name); });
    };
    const auto owned = [&](OwnedIds& all) {
      read_owned_names(names,
                       [&](uint32_t owner, uint32_t index, std::string_view name) { all[owner].add(index, name); });
    };
    switch (static_cast<NameSubsection>(id)) {
      case NameSubsection::kModule:
        names.name(module_name_);
        break;
      case NameSubsection::kFunctions:
        space(Space::kFunc);
        break;
      case NameSubsection::kLocals:
        owned(locals_);
        break;
      case NameSubsection::kLabels:
        read_owned_names(names, [&](uint32_t owner, uint32_t index, std::string_view name) {
          labels_.emplace(uint64_t{owner} << 32 | index, name);
        });
        break;
      case NameSubsection::kTypes:
        space(Space::kType);
        break;
      case NameSubsection::kTables:
        space(Space::kTable);
        break;
      case NameSubsection::kMemories:
        space(Space::kMemory);
        break;
      case NameSubsection::kGlobals:
        space(Space::kGlobal);
        break;
      case NameSubsection::kElements:
        space(Space::kElem);
        break;
      case NameSubsection::kData:
        space(Space::kData);
        break;
      case NameSubsection::kFields:
        owned(fields_);
        break;
      case NameSubsection::kTags:
        space(Space::kTag);
        break;
    }
  }
}

}  // namespace wherry::wasm::text
