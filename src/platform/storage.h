// Files of Wherry's own: artefacts, keys and caches. (Modules come in through files.h; guests' files are
// src/wasi/host's.) Functions that can fail return Errors of kIo: "PATH: what the operating system says".
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/files.h"
#include "wherry/result.h"

namespace wherry::platform {

/// What the system says of a file. As long as it stays equal, so does the content: see `dated`.
struct FileFacts {
  uint64_t device = 0, inode = 0, size = 0;
  uint64_t modified_ns = 0, changed_ns = 0;  ///< Since 1970. `changed` moves with every change, and nobody can set it.
  uint32_t owner = 0, mode = 0;
  /// Of a file system on which this machine's kernel keeps `changed_ns`: every change shows in it.
  bool dated = false;

  bool operator==(const FileFacts&) const = default;
};

/// A regular file open for reading. Move-only.
class File {
 public:
  static Result<File> open(const std::string& path);
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~File();

  FileFacts facts() const;
  /// Whether nobody may write to it: there is no permission to write, which only this user or root could give, and
  /// nobody has it open for writing, as far as the system tells. (Root may write to any file; src/wasi does not let a
  /// guest do it.)
  bool is_sealed(const FileFacts& facts) const;
  /// Fills `out` from `offset`; false if the file ends before, or cannot be read.
  bool read(uint64_t offset, std::span<uint8_t> out) const;
  /// [offset, offset + size) mapped for reading, privately, so that its owner may write to it or make it executable.
  /// `offset` is a multiple of the page size. The file must not be truncated meanwhile. Empty if it cannot be mapped.
  FileBytes map(uint64_t offset, uint64_t size) const;
  /// The same, but read into memory of our own: later changes of the file do not show.
  FileBytes copy(uint64_t offset, uint64_t size) const;

  int fd() const { return fd_; }

 private:
  friend class NewFile;
  explicit File(int fd) : fd_(fd) {}
  int fd_ = -1;
};

/// Whether the last change is long enough ago, some hundredths of a second, that the next one cannot have the same
/// date.
bool is_settled(const FileFacts& facts);
/// The file's facts, after waiting until they are settled.
FileFacts settled_facts(const File& file);

/// A file being written, which appears under its name whole or not at all. Move-only.
class NewFile {
 public:
  /// In the directory of `path`. `mode` are its permissions, less the process's umask.
  static Result<NewFile> create(const std::string& path, uint32_t mode);
  NewFile(NewFile&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        path_(std::move(other.path_)),
        temporary_(std::exchange(other.temporary_, {})),
        size_(other.size_) {}
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();

  /// Appends.
  Result<> write(std::span<const uint8_t> bytes);
  /// Appends zeros until the size is `size`.
  Result<> pad_to(uint64_t size);
  uint64_t size() const { return size_; }
  /// What has been written so far.
  FileBytes map() const;

  /// Gives it its name. kNew fails if there is such a file already; kDurable replaces it, and waits for the disk first,
  /// so that after a loss of power it is not there or has its content.
  enum class Commit : uint8_t { kReplace, kNew, kDurable };
  Result<File> commit(Commit how);

 private:
  NewFile(int fd, std::string path, std::string temporary)
      : fd_(fd), path_(std::move(path)), temporary_(std::move(temporary)) {}
  std::unexpected<Error> error() const;

  int fd_;
  std::string path_;
  std::string temporary_;  ///< Its name until commit(); empty while it has none.
  uint64_t size_ = 0;
};

/// Files that a killed process left behind have names with this ending.
inline constexpr std::string_view kTemporarySuffix = ".tmp";

/// The directory and those above it that are missing; `mode` is that of those made.
Result<> make_directories(const std::string& path, uint32_t mode);

struct DirectoryEntry {
  std::string name;
  FileFacts facts;
};
/// The regular files in a directory, in no order; none if there is no such directory.
std::vector<DirectoryEntry> list_files(const std::string& directory);
bool exists(const std::string& path);
/// False if it is still there.
bool remove_file(const std::string& path);
/// Sets the time of modification to now.
void touch_file(const std::string& path);

/// Held by one process at a time; the system releases it when the holder dies. Move-only.
class FileLock {
 public:
  /// Makes the file if need be. Empty if another process holds it, or the file cannot be made.
  static FileLock try_lock(const std::string& path);
  FileLock() = default;
  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileLock();
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

uint32_t user_id();
/// Where this user's Wherry keeps keys, and what can be made again: $XDG_CONFIG_HOME/wherry or ~/.config/wherry, and
/// $XDG_CACHE_HOME/wherry or ~/.cache/wherry. Empty if the environment names no such place, or the process has more
/// rights than the one who set it.
std::string user_config_directory();
std::string user_cache_directory();

}  // namespace wherry::platform
