// The argument of --dir.
#pragma once

#include <string>
#include <string_view>

#include "wherry/wasi.h"

namespace wherry::cli {

struct DirectoryGrant {
  std::string host;
  std::string guest;
  WasiAccess access = WasiAccess::kReadWrite;
};

/// HOST; HOST::GUEST; or WasmEdge's GUEST:HOST. Each may end in :ro or :readonly. A text with "::" is the former, any
/// other with a colon the latter. Throws UsageError.
DirectoryGrant parse_directory(std::string_view text);

}  // namespace wherry::cli
