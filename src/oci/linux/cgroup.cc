#include "oci/linux/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

namespace wherry::oci {
namespace {

/// Visits the lines of a text.
template <class F>
void each_line(std::string_view text, F visit) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    visit(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    if (end > begin) parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

bool has_word(std::string_view list, std::string_view word, char separator) {
  return std::ranges::any_of(split(list, separator), [&](const std::string& part) { return part == word; });
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

/// The names of directories in one.
std::vector<std::string> subdirectories(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(path.c_str()), closedir);
  if (stream == nullptr) return names;
  while (const dirent* entry = readdir(stream.get())) {
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  return names;
}

void collect_processes(const std::string& path, std::vector<int>& pids) {
  const auto text = read_text(path + "/cgroup.procs");
  if (text.has_value()) {
    each_line(*text, [&](std::string_view line) { pids.push_back(std::atoi(std::string(line).c_str())); });
  }
  for (const std::string& name : subdirectories(path)) collect_processes(path + '/' + name, pids);
}

bool remove_group(const std::string& path) {
  if (rmdir(path.c_str()) == 0 || errno == ENOENT) return true;
  for (const std::string& name : subdirectories(path)) remove_group(path + '/' + name);
  return rmdir(path.c_str()) == 0 || errno == ENOENT;
}

/// A new cpuset has no processors and no memory, and takes no process: it gets its parent's.
Result<> fill_cpuset(const std::string& parent, const std::string& path) {
  for (const char* file : {"/cpuset.cpus", "/cpuset.mems"}) {
    WHERRY_TRY(const std::string own, read_text(path + file));
    if (!trimmed(own).empty()) continue;
    WHERRY_TRY(const std::string inherited, read_text(parent + file));
    WHERRY_CHECK(write_control(path + file, trimmed(inherited)));
  }
  return {};
}

/// Gives the groups on the way to `path` the controllers that the top has.
Result<> enable_controllers(const std::string& mount, const std::string& path) {
  WHERRY_TRY(const std::string available, read_text(mount + "/cgroup.controllers"));
  std::string group = mount;
  for (const std::string& name : split(std::string_view(path).substr(mount.size()), '/')) {
    for (const std::string& controller : split(trimmed(available), ' ')) {
      // Each by itself: one that is refused (a threaded group, real-time processes) must not hold up the others.
      auto written = write_control(group + "/cgroup.subtree_control", '+' + controller);
      (void)written;
    }
    group += '/' + name;
    if (mkdir(group.c_str(), 0755) != 0 && errno != EEXIST) return system_error("cannot make cgroup " + group);
  }
  return {};
}

Result<> attach_device_program(const std::string& group, const std::vector<DeviceRule>& rules) {
  const Fd directory(open(group.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return system_error(group);
  const auto bpf = [](bpf_cmd command, bpf_attr& attributes) {
    return static_cast<int>(syscall(SYS_bpf, command, &attributes, sizeof attributes));
  };
  const std::vector<bpf_insn> program = device_program(rules);
  bpf_attr load = {};
  load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  load.insn_cnt = static_cast<uint32_t>(program.size());
  load.insns = reinterpret_cast<uint64_t>(program.data());
  load.license = reinterpret_cast<uint64_t>("GPL");
  const Fd loaded(bpf(BPF_PROG_LOAD, load));
  if (!loaded.valid()) return system_error("cannot load the device filter");

  // The programs of before, which `update` replaces.
  uint32_t old[16] = {};
  bpf_attr query = {};
  query.query.target_fd = static_cast<uint32_t>(directory.get());
  query.query.attach_type = BPF_CGROUP_DEVICE;
  query.query.prog_ids = reinterpret_cast<uint64_t>(old);
  query.query.prog_cnt = std::size(old);
  const uint32_t count = bpf(BPF_PROG_QUERY, query) == 0 ? query.query.prog_cnt : 0;

  bpf_attr attach = {};
  attach.target_fd = static_cast<uint32_t>(directory.get());
  attach.attach_bpf_fd = static_cast<uint32_t>(loaded.get());
  attach.attach_type = BPF_CGROUP_DEVICE;
  attach.attach_flags = BPF_F_ALLOW_MULTI;
  if (bpf(BPF_PROG_ATTACH, attach) != 0) return system_error("cannot attach the device filter");
  for (uint32_t i = 0; i < count; ++i) {
    bpf_attr get = {};
    get.prog_id = old[i];
    const Fd previous(bpf(BPF_PROG_GET_FD_BY_ID, get));
    bpf_attr detach = {};
    detach.target_fd = static_cast<uint32_t>(directory.get());
    detach.attach_bpf_fd = static_cast<uint32_t>(previous.get());
    detach.attach_type = BPF_CGROUP_DEVICE;
    if (previous.valid()) bpf(BPF_PROG_DETACH, detach);
  }
  return {};
}

/// The path of `pid` in each hierarchy, by controllers, as /proc/PID/cgroup has it.
Result<std::vector<std::pair<std::string, std::string>>> memberships(const std::string& pid) {
  WHERRY_TRY(const std::string text, read_text("/proc/" + pid + "/cgroup"));
  std::vector<std::pair<std::string, std::string>> list;
  each_line(text, [&](std::string_view line) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (second == line.npos) return;
    list.emplace_back(line.substr(first + 1, second - first - 1), line.substr(second + 1));
  });
  return list;
}

}  // namespace

Result<std::vector<CgroupHierarchy>> find_hierarchies() {
  WHERRY_TRY(const auto own, memberships("self"));
  WHERRY_TRY(const std::string mounts, read_text("/proc/self/mountinfo"));
  std::vector<CgroupHierarchy> list;
  each_line(mounts, [&](std::string_view line) {
    const size_t dash = line.find(" - cgroup");
    if (dash == line.npos) return;
    const std::vector<std::string> left = split(line.substr(0, dash), ' ');
    const std::vector<std::string> right = split(line.substr(dash + 3), ' ');
    if (left.size() < 5 || right.size() < 3) return;
    const std::string& root = left[3];
    for (const auto& [controllers, path] : own) {
      const bool same =
          controllers.empty()
              ? right[0] == "cgroup2"
              : right[0] == "cgroup" && std::ranges::all_of(split(controllers, ','), [&](const std::string& name) {
                  return has_word(right[2], name, ',');
                });
      if (!same ||
          std::ranges::any_of(list, [&](const CgroupHierarchy& have) { return have.controllers == controllers; })) {
        continue;
      }
      // A mount that shows a part of the hierarchy (in a container) shows paths relative to it.
      std::string place = path;
      if (root != "/" && place.starts_with(root)) place.erase(0, root.size());
      list.push_back({controllers, left[4], place.empty() ? "/" : place});
    }
  });
  return list;
}

Result<std::vector<CgroupDirectory>> plan_cgroups(const std::string& cgroups_path, const std::string& id) {
  for (const std::string& part : split(cgroups_path, '/')) {
    if (part == ".." || part == ".") return fail(ErrorCode::kInvalid, "linux.cgroupsPath: '" + cgroups_path + "'");
  }
  WHERRY_TRY(const auto hierarchies, find_hierarchies());
  std::vector<CgroupDirectory> list;
  for (const CgroupHierarchy& hierarchy : hierarchies) {
    std::string path = cgroups_path.empty() ? '/' + id : cgroups_path;
    if (!path.starts_with('/')) path = (hierarchy.own == "/" ? "/" : hierarchy.own + '/') + path;
    std::string normal = hierarchy.mount;
    for (const std::string& part : split(path, '/')) normal += '/' + part;
    if (normal == hierarchy.mount) return fail(ErrorCode::kInvalid, "linux.cgroupsPath names the top of all groups");
    list.push_back({hierarchy.controllers, normal});
  }
  return list;
}

Result<std::vector<CgroupDirectory>> cgroups_of(int pid) {
  WHERRY_TRY(const auto hierarchies, find_hierarchies());
  WHERRY_TRY(const auto member_of, memberships(std::to_string(pid)));
  std::vector<CgroupDirectory> list;
  for (const CgroupHierarchy& hierarchy : hierarchies) {
    for (const auto& [controllers, path] : member_of) {
      if (controllers == hierarchy.controllers) list.push_back({controllers, hierarchy.mount + path});
    }
  }
  return list;
}

const CgroupDirectory* Cgroup::find(std::string_view controller) const {
  for (const CgroupDirectory& directory : directories_) {
    if (has_word(directory.controllers, controller, ',')) return &directory;
  }
  return unified();
}

const CgroupDirectory* Cgroup::unified() const {
  const auto it = std::ranges::find(directories_, "", &CgroupDirectory::controllers);
  return it == directories_.end() ? nullptr : &*it;
}

Result<> Cgroup::create() const {
  WHERRY_TRY(const auto hierarchies, find_hierarchies());
  for (const CgroupDirectory& directory : directories_) {
    const auto hierarchy = std::ranges::find(hierarchies, directory.controllers, &CgroupHierarchy::controllers);
    if (hierarchy == hierarchies.end()) return fail(ErrorCode::kInvalid, "no hierarchy for " + directory.path);
    if (directory.controllers.empty()) {
      WHERRY_CHECK(enable_controllers(hierarchy->mount, directory.path));
      continue;
    }
    const bool cpuset = has_word(directory.controllers, "cpuset", ',');
    if (!cpuset && mkdir(directory.path.c_str(), 0755) == 0) continue;
    std::string group = hierarchy->mount;
    for (const std::string& name : split(std::string_view(directory.path).substr(group.size()), '/')) {
      const std::string parent = group;
      group += '/' + name;
      if (mkdir(group.c_str(), 0755) != 0 && errno != EEXIST) return system_error("cannot make cgroup " + group);
      if (cpuset) WHERRY_CHECK(fill_cpuset(parent, group));
    }
  }
  return {};
}

Result<> Cgroup::apply_one(const CgroupSetting& setting) const {
  const CgroupDirectory* directory = setting.controller.empty() ? unified() : find(setting.controller);
  if (directory == nullptr) {
    if (setting.optional) return {};
    return fail(ErrorCode::kUnsupported, "there is no cgroup controller " + setting.controller);
  }
  std::string file = directory->path + '/' + setting.file;
  if (access(file.c_str(), F_OK) != 0 && !setting.other_file.empty()) {
    file = directory->path + '/' + setting.other_file;
  }
  if (access(file.c_str(), F_OK) != 0) {
    if (setting.optional) return {};
    return fail(ErrorCode::kUnsupported, "there is no cgroup controller " + setting.controller + " here: no " + file);
  }
  auto written = write_control(file, setting.value);
  if (!written.has_value() && setting.optional) return {};
  return written;
}

Result<> Cgroup::apply(const Resources& resources, bool update) const {
  std::vector<CgroupSetting> refused;
  for (const CgroupSetting& setting : pure_v2() ? v2_settings(resources) : v1_settings(resources)) {
    // Some settings bound each other (memory and memory with swap): one that is refused is tried after the others.
    if (!apply_one(setting).has_value()) refused.push_back(setting);
  }
  for (const CgroupSetting& setting : refused) WHERRY_CHECK(apply_one(setting));
  if (pure_v2() && !resources.devices.empty()) {
    auto attached = attach_device_program(directories_[0].path, with_default_devices(resources.devices));
    // Users who are not root have no such programs; they also have no devices to protect.
    if (!attached.has_value() && (geteuid() == 0 || update)) return attached;
  }
  return {};
}

Result<> Cgroup::join(int pid) const {
  for (const CgroupDirectory& directory : directories_) {
    WHERRY_CHECK(write_control(directory.path + "/cgroup.procs", std::to_string(pid)));
  }
  return {};
}

Result<std::vector<CgroupDirectory>> Cgroup::child(const std::string& name) const {
  if (name.empty() || name.find("..") != name.npos) return fail(ErrorCode::kInvalid, "not a cgroup: " + name);
  std::vector<CgroupDirectory> list;
  for (const CgroupDirectory& directory : directories_) {
    list.push_back({directory.controllers, directory.path + (name.starts_with('/') ? "" : "/") + name});
  }
  WHERRY_CHECK(Cgroup(list).create());
  return list;
}

Result<> Cgroup::freeze(bool frozen) const {
  const CgroupDirectory* directory = find("freezer");
  if (directory == nullptr) return fail(ErrorCode::kUnsupported, "there is no cgroup to pause the container with");
  const bool v1 = !directory->controllers.empty();
  const std::string file = directory->path + (v1 ? "/freezer.state" : "/cgroup.freeze");
  const std::string word = v1 ? (frozen ? "FROZEN" : "THAWED") : (frozen ? "1" : "0");
  WHERRY_CHECK(write_control(file, word));
  for (int tries = 0; tries < 1000; ++tries) {
    if (this->frozen() == frozen) return {};
    usleep(1000);
    if (v1 && frozen) WHERRY_CHECK(write_control(file, word));  // Once more wakes those that slept through it.
  }
  return fail(ErrorCode::kIo, frozen ? "the container cannot be paused" : "the container cannot be resumed");
}

bool Cgroup::frozen() const {
  const CgroupDirectory* directory = find("freezer");
  if (directory == nullptr) return false;
  if (!directory->controllers.empty()) {
    return read_text(directory->path + "/freezer.state").value_or("").starts_with("FROZEN");
  }
  return read_text(directory->path + "/cgroup.events").value_or("").find("frozen 1") != std::string::npos;
}

std::vector<int> Cgroup::processes() const {
  std::vector<int> pids;
  // Every hierarchy has the same processes; some may lack one that was moved by hand.
  const CgroupDirectory* directory = find("pids");
  if (directory == nullptr && !directories_.empty()) directory = &directories_[0];
  if (directory != nullptr) collect_processes(directory->path, pids);
  std::ranges::sort(pids);
  return pids;
}

void Cgroup::signal_all(int signal, int milliseconds) const {
  for (int waited = 0;; ++waited) {
    const std::vector<int> pids = processes();
    // Only of this container: the group's members, seen just now.
    for (const int pid : pids) {
      if (pid > 0) kill(pid, signal);
    }
    if (pids.empty() || signal != SIGKILL) return;
    if (frozen()) {
      auto thawed = freeze(false);
      (void)thawed;
    }
    if (waited >= milliseconds) return;
    usleep(1000);
  }
}

bool Cgroup::remove() const {
  // The kernel finishes with a process a little after it is gone.
  for (int tries = 0; tries < 200; ++tries) {
    bool all = true;
    for (const CgroupDirectory& directory : directories_) all &= remove_group(directory.path);
    if (all) return true;
    usleep(tries < 20 ? 500 : 5000);
  }
  return false;
}

}  // namespace wherry::oci
