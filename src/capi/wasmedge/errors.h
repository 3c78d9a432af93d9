// Results: WasmEdge's error codes for Wherry's errors and traps.
#pragma once

#include <cstdint>

#include "wasmedge/wasmedge.h"
#include "wherry/result.h"
#include "wherry/trap.h"

namespace wherry::wasmedge {

constexpr WasmEdge_Result result(WasmEdge_ErrCode code) { return {static_cast<uint32_t>(code)}; }
constexpr WasmEdge_Result kSuccess = result(WasmEdge_ErrCode_Success);
/// A context that should be there is not, or a step comes out of turn.
constexpr WasmEdge_Result kWrongWorkflow = result(WasmEdge_ErrCode_WrongVMWorkflow);

/// The code whose message the error's begins with, within the codes of the error's phase.
WasmEdge_Result to_result(const Error& error);
WasmEdge_Result to_result(TrapKind kind);

/// The same, after telling the log: "loading failed: unexpected end, Code: 0x102".
WasmEdge_Result report(const Error& error);
WasmEdge_Result report(WasmEdge_Result result);

/// A C result as this file's functions return it.
inline bool ok(WasmEdge_Result result) { return result.Code == 0; }

}  // namespace wherry::wasmedge
