// Copies of directories, for a tmpfs that begins with what it covers.
#pragma once

#include "wherry/result.h"

namespace wherry::oci {

/// Copies directories, files and links beneath `from` to `to`, both open directories, with owners and modes. Other
/// kinds of file are left out.
Result<> copy_tree(int from, int to);

}  // namespace wherry::oci
