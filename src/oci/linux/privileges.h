// What a process of a container may do: identity, capabilities, limits, labels. All act on the calling thread or
// process, and are called while it has one thread.
#pragma once

#include "oci/config.h"
#include "wherry/result.h"

namespace wherry::oci {

/// Before the namespaces are left to the container: writes /proc/self/oom_score_adj, I/O priority.
Result<> set_scheduling(const ProcessConfig& process);
Result<> set_rlimits(const ProcessConfig& process);
/// AppArmor and SELinux: this process goes on under the label. Needs /proc; `proc` is an open directory of it.
Result<> set_labels(const ProcessConfig& process, int proc);
/// For a process that goes on to execute a program: the label is that of the program.
Result<> set_exec_labels(const ProcessConfig& process, int proc);

/// Takes the bounding set away, becomes the user, and keeps the given capabilities only.
Result<> become_user(const ProcessConfig& process);
Result<> set_no_new_privileges();

}  // namespace wherry::oci
