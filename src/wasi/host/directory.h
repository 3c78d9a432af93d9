// Directories: every path that a guest names is resolved beneath one.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "wasi/host/descriptor.h"
#include "wasi/host/path.h"

namespace wherry::wasi::host {

/// How to open a path. The defaults open for nothing but fstat and the like.
struct OpenRequest {
  bool read = false;
  bool write = false;
  bool create = false;
  bool exclusive = false;
  bool truncate = false;
  bool directory = false;     ///< Fail if it is not one.
  bool follow_links = false;  ///< The last component; those before it are always followed.
  uint16_t flags = 0;         ///< DescriptorFlags.
};

struct DirectoryEntry {
  uint64_t next;  ///< Where to go on reading after this entry: stable while the directory is not changed.
  uint64_t inode;
  FileType type;
  std::string_view name;  ///< Valid during the visit.
};

/// Paths are relative to the directory and stay beneath it, or fail with kNotcapable.
class Directory final : public Descriptor {
 public:
  /// `access` also goes for all that is opened through the directory.
  Directory(Fd fd, Access access, PathResolver resolver = PathResolver::kKernelFirst, uint16_t flags = 0)
      : Descriptor(flags), fd_(std::move(fd)), access_(access), resolver_(resolver) {}

  HostResult<std::shared_ptr<Descriptor>> open(std::string_view path, const OpenRequest& request, Waiter& waiter) const;
  HostResult<> make_directory(std::string_view path) const;
  HostResult<FileStat> stat_path(std::string_view path, bool follow) const;
  HostResult<> set_times_path(std::string_view path, bool follow, TimeChange accessed, TimeChange modified) const;
  HostResult<> link(std::string_view path, bool follow, const Directory& to, std::string_view to_path) const;
  HostResult<> rename(std::string_view path, const Directory& to, std::string_view to_path) const;
  /// Makes the link `path`. `target` is text; one that starts with `/` could never be followed and is refused.
  HostResult<> symlink(std::string_view target, std::string_view path) const;
  HostResult<std::string> read_link_path(std::string_view path) const;
  HostResult<> unlink(std::string_view path) const;
  HostResult<> remove_directory(std::string_view path) const;

  /// Visits entries from `cookie` (0: the first, else a DirectoryEntry::next) until `visit` returns false or all are
  /// seen. Reads about `size_hint` bytes at a time.
  HostResult<> read_entries(uint64_t cookie, size_t size_hint, const std::function<bool(const DirectoryEntry&)>& visit);

  FileType type() const override { return FileType::kDirectory; }
  int host_fd() const override { return fd_.get(); }
  HostResult<size_t> read(std::span<const iovec> to, Waiter& waiter) override { return error(Errno::kIsdir); }
  HostResult<size_t> write(std::span<const iovec> from, Waiter& waiter) override { return error(Errno::kIsdir); }
  HostResult<size_t> pread(std::span<const iovec> to, uint64_t offset) override { return error(Errno::kIsdir); }
  HostResult<size_t> pwrite(std::span<const iovec> from, uint64_t offset) override { return error(Errno::kIsdir); }
  HostResult<uint64_t> seek(int64_t offset, Whence whence) override { return error(Errno::kIsdir); }
  HostResult<FileStat> stat() const override;
  HostResult<> set_size(uint64_t size) override { return error(Errno::kIsdir); }
  HostResult<> set_times(TimeChange accessed, TimeChange modified) override;
  HostResult<> allocate(uint64_t offset, uint64_t size) override { return error(Errno::kIsdir); }
  HostResult<> advise(uint64_t offset, uint64_t size, Advice advice) override { return error(Errno::kIsdir); }
  HostResult<> sync() override;
  HostResult<> datasync() override;
  Directory* as_directory() override { return this; }

 private:
  HostResult<> check_writable() const;
  HostResult<Fd> open_path(std::string_view path, int flags) const;

  const Fd fd_;
  const Access access_;
  const PathResolver resolver_;
  std::mutex position_mutex_;  ///< Held while entries are read: the position is the kernel's and there is one.
};

}  // namespace wherry::wasi::host
