// The name section. Spec: https://webassembly.github.io/spec/core/appendix/custom.html#name-section
#include <algorithm>

#include "base/byte_reader.h"
#include "wasm/module.h"

namespace wherry::wasm {
namespace {

constexpr uint8_t kModuleName = 0;
constexpr uint8_t kFunctionNames = 1;

/// False if the section is malformed.
bool read_names(Bytes section, NameMap& names) {
  base::ByteReader reader(section);
  while (!reader.at_end()) {
    uint8_t id;
    uint32_t size;
    Bytes bytes;
    if (!reader.u8(id) || !reader.u32(size) || !reader.bytes(size, bytes)) return false;
    base::ByteReader subsection(bytes);
    if (id == kModuleName) {
      if (!subsection.name(names.module_name)) return false;
    } else if (id == kFunctionNames) {
      uint32_t count;
      if (!subsection.u32(count)) return false;
      // An entry takes two bytes at least, so the count cannot ask for more memory than the section is worth.
      names.functions.reserve(std::min<size_t>(count, bytes.size() / 2));
      for (uint32_t i = 0; i < count; ++i) {
        uint32_t index;
        std::string_view name;
        if (!subsection.u32(index) || !subsection.name(name)) return false;
        if (!names.functions.empty() && index <= names.functions.back().first) return false;
        names.functions.emplace_back(index, name);
      }
    } else {
      continue;
    }
    if (!subsection.at_end()) return false;
  }
  return true;
}

}  // namespace

std::string_view NameMap::function_name(uint32_t index) const {
  const auto it = std::lower_bound(functions.begin(), functions.end(), index,
                                   [](const auto& entry, uint32_t i) { return entry.first < i; });
  return it != functions.end() && it->first == index ? it->second : std::string_view();
}

NameMap Module::names() const {
  for (const CustomSection& section : customs) {
    if (section.name != "name") continue;
    NameMap names;
    if (read_names(section.bytes, names)) return names;
  }
  return {};
}

}  // namespace wherry::wasm
