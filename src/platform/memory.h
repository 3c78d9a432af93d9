// Address space: reserving, committing and giving it back. Sizes and addresses are multiples of page_size() unless said
// otherwise. All functions are thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace wherry::platform {

/// Of the operating system, in bytes; a power of two.
size_t page_size();

constexpr uint64_t round_up(uint64_t n, uint64_t power_of_two) { return (n + power_of_two - 1) & ~(power_of_two - 1); }
constexpr uint64_t round_down(uint64_t n, uint64_t power_of_two) { return n & ~(power_of_two - 1); }

/// A range of address space of our own. It costs nothing until committed; any access to it faults.
class Reservation {
 public:
  Reservation() = default;
  /// Any size above 0, rounded up to whole pages. The result is empty if the address space is exhausted.
  static Reservation make(uint64_t size);
  Reservation(Reservation&& other) noexcept
      : base_(std::exchange(other.base_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Reservation& operator=(Reservation&& other) noexcept {
    std::swap(base_, other.base_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Reservation();

  explicit operator bool() const { return base_ != nullptr; }
  uint8_t* base() const { return base_; }
  uint64_t size() const { return size_; }

  /// Makes [offset, offset + size) readable and writable; what was never written reads as zero. Physical memory comes
  /// with the first touch of each page. False if the operating system refuses. Committing twice is harmless.
  bool commit(uint64_t offset, uint64_t size) const;
  /// Gives the physical memory of a committed range back; it stays committed and reads as zero.
  void discard(uint64_t offset, uint64_t size) const;

 private:
  uint8_t* base_ = nullptr;
  uint64_t size_ = 0;
};

/// Makes [begin, begin + size) readable and executable, and not writable. False if the operating system refuses.
bool make_executable(const void* begin, uint64_t size);

}  // namespace wherry::platform
