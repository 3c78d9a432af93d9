#include "runtime/memory_pool.h"

#include <algorithm>
#include <cstring>

#include "platform/faults.h"
#include "runtime/memory.h"

namespace wherry::runtime {

namespace {

/// Searched among a shard's slots for one that last served the same module.
constexpr size_t kLookBack = 8;
/// Taken from the cold ones at a time.
constexpr size_t kBatch = 8;
constexpr uint64_t kMostBytes = uint64_t{4} << 30;
constexpr size_t kSlotsInSpace = 512;

/// Users that must have written the same pages before a slot closes.
constexpr uint32_t kSteady = 4;
/// A slot that had to be opened again so often stays open.
constexpr uint32_t kMostOpened = 3;
/// Closed slots at a time: each takes some mappings more, of which a process has 65,530.
constexpr uint32_t kMostClosed = 2048;

/// Threads count off, so that each has a shard of its own as long as there are no more than shards.
size_t thread_number() {
  static std::atomic<size_t> threads{0};
  thread_local const size_t number = threads.fetch_add(1, std::memory_order_relaxed);
  return number;
}

/// Fills [start, start + size) with what the memory at `base` held there at first.
void restore(uint8_t* base, uint8_t* start, uint64_t size, const MemoryImage* image) {
  uint8_t* const end = start + size;
  if (image != nullptr && image->is_mapped()) {
    uint8_t* const image_start = std::clamp(base + image->start(), start, end);
    uint8_t* const image_end = std::clamp(base + image->start() + image->bytes().size(), start, end);
    if (image_start < image_end) {
      std::memcpy(image_start, image->bytes().data() + (image_start - base - image->start()),
                  static_cast<size_t>(image_end - image_start));
      std::memset(start, 0, static_cast<size_t>(image_start - start));
      start = image_end;
    }
  }
  std::memset(start, 0, static_cast<size_t>(end - start));
}

}  // namespace

MemoryPool::MemoryPool(const PoolConfig& config, BoundsStrategy bounds)
    : guarded_(bounds == BoundsStrategy::kGuard),
      memory_bytes_(
          platform::round_up(std::clamp<uint64_t>(config.memory_bytes, 1, kMostBytes), platform::page_size())),
      keep_resident_(config.keep_resident_bytes),
      front_(guarded_ ? Memory::kFront : 0),
      stride_(guarded_ ? Memory::kReach + Memory::kTail : memory_bytes_) {
  // The slots stay where they are.
  slots_.reserve(config.memories);
  while (slots_.size() < config.memories) {
    if (!add_space(std::min(kSlotsInSpace, config.memories - slots_.size()))) break;
  }
  cold_.free.reserve(slots_.size());
  for (size_t i = slots_.size(); i-- > 0;) cold_.free.push_back(&slots_[i]);
}

bool MemoryPool::add_space(size_t slots) {
  platform::Reservation reservation = platform::Reservation::make(front_ + stride_ * slots);
  if (!reservation) return false;
  Space& space = spaces_.emplace_back(std::move(reservation), std::nullopt, slots_.size());
  uint8_t* const base = space.reservation.base();
  for (size_t i = 0; i < slots; ++i) slots_.emplace_back().base = base + front_ + stride_ * i;
  if (guarded_) space.fault_id = platform::add_reservation(base, space.reservation.size(), this);
  return true;
}

MemoryPool::~MemoryPool() {
  for (const Space& space : spaces_) {
    if (space.fault_id) platform::remove_reservation(*space.fault_id);
  }
}

MemoryPool::Shard& MemoryPool::own_shard() { return shards_[thread_number() % kShards]; }

MemoryPool::Slot* MemoryPool::take(uint64_t bytes, const MemoryImage* image) {
  const uint64_t committed = platform::round_up(bytes, platform::page_size());
  Slot* slot = take_free(committed, image == nullptr ? 0 : image->id());
  if (slot == nullptr) return nullptr;
  if (prepare(*slot, committed, image)) return slot;
  drop_pages(*slot);
  const std::lock_guard lock(cold_.mutex);
  cold_.free.push_back(slot);
  return nullptr;
}

/// Some free slot; best one that fits as it is.
MemoryPool::Slot* MemoryPool::take_free(uint64_t committed, uint64_t image_id) {
  Shard& own = own_shard();
  {
    const std::lock_guard lock(own.mutex);
    std::vector<Slot*>& free = own.free;
    for (size_t i = free.size(); i-- > 0 && free.size() - i <= kLookBack;) {
      if (free[i]->committed != committed || free[i]->image_id != image_id) continue;
      Slot* const slot = free[i];
      free.erase(free.begin() + static_cast<ptrdiff_t>(i));
      return slot;
    }
    const std::lock_guard cold_lock(cold_.mutex);
    // A cold slot is better than one that shows something else; but there is always to be some left.
    if (!cold_.free.empty()) {
      const size_t count = free.empty() ? std::min(kBatch, cold_.free.size()) : 1;
      free.insert(free.end(), cold_.free.end() - static_cast<ptrdiff_t>(count), cold_.free.end());
      cold_.free.resize(cold_.free.size() - count);
    }
    if (!free.empty()) {
      Slot* const slot = free.back();
      free.pop_back();
      return slot;
    }
  }
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    if (shard.free.empty()) continue;
    Slot* const slot = shard.free.back();
    shard.free.pop_back();
    return slot;
  }
  return nullptr;
}

