// The kernel's calls with owners and errors: what the rest of the room is written in.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wasi/host/fd.h"
#include "wherry/result.h"

namespace wherry::oci {

using wasi::host::Fd;

/// "WHAT: what the operating system says", for the current errno or `code`.
std::unexpected<Error> system_error(std::string_view what);
std::unexpected<Error> system_error(std::string_view what, int code);

/// The content of a file; kLimit beyond `max_size` bytes.
Result<std::string> read_text(const std::string& path, size_t max_size = size_t{16} << 20);
Result<std::string> read_text(int directory, const std::string& path, size_t max_size = size_t{16} << 20);
/// What can be read from a descriptor until its end.
Result<std::string> read_all(int fd, size_t max_size);
/// Writes `text` with one write to an existing file, as the kernel's control files want it.
Result<> write_control(const std::string& path, std::string_view text);
Result<> write_control(int directory, const std::string& path, std::string_view text);
/// Replaces a file at once: a reader sees the old text or the new.
Result<> write_atomically(int directory, const std::string& name, std::string_view text);

Result<> make_directories(const std::string& path, mode_t mode);

/// Opens `path` as seen with `root` as the root directory: neither `..` nor a symlink, absolute or not, leads out of
/// it.
Result<Fd> open_in_root(int root, std::string_view path, int flags);
/// The same, and what is missing is made: directories, and at the end a directory or an empty file. The descriptor is
/// O_PATH.
Result<Fd> make_in_root(int root, std::string_view path, bool directory, mode_t mode);

/// Names an open descriptor to calls that want a path. Needs /proc.
std::string fd_path(int fd);

/// Closes all descriptors but the standard ones and those in `keep`.
void close_others(std::vector<int> keep);

/// A process, with what tells it from a later one of the same number.
struct ProcessId {
  int pid = 0;
  uint64_t start_time = 0;  ///< In clock ticks since boot (proc(5)).

  /// Whether it runs: neither gone nor a zombie.
  bool alive() const;
};
/// `pid` as it is now; start_time 0 if it is gone.
ProcessId identify(int pid);
/// Sends a signal, unless the process is gone (kNotFound).
Result<> send_signal(const ProcessId& process, int signal);
/// Waits until it is gone or a zombie; false when `milliseconds` have passed.
bool wait_until_gone(const ProcessId& process, int milliseconds);

}  // namespace wherry::oci
