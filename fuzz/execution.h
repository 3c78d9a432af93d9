// Running a generated module, and all that can be seen of it afterwards.
#pragma once

#include <string>

#include "module_generator.h"
#include "wherry/config.h"

namespace wherry::fuzz {

/// Instantiates the module and calls each of its functions, twice. Returns, as lines of text: the results or trap of
/// each call, then globals, tables and memories (as hashes). Two configurations or tiers agree exactly when the texts
/// are equal. A module that is refused gives its error.
std::string execute(const GeneratedModule& module, const Config& config);

/// The configuration that `execute` is meant for: all features, nothing left open by the specification.
Config deterministic_config();

}  // namespace wherry::fuzz
