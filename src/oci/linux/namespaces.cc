#include "oci/linux/namespaces.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "oci/linux/channel.h"

namespace wherry::oci {
namespace {

struct KindRow {
  int flag;
  const char* file;  ///< In /proc/PID/ns.
};
// By NamespaceKind.
constexpr KindRow kRows[kNamespaceKinds] = {{CLONE_NEWUSER, "user"},     {CLONE_NEWNS, "mnt"},  {CLONE_NEWPID, "pid"},
                                            {CLONE_NEWNET, "net"},       {CLONE_NEWIPC, "ipc"}, {CLONE_NEWUTS, "uts"},
                                            {CLONE_NEWCGROUP, "cgroup"}, {0x80, "time"}};

const KindRow& row(NamespaceKind kind) { return kRows[static_cast<size_t>(kind)]; }

/// fork, into new namespaces.
pid_t clone_process(uint64_t flags) {
  clone_args args = {};
  // With CLONE_PARENT the parent's own signal is used, and none may be given.
  args.flags = flags;
  args.exit_signal = (flags & CLONE_PARENT) != 0 ? 0 : SIGCHLD;
  return static_cast<pid_t>(syscall(SYS_clone3, &args, sizeof args));
}

/// Being root of the user namespace that was entered, where it has a root.
void become_namespace_root() {
  if (setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0) return;
}

Result<> join_all(const NamespacePlan& plan) {
  const auto join = [](const NamespacePlan::Join& item) { return setns(item.fd.get(), row(item.kind).flag) == 0; };
  // A namespace may belong to this process's user namespace or to the one that is joined: what cannot be entered from
  // the first is tried from the second. The mount namespace is last, since it takes the paths away.
  std::vector<const NamespacePlan::Join*> later;
  const NamespacePlan::Join* user = nullptr;
  const NamespacePlan::Join* mount = nullptr;
  for (const auto& item : plan.joins) {
    if (item.kind == NamespaceKind::kUser) {
      user = &item;
    } else if (item.kind == NamespaceKind::kMount) {
      mount = &item;
    } else if (!join(item)) {
      later.push_back(&item);
    }
  }
  if (mount != nullptr) later.push_back(mount);
  if (user != nullptr) {
    if (!join(*user)) return system_error("cannot join the user namespace");
    become_namespace_root();
  }
  for (const auto* item : later) {
    if (!join(*item)) return system_error("cannot join the " + std::string(namespace_name(item->kind)) + " namespace");
  }
  return {};
}

uint64_t unshare_flags(const NamespacePlan& plan) {
  uint64_t flags = 0;
  for (const NamespaceKind kind : plan.unshares) flags |= static_cast<unsigned>(row(kind).flag);
  return flags;
}

std::string mapping_text(const std::vector<IdMapping>& mappings) {
  std::string text;
  for (const IdMapping& mapping : mappings) {
    text += std::to_string(mapping.container_id) + ' ' + std::to_string(mapping.host_id) + ' ' +
            std::to_string(mapping.size) + '\n';
  }
  return text;
}

/// Users who are not root may map more than themselves only through a set-user-id program.
Result<> map_with_helper(const char* program, int pid, const std::vector<IdMapping>& mappings) {
  std::vector<std::string> words = {program, std::to_string(pid)};
  for (const IdMapping& mapping : mappings) {
    for (const uint32_t number : {mapping.container_id, mapping.host_id, mapping.size}) {
      words.push_back(std::to_string(number));
    }
  }
  std::vector<char*> args;
  for (std::string& word : words) args.push_back(word.data());
  args.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    execvp(program, args.data());
    _exit(127);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) < 0) return system_error(program);
  if (status != 0) return fail(ErrorCode::kIo, std::string(program) + " failed");
  return {};
}

}  // namespace

