// A pool of address space for linear memories, which is handed out clean and cleaned when it comes back.
//
// Cleaning costs what was written, not what the memory is long: the pages that a user wrote are found (in the kernel's
// page tables), filled with what they held at first, and stay resident for the next user, up to a limit.
//
// Each processor's threads mostly use a shard of their own, so that they do not wait for each other.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "platform/memory.h"
#include "runtime/memory_image.h"
#include "wherry/config.h"

namespace wherry::runtime {

/// Thread-safe.
class MemoryPool {
 public:
  /// Room for one memory. Its fields are its user's while it is in use.
  struct Slot {
    uint8_t* base = nullptr;
    /// Bytes that are accessible, whole pages: at least what the memory has, exactly that if it is guarded.
    uint64_t committed = 0;
    uint64_t most_committed = 0;
    /// The mapped image that it shows, and where; 0: none.
    uint64_t image_id = 0, image_start = 0, image_size = 0;
  };

  /// Null if there is no address space.
  static std::unique_ptr<MemoryPool> make(const PoolConfig& config, BoundsStrategy bounds);
  ~MemoryPool();
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;

  /// What one memory may grow to.
  uint64_t memory_bytes() const { return memory_bytes_; }
  uint32_t size() const { return count_; }

  /// A slot with `bytes` accessible bytes, which hold what `image` says (null: zero). Null if all are in use, or the
  /// system refuses.
  Slot* take(uint64_t bytes, const MemoryImage* image);
  /// Makes the slot's first `bytes` accessible.
  static bool commit(Slot& slot, uint64_t bytes);
  /// `bytes`: how large the memory was in the end; `initial_bytes` and `image`: as given to take().
  void give_back(Slot* slot, uint64_t bytes, uint64_t initial_bytes, const MemoryImage* image);

 private:
  /// Slots that are free, the last one used last.
  struct alignas(64) Shard {
    std::mutex mutex;
    std::vector<Slot*> free;
  };
  static constexpr size_t kShards = 16;
  /// Slots that a shard keeps, and whose pages stay resident.
  static constexpr size_t kWarm = 32;

  MemoryPool() = default;
  Shard& own_shard();
  Slot* take_free(uint64_t committed, uint64_t image_id);
  bool prepare(Slot& slot, uint64_t committed, const MemoryImage* image) const;
  bool clean(Slot& slot, uint64_t bytes, const MemoryImage* image) const;
  void drop_pages(Slot& slot) const;

  platform::Reservation space_;
  uint64_t memory_bytes_ = 0;
  uint64_t keep_resident_ = 0;
  uint32_t count_ = 0;
  bool guarded_ = false;
  uint32_t fault_id_ = 0;
  std::unique_ptr<Slot[]> slots_;
  std::array<Shard, kShards> shards_;
  Shard cold_;  ///< Those that no shard keeps: never used, or without resident pages.
};

}  // namespace wherry::runtime
