#include "oci/linux/copy_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "oci/linux/system.h"

namespace wherry::oci {
namespace {

/// Deeper trees are refused: each level holds two descriptors.
constexpr int kMaxDepth = 64;

Result<> copy_attributes(const struct stat& info, int to) {
  if (fchown(to, info.st_uid, info.st_gid) != 0 || fchmod(to, info.st_mode & 07777) != 0) return system_error("copy");
  return {};
}

Result<> copy_file(int from, const char* name, int to, const struct stat& info) {
  const Fd source(openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  const Fd target(openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!source.valid() || !target.valid()) return system_error(name);
  for (;;) {
    const ssize_t sent = sendfile(target.get(), source.get(), nullptr, size_t{1} << 30);
    if (sent < 0) return system_error(name);
    if (sent == 0) return copy_attributes(info, target.get());
  }
}

Result<> copy_contents(int from, int to, int depth) {
  if (depth > kMaxDepth) return fail(ErrorCode::kLimit, "directories are too deep to be copied");
  const int own = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0) return system_error("cannot read a directory");
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(own), closedir);
  while (const dirent* entry = readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat info = {};
    if (fstatat(own, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) return system_error(name);
    if (S_ISDIR(info.st_mode)) {
      if (mkdirat(to, entry->d_name, 0700) != 0) return system_error(name);
      const Fd source(openat(own, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      const Fd target(openat(to, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!source.valid() || !target.valid()) return system_error(name);
      WHERRY_CHECK(copy_contents(source.get(), target.get(), depth + 1));
      WHERRY_CHECK(copy_attributes(info, target.get()));
    } else if (S_ISREG(info.st_mode)) {
      WHERRY_CHECK(copy_file(own, entry->d_name, to, info));
    } else if (S_ISLNK(info.st_mode)) {
      char link[PATH_MAX] = {};
      const ssize_t length = readlinkat(own, entry->d_name, link, sizeof link - 1);
      if (length < 0 || symlinkat(link, to, entry->d_name) != 0) return system_error(name);
    }
  }
  return {};
}

}  // namespace

Result<> copy_tree(int from, int to) { return copy_contents(from, to, 0); }

}  // namespace wherry::oci
