#include "wasi/host/stream.h"

#include <algorithm>
#include <cstring>

namespace wherry::wasi::host {

HostResult<size_t> NullStream::write(std::span<const iovec> from, Waiter& waiter) {
  size_t total = 0;
  for (const iovec& buffer : from) total += buffer.iov_len;
  return total;
}

HostResult<size_t> MemoryInput::read(std::span<const iovec> to, Waiter& waiter) {
  std::lock_guard lock(mutex_);
  size_t total = 0;
  for (const iovec& buffer : to) {
    const size_t count = std::min(buffer.iov_len, bytes_.size() - position_);
    if (count != 0) std::memcpy(buffer.iov_base, bytes_.data() + position_, count);
    position_ += count;
    total += count;
  }
  return total;
}

uint64_t MemoryInput::readable_bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_.size() - position_;
}

HostResult<size_t> CallbackInput::read(std::span<const iovec> to, Waiter& waiter) {
  std::lock_guard lock(mutex_);
  for (const iovec& buffer : to) {
    if (buffer.iov_len == 0) continue;
    return std::min(source_({static_cast<char*>(buffer.iov_base), buffer.iov_len}), buffer.iov_len);
  }
  return 0;
}

HostResult<size_t> CallbackOutput::write(std::span<const iovec> from, Waiter& waiter) {
  std::lock_guard lock(mutex_);
  size_t total = 0;
  for (const iovec& buffer : from) {
    if (buffer.iov_len == 0) continue;
    if (!sink_({static_cast<const char*>(buffer.iov_base), buffer.iov_len})) {
      if (total != 0) break;
      return error(Errno::kNospc);
    }
    total += buffer.iov_len;
  }
  return total;
}

}  // namespace wherry::wasi::host
