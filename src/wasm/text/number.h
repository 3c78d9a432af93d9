// Literals of the text format: their grammar, their values, and back. All without locale and without allocation
// (but for decimal fractions that have underscores).
// Spec: https://webassembly.github.io/spec/core/text/values.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wherry::wasm::text {

enum class NumberShape : uint8_t { kNone, kInteger, kFloat };

/// What the literal looks like, by the grammar; its value may still be out of range.
NumberShape number_shape(std::string_view s);

/// An integer literal without sign, if it is at most `max`. `s` must have the shape kInteger.
std::optional<uint64_t> parse_natural(std::string_view s, uint64_t max);

/// An integer literal that fits in `bits` (8, 16, 32, 64) as signed or unsigned, as its low `bits` bits. `s` must have
/// the shape kInteger.
std::optional<uint64_t> parse_integer(std::string_view s, unsigned bits);

/// The bits of an f32 or f64 literal, rounded to nearest, ties to even. Nothing if it is too large, or is a NaN whose
/// payload does not fit. `s` must have a number's shape.
std::optional<uint32_t> parse_f32(std::string_view s);
std::optional<uint64_t> parse_f64(std::string_view s);

/// Appends the shortest decimal literal that reads back as the same bits; inf, nan and nan:0x... likewise.
void append_f32(uint32_t bits, std::string& out);
void append_f64(uint64_t bits, std::string& out);

}  // namespace wherry::wasm::text
