// Errors as values: what loading, linking and configuration can go wrong with. Traps are not Errors (see trap.h).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <utility>

namespace [[gnu::visibility("default")]] wherry {

struct Trap;

/// The class of an error. The spec's words where the spec has one.
enum class ErrorCode : uint8_t {
  kMalformed,    ///< The bytes are not a module (spec: malformed).
  kInvalid,      ///< A module, but not a valid one (spec: invalid).
  kUnlinkable,   ///< An import is missing or of another type (spec: unlinkable).
  kSyntax,       ///< The text is not a module or script (spec: malformed, in the text format).
  kUnsupported,  ///< Valid only with a feature that is switched off, or not implemented here.
  kLimit,        ///< A limit of this implementation or of the configuration was reached.
  kNotFound,     ///< A name (an export, a file) does not exist.
  kType,         ///< A value or function of another type than the caller asked for.
  kIo,           ///< The operating system said no.
  kTrap,         ///< A trap while instantiating (start function, active segments); see `Error::trap`.
};

/// An error with its place and cause. Value type; holds no reference to what it is about.
struct Error {
  static constexpr uint64_t kNoOffset = ~uint64_t{0};

  ErrorCode code;
  /// Byte offset in the module or text, or kNoOffset.
  uint64_t offset = kNoOffset;
  /// One line, no trailing punctuation, starting with the spec's phrase where the spec suite has one.
  std::string message;
  /// kTrap: the trap itself, with its backtrace and exit code; else null.
  std::shared_ptr<const Trap> trap;

  Error(ErrorCode code, std::string message, uint64_t offset = kNoOffset)
      : code(code), offset(offset), message(std::move(message)) {}
};

template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message, uint64_t offset = Error::kNoOffset) {
  return std::unexpected<Error>(std::in_place, code, std::move(message), offset);
}

}  // namespace wherry

#define WHERRY_CONCAT_(a, b) a##b
#define WHERRY_CONCAT(a, b) WHERRY_CONCAT_(a, b)
#define WHERRY_TRY_(tmp, var, expr)                                     \
  auto tmp = (expr);                                                    \
  if (!tmp.has_value()) return std::unexpected(std::move(tmp.error())); \
  var = std::move(*tmp)
/// WHERRY_TRY(auto x, f()): declares x from f()'s value, or returns f()'s error from this function.
#define WHERRY_TRY(var, expr) WHERRY_TRY_(WHERRY_CONCAT(wherry_try_, __LINE__), var, expr)
/// WHERRY_CHECK(f()): returns f()'s error from this function, if there is one.
#define WHERRY_CHECK(expr) \
  if (auto wherry_check = (expr); !wherry_check.has_value()) return std::unexpected(std::move(wherry_check.error()))
