// What the commands say to a person, and the files they read and write.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wherry/result.h"
#include "wherry/trap.h"

namespace wherry::cli {

/// "wherry: <message>" on stderr.
void complain(std::string_view message);

/// "wherry: PATH: message at offset 0x1a" for binaries; "wherry: PATH:LINE:COLUMN: message" where `text` is given and
/// the error has an offset in it. Returns kExitError.
int report(std::string_view path, const Error& error, std::string_view text = {});

/// The trap's message and backtrace. Returns kExitTrap.
int report(const Trap& trap);

/// A whole file; "-" is standard input. Fails with kIo and the system's reason.
Result<std::string> read_file(const std::string& path);

/// Writes through a temporary file beside `path` and a rename, so that `path` is either the whole new content or what
/// it was before. "-" is standard output. Fails with kIo; leaves nothing behind.
Result<> write_file(const std::string& path, std::span<const uint8_t> bytes);

/// "64k", "1.5 MiB", "2G" (powers of 1024) as bytes; throws UsageError naming `option`.
uint64_t parse_bytes(std::string_view option, std::string_view text);

/// "500ms", "2s", "1m", a bare number is seconds; as nanoseconds; throws UsageError naming `option`.
uint64_t parse_duration(std::string_view option, std::string_view text);

}  // namespace wherry::cli
