#include "oci/linux/hooks.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "oci/linux/pidfd.h"
#include "oci/linux/system.h"

namespace wherry::oci {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

[[noreturn]] void become_hook(const Hook& hook, int input, int errors) {
  // A hook does not outlive the command that waits for it.
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(input, STDIN_FILENO);
  // What it prints is no output of the container.
  const int null = open("/dev/null", O_WRONLY);
  if (null >= 0) dup2(null, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  close_others({});
  const std::vector<std::string> only_name = {hook.path};
  auto args = pointers(hook.args.empty() ? only_name : hook.args);
  auto env = pointers(hook.env);
  execve(hook.path.c_str(), args.data(), env.data());
  dprintf(STDERR_FILENO, "%s", std::strerror(errno));
  _exit(127);
}

/// Feeds the state to the hook and collects what it says, until it ends or the time is over.
Result<> attend(const Hook& hook, int pid, Fd input, Fd errors, std::string_view state) {
  const Fd pidfd(pidfd_open(pid, 0));
  timespec begin;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  std::string said;
  bool timed_out = false;
  for (bool running = true; running;) {
    int wait = -1;
    if (hook.timeout_seconds) {
      timespec now;
      clock_gettime(CLOCK_MONOTONIC, &now);
      const int64_t passed = (now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1'000'000;
      wait = static_cast<int>(std::max<int64_t>(0, int64_t{*hook.timeout_seconds} * 1000 - passed));
    }
    pollfd set[] = {{.fd = input.get(), .events = POLLOUT, .revents = 0},
                    {.fd = errors.get(), .events = POLLIN, .revents = 0},
                    {.fd = pidfd.get(), .events = POLLIN, .revents = 0}};
    const int ready = poll(set, 3, wait);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) {
      timed_out = true;
      kill(pid, SIGKILL);
      break;
    }
    if (set[0].revents != 0) {
      const ssize_t put = write(input.get(), state.data(), state.size());
      if (put > 0) state.remove_prefix(static_cast<size_t>(put));
      if (put < 0 || state.empty()) input = Fd();
    }
    char buffer[1024];
    if (set[1].revents != 0) {
      const ssize_t got = read(errors.get(), buffer, sizeof buffer);
      if (got > 0 && said.size() < 4096) said.append(buffer, static_cast<size_t>(got));
      if (got <= 0) errors = Fd();
    }
    if (set[2].revents != 0) running = false;
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  while (!said.empty() && said.back() == '\n') said.pop_back();
  const std::string detail = said.empty() ? "" : ": " + said;
  if (timed_out) {
    return fail(ErrorCode::kIo,
                "hook " + hook.path + " took more than " + std::to_string(*hook.timeout_seconds) + " s");
  }
  if (WIFSIGNALED(status)) {
    return fail(ErrorCode::kIo,
                "hook " + hook.path + " was ended by signal " + std::to_string(WTERMSIG(status)) + detail);
  }
  if (WEXITSTATUS(status) != 0) {
    return fail(ErrorCode::kIo,
                "hook " + hook.path + " failed with code " + std::to_string(WEXITSTATUS(status)) + detail);
  }
  return {};
}

Result<> run_hook(const Hook& hook, const std::string& state) {
  int input[2], errors[2];
  if (pipe2(input, O_CLOEXEC) != 0) return system_error("pipe");
  Fd input_read(input[0]), input_write(input[1]);
  if (pipe2(errors, O_CLOEXEC) != 0) return system_error("pipe");
  Fd errors_read(errors[0]), errors_write(errors[1]);
  fcntl(input_write.get(), F_SETFL, O_NONBLOCK);

  struct sigaction ignore = {}, old = {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &old);
  const pid_t pid = fork();
  if (pid == 0) become_hook(hook, input_read.get(), errors_write.get());
  Result<> result;
  if (pid < 0) {
    result = system_error("fork");
  } else {
    input_read = Fd();
    errors_write = Fd();
    result = attend(hook, pid, std::move(input_write), std::move(errors_read), state);
  }
  sigaction(SIGPIPE, &old, nullptr);
  return result;
}

}  // namespace

Result<> run_hooks(const Config& config, HookKind kind, const std::string& state_json) {
  for (const Hook& hook : config.hooks_of(kind)) {
    auto result = run_hook(hook, state_json);
    if (!result.has_value()) {
      return fail(result.error().code, std::string(hook_name(kind)) + ' ' + result.error().message);
    }
  }
  return {};
}

std::vector<Error> run_hooks_to_the_end(const Config& config, HookKind kind, const std::string& state_json) {
  std::vector<Error> errors;
  for (const Hook& hook : config.hooks_of(kind)) {
    auto result = run_hook(hook, state_json);
    if (!result.has_value()) errors.push_back(std::move(result.error()));
  }
  return errors;
}

}  // namespace wherry::oci
