#include "wasi/guest_memory.h"

#include <algorithm>

namespace wherry::wasi {

host::HostResult<IoVectors> GuestMemory::io_vectors(uint64_t address, uint64_t count) const {
  struct GuestVector {
    uint32_t address;
    uint32_t size;
  };
  // Linux moves no more in one call, and the count must fit the guest's 32-bit result.
  uint64_t left = 0x7ffff000;
  WHERRY_TRY(const auto array, range(address, count * sizeof(GuestVector)));
  IoVectors vectors;
  for (size_t at = 0; at != array.size() && vectors.size() != IoVectors::kMost && left != 0;
       at += sizeof(GuestVector)) {
    GuestVector guest;
    std::memcpy(&guest, array.data() + at, sizeof guest);
    WHERRY_TRY(const auto buffer, range(guest.address, guest.size));
    if (buffer.empty()) continue;
    const uint64_t size = std::min<uint64_t>(buffer.size(), left);
    left -= size;
    vectors.add({buffer.data(), size});
  }
  return vectors;
}

}  // namespace wherry::wasi
