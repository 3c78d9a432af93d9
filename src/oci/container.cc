#include "oci/container.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "oci/guest.h"
#include "oci/linux/cgroup_systemd.h"
#include "oci/linux/hooks.h"
#include "oci/linux/init.h"
#include "oci/linux/namespaces.h"
#include "oci/recognise.h"

namespace wherry::oci {
namespace {

/// How long a command waits for another that holds the container.
constexpr int kLockMilliseconds = 10'000;
constexpr int kKillMilliseconds = 10'000;
const std::string kNetworkAnnotation = "run.wherry.network";

std::string now_text() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  tm parts;
  gmtime_r(&now.tv_sec, &parts);
  char text[64];
  const size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  snprintf(text + length, sizeof text - length, ".%09ldZ", now.tv_nsec);
  return text;
}

std::string real_path(const std::string& path) {
  char resolved[PATH_MAX];
  return realpath(path.c_str(), resolved) == nullptr ? path : resolved;
}

Result<StateDirectory> open_locked(const Settings& settings, const std::string& id) {
  WHERRY_TRY(StateDirectory directory, StateDirectory::open(settings.root, id));
  WHERRY_CHECK(directory.lock(kLockMilliseconds));
  return directory;
}

Result<Config> saved_config(const StateDirectory& directory) {
  WHERRY_TRY(const std::string text, read_text(directory.fd(), StateDirectory::kConfigFile));
  return parse_config(text);
}

/// Descriptors 3 and up that were promised to the guest, and those that socket activation gave. Asks nothing of the
/// environment but LISTEN_FDS, whose process this one stands for.
std::vector<int> inherited_descriptors(int preserve) {
  int count = preserve;
  if (const char* listen = std::getenv("LISTEN_FDS")) count += std::clamp(std::atoi(listen), 0, 1024);
  std::vector<int> list;
  for (int fd = 3; fd < 3 + count; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) list.push_back(fd);
  }
  return list;
}

Result<> prepare_seccomp(const std::optional<SeccompConfig>& config, ProcessPlan& plan) {
  if (!config) return {};
  WHERRY_TRY(plan.seccomp, compile_seccomp(*config));
  if (!plan.seccomp->notifies) return {};
  if (config->listener_path.empty()) {
    return fail(ErrorCode::kInvalid, "seccomp notifies, but linux.seccomp.listenerPath is empty");
  }
  WHERRY_TRY(plan.seccomp_listener, connect_unix(config->listener_path));
  return {};
}

/// What the listener of a seccomp filter gets with its descriptor.
std::string seccomp_state(const SeccompConfig& config, const State& state) {
  const Json json = {{"ociVersion", "1.0.2"},
                     {"fds", {"seccompFd"}},
                     {"pid", 0},
                     {"metadata", config.listener_metadata},
                     {"state", parse_json(state.to_oci_json(Status::kCreating, false), "state").value_or(Json())}};
  return to_text(json);
}

/// What the annotation says, its rules separated by `;` or new lines. Without one: in a network namespace of the
/// container's or its pod's, all but what docs/network.md wants to be named, the loopback included; in the host's,
/// nothing.
std::string network_rules(const Config& config) {
  if (config.annotations.contains(kNetworkAnnotation)) {
    std::string rules(config.annotation(kNetworkAnnotation));
    std::ranges::replace(rules, ';', '\n');
    return rules;
  }
  if (config.find_namespace(NamespaceKind::kNetwork) == nullptr) return {};
  return "listen:*:*\nlisten:loopback:*\nconnect:*:*\nconnect:loopback:*\n";
}

Result<> write_pid_file(const std::string& path, int pid) {
  if (path.empty()) return {};
  const size_t slash = path.rfind('/');
  const std::string directory = slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const Fd place(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place.valid()) return system_error(path);
  WHERRY_CHECK(write_atomically(place.get(), slash == path.npos ? path : path.substr(slash + 1), std::to_string(pid)));
  if (chmod(path.c_str(), 0644) != 0) return system_error(path);
  return {};
}

Result<Fd> console_for(const ProcessConfig& process, const std::string& console_socket, Fd given) {
  if (!process.terminal) {
    if (!console_socket.empty()) return fail(ErrorCode::kInvalid, "a console socket, but process.terminal is false");
    return Fd();
  }
  if (console_socket.empty() && !given.valid()) {
    return fail(ErrorCode::kInvalid, "process.terminal needs a console socket (--console-socket)");
  }
  return console_socket.empty() ? std::move(given) : connect_unix(console_socket);
}

