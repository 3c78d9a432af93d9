// The words of a mount's options.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "oci/config.h"

namespace wherry::oci {

struct MountOptions {
  bool bind = false;
  bool recursive_bind = false;
  bool copy_up = false;  ///< tmpcopyup: a tmpfs begins with what it covers.
  /// MOUNT_ATTR_* to set and clear, on the mount itself and on all beneath.
  uint64_t set = 0, clear = 0, recursive_set = 0, recursive_clear = 0;
  /// MS_PRIVATE and its like, in order; each with whether it goes for all beneath.
  std::vector<std::pair<uint64_t, bool>> propagation;
  /// What is for the file system: "size" = "64k", or a flag with no value.
  std::vector<std::pair<std::string, std::string>> data;
};

MountOptions parse_mount_options(const Mount& mount);
/// The propagation that a word like "rslave" stands for, and whether it is recursive; 0: no such word.
std::pair<uint64_t, bool> parse_propagation(std::string_view word);
/// All words that mean something by themselves, for `features`.
std::vector<std::string> known_mount_options();

}  // namespace wherry::oci
