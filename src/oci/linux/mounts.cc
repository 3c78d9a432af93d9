#include "oci/linux/mounts.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include "oci/linux/copy_tree.h"
#include "oci/linux/mount_options.h"

namespace wherry::oci {
namespace {

Result<Fd> clone_tree(int directory, const std::string& path, bool recursive) {
  const unsigned flags =
      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0u) | (path.empty() ? AT_EMPTY_PATH : 0u);
  Fd tree(open_tree(directory, path.c_str(), flags));
  if (!tree.valid()) return system_error("cannot bind " + path);
  return tree;
}

Result<> attach(int tree, int target) {
  if (move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0) {
    return system_error("cannot mount");
  }
  return {};
}

Result<> set_attributes(int mount, uint64_t set, uint64_t clear, uint64_t propagation, bool recursive) {
  if ((set | clear | propagation) == 0) return {};
  mount_attr attributes = {.attr_set = set, .attr_clr = clear, .propagation = propagation, .userns_fd = 0};
  const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u);
  if (mount_setattr(mount, "", flags, &attributes, sizeof attributes) != 0)
    return system_error("cannot set attributes");
  return {};
}

/// The options of a mount. An attribute that is locked, since the mount came from another user namespace, is not
/// cleared.
Result<> apply_options(int mount, const MountOptions& options, bool bind) {
  if (bind) {
    WHERRY_CHECK(set_attributes(mount, options.set, options.clear & MOUNT_ATTR__ATIME, 0, false));
    const uint64_t clear = options.clear & ~uint64_t{MOUNT_ATTR__ATIME} & ~options.set;
    if (auto cleared = set_attributes(mount, 0, clear, 0, false); !cleared.has_value() && errno != EPERM)
      return cleared;
  }
  WHERRY_CHECK(set_attributes(mount, options.recursive_set, options.recursive_clear, 0, true));
  for (const auto& [propagation, recursive] : options.propagation) {
    WHERRY_CHECK(set_attributes(mount, 0, 0, propagation, recursive));
  }
  return {};
}

/// A new mount of a file system, not yet anywhere.
Result<Fd> new_mount(const std::string& type, const std::string& source, const MountOptions& options,
                     const std::string& label) {
  const Fd context(fsopen(type.c_str(), FSOPEN_CLOEXEC));
  if (!context.valid()) return system_error("cannot mount a " + type);
  const auto set = [&](const std::string& key, const std::string& value) {
    return fsconfig(context.get(), value.empty() ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING, key.c_str(),
                    value.empty() ? nullptr : value.c_str(), 0);
  };
  if (!source.empty()) set("source", source);
  for (const auto& [key, value] : options.data) {
    if (set(key, value) != 0) return system_error(type + " does not take the option " + key);
  }
  if (!label.empty() && (type == "tmpfs" || type == "mqueue" || type == "devpts")) set("context", label);
  if (fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return system_error("cannot mount a " + type);
  }
  Fd mount(fsmount(context.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(options.set)));
  if (!mount.valid()) return system_error("cannot mount a " + type);
  return mount;
}

Result<> cover_with_empty_directory(int target) {
  const MountOptions options{.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
                             .propagation = {},
                             .data = {{"size", "0"}, {"nr_inodes", "2"}}};
  WHERRY_TRY(const Fd empty, new_mount("tmpfs", "tmpfs", options, ""));
  return attach(empty.get(), target);
}

/// So that neither its content nor anything else can be had through the path. The covering file is this process's
/// /dev/null, or an empty file if there is none.
Result<> cover(int root, int target) {
  struct stat info = {};
  if (fstat(target, &info) != 0) return system_error("fstat");
  if (S_ISDIR(info.st_mode)) return cover_with_empty_directory(target);
  auto null = clone_tree(AT_FDCWD, "/dev/null", false);
  if (!null.has_value()) {
    WHERRY_TRY(const Fd in_container, open_in_root(root, "/dev/null", O_PATH));
    null = clone_tree(in_container.get(), "", false);
  }
  if (!null.has_value()) return std::unexpected(null.error());
  return attach(null->get(), target);
}

