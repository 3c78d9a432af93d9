// A container's file system: put together from descriptors beneath its root, so that nothing in the root (which is the
// guest's) can lead a mount or a file elsewhere. Uses the kernel's newer mount calls (5.12): a mount gets its
// attributes before it is seen.
#pragma once

#include <string>
#include <vector>

#include "oci/config.h"
#include "oci/linux/system.h"
#include "oci/state.h"
#include "wherry/result.h"

namespace wherry::oci {

/// The root file system of the calling process's mount namespace, while it is being made.
class RootFilesystem {
 public:
  /// Cuts the namespace off from its parent's mounts as the config says, and makes the root a mount. Relative sources
  /// of mounts begin at `bundle`.
  static Result<RootFilesystem> open(const Config& config, const std::string& bundle);

  /// All that the config asks for: mounts, devices, masked and read-only paths. `cgroups`: what a mount of type
  /// "cgroup" shows.
  Result<> populate(const std::vector<CgroupDirectory>& cgroups);
  /// A new terminal of the container's, which also becomes its /dev/console.
  struct Terminal {
    Fd master, slave;
  };
  Result<Terminal> make_terminal();

  /// Makes it the root and working directory of this process, for good.
  Result<> enter(bool pivot);

  int fd() const { return root_.get(); }

 private:
  RootFilesystem(const Config& config, std::string bundle, Fd root)
      : config_(config), bundle_(std::move(bundle)), root_(std::move(root)) {}

  Result<> mount(const Mount& mount, const std::vector<CgroupDirectory>& cgroups);
  Result<> mount_cgroups(const Mount& mount, const std::vector<CgroupDirectory>& cgroups);
  Result<> make_devices();
  Result<> make_device(const DeviceConfig& device);
  Result<> mask(const std::string& path);
  Result<> make_readonly(const std::string& path);

  const Config& config_;
  std::string bundle_;
  Fd root_;
};

/// Hides from a guest that runs inside this process what would let it reach the process's memory: its own entries of
/// every procfs in its mount namespace, which also become read-only. `root` is the container's root, entered or not;
/// `root_path` its path as /proc/self/mountinfo has it.
Result<> hide_own_process(int root, const std::string& root_path);

}  // namespace wherry::oci
