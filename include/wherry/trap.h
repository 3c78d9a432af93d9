// Traps: how running WebAssembly ends early. A trap is data (a kind and a backtrace), never a C++ exception.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "wherry/ref.h"

namespace wherry::wasm {
struct Module;
}

namespace [[gnu::visibility("default")]] wherry {

enum class TrapKind : uint8_t {
#define WHERRY_TRAP(id, message) id,
#include "wherry/trap.inc"
#undef WHERRY_TRAP
};

inline constexpr std::string_view kTrapMessages[] = {
#define WHERRY_TRAP(id, message) message,
#include "wherry/trap.inc"
#undef WHERRY_TRAP
};

constexpr std::string_view message(TrapKind kind) { return kTrapMessages[static_cast<unsigned>(kind)]; }

/// One WebAssembly frame of a backtrace.
struct BacktraceFrame {
  std::string module_name;     ///< From the name section, or empty.
  std::string function_name;   ///< From the name section, or an export, or empty.
  uint32_t function_index;     ///< In the module's function index space.
  uint64_t offset;             ///< Byte offset of the instruction in the module's binary.
  uint64_t function_offset;    ///< The same, in the function's body.
  const wasm::Module* module;  ///< For Wherry's own rooms: tells modules apart.
};

/// A trap as the embedder sees it. A value, but for `exception`, which keeps an object of the store alive.
struct Trap {
  static constexpr size_t kMaxBacktraceFrames = 64;

  TrapKind kind = TrapKind::kNone;
  /// For kExit: the exit code the guest asked for.
  uint32_t exit_code = 0;
  /// The kind's message, with detail where there is some ("host function failed: disk full").
  std::string message;
  /// Innermost frame first; at most kMaxBacktraceFrames.
  std::vector<BacktraceFrame> backtrace;
  /// For kUncaughtException: what was thrown.
  ExnRef exception;

  /// What a host function returns to fail: the guest ends with kHostError and `why` in the message.
  static Trap host_error(std::string_view why);
  /// What a host function returns to end the guest with an exit code.
  static Trap exit(uint32_t code);

  /// "trap: out of bounds memory access\n  0: $name (module+0x1a2)\n"
  std::string to_string() const;
};

template <class T = void>
using CallResult = std::expected<T, Trap>;

}  // namespace wherry
