// What this runtime says of itself, and a bundle's first config.
#pragma once

#include <string>
#include <string_view>

#include "wherry/result.h"

namespace wherry::oci {

/// As features.md of the OCI runtime specification wants it.
std::string features_json(std::string_view version);
/// Writes config.json, which must not be there yet.
Result<> write_spec(const std::string& directory, bool rootless);

}  // namespace wherry::oci
