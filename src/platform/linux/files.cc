#include "platform/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <utility>

namespace wherry::platform {

namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<Error> io_error(const std::string& path, int error) {
  return fail(ErrorCode::kIo, path + ": " + std::strerror(error));
}

}  // namespace

FileBytes::FileBytes(FileBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)), mapped_(other.mapped_) {}

FileBytes& FileBytes::operator=(FileBytes&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

FileBytes::~FileBytes() {
  void* data = const_cast<uint8_t*>(data_);
  if (mapped_) {
    if (data != nullptr) munmap(data, size_);
  } else {
    std::free(data);
  }
}

bool append_to_perf_map(std::string_view text) {
  const std::string path = "/tmp/perf-" + std::to_string(getpid()) + ".map";
  // /tmp is everyone's: follow no link, and write to no file of somebody else.
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
  struct stat info;
  if (file.get() < 0 || fstat(file.get(), &info) != 0 || info.st_uid != geteuid()) return false;
  while (!text.empty()) {
    const ssize_t written = write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

Result<FileBytes> FileBytes::open(const std::string& path, uint64_t max_size) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info;
  if (file.get() < 0 || fstat(file.get(), &info) != 0) return io_error(path, errno);
  if (S_ISDIR(info.st_mode)) return io_error(path, EISDIR);

  FileBytes result;
  if (S_ISREG(info.st_mode) && info.st_size > 0) {
    const auto size = static_cast<uint64_t>(info.st_size);
    if (size > max_size) return fail(ErrorCode::kLimit, path + ": file too large");
    void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (data != MAP_FAILED) {
      result.data_ = static_cast<const uint8_t*>(data);
      result.size_ = size;
      result.mapped_ = true;
      return result;
    }
  }

  // Not a regular file, one that says it is empty (as those in /proc do), or one that cannot be mapped.
  size_t capacity = 0;
  for (;;) {
    if (result.size_ == capacity) {
      capacity = capacity == 0 ? size_t{64} << 10 : capacity * 2;
      void* grown = std::realloc(const_cast<uint8_t*>(result.data_), capacity);
      if (grown == nullptr) return io_error(path, ENOMEM);
      result.data_ = static_cast<const uint8_t*>(grown);
    }
    const ssize_t n = read(file.get(), const_cast<uint8_t*>(result.data_) + result.size_, capacity - result.size_);
    if (n == 0) return result;
    if (n < 0 && errno != EINTR) return io_error(path, errno);
    if (n > 0) result.size_ += static_cast<size_t>(n);
    if (result.size_ > max_size) return fail(ErrorCode::kLimit, path + ": file too large");
  }
}

}  // namespace wherry::platform
