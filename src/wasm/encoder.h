// Writing the binary format: bytes, LEB128 integers, vectors and sections. What is written comes from code that knows
// what it wants; nothing here can fail.
// Spec: https://webassembly.github.io/spec/core/binary/index.html
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "wasm/binary_format.h"
#include "wherry/v128.h"

namespace wherry::wasm {

/// A growing run of encoded bytes. Value type.
class Encoder {
 public:
  void byte(uint8_t b) { bytes_.push_back(b); }
  void bytes(std::span<const uint8_t> b) { bytes_.insert(bytes_.end(), b.begin(), b.end()); }

  void u32(uint32_t value) { u64(value); }
  void u64(uint64_t value) {
    while (value >= 0x80) {
      byte(static_cast<uint8_t>(value | 0x80));
      value >>= 7;
    }
    byte(static_cast<uint8_t>(value));
  }
  void s32(int32_t value) { s64(value); }
  /// Also s33: block types and heap types.
  void s64(int64_t value) {
    while (value >= 0x40 || value < -0x40) {
      byte(static_cast<uint8_t>(value | 0x80));
      value >>= 7;
    }
    byte(static_cast<uint8_t>(value & 0x7F));
  }
  /// Little-endian, of fixed size: floats as bits.
  template <class T>
  void fixed(T value) {
    uint8_t raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    bytes(raw);
  }
  void v128(const V128& value) { bytes(value.bytes); }
  /// vec(byte).
  void sized(std::span<const uint8_t> b) {
    u64(b.size());
    bytes(b);
  }
  void name(std::string_view s) { sized({reinterpret_cast<const uint8_t*>(s.data()), s.size()}); }

  /// An opcode as the op table writes it: one byte, or a prefix and a LEB128 number.
  void opcode(uint32_t code) {
    if (code > 0xFF) {
      byte(static_cast<uint8_t>(code >> 16));
      u32(code & 0xFFFF);
    } else {
      byte(static_cast<uint8_t>(code));
    }
  }

  size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  std::span<const uint8_t> view() const { return bytes_; }
  std::span<const uint8_t> view_from(size_t start) const { return std::span(bytes_).subspan(start); }
  void truncate(size_t size) { bytes_.resize(size); }
  void clear() { bytes_.clear(); }
  std::vector<uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

/// A section whose content is a vector, under construction: the count is not known before the end.
struct VectorSection {
  Encoder items;
  uint32_t count = 0;

  /// Says that one more item follows.
  Encoder& add() {
    ++count;
    return items;
  }
};

void append_section(Encoder& module, SectionId id, std::span<const uint8_t> content);
/// Nothing, if there are no items.
void append_section(Encoder& module, SectionId id, const VectorSection& section);
void append_custom_section(Encoder& module, std::string_view name, std::span<const uint8_t> content);

}  // namespace wherry::wasm
