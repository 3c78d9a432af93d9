// A pool of address space for linear memories, which is handed out clean and cleaned when it comes back.
//
// Cleaning costs what was written, not what the memory is long: the pages that a user wrote are found (in the kernel's
// page tables), filled with what they held at first, and stay resident for the next user, up to a limit.
//
// Users of one module mostly write the same few pages. When a slot has seen that, it closes: the other pages are made
// inaccessible, so that there is nothing to ask the kernel, and cleaning takes no system call. An access to one of
// them, by whomever, opens the slot again (in the fault handler), unseen. Only a system call would see it, as an error:
// who gives the memory's bytes away must open() it before.
//
// Each processor's threads mostly use a shard of their own, so that they do not wait for each other.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "platform/faults.h"
#include "platform/memory.h"
#include "runtime/memory_image.h"
#include "wherry/config.h"

namespace wherry::runtime {

/// Thread-safe.
class MemoryPool final : private platform::FaultFixer {
 public:
  /// Room for one memory. Its fields are its user's while it is in use.
  struct Slot {
    uint8_t* base = nullptr;
    /// Bytes that are accessible, whole pages: at least what the memory has, exactly that if it is guarded.
    uint64_t committed = 0;
    uint64_t most_committed = 0;
    /// The mapped image that it shows, and where; 0: none.
    uint64_t image_id = 0, image_start = 0, image_size = 0;
    /// What the last user wrote, if it was little; of a closed slot: the pages that are accessible.
    static constexpr size_t kMostRanges = 4;
    std::array<platform::PageRange, kMostRanges> written = {};
    size_t written_count = 0;
    uint32_t same_in_a_row = 0;  ///< Users that wrote just that.
    uint32_t opened = 0;         ///< How often it was closed in vain.
    bool is_closed = false;
  };

  /// With fewer memories than asked for, perhaps none, if there is no more address space.
  MemoryPool(const PoolConfig& config, BoundsStrategy bounds);
  ~MemoryPool();
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;

  /// What one memory may grow to.
  uint64_t memory_bytes() const { return memory_bytes_; }
  size_t size() const { return slots_.size(); }

  /// A slot with `bytes` accessible bytes, which hold what `image` says (null: zero). Null if all are in use, or the
  /// system refuses.
  Slot* take(uint64_t bytes, const MemoryImage* image);
  /// Makes the slot's first `bytes` accessible.
  static bool commit(Slot& slot, uint64_t bytes);
  /// Makes all of a closed slot accessible.
  void open(Slot& slot) {
    if (slot.is_closed) open_closed(slot);
  }
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

  bool fix(uintptr_t address) override;
  void open_closed(Slot& slot);
  void note_written(Slot& slot, std::span<const platform::PageRange> ranges);
  void close(Slot& slot);
  Shard& own_shard();
  Slot* take_free(uint64_t committed, uint64_t image_id);
  bool prepare(Slot& slot, uint64_t committed, const MemoryImage* image);
  bool clean(Slot& slot, uint64_t bytes, uint64_t initial_bytes, const MemoryImage* image);
  void drop_pages(Slot& slot);

  /// Address space of some slots: one piece would have to be very large.
  struct Space {
    platform::Reservation reservation;
    std::optional<uint32_t> fault_id;
    size_t first_slot;
  };
  bool add_space(size_t slots);

  const bool guarded_;
  const uint64_t memory_bytes_;
  const uint64_t keep_resident_;
  const uint64_t front_;   ///< Before the first slot of a space.
  const uint64_t stride_;  ///< From slot to slot.
  std::vector<Space> spaces_;
  std::vector<Slot> slots_;
  std::array<Shard, kShards> shards_;
  std::atomic<uint32_t> closed_{0};
  Shard cold_;  ///< Those that no shard keeps: never used, or without resident pages.
};

}  // namespace wherry::runtime
