// The custom section "name", from what the parser has learned.
// Spec: https://webassembly.github.io/spec/core/appendix/custom.html#name-section and the extended-name-section
// proposal
#pragma once

#include <string_view>
#include <vector>

#include "wasm/encoder.h"
#include "wasm/text/module_scope.h"

namespace wherry::wasm::text {

struct ModuleNames {
  std::string_view module;
  std::vector<OwnedNames> locals;
  std::vector<OwnedNames> labels;
};

/// The content of the section; empty if there are no names.
Encoder encode_names(const ModuleNames& names, ModuleScope& scope);

}  // namespace wherry::wasm::text
