// The programs that a config wants run around a container's life.
#pragma once

#include <string>
#include <vector>

#include "oci/config.h"
#include "wherry/result.h"

namespace wherry::oci {

/// Runs them in order, each with the container's state on its standard input, until one fails: it cannot be started,
/// ends with another code than 0, or takes longer than its timeout and is killed.
Result<> run_hooks(const Config& config, HookKind kind, const std::string& state_json);
/// The same for hooks whose failure must not hold up what is done: all run, and the errors are returned.
std::vector<Error> run_hooks_to_the_end(const Config& config, HookKind kind, const std::string& state_json);

}  // namespace wherry::oci
