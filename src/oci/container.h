// The life of a WebAssembly container: what the commands do.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "oci/config.h"
#include "oci/linux/cgroup.h"
#include "oci/state.h"
#include "wherry/result.h"

namespace wherry::oci {

/// What goes for all commands.
struct Settings {
  std::string root = default_root();
  CgroupManager cgroups = CgroupManager::kFileSystem;
};

struct CreateOptions {
  std::string id;
  std::string bundle;  ///< Absolute.
  std::string pid_file;
  std::string console_socket;
  int preserve_fds = 0;
  bool pivot = true;
  bool new_keyring = true;
};

struct ExecOptions {
  std::string id;
  std::string pid_file;
  std::string console_socket;
  std::string cgroup;
  int preserve_fds = 0;
  bool detach = false;
};

/// Makes the container; its guest is ready, and waits. `text` is the config as it stands in the bundle. The process is
/// this process's child. `console`: an end of a socket for the terminal's master, when there is no console socket.
/// On an error nothing of it is left.
Result<State> create_container(const Settings& settings, const CreateOptions& options, const Config& config,
                               const std::string& text, Fd console = {});
Result<> start_container(const Settings& settings, const std::string& id);
/// `all`: every process of the container.
Result<> kill_container(const Settings& settings, const std::string& id, int signal, bool all);
/// With `force`, running processes are killed, and a container that does not exist is no error.
Result<> delete_container(const Settings& settings, const std::string& id, bool force);
Result<> pause_container(const Settings& settings, const std::string& id, bool paused);
Result<> update_container(const Settings& settings, const std::string& id, const Resources& resources);
/// Starts a process in the container. The process is this process's child.
Result<ProcessId> exec_in_container(const Settings& settings, const ExecOptions& options, const ProcessConfig& process,
                                    Fd console = {});

/// The state, and its status in words ("paused" too).
struct Description {
  State state;
  Status status;
  std::string status_text;
};
Result<Description> describe_container(const Settings& settings, const std::string& id);
Result<std::vector<int>> container_processes(const Settings& settings, const std::string& id);
/// As `events --stats` prints it.
Result<std::string> container_stats(const Settings& settings, const std::string& id);
/// The process that `exec` runs when it is told words only: the container's, with other arguments.
Result<ProcessConfig> container_process(const Settings& settings, const std::string& id);

/// The number of "TERM", "SIGTERM", "15", "RTMIN+1".
std::optional<int> parse_signal(std::string_view text);

}  // namespace wherry::oci
