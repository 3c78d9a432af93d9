#include "oci/linux/system.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "oci/linux/pidfd.h"

namespace wherry::oci {
namespace {

int openat2(int directory, const char* path, uint64_t flags, uint64_t resolve) {
  open_how how = {};
  how.flags = flags | O_CLOEXEC;
  how.resolve = resolve;
  // EAGAIN: something was renamed or mounted while the kernel looked; it cannot tell whether that mattered.
  for (int tries = 0;; ++tries) {
    const long fd = syscall(SYS_openat2, directory, path, &how, sizeof how);
    if (fd >= 0 || errno != EAGAIN || tries == 64) return static_cast<int>(fd);
  }
}

constexpr uint64_t kInRoot = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;

}  // namespace

std::unexpected<Error> system_error(std::string_view what) { return system_error(what, errno); }

std::unexpected<Error> system_error(std::string_view what, int code) {
  const ErrorCode kind = code == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
  return fail(kind, std::string(what) + ": " + std::strerror(code));
}

Result<std::string> read_all(int fd, size_t max_size) {
  std::string text;
  char buffer[16384];
  for (;;) {
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("cannot read");
    if (got == 0) return text;
    text.append(buffer, static_cast<size_t>(got));
    if (text.size() > max_size) return fail(ErrorCode::kLimit, "too large");
  }
}

Result<std::string> read_text(const std::string& path, size_t max_size) { return read_text(AT_FDCWD, path, max_size); }

Result<std::string> read_text(int directory, const std::string& path, size_t max_size) {
  const Fd fd(openat(directory, path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd.valid()) return system_error(path);
  auto text = read_all(fd.get(), max_size);
  if (!text.has_value()) return fail(text.error().code, path + ": " + text.error().message);
  return text;
}

Result<> write_control(const std::string& path, std::string_view text) { return write_control(AT_FDCWD, path, text); }

Result<> write_control(int directory, const std::string& path, std::string_view text) {
  const Fd fd(openat(directory, path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd.valid()) return system_error("cannot open " + path);
  ssize_t put;
  do {
    put = write(fd.get(), text.data(), text.size());
  } while (put < 0 && errno == EINTR);
  if (put < 0) return system_error("cannot write '" + std::string(text) + "' to " + path);
  return {};
}

Result<> write_atomically(int directory, const std::string& name, std::string_view text) {
  const std::string temporary = '.' + name + '.' + std::to_string(getpid());
  Fd fd(openat(directory, temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.valid()) return system_error(name);
  while (!text.empty()) {
    const ssize_t put = write(fd.get(), text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      const int code = errno;
      unlinkat(directory, temporary.c_str(), 0);
      return system_error(name, code);
    }
    text.remove_prefix(static_cast<size_t>(put));
  }
  if (renameat(directory, temporary.c_str(), directory, name.c_str()) != 0) {
    const int code = errno;
    unlinkat(directory, temporary.c_str(), 0);
    return system_error(name, code);
  }
  return {};
}

Result<> make_directories(const std::string& path, mode_t mode) {
  for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (!part.empty() && mkdir(part.c_str(), mode) != 0 && errno != EEXIST) return system_error(part);
    if (slash == path.npos) return {};
  }
}

Result<Fd> open_in_root(int root, std::string_view path, int flags) {
  const std::string name = path.empty() ? "." : std::string(path);
  Fd fd(openat2(root, name.c_str(), static_cast<uint64_t>(flags), kInRoot));
  if (!fd.valid()) return system_error(name);
  return fd;
}

Result<Fd> make_in_root(int root, std::string_view path, bool directory, mode_t mode) {
  if (auto whole = open_in_root(root, path, O_PATH); whole.has_value()) return whole;
  // What stands is followed, links too, always beneath the root; what is missing is made in a directory held open, so
  // that no one can put a link in its place. `done` is the part of the path that stands.
  std::string done = "/";
  WHERRY_TRY(Fd parent, open_in_root(root, "/", O_PATH | O_DIRECTORY));
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string name(path.substr(0, slash));
    path.remove_prefix(slash == path.npos ? path.size() : slash + 1);
    if (name.empty() || name == ".") continue;
    if (name.size() > 255) return fail(ErrorCode::kInvalid, "a name is too long: " + name.substr(0, 40) + "...");
    const bool last = path.find_first_not_of('/') == path.npos;
    done += name;
    auto next = open_in_root(root, done, O_PATH);
    if (!next.has_value() && next.error().code == ErrorCode::kNotFound) {
      if (name == "..") return std::unexpected(next.error());
      if (last && !directory) {
        const Fd file(openat(parent.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
        if (!file.valid() && errno != EEXIST) return system_error("cannot make " + done);
      } else if (mkdirat(parent.get(), name.c_str(), last ? mode : 0755) != 0 && errno != EEXIST) {
        return system_error("cannot make " + done);
      }
      next = open_in_root(root, done, O_PATH);
    }
    if (!next.has_value()) return next;
    parent = std::move(*next);
    done += '/';
  }
  return parent;
}

std::string fd_path(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

void close_others(std::vector<int> keep) {
  std::ranges::sort(keep);
  unsigned next = 3;
  for (const int fd : keep) {
    if (fd < static_cast<int>(next)) continue;
    if (static_cast<unsigned>(fd) > next) close_range(next, static_cast<unsigned>(fd) - 1, 0);
    next = static_cast<unsigned>(fd) + 1;
  }
  close_range(next, ~0u, 0);
}

namespace {

struct ProcessStat {
  char state = 0;  ///< 0: gone.
  uint64_t start_time = 0;
};

ProcessStat process_stat(int pid) {
  const auto text = read_text("/proc/" + std::to_string(pid) + "/stat", 4096);
  if (!text.has_value()) return {};
  // The name, in parentheses, may hold anything; the fields are counted from its end.
  const size_t end = text->rfind(')');
  if (end == text->npos || end + 2 >= text->size()) return {};
  ProcessStat stat{.state = (*text)[end + 2]};
  size_t at = end + 2;
  for (int field = 3; field < 22 && at != text->npos; ++field) at = text->find(' ', at + 1);
  if (at != text->npos) stat.start_time = std::strtoull(text->c_str() + at, nullptr, 10);
  return stat;
}

}  // namespace

bool ProcessId::alive() const {
  if (pid <= 0) return false;
  const ProcessStat stat = process_stat(pid);
  return stat.state != 0 && stat.state != 'Z' && stat.state != 'X' && stat.start_time == start_time;
}

ProcessId identify(int pid) { return {pid, process_stat(pid).start_time}; }

Result<> send_signal(const ProcessId& process, int signal) {
  const Fd pidfd(pidfd_open(process.pid, 0));
  // Looked at after it is held: the number cannot pass to another process now.
  if (!pidfd.valid() || !process.alive()) return fail(ErrorCode::kNotFound, "the container is not running");
  if (pidfd_send_signal(pidfd.get(), signal, nullptr, 0) != 0) return system_error("cannot signal the container");
  return {};
}

bool wait_until_gone(const ProcessId& process, int milliseconds) {
  const Fd pidfd(pidfd_open(process.pid, 0));
  if (!pidfd.valid() || !process.alive()) return true;
  pollfd poll_fd{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
  return poll(&poll_fd, 1, milliseconds) > 0;
}

}  // namespace wherry::oci
