// ByteReader: a bounded cursor over bytes that come from outside. Reads return false and remember why; the first error
// stays. Integers are LEB128 as in https://webassembly.github.io/spec/core/binary/values.html#integers, exactly.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wherry/result.h"

namespace wherry::base {

class ByteReader {
 public:
  /// `origin`: what offset() says at the first byte.
  explicit ByteReader(std::span<const uint8_t> bytes, uint64_t origin = 0)
      : begin_(bytes.data()), pc_(bytes.data()), end_(bytes.data() + bytes.size()), origin_(origin) {}

  bool at_end() const { return pc_ == end_; }
  size_t remaining() const { return static_cast<size_t>(end_ - pc_); }
  uint64_t offset() const { return offset_of(pc_); }
  const uint8_t* position() const { return pc_; }

  bool u8(uint8_t& out) {
    if (pc_ == end_) [[unlikely]]
      return fail_end();
    out = *pc_++;
    return true;
  }
  bool u32(uint32_t& out) {
    if (pc_ != end_ && *pc_ < 0x80) [[likely]] {
      out = *pc_++;
      return true;
    }
    uint32_t value;  // a variable of its own, so that `out` need not live in memory
    if (!u32_long(value)) return false;
    out = value;
    return true;
  }
  bool u64(uint64_t& out) {
    if (pc_ != end_ && *pc_ < 0x80) [[likely]] {
      out = *pc_++;
      return true;
    }
    uint64_t value;
    if (!u64_long(value)) return false;
    out = value;
    return true;
  }
  bool s32(int32_t& out) {
    if (pc_ != end_ && *pc_ < 0x80) [[likely]] {
      out = sign_extend_7(*pc_++);
      return true;
    }
    int32_t value;
    if (!s32_long(value)) return false;
    out = value;
    return true;
  }
  bool s64(int64_t& out) {
    if (pc_ != end_ && *pc_ < 0x80) [[likely]] {
      out = sign_extend_7(*pc_++);
      return true;
    }
    int64_t value;
    if (!s64_long(value)) return false;
    out = value;
    return true;
  }
  /// 33 bits: block types and heap types.
  bool s33(int64_t& out) {
    if (pc_ != end_ && *pc_ < 0x80) [[likely]] {
      out = sign_extend_7(*pc_++);
      return true;
    }
    int64_t value;
    if (!s33_long(value)) return false;
    out = value;
    return true;
  }
  /// A fixed-size little-endian value.
  template <class T>
  bool fixed(T& out) {
    if (remaining() < sizeof(T)) [[unlikely]]
      return fail_end();
    std::memcpy(&out, pc_, sizeof(T));
    pc_ += sizeof(T);
    return true;
  }
  bool bytes(uint64_t size, std::span<const uint8_t>& out) {
    if (remaining() < size) [[unlikely]]
      return fail_end();
    out = {pc_, static_cast<size_t>(size)};
    pc_ += size;
    return true;
  }
  /// vec(byte) that must be UTF-8.
  bool name(std::string_view& out);

  bool has_error() const { return error_.has_value(); }
  /// Only if has_error().
  const Error& error() const { return *error_; }
  Error take_error() { return std::move(*error_); }

  /// Remembers the error if it is the first, and returns false.
  [[gnu::cold, gnu::noinline]] bool fail(ErrorCode code, std::string_view message, uint64_t offset);
  [[gnu::cold, gnu::noinline]] bool fail(Error error);
  [[gnu::cold, gnu::noinline]] bool fail_malformed(std::string_view message);
  [[gnu::cold, gnu::noinline]] bool fail_end();

 protected:
  uint64_t offset_of(const uint8_t* p) const { return origin_ + static_cast<uint64_t>(p - begin_); }
  /// Starts over on other bytes.
  void reset(std::span<const uint8_t> bytes, uint64_t origin) {
    begin_ = pc_ = bytes.data();
    end_ = begin_ + bytes.size();
    origin_ = origin;
    error_.reset();
  }

  const uint8_t* begin_;
  const uint8_t* pc_;
  const uint8_t* end_;

 private:
  static constexpr int32_t sign_extend_7(uint8_t byte) { return static_cast<int32_t>(uint32_t{byte} << 25) >> 25; }
  template <class T, unsigned kBits>
  bool leb128(T& out);
  [[gnu::noinline]] bool u32_long(uint32_t& out);
  [[gnu::noinline]] bool u64_long(uint64_t& out);
  [[gnu::noinline]] bool s32_long(int32_t& out);
  [[gnu::noinline]] bool s64_long(int64_t& out);
  [[gnu::noinline]] bool s33_long(int64_t& out);

  uint64_t origin_;
  std::optional<Error> error_;
};

}  // namespace wherry::base
