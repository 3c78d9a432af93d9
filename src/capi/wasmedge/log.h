// The log: what this library tells of errors, as WasmEdge's users expect it to.
#pragma once

#include <string_view>

#include "wasmedge/wasmedge.h"

namespace wherry::wasmedge {

/// To the callback, or the standard error: "[2026-01-01 00:00:00.000] [error] message".
void log(WasmEdge_LogLevel level, std::string_view message);

}  // namespace wherry::wasmedge
