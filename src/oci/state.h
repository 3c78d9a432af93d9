// What is known of a container between calls: a directory ROOT/ID with the state and the configuration it was made
// from. Whoever changes it holds the directory's lock; readers need none, since files are replaced at once.
//
// A container's life is told from its files and its process, so that it is right after any crash:
//   no wherry.json              half made by a create that died before it had done anything else
//   the init's process is gone  stopped
//   start.fifo is there         created (or creating, while there is no process yet)
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "oci/linux/system.h"
#include "wherry/result.h"

namespace wherry::oci {

enum class Status : uint8_t { kCreating, kCreated, kRunning, kStopped };
std::string_view status_name(Status status);

/// A directory of the container in one hierarchy of control groups.
struct CgroupDirectory {
  std::string controllers;  ///< "memory", "cpu,cpuacct", "name=systemd"; empty: the unified hierarchy (v2).
  std::string path;
};

struct State {
  std::string id;
  std::string bundle;
  std::string rootfs;
  std::string created;  ///< RFC 3339.
  std::string owner;
  ProcessId init;
  bool started = false;  ///< `start` has been called.
  std::string module;    ///< The guest's path in the container.
  std::string systemd_unit;
  std::vector<CgroupDirectory> cgroups;
  std::map<std::string, std::string> annotations;

  Status status() const;
  /// As `state` prints it and hooks read it.
  std::string to_oci_json(Status status, bool pretty) const;
};

/// ROOT/ID, open. Move-only.
class StateDirectory {
 public:
  /// A new one, locked, with nothing in it. Error: kInvalid (the name; it exists), kIo.
  static Result<StateDirectory> create(const std::string& root, const std::string& id);
  /// Error: kNotFound: "container 'x' does not exist".
  static Result<StateDirectory> open(const std::string& root, const std::string& id);

  /// Waits for the lock, at most so long. Error: kIo (someone else holds it), kNotFound (it was deleted meanwhile).
  Result<> lock(int milliseconds);

  const std::string& path() const { return path_; }
  int fd() const { return fd_.get(); }
  bool has(const char* name) const;
  Result<State> load() const;
  Result<> save(const State& state) const;
  /// Removes it with all that is in it.
  Result<> remove();

  static constexpr const char* kStateFile = "wherry.json";
  static constexpr const char* kConfigFile = "config.json";
  static constexpr const char* kStartFifo = "start.fifo";
  static constexpr const char* kStatsFile = "stats";

 private:
  StateDirectory(std::string root, std::string id, Fd fd)
      : root_(std::move(root)), id_(std::move(id)), path_(root_ + '/' + id_), fd_(std::move(fd)) {}
  bool still_there() const;

  std::string root_, id_, path_;
  Fd fd_;
};

/// Whether it may name a container: letters, digits, `_+-.`, no path.
bool valid_id(std::string_view id);
/// The names of what is in ROOT, sorted.
std::vector<std::string> list_ids(const std::string& root);
/// $XDG_RUNTIME_DIR/wherry for users, /run/wherry for root.
std::string default_root();

}  // namespace wherry::oci
