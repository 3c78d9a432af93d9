#include "wasi/host/path.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <optional>
#include <vector>

namespace wherry::wasi::host {

namespace {

constexpr int kMaxLinks = 40;             // As Linux's MAXSYMLINKS.
constexpr size_t kMaxExpanded = 1 << 16;  // Bytes of path still to walk after links were expanded.
constexpr int kMaxRetries = 16;

HostResult<> check(std::string_view path) {
  if (path.empty()) return error(Errno::kNoent);
  if (path.size() >= PATH_MAX) return error(Errno::kNametoolong);
  if (path.find('\0') != path.npos) return error(Errno::kIlseq);
  if (path.front() == '/') return error(Errno::kNotcapable);
  return {};
}

/// Nothing when the kernel cannot resolve beneath, so that the walker has to.
std::optional<HostResult<Fd>> kernel_open(int dir, const std::string& path, int flags, mode_t mode) {
  open_how how = {};
  how.flags = static_cast<uint64_t>(flags);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (int i = 0; i < kMaxRetries; ++i) {
    const long fd = syscall(SYS_openat2, dir, path.c_str(), &how, sizeof how);
    if (fd >= 0) return Fd(static_cast<int>(fd));
    switch (errno) {
      case EAGAIN:  // A rename raced with `..`; the kernel cannot tell whether the path left the directory.
        continue;
      case EXDEV:
        return error(Errno::kNotcapable);
      case ELOOP:
        // Too many links, O_NOFOLLOW, or a magic link (which the walker would name, not follow): all final.
        return error(Errno::kLoop);
      case ENOSYS:
      case EPERM:
      case EINVAL:
      case E2BIG:
        return std::nullopt;
      default:
        return host_error();
    }
  }
  return std::nullopt;
}

class Walker {
 public:
  Walker(int root, std::string_view path, int flags, mode_t mode)
      : root_(root), rest_(path), flags_(flags), mode_(mode) {}

  HostResult<Fd> run() {
    for (;;) {
      rest_.erase(0, rest_.find_first_not_of('/'));
      const size_t end = std::min(rest_.find('/'), rest_.size());
      const std::string name = rest_.substr(0, end);
      rest_.erase(0, end);
      const bool last = rest_.find_first_not_of('/') == rest_.npos;
      if (name == "." || name == "..") {
        if (name == "..") {
          if (below_.empty()) return error(Errno::kNotcapable);
          below_.pop_back();
        }
        if (last) return open_current();
      } else if (last && rest_.empty()) {
        WHERRY_TRY(auto opened, open_last(name));
        if (opened) return std::move(*opened);
      } else {
        if (last && (flags_ & O_CREAT) != 0) return error(Errno::kIsdir);
        WHERRY_TRY(const bool entered, enter(name));
        if (entered && last) return open_current();
      }
    }
  }

 private:
  int current() const { return below_.empty() ? root_ : below_.back().get(); }
  bool follows_last() const {
    return (flags_ & O_NOFOLLOW) == 0 && (flags_ & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
  }

  HostResult<Fd> open_current() {
    const int fd = openat(current(), ".", flags_ & ~O_NOFOLLOW, mode_);
    if (fd < 0) return host_error();
    return Fd(fd);
  }

  /// Puts a link's text before what is left to walk.
  HostResult<> expand(const std::string& target) {
    if (++links_ > kMaxLinks) return error(Errno::kLoop);
    if (target.empty()) return error(Errno::kNoent);
    if (target.front() == '/') return error(Errno::kNotcapable);
    rest_ = target + rest_;
    if (rest_.size() > kMaxExpanded) return error(Errno::kNametoolong);
    return {};
  }

  /// Goes into the directory `name`, or expands it if it is a link (false).
  HostResult<bool> enter(const std::string& name) {
    Fd next(openat(current(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!next.valid()) return host_error();
    struct stat info;
    if (fstat(next.get(), &info) != 0) return host_error();
    if (S_ISLNK(info.st_mode)) {
      WHERRY_TRY(const std::string target, read_link(next.get(), ""));
      WHERRY_CHECK(expand(target));
      return false;
    }
    if (!S_ISDIR(info.st_mode)) return error(Errno::kNotdir);
    below_.push_back(std::move(next));
    return true;
  }

  /// Opens the last component, or expands it if it is a link to follow (nothing).
  HostResult<std::optional<Fd>> open_last(const std::string& name) {
    Fd opened(openat(current(), name.c_str(), flags_ | O_NOFOLLOW, mode_));
    const Errno failure = opened.valid() ? Errno::kSuccess : errno_from_host(errno);
    bool is_link = failure == Errno::kLoop || failure == Errno::kNotdir;
    if (opened.valid() && (flags_ & O_PATH) != 0) {
      struct stat info;
      if (fstat(opened.get(), &info) != 0) return host_error();
      is_link = S_ISLNK(info.st_mode);
    }
    if (is_link && follows_last()) {
      if (auto target = read_link(opened.valid() ? opened.get() : current(), opened.valid() ? "" : name.c_str())) {
        WHERRY_CHECK(expand(*target));
        return std::nullopt;
      }
    }
    if (!opened.valid()) return error(failure);
    return std::move(opened);
  }

  const int root_;
  std::string rest_;
  const int flags_;
  const mode_t mode_;
  std::vector<Fd> below_;  ///< The directories entered, each from the one before it.
  int links_ = 0;
};

}  // namespace

HostResult<std::string> read_link(int dir, const char* name) {
  std::string text(PATH_MAX, '\0');
  const ssize_t size = readlinkat(dir, name, text.data(), text.size());
  if (size < 0) return host_error();
  text.resize(static_cast<size_t>(size));
  return text;
}

HostResult<Fd> open_beneath(int dir, std::string_view path, int flags, mode_t mode, PathResolver resolver) {
  WHERRY_CHECK(check(path));
  flags |= O_CLOEXEC;
  if (resolver == PathResolver::kKernelFirst) {
    if (auto opened = kernel_open(dir, std::string(path), flags, mode)) return std::move(*opened);
  }
  return Walker(dir, path, flags, mode).run();
}

HostResult<Entry> entry_beneath(int dir, std::string_view path, PathResolver resolver) {
  WHERRY_CHECK(check(path));
  const size_t end = path.find_last_not_of('/') + 1;
  const size_t slash = path.substr(0, end).rfind('/');
  const size_t begin = slash == path.npos ? 0 : slash + 1;
  Entry entry = {dir, std::string(path.substr(begin, end - begin)), Fd()};
  if (entry.name == "..") {
    // The kernel refuses to make or remove `..`; that it stands inside is ours to check.
    WHERRY_CHECK(open_beneath(dir, path, O_PATH | O_DIRECTORY, 0, resolver));
  }
  if (end != path.size()) entry.name += '/';
  if (begin != 0) {
    WHERRY_TRY(entry.owner, open_beneath(dir, path.substr(0, begin), O_PATH | O_DIRECTORY, 0, resolver));
    entry.dir = entry.owner.get();
  }
  return entry;
}

}  // namespace wherry::wasi::host