std::unexpected<Error> about(const std::string& what, const Error& error) {
  return fail(error.code, what + ": " + error.message);
}

Result<> in_place(const std::string& what, Result<> result) {
  if (!result.has_value()) return about(what, result.error());
  return {};
}

/// A mount's target, made if it is missing.
Result<Fd> target_in(int root, const std::string& destination, bool directory) {
  auto target = make_in_root(root, destination, directory, directory ? 0755 : 0644);
  if (!target.has_value()) return about("cannot make the mount point " + destination, target.error());
  return target;
}

constexpr struct {
  const char* path;
  int64_t major, minor;
} kDefaultDevices[] = {{"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
                       {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0}};

constexpr std::pair<const char*, const char*> kDeviceLinks[] = {{"/proc/self/fd", "fd"},
                                                                {"/proc/self/fd/0", "stdin"},
                                                                {"/proc/self/fd/1", "stdout"},
                                                                {"/proc/self/fd/2", "stderr"}};

/// A mount point as mountinfo writes it: spaces and the like are octal.
std::string unescape(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      result += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

}  // namespace

Result<RootFilesystem> RootFilesystem::open(const Config& config, const std::string& bundle) {
  auto [propagation, recursive] = parse_propagation(config.rootfs_propagation);
  if (propagation == 0 && !config.rootfs_propagation.empty()) {
    return fail(ErrorCode::kInvalid, "'" + config.rootfs_propagation + "' is no mount propagation");
  }
  // What the host mounts may come in, what the container mounts never goes out.
  const bool cut = propagation == MS_PRIVATE || propagation == MS_UNBINDABLE;
  mount_attr attributes = {
      .attr_set = 0, .attr_clr = 0, .propagation = static_cast<uint64_t>(cut ? MS_PRIVATE : MS_SLAVE), .userns_fd = 0};
  if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof attributes) != 0) {
    return system_error("cannot set the propagation of mounts");
  }
  const std::string path = config.root_path.starts_with('/') ? config.root_path : bundle + '/' + config.root_path;
  const Fd place(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place.valid()) return system_error("root.path: " + path);
  WHERRY_TRY(Fd root, clone_tree(place.get(), "", true));
  WHERRY_CHECK(in_place(path, attach(root.get(), place.get())));
  return RootFilesystem(config, bundle, std::move(root));
}

Result<> RootFilesystem::populate(const std::vector<CgroupDirectory>& cgroups) {
  for (const Mount& item : config_.mounts) {
    WHERRY_CHECK(in_place("mount " + item.destination, mount(item, cgroups)));
  }
  const bool own_devices = std::ranges::none_of(config_.mounts, [](const Mount& mount) {
    return (mount.destination == "/dev" || mount.destination == "/dev/") && parse_mount_options(mount).bind;
  });
  if (own_devices) WHERRY_CHECK(make_devices());
  for (const std::string& path : config_.masked_paths) WHERRY_CHECK(in_place("mask " + path, mask(path)));
  for (const std::string& path : config_.readonly_paths) WHERRY_CHECK(in_place(path, make_readonly(path)));
  return {};
}

