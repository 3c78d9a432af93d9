#include "cli/values.h"

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <limits>

namespace wherry::cli {
namespace {

using U128 = unsigned __int128;

/// Digits in base 10, or 16 after 0x; nothing else. False if there are none, or the value is above `max`.
bool parse_unsigned(std::string_view text, U128 max, U128* value) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex) text.remove_prefix(2);
  const unsigned base = hex ? 16 : 10;
  if (text.empty()) return false;
  *value = 0;
  for (char c : text) {
    unsigned digit = 16;
    if (c >= '0' && c <= '9') digit = static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') digit = static_cast<unsigned>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') digit = static_cast<unsigned>(c - 'A') + 10;
    if (digit >= base || *value > (max - digit) / base) return false;
    *value = *value * base + digit;
  }
  return true;
}

/// An integer of `bits` bits: -2^(bits-1) to 2^bits - 1.
bool parse_integer(std::string_view text, unsigned bits, uint64_t* value) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const U128 limit = negative ? U128{1} << (bits - 1) : (U128{1} << bits) - 1;
  U128 magnitude = 0;
  if (!parse_unsigned(text, limit, &magnitude)) return false;
  *value = static_cast<uint64_t>(negative ? -magnitude : magnitude);
  return true;
}

template <class F>
bool parse_float(std::string_view text, F* value) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex) text.remove_prefix(2);
  if (text.empty() || text[0] == '-') return false;
  const auto format = hex ? std::chars_format::hex : std::chars_format::general;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value, format);
  if (end != text.data() + text.size()) return false;
  if (error == std::errc::result_out_of_range) return false;
  if (error != std::errc{}) return false;
  if (negative) *value = -*value;
  return true;
}

template <class F>
std::string print_float(F value) {
  char buffer[64];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return {buffer, end};
}

}  // namespace

Value null_value(HeapType heap) {
  switch (heap.is_abstract() ? heap.abstract() : HeapType::kFunc) {
    case HeapType::kFunc:
    case HeapType::kNoFunc:
      return Value(Func());
    case HeapType::kExtern:
    case HeapType::kNoExtern:
      return Value(ExternRef());
    case HeapType::kExn:
    case HeapType::kNoExn:
      return Value(ExnRef());
    default:
      return Value(AnyRef());
  }
}

Result<Value> parse_value(std::string_view text, ValType type) {
  const auto no = [&](std::string_view what) {
    return fail(ErrorCode::kType, fmt::format("'{}' is not {}", text, what));
  };
  uint64_t bits = 0;
  switch (type.kind()) {
    case ValType::kI32:
      if (!parse_integer(text, 32, &bits)) return no("an i32");
      return Value(static_cast<uint32_t>(bits));
    case ValType::kI64:
      if (!parse_integer(text, 64, &bits)) return no("an i64");
      return Value(bits);
    case ValType::kF32: {
      float value = 0;
      if (!parse_float(text, &value)) return no("an f32");
      return Value(value);
    }
    case ValType::kF64: {
      double value = 0;
      if (!parse_float(text, &value)) return no("an f64");
      return Value(value);
    }
    case ValType::kV128: {
      U128 value = 0;
      if (!parse_unsigned(text, ~U128{0}, &value)) return no("a v128");
      return Value(V128::from_halves(static_cast<uint64_t>(value), static_cast<uint64_t>(value >> 64)));
    }
    default:
      if (!type.is_ref() || !type.is_nullable() || text != "null") return no("a value that can be given here");
      return null_value(type.heap());
  }
}

std::string print_value(const Value& value) {
  switch (value.type().kind()) {
    case ValType::kI32:
      return fmt::format("{}", value.i32());
    case ValType::kI64:
      return fmt::format("{}", value.i64());
    case ValType::kF32:
      return print_float(value.f32());
    case ValType::kF64:
      return print_float(value.f64());
    case ValType::kV128:
      return fmt::format("{:#018x}{:016x}", value.v128().high(), value.v128().low());
    default:
      return value.is_null() ? "null" : value.to_string();
  }
}

}  // namespace wherry::cli