/// Ends what a failed create or a delete leaves: processes, groups, files. Best effort, in this order.
bool tear_down(StateDirectory& directory, const State& state) {
  const Cgroup cgroup(state.cgroups);
  if (state.init.alive()) {
    auto killed = send_signal(state.init, SIGKILL);
    (void)killed;
  }
  // Those of exec too. Paused ones die when they are resumed.
  cgroup.signal_all(SIGKILL, kKillMilliseconds);
  if (state.init.pid != 0 && !wait_until_gone(state.init, kKillMilliseconds)) return false;
  if (!state.systemd_unit.empty()) stop_systemd_unit(state.systemd_unit);
  return cgroup.remove() && directory.remove().has_value();
}

Result<State> create_locked(const Settings& settings, const CreateOptions& options, const Config& config,
                            const std::string& text, StateDirectory& directory, State& state, Fd console) {
  WHERRY_CHECK(write_atomically(directory.fd(), StateDirectory::kConfigFile, text));
  InitPlan plan;
  plan.process = &config.process;
  plan.config = &config;
  plan.id = options.id;
  plan.bundle = options.bundle;
  plan.rootfs = real_path(rootfs_path(config, options.bundle));
  plan.pivot = options.pivot;
  plan.new_keyring = options.new_keyring;
  plan.inherited = inherited_descriptors(options.preserve_fds);
  plan.network_rules = network_rules(config);
  plan.joins_user_namespace = config.find_namespace(NamespaceKind::kUser) != nullptr;
  state.rootfs = plan.rootfs;
  if (!config.process.args.empty()) state.module = parse_entry_point(config.process.args[0]).path;

  const bool systemd = settings.cgroups == CgroupManager::kSystemd;
  if (settings.cgroups == CgroupManager::kFileSystem) {
    WHERRY_TRY(state.cgroups, plan_cgroups(config.cgroups_path, options.id));
  }
  // Saved before anything is made, so that whatever happens `delete --force` knows what to remove.
  WHERRY_CHECK(directory.save(state));
  plan.state = state;
  plan.cgroups = state.cgroups;

  WHERRY_TRY(plan.console_socket, console_for(config.process, options.console_socket, std::move(console)));
  WHERRY_CHECK(prepare_seccomp(config.seccomp, plan));
  if (plan.seccomp_listener.valid()) plan.seccomp_state_json = seccomp_state(*config.seccomp, state);
  WHERRY_TRY(NamespacePlan namespaces, plan_namespaces(config));

  if (mkfifoat(directory.fd(), StateDirectory::kStartFifo, 0600) != 0)
    return system_error("cannot make the start fifo");
  plan.start_fifo = Fd(openat(directory.fd(), StateDirectory::kStartFifo, O_RDWR | O_CLOEXEC));
  plan.stats = Fd(openat(directory.fd(), StateDirectory::kStatsFile, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!plan.start_fifo.valid() || ftruncate(plan.stats.get(), sizeof(GuestStats)) != 0)
    return system_error(directory.path());

  const Cgroup cgroup(state.cgroups);
  WHERRY_CHECK(cgroup.create());
  // Limits that would stop the set-up itself are for the guest, too: they hold from the beginning.
  if (!systemd && settings.cgroups != CgroupManager::kDisabled) WHERRY_CHECK(cgroup.apply(config.resources, false));

  WHERRY_TRY(auto channel, Channel::make());
  plan.channel = &channel.second;
  WHERRY_TRY(const int pid, spawn(namespaces, [&] {
               {
                 const Channel other = std::move(channel.first);
               }
               run_init(plan);
             }));
  {
    const Channel other = std::move(channel.second);
  }
  plan.console_socket = Fd();
  state.init = identify(pid);
  WHERRY_CHECK(directory.save(state));
  if (systemd) {
    WHERRY_TRY(state.systemd_unit, start_systemd_unit(config, options.id, pid));
    WHERRY_TRY(state.cgroups, cgroups_of(pid));
    WHERRY_CHECK(directory.save(state));
    WHERRY_CHECK(Cgroup(state.cgroups).apply(config.resources, false));
  } else {
    WHERRY_CHECK(cgroup.join(pid));
  }
  if (std::ranges::find(namespaces.unshares, NamespaceKind::kUser) != namespaces.unshares.end()) {
    WHERRY_CHECK(write_id_mappings(pid, config));
  }
  WHERRY_CHECK(channel.first.send(Message::kGo));
  WHERRY_TRY(Message message, channel.first.receive());
  if (message == Message::kHooks) {
    const std::string json = state.to_oci_json(Status::kCreating, false);
    WHERRY_CHECK(run_hooks(config, HookKind::kPrestart, json));
    WHERRY_CHECK(run_hooks(config, HookKind::kCreateRuntime, json));
    WHERRY_CHECK(channel.first.send(Message::kGo));
    WHERRY_TRY(message, channel.first.receive());
  }
  if (message != Message::kReady) return fail(ErrorCode::kIo, "the container's process is out of step");
  WHERRY_CHECK(write_pid_file(options.pid_file, pid));
  WHERRY_CHECK(channel.first.send(Message::kGo));
  return state;
}

}  // namespace