Result<> RootFilesystem::mount(const Mount& mount, const std::vector<CgroupDirectory>& cgroups) {
  const MountOptions options = parse_mount_options(mount);
  if (options.bind) {
    const std::string source = mount.source.starts_with('/') ? mount.source : bundle_ + '/' + mount.source;
    WHERRY_TRY(const Fd tree, clone_tree(AT_FDCWD, source, options.recursive_bind));
    struct stat info = {};
    if (fstat(tree.get(), &info) != 0) return system_error(source);
    WHERRY_TRY(const Fd target, target_in(root_.get(), mount.destination, S_ISDIR(info.st_mode)));
    // Private unless asked otherwise: a mount made in the container stays there.
    WHERRY_CHECK(set_attributes(tree.get(), 0, 0, MS_PRIVATE, true));
    WHERRY_CHECK(apply_options(tree.get(), options, true));
    return attach(tree.get(), target.get());
  }
  if (mount.type == "cgroup" || mount.type == "cgroup2") return mount_cgroups(mount, cgroups);

  WHERRY_TRY(const Fd target, target_in(root_.get(), mount.destination, true));
  auto made = new_mount(mount.type, mount.source, options, config_.mount_label);
  // A sysfs belongs to a network namespace: in one that this user namespace does not own, the host's is shown.
  if (!made.has_value() && errno == EPERM && mount.type == "sysfs") {
    made = clone_tree(AT_FDCWD, "/sys", true);
    if (made.has_value()) WHERRY_CHECK(set_attributes(made->get(), MOUNT_ATTR_RDONLY, 0, MS_SLAVE, true));
  }
  if (!made.has_value()) return std::unexpected(made.error());
  if (options.copy_up && mount.type == "tmpfs") WHERRY_CHECK(copy_tree(target.get(), made->get()));
  WHERRY_CHECK(apply_options(made->get(), options, false));
  return attach(made->get(), target.get());
}

