// The argument of --dir.
#pragma once

#include <string>

#include "wherry/wasi.h"

namespace wherry::cli {

/// HOST; HOST::GUEST; or WasmEdge's GUEST:HOST. Each may end in :ro or :readonly. A text with "::" is the former, any
/// other with a colon the latter. Throws UsageError.
WasiPreopen parse_directory(std::string_view text);

}  // namespace wherry::cli
