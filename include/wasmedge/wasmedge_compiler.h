/* Ahead-of-time compilation. Code is compiled and cached without it, too. */
#ifndef WHERRY_WASMEDGE_WASMEDGE_COMPILER_H
#define WHERRY_WASMEDGE_WASMEDGE_COMPILER_H

#include "wasmedge/wasmedge_basic.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The compiler. */
WASMEDGE_CAPI_EXPORT WasmEdge_CompilerContext* WasmEdge_CompilerCreate(const WasmEdge_ConfigureContext* ConfCxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_CompilerCompile(WasmEdge_CompilerContext* Cxt, const char* InPath,
                                                              const char* OutPath) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_CompilerCompileFromBytes(WasmEdge_CompilerContext* Cxt,
                                                                       WasmEdge_Bytes Bytes,
                                                                       const char* OutPath) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_CompilerDelete(WasmEdge_CompilerContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* As LoaderParseFromBytes. */
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_LoaderParseFromBuffer(WasmEdge_LoaderContext* Cxt,
                                                                    WasmEdge_ASTModuleContext** Module,
                                                                    const uint8_t* Buf,
                                                                    uint32_t BufLen) WASMEDGE_CAPI_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
