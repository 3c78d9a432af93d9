#include "platform/storage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "platform/clock.h"
#include "platform/entropy.h"

namespace wherry::platform {

namespace {

/// Not in every linux/magic.h.
constexpr long kXfs = 0x58465342, kZfs = 0x2fc12fc1, kBcachefs = static_cast<long>(0xca451a4e);

/// A tick of the clock that dates files is 10 ms at most; twice that.
constexpr uint64_t kTick = 20'000'000;

std::unexpected<Error> io_error(const std::string& path, int error) {
  return fail(ErrorCode::kIo, path + ": " + std::strerror(error));
}

uint64_t nanoseconds(const timespec& t) {
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(t.tv_nsec);
}

FileFacts facts_of(const struct stat& info) {
  FileFacts facts;
  facts.device = info.st_dev;
  facts.inode = info.st_ino;
  facts.size = static_cast<uint64_t>(info.st_size);
  facts.modified_ns = nanoseconds(info.st_mtim);
  facts.changed_ns = nanoseconds(info.st_ctim);
  facts.owner = info.st_uid;
  facts.mode = info.st_mode & 07777;
  return facts;
}

/// Whether files are dated by this machine's kernel: not by a server, nor by a program (FUSE).
bool is_dated(int fd) {
  struct statfs info;
  if (fstatfs(fd, &info) != 0) return false;
  switch (static_cast<long>(info.f_type)) {
    case EXT4_SUPER_MAGIC:  // and ext2, ext3
    case kXfs:
    case BTRFS_SUPER_MAGIC:
    case F2FS_SUPER_MAGIC:
    case TMPFS_MAGIC:
    case OVERLAYFS_SUPER_MAGIC:
    case kZfs:
    case kBcachefs:
      return true;
    default:
      return false;
  }
}

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
}

std::string temporary_name(const std::string& path) {
  uint64_t number = monotonic_ns();
  fill_random({reinterpret_cast<uint8_t*>(&number), sizeof number});
  char digits[20];
  std::snprintf(digits, sizeof digits, ".%016llx", static_cast<unsigned long long>(number));
  return path + digits + std::string(kTemporarySuffix);
}

/// The value of an environment variable, if it is an absolute path.
std::string directory_variable(const char* name) {
  const char* value = secure_getenv(name);
  return value != nullptr && value[0] == '/' ? value : "";
}

std::string user_directory(const char* variable, const char* below_home) {
  std::string directory = directory_variable(variable);
  if (directory.empty()) {
    directory = directory_variable("HOME");
    if (directory.empty()) return directory;
    directory += below_home;
  }
  return directory + "/wherry";
}

}  // namespace

Result<File> File::open(const std::string& path) {
  // Without O_NONBLOCK a pipe of that name would keep us waiting.
  File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info;
  if (file.fd_ < 0 || fstat(file.fd_, &info) != 0) return io_error(path, errno);
  if (!S_ISREG(info.st_mode)) return io_error(path, S_ISDIR(info.st_mode) ? EISDIR : EINVAL);
  return file;
}

File::~File() {
  if (fd_ >= 0) close(fd_);
}

FileFacts File::facts() const {
  struct stat info;
  if (fstat(fd_, &info) != 0) return {};
  FileFacts facts = facts_of(info);
  facts.dated = is_dated(fd_);
  return facts;
}

bool File::is_sealed(const FileFacts& facts) const {
  if ((facts.mode & 0222) != 0 || (facts.owner != 0 && facts.owner != user_id())) return false;
  // A read lease is refused exactly with EAGAIN while there are writers.
  if (fcntl(fd_, F_SETLEASE, F_RDLCK) != 0) return errno != EAGAIN;
  fcntl(fd_, F_SETLEASE, F_UNLCK);
  return true;
}

bool File::read(uint64_t offset, std::span<uint8_t> out) const {
  while (!out.empty()) {
    const ssize_t n = pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    out = out.subspan(static_cast<size_t>(n));
    offset += static_cast<uint64_t>(n);
  }
  return true;
}

FileBytes File::map(uint64_t offset, uint64_t size) const {
  if (size == 0) return {};
  void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd_, static_cast<off_t>(offset));
  return data == MAP_FAILED ? FileBytes() : FileBytes(static_cast<const uint8_t*>(data), size, true);
}

FileBytes NewFile::map() const {
  if (size_ == 0) return {};
  void* data = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd_, 0);
  return data == MAP_FAILED ? FileBytes() : FileBytes(static_cast<const uint8_t*>(data), size_, true);
}

