// Namespaces, and the process that is born into them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "oci/config.h"
#include "oci/linux/system.h"
#include "wherry/result.h"

namespace wherry::oci {

/// The namespaces of a process to be made. Cgroup and time namespaces that are new are no concern of this: the process
/// makes them itself when it is in its cgroup.
struct NamespacePlan {
  struct Join {
    NamespaceKind kind;
    Fd fd;
  };
  std::vector<Join> joins;
  std::vector<NamespaceKind> unshares;
};

/// As a config says. Always with a mount namespace. Errors: a path that is no namespace of its kind.
Result<NamespacePlan> plan_namespaces(const Config& config);
/// Those of another process in which this process is not.
Result<NamespacePlan> namespaces_of(const ProcessId& process);

/// Makes a child process in the namespaces, which runs `body` and must not return from it. Its number, as this process
/// sees it. The caller has one thread.
Result<int> spawn(const NamespacePlan& plan, const std::function<void()>& body);

/// Writes the mappings of a child that was born into a new user namespace.
Result<> write_id_mappings(int pid, const Config& config);

/// What the new process does about its namespaces by itself, before it leaves the host's file system.
Result<> enter_cgroup_namespace();
Result<> enter_time_namespace(const std::vector<TimeOffset>& offsets);
Result<> raise_loopback();
/// "net.ipv4.ip_forward" = "1": only what belongs to a namespace that is the container's own.
Result<> write_sysctls(const Config& config);

}  // namespace wherry::oci
