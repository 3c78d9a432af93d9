#include "cli/oci_foreground.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "oci/linux/pidfd.h"

namespace wherry::cli {
namespace {

using oci::Fd;

/// The caller's terminal hands every byte on; as it was before when this goes.
class RawTerminal {
 public:
  RawTerminal() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    raw_ = true;
    termios now = before_;
    cfmakeraw(&now);
    tcsetattr(STDIN_FILENO, TCSANOW, &now);
  }
  ~RawTerminal() {
    if (raw_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  bool raw_ = false;
  termios before_ = {};
};

/// Moves what can be read; false at the end.
bool carry(int from, int to) {
  char buffer[4096];
  const ssize_t got = read(from, buffer, sizeof buffer);
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  for (ssize_t at = 0; at < got;) {
    const ssize_t put = write(to, buffer + at, static_cast<size_t>(got - at));
    if (put < 0 && errno != EINTR) return false;
    if (put > 0) at += put;
  }
  return got > 0;
}

void copy_size(int terminal) {
  winsize size = {};
  if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) ioctl(terminal, TIOCSWINSZ, &size);
}

int exit_code(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

}  // namespace

int attend(int pid, Fd terminal) {
  sigset_t all;
  sigfillset(&all);
  for (const int kept : {SIGCHLD, SIGTTIN, SIGTTOU, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) sigdelset(&all, kept);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  const Fd signals(signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
  const Fd child(pidfd_open(pid, 0));
  const auto raw = terminal.valid() ? std::make_unique<RawTerminal>() : nullptr;
  if (terminal.valid()) copy_size(terminal.get());
  bool input_open = terminal.valid();
  for (bool running = true; running;) {
    pollfd set[] = {{.fd = signals.get(), .events = POLLIN, .revents = 0},
                    {.fd = child.get(), .events = POLLIN, .revents = 0},
                    {.fd = terminal.get(), .events = POLLIN, .revents = 0},
                    {.fd = input_open ? STDIN_FILENO : -1, .events = POLLIN, .revents = 0}};
    if (poll(set, 4, -1) < 0 && errno != EINTR) break;
    if (set[0].revents != 0) {
      signalfd_siginfo info;
      while (read(signals.get(), &info, sizeof info) == sizeof info) {
        const int signal = static_cast<int>(info.ssi_signo);
        if (signal == SIGWINCH && terminal.valid()) {
          copy_size(terminal.get());
        } else if (signal != SIGPIPE) {
          pidfd_send_signal(child.get(), signal, nullptr, 0);
        }
      }
    }
    if (set[3].revents != 0) input_open = carry(STDIN_FILENO, terminal.get());
    if (set[2].revents != 0 && !carry(terminal.get(), STDOUT_FILENO)) terminal = Fd();
    if (set[1].revents != 0) running = false;
  }
  // What it wrote last is still in the terminal.
  if (terminal.valid()) {
    pollfd rest{.fd = terminal.get(), .events = POLLIN, .revents = 0};
    while (poll(&rest, 1, 0) > 0 && carry(terminal.get(), STDOUT_FILENO)) {
    }
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return exit_code(status);
}

}  // namespace wherry::cli
