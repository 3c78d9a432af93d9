#include "oci/linux/mount_options.h"

#include <sys/mount.h>

#include <algorithm>

namespace wherry::oci {
namespace {

struct AttributeWord {
  std::string_view word;
  uint64_t set, clear;
  bool recursive;
};

// The access-time attributes are one field, so setting one clears the field first.
constexpr AttributeWord kAttributes[] = {
    {"ro", MOUNT_ATTR_RDONLY, 0, false},
    {"rw", 0, MOUNT_ATTR_RDONLY, false},
    {"nosuid", MOUNT_ATTR_NOSUID, 0, false},
    {"suid", 0, MOUNT_ATTR_NOSUID, false},
    {"nodev", MOUNT_ATTR_NODEV, 0, false},
    {"dev", 0, MOUNT_ATTR_NODEV, false},
    {"noexec", MOUNT_ATTR_NOEXEC, 0, false},
    {"exec", 0, MOUNT_ATTR_NOEXEC, false},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, 0, false},
    {"diratime", 0, MOUNT_ATTR_NODIRATIME, false},
    {"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, false},
    {"atime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME, false},
    {"relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME, false},
    {"norelatime", 0, 0, false},
    {"strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME, false},
    {"nostrictatime", 0, 0, false},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0, false},
    {"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW, false},
    {"rro", MOUNT_ATTR_RDONLY, 0, true},
    {"rrw", 0, MOUNT_ATTR_RDONLY, true},
    {"rnosuid", MOUNT_ATTR_NOSUID, 0, true},
    {"rsuid", 0, MOUNT_ATTR_NOSUID, true},
    {"rnodev", MOUNT_ATTR_NODEV, 0, true},
    {"rdev", 0, MOUNT_ATTR_NODEV, true},
    {"rnoexec", MOUNT_ATTR_NOEXEC, 0, true},
    {"rexec", 0, MOUNT_ATTR_NOEXEC, true},
    {"rnodiratime", MOUNT_ATTR_NODIRATIME, 0, true},
    {"rdiratime", 0, MOUNT_ATTR_NODIRATIME, true},
    {"rnoatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, true},
    {"ratime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME, true},
    {"rrelatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME, true},
    {"rnorelatime", 0, 0, true},
    {"rstrictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME, true},
    {"rnostrictatime", 0, 0, true},
    {"rnosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0, true},
    {"rsymfollow", 0, MOUNT_ATTR_NOSYMFOLLOW, true},
};

constexpr std::pair<std::string_view, uint64_t> kPropagations[] = {
    {"private", MS_PRIVATE}, {"shared", MS_SHARED}, {"slave", MS_SLAVE}, {"unbindable", MS_UNBINDABLE}};

// Words for the caller of mount(8), not for the kernel.
constexpr std::string_view kIgnored[] = {"defaults", "async", "auto", "noauto", "user", "nouser", "nofail", "_netdev"};

}  // namespace

std::pair<uint64_t, bool> parse_propagation(std::string_view word) {
  for (const auto& [name, value] : kPropagations) {
    if (word == name) return {value, false};
    if (word.starts_with('r') && word.substr(1) == name) return {value, true};
  }
  return {0, false};
}

MountOptions parse_mount_options(const Mount& mount) {
  MountOptions options;
  options.bind = mount.type == "bind";
  for (const std::string& word : mount.options) {
    if (word == "bind" || word == "rbind") {
      options.bind = true;
      options.recursive_bind = word == "rbind";
    } else if (const auto* at = std::ranges::find(kAttributes, word, &AttributeWord::word);
               at != std::end(kAttributes)) {
      uint64_t& set = at->recursive ? options.recursive_set : options.set;
      uint64_t& clear = at->recursive ? options.recursive_clear : options.clear;
      // The last word on a subject counts.
      set = (set & ~(at->clear & ~at->set)) | at->set;
      clear = (clear & ~(at->set & ~uint64_t{MOUNT_ATTR__ATIME})) | at->clear;
    } else if (const auto propagation = parse_propagation(word); propagation.first != 0) {
      options.propagation.push_back(propagation);
    } else if (word == "tmpcopyup") {
      options.copy_up = true;
    } else if (std::ranges::find(kIgnored, word) == std::end(kIgnored)) {
      const size_t equals = word.find('=');
      options.data.emplace_back(word.substr(0, equals), equals == word.npos ? "" : word.substr(equals + 1));
    }
  }
  return options;
}

std::vector<std::string> known_mount_options() {
  std::vector<std::string> words = {"bind", "rbind", "tmpcopyup"};
  for (const AttributeWord& row : kAttributes) words.emplace_back(row.word);
  for (const auto& [name, value] : kPropagations) {
    words.emplace_back(name);
    words.push_back('r' + std::string(name));
  }
  std::ranges::sort(words);
  return words;
}

}  // namespace wherry::oci
