// The custom name section: https://webassembly.github.io/spec/core/appendix/custom.html#name-section
#include <algorithm>

#include "base/byte_reader.h"
#include "wasm/binary_format.h"
#include "wasm/module.h"

namespace wherry::wasm {

namespace {

/// Reads a map from indices to names. What is out of order is dropped, so that the result is sorted.
bool name_map(base::ByteReader& reader, std::vector<std::pair<uint32_t, std::string_view>>& out) {
  uint32_t count;
  if (!reader.u32(count) || count > reader.remaining()) return false;
  out.reserve(std::min<size_t>(count, reader.remaining() / 2));
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t index;
    std::string_view name;
    if (!reader.u32(index) || !reader.name(name)) return false;
    if (out.empty() || out.back().first < index) out.emplace_back(index, name);
  }
  return true;
}

bool name_section(Bytes bytes, NameMap& names) {
  base::ByteReader reader(bytes);
  while (!reader.at_end()) {
    uint8_t id;
    uint32_t size;
    Bytes contents;
    if (!reader.u8(id) || !reader.u32(size) || !reader.bytes(size, contents)) return false;
    base::ByteReader subsection(contents);
    if (id == static_cast<uint8_t>(NameSubsection::kModule)) {
      if (!subsection.name(names.module_name)) return false;
    } else if (id == static_cast<uint8_t>(NameSubsection::kFunctions)) {
      if (!names.functions.empty() || !name_map(subsection, names.functions)) return false;
    }
  }
  return true;
}

}  // namespace

NameMap Module::names() const {
  NameMap names;
  const auto section = std::ranges::find(customs, "name", &CustomSection::name);
  if (section != customs.end() && !name_section(section->bytes, names)) return {};
  return names;
}

std::string_view NameMap::function_name(uint32_t index) const {
  const auto found = std::ranges::lower_bound(functions, index, {}, &std::pair<uint32_t, std::string_view>::first);
  return found != functions.end() && found->first == index ? found->second : std::string_view();
}

}  // namespace wherry::wasm
