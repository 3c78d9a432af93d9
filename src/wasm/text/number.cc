#include "wasm/text/number.h"

#include <bit>
#include <cassert>
#include <charconv>
#include <cstring>
#include <system_error>

namespace wherry::wasm::text {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_digit(char c, bool hex) { return hex ? hex_digit(c) >= 0 : c >= '0' && c <= '9'; }

bool take_sign(std::string_view& s) {
  if (s.empty() || (s[0] != '+' && s[0] != '-')) return false;
  const bool negative = s[0] == '-';
  s.remove_prefix(1);
  return negative;
}

bool take_hex_prefix(std::string_view& s) {
  if (!s.starts_with("0x")) return false;
  s.remove_prefix(2);
  return true;
}

/// Removes digits with single underscores between them; false if there is none.
bool take_digits(std::string_view& s, bool hex) {
  size_t i = 0;
  while (i < s.size() && is_digit(s[i], hex)) {
    ++i;
    if (i + 1 < s.size() && s[i] == '_' && is_digit(s[i + 1], hex)) ++i;
  }
  s.remove_prefix(i);
  return i > 0;
}

/// The parts of IEEE 754 formats that conversion needs.
template <class Bits>
struct Format;
template <>
struct Format<uint32_t> {
  using Float = float;
  static constexpr int kMantissa = 23, kMinExponent = -126, kMaxExponent = 127;
};
template <>
struct Format<uint64_t> {
  using Float = double;
  static constexpr int kMantissa = 52, kMinExponent = -1022, kMaxExponent = 1023;
};

template <class Bits>
constexpr Bits kInfinity = Bits(2 * Format<Bits>::kMaxExponent + 1) << Format<Bits>::kMantissa;
template <class Bits>
constexpr Bits kSign = Bits(1) << (sizeof(Bits) * 8 - 1);

/// An exponent's digits, saturating far beyond what any mantissa that fits in memory could make up for.
int64_t parse_exponent(std::string_view s) {
  constexpr int64_t kHuge = int64_t{1} << 50;
  const bool negative = take_sign(s);
  int64_t value = 0;
  for (char c : s) {
    if (c != '_' && value < kHuge) value = value * 10 + (c - '0');
  }
  return negative ? -value : value;
}

/// `s`: hexadecimal digits with an optional point and p exponent.
template <class Bits>
std::optional<Bits> parse_hex_float(std::string_view s) {
  using F = Format<Bits>;
  uint64_t mantissa = 0;
  bool sticky = false, after_point = false;
  int64_t exponent = 0;
  size_t i = 0;
  for (; i < s.size() && s[i] != 'p' && s[i] != 'P'; ++i) {
    if (s[i] == '_') continue;
    if (s[i] == '.') {
      after_point = true;
      continue;
    }
    const auto digit = static_cast<uint64_t>(hex_digit(s[i]));
    if (mantissa >> 60 == 0) {
      mantissa = mantissa << 4 | digit;
      if (after_point) exponent -= 4;
    } else {
      sticky |= digit != 0;
      if (!after_point) exponent += 4;
    }
  }
  if (i < s.size()) exponent += parse_exponent(s.substr(i + 1));
  if (mantissa == 0) return Bits(0);

  const int shift = std::countl_zero(mantissa);
  mantissa <<= shift;
  int64_t e = exponent - shift + 63;  // the value is 1.xxx * 2^e
  if (e > F::kMaxExponent) return std::nullopt;
  const int64_t precision = e >= F::kMinExponent ? F::kMantissa + 1 : F::kMantissa + 1 - (F::kMinExponent - e);
  if (precision < 0) return Bits(0);  // less than half the least subnormal
  const int dropped = static_cast<int>(64 - precision);
  uint64_t kept = dropped == 64 ? 0 : mantissa >> dropped;
  const uint64_t rest = dropped == 64 ? mantissa : mantissa << (64 - dropped);
  constexpr uint64_t kHalf = uint64_t{1} << 63;
  if (rest > kHalf || (rest == kHalf && (sticky || (kept & 1) != 0))) ++kept;
  // A carry out of the mantissa runs into the exponent, as it should.
  Bits bits = static_cast<Bits>(kept);
  if (e >= F::kMinExponent) bits += static_cast<Bits>(e - F::kMinExponent) << F::kMantissa;
  if (bits >= kInfinity<Bits>) return std::nullopt;
  return bits;
}

/// The power of ten of the first digit that is not zero: tells overflow from underflow.
bool is_large_decimal(std::string_view s) {
  int64_t digits_before_point = 0, zeros_after_point = 0;
  bool after_point = false, seen = false;
  size_t i = 0;
  for (; i < s.size() && s[i] != 'e' && s[i] != 'E'; ++i) {
    if (s[i] == '.') {
      after_point = true;
    } else if (seen || s[i] != '0') {
      seen = true;
      if (!after_point) ++digits_before_point;
    } else if (after_point) {
      ++zeros_after_point;
    }
  }
  const int64_t exponent = i < s.size() ? parse_exponent(s.substr(i + 1)) : 0;
  return digits_before_point - zeros_after_point + exponent > 0;
}

template <class Bits>
std::optional<Bits> parse_decimal_float(std::string_view s) {
  std::string without;
  if (s.find('_') != std::string_view::npos) {
    for (char c : s) {
      if (c != '_') without += c;
    }
    s = without;
  }
  typename Format<Bits>::Float value{};
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
  if (error == std::errc::result_out_of_range) {
    if (is_large_decimal(s)) return std::nullopt;
    return Bits(0);
  }
  assert(error == std::errc{} && end == s.data() + s.size());
  const Bits bits = std::bit_cast<Bits>(value);
  if (bits >= kInfinity<Bits>) return std::nullopt;
  return bits;
}

template <class Bits>
std::optional<Bits> parse_float(std::string_view s) {
  using F = Format<Bits>;
  const Bits sign = take_sign(s) ? kSign<Bits> : 0;
  if (s == "inf") return sign | kInfinity<Bits>;
  if (s == "nan") return sign | kInfinity<Bits> | Bits(1) << (F::kMantissa - 1);
  if (s.starts_with("nan:")) {
    const std::optional<uint64_t> payload = parse_natural(s.substr(4), (uint64_t{1} << F::kMantissa) - 1);
    if (!payload || *payload == 0) return std::nullopt;
    return sign | kInfinity<Bits> | static_cast<Bits>(*payload);
  }
  const std::optional<Bits> magnitude = take_hex_prefix(s) ? parse_hex_float<Bits>(s) : parse_decimal_float<Bits>(s);
  if (!magnitude) return std::nullopt;
  return sign | *magnitude;
}

template <class Bits>
void append_float(Bits bits, std::string& out) {
  using F = Format<Bits>;
  if ((bits & kSign<Bits>) != 0) out += '-';
  bits &= ~kSign<Bits>;
  char buffer[40];
  if (bits < kInfinity<Bits>) {
    const auto value = std::bit_cast<typename F::Float>(bits);
    const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
    out.append(buffer, end);
    return;
  }
  if (bits == kInfinity<Bits>) {
    out += "inf";
    return;
  }
  out += "nan";
  const Bits payload = bits & ~kInfinity<Bits>;
  if (payload == Bits(1) << (F::kMantissa - 1)) return;
  out += ":0x";
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), payload, 16).ptr;
  out.append(buffer, end);
}

}  // namespace

