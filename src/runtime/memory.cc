#include "runtime/memory.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string>

#include "platform/faults.h"

namespace wherry::runtime {

namespace {

/// The most bytes that the type allows, saturated.
uint64_t declared_max_bytes(const MemoryType& type) {
  const uint64_t index_space = type.is64 ? ~uint64_t{0} : uint64_t{1} << 32;
  if (!type.limits.max) return index_space;
  if (*type.limits.max > index_space >> type.page_size_log2) return index_space;
  return std::min(index_space, *type.limits.max << type.page_size_log2);
}

}  // namespace

Result<std::shared_ptr<Memory>> Memory::make(const MemoryType& type, BoundsStrategy bounds, uint64_t max_bytes) {
  auto memory = std::make_shared<Memory>(type, bounds, max_bytes);
  WHERRY_CHECK(memory->open(nullptr, nullptr));
  return memory;
}

Result<> Memory::open(MemoryPool* pool, const MemoryImage* image) {
  const uint64_t min = type_.limits.min;
  uint64_t most = std::min(max_bytes_, declared_max_bytes(type_));
  if (pool != nullptr) most = std::min(most, pool->memory_bytes());
  if (min > most >> type_.page_size_log2) {
    return fail(ErrorCode::kLimit, "memory of " + std::to_string(min) + " pages is larger than the limit of " +
                                       std::to_string(most) + " bytes");
  }
  const uint64_t bytes = min << type_.page_size_log2;
  if (budget_ != nullptr && !budget_->take(bytes)) {
    return fail(ErrorCode::kLimit, "memory of " + std::to_string(min) + " pages is more than is left of the store's " +
                                       std::to_string(budget_->most()) + " bytes");
  }
  if (pool != nullptr && !open_pooled(*pool, bytes, image)) {
    return fail(ErrorCode::kLimit, "all " + std::to_string(pool->size()) + " memories of the pool are in use");
  }
  if (pool == nullptr && !open_alone(bytes, most, image)) {
    return fail(ErrorCode::kLimit, "no address space for a memory");
  }
  view_.bytes = bytes;
  return {};
}

bool Memory::open_pooled(MemoryPool& pool, uint64_t bytes, const MemoryImage* image) {
  slot_ = pool.take(bytes, image);
  if (slot_ == nullptr) return false;
  pool_ = &pool;
  image_ = image;
  view_.base = slot_->base;
  room_ = pool.memory_bytes();
  return true;
}

bool Memory::open_alone(uint64_t bytes, uint64_t most, const MemoryImage* image) {
  // A known maximum is reserved, so that the base stays. Else, or if that is too much: some room to grow.
  constexpr uint64_t kSlack = uint64_t{1} << 20;
  const bool reserved = is_guarded(type_, bounds_)          ? reserve(kReach)
                        : type_.limits.max && reserve(most) ? true
                        : type_.shared                      ? false
                                                            : reserve(std::min(most, bytes + bytes / 2 + kSlack));
  if (!reserved || !commit_to(bytes)) return false;
  if (image == nullptr) return true;
  if (image->is_mapped()) return image->map_to(view_.base);
  image->copy_to(view_.base);
  return true;
}

Memory::~Memory() {
  if (slot_ != nullptr) pool_->give_back(slot_, view_.bytes, type_.limits.min << type_.page_size_log2, image_);
  if (fault_id_) platform::remove_reservation(*fault_id_);
}

bool Memory::reserve(uint64_t bytes) {
  const bool guarded = is_guarded(type_, bounds_);
  platform::Reservation reservation =
      platform::Reservation::make(guarded ? kFront + bytes + kTail : std::max<uint64_t>(bytes, 1));
  if (!reservation) return false;
  reservation_ = std::move(reservation);
  view_.base = reservation_.base() + (guarded ? kFront : 0);
  room_ = guarded ? bytes : reservation_.size();
  committed_ = 0;
  if (guarded) fault_id_ = platform::add_reservation(reservation_.base(), reservation_.size());
  return true;
}

bool Memory::commit_to(uint64_t bytes) {
  if (slot_ != nullptr) return MemoryPool::commit(*slot_, bytes);
  const uint64_t end = platform::round_up(bytes, platform::page_size());
  if (end <= committed_) return true;
  const auto offset = static_cast<uint64_t>(view_.base - reservation_.base());
  if (!reservation_.commit(offset + committed_, end - committed_)) return false;
  committed_ = end;
  return true;
}

uint64_t Memory::grow(uint64_t delta) {
  std::unique_lock lock(grow_mutex_, std::defer_lock);
  if (type_.shared) lock.lock();
  const uint64_t old_bytes = view_.bytes;
  const uint64_t old_pages = old_bytes >> type_.page_size_log2;
  if (delta == 0) return old_pages;
  const uint64_t most = std::min(max_bytes_, declared_max_bytes(type_));
  if (old_bytes > most || delta > (most - old_bytes) >> type_.page_size_log2) return kGrowFailed;
  const uint64_t bytes = old_bytes + (delta << type_.page_size_log2);
  if (budget_ != nullptr && !budget_->take(bytes - old_bytes)) return kGrowFailed;
  if (!grow_to(bytes, most)) {
    if (budget_ != nullptr) budget_->give_back(bytes - old_bytes);
    return kGrowFailed;
  }
  __atomic_store_n(&view_.bytes, bytes, __ATOMIC_RELEASE);
  return old_pages;
}

bool Memory::grow_to(uint64_t bytes, uint64_t most) {
  if (bytes <= room_) return commit_to(bytes);
  if (is_guarded(type_, bounds_) || type_.shared || slot_ != nullptr) return false;
  platform::Reservation old = std::move(reservation_);
  const MemoryView old_view = view_;
  const uint64_t old_room = room_;
  const uint64_t old_committed = committed_;
  if (!(reserve(std::min(most, bytes + bytes / 2)) && commit_to(bytes))) {
    reservation_ = std::move(old);
    view_ = old_view;
    room_ = old_room;
    committed_ = old_committed;
    return false;
  }
  std::memcpy(view_.base, old_view.base, old_view.bytes);
  return true;
}

}  // namespace wherry::runtime
