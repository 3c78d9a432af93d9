#include "oci/features.h"

#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "oci/config.h"
#include "oci/linux/mount_options.h"
#include "oci/linux/seccomp.h"
#include "oci/linux/system.h"

namespace wherry::oci {

std::string features_json(std::string_view version) {
  Json hooks = Json::array(), namespaces = Json::array();
  for (size_t kind = 0; kind < kHookKinds; ++kind) hooks.push_back(hook_name(static_cast<HookKind>(kind)));
  for (size_t kind = 0; kind < kNamespaceKinds; ++kind) {
    namespaces.push_back(namespace_name(static_cast<NamespaceKind>(kind)));
  }
  const Json json = {
      {"ociVersionMin", "1.0.0"},
      {"ociVersionMax", "1.2.0"},
      {"hooks", hooks},
      {"mountOptions", known_mount_options()},
      {"linux",
       {{"namespaces", namespaces},
        {"capabilities", capability_names()},
        {"cgroup", {{"v1", true}, {"v2", true}, {"systemd", true}, {"systemdUser", true}, {"rdma", true}}},
        {"seccomp",
         {{"enabled", true},
          {"actions", seccomp_actions()},
          {"operators", seccomp_operators()},
          {"archs", seccomp_architectures()},
          {"knownFlags", seccomp_flags()},
          {"supportedFlags", seccomp_flags()}}},
        {"apparmor", {{"enabled", true}}},
        {"selinux", {{"enabled", true}}},
        {"mountExtensions", {{"idmap", {{"enabled", false}}}}}}},
      {"annotations", {{"io.github.wherry.version", version}, {"run.oci.crun.wasm", "true"}}},
      {"potentiallyUnsafeConfigAnnotations", {"run.oci.handler", "module.wasm.image/"}}};
  return to_pretty_text(json);
}

Result<> write_spec(const std::string& directory, bool rootless) {
  Json namespaces = Json::array();
  for (const char* kind : {"pid", "ipc", "uts", "mount"}) namespaces.push_back({{"type", kind}});
  // Users cannot make a network for a namespace of its own.
  namespaces.push_back({{"type", rootless ? "user" : "network"}});
  const Json mounts = {
      {{"destination", "/proc"}, {"type", "proc"}, {"source", "proc"}},
      {{"destination", "/dev"},
       {"type", "tmpfs"},
       {"source", "tmpfs"},
       {"options", {"nosuid", "strictatime", "mode=755", "size=65536k"}}},
      {{"destination", "/dev/pts"},
       {"type", "devpts"},
       {"source", "devpts"},
       {"options", rootless ? Json{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}
                            : Json{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}}},
      {{"destination", "/dev/shm"},
       {"type", "tmpfs"},
       {"source", "shm"},
       {"options", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}}}};
  Json linux = {{"resources", {{"devices", {{{"allow", false}, {"access", "rwm"}}}}}},
                {"namespaces", namespaces},
                {"maskedPaths",
                 {"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
                  "/proc/scsi", "/sys/firmware"}},
                {"readonlyPaths", {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}}};
  if (rootless) {
    linux["resources"] = Json::object();
    linux["uidMappings"] = {{{"containerID", 0}, {"hostID", geteuid()}, {"size", 1}}};
    linux["gidMappings"] = {{{"containerID", 0}, {"hostID", getegid()}, {"size", 1}}};
  }
  const Json json = {{"ociVersion", "1.0.2"},
                     {"process",
                      {{"terminal", false},
                       {"user", {{"uid", 0}, {"gid", 0}}},
                       {"args", {"/app.wasm"}},
                       {"env", {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}},
                       {"cwd", "/"},
                       {"noNewPrivileges", true}}},
                     {"root", {{"path", "rootfs"}, {"readonly", true}}},
                     {"hostname", "wherry"},
                     {"mounts", mounts},
                     {"linux", linux}};
  const std::string path = directory + "/config.json";
  const Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd.valid()) return system_error(path);
  const std::string text = to_pretty_text(json) + '\n';
  if (write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return system_error(path);
  return {};
}

}  // namespace wherry::oci
