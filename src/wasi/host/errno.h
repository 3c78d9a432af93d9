// Errors of the host layer: what every WASI preview reports to its guest in its own words.
#pragma once

#include <cerrno>
#include <cstdint>
#include <expected>

#include "wherry/result.h"

namespace wherry::wasi::host {

enum class Errno : uint16_t {
  kSuccess = 0,
#define WHERRY_WASI_ERRNO(id, number, posix) id = number,
#include "wasi/host/errno.inc"
#undef WHERRY_WASI_ERRNO
  kNotcapable = 76,  ///< No right to do this: the path leaves its directory, or the descriptor lacks a WASI right.
  // What getaddrinfo(3) reports (EAI_...), numbered as in WasmEdge's socket extension.
  kAiAddrfamily,
  kAiAgain,
  kAiBadflag,
  kAiFail,
  kAiFamily,
  kAiMemory,
  kAiNodata,
  kAiNoname,
  kAiService,
  kAiSocktype,
  kAiSystem,
};

template <class T = void>
using HostResult = std::expected<T, Errno>;

inline std::unexpected<Errno> error(Errno code) { return std::unexpected(code); }

/// The Errno of the host's `errno` value; kIo for one that WASI has no name for.
Errno errno_from_host(int code);
/// As above, of the current `errno`.
inline std::unexpected<Errno> host_error() { return error(errno_from_host(errno)); }

}  // namespace wherry::wasi::host
