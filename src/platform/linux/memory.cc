#include "platform/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cassert>

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
  if (size != 0) madvise(base_ + offset, size, MADV_DONTNEED);
}

bool make_executable(const void* begin, uint64_t size) {
  auto* from = static_cast<char*>(const_cast<void*>(begin));
  if (mprotect(from, round_up(size, page_size()), PROT_READ | PROT_EXEC) != 0) return false;
  __builtin___clear_cache(from, from + size);
  return true;
}

}  // namespace wherry::platform
