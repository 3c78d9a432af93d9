#include "wasi/host/file.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "wasi/host/directory.h"
#include "wasi/host/no_sigpipe.h"
#include "wasi/host/socket.h"

namespace wherry::wasi::host {

namespace {

constexpr uint64_t kMaxOffset = std::numeric_limits<off_t>::max();

uint64_t nanoseconds(const timespec& t) {
  return t.tv_sec < 0 ? 0 : static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
}

/// At most `limit` bytes of the first non-empty buffer.
iovec first_bytes(std::span<const iovec> buffers, size_t limit) {
  const auto it = std::ranges::find_if(buffers, [](const iovec& b) { return b.iov_len != 0; });
  if (it == buffers.end()) return {};
  return {it->iov_base, std::min(it->iov_len, limit)};
}

}  // namespace

HostResult<> Descriptor::set_flags(uint16_t flags) {
  constexpr uint16_t kSyncs = DescriptorFlags::kDsync | DescriptorFlags::kRsync | DescriptorFlags::kSync;
  const uint16_t before = this->flags();
  if ((flags & kSyncs & ~before) != 0) return error(Errno::kNotsup);
  flags_.store(static_cast<uint16_t>((before & kSyncs) | (flags & ~kSyncs)), std::memory_order_relaxed);
  return {};
}

FileType file_type(uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFBLK:
      return FileType::kBlockDevice;
    case S_IFCHR:
      return FileType::kCharacterDevice;
    case S_IFDIR:
      return FileType::kDirectory;
    case S_IFREG:
      return FileType::kRegularFile;
    case S_IFLNK:
      return FileType::kSymbolicLink;
    case S_IFSOCK:
      return FileType::kSocketStream;
    default:
      return FileType::kUnknown;
  }
}

FileStat to_file_stat(const struct stat& info) {
  return {.device = info.st_dev,
          .inode = info.st_ino,
          .type = file_type(info.st_mode),
          .links = info.st_nlink,
          .size = static_cast<uint64_t>(info.st_size),
          .accessed = nanoseconds(info.st_atim),
          .modified = nanoseconds(info.st_mtim),
          .changed = nanoseconds(info.st_ctim)};
}

