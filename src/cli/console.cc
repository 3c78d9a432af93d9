#include "cli/console.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "cli/command.h"

namespace wherry::cli {
namespace {

/// Closes and, unless released, unlinks: a file that is being written.
class PendingFile {
 public:
  PendingFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~PendingFile() {
    if (fd_ >= 0) ::close(fd_);
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  int fd() const { return fd_; }
  const std::string& path() const { return path_; }
  bool close() { return ::close(std::exchange(fd_, -1)) == 0; }
  void keep() { path_.clear(); }

 private:
  int fd_;
  std::string path_;
};

bool write_all(int fd, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return true;
}

std::unexpected<Error> io_error(std::string_view what) {
  return fail(ErrorCode::kIo, fmt::format("{}: {}", what, std::strerror(errno)));
}

/// "12.5" and the rest, or a UsageError.
std::pair<double, std::string_view> split_number(std::string_view option, std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || !(value >= 0) || !std::isfinite(value)) {
    throw UsageError{fmt::format("{}: '{}' does not start with a number", option, text)};
  }
  std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  return {value, unit};
}

}  // namespace

void complain(std::string_view message) {
  std::fflush(stdout);
  fmt::print(stderr, "wherry: {}\n", message);
}

int report(std::string_view path, const Error& error, std::string_view text) {
  if (error.offset == Error::kNoOffset) {
    complain(fmt::format("{}: {}", path, error.message));
  } else if (!text.empty() && error.offset <= text.size()) {
    const std::string_view before = text.substr(0, error.offset);
    const size_t line = 1 + static_cast<size_t>(std::count(before.begin(), before.end(), '\n'));
    const size_t column = before.size() - (before.rfind('\n') + 1) + 1;
    complain(fmt::format("{}:{}:{}: {}", path, line, column, error.message));
  } else {
    complain(fmt::format("{}: {} at offset {:#x}", path, error.message, error.offset));
  }
  return kExitError;
}

int report(const Trap& trap) {
  std::string out = fmt::format("trap: {}", trap.message.empty() ? message(trap.kind) : std::string_view(trap.message));
  for (size_t i = 0; i < trap.backtrace.size(); ++i) {
    const BacktraceFrame& frame = trap.backtrace[i];
    const std::string name = frame.function_name.empty() ? fmt::format("function {}", frame.function_index)
                                                         : std::string(frame.function_name);
    out += fmt::format("\n  {:>2}: {:#8x}  {}{}{}", i, frame.offset, frame.module_name,
                       frame.module_name.empty() ? "" : "!", name);
  }
  complain(out);
  return kExitTrap;
}

Result<std::string> read_file(const std::string& path) {
  const int fd = path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return io_error("cannot open");
  PendingFile file(fd, "");
  struct stat st;
  if (::fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
    errno = EISDIR;
    return io_error("cannot read");
  }
  std::string content;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error("cannot read");
    if (n == 0) return content;
    content.append(buffer, static_cast<size_t>(n));
  }
}

Result<> write_file(const std::string& path, std::span<const uint8_t> bytes) {
  if (path == "-") {
    std::fflush(stdout);
    if (!write_all(STDOUT_FILENO, bytes)) return io_error("cannot write");
    return {};
  }
  // A device or pipe cannot be replaced by a rename; it is written to.
  struct stat st;
  if (::stat(path.c_str(), &st) == 0 && !S_ISREG(st.st_mode)) {
    PendingFile file(::open(path.c_str(), O_WRONLY | O_CLOEXEC), "");
    if (file.fd() < 0) return io_error("cannot open");
    if (!write_all(file.fd(), bytes) || !file.close()) return io_error("cannot write");
    return {};
  }
  std::string temporary = path + ".XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return io_error("cannot create");
  PendingFile file(fd, temporary);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (::fchmod(fd, 0666 & ~mask) != 0 || !write_all(fd, bytes) || !file.close()) return io_error("cannot write");
  if (::rename(temporary.c_str(), path.c_str()) != 0) return io_error("cannot create");
  file.keep();
  return {};
}

uint64_t parse_bytes(std::string_view option, std::string_view text) {
  auto [value, unit] = split_number(option, text);
  if (!unit.empty()) {
    const size_t power = std::string_view("kmgt").find(static_cast<char>(unit[0] | 0x20));
    const std::string_view rest = unit.substr(1);
    if (power != std::string_view::npos &&
        (rest.empty() || rest == "B" || rest == "iB" || rest == "b" || rest == "ib")) {
      value *= std::exp2(10.0 * static_cast<double>(power + 1));
    } else if (unit != "B" && unit != "b") {
      throw UsageError{fmt::format("{}: '{}' is no size; write 65536, 64k, 16M or 1G", option, text)};
    }
  }
  if (value >= 0x1p63) throw UsageError{fmt::format("{}: '{}' is too large", option, text)};
  return static_cast<uint64_t>(value);
}

uint64_t parse_duration(std::string_view option, std::string_view text) {
  const auto [value, unit] = split_number(option, text);
  double scale = 0;
  if (unit.empty() || unit == "s") scale = 1e9;
  if (unit == "ms") scale = 1e6;
  if (unit == "us") scale = 1e3;
  if (unit == "m" || unit == "min") scale = 60e9;
  if (unit == "h") scale = 3600e9;
  if (scale == 0) throw UsageError{fmt::format("{}: '{}' is no duration; write 500ms, 2s or 1m", option, text)};
  if (value * scale >= 0x1p63) throw UsageError{fmt::format("{}: '{}' is too long", option, text)};
  return static_cast<uint64_t>(value * scale);
}

}  // namespace wherry::cli
