// What a guest's descriptors stand for: files, directories, sockets, and streams that the embedder gives.
#pragma once

#include <sys/uio.h>
#include <time.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "wasi/host/errno.h"
#include "wasi/host/waiter.h"

struct stat;

namespace wherry::wasi::host {

class Directory;
class Socket;

/// Numbers as in WASI preview 1.
enum class FileType : uint8_t {
  kUnknown,
  kBlockDevice,
  kCharacterDevice,
  kDirectory,
  kRegularFile,
  kSocketDgram,
  kSocketStream,
  kSymbolicLink,
};

enum class Whence : uint8_t { kSet, kCur, kEnd };
enum class Advice : uint8_t { kNormal, kSequential, kRandom, kWillNeed, kDontNeed, kNoReuse };

/// Bits as in WASI preview 1's fdflags.
struct DescriptorFlags {
  static constexpr uint16_t kAppend = 1, kDsync = 2, kNonblock = 4, kRsync = 8, kSync = 16, kAll = 31;
};

/// kReadOnly: the embedder allows no change through this descriptor (kRofs), whatever the host's permissions.
enum class Access : uint8_t { kReadWrite, kReadOnly };

/// Times in nanoseconds since 1970.
struct FileStat {
  uint64_t device = 0;
  uint64_t inode = 0;
  FileType type = FileType::kUnknown;
  uint64_t links = 1;
  uint64_t size = 0;
  uint64_t accessed = 0;
  uint64_t modified = 0;
  uint64_t changed = 0;
};

/// One of the two times that can be set.
struct TimeChange {
  enum Kind : uint8_t { kKeep, kNow, kSet } kind = kKeep;
  uint64_t nanoseconds = 0;
};

/// Thread-safe: several guest threads may use one descriptor at once, and one may close it while another reads (the
/// table's reference goes, the reader's stays). Reads and writes block unless the flags have kNonblock (then kAgain),
/// and return as soon as some bytes have moved. Every operation that a kind does not override fails as POSIX has it for
/// a stream that cannot do it.
class Descriptor {
 public:
  virtual ~Descriptor() = default;

  virtual FileType type() const = 0;
  virtual bool is_terminal() const { return false; }
  uint16_t flags() const { return flags_.load(std::memory_order_relaxed); }
  /// Changes kAppend and kNonblock; the sync flags stay as they were when opened.
  virtual HostResult<> set_flags(uint16_t flags);

  virtual HostResult<size_t> read(std::span<const iovec> to, Waiter& waiter) { return error(Errno::kBadf); }
  virtual HostResult<size_t> write(std::span<const iovec> from, Waiter& waiter) { return error(Errno::kBadf); }
  virtual HostResult<size_t> pread(std::span<const iovec> to, uint64_t offset) { return error(Errno::kSpipe); }
  virtual HostResult<size_t> pwrite(std::span<const iovec> from, uint64_t offset) { return error(Errno::kSpipe); }
  virtual HostResult<uint64_t> seek(int64_t offset, Whence whence) { return error(Errno::kSpipe); }

  virtual HostResult<FileStat> stat() const { return FileStat{.type = type()}; }
  virtual HostResult<> set_size(uint64_t size) { return error(Errno::kInval); }
  virtual HostResult<> set_times(TimeChange accessed, TimeChange modified) { return error(Errno::kInval); }
  virtual HostResult<> allocate(uint64_t offset, uint64_t size) { return error(Errno::kSpipe); }
  virtual HostResult<> advise(uint64_t offset, uint64_t size, Advice advice) { return error(Errno::kSpipe); }
  virtual HostResult<> sync() { return error(Errno::kInval); }
  virtual HostResult<> datasync() { return error(Errno::kInval); }

  /// The host descriptor to poll, or -1 for one that is always ready.
  virtual int poll_fd() const { return -1; }
  /// How many bytes can be read now, as far as is known.
  virtual uint64_t readable_bytes() const { return 0; }

  virtual Directory* as_directory() { return nullptr; }
  virtual Socket* as_socket() { return nullptr; }

  /// The host descriptor behind this, or -1 if there is none.
  virtual int host_fd() const { return -1; }

 protected:
  explicit Descriptor(uint16_t flags = 0) : flags_(flags) {}
  std::atomic<uint16_t> flags_;
};

FileType file_type(uint32_t mode);
FileStat to_file_stat(const struct stat& info);
/// What futimens and utimensat take.
struct TimePair {
  TimePair(TimeChange accessed, TimeChange modified);
  timespec times[2];
};

}  // namespace wherry::wasi::host