TimePair::TimePair(TimeChange accessed, TimeChange modified) {
  const TimeChange changes[] = {accessed, modified};
  for (int i = 0; i < 2; ++i) {
    switch (changes[i].kind) {
      case TimeChange::kKeep:
        times[i] = {0, UTIME_OMIT};
        break;
      case TimeChange::kNow:
        times[i] = {0, UTIME_NOW};
        break;
      case TimeChange::kSet:
        times[i] = {static_cast<time_t>(changes[i].nanoseconds / 1'000'000'000),
                    static_cast<long>(changes[i].nanoseconds % 1'000'000'000)};
        break;
    }
  }
}

HostResult<std::shared_ptr<Descriptor>> adopt(Fd fd) {
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return host_error();
  if (S_ISDIR(info.st_mode)) return std::make_shared<Directory>(std::move(fd), Access::kReadWrite);
  const int status = fcntl(fd.get(), F_GETFL);
  if (status < 0) return host_error();
  uint16_t flags = 0;
  if ((status & O_APPEND) != 0) flags |= DescriptorFlags::kAppend;
  if ((status & O_NONBLOCK) != 0) flags |= DescriptorFlags::kNonblock;
  if (S_ISSOCK(info.st_mode)) return std::make_shared<Socket>(std::move(fd), flags);
  return std::make_shared<File>(std::move(fd), info, Access::kReadWrite, flags);
}

File::File(Fd fd, const struct stat& info, Access access, uint16_t flags)
    : Descriptor(flags),
      fd_(std::move(fd)),
      type_(file_type(info.st_mode)),
      fifo_(S_ISFIFO(info.st_mode)),
      access_(access) {}

bool File::is_terminal() const { return type_ == FileType::kCharacterDevice && isatty(fd_.get()) != 0; }

HostResult<> File::set_flags(uint16_t flags) {
  WHERRY_CHECK(Descriptor::set_flags(flags));
  // Appending is the kernel's to do. Not blocking is ours (see check_ready): O_NONBLOCK would reach every process that
  // shares a terminal or pipe with us.
  const int status = fcntl(fd_.get(), F_GETFL);
  const int wanted = (flags & DescriptorFlags::kAppend) != 0 ? status | O_APPEND : status & ~O_APPEND;
  if (status < 0 || (wanted != status && fcntl(fd_.get(), F_SETFL, wanted) != 0)) return host_error();
  return {};
}

HostResult<> File::check_ready(short events, Waiter& waiter) const {
  pollfd one[] = {{fd_.get(), events, 0}};
  WHERRY_TRY(const size_t ready, waiter.wait(one, 0));
  if (ready == 0) return error(Errno::kAgain);
  return {};
}

HostResult<size_t> File::read(std::span<const iovec> to, Waiter& waiter) {
  for (;;) {
    if (may_block() && nonblocking()) WHERRY_CHECK(check_ready(POLLIN, waiter));
    auto got = waiter.retry([&] { return readv(fd_.get(), to.data(), static_cast<int>(to.size())); });
    if (got) return static_cast<size_t>(*got);
    if (got.error() != Errno::kAgain || nonblocking()) return error(got.error());
    WHERRY_CHECK(waiter.wait_for(fd_.get(), POLLIN));
  }
}

HostResult<size_t> File::write(std::span<const iovec> from, Waiter& waiter) {
  for (;;) {
    // A pipe takes PIPE_BUF bytes without blocking when it polls as writable, and may block on more.
    iovec little;
    if (may_block() && nonblocking()) {
      WHERRY_CHECK(check_ready(POLLOUT, waiter));
      little = first_bytes(from, PIPE_BUF);
      from = {&little, 1};
    }
    auto call = [&] { return writev(fd_.get(), from.data(), static_cast<int>(from.size())); };
    HostResult<ssize_t> put;
    if (fifo_) {
      NoSigpipe guard;
      put = waiter.retry(call);
      if (!put) guard.note(put.error() == Errno::kPipe ? EPIPE : 0);
    } else {
      put = waiter.retry(call);
    }
    if (put) return static_cast<size_t>(*put);
    if (put.error() != Errno::kAgain || nonblocking()) return error(put.error());
    WHERRY_CHECK(waiter.wait_for(fd_.get(), POLLOUT));
  }
}

HostResult<size_t> File::pread(std::span<const iovec> to, uint64_t offset) {
  if (offset > kMaxOffset) return error(Errno::kInval);
  const ssize_t got = preadv(fd_.get(), to.data(), static_cast<int>(to.size()), static_cast<off_t>(offset));
  if (got < 0) return host_error();
  return static_cast<size_t>(got);
}

HostResult<size_t> File::pwrite(std::span<const iovec> from, uint64_t offset) {
  if (offset > kMaxOffset) return error(Errno::kInval);
  const ssize_t put = pwritev(fd_.get(), from.data(), static_cast<int>(from.size()), static_cast<off_t>(offset));
  if (put < 0) return host_error();
  return static_cast<size_t>(put);
}

HostResult<uint64_t> File::seek(int64_t offset, Whence whence) {
  constexpr int kHost[] = {SEEK_SET, SEEK_CUR, SEEK_END};
  const off_t at = lseek(fd_.get(), offset, kHost[static_cast<int>(whence)]);
  if (at < 0) return host_error();
  return static_cast<uint64_t>(at);
}

HostResult<FileStat> File::stat() const {
  struct stat info;
  if (fstat(fd_.get(), &info) != 0) return host_error();
  return to_file_stat(info);
}

HostResult<> File::set_size(uint64_t size) {
  if (size > kMaxOffset) return error(Errno::kInval);
  if (ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return host_error();
  return {};
}

HostResult<> File::set_times(TimeChange accessed, TimeChange modified) {
  if (access_ == Access::kReadOnly) return error(Errno::kRofs);  // The host asks for no write access here.
  if (futimens(fd_.get(), TimePair(accessed, modified).times) != 0) return host_error();
  return {};
}

HostResult<> File::allocate(uint64_t offset, uint64_t size) {
  if (size == 0) return error(Errno::kInval);
  if (offset > kMaxOffset || size > kMaxOffset - offset) return error(Errno::kFbig);
  // Not posix_fallocate: where the file system cannot, that writes every block.
  if (fallocate(fd_.get(), 0, static_cast<off_t>(offset), static_cast<off_t>(size)) != 0) return host_error();
  return {};
}

HostResult<> File::advise(uint64_t offset, uint64_t size, Advice advice) {
  constexpr int kHost[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                           POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
  if (offset > kMaxOffset || size > kMaxOffset - offset) return error(Errno::kInval);
  const int failure =
      posix_fadvise(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(size), kHost[static_cast<int>(advice)]);
  if (failure != 0) return error(errno_from_host(failure));
  return {};
}

HostResult<> File::sync() {
  if (fsync(fd_.get()) != 0) return host_error();
  return {};
}

HostResult<> File::datasync() {
  if (fdatasync(fd_.get()) != 0) return host_error();
  return {};
}

uint64_t File::readable_bytes() const {
  if (may_block()) {
    int count = 0;
    return ioctl(fd_.get(), FIONREAD, &count) == 0 && count > 0 ? static_cast<uint64_t>(count) : 0;
  }
  struct stat info;
  const off_t at = lseek(fd_.get(), 0, SEEK_CUR);
  if (at < 0 || fstat(fd_.get(), &info) != 0 || info.st_size <= at) return 0;
  return static_cast<uint64_t>(info.st_size - at);
}

}  // namespace wherry::wasi::host
