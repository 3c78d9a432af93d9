#include "oci/linux/init.h"

#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "oci/linux/hooks.h"
#include "oci/linux/mounts.h"
#include "oci/linux/namespaces.h"
#include "oci/linux/privileges.h"
#include "oci/linux/process_title.h"

namespace wherry::oci {
namespace {

/// Until the guest runs, signals end the process. Said with handlers, since the first process of a pid namespace gets
/// no others.
void end_on_signals() {
  struct sigaction action = {};
  action.sa_handler = [](int signal) { _exit(128 + signal); };
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM}) {
    sigaction(signal, &action, nullptr);
  }
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);  // A guest gets EPIPE.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// As the program that comes finds them after any exec.
void default_signals() {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal < 65; ++signal) sigaction(signal, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

Result<> begin_session(const ProcessPlan& plan) {
  if (setsid() < 0) return system_error("setsid");
  if (plan.new_keyring) {
    // Not there in some kernels, and forbidden by some filters: then there is no key to be kept from the container.
    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, ("_ses." + plan.id).c_str());
  }
  return {};
}

Result<> take_terminal(const Fd& slave) {
  for (int fd = 0; fd < 3; ++fd) {
    if (dup2(slave.get(), fd) < 0) return system_error("cannot use the terminal");
  }
  if (ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0) return system_error("cannot control the terminal");
  return {};
}

/// Streams that the user could not open again are given to it, as other runtimes do.
void own_streams(const ProcessConfig& process) {
  struct stat null = {};
  const bool know_null = stat("/dev/null", &null) == 0;
  for (int fd = 0; fd < 3; ++fd) {
    struct stat info = {};
    if (fstat(fd, &info) != 0 || info.st_uid == process.user.uid) continue;
    if (know_null && info.st_rdev == null.st_rdev && S_ISCHR(info.st_mode)) continue;
    if (fchown(fd, process.user.uid, static_cast<gid_t>(-1)) != 0) continue;
  }
}

/// Goes to the working directory, which is made if it is missing.
Result<> enter_directory(const std::string& cwd) {
  const Fd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  auto directory = open_in_root(root.get(), cwd, O_PATH | O_DIRECTORY);
  if (!directory.has_value() && directory.error().code == ErrorCode::kNotFound) {
    directory = make_in_root(root.get(), cwd, true, 0755);
  }
  if (!directory.has_value()) return fail(directory.error().code, "process.cwd: " + directory.error().message);
  if (fchdir(directory->get()) != 0) return system_error("process.cwd: " + cwd);
  return {};
}

std::vector<int> sockets_among(const std::vector<int>& descriptors) {
  std::vector<int> sockets;
  for (const int fd : descriptors) {
    int type = 0;
    socklen_t size = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0) sockets.push_back(fd);
  }
  return sockets;
}

Result<> install_filter(ProcessPlan& plan) {
  if (!plan.seccomp) return {};
  WHERRY_TRY(const Fd listener, install_seccomp(*plan.seccomp));
  if (!plan.seccomp->notifies) return {};
  // The number in the text is filled in here, where it is known.
  WHERRY_CHECK(send_descriptor(plan.seccomp_listener.get(), listener.get(), plan.seccomp_state_json));
  plan.seccomp_listener = Fd();
  return {};
}

/// From root of the container to its user, for good.
Result<> drop_privileges(ProcessPlan& plan) {
  const ProcessConfig& process = *plan.process;
  // With no_new_privs the filter can come last and need not allow what stands here.
  if (!process.no_new_privileges) WHERRY_CHECK(install_filter(plan));
  WHERRY_CHECK(become_user(process));
  if (process.no_new_privileges) {
    WHERRY_CHECK(set_no_new_privileges());
    WHERRY_CHECK(install_filter(plan));
  }
  return {};
}

std::vector<int> kept_descriptors(const ProcessPlan& plan) {
  std::vector<int> keep = plan.inherited;
  for (const int fd : {plan.channel->fd(), plan.seccomp_listener.get(), plan.console_socket.get()}) {
    if (fd >= 3) keep.push_back(fd);
  }
  return keep;
}

