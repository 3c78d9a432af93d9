/* The commands, as functions: each returns the exit code. */
#ifndef WHERRY_WASMEDGE_WASMEDGE_TOOLS_H
#define WHERRY_WASMEDGE_WASMEDGE_TOOLS_H

#include "wasmedge/wasmedge_basic.h"

#ifdef __cplusplus
extern "C" {
#endif

WASMEDGE_CAPI_EXPORT int WasmEdge_Driver_Compiler(int Argc, const char* Argv[]) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT int WasmEdge_Driver_Tool(int Argc, const char* Argv[]) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT int WasmEdge_Driver_WasiNNRPCServer(int Argc, const char* Argv[]) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT int WasmEdge_Driver_UniTool(int Argc, const char* Argv[]) WASMEDGE_CAPI_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
