// Modules from files, with errors told to the user.
#pragma once

#include <optional>
#include <string>

#include "wherry/module.h"

namespace wherry::cli {

/// The module in a file, binary or text as its content says; "-" is standard input. Nothing if that fails; then the
/// reason has been printed.
std::optional<Module> load_module(const Engine& engine, const std::string& path);

}  // namespace wherry::cli
