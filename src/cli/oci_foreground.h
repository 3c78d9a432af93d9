// Waiting for a container's process on behalf of whoever called the command.
#pragma once

#include "oci/linux/system.h"

namespace wherry::cli {

/// Waits for a child, passes signals on to it, and if there is a terminal, carries bytes between it and this process's
/// own. Returns the child's exit code, 128 + n for a signal.
int attend(int pid, oci::Fd terminal);

}  // namespace wherry::cli
