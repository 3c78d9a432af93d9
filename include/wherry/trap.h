// Traps: how running WebAssembly ends early. A trap is data (a kind and a backtrace), never a C++ exception.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace wherry {

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
  std::string module_name;    ///< From the name section, or empty.
  std::string function_name;  ///< From the name section, or an export, or empty.
  uint32_t function_index;    ///< In the module's function index space.
  uint64_t offset;            ///< Byte offset of the instruction in the module's binary.
};

/// A trap as the embedder sees it. Value type.
struct Trap {
  TrapKind kind = TrapKind::kNone;
  /// For kExit: the exit code the guest asked for.
  uint32_t exit_code = 0;
  /// The kind's message, with detail where there is some ("host function failed: disk full").
  std::string message;
  /// Innermost frame first; at most kMaxBacktraceFrames.
  std::vector<BacktraceFrame> backtrace;

  static constexpr size_t kMaxBacktraceFrames = 64;
};

template <class T = void>
using CallResult = std::expected<T, Trap>;

}  // namespace wherry