/// Makes a clean slot what a user asks for.
bool MemoryPool::prepare(Slot& slot, uint64_t committed, const MemoryImage* image) {
  const bool mapped = image != nullptr && image->is_mapped();
  if (slot.committed != committed || slot.image_id != (mapped ? image->id() : 0)) open(slot);
  if (slot.image_id != (mapped ? image->id() : 0)) {
    if (slot.image_id != 0 && !platform::map_zeroes(slot.base + slot.image_start, slot.image_size)) return false;
    slot.image_id = 0;
  }
  if (slot.committed > committed && guarded_) {
    if (!platform::hide(slot.base + committed, slot.committed - committed)) return false;
    slot.committed = committed;
  }
  if (!commit(slot, committed)) return false;
  if (mapped && slot.image_id == 0) {
    if (!image->map_to(slot.base)) return false;
    slot.image_id = image->id();
    slot.image_start = image->start();
    slot.image_size = image->bytes().size();
  } else if (image != nullptr && !mapped) {
    image->copy_to(slot.base);
  }
  return true;
}

bool MemoryPool::commit(Slot& slot, uint64_t bytes) {
  const uint64_t end = platform::round_up(bytes, platform::page_size());
  if (end <= slot.committed) return true;
  if (!platform::show(slot.base + slot.committed, end - slot.committed)) return false;
  slot.committed = end;
  slot.most_committed = std::max(slot.most_committed, end);
  return true;
}

void MemoryPool::give_back(Slot* slot, uint64_t bytes, uint64_t initial_bytes, const MemoryImage* image) {
  Shard& shard = own_shard();
  bool warm = false;
  {
    const std::lock_guard lock(shard.mutex);
    warm = shard.free.size() < kWarm;
  }
  warm = warm && clean(*slot, bytes, initial_bytes, image);
  const uint64_t initial = platform::round_up(initial_bytes, platform::page_size());
  if (warm && guarded_ && slot->committed > initial) {
    warm = platform::hide(slot->base + initial, slot->committed - initial);
    if (warm) slot->committed = initial;
  }
  if (!warm) drop_pages(*slot);
  Shard& to = warm ? shard : cold_;
  const std::lock_guard lock(to.mutex);
  to.free.push_back(slot);
}

/// Undoes what was written, and keeps the pages. False if they are too many.
bool MemoryPool::clean(Slot& slot, uint64_t bytes, uint64_t initial_bytes, const MemoryImage* image) {
  if (bytes != initial_bytes) open(slot);
  if (slot.is_closed) {
    for (size_t i = 0; i < slot.written_count; ++i) {
      restore(slot.base, slot.written[i].start, slot.written[i].size, image);
    }
    return true;
  }
  const uint64_t size = platform::round_up(bytes, platform::page_size());
  platform::PageRange ranges[64];
  const std::optional<size_t> count = platform::written_ranges(slot.base, size, ranges);
  if (!count) return false;
  uint64_t written = 0;
  for (size_t i = 0; i < *count; ++i) written += ranges[i].size;
  if (written > keep_resident_) return false;
  for (size_t i = 0; i < *count; ++i) restore(slot.base, ranges[i].start, ranges[i].size, image);
  if (bytes == initial_bytes) note_written(slot, {ranges, *count});
  return true;
}

void MemoryPool::note_written(Slot& slot, std::span<const platform::PageRange> ranges) {
  const auto same = [](const platform::PageRange& a, const platform::PageRange& b) {
    return a.start == b.start && a.size == b.size;
  };
  if (std::ranges::equal(ranges, std::span(slot.written).first(slot.written_count), same)) {
    ++slot.same_in_a_row;
  } else {
    slot.same_in_a_row = 0;
    slot.written_count = ranges.size() <= Slot::kMostRanges ? ranges.size() : 0;
    std::ranges::copy(ranges.first(slot.written_count), slot.written.begin());
  }
  if (guarded_ && slot.same_in_a_row >= kSteady && slot.opened < kMostOpened) close(slot);
}

void MemoryPool::close(Slot& slot) {
  if (closed_.fetch_add(1, std::memory_order_relaxed) >= kMostClosed) {
    closed_.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  slot.is_closed = true;
  uint8_t* at = slot.base;
  bool hidden = true;
  for (size_t i = 0; i < slot.written_count; ++i) {
    const platform::PageRange& range = slot.written[i];
    hidden = hidden && platform::hide(at, static_cast<uint64_t>(range.start - at));
    at = range.start + range.size;
  }
  uint8_t* const end = slot.base + slot.committed;
  hidden = hidden && platform::hide(at, static_cast<uint64_t>(end - at));
  if (!hidden) open(slot);
}

void MemoryPool::open_closed(Slot& slot) {
  platform::show(slot.base, slot.committed);
  slot.is_closed = false;
  slot.same_in_a_row = 0;
  ++slot.opened;
  closed_.fetch_sub(1, std::memory_order_relaxed);
}

/// In a signal handler: an access to a page that was closed.
bool MemoryPool::fix(uintptr_t address) {
  const auto space = std::ranges::find_if(spaces_, [address](const Space& of) {
    return address - reinterpret_cast<uintptr_t>(of.reservation.base()) < of.reservation.size();
  });
  if (space == spaces_.end()) return false;
  const uint64_t offset = address - reinterpret_cast<uintptr_t>(space->reservation.base());
  if (offset < front_) return false;
  Slot& slot = slots_[space->first_slot + (offset - front_) / stride_];
  if (!slot.is_closed || address - reinterpret_cast<uintptr_t>(slot.base) >= slot.committed) return false;
  open_closed(slot);
  return true;
}

void MemoryPool::drop_pages(Slot& slot) {
  open(slot);
  platform::discard(slot.base, slot.most_committed);
}

}  // namespace wherry::runtime
