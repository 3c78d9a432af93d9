#include "oci/config.h"

#include <sys/resource.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

namespace wherry::oci {
namespace {

constexpr int64_t kMaxId = std::numeric_limits<uint32_t>::max();

constexpr std::string_view kHookNames[kHookKinds] = {"prestart",       "createRuntime", "createContainer",
                                                     "startContainer", "poststart",     "poststop"};

constexpr std::string_view kNamespaceNames[kNamespaceKinds] = {"user", "mount", "pid",    "network",
                                                               "ipc",  "uts",   "cgroup", "time"};

// In the order of linux/capability.h.
constexpr std::string_view kCapabilityNames[] = {"CAP_CHOWN",
                                                 "CAP_DAC_OVERRIDE",
                                                 "CAP_DAC_READ_SEARCH",
                                                 "CAP_FOWNER",
                                                 "CAP_FSETID",
                                                 "CAP_KILL",
                                                 "CAP_SETGID",
                                                 "CAP_SETUID",
                                                 "CAP_SETPCAP",
                                                 "CAP_LINUX_IMMUTABLE",
                                                 "CAP_NET_BIND_SERVICE",
                                                 "CAP_NET_BROADCAST",
                                                 "CAP_NET_ADMIN",
                                                 "CAP_NET_RAW",
                                                 "CAP_IPC_LOCK",
                                                 "CAP_IPC_OWNER",
                                                 "CAP_SYS_MODULE",
                                                 "CAP_SYS_RAWIO",
                                                 "CAP_SYS_CHROOT",
                                                 "CAP_SYS_PTRACE",
                                                 "CAP_SYS_PACCT",
                                                 "CAP_SYS_ADMIN",
                                                 "CAP_SYS_BOOT",
                                                 "CAP_SYS_NICE",
                                                 "CAP_SYS_RESOURCE",
                                                 "CAP_SYS_TIME",
                                                 "CAP_SYS_TTY_CONFIG",
                                                 "CAP_MKNOD",
                                                 "CAP_LEASE",
                                                 "CAP_AUDIT_WRITE",
                                                 "CAP_AUDIT_CONTROL",
                                                 "CAP_SETFCAP",
                                                 "CAP_MAC_OVERRIDE",
                                                 "CAP_MAC_ADMIN",
                                                 "CAP_SYSLOG",
                                                 "CAP_WAKE_ALARM",
                                                 "CAP_BLOCK_SUSPEND",
                                                 "CAP_AUDIT_READ",
                                                 "CAP_PERFMON",
                                                 "CAP_BPF",
                                                 "CAP_CHECKPOINT_RESTORE"};

struct NamedResource {
  std::string_view name;
  int resource;
};
constexpr NamedResource kRlimits[] = {
    {"RLIMIT_AS", RLIMIT_AS},           {"RLIMIT_CORE", RLIMIT_CORE},         {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},       {"RLIMIT_FSIZE", RLIMIT_FSIZE},       {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK}, {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE}, {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},   {"RLIMIT_NPROC", RLIMIT_NPROC},       {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},   {"RLIMIT_RTTIME", RLIMIT_RTTIME},     {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK}};

uint32_t id(const JsonNode& node) { return static_cast<uint32_t>(node.integer(0, kMaxId).value_or(0)); }

std::optional<NamespaceKind> namespace_kind(std::string_view name) {
  const auto* at = std::ranges::find(kNamespaceNames, name);
  if (at == std::end(kNamespaceNames)) return std::nullopt;
  return static_cast<NamespaceKind>(at - kNamespaceNames);
}

uint64_t capability_mask(const JsonNode& list) {
  uint64_t mask = 0;
  for (const std::string& name : list.texts()) {
    // A capability that this program or kernel does not know is one that nobody can have.
    if (const auto number = capability_number(name)) mask |= uint64_t{1} << *number;
  }
  return mask;
}

int io_priority(const JsonNode& node) {
  static constexpr std::string_view kClasses[] = {"", "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"};
  const auto* at = std::ranges::find(kClasses, node.member("class").text());
  if (at == std::end(kClasses)) node.member("class").complain("is not a class of I/O priority");
  constexpr int kClassShift = 13;
  return static_cast<int>(at - kClasses) << kClassShift |
         static_cast<int>(node.member("priority").integer(0, 7).value_or(0));
}

ProcessConfig read_process(const JsonNode& node) {
  ProcessConfig process;
  process.terminal = node.member("terminal").boolean();
  const JsonNode size = node.member("consoleSize");
  process.console_height = static_cast<uint16_t>(size.member("height").integer(0, 65535).value_or(0));
  process.console_width = static_cast<uint16_t>(size.member("width").integer(0, 65535).value_or(0));
  process.cwd = node.member("cwd").text("/");
  if (!process.cwd.starts_with('/')) node.member("cwd").complain("is not absolute");
  process.args = node.member("args").texts();
  process.env = node.member("env").texts();

  const JsonNode user = node.member("user");
  process.user.uid = id(user.member("uid"));
  process.user.gid = id(user.member("gid"));
  if (const auto umask = user.member("umask").integer(0, 0777)) process.user.umask = static_cast<uint32_t>(*umask);
  for (const JsonNode& gid : user.member("additionalGids").elements()) process.user.additional_gids.push_back(id(gid));

  if (const JsonNode capabilities = node.member("capabilities"); capabilities.exists()) {
    process.capabilities = {.bounding = capability_mask(capabilities.member("bounding")),
                            .effective = capability_mask(capabilities.member("effective")),
                            .inheritable = capability_mask(capabilities.member("inheritable")),
                            .permitted = capability_mask(capabilities.member("permitted")),
                            .ambient = capability_mask(capabilities.member("ambient"))};
  }
  for (const JsonNode& limit : node.member("rlimits").elements()) {
    const JsonNode type = limit.member("type");
    const auto resource = rlimit_resource(type.text());
    if (!resource) {
      type.complain("is not a resource limit");
      continue;
    }
    process.rlimits.push_back(
        {*resource, limit.member("soft").natural().value_or(0), limit.member("hard").natural().value_or(0)});
  }
  process.no_new_privileges = node.member("noNewPrivileges").boolean();
  if (const auto adjust = node.member("oomScoreAdj").integer(-1000, 1000)) {
    process.oom_score_adj = static_cast<int>(*adjust);
  }
  process.apparmor_profile = node.member("apparmorProfile").text();
  process.selinux_label = node.member("selinuxLabel").text();
  if (const JsonNode priority = node.member("ioPriority"); priority.exists()) {
    process.io_priority = io_priority(priority);
  }
  return process;
}

std::vector<IdMapping> read_mappings(const JsonNode& node) {
  std::vector<IdMapping> mappings;
  for (const JsonNode& mapping : node.elements()) {
    mappings.push_back({id(mapping.member("containerID")), id(mapping.member("hostID")), id(mapping.member("size"))});
  }
  return mappings;
}

Hook read_hook(const JsonNode& node) {
  Hook hook{.path = node.member("path").text(),
            .args = node.member("args").texts(),
            .env = node.member("env").texts(),
            .timeout_seconds = std::nullopt};
  if (!hook.path.starts_with('/')) node.member("path").complain("is not absolute");
  if (const auto timeout = node.member("timeout").integer(1, 1'000'000)) {
    hook.timeout_seconds = static_cast<int>(*timeout);
  }
  return hook;
}

std::vector<ThrottleDevice> read_throttle(const JsonNode& list, const char* value) {
  std::vector<ThrottleDevice> devices;
  for (const JsonNode& node : list.elements()) {
    devices.push_back({node.member("major").integer(0, kMaxId).value_or(0),
                       node.member("minor").integer(0, kMaxId).value_or(0), node.member(value).natural().value_or(0)});
  }
  return devices;
}

DeviceRule read_device_rule(const JsonNode& node) {
  DeviceRule rule;
  rule.allow = node.member("allow").boolean();
  const std::string type = node.member("type").text("a");
  if (type != "a" && type != "b" && type != "c" && type != "u" && type != "p") {
    node.member("type").complain("is not a type of device");
  } else {
    rule.type = type == "u" ? 'c' : type[0];
  }
  // Minus one means any, as does nothing.
  const auto number = [](const JsonNode& field) {
    auto value = field.integer(-1, kMaxId);
    return value && *value < 0 ? std::nullopt : value;
  };
  rule.major = number(node.member("major"));
  rule.minor = number(node.member("minor"));
  rule.access = node.member("access").text("rwm");
  if (rule.access.find_first_not_of("rwm") != std::string::npos) node.member("access").complain("is not r, w, m");
  return rule;
}

Resources read_resources(const JsonNode& node) {
  Resources result;
  for (const JsonNode& rule : node.member("devices").elements()) result.devices.push_back(read_device_rule(rule));

  const JsonNode memory = node.member("memory");
  result.memory.limit = memory.member("limit").integer();
  result.memory.reservation = memory.member("reservation").integer();
  result.memory.swap = memory.member("swap").integer();
  result.memory.kernel = memory.member("kernel").integer();
  result.memory.kernel_tcp = memory.member("kernelTCP").integer();
  result.memory.swappiness = memory.member("swappiness").natural();
  result.memory.disable_oom_killer = memory.member("disableOOMKiller").boolean();

  const JsonNode cpu = node.member("cpu");
  result.cpu.shares = cpu.member("shares").natural();
  result.cpu.quota = cpu.member("quota").integer();
  result.cpu.burst = cpu.member("burst").natural();
  result.cpu.period = cpu.member("period").natural();
  result.cpu.realtime_runtime = cpu.member("realtimeRuntime").integer();
  result.cpu.realtime_period = cpu.member("realtimePeriod").natural();
  result.cpu.idle = cpu.member("idle").integer(0, 1);
  result.cpu.cpus = cpu.member("cpus").text();
  result.cpu.mems = cpu.member("mems").text();

  result.pids_limit = node.member("pids").member("limit").integer();

  const JsonNode block = node.member("blockIO");
  result.block_io.weight = block.member("weight").natural();
  result.block_io.leaf_weight = block.member("leafWeight").natural();
  result.block_io.weight_device = read_throttle(block.member("weightDevice"), "weight");
  result.block_io.read_bps = read_throttle(block.member("throttleReadBpsDevice"), "rate");
  result.block_io.write_bps = read_throttle(block.member("throttleWriteBpsDevice"), "rate");
  result.block_io.read_iops = read_throttle(block.member("throttleReadIOPSDevice"), "rate");
  result.block_io.write_iops = read_throttle(block.member("throttleWriteIOPSDevice"), "rate");

  for (const JsonNode& limit : node.member("hugepageLimits").elements()) {
    const std::string size = limit.member("pageSize").text();
    if (size.empty() || size.find('/') != size.npos) limit.member("pageSize").complain("is not a size of page");
    result.hugepage_limits.emplace_back(size, limit.member("limit").natural().value_or(0));
  }
  const JsonNode network = node.member("network");
  result.network_class = network.member("classID").natural();
  for (const JsonNode& priority : network.member("priorities").elements()) {
    result.network_priorities.emplace_back(priority.member("name").text(),
                                           priority.member("priority").natural().value_or(0));
  }
  for (const auto& [device, limit] : node.member("rdma").members()) {
    std::string text;
    if (const auto handles = limit.member("hcaHandles").natural()) text += " hca_handle=" + std::to_string(*handles);
    if (const auto objects = limit.member("hcaObjects").natural()) text += " hca_object=" + std::to_string(*objects);
    result.rdma.emplace_back(device, text);
  }
  result.unified = node.member("unified").text_map();
  for (const auto& [file, value] : result.unified) {
    if (file.find('/') != file.npos) node.member("unified").complain("names a file with a slash: " + file);
  }
  return result;
}

SeccompConfig read_seccomp(const JsonNode& node) {
  SeccompConfig seccomp;
  seccomp.default_action = node.member("defaultAction").text();
  if (const auto code = node.member("defaultErrnoRet").integer(0, 4095)) {
    seccomp.default_errno_ret = static_cast<uint32_t>(*code);
  }
  seccomp.architectures = node.member("architectures").texts();
  seccomp.flags = node.member("flags").texts();
  seccomp.listener_path = node.member("listenerPath").text();
  seccomp.listener_metadata = node.member("listenerMetadata").text();
  for (const JsonNode& item : node.member("syscalls").elements()) {
    SeccompRule rule{
        .names = item.member("names").texts(), .action = item.member("action").text(), .errno_ret = {}, .args = {}};
    if (const auto code = item.member("errnoRet").integer(0, 4095)) rule.errno_ret = static_cast<uint32_t>(*code);
    for (const JsonNode& arg : item.member("args").elements()) {
      rule.args.push_back({static_cast<uint32_t>(arg.member("index").integer(0, 5).value_or(0)),
                           arg.member("value").natural().value_or(0), arg.member("valueTwo").natural().value_or(0),
                           arg.member("op").text()});
    }
    seccomp.syscalls.push_back(std::move(rule));
  }
  return seccomp;
}

void read_linux(const JsonNode& node, Config& config) {
  for (const JsonNode& item : node.member("namespaces").elements()) {
    const auto kind = namespace_kind(item.member("type").text());
    if (!kind) {
      item.member("type").complain("is not a kind of namespace");
    } else if (config.find_namespace(*kind) != nullptr) {
      item.member("type").complain("is there twice");
    } else {
      config.namespaces.push_back({*kind, item.member("path").text()});
    }
  }
  config.uid_mappings = read_mappings(node.member("uidMappings"));
  config.gid_mappings = read_mappings(node.member("gidMappings"));
  for (const auto& [clock, offset] : node.member("timeOffsets").members()) {
    config.time_offsets.push_back(
        {clock, offset.member("secs").integer().value_or(0),
         static_cast<uint32_t>(offset.member("nanosecs").integer(0, 999'999'999).value_or(0))});
  }
  config.sysctl = node.member("sysctl").text_map();
  config.cgroups_path = node.member("cgroupsPath").text();
  config.resources = read_resources(node.member("resources"));
  for (const JsonNode& item : node.member("devices").elements()) {
    DeviceConfig device;
    const std::string type = item.member("type").text();
    if (type != "c" && type != "b" && type != "u" && type != "p") {
      item.member("type").complain("is not a type of device");
      continue;
    }
    device.type = type[0];
    device.path = item.member("path").text();
    device.major = item.member("major").integer(0, kMaxId).value_or(0);
    device.minor = item.member("minor").integer(0, kMaxId).value_or(0);
    if (const auto mode = item.member("fileMode").integer(0, 07777)) device.file_mode = static_cast<uint32_t>(*mode);
    device.uid = id(item.member("uid"));
    device.gid = id(item.member("gid"));
    config.devices.push_back(std::move(device));
  }
  config.rootfs_propagation = node.member("rootfsPropagation").text();
  config.mount_label = node.member("mountLabel").text();
  config.masked_paths = node.member("maskedPaths").texts();
  config.readonly_paths = node.member("readonlyPaths").texts();
  if (const JsonNode domain = node.member("personality").member("domain"); domain.exists()) {
    constexpr uint64_t kPerLinux = 0, kPerLinux32 = 8;
    config.personality = domain.text() == "LINUX32" ? kPerLinux32 : kPerLinux;
  }
  if (const JsonNode seccomp = node.member("seccomp"); seccomp.exists()) config.seccomp = read_seccomp(seccomp);
}

}  // namespace

const NamespaceConfig* Config::find_namespace(NamespaceKind kind) const {
  const auto it = std::ranges::find(namespaces, kind, &NamespaceConfig::kind);
  return it == namespaces.end() ? nullptr : &*it;
}

std::string_view Config::annotation(const std::string& name) const {
  const auto it = annotations.find(name);
  return it == annotations.end() ? std::string_view() : it->second;
}

Result<Config> parse_config(std::string_view text) {
  WHERRY_TRY(const Json json, parse_json(text, "config.json"));
  JsonErrors errors("config.json");
  const JsonNode node(&json, "", errors);
  Config config;
  config.oci_version = node.member("ociVersion").text();
  if (!config.oci_version.starts_with("1.")) node.member("ociVersion").complain("is not a version 1");
  config.root_path = node.member("root").member("path").text();
  if (config.root_path.empty()) node.member("root").member("path").complain("is missing");
  config.root_readonly = node.member("root").member("readonly").boolean();
  config.hostname = node.member("hostname").text();
  config.domainname = node.member("domainname").text();
  const JsonNode process = node.member("process");
  config.process = read_process(process);
  for (const JsonNode& item : node.member("mounts").elements()) {
    Mount mount{item.member("destination").text(), item.member("type").text(), item.member("source").text(),
                item.member("options").texts()};
    if (mount.destination.empty()) item.member("destination").complain("is missing");
    // Relative destinations were allowed once, and meant the same.
    if (!mount.destination.starts_with('/')) mount.destination.insert(0, 1, '/');
    if (item.member("uidMappings").exists()) item.complain("asks for an idmapped mount, which is not supported");
    config.mounts.push_back(std::move(mount));
  }
  const JsonNode hooks = node.member("hooks");
  for (size_t kind = 0; kind < kHookKinds; ++kind) {
    for (const JsonNode& hook : hooks.member(std::string(kHookNames[kind]).c_str()).elements()) {
      config.hooks[kind].push_back(read_hook(hook));
    }
  }
  config.annotations = node.member("annotations").text_map();
  read_linux(node.member("linux"), config);
  WHERRY_CHECK(errors.result());
  return config;
}

Result<ProcessConfig> parse_process(std::string_view text) {
  WHERRY_TRY(const Json json, parse_json(text, "the process file"));
  JsonErrors errors("the process file");
  ProcessConfig process = read_process(JsonNode(&json, "", errors));
  WHERRY_CHECK(errors.result());
  return process;
}

Result<Resources> parse_resources(std::string_view text) {
  WHERRY_TRY(const Json json, parse_json(text, "resources"));
  JsonErrors errors("resources");
  Resources resources = read_resources(JsonNode(&json, "", errors));
  WHERRY_CHECK(errors.result());
  return resources;
}

std::string_view hook_name(HookKind kind) { return kHookNames[static_cast<size_t>(kind)]; }
std::string_view namespace_name(NamespaceKind kind) { return kNamespaceNames[static_cast<size_t>(kind)]; }

std::optional<unsigned> capability_number(std::string_view name) {
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
  if (!upper.starts_with("CAP_")) upper.insert(0, "CAP_");
  const auto* at = std::ranges::find(kCapabilityNames, upper);
  if (at == std::end(kCapabilityNames)) return std::nullopt;
  return static_cast<unsigned>(at - kCapabilityNames);
}

std::vector<std::string> capability_names() { return {std::begin(kCapabilityNames), std::end(kCapabilityNames)}; }

std::optional<int> rlimit_resource(std::string_view name) {
  const auto* at = std::ranges::find(kRlimits, name, &NamedResource::name);
  if (at == std::end(kRlimits)) return std::nullopt;
  return at->resource;
}

}  // namespace wherry::oci