Result<NamespacePlan> plan_namespaces(const Config& config) {
  NamespacePlan plan;
  bool mount = false;
  for (const NamespaceConfig& item : config.namespaces) {
    mount |= item.kind == NamespaceKind::kMount;
    if (item.path.empty()) {
      if (item.kind != NamespaceKind::kCgroup && item.kind != NamespaceKind::kTime) plan.unshares.push_back(item.kind);
      continue;
    }
    Fd fd(open(item.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd.valid()) return system_error("namespace " + item.path);
    if (ioctl(fd.get(), NS_GET_NSTYPE) != row(item.kind).flag) {
      return fail(ErrorCode::kInvalid, item.path + " is no " + std::string(namespace_name(item.kind)) + " namespace");
    }
    plan.joins.push_back({item.kind, std::move(fd)});
  }
  if (!mount) plan.unshares.push_back(NamespaceKind::kMount);
  const bool new_user = std::ranges::find(plan.unshares, NamespaceKind::kUser) != plan.unshares.end();
  if (new_user && config.uid_mappings.empty()) {
    return fail(ErrorCode::kInvalid, "a new user namespace without linux.uidMappings");
  }
  return plan;
}

Result<NamespacePlan> namespaces_of(const ProcessId& process) {
  NamespacePlan plan;
  const std::string directory = "/proc/" + std::to_string(process.pid) + "/ns/";
  for (size_t kind = 0; kind < kNamespaceKinds; ++kind) {
    Fd fd(open((directory + kRows[kind].file).c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid() && errno == ENOENT && process.alive()) continue;  // A kind that this kernel does not have.
    if (!fd.valid()) return system_error("cannot open the container's namespaces");
    struct stat theirs = {}, own = {};
    if (fstat(fd.get(), &theirs) != 0 || stat(("/proc/self/ns/" + std::string(kRows[kind].file)).c_str(), &own) != 0) {
      return system_error("cannot open the container's namespaces");
    }
    if (theirs.st_ino != own.st_ino) plan.joins.push_back({static_cast<NamespaceKind>(kind), std::move(fd)});
  }
  if (!process.alive()) return fail(ErrorCode::kNotFound, "the container is not running");
  return plan;
}

Result<int> spawn(const NamespacePlan& plan, const std::function<void()>& body) {
  const uint64_t flags = unshare_flags(plan);
  if (plan.joins.empty()) {
    const pid_t pid = clone_process(flags);
    if (pid < 0) return system_error("cannot make the container's process");
    if (pid == 0) {
      body();
      _exit(1);
    }
    return pid;
  }
  // A process joins, and makes a sibling of itself: the pid namespace that it has joined holds only its children.
  WHERRY_TRY(auto channel, Channel::make());
  const pid_t go_between = clone_process(0);
  if (go_between < 0) return system_error("cannot make the container's process");
  if (go_between == 0) {
    auto joined = join_all(plan);
    if (!joined.has_value()) {
      channel.second.send_error(joined.error());
      _exit(1);
    }
    const pid_t pid = clone_process(flags | CLONE_PARENT);
    if (pid == 0) {
      body();
      _exit(1);
    }
    if (pid < 0) {
      channel.second.send_error(system_error("cannot make the container's process").error());
      _exit(1);
    }
    if (write(channel.second.fd(), &pid, sizeof pid) != sizeof pid) kill(pid, SIGKILL);
    _exit(0);
  }
  {
    const Channel other = std::move(channel.second);
  }
  // An error begins with kError, which is no byte of a small number's first.
  char reply[4096];
  ssize_t got;
  do {
    got = recv(channel.first.fd(), reply, sizeof reply, 0);
  } while (got < 0 && errno == EINTR);
  while (waitpid(go_between, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_t pid = 0;
  if (got == sizeof pid) {
    std::memcpy(&pid, reply, sizeof pid);
    return pid;
  }
  if (got > 2) return fail(static_cast<ErrorCode>(reply[1]), std::string(reply + 2, static_cast<size_t>(got) - 2));
  return fail(ErrorCode::kIo, "cannot make the container's process");
}

Result<> write_id_mappings(int pid, const Config& config) {
  const std::string directory = "/proc/" + std::to_string(pid);
  const auto write = [&](const char* file, const char* helper, const std::vector<IdMapping>& mappings) -> Result<> {
    auto written = write_control(directory + file, mapping_text(mappings));
    if (written.has_value() || geteuid() == 0) return written;
    return map_with_helper(helper, pid, mappings);
  };
  // Without privileges a group can be mapped only by who cannot drop groups any more.
  if (geteuid() != 0 && config.gid_mappings.size() == 1 && config.gid_mappings[0].size == 1) {
    WHERRY_CHECK(write_control(directory + "/setgroups", "deny"));
  }
  WHERRY_CHECK(write("/gid_map", "newgidmap", config.gid_mappings));
  return write("/uid_map", "newuidmap", config.uid_mappings);
}

Result<> enter_cgroup_namespace() {
  if (unshare(CLONE_NEWCGROUP) != 0) return system_error("cannot make a cgroup namespace");
  return {};
}

Result<> enter_time_namespace(const std::vector<TimeOffset>& offsets) {
  const int flag = row(NamespaceKind::kTime).flag;
  if (unshare(flag) != 0) return system_error("cannot make a time namespace");
  for (const TimeOffset& offset : offsets) {
    WHERRY_CHECK(write_control("/proc/self/timens_offsets", offset.clock + ' ' + std::to_string(offset.seconds) + ' ' +
                                                                std::to_string(offset.nanoseconds)));
  }
  const Fd own(open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC));
  if (!own.valid() || setns(own.get(), flag) != 0) return system_error("cannot enter the time namespace");
  return {};
}

Result<> raise_loopback() {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request = {};
  std::memcpy(request.ifr_name, "lo", 3);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (!socket.valid() || ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) return system_error("cannot raise lo");
  return {};
}

Result<> write_sysctls(const Config& config) {
  const auto own = [&](NamespaceKind kind) { return config.find_namespace(kind) != nullptr; };
  for (const auto& [name, value] : config.sysctl) {
    const bool ipc = name.starts_with("kernel.shm") || name.starts_with("kernel.msg") || name == "kernel.sem" ||
                     name.starts_with("fs.mqueue.");
    const bool uts = name == "kernel.domainname" || name == "kernel.hostname";
    const bool net = name.starts_with("net.");
    if (name.find("..") != name.npos || name.find('/') != name.npos ||
        !((ipc && own(NamespaceKind::kIpc)) || (uts && own(NamespaceKind::kUts)) ||
          (net && own(NamespaceKind::kNetwork)))) {
      return fail(ErrorCode::kInvalid, "sysctl " + name + " belongs to no namespace of the container");
    }
    std::string path = "/proc/sys/" + name;
    std::ranges::replace(path.begin() + 10, path.end(), '.', '/');
    WHERRY_CHECK(write_control(path, value));
  }
  return {};
}

}  // namespace wherry::oci
