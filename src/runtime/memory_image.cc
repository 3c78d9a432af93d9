#include "runtime/memory_image.h"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace wherry::runtime {

namespace {
/// Less than this is copied faster than mapped: a mapping costs some microseconds, and a fault for each page written.
constexpr uint64_t kLeastMapped = uint64_t{64} << 10;
/// Contents spread thinner than this are copied, so that the gaps between them take no memory.
constexpr uint64_t kMostSpread = 2;
}  // namespace

MemoryImage::MemoryImage(std::vector<platform::SharedImage::Piece> pieces) : pieces_(std::move(pieces)) {
  std::erase_if(pieces_, [](const auto& piece) { return piece.bytes.empty(); });
  uint64_t total = 0;
  uint64_t begin = ~uint64_t{0};
  uint64_t end = 0;
  for (const platform::SharedImage::Piece& piece : pieces_) {
    total += piece.bytes.size();
    begin = std::min(begin, piece.offset);
    end = std::max(end, piece.offset + piece.bytes.size());
  }
  if (total < kLeastMapped) return;
  start_ = platform::round_down(begin, platform::page_size());
  const uint64_t size = platform::round_up(end, platform::page_size()) - start_;
  if (size / kMostSpread > total) return;
  std::vector<platform::SharedImage::Piece> moved = pieces_;
  for (platform::SharedImage::Piece& piece : moved) piece.offset -= start_;
  shared_ = platform::SharedImage::make(size, moved);
  static std::atomic<uint64_t> last_id{0};
  if (shared_) id_ = ++last_id;
}

void MemoryImage::copy_to(uint8_t* base) const {
  for (const platform::SharedImage::Piece& piece : pieces_) {
    std::memcpy(base + piece.offset, piece.bytes.data(), piece.bytes.size());
  }
}

}  // namespace wherry::runtime
