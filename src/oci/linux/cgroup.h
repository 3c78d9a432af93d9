// Control groups: v1, v2 and both at once. Directly in the file system, or made by systemd (cgroup_systemd.h).
#pragma once

#include <string>
#include <vector>

#include "oci/config.h"
#include "oci/json.h"
#include "oci/linux/cgroup_settings.h"
#include "oci/state.h"
#include "wherry/result.h"

namespace wherry::oci {

enum class CgroupManager : uint8_t { kFileSystem, kSystemd, kDisabled };

/// Where a hierarchy of control groups is mounted.
struct CgroupHierarchy {
  std::string controllers;  ///< As in CgroupDirectory.
  std::string mount;
  std::string own;  ///< This process's group: a path beneath `mount`, "/" for the top.
};
Result<std::vector<CgroupHierarchy>> find_hierarchies();

/// The directories for `cgroups_path`: beneath the mounts if absolute, beneath this process's groups if relative, "/ID"
/// if empty. Error: kInvalid (`..` in it).
Result<std::vector<CgroupDirectory>> plan_cgroups(const std::string& cgroups_path, const std::string& id);
/// The directories that a process is in.
Result<std::vector<CgroupDirectory>> cgroups_of(int pid);

/// Directories of one container, which exist or not. Stateless: what it knows is what the files say.
class Cgroup {
 public:
  explicit Cgroup(const std::vector<CgroupDirectory>& directories) : directories_(directories) {}

  Result<> create() const;
  /// `update`: of a group that is in use.
  Result<> apply(const Resources& resources, bool update) const;
  Result<> join(int pid) const;
  /// A group `name` beneath each, for `exec --cgroup`.
  Result<std::vector<CgroupDirectory>> child(const std::string& name) const;

  Result<> freeze(bool frozen) const;
  bool frozen() const;
  /// All processes, also of groups beneath.
  std::vector<int> processes() const;
  /// Signals all of them. With SIGKILL it is repeated until none is left or `milliseconds` have passed.
  void signal_all(int signal, int milliseconds) const;
  /// Removes the groups and those beneath. What a process still is in stays; false then.
  bool remove() const;

  /// As `events --stats` prints it, in runc's terms.
  Json stats() const;

 private:
  /// The directory of a controller, or null.
  const CgroupDirectory* find(std::string_view controller) const;
  const CgroupDirectory* unified() const;
  bool pure_v2() const { return directories_.size() == 1 && directories_[0].controllers.empty(); }
  Result<> apply_one(const CgroupSetting& setting) const;

  const std::vector<CgroupDirectory>& directories_;
};

}  // namespace wherry::oci
