// A host file descriptor with an owner.
#pragma once

#include <unistd.h>

#include <utility>

namespace wherry::wasi::host {

/// Owns a host descriptor and closes it, or, made by borrow(), only names one (a process's own standard streams).
/// Move-only.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd), owned_(true) {}
  static Fd borrow(int fd) {
    Fd result(fd);
    result.owned_ = false;
    return result;
  }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)), owned_(std::exchange(other.owned_, false)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(owned_, other.owned_);
    return *this;
  }
  ~Fd() {
    if (owned_ && fd_ >= 0) close(fd_);
  }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
  bool owned_ = false;
};

}  // namespace wherry::wasi::host
