// Runs the scripts of WebAssembly's own test suite (.wast) on an engine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wherry/config.h"
#include "wherry/result.h"

namespace wherry::cli {

struct ScriptFailure {
  uint32_t line;
  uint32_t column;
  std::string message;
};

struct ScriptResult {
  uint32_t commands = 0;  ///< All that the script holds; every one is executed.
  std::vector<ScriptFailure> failures;
  /// Rejections of the right class whose message is not the one the script names.
  uint32_t other_messages = 0;
};

/// Runs a script in a store of its own. Error: the script itself cannot be parsed (kSyntax).
Result<ScriptResult> run_script(std::string_view script, const Config& config);

}  // namespace wherry::cli