Result<> RootFilesystem::mount_cgroups(const Mount& mount, const std::vector<CgroupDirectory>& cgroups) {
  const MountOptions options = parse_mount_options(mount);
  WHERRY_TRY(const Fd target, target_in(root_.get(), mount.destination, true));
  if (cgroups.empty()) return {};
  if (cgroups.size() == 1 && cgroups[0].controllers.empty()) {
    // In the container's own cgroup namespace a new mount shows its group as the root; else a bind does.
    auto tree = new_mount("cgroup2", "cgroup", MountOptions{.set = options.set, .propagation = {}, .data = {}}, "");
    if (!tree.has_value() || config_.find_namespace(NamespaceKind::kCgroup) == nullptr) {
      tree = clone_tree(AT_FDCWD, cgroups[0].path, false);
      if (tree.has_value()) WHERRY_CHECK(apply_options(tree->get(), options, true));
    }
    if (!tree.has_value()) return std::unexpected(tree.error());
    return attach(tree->get(), target.get());
  }
  const MountOptions frame{
      .set = options.set & ~uint64_t{MOUNT_ATTR_RDONLY}, .propagation = {}, .data = {{"mode", "755"}, {"size", "64k"}}};
  WHERRY_TRY(const Fd directory, new_mount("tmpfs", "tmpfs", frame, config_.mount_label));
  WHERRY_CHECK(attach(directory.get(), target.get()));
  for (const CgroupDirectory& group : cgroups) {
    // "name=systemd" is shown as "systemd", the unified hierarchy beside others as "unified".
    std::string name = group.controllers.empty() ? "unified" : group.controllers;
    if (name.starts_with("name=")) name.erase(0, 5);
    if (mkdirat(directory.get(), name.c_str(), 0755) != 0) return system_error(name);
    const Fd place(openat(directory.get(), name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    WHERRY_TRY(const Fd tree, clone_tree(AT_FDCWD, group.path, false));
    WHERRY_CHECK(apply_options(tree.get(), options, true));
    WHERRY_CHECK(attach(tree.get(), place.get()));
    for (size_t comma = name.find(','), begin = 0; comma != name.npos; begin = comma + 1) {
      comma = name.find(',', begin);
      symlinkat(name.c_str(), directory.get(), name.substr(begin, comma - begin).c_str());
    }
  }
  return set_attributes(directory.get(), options.set & MOUNT_ATTR_RDONLY, 0, 0, false);
}

Result<> RootFilesystem::make_devices() {
  const mode_t old_mask = umask(0);
  Result<> result;
  for (const auto& row : kDefaultDevices) {
    const DeviceConfig device{.path = row.path, .major = row.major, .minor = row.minor, .file_mode = 0666};
    if (result = make_device(device); !result.has_value()) break;
  }
  for (const DeviceConfig& device : config_.devices) {
    if (!result.has_value()) break;
    result = make_device(device);
  }
  umask(old_mask);
  WHERRY_CHECK(result);
  WHERRY_TRY(const Fd dev, open_in_root(root_.get(), "/dev", O_PATH | O_DIRECTORY));
  for (const auto& [to, name] : kDeviceLinks) symlinkat(to, dev.get(), name);
  if (faccessat(dev.get(), "pts/ptmx", F_OK, 0) == 0) {
    unlinkat(dev.get(), "ptmx", 0);
    symlinkat("pts/ptmx", dev.get(), "ptmx");
  }
  return {};
}

Result<> RootFilesystem::make_device(const DeviceConfig& device) {
  const size_t slash = device.path.rfind('/');
  if (!device.path.starts_with('/') || slash + 1 == device.path.size()) {
    return fail(ErrorCode::kInvalid, "not the path of a device: " + device.path);
  }
  const std::string name = device.path.substr(slash + 1);
  auto parent = make_in_root(root_.get(), slash == 0 ? "/" : device.path.substr(0, slash), true, 0755);
  // A read-only root without a /dev has no devices, and asks for none of the default ones.
  if (!parent.has_value())
    return device.path.starts_with("/dev/") && config_.root_readonly ? Result<>() : std::unexpected(parent.error());
  const mode_t type = device.type == 'b' ? S_IFBLK : device.type == 'p' ? S_IFIFO : S_IFCHR;
  const dev_t number = makedev(static_cast<unsigned>(device.major), static_cast<unsigned>(device.minor));
  if (mknodat(parent->get(), name.c_str(), type | device.file_mode.value_or(0666), number) == 0) {
    if (fchownat(parent->get(), name.c_str(), device.uid, device.gid, AT_SYMLINK_NOFOLLOW) != 0 && errno != EPERM) {
      return system_error(device.path);
    }
    return {};
  }
  if (errno == EEXIST) return {};
  if (errno != EPERM && errno != EROFS) return system_error("cannot make " + device.path);
  // In a user namespace nobody makes devices; the host's is bound instead.
  auto target = make_in_root(root_.get(), device.path, false, 0644);
  if (!target.has_value()) return {};
  auto tree = clone_tree(AT_FDCWD, device.path, false);
  if (!tree.has_value()) return {};
  return in_place(device.path, attach(tree->get(), target->get()));
}

Result<> RootFilesystem::mask(const std::string& path) {
  auto target = open_in_root(root_.get(), path, O_PATH);
  if (!target.has_value()) return {};  // What is not there is hidden already.
  return cover(root_.get(), target->get());
}

Result<> RootFilesystem::make_readonly(const std::string& path) {
  auto target = open_in_root(root_.get(), path, O_PATH);
  if (!target.has_value()) return {};
  WHERRY_TRY(const Fd tree, clone_tree(target->get(), "", true));
  WHERRY_CHECK(set_attributes(tree.get(), MOUNT_ATTR_RDONLY, 0, 0, true));
  return attach(tree.get(), target->get());
}

Result<RootFilesystem::Terminal> RootFilesystem::make_terminal() {
  WHERRY_TRY(Fd master, open_in_root(root_.get(), "/dev/ptmx", O_RDWR | O_NOCTTY));
  int lock = 0;
  unsigned number = 0;
  if (ioctl(master.get(), TIOCSPTLCK, &lock) != 0 || ioctl(master.get(), TIOCGPTN, &number) != 0) {
    return system_error("cannot make a terminal");
  }
  Fd slave(ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!slave.valid()) return system_error("cannot open the terminal");
  const ProcessConfig& process = config_.process;
  if (process.console_height != 0 || process.console_width != 0) {
    const winsize size = {
        .ws_row = process.console_height, .ws_col = process.console_width, .ws_xpixel = 0, .ws_ypixel = 0};
    ioctl(slave.get(), TIOCSWINSZ, &size);
  }
  if (fchown(slave.get(), process.user.uid, static_cast<gid_t>(-1)) != 0 && errno != EPERM && errno != EINVAL) {
    return system_error("cannot give the terminal to the user");
  }
  auto console = make_in_root(root_.get(), "/dev/console", false, 0620);
  auto device = open_in_root(root_.get(), "/dev/pts/" + std::to_string(number), O_PATH);
  if (console.has_value() && device.has_value()) {
    WHERRY_TRY(const Fd tree, clone_tree(device->get(), "", false));
    WHERRY_CHECK(in_place("/dev/console", attach(tree.get(), console->get())));
  }
  return Terminal{std::move(master), std::move(slave)};
}

Result<> RootFilesystem::enter(bool pivot) {
  if (config_.root_readonly) WHERRY_CHECK(set_attributes(root_.get(), MOUNT_ATTR_RDONLY, 0, 0, false));
  if (fchdir(root_.get()) != 0) return system_error("cannot enter the root");
  if (pivot) {
    const Fd old_root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (syscall(SYS_pivot_root, ".", ".") != 0) return system_error("pivot_root");
    if (fchdir(old_root.get()) != 0) return system_error("cannot leave the old root");
    mount_attr attributes = {.attr_set = 0, .attr_clr = 0, .propagation = MS_SLAVE, .userns_fd = 0};
    if (mount_setattr(AT_FDCWD, ".", AT_RECURSIVE, &attributes, sizeof attributes) != 0 ||
        umount2(".", MNT_DETACH) != 0) {
      return system_error("cannot leave the old root");
    }
  } else {
    const Fd top(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    WHERRY_CHECK(in_place("the root", attach(root_.get(), top.get())));
    if (chroot(".") != 0) return system_error("chroot");
  }
  if (chdir("/") != 0) return system_error("cannot enter the root");
  const auto [propagation, recursive] = parse_propagation(config_.rootfs_propagation);
  if (propagation == MS_SHARED || propagation == MS_UNBINDABLE) {
    WHERRY_CHECK(set_attributes(root_.get(), 0, 0, propagation, recursive));
  }
  return {};
}

Result<> hide_own_process(int root, const std::string& root_path) {
  WHERRY_TRY(const std::string mounts, read_text("/proc/self/mountinfo"));
  for (size_t begin = 0; begin < mounts.size();) {
    const size_t end = std::min(mounts.find('\n', begin), mounts.size());
    const std::string_view line = std::string_view(mounts).substr(begin, end - begin);
    begin = end + 1;
    const size_t dash = line.find(" - proc ");
    if (dash == line.npos) continue;
    // 36 35 98:0 /mnt1 /mnt2 rw,noatime ...: the fifth word is the mount point.
    size_t at = 0;
    for (int word = 0; word < 4 && at != line.npos; ++word) at = line.find(' ', at) + 1;
    const std::string point = unescape(line.substr(at, line.find(' ', at) - at));
    const bool beneath = root_path == "/" || (point.starts_with(root_path) && point.size() > root_path.size() &&
                                              point[root_path.size()] == '/');
    if (!beneath) continue;
    const std::string inside = root_path == "/" ? point : point.substr(root_path.size());
    auto proc = open_in_root(root, inside, O_PATH | O_DIRECTORY);
    if (!proc.has_value()) continue;  // A part of one, such as a masked file.
    WHERRY_CHECK(in_place(inside, set_attributes(proc->get(), MOUNT_ATTR_RDONLY, 0, 0, false)));
    for (const char* name : {"/self/mem", "/self/task", "/self/maps", "/self/smaps", "/self/pagemap", "/self/auxv"}) {
      auto entry = open_in_root(root, inside + name, O_PATH);
      if (entry.has_value()) WHERRY_CHECK(in_place(inside + name, cover(root, entry->get())));
    }
  }
  return {};
}

}  // namespace wherry::oci
