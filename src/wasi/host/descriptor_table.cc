#include "wasi/host/descriptor_table.h"

#include <cassert>
#include <utility>

namespace wherry::wasi::host {

HostResult<TableEntry> DescriptorTable::get(uint32_t number) const {
  std::lock_guard lock(mutex_);
  if (!in_use(number)) return error(Errno::kBadf);
  return entries_[number];
}

HostResult<uint32_t> DescriptorTable::insert(TableEntry entry) {
  std::lock_guard lock(mutex_);
  if (used_ >= most_) return error(Errno::kMfile);
  if (used_ == round_) {
    if (round_ == kMaxDescriptors) return error(Errno::kMfile);
    next_ = round_;
    round_ *= 2;
  }
  while (in_use(next_)) next_ = (next_ + 1) % round_;
  const uint32_t number = next_;
  next_ = (next_ + 1) % round_;
  if (number >= entries_.size()) entries_.resize(number + 1);
  entries_[number] = std::move(entry);
  ++used_;
  return number;
}

void DescriptorTable::place(uint32_t number, TableEntry entry) {
  std::lock_guard lock(mutex_);
  assert(!in_use(number) && number < kMaxDescriptors);
  if (number >= entries_.size()) entries_.resize(number + 1);
  entries_[number] = std::move(entry);
  ++used_;
  while (round_ <= number) round_ *= 2;
}

HostResult<> DescriptorTable::close(uint32_t number) {
  TableEntry closed;  // Destroyed after the lock is gone: closing may take long.
  std::lock_guard lock(mutex_);
  if (!in_use(number)) return error(Errno::kBadf);
  closed = std::exchange(entries_[number], {});
  --used_;
  return {};
}

HostResult<> DescriptorTable::renumber(uint32_t from, uint32_t to) {
  TableEntry closed;
  std::lock_guard lock(mutex_);
  if (!in_use(from) || !in_use(to)) return error(Errno::kBadf);
  if (from == to) return {};
  closed = std::exchange(entries_[to], std::exchange(entries_[from], {}));
  --used_;
  return {};
}

HostResult<> DescriptorTable::reduce_rights(uint32_t number, uint64_t rights, uint64_t inheriting) {
  std::lock_guard lock(mutex_);
  if (!in_use(number)) return error(Errno::kBadf);
  TableEntry& entry = entries_[number];
  if ((rights & ~entry.rights) != 0 || (inheriting & ~entry.inheriting) != 0) return error(Errno::kNotcapable);
  entry.rights = rights;
  entry.inheriting = inheriting;
  return {};
}

}  // namespace wherry::wasi::host
