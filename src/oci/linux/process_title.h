// What ps shows of a process.
#pragma once

#include <string>
#include <vector>

namespace wherry::oci {

/// Remembers where the kernel put this process's arguments and environment: called once, first in main.
void keep_process_title(int argc, char** argv);

/// Shows `args` instead, as far as there is room, and wipes what was there: the environment of the engine that called
/// this program is no business of a guest, which can read /proc/self/environ. getenv() finds nothing afterwards.
void set_process_title(const std::vector<std::string>& args);

}  // namespace wherry::oci
