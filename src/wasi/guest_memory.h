// A guest's memory as a WASI call sees it: every address and length comes from the guest and is checked here.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "wasi/host/errno.h"

namespace wherry::wasi {

/// Buffers of the guest, ready for readv(2) and writev(2). Empty ones are left out, and at most kMost are kept: a short
/// read or write is always allowed.
class IoVectors {
 public:
  static constexpr size_t kMost = 1024;  // IOV_MAX.

  void add(iovec buffer) {
    if (count_ == kInline) many_.assign(few_, few_ + kInline);
    if (count_ >= kInline) {
      many_.push_back(buffer);
    } else {
      few_[count_] = buffer;
    }
    ++count_;
  }
  size_t size() const { return count_; }
  std::span<const iovec> span() const { return {count_ > kInline ? many_.data() : few_, count_}; }

 private:
  static constexpr size_t kInline = 8;
  iovec few_[kInline];
  std::vector<iovec> many_;
  size_t count_ = 0;
};

/// The bytes of the memory during one call, in which it does not grow. Other guest threads may change the bytes at any
/// time: what is checked must have been copied out before. kFault for anything out of bounds. Numbers are
/// little-endian, as are the hosts that Wherry runs on.
class GuestMemory {
 public:
  explicit GuestMemory(std::span<uint8_t> bytes) : bytes_(bytes) {}

  host::HostResult<std::span<uint8_t>> range(uint64_t address, uint64_t size) const {
    if (address > bytes_.size() || size > bytes_.size() - address) return host::error(host::Errno::kFault);
    return bytes_.subspan(address, size);
  }
  template <class T>
    requires std::is_trivially_copyable_v<T>
  host::HostResult<T> load(uint64_t address) const {
    WHERRY_TRY(const auto from, range(address, sizeof(T)));
    T value;
    std::memcpy(&value, from.data(), sizeof value);
    return value;
  }
  template <class T>
    requires std::is_trivially_copyable_v<T>
  host::HostResult<> store(uint64_t address, const T& value) const {
    WHERRY_TRY(const auto to, range(address, sizeof(T)));
    std::memcpy(to.data(), &value, sizeof value);
    return {};
  }
  host::HostResult<> write(uint64_t address, std::string_view bytes) const {
    WHERRY_TRY(const auto to, range(address, bytes.size()));
    if (!bytes.empty()) std::memcpy(to.data(), bytes.data(), bytes.size());
    return {};
  }
  /// A path or other short text. kNametoolong beyond `most` bytes.
  host::HostResult<std::string> string(uint64_t address, uint64_t size, uint64_t most) const {
    WHERRY_TRY(const auto from, range(address, size));
    if (size > most) return host::error(host::Errno::kNametoolong);
    return std::string(reinterpret_cast<const char*>(from.data()), from.size());
  }
  /// An array of `count` WASI iovecs.
  host::HostResult<IoVectors> io_vectors(uint64_t address, uint64_t count) const;

 private:
  std::span<uint8_t> bytes_;
};

}  // namespace wherry::wasi
