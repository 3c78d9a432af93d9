// Modules as bytes, for tests: sections and bodies put together by hand.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "wasm/module.h"

namespace wherry::wasm {

using ByteList = std::vector<uint8_t>;

inline void append(ByteList& to, const ByteList& from) { to.insert(to.end(), from.begin(), from.end()); }

inline ByteList leb(uint64_t value) {
  ByteList out;
  do {
    out.push_back(static_cast<uint8_t>((value & 0x7F) | (value > 0x7F ? 0x80 : 0)));
    value >>= 7;
  } while (value != 0);
  return out;
}

inline ByteList sized(const ByteList& contents) {
  ByteList out = leb(contents.size());
  append(out, contents);
  return out;
}

inline ByteList cat(std::initializer_list<ByteList> parts) {
  ByteList out;
  for (const ByteList& part : parts) append(out, part);
  return out;
}

inline ByteList section(uint8_t id, const ByteList& contents) { return cat({{id}, sized(contents)}); }

inline ByteList module_of(std::initializer_list<ByteList> sections) {
  ByteList out = {0, 'a', 's', 'm', 1, 0, 0, 0};
  for (const ByteList& s : sections) append(out, s);
  return out;
}

/// A module with one function of the given type ("params", "results" as type codes) and body (locals and code).
/// It has a memory of one page, a mutable i32 global, and a table of funcref.
inline ByteList with_function(const ByteList& params, const ByteList& results, const ByteList& body) {
  return module_of({section(1, cat({{1, 0x60}, sized(params), sized(results)})), section(3, {1, 0}),
                    section(4, {1, 0x70, 0, 1}), section(5, {1, 0, 1}), section(6, {1, 0x7F, 1, 0x41, 0, 0x0B}),
                    section(10, cat({{1}, sized(body)}))});
}

/// A body without locals: code, and its `end`.
inline ByteList code(const ByteList& ops) { return cat({{0}, ops, {0x0B}}); }

/// Reads and validates. The error, or an empty message.
inline Error check(const ByteList& bytes, const Features& features = Features::all()) {
  TypeRegistry types;
  auto module = read_module(bytes, features, types);
  if (!module) return module.error();
  const auto valid =
      validate_functions(**module, (*module)->imported_functions, static_cast<uint32_t>((*module)->functions.size()));
  return valid ? Error(ErrorCode::kInvalid, "") : valid.error();
}

inline bool starts_with(const Error& error, std::string_view text) { return error.message.starts_with(text); }

}  // namespace wherry::wasm

/// The module is rejected, with a message that starts so.
#define EXPECT_REJECTED(expected_code, expected_text, ...)                                     \
  do {                                                                                         \
    const ::wherry::Error error = ::wherry::wasm::check(__VA_ARGS__);                          \
    EXPECT_TRUE(::wherry::wasm::starts_with(error, expected_text)) << error.message;           \
    EXPECT_EQ(static_cast<int>(error.code), static_cast<int>(expected_code)) << error.message; \
  } while (0)
#define EXPECT_ACCEPTED(...) EXPECT_EQ(::wherry::wasm::check(__VA_ARGS__).message, "")
