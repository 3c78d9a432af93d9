#include "base/byte_reader.h"

#include <type_traits>

#include "base/utf8.h"

namespace wherry::base {

template <class T, unsigned kBits>
bool ByteReader::leb128(T& out) {
  using U = std::make_unsigned_t<T>;
  constexpr unsigned kMaxBytes = (kBits + 6) / 7;
  constexpr unsigned kLastBits = kBits - 7 * (kMaxBytes - 1);  // bits of the last byte that count
  U value = 0;
  for (unsigned i = 0;; ++i) {
    if (pc_ == end_) return fail_end();
    const uint8_t byte = *pc_++;
    value |= static_cast<U>(U{static_cast<U>(byte & 0x7F)} << (7 * i));
    if (i + 1 == kMaxBytes) {
      if (byte & 0x80) return fail(ErrorCode::kMalformed, "integer representation too long", offset() - 1);
      // The bits beyond kBits must be zero, or copies of the sign.
      const uint8_t rest = static_cast<uint8_t>(byte >> (std::is_signed_v<T> ? kLastBits - 1 : kLastBits));
      const uint8_t ones = static_cast<uint8_t>(0x7F >> (kLastBits - 1));
      if (rest != 0 && !(std::is_signed_v<T> && rest == ones)) {
        return fail(ErrorCode::kMalformed, "integer too large", offset() - 1);
      }
    }
    if (!(byte & 0x80)) {
      if constexpr (std::is_signed_v<T>) {
        const unsigned used = 7 * (i + 1);
        if (used < 8 * sizeof(T) && (byte & 0x40)) value |= ~U{0} << used;
      }
      out = static_cast<T>(value);
      return true;
    }
  }
}

bool ByteReader::u32_long(uint32_t& out) { return leb128<uint32_t, 32>(out); }
bool ByteReader::u64_long(uint64_t& out) { return leb128<uint64_t, 64>(out); }
bool ByteReader::s32_long(int32_t& out) { return leb128<int32_t, 32>(out); }
bool ByteReader::s64_long(int64_t& out) { return leb128<int64_t, 64>(out); }
bool ByteReader::s33_long(int64_t& out) { return leb128<int64_t, 33>(out); }

bool ByteReader::name(std::string_view& out) {
  uint32_t size = 0;
  std::span<const uint8_t> span;
  if (!u32(size)) return false;
  const uint64_t start = offset();
  if (!bytes(size, span)) return false;
  out = {reinterpret_cast<const char*>(span.data()), span.size()};
  if (!is_utf8(out)) return fail(ErrorCode::kMalformed, "malformed UTF-8 encoding", start);
  return true;
}

bool ByteReader::fail(ErrorCode code, std::string_view message, uint64_t offset) {
  if (!error_) error_.emplace(code, std::string(message), offset);
  return false;
}
bool ByteReader::fail(Error error) {
  if (!error_) error_ = std::move(error);
  return false;
}
bool ByteReader::fail_malformed(std::string_view message) { return fail(ErrorCode::kMalformed, message, offset()); }
bool ByteReader::fail_end() { return fail_malformed("unexpected end of section or function"); }

}  // namespace wherry::base
