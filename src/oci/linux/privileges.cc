#include "oci/linux/privileges.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "oci/linux/system.h"

namespace wherry::oci {
namespace {

Result<> set_capabilities(uint64_t effective, uint64_t permitted, uint64_t inheritable) {
  __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2] = {};
  for (int half = 0; half < 2; ++half) {
    data[half].effective = static_cast<uint32_t>(effective >> (32 * half));
    data[half].permitted = static_cast<uint32_t>(permitted >> (32 * half));
    data[half].inheritable = static_cast<uint32_t>(inheritable >> (32 * half));
  }
  if (syscall(SYS_capset, &header, data) != 0) return system_error("cannot set capabilities");
  return {};
}

/// The capabilities that this process has.
uint64_t permitted_capabilities() {
  __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) return 0;
  return data[0].permitted | uint64_t{data[1].permitted} << 32;
}

void drop_bounding(uint64_t keep) {
  for (unsigned capability = 0; capability < 64; ++capability) {
    if ((keep >> capability & 1) == 0 && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno == EINVAL) return;
  }
}

}  // namespace

Result<> set_scheduling(const ProcessConfig& process) {
  if (process.oom_score_adj) {
    auto written = write_control("/proc/self/oom_score_adj", std::to_string(*process.oom_score_adj));
    // Without privileges it cannot be lowered; rootless engines ask for it all the same.
    if (!written.has_value() && geteuid() == 0) return written;
  }
  if (process.io_priority) {
    constexpr int kWhoProcess = 1;
    if (syscall(SYS_ioprio_set, kWhoProcess, 0, *process.io_priority) != 0) {
      return system_error("cannot set the I/O priority");
    }
  }
  return {};
}

Result<> set_rlimits(const ProcessConfig& process) {
  for (const Rlimit& limit : process.rlimits) {
    const rlimit value = {.rlim_cur = limit.soft, .rlim_max = limit.hard};
    if (setrlimit(static_cast<__rlimit_resource>(limit.resource), &value) != 0) {
      return system_error("cannot set resource limit " + std::to_string(limit.resource));
    }
  }
  return {};
}

Result<> set_labels(const ProcessConfig& process, int proc) {
  if (!process.apparmor_profile.empty()) {
    const std::string command = "changeprofile " + process.apparmor_profile;
    if (!write_control(proc, "self/attr/apparmor/current", command).has_value()) {
      WHERRY_CHECK(write_control(proc, "self/attr/current", command));
    }
  }
  if (!process.selinux_label.empty()) WHERRY_CHECK(write_control(proc, "self/attr/current", process.selinux_label));
  return {};
}

Result<> set_exec_labels(const ProcessConfig& process, int proc) {
  if (!process.apparmor_profile.empty()) {
    const std::string command = "exec " + process.apparmor_profile;
    if (!write_control(proc, "self/attr/apparmor/exec", command).has_value()) {
      WHERRY_CHECK(write_control(proc, "self/attr/exec", command));
    }
  }
  if (!process.selinux_label.empty()) WHERRY_CHECK(write_control(proc, "self/attr/exec", process.selinux_label));
  return {};
}

Result<> become_user(const ProcessConfig& process) {
  const uint64_t have = permitted_capabilities();
  const Capabilities wanted = process.capabilities.value_or(Capabilities{});
  drop_bounding(wanted.bounding);
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return system_error("cannot keep capabilities");

  const User& user = process.user;
  // In a user namespace without setgroups there are no groups to leave either.
  if (setgroups(user.additional_gids.size(), user.additional_gids.data()) != 0 &&
      (errno != EPERM || !user.additional_gids.empty())) {
    return system_error("cannot set the additional groups");
  }
  if (setresgid(user.gid, user.gid, user.gid) != 0)
    return system_error("cannot become group " + std::to_string(user.gid));
  if (setresuid(user.uid, user.uid, user.uid) != 0)
    return system_error("cannot become user " + std::to_string(user.uid));
  if (user.umask) umask(*user.umask);

  // What this process does not have, nobody can give: it is left out, as the kernel would leave it out at exec.
  const uint64_t permitted = wanted.permitted & have;
  WHERRY_CHECK(set_capabilities(wanted.effective & permitted, permitted, wanted.inheritable & have));
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  for (unsigned capability = 0; capability < 64; ++capability) {
    if (wanted.ambient >> capability & 1) prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
  }
  return {};
}

Result<> set_no_new_privileges() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return system_error("cannot set no_new_privs");
  return {};
}

}  // namespace wherry::oci
