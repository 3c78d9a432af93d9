// Opening paths that a guest gives, such that nothing outside the directory it starts from is ever reached: not by
// `..`, absolute paths, symbolic or magic links, nor by renaming directories while a path is walked.
//
// The kernel resolves (openat2 with RESOLVE_BENEATH). Where it cannot (ENOSYS, or a seccomp filter that answers EPERM)
// the walker does: component by component, O_NOFOLLOW, expanding links itself, `..` by going back to the descriptor it
// came from and never by name.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "wasi/host/errno.h"
#include "wasi/host/fd.h"

namespace wherry::wasi::host {

enum class PathResolver : uint8_t {
  kKernelFirst,
  kWalker,  ///< Only the walker: for tests, and for hosts known to refuse openat2.
};

/// Opens `path` beneath the directory `dir` with open(2)'s `flags` (O_CLOEXEC is added) and `mode` (for O_CREAT).
/// kNotcapable when the path leads out.
HostResult<Fd> open_beneath(int dir, std::string_view path, int flags, mode_t mode, PathResolver resolver);

/// A directory entry: where it stands and its name there, for calls that make, remove or rename entries.
struct Entry {
  int dir;           ///< The directory that holds the entry; owned by `owner`, or the directory the path started from.
  std::string name;  ///< One component, followed by one `/` if the path ended in some.
  Fd owner;
};

/// The entry that `path` names beneath `dir`. The last component is not followed and need not exist.
HostResult<Entry> entry_beneath(int dir, std::string_view path, PathResolver resolver);

/// The text of the symbolic link `name` in `dir`; with an empty name, of `dir` itself (opened O_PATH | O_NOFOLLOW).
HostResult<std::string> read_link(int dir, const char* name);

}  // namespace wherry::wasi::host