FileBytes File::copy(uint64_t offset, uint64_t size) const {
  if (size == 0) return {};
  void* data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return {};
  FileBytes bytes(static_cast<const uint8_t*>(data), size, true);
  if (!read(offset, {static_cast<uint8_t*>(data), size}) || mprotect(data, size, PROT_READ) != 0) return {};
  return bytes;
}

bool is_settled(const FileFacts& facts) { return facts.changed_ns + kTick <= realtime_ns(); }

FileFacts settled_facts(const File& file) {
  FileFacts facts = file.facts();
  // A date in the future is not waited for.
  for (int i = 0; i < 2 && !is_settled(facts); ++i) {
    const timespec pause = {0, static_cast<long>(kTick)};
    nanosleep(&pause, nullptr);
    facts = file.facts();
  }
  return facts;
}

Result<NewFile> NewFile::create(const std::string& path, uint32_t mode) {
  // A file without a name goes when its writer is killed. It is named through /proc.
  const int unnamed = access("/proc/self/fd", X_OK) == 0
                          ? ::open(directory_of(path).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, mode)
                          : -1;
  if (unnamed >= 0) return NewFile(unnamed, path, "");
  std::string temporary = temporary_name(path);
  const int named = ::open(temporary.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, mode);
  if (named < 0) return io_error(path, errno);
  return NewFile(named, path, std::move(temporary));
}

NewFile::~NewFile() {
  if (fd_ >= 0) close(fd_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

std::unexpected<Error> NewFile::error() const { return io_error(path_, errno); }

Result<> NewFile::write(std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return error();
    bytes = bytes.subspan(static_cast<size_t>(n));
    size_ += static_cast<uint64_t>(n);
  }
  return {};
}

Result<> NewFile::pad_to(uint64_t size) {
  if (ftruncate(fd_, static_cast<off_t>(size)) != 0 || lseek(fd_, static_cast<off_t>(size), SEEK_SET) < 0) {
    return error();
  }
  size_ = size;
  return {};
}

Result<File> NewFile::commit(Commit how) {
  if (how == Commit::kDurable && fdatasync(fd_) != 0) return error();
  // Open again before it has a name, since this descriptor can write.
  const std::string descriptor = "/proc/self/fd/" + std::to_string(fd_);
  if (temporary_.empty()) {
    std::string name = temporary_name(path_);
    if (linkat(AT_FDCWD, descriptor.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0) return error();
    temporary_ = std::move(name);
  }
  File file(::open(temporary_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat written, reopened;
  if (fstat(fd_, &written) != 0 || file.fd_ < 0 || fstat(file.fd_, &reopened) != 0) return error();
  if (written.st_ino != reopened.st_ino || written.st_dev != reopened.st_dev) {
    return fail(ErrorCode::kIo, path_ + ": another process replaced it");
  }
  if (how == Commit::kNew) {
    if (link(temporary_.c_str(), path_.c_str()) != 0) return error();
    unlink(temporary_.c_str());
  } else if (rename(temporary_.c_str(), path_.c_str()) != 0) {
    return error();
  }
  temporary_.clear();
  const int writer = std::exchange(fd_, -1);
  if (close(writer) != 0) return error();
  return file;
}

Result<> make_directories(const std::string& path, uint32_t mode) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (mkdir(part.c_str(), mode) != 0 && errno != EEXIST) return io_error(part, errno);
    if (end == std::string::npos) return {};
  }
}

std::vector<DirectoryEntry> list_files(const std::string& directory) {
  std::vector<DirectoryEntry> files;
  DIR* stream = opendir(directory.c_str());
  if (stream == nullptr) return files;
  while (const dirent* entry = readdir(stream)) {
    struct stat info;
    if (fstatat(dirfd(stream), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) continue;
    files.push_back({entry->d_name, facts_of(info)});
  }
  closedir(stream);
  return files;
}

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }
bool remove_file(const std::string& path) { return unlink(path.c_str()) == 0 || errno == ENOENT; }

void touch_file(const std::string& path) { utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW); }

FileLock FileLock::try_lock(const std::string& path) {
  FileLock lock;
  lock.fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock.fd_ >= 0 && flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) close(std::exchange(lock.fd_, -1));
  return lock;
}

FileLock::~FileLock() {
  if (fd_ >= 0) close(fd_);
}

uint32_t user_id() { return geteuid(); }
std::string user_config_directory() { return user_directory("XDG_CONFIG_HOME", "/.config"); }
std::string user_cache_directory() { return user_directory("XDG_CACHE_HOME", "/.cache"); }

}  // namespace wherry::platform
