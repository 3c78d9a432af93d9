// Address space: reserving, committing and giving it back. Sizes and addresses are multiples of page_size() unless said
// otherwise. All functions are thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace wherry::platform {

/// Of the operating system, in bytes; a power of two.
size_t page_size();

constexpr uint64_t round_up(uint64_t n, uint64_t power_of_two) { return (n + power_of_two - 1) & ~(power_of_two - 1); }
constexpr uint64_t round_down(uint64_t n, uint64_t power_of_two) { return n & ~(power_of_two - 1); }

/// Bytes that any number of ranges of address space may show, each with changes of its own. Immutable once made; shared
/// by threads. It holds a descriptor, so that there should be few.
class SharedImage {
 public:
  /// A piece of the contents; what no piece covers is zero.
  struct Piece {
    uint64_t offset;
    std::span<const uint8_t> bytes;
  };
  SharedImage() = default;
  /// Of `size` bytes, whole pages. Later pieces overwrite earlier ones. Empty if the system refuses.
  static SharedImage make(uint64_t size, std::span<const Piece> pieces);
  SharedImage(SharedImage&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  SharedImage& operator=(SharedImage&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~SharedImage();

  explicit operator bool() const { return data_ != nullptr; }
  std::span<const uint8_t> bytes() const { return {data_, size_}; }

 private:
  friend bool map_image(uint8_t* at, const SharedImage& image);
  int descriptor_ = -1;
  const uint8_t* data_ = nullptr;
  uint64_t size_ = 0;
};

/// Shows the image at `at`, within a Reservation, in place of what was there: readable and writable; pages are copied
/// when they are first written. False if the system refuses; what was there may be gone then.
bool map_image(uint8_t* at, const SharedImage& image);
/// Zeroed memory in place of what was there, an image for example. False as above.
bool map_zeroes(uint8_t* at, uint64_t size);

// The following change committed ranges within a Reservation.

/// Makes any access fault, until show().
bool hide(uint8_t* at, uint64_t size);
bool show(uint8_t* at, uint64_t size);
/// Gives the physical memory back: the range reads as it did when it was committed, or as the image it shows.
void discard(uint8_t* at, uint64_t size);

struct PageRange {
  uint8_t* start;
  uint64_t size;
};
/// The parts of [start, start + size) that have physical memory of their own: all that was written since the last
/// discard(), and perhaps more. At most ranges.size() of them; none if there are more, or the system cannot tell.
std::optional<size_t> written_ranges(uint8_t* start, uint64_t size, std::span<PageRange> ranges);

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