/// The container's namespaces and file system; this process ends up in its root.
Result<> build_container(InitPlan& plan) {
  const Config& config = *plan.config;
  if (const auto* space = config.find_namespace(NamespaceKind::kCgroup); space != nullptr && space->path.empty()) {
    WHERRY_CHECK(enter_cgroup_namespace());
  }
  if (const auto* space = config.find_namespace(NamespaceKind::kTime); space != nullptr && space->path.empty()) {
    WHERRY_CHECK(enter_time_namespace(config.time_offsets));
  }
  WHERRY_CHECK(begin_session(plan));
  WHERRY_CHECK(set_scheduling(config.process));
  if (const auto* space = config.find_namespace(NamespaceKind::kNetwork); space != nullptr && space->path.empty()) {
    WHERRY_CHECK(raise_loopback());
  }
  WHERRY_CHECK(write_sysctls(config));
  if (const auto* space = config.find_namespace(NamespaceKind::kUts); space != nullptr) {
    if (!config.hostname.empty() && sethostname(config.hostname.data(), config.hostname.size()) != 0) {
      return system_error("cannot set the host name");
    }
    if (!config.domainname.empty() && setdomainname(config.domainname.data(), config.domainname.size()) != 0) {
      return system_error("cannot set the domain name");
    }
  }
  if (config.personality && personality(*config.personality) < 0) return system_error("personality");

  const Fd proc(open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
  WHERRY_TRY(RootFilesystem root, RootFilesystem::open(config, plan.bundle));
  WHERRY_CHECK(root.populate(plan.cgroups));
  if (!config.hooks_of(HookKind::kPrestart).empty() || !config.hooks_of(HookKind::kCreateRuntime).empty()) {
    WHERRY_CHECK(plan.channel->send(Message::kHooks));
    WHERRY_CHECK(plan.channel->expect(Message::kGo));
  }
  State seen = plan.state;
  seen.init.pid = getpid();
  WHERRY_CHECK(run_hooks(config, HookKind::kCreateContainer, seen.to_oci_json(Status::kCreating, false)));
  if (config.process.terminal) {
    WHERRY_TRY(const auto terminal, root.make_terminal());
    WHERRY_CHECK(send_descriptor(plan.console_socket.get(), terminal.master.get(), "terminal"));
    WHERRY_CHECK(take_terminal(terminal.slave));
    plan.console_socket = Fd();
  }
  // The label is that of all that follows: the guest runs in this process.
  WHERRY_CHECK(set_labels(config.process, proc.get()));
  WHERRY_CHECK(hide_own_process(root.fd(), plan.rootfs));
  return root.enter(plan.pivot);
}

Result<Guest> prepare_guest(ProcessPlan& plan) {
  const ProcessConfig& process = *plan.process;
  WHERRY_CHECK(set_rlimits(process));
  WHERRY_CHECK(enter_directory(process.cwd));
  own_streams(process);
  WHERRY_TRY(Guest guest, Guest::open(process, sockets_among(plan.inherited), plan.network_rules));
  WHERRY_CHECK(drop_privileges(plan));
  // Its memory is nobody's but its own, also for other processes of the same user.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  WHERRY_CHECK(guest.prepare());
  return guest;
}

Result<> init(InitPlan& plan) {
  end_on_signals();
  std::vector<int> keep = kept_descriptors(plan);
  for (const int fd : {plan.start_fifo.get(), plan.stats.get()}) {
    if (fd >= 3) keep.push_back(fd);
  }
  close_others(std::move(keep));
  WHERRY_CHECK(plan.channel->expect(Message::kGo));
  if (plan.joins_user_namespace && (setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0) && errno != EINVAL) {
    return system_error("cannot become root of the user namespace");
  }
  WHERRY_CHECK(build_container(plan));
  WHERRY_TRY(Guest guest, prepare_guest(plan));

  GuestStats* stats = nullptr;
  if (plan.stats.valid()) {
    void* shared = mmap(nullptr, sizeof(GuestStats), PROT_READ | PROT_WRITE, MAP_SHARED, plan.stats.get(), 0);
    if (shared != MAP_FAILED) stats = static_cast<GuestStats*>(shared);
    plan.stats = Fd();
  }
  set_process_title(plan.process->args);
  WHERRY_CHECK(plan.channel->send(Message::kReady));
  WHERRY_CHECK(plan.channel->expect(Message::kGo));
  {
    const Channel closed = std::move(*plan.channel);
  }
  char byte;
  ssize_t got;
  do {
    got = read(plan.start_fifo.get(), &byte, 1);
  } while (got < 0 && errno == EINTR);
  plan.start_fifo = Fd();
  State seen = plan.state;
  seen.init.pid = getpid();
  WHERRY_CHECK(run_hooks(*plan.config, HookKind::kStartContainer, seen.to_oci_json(Status::kCreated, false)));
  // What others leave behind in this pid namespace is buried without being looked at.
  signal(SIGCHLD, SIG_IGN);
  guest.run(stats);
}

Result<> execute(ProcessPlan& plan) {
  end_on_signals();
  close_others(kept_descriptors(plan));
  WHERRY_CHECK(plan.channel->expect(Message::kGo));
  WHERRY_CHECK(begin_session(plan));
  const ProcessConfig& process = *plan.process;
  const Fd proc(open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (process.terminal) {
    Fd master(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
    int lock = 0;
    if (!master.valid() || ioctl(master.get(), TIOCSPTLCK, &lock) != 0) return system_error("cannot make a terminal");
    const Fd slave(ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!slave.valid()) return system_error("cannot open the terminal");
    WHERRY_CHECK(send_descriptor(plan.console_socket.get(), master.get(), "terminal"));
    plan.console_socket = Fd();
    WHERRY_CHECK(take_terminal(slave));
  }
  if (Guest::is_native(process)) {
    if (proc.valid()) WHERRY_CHECK(set_exec_labels(process, proc.get()));
    WHERRY_CHECK(set_rlimits(process));
    WHERRY_CHECK(enter_directory(process.cwd));
    own_streams(process);
    WHERRY_CHECK(drop_privileges(plan));
    std::vector<char*> args, env;
    for (const std::string& arg : process.args) args.push_back(const_cast<char*>(arg.c_str()));
    args.push_back(nullptr);
    for (const std::string& variable : process.env) {
      env.push_back(const_cast<char*>(variable.c_str()));
      if (variable.starts_with("PATH=")) setenv("PATH", variable.c_str() + 5, 1);
    }
    env.push_back(nullptr);
    default_signals();
    fcntl(plan.channel->fd(), F_SETFD, FD_CLOEXEC);
    WHERRY_CHECK(plan.channel->send(Message::kReady));
    WHERRY_CHECK(plan.channel->expect(Message::kGo));
    execvpe(args[0], args.data(), env.data());
    return system_error("exec: \"" + process.args[0] + "\"");
  }
  if (proc.valid()) WHERRY_CHECK(set_labels(process, proc.get()));
  // A mount namespace of its own, in which it is hidden from itself.
  if (unshare(CLONE_NEWNS) != 0) return system_error("cannot make a mount namespace");
  mount_attr attributes = {.attr_set = 0, .attr_clr = 0, .propagation = MS_PRIVATE, .userns_fd = 0};
  if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof attributes) != 0) return system_error("mounts");
  const Fd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  WHERRY_CHECK(hide_own_process(root.get(), "/"));
  WHERRY_TRY(Guest guest, prepare_guest(plan));
  set_process_title(process.args);
  WHERRY_CHECK(plan.channel->send(Message::kReady));
  WHERRY_CHECK(plan.channel->expect(Message::kGo));
  {
    const Channel closed = std::move(*plan.channel);
  }
  guest.run(nullptr);
}

template <class F>
[[noreturn]] void report_and_exit(const ProcessPlan& plan, F f) {
  const Result<> result = f();  // Returns only if it fails.
  plan.channel->send_error(result.error());
  // After the container has been started nobody listens, but the error stream is the container's.
  const std::string line = "wherry-oci: " + result.error().message + '\n';
  if (plan.channel->fd() < 0 && write(STDERR_FILENO, line.data(), line.size()) < 0) _exit(1);
  _exit(1);
}

}  // namespace

void run_init(InitPlan& plan) {
  report_and_exit(plan, [&] { return init(plan); });
}

void run_exec(ProcessPlan& plan) {
  report_and_exit(plan, [&] { return execute(plan); });
}

}  // namespace wherry::oci
