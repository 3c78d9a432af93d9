// Memory that is handed out piece by piece and given back all at once.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <utility>

namespace wherry {

/// Pieces are aligned to 16 bytes and stay where they are until the arena goes. Destructors are the user's business.
/// Ends the process when the system has no memory left, as `new` does without exceptions.
class Arena {
 public:
  /// Hands out `first` before it asks the system; `first` outlives the arena.
  explicit Arena(std::span<std::byte> first = {}) {
    const size_t skip = -reinterpret_cast<size_t>(first.data()) & (kAlignment - 1);
    if (first.size() <= skip) return;
    next_ = first.data() + skip;
    left_ = first.size() - skip;
  }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() {
    while (chunks_ != nullptr) std::free(std::exchange(chunks_, chunks_->next));
  }

  void* allocate(size_t bytes) {
    bytes = (bytes + kAlignment - 1) & ~(kAlignment - 1);
    if (bytes <= left_) [[likely]] {
      left_ -= bytes;
      return std::exchange(next_, next_ + bytes);
    }
    return allocate_chunk(bytes);
  }

  /// Large pieces come from the system, which may have zeroed pages that cost nothing until they are touched.
  void* allocate_zeroed(size_t bytes) {
    if (bytes >= kLarge) return add_chunk(std::calloc(1, sizeof(Chunk) + bytes));
    return std::memset(allocate(bytes), 0, bytes);
  }

  template <class T, class... Args>
  T* make(Args&&... args) {
    static_assert(alignof(T) <= kAlignment);
    return new (allocate(sizeof(T))) T(std::forward<Args>(args)...);
  }

 private:
  static constexpr size_t kAlignment = 16;
  static constexpr size_t kChunk = size_t{4} << 10;
  static constexpr size_t kLarge = size_t{32} << 10;

  struct alignas(kAlignment) Chunk {
    Chunk* next;
  };

  void* add_chunk(void* memory) {
    if (memory == nullptr) std::abort();
    chunks_ = new (memory) Chunk{chunks_};
    return chunks_ + 1;
  }

  [[gnu::noinline]] void* allocate_chunk(size_t bytes) {
    if (bytes > kChunk / 4) return add_chunk(std::malloc(sizeof(Chunk) + bytes));
    auto* start = static_cast<std::byte*>(add_chunk(std::malloc(kChunk)));
    next_ = start + bytes;
    left_ = kChunk - sizeof(Chunk) - bytes;
    return start;
  }

  std::byte* next_ = nullptr;
  size_t left_ = 0;
  Chunk* chunks_ = nullptr;
};

}  // namespace wherry
