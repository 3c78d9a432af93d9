#include "platform/memory.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <mutex>

namespace wherry::platform {

size_t page_size() {
  static const size_t size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

Reservation Reservation::make(uint64_t size) {
  Reservation result;
  const uint64_t rounded = round_up(size, page_size());
  if (rounded < size || rounded == 0) return result;
  void* base = mmap(nullptr, rounded, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) return result;
  result.base_ = static_cast<uint8_t*>(base);
  result.size_ = rounded;
  return result;
}

Reservation::~Reservation() {
  if (base_ != nullptr) munmap(base_, size_);
}

bool Reservation::commit(uint64_t offset, uint64_t size) const {
  assert(offset + size <= size_);
  return size == 0 || mprotect(base_ + offset, size, PROT_READ | PROT_WRITE) == 0;
}

void Reservation::discard(uint64_t offset, uint64_t size) const {
  assert(offset + size <= size_);
  platform::discard(base_ + offset, size);
}

SharedImage SharedImage::make(uint64_t size, std::span<const Piece> pieces) {
  assert(size % page_size() == 0);
  SharedImage image;
  image.descriptor_ = memfd_create("wherry-memory", MFD_CLOEXEC);
  if (image.descriptor_ < 0 || ftruncate(image.descriptor_, static_cast<off_t>(size)) != 0) return {};
  // Written through the descriptor: touching that many pages of a mapping takes several times as long.
  for (const Piece& piece : pieces) {
    std::span<const uint8_t> rest = piece.bytes;
    auto at = static_cast<off_t>(piece.offset);
    while (!rest.empty()) {
      const ssize_t n = pwrite(image.descriptor_, rest.data(), rest.size(), at);
      if (n <= 0) return {};
      rest = rest.subspan(static_cast<size_t>(n));
      at += n;
    }
  }
  void* data = mmap(nullptr, size, PROT_READ, MAP_SHARED, image.descriptor_, 0);
  if (data == MAP_FAILED) return {};
  image.data_ = static_cast<const uint8_t*>(data);
  image.size_ = size;
  return image;
}

SharedImage::~SharedImage() {
  if (data_ != nullptr) munmap(const_cast<uint8_t*>(data_), size_);
  if (descriptor_ >= 0) close(descriptor_);
}

bool map_image(uint8_t* at, const SharedImage& image) {
  return mmap(at, image.size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, image.descriptor_, 0) !=
         MAP_FAILED;
}

bool map_zeroes(uint8_t* at, uint64_t size) {
  return mmap(at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) !=
         MAP_FAILED;
}

bool hide(uint8_t* at, uint64_t size) { return size == 0 || mprotect(at, size, PROT_NONE) == 0; }
bool show(uint8_t* at, uint64_t size) { return size == 0 || mprotect(at, size, PROT_READ | PROT_WRITE) == 0; }

void discard(uint8_t* at, uint64_t size) {
  if (size != 0) madvise(at, size, MADV_DONTNEED);
}

namespace {

// PAGEMAP_SCAN, of Linux 6.7; the headers may be older. Documentation: Documentation/admin-guide/mm/pagemap.rst
struct ScanRegion {
  uint64_t start, end, categories;
};
struct ScanRequest {
  uint64_t size, flags, start, end, walk_end, regions, region_count, max_pages;
  uint64_t category_inverted, category_mask, category_any, return_mask;
};
constexpr unsigned long kScan = _IOWR('f', 16, ScanRequest);
constexpr uint64_t kPageFromFile = 1 << 2, kPagePresent = 1 << 3, kPageSwapped = 1 << 4, kPageZero = 1 << 5;

/// What tells of this process's pages; the descriptor belongs to the process that opened it, so a fork has none.
class PageMap {
 public:
  static PageMap& get() {
    static PageMap* const map = [] {
      pthread_atfork(nullptr, nullptr, [] { get().descriptor_.store(kUnknown, std::memory_order_relaxed); });
      return new PageMap;
    }();
    return *map;
  }
  /// Negative if there is none.
  int descriptor() {
    int descriptor = descriptor_.load(std::memory_order_acquire);
    return descriptor != kUnknown ? descriptor : open_it();
  }
  void give_up() { descriptor_.store(kNone, std::memory_order_release); }

 private:
  static constexpr int kNone = -1;
  static constexpr int kUnknown = -2;

  int open_it() {
    const std::lock_guard lock(mutex_);
    int descriptor = descriptor_.load(std::memory_order_relaxed);
    if (descriptor != kUnknown) return descriptor;
    descriptor = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    descriptor_.store(descriptor < 0 ? kNone : descriptor, std::memory_order_release);
    return descriptor < 0 ? kNone : descriptor;
  }

  std::mutex mutex_;
  std::atomic<int> descriptor_{kUnknown};
};

}  // namespace

std::optional<size_t> written_ranges(uint8_t* start, uint64_t size, std::span<PageRange> ranges) {
  constexpr size_t kMost = 128;
  ScanRegion regions[kMost];
  const int descriptor = PageMap::get().descriptor();
  if (descriptor < 0) return std::nullopt;
  ScanRequest request{};
  request.size = sizeof request;
  request.start = reinterpret_cast<uint64_t>(start);
  request.end = request.start + size;
  request.regions = reinterpret_cast<uint64_t>(regions);
  request.region_count = std::min(kMost, ranges.size());
  // Present or swapped out, and neither a file's page nor the page of zeroes.
  request.category_inverted = kPageFromFile | kPageZero;
  request.category_mask = kPageFromFile | kPageZero;
  request.category_any = kPagePresent | kPageSwapped;
  request.return_mask = kPagePresent;
  const int count = ioctl(descriptor, kScan, &request);
  if (count < 0) PageMap::get().give_up();
  if (count < 0 || request.walk_end != request.end) return std::nullopt;
  for (int i = 0; i < count; ++i) {
    ranges[static_cast<size_t>(i)] = {reinterpret_cast<uint8_t*>(regions[i].start), regions[i].end - regions[i].start};
  }
  return static_cast<size_t>(count);
}

bool make_executable(const void* begin, uint64_t size) {
  auto* from = static_cast<char*>(const_cast<void*>(begin));
  if (mprotect(from, round_up(size, page_size()), PROT_READ | PROT_EXEC) != 0) return false;
  __builtin___clear_cache(from, from + size);
  return true;
}

}  // namespace wherry::platform
