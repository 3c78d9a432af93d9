// The process of a container, from its birth to the guest's first instruction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "oci/config.h"
#include "oci/guest.h"
#include "oci/linux/channel.h"
#include "oci/linux/seccomp.h"
#include "oci/linux/system.h"
#include "oci/state.h"

namespace wherry::oci {

/// What an init and a process of `exec` have in common. Owned by the command that makes the process, which has a copy
/// of its own after the fork.
struct ProcessPlan {
  const ProcessConfig* process = nullptr;
  std::string id;
  Channel* channel = nullptr;  ///< The process's end.
  std::optional<SeccompFilter> seccomp;
  Fd seccomp_listener;             ///< A connected socket, if the filter notifies.
  std::string seccomp_state_json;  ///< What goes with the listener's descriptor.
  Fd console_socket;               ///< Where the terminal's master goes.
  std::vector<int> inherited;      ///< Descriptors that the guest gets, beside its streams.
  std::string network_rules;       ///< What the guest may reach: lines of docs/network.md.
  bool new_keyring = true;
  bool joins_user_namespace = false;  ///< It has, or gets, a user namespace of the container's.
};

struct InitPlan : ProcessPlan {
  const Config* config = nullptr;
  std::string bundle;
  std::string rootfs;  ///< As mountinfo has it.
  std::vector<CgroupDirectory> cgroups;
  std::string state_json;  ///< With status "creating"; the process's number is put in by who runs the hooks.
  State state;
  Fd start_fifo;  ///< Open for reading and writing.
  Fd stats;
  bool pivot = true;
};

/// Runs in the new process: sets everything up, reports through the channel, waits to be started, runs the guest.
/// Order: kGo from the command (mappings written, cgroup joined), perhaps kHooks and kGo, kReady, kGo.
[[noreturn]] void run_init(InitPlan& plan);

/// Runs in the new process, which is in the container's namespaces: kGo, kReady, kGo, and the program begins: a guest,
/// or a native program of the container.
[[noreturn]] void run_exec(ProcessPlan& plan);

}  // namespace wherry::oci
