#include "oci/state.h"

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "oci/json.h"

namespace wherry::oci {
namespace {

constexpr std::string_view kSpecVersion = "1.0.2";

/// Removes what is beneath an open directory.
void remove_contents(int directory) {
  const int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return;
  DIR* stream = fdopendir(copy);
  while (const dirent* entry = readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (unlinkat(directory, entry->d_name, 0) == 0 || errno != EISDIR) continue;
    const Fd child(openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (child.valid()) remove_contents(child.get());
    unlinkat(directory, entry->d_name, AT_REMOVEDIR);
  }
  closedir(stream);
}

}  // namespace

std::string_view status_name(Status status) {
  static constexpr std::string_view kNames[] = {"creating", "created", "running", "stopped"};
  return kNames[static_cast<size_t>(status)];
}

Status State::status() const {
  if (init.pid == 0) return Status::kCreating;
  if (!init.alive()) return Status::kStopped;
  return started ? Status::kRunning : Status::kCreated;
}

std::string State::to_oci_json(Status status, bool pretty) const {
  Json json = {{"ociVersion", kSpecVersion},
               {"id", id},
               {"status", status_name(status)},
               {"pid", status == Status::kStopped ? 0 : init.pid},
               {"bundle", bundle},
               {"rootfs", rootfs},
               {"created", created},
               {"owner", owner},
               {"annotations", annotations}};
  return pretty ? to_pretty_text(json) : to_text(json);
}

Result<StateDirectory> StateDirectory::create(const std::string& root, const std::string& id) {
  if (!valid_id(id)) return fail(ErrorCode::kInvalid, "'" + id + "' cannot name a container");
  WHERRY_CHECK(make_directories(root, 0700));
  for (int tries = 0; tries < 100; ++tries) {
    const bool made = mkdir((root + '/' + id).c_str(), 0711) == 0;
    if (!made && errno != EEXIST) return system_error(root + '/' + id);
    auto directory = open(root, id);
    if (!directory.has_value()) continue;  // Deleted meanwhile.
    if (!directory->lock(0).has_value()) {
      return fail(ErrorCode::kInvalid, "container '" + id + "' exists already");
    }
    if (!directory->still_there()) continue;
    // A directory without a state is what a create that was killed leaves.
    if (!made && (directory->has(kStateFile) || directory->has("status") || directory->has("state.json"))) {
      return fail(ErrorCode::kInvalid, "container '" + id + "' exists already");
    }
    if (!made) remove_contents(directory->fd());
    return directory;
  }
  return fail(ErrorCode::kIo, "container '" + id + "' is being deleted");
}

Result<StateDirectory> StateDirectory::open(const std::string& root, const std::string& id) {
  if (!valid_id(id)) return fail(ErrorCode::kInvalid, "'" + id + "' cannot name a container");
  Fd fd(::open((root + '/' + id).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT) return fail(ErrorCode::kNotFound, "container '" + id + "' does not exist");
  if (!fd.valid()) return system_error(root + '/' + id);
  return StateDirectory(root, id, std::move(fd));
}

bool StateDirectory::still_there() const {
  struct stat mine = {}, named = {};
  return fstat(fd(), &mine) == 0 && stat(path_.c_str(), &named) == 0 && mine.st_ino == named.st_ino &&
         mine.st_dev == named.st_dev;
}

Result<> StateDirectory::lock(int milliseconds) {
  // flock has no time limit of its own. Holders are quick, but for hooks and starts that hang.
  constexpr int kStep = 10;
  for (int waited = 0;; waited += kStep) {
    if (flock(fd(), LOCK_EX | LOCK_NB) == 0) break;
    if (errno != EWOULDBLOCK && errno != EINTR) return system_error(path_);
    if (waited >= milliseconds) return fail(ErrorCode::kIo, "container '" + id_ + "' is in use by another command");
    usleep(kStep * 1000);
  }
  if (!still_there()) return fail(ErrorCode::kNotFound, "container '" + id_ + "' does not exist");
  return {};
}

bool StateDirectory::has(const char* name) const { return faccessat(fd(), name, F_OK, 0) == 0; }

Result<State> StateDirectory::load() const {
  const auto text = read_text(fd(), kStateFile);
  if (!text.has_value()) {
    if (text.error().code != ErrorCode::kNotFound) return std::unexpected(text.error());
    return fail(ErrorCode::kNotFound, "container '" + id_ + "' does not exist");
  }
  WHERRY_TRY(const Json json, parse_json(*text, path_ + '/' + kStateFile));
  JsonErrors errors(path_ + '/' + kStateFile);
  const JsonNode node(&json, "", errors);
  State state;
  state.id = node.member("id").text();
  state.bundle = node.member("bundle").text();
  state.rootfs = node.member("rootfs").text();
  state.created = node.member("created").text();
  state.owner = node.member("owner").text();
  state.init = {static_cast<int>(node.member("pid").integer(0, 1 << 30).value_or(0)),
                node.member("startTime").natural().value_or(0)};
  state.started = node.member("started").boolean();
  state.module = node.member("module").text();
  state.systemd_unit = node.member("systemdUnit").text();
  for (const JsonNode& item : node.member("cgroups").elements()) {
    state.cgroups.push_back({item.member("controllers").text(), item.member("path").text()});
  }
  state.annotations = node.member("annotations").text_map();
  WHERRY_CHECK(errors.result());
  return state;
}

Result<> StateDirectory::save(const State& state) const {
  Json cgroups = Json::array();
  for (const CgroupDirectory& cgroup : state.cgroups) {
    cgroups.push_back({{"controllers", cgroup.controllers}, {"path", cgroup.path}});
  }
  const Json json = {{"id", state.id},
                     {"bundle", state.bundle},
                     {"rootfs", state.rootfs},
                     {"created", state.created},
                     {"owner", state.owner},
                     {"pid", state.init.pid},
                     {"startTime", state.init.start_time},
                     {"started", state.started},
                     {"module", state.module},
                     {"systemdUnit", state.systemd_unit},
                     {"cgroups", std::move(cgroups)},
                     {"annotations", state.annotations}};
  return write_atomically(fd(), kStateFile, to_text(json));
}

Result<> StateDirectory::remove() {
  // The state goes last: until then `delete` can be called again.
  for (const char* name : {kStartFifo, kStatsFile, kConfigFile}) unlinkat(fd(), name, 0);
  unlinkat(fd(), kStateFile, 0);
  remove_contents(fd());
  if (rmdir(path_.c_str()) != 0 && errno != ENOENT) return system_error(path_);
  return {};
}

bool valid_id(std::string_view id) {
  if (id.empty() || id.size() > 255 || id == "." || id == "..") return false;
  return std::ranges::all_of(id, [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '+' ||
           c == '-' || c == '.';
  });
}

std::vector<std::string> list_ids(const std::string& root) {
  std::vector<std::string> ids;
  DIR* stream = opendir(root.c_str());
  if (stream == nullptr) return ids;
  while (const dirent* entry = readdir(stream)) {
    if (valid_id(entry->d_name) && entry->d_name[0] != '.') ids.emplace_back(entry->d_name);
  }
  closedir(stream);
  std::ranges::sort(ids);
  return ids;
}

std::string default_root() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (geteuid() != 0 && runtime != nullptr && runtime[0] == '/') return std::string(runtime) + "/wherry";
  return "/run/wherry";
}

}  // namespace wherry::oci
