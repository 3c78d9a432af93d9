#include "wasm/text/name_section.h"

namespace wherry::wasm::text {
namespace {

void subsection(Encoder& out, NameSubsection id, const Encoder& content) {
  out.byte(static_cast<uint8_t>(id));
  out.sized(content.view());
}

void name_map(Encoder& out, const NameList& names) {
  out.u64(names.size());
  for (const auto& [index, name] : names) {
    out.u32(index);
    out.name(name);
  }
}

void names_subsection(Encoder& out, NameSubsection id, const NameList& names) {
  if (names.empty()) return;
  Encoder content;
  name_map(content, names);
  subsection(out, id, content);
}

void owned_subsection(Encoder& out, NameSubsection id, const std::vector<OwnedNames>& all) {
  if (all.empty()) return;
  Encoder content;
  content.u64(all.size());
  for (const OwnedNames& one : all) {
    content.u32(one.owner);
    name_map(content, one.names);
  }
  subsection(out, id, content);
}

}  // namespace

Encoder encode_names(const ModuleNames& names, ModuleScope& scope) {
  Encoder out;
  if (!names.module.empty()) {
    Encoder content;
    content.name(names.module);
    subsection(out, NameSubsection::kModule, content);
  }
  const auto space = [&](NameSubsection id, Space s) { names_subsection(out, id, scope.space(s).names); };
  space(NameSubsection::kFunctions, Space::kFunc);
  owned_subsection(out, NameSubsection::kLocals, names.locals);
  owned_subsection(out, NameSubsection::kLabels, names.labels);
  space(NameSubsection::kTypes, Space::kType);
  space(NameSubsection::kTables, Space::kTable);
  space(NameSubsection::kMemories, Space::kMemory);
  space(NameSubsection::kGlobals, Space::kGlobal);
  space(NameSubsection::kElements, Space::kElem);
  space(NameSubsection::kData, Space::kData);
  owned_subsection(out, NameSubsection::kFields, scope.field_names());
  space(NameSubsection::kTags, Space::kTag);
  return out;
}

}  // namespace wherry::wasm::text
