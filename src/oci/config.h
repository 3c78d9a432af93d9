// A bundle's config.json, read and checked: the parts of the OCI runtime specification (1.2) that mean something here.
// Names follow the specification.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/json.h"
#include "wherry/result.h"

namespace wherry::oci {

struct IdMapping {
  uint32_t container_id = 0;
  uint32_t host_id = 0;
  uint32_t size = 0;
};

struct Mount {
  std::string destination;  ///< Absolute, in the container.
  std::string type;         ///< Empty for bind mounts.
  std::string source;
  std::vector<std::string> options;
};

enum class NamespaceKind : uint8_t { kUser, kMount, kPid, kNetwork, kIpc, kUts, kCgroup, kTime };
inline constexpr size_t kNamespaceKinds = 8;

struct NamespaceConfig {
  NamespaceKind kind = NamespaceKind::kPid;
  std::string path;  ///< Of the namespace to join; empty: a new one.
};

struct User {
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::optional<uint32_t> umask;
  std::vector<uint32_t> additional_gids;
};

/// Bit n stands for capability n.
struct Capabilities {
  uint64_t bounding = 0, effective = 0, inheritable = 0, permitted = 0, ambient = 0;
};

struct Rlimit {
  int resource = 0;
  uint64_t soft = 0, hard = 0;
};

struct ProcessConfig {
  bool terminal = false;
  uint16_t console_height = 0, console_width = 0;
  std::string cwd = "/";
  std::vector<std::string> args;
  std::vector<std::string> env;
  User user;
  std::optional<Capabilities> capabilities;
  std::vector<Rlimit> rlimits;
  bool no_new_privileges = false;
  std::optional<int> oom_score_adj;
  std::string apparmor_profile, selinux_label;
  std::optional<int> io_priority;  ///< As ioprio_set(2) takes it.
};

enum class HookKind : uint8_t { kPrestart, kCreateRuntime, kCreateContainer, kStartContainer, kPoststart, kPoststop };
inline constexpr size_t kHookKinds = 6;

struct Hook {
  std::string path;
  std::vector<std::string> args, env;
  std::optional<int> timeout_seconds;
};

struct DeviceConfig {
  char type = 'c';  ///< c, b, u, p
  std::string path;
  int64_t major = 0, minor = 0;
  std::optional<uint32_t> file_mode;
  uint32_t uid = 0, gid = 0;
};

struct DeviceRule {
  bool allow = false;
  char type = 'a';                      ///< a, c, b
  std::optional<int64_t> major, minor;  ///< None: any.
  std::string access = "rwm";
};

struct ThrottleDevice {
  int64_t major = 0, minor = 0;
  uint64_t value = 0;
};

struct Resources {
  std::vector<DeviceRule> devices;
  struct {
    std::optional<int64_t> limit, reservation, swap, kernel, kernel_tcp;
    std::optional<uint64_t> swappiness;
    bool disable_oom_killer = false;
  } memory;
  struct {
    std::optional<uint64_t> shares, period, burst, realtime_period;
    std::optional<int64_t> quota, realtime_runtime, idle;
    std::string cpus, mems;
  } cpu;
  std::optional<int64_t> pids_limit;
  struct {
    std::optional<uint64_t> weight, leaf_weight;
    std::vector<ThrottleDevice> weight_device, read_bps, write_bps, read_iops, write_iops;
  } block_io;
  std::vector<std::pair<std::string, uint64_t>> hugepage_limits;  ///< Page size ("2MB"), bytes.
  std::optional<uint64_t> network_class;
  std::vector<std::pair<std::string, uint64_t>> network_priorities;  ///< Interface, priority.
  std::vector<std::pair<std::string, std::string>> rdma;             ///< Device, "hca_handle=1 hca_object=2".
  std::map<std::string, std::string> unified;                        ///< cgroup v2 file, value.
};

struct SeccompArg {
  uint32_t index = 0;
  uint64_t value = 0, value_two = 0;
  std::string op;
};

struct SeccompRule {
  std::vector<std::string> names;
  std::string action;
  std::optional<uint32_t> errno_ret;
  std::vector<SeccompArg> args;
};

struct SeccompConfig {
  std::string default_action;
  std::optional<uint32_t> default_errno_ret;
  std::vector<std::string> architectures, flags;
  std::string listener_path, listener_metadata;
  std::vector<SeccompRule> syscalls;
};

struct TimeOffset {
  std::string clock;  ///< monotonic, boottime
  int64_t seconds = 0;
  uint32_t nanoseconds = 0;
};

struct Config {
  std::string oci_version;
  std::string root_path;  ///< As written: perhaps relative to the bundle.
  bool root_readonly = false;
  std::string hostname, domainname;
  ProcessConfig process;
  std::vector<Mount> mounts;
  std::array<std::vector<Hook>, kHookKinds> hooks;
  std::map<std::string, std::string> annotations;

  std::vector<NamespaceConfig> namespaces;
  std::vector<IdMapping> uid_mappings, gid_mappings;
  std::vector<TimeOffset> time_offsets;
  std::map<std::string, std::string> sysctl;
  std::string cgroups_path;
  Resources resources;
  std::vector<DeviceConfig> devices;
  std::string rootfs_propagation, mount_label;
  std::vector<std::string> masked_paths, readonly_paths;
  std::optional<uint64_t> personality;
  std::optional<SeccompConfig> seccomp;

  const NamespaceConfig* find_namespace(NamespaceKind kind) const;
  const std::vector<Hook>& hooks_of(HookKind kind) const { return hooks[static_cast<size_t>(kind)]; }
  /// The annotation's value, or empty.
  std::string_view annotation(const std::string& name) const;
};

/// Errors: kSyntax, kInvalid ("config.json: process.cwd is not absolute"), kLimit.
Result<Config> parse_config(std::string_view text);
/// `process`, as `exec --process` and hooks' siblings write it.
Result<ProcessConfig> parse_process(std::string_view text);
/// `linux.resources`, as `update --resources` takes it.
Result<Resources> parse_resources(std::string_view text);

std::string_view hook_name(HookKind kind);
std::string_view namespace_name(NamespaceKind kind);
/// The number of "CAP_CHOWN", in any case.
std::optional<unsigned> capability_number(std::string_view name);
/// All names, by number.
std::vector<std::string> capability_names();
/// The resource of "RLIMIT_NOFILE".
std::optional<int> rlimit_resource(std::string_view name);

}  // namespace wherry::oci
