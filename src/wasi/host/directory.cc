#include "wasi/host/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "wasi/host/file.h"

namespace wherry::wasi::host {

namespace {

constexpr mode_t kNewFileMode = 0666;       // Less the process's umask.
constexpr mode_t kNewDirectoryMode = 0777;  // The same.

/// The name under which Linux lets an open file be reached again.
std::string proc_name(const Fd& fd) { return "/proc/self/fd/" + std::to_string(fd.get()); }

FileType entry_type(unsigned char type) { return file_type(DTTOIF(type)); }

int open_flags(const OpenRequest& request) {
  int flags = O_NOCTTY;
  if (request.truncate && !request.write) {
    flags |= O_RDWR;
  } else {
    flags |= !request.write ? O_RDONLY : request.read ? O_RDWR : O_WRONLY;
  }
  if (request.create) flags |= O_CREAT;
  if (request.exclusive) flags |= O_EXCL;
  if (request.directory) flags |= O_DIRECTORY;
  if (!request.follow_links) flags |= O_NOFOLLOW;
  if ((request.flags & DescriptorFlags::kAppend) != 0) flags |= O_APPEND;
  if ((request.flags & DescriptorFlags::kDsync) != 0) flags |= O_DSYNC;
  if ((request.flags & (DescriptorFlags::kSync | DescriptorFlags::kRsync)) != 0) flags |= O_SYNC;
  if ((request.flags & DescriptorFlags::kNonblock) != 0) flags |= O_NONBLOCK;
  return flags;
}

}  // namespace

HostResult<> Directory::check_writable() const {
  if (access_ == Access::kReadOnly) return error(Errno::kRofs);
  return {};
}

HostResult<Fd> Directory::open_path(std::string_view path, int flags) const {
  return open_beneath(fd_.get(), path, flags, kNewFileMode, resolver_);
}

HostResult<std::shared_ptr<Descriptor>> Directory::open(std::string_view path, const OpenRequest& request,
                                                        Waiter& waiter) const {
  // Linux has answered O_CREAT | O_DIRECTORY in several ways over time.
  if (request.create && request.directory) return error(Errno::kInval);
  if (request.write || request.truncate || request.exclusive) WHERRY_CHECK(check_writable());
  int flags = open_flags(request);
  const bool create_denied = request.create && access_ == Access::kReadOnly;
  if (create_denied) flags &= ~O_CREAT;

  HostResult<Fd> opened = open_path(path, flags);
  while (!opened && opened.error() == Errno::kIntr && !waiter.interrupted()) opened = open_path(path, flags);
  if (!opened) return error(create_denied && opened.error() == Errno::kNoent ? Errno::kRofs : opened.error());
  struct stat info;
  if (fstat(opened->get(), &info) != 0) return host_error();
  if ((request.write || request.truncate) && S_ISREG(info.st_mode)) {
    // To root the kernel gives any file. Code may be running from one that nobody has a permission to write to.
    if ((info.st_mode & 0222) == 0) return error(Errno::kAcces);
    if (request.truncate && ftruncate(opened->get(), 0) != 0) return host_error();
  }
  if (S_ISDIR(info.st_mode)) {
    return std::make_shared<Directory>(std::move(*opened), access_, resolver_, request.flags);
  }
  return std::make_shared<File>(std::move(*opened), info, access_, request.flags);
}

HostResult<> Directory::make_directory(std::string_view path) const {
  WHERRY_CHECK(check_writable());
  WHERRY_TRY(const Entry entry, entry_beneath(fd_.get(), path, resolver_));
  if (mkdirat(entry.dir, entry.name.c_str(), kNewDirectoryMode) != 0) return host_error();
  return {};
}

HostResult<FileStat> Directory::stat_path(std::string_view path, bool follow) const {
  WHERRY_TRY(const Fd fd, open_path(path, O_PATH | (follow ? 0 : O_NOFOLLOW)));
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return host_error();
  return to_file_stat(info);
}

HostResult<> Directory::set_times_path(std::string_view path, bool follow, TimeChange accessed,
                                       TimeChange modified) const {
  WHERRY_CHECK(check_writable());
  WHERRY_TRY(const Fd fd, open_path(path, O_PATH | (follow ? 0 : O_NOFOLLOW)));
  const TimePair pair(accessed, modified);
  if (utimensat(fd.get(), "", pair.times, AT_EMPTY_PATH) == 0) return {};
  if (errno != EINVAL) return host_error();
  // Linux before 5.8. Following is right: this names the opened file itself, be it a link or not.
  if (utimensat(AT_FDCWD, proc_name(fd).c_str(), pair.times, 0) != 0) return host_error();
  return {};
}

HostResult<> Directory::link(std::string_view path, bool follow, const Directory& to, std::string_view to_path) const {
  WHERRY_CHECK(check_writable());
  WHERRY_CHECK(to.check_writable());
  WHERRY_TRY(const Entry made, entry_beneath(to.fd_.get(), to_path, to.resolver_));
  if (follow || path.ends_with('/')) {
    // Both follow the last component, which only open_path may do; the open file is then linked by its /proc name.
    WHERRY_TRY(const Fd fd, open_path(path, O_PATH));
    if (linkat(AT_FDCWD, proc_name(fd).c_str(), made.dir, made.name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
      return host_error();
    }
    return {};
  }
  WHERRY_TRY(const Entry entry, entry_beneath(fd_.get(), path, resolver_));
  if (linkat(entry.dir, entry.name.c_str(), made.dir, made.name.c_str(), 0) != 0) return host_error();
  return {};
}

HostResult<> Directory::rename(std::string_view path, const Directory& to, std::string_view to_path) const {
  WHERRY_CHECK(check_writable());
  WHERRY_CHECK(to.check_writable());
  WHERRY_TRY(const Entry entry, entry_beneath(fd_.get(), path, resolver_));
  WHERRY_TRY(const Entry made, entry_beneath(to.fd_.get(), to_path, to.resolver_));
  if (renameat(entry.dir, entry.name.c_str(), made.dir, made.name.c_str()) != 0) return host_error();
  return {};
}

HostResult<> Directory::symlink(std::string_view target, std::string_view path) const {
  WHERRY_CHECK(check_writable());
  if (target.starts_with('/')) return error(Errno::kNotcapable);
  if (target.find('\0') != target.npos) return error(Errno::kIlseq);
  WHERRY_TRY(const Entry entry, entry_beneath(fd_.get(), path, resolver_));
  if (symlinkat(std::string(target).c_str(), entry.dir, entry.name.c_str()) != 0) return host_error();
  return {};
}

HostResult<std::string> Directory::read_link_path(std::string_view path) const {
  WHERRY_TRY(const Fd fd, open_path(path, O_PATH | O_NOFOLLOW));
  auto text = read_link(fd.get(), "");
  // With an empty name Linux says ENOENT for what is no link.
  if (!text && text.error() == Errno::kNoent) return error(Errno::kInval);
  return text;
}

HostResult<> Directory::unlink(std::string_view path) const {
  WHERRY_CHECK(check_writable());
  WHERRY_TRY(const Entry entry, entry_beneath(fd_.get(), path, resolver_));
  if (unlinkat(entry.dir, entry.name.c_str(), 0) != 0) return host_error();
  return {};
}

HostResult<> Directory::remove_directory(std::string_view path) const {
  WHERRY_CHECK(check_writable());
  WHERRY_TRY(const Entry entry, entry_beneath(fd_.get(), path, resolver_));
  if (unlinkat(entry.dir, entry.name.c_str(), AT_REMOVEDIR) != 0) return host_error();
  return {};
}

HostResult<> Directory::read_entries(uint64_t cookie, size_t size_hint,
                                     const std::function<bool(const DirectoryEntry&)>& visit) {
  // struct linux_dirent64, which no header of the C library declares.
  struct Header {
    uint64_t inode;
    int64_t next;
    unsigned short size;
    unsigned char type;
  };
  constexpr size_t kNameOffset = offsetof(Header, type) + 1;
  constexpr size_t kLeast = 1024, kMost = 1 << 16;  // An entry takes at most 280 bytes.

  std::lock_guard lock(position_mutex_);
  if (lseek(fd_.get(), static_cast<off_t>(cookie), SEEK_SET) < 0) return host_error();
  alignas(Header) char buffer[kMost];
  const size_t wanted = std::clamp(size_hint, kLeast, kMost);
  for (;;) {
    const long size = syscall(SYS_getdents64, fd_.get(), buffer, wanted);
    if (size < 0) return host_error();
    if (size == 0) return {};
    for (const char* at = buffer; at != buffer + size;) {
      const auto* header = reinterpret_cast<const Header*>(at);
      const std::string_view name(at + kNameOffset);
      uint64_t inode = header->inode;
      if (name == "..") {
        // The number of a directory that may stand outside is not the guest's to know.
        WHERRY_TRY(const FileStat self, stat());
        inode = self.inode;
      }
      if (!visit({static_cast<uint64_t>(header->next), inode, entry_type(header->type), name})) return {};
      at += header->size;
    }
  }
}

HostResult<FileStat> Directory::stat() const {
  struct stat info;
  if (fstat(fd_.get(), &info) != 0) return host_error();
  return to_file_stat(info);
}

HostResult<> Directory::set_times(TimeChange accessed, TimeChange modified) {
  WHERRY_CHECK(check_writable());
  if (futimens(fd_.get(), TimePair(accessed, modified).times) != 0) return host_error();
  return {};
}

HostResult<> Directory::sync() {
  if (fsync(fd_.get()) != 0) return host_error();
  return {};
}

HostResult<> Directory::datasync() {
  if (fdatasync(fd_.get()) != 0) return host_error();
  return {};
}

}  // namespace wherry::wasi::host
