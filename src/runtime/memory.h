// A linear memory. Spec: https://webassembly.github.io/spec/core/exec/runtime.html#memory-instances
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "platform/memory.h"
#include "runtime/memory_pool.h"
#include "runtime/vmcontext.h"
#include "runtime/wait_queue.h"
#include "wherry/config.h"
#include "wherry/result.h"
#include "wherry/types.h"

namespace wherry::runtime {

/// What all memories of a store may have together. Used by the store's thread only.
class MemoryBudget {
 public:
  explicit MemoryBudget(uint64_t most) : most_(most) {}
  void set_most(uint64_t most) { most_ = most; }
  uint64_t most() const { return most_; }
  /// False if that would be too much.
  bool take(uint64_t bytes) {
    if (used_ > most_ || bytes > most_ - used_) return false;
    used_ += bytes;
    return true;
  }
  void give_back(uint64_t bytes) { used_ -= bytes; }

 private:
  uint64_t most_;
  uint64_t used_ = 0;
};

/// Belongs to no store: it holds bytes only, so several stores may share it (and must, for threads, when it is shared).
/// Thread-safe if its type is shared; else as its store.
class Memory : public std::enable_shared_from_this<Memory> {
 public:
  /// Whether a memory of this type is guarded under this strategy: any access at a 32-bit address plus a 32-bit offset
  /// is within its reservation, so that code needs no bounds check, and `view()->base` never moves. Decided by the type
  /// alone, so that code may be compiled before there is a memory; a memory that is imported where guarded code needs
  /// it must have been made with the same strategy.
  static bool is_guarded(const MemoryType& type, BoundsStrategy bounds) {
    return bounds == BoundsStrategy::kGuard && !type.is64 && type.page_size_log2 == 16;
  }

  // What a guarded memory reserves besides its bytes.
  /// What a 32-bit address and a 32-bit offset can reach.
  static constexpr uint64_t kReach = uint64_t{1} << 33;
  /// Behind it, for the bytes of the widest access; no operating system has larger pages.
  static constexpr uint64_t kTail = uint64_t{64} << 10;
  /// In front: if a tier ever sign-extends an address by mistake, that faults too.
  static constexpr uint64_t kFront = (uint64_t{2} << 30) - kTail;

  /// With the type's minimum, zeroed. Grows up to its maximum, at most `max_bytes`. Errors: kLimit.
  static Result<std::shared_ptr<Memory>> make(const MemoryType& type, BoundsStrategy bounds, uint64_t max_bytes);
  /// Without any bytes; open() comes next. `budget`: what it takes its bytes from, if anything.
  Memory(const MemoryType& type, BoundsStrategy bounds, uint64_t max_bytes, MemoryBudget* budget = nullptr)
      : type_(type), bounds_(bounds), max_bytes_(max_bytes), budget_(budget) {}
  /// As make(), holding what `image` says (null: zero), from `pool` (null: mapped for it alone). Both must outlive the
  /// memory, and the pool have the memory's bounds strategy.
  Result<> open(MemoryPool* pool, const MemoryImage* image);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  /// Limits as declared; see pages() for the current size.
  const MemoryType& type() const { return type_; }
  BoundsStrategy bounds() const { return bounds_; }
  MemoryView* view() { return &view_; }
  uint64_t bytes() const { return __atomic_load_n(&view_.bytes, __ATOMIC_RELAXED); }
  uint64_t pages() const { return bytes() >> type_.page_size_log2; }
  /// For any use; see also make_accessible().
  std::span<uint8_t> contents() {
    make_accessible();
    return {view_.base, bytes()};
  }
  /// Before `view()->base` goes to a system call: parts of a pooled memory may not be accessible to the kernel before
  /// this, though to everybody else.
  void make_accessible() {
    if (slot_ != nullptr) pool_->open(*slot_);
  }

  static constexpr uint64_t kGrowFailed = ~uint64_t{0};
  /// Adds `delta` zeroed pages; the old number of pages, or kGrowFailed. May move `view()->base` unless guarded or
  /// shared.
  uint64_t grow(uint64_t delta);
  /// Lowers (or raises) the most bytes it may grow to. What is there already stays.
  void set_max_bytes(uint64_t max_bytes) { max_bytes_ = max_bytes; }

  /// Who waits at its addresses (pointers into contents()); for shared memories.
  WaitQueue& wait_queue() { return wait_queue_; }

 private:
  bool grow_to(uint64_t bytes, uint64_t most);
  bool reserve(uint64_t bytes);
  bool open_pooled(MemoryPool& pool, uint64_t bytes, const MemoryImage* image);
  bool open_alone(uint64_t bytes, uint64_t most, const MemoryImage* image);
  bool commit_to(uint64_t bytes);

  MemoryView view_{};
  MemoryType type_;
  BoundsStrategy bounds_;
  uint64_t max_bytes_;
  MemoryBudget* budget_ = nullptr;
  platform::Reservation reservation_;
  uint64_t room_ = 0;       ///< Bytes that may be committed from view_.base without moving.
  uint64_t committed_ = 0;  ///< Whole operating system pages, from view_.base.
  std::optional<uint32_t> fault_id_;
  // Of a pooled one, which has no reservation:
  MemoryPool* pool_ = nullptr;
  MemoryPool::Slot* slot_ = nullptr;
  const MemoryImage* image_ = nullptr;
  std::mutex grow_mutex_;  ///< For shared memories.
  WaitQueue wait_queue_;
};

}  // namespace wherry::runtime