Result<State> create_container(const Settings& settings, const CreateOptions& options, const Config& config,
                               const std::string& text, Fd console) {
  WHERRY_TRY(StateDirectory directory, StateDirectory::create(settings.root, options.id));
  State state;
  state.id = options.id;
  state.bundle = options.bundle;
  state.created = now_text();
  state.annotations = config.annotations;
  if (const passwd* user = geteuid() == 0 ? nullptr : getpwuid(geteuid())) {
    state.owner = user->pw_name;
  } else {
    state.owner = "root";
  }
  auto created = create_locked(settings, options, config, text, directory, state, std::move(console));
  if (!created.has_value()) {
    if (state.init.pid != 0) {
      auto killed = send_signal(state.init, SIGKILL);
      (void)killed;
      while (waitpid(state.init.pid, nullptr, 0) < 0 && errno == EINTR) {
      }
    }
    tear_down(directory, state);
    run_hooks_to_the_end(config, HookKind::kPoststop, state.to_oci_json(Status::kStopped, false));
  }
  return created;
}

Result<> start_container(const Settings& settings, const std::string& id) {
  WHERRY_TRY(const StateDirectory directory, open_locked(settings, id));
  WHERRY_TRY(State state, directory.load());
  if (state.status() != Status::kCreated) {
    return fail(ErrorCode::kInvalid,
                "cannot start container '" + id + "': it is " + std::string(status_name(state.status())));
  }
  const Fd fifo(openat(directory.fd(), StateDirectory::kStartFifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  if (!fifo.valid()) return system_error("cannot start container '" + id + "'");
  state.started = true;
  WHERRY_CHECK(directory.save(state));
  if (write(fifo.get(), "s", 1) != 1) return system_error("cannot start container '" + id + "'");
  unlinkat(directory.fd(), StateDirectory::kStartFifo, 0);
  WHERRY_TRY(const std::string text, read_text(directory.fd(), StateDirectory::kConfigFile));
  // Most configs have no such hook, and reading one takes longer than all of the above.
  if (text.find("\"poststart\"") == text.npos) return {};
  WHERRY_TRY(const Config config, parse_config(text));
  const auto hooked = run_hooks(config, HookKind::kPoststart, state.to_oci_json(Status::kRunning, false));
  if (!hooked.has_value()) {
    auto killed = send_signal(state.init, SIGKILL);
    (void)killed;
    return hooked;
  }
  return {};
}

Result<> kill_container(const Settings& settings, const std::string& id, int signal, bool all) {
  WHERRY_TRY(const StateDirectory directory, StateDirectory::open(settings.root, id));
  WHERRY_TRY(const State state, directory.load());
  const Cgroup cgroup(state.cgroups);
  if (all) {
    cgroup.signal_all(signal, kKillMilliseconds);
    return {};
  }
  if (state.status() == Status::kStopped) {
    return fail(ErrorCode::kInvalid, "cannot signal container '" + id + "': container not running");
  }
  WHERRY_CHECK(send_signal(state.init, signal));
  if (signal == SIGKILL && cgroup.frozen()) return cgroup.freeze(false);
  return {};
}

Result<> delete_container(const Settings& settings, const std::string& id, bool force) {
  auto directory = StateDirectory::open(settings.root, id);
  if (directory.has_value()) {
    if (auto locked = directory->lock(kLockMilliseconds); !locked.has_value())
      directory = std::unexpected(locked.error());
  }
  if (!directory.has_value()) {
    return force && directory.error().code == ErrorCode::kNotFound ? Result<>() : std::unexpected(directory.error());
  }
  auto state = directory->load();
  if (!state.has_value()) {
    // Half made by a create that was killed: there is nothing but files.
    if (force) return directory->remove();
    return std::unexpected(state.error());
  }
  const Status status = state->status();
  if (!force && status == Status::kRunning) {
    return fail(ErrorCode::kInvalid, "cannot delete container '" + id + "': it is running; stop it, or use --force");
  }
  const auto config = saved_config(*directory);
  if (!tear_down(*directory, *state)) {
    return fail(ErrorCode::kIo, "cannot delete container '" + id + "': its processes or files do not go away");
  }
  if (config.has_value()) {
    // Their failures change nothing: the container is gone.
    run_hooks_to_the_end(*config, HookKind::kPoststop, state->to_oci_json(Status::kStopped, false));
  }
  return {};
}

Result<> pause_container(const Settings& settings, const std::string& id, bool paused) {
  WHERRY_TRY(const StateDirectory directory, open_locked(settings, id));
  WHERRY_TRY(const State state, directory.load());
  const Status status = state.status();
  if (status != Status::kRunning && status != Status::kCreated) {
    return fail(ErrorCode::kInvalid, "container '" + id + "' is not running");
  }
  const Cgroup cgroup(state.cgroups);
  if (!paused && !cgroup.frozen()) return fail(ErrorCode::kInvalid, "container '" + id + "' is not paused");
  return cgroup.freeze(paused);
}

Result<> update_container(const Settings& settings, const std::string& id, const Resources& resources) {
  WHERRY_TRY(const StateDirectory directory, open_locked(settings, id));
  WHERRY_TRY(const State state, directory.load());
  if (state.status() == Status::kStopped) return fail(ErrorCode::kInvalid, "container '" + id + "' is not running");
  return Cgroup(state.cgroups).apply(resources, true);
}

Result<ProcessId> exec_in_container(const Settings& settings, const ExecOptions& options, const ProcessConfig& process,
                                    Fd console) {
  WHERRY_TRY(const StateDirectory directory, StateDirectory::open(settings.root, options.id));
  WHERRY_TRY(const State state, directory.load());
  if (state.status() != Status::kRunning && state.status() != Status::kCreated) {
    return fail(ErrorCode::kInvalid,
                "cannot exec in container '" + options.id + "': it is " + std::string(status_name(state.status())));
  }
  Cgroup cgroup(state.cgroups);
  if (cgroup.frozen()) return fail(ErrorCode::kInvalid, "cannot exec in container '" + options.id + "': it is paused");
  WHERRY_TRY(const Config config, saved_config(directory));

  ProcessPlan plan;
  plan.process = &process;
  plan.id = options.id;
  plan.inherited = inherited_descriptors(options.preserve_fds);
  plan.network_rules = network_rules(config);
  WHERRY_TRY(plan.console_socket, console_for(process, options.console_socket, std::move(console)));
  WHERRY_CHECK(prepare_seccomp(config.seccomp, plan));
  if (plan.seccomp_listener.valid()) plan.seccomp_state_json = seccomp_state(*config.seccomp, state);

  WHERRY_TRY(const NamespacePlan namespaces, namespaces_of(state.init));
  WHERRY_TRY(auto channel, Channel::make());
  plan.channel = &channel.second;
  WHERRY_TRY(const int pid, spawn(namespaces, [&] {
               {
                 const Channel other = std::move(channel.first);
               }
               run_exec(plan);
             }));
  {
    const Channel other = std::move(channel.second);
  }
  const ProcessId id = identify(pid);
  const auto set_up = [&]() -> Result<> {
    std::vector<CgroupDirectory> child;
    if (!options.cgroup.empty()) {
      WHERRY_TRY(child, cgroup.child(options.cgroup));
    }
    WHERRY_CHECK((options.cgroup.empty() ? cgroup : Cgroup(child)).join(pid));
    WHERRY_CHECK(channel.first.send(Message::kGo));
    WHERRY_CHECK(channel.first.expect(Message::kReady));
    WHERRY_CHECK(write_pid_file(options.pid_file, pid));
    WHERRY_CHECK(channel.first.send(Message::kGo));
    // A native program closes the line when it begins; what is said before that is why it does not.
    char byte;
    const ssize_t more = recv(channel.first.fd(), &byte, 1, MSG_PEEK);
    if (more > 0) WHERRY_CHECK(channel.first.expect(Message::kReady));
    return {};
  };
  auto result = set_up();
  if (!result.has_value()) {
    auto killed = send_signal(id, SIGKILL);
    (void)killed;
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return std::unexpected(result.error());
  }
  return id;
}

Result<Description> describe_container(const Settings& settings, const std::string& id) {
  WHERRY_TRY(const StateDirectory directory, StateDirectory::open(settings.root, id));
  WHERRY_TRY(State state, directory.load());
  const Status status = state.status();
  std::string text(status_name(status));
  if ((status == Status::kRunning || status == Status::kCreated) && Cgroup(state.cgroups).frozen()) text = "paused";
  return Description{std::move(state), status, std::move(text)};
}

Result<std::vector<int>> container_processes(const Settings& settings, const std::string& id) {
  WHERRY_TRY(const StateDirectory directory, StateDirectory::open(settings.root, id));
  WHERRY_TRY(const State state, directory.load());
  if (!state.cgroups.empty()) return Cgroup(state.cgroups).processes();
  return state.init.alive() ? std::vector{state.init.pid} : std::vector<int>();
}

Result<std::string> container_stats(const Settings& settings, const std::string& id) {
  WHERRY_TRY(const StateDirectory directory, StateDirectory::open(settings.root, id));
  WHERRY_TRY(const State state, directory.load());
  if (state.status() != Status::kRunning) return fail(ErrorCode::kInvalid, "container '" + id + "' is not running");
  Json data = Cgroup(state.cgroups).stats();

  const Fd file(openat(directory.fd(), StateDirectory::kStatsFile, O_RDONLY | O_CLOEXEC));
  void* shared = file.valid() ? mmap(nullptr, sizeof(GuestStats), PROT_READ, MAP_SHARED, file.get(), 0) : MAP_FAILED;
  if (shared != MAP_FAILED) {
    auto* stats = static_cast<GuestStats*>(shared);
    const auto sequence = [&] { return __atomic_load_n(&stats->sequence, __ATOMIC_ACQUIRE); };
    const uint64_t before = sequence();
    auto asked = send_signal(state.init, SIGRTMIN + kStatsSignal);
    // A guest that is paused does not answer: what it said last stands.
    for (int waited = 0; asked.has_value() && sequence() == before && waited < 100; ++waited) usleep(1000);
    data["wasm"] = {
        {"linearMemory", stats->memory_bytes}, {"moduleSize", stats->module_bytes}, {"module", state.module}};
    munmap(shared, sizeof(GuestStats));
  }
  return to_text(Json{{"type", "stats"}, {"id", id}, {"data", std::move(data)}});
}

Result<ProcessConfig> container_process(const Settings& settings, const std::string& id) {
  WHERRY_TRY(const StateDirectory directory, StateDirectory::open(settings.root, id));
  WHERRY_TRY(const Config config, saved_config(directory));
  return config.process;
}

std::optional<int> parse_signal(std::string_view text) {
  if (!text.empty() && text.find_first_not_of("0123456789") == text.npos && text.size() < 4) {
    const int number = std::atoi(std::string(text).c_str());
    if (number < NSIG) return number;
    return std::nullopt;
  }
  if (text.starts_with("SIG")) text.remove_prefix(3);
  for (int number = 1; number < NSIG; ++number) {
    const char* name = sigabbrev_np(number);
    if (name != nullptr && text == name) return number;
  }
  if (text.starts_with("RTMIN")) {
    const int offset = text.size() == 5 ? 0 : std::atoi(std::string(text.substr(5)).c_str());
    if (SIGRTMIN + offset <= SIGRTMAX && offset >= 0) return SIGRTMIN + offset;
  }
  return std::nullopt;
}

}  // namespace wherry::oci