NumberShape number_shape(std::string_view s) {
  take_sign(s);
  if (s == "inf" || s == "nan") return NumberShape::kFloat;
  if (s.starts_with("nan:0x")) {
    s.remove_prefix(6);
    return take_digits(s, true) && s.empty() ? NumberShape::kFloat : NumberShape::kNone;
  }
  const bool hex = take_hex_prefix(s);
  if (!take_digits(s, hex)) return NumberShape::kNone;
  if (s.empty()) return NumberShape::kInteger;
  if (s[0] == '.') {
    s.remove_prefix(1);
    take_digits(s, hex);
  }
  if (!s.empty() && (s[0] == (hex ? 'p' : 'e') || s[0] == (hex ? 'P' : 'E'))) {
    s.remove_prefix(1);
    take_sign(s);
    if (!take_digits(s, false)) return NumberShape::kNone;
  }
  return s.empty() ? NumberShape::kFloat : NumberShape::kNone;
}

std::optional<uint64_t> parse_natural(std::string_view s, uint64_t max) {
  const uint64_t base = take_hex_prefix(s) ? 16 : 10;
  uint64_t value = 0;
  for (char c : s) {
    if (c == '_') continue;
    const int digit = hex_digit(c);
    if (digit < 0) return std::nullopt;  // a sign
    if (__builtin_mul_overflow(value, base, &value)) return std::nullopt;
    if (__builtin_add_overflow(value, static_cast<uint64_t>(digit), &value)) return std::nullopt;
  }
  if (value > max) return std::nullopt;
  return value;
}

std::optional<uint64_t> parse_integer(std::string_view s, unsigned bits) {
  const uint64_t mask = ~uint64_t{0} >> (64 - bits);
  const bool negative = take_sign(s);
  const std::optional<uint64_t> magnitude = parse_natural(s, negative ? (mask >> 1) + 1 : mask);
  if (!magnitude) return std::nullopt;
  return (negative ? 0 - *magnitude : *magnitude) & mask;
}

std::optional<uint32_t> parse_f32(std::string_view s) { return parse_float<uint32_t>(s); }
std::optional<uint64_t> parse_f64(std::string_view s) { return parse_float<uint64_t>(s); }
void append_f32(uint32_t bits, std::string& out) { append_float(bits, out); }
void append_f64(uint64_t bits, std::string& out) { append_float(bits, out); }

}  // namespace wherry::wasm::text
