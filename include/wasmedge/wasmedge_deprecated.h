/* Functions with newer equivalents, for programs that still call them. */
#ifndef WHERRY_WASMEDGE_WASMEDGE_DEPRECATED_H
#define WHERRY_WASMEDGE_WASMEDGE_DEPRECATED_H

#include "wasmedge/wasmedge_basic.h"
#include "wasmedge/wasmedge_value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Take Bytes apart; VMDeleteRegisteredModule. */
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_CompilerCompileFromBuffer(WasmEdge_CompilerContext* Cxt,
                                                                        const uint8_t* InBuffer, uint64_t InBufferLen,
                                                                        const char* OutPath) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_VMRegisterModuleFromBuffer(WasmEdge_VMContext* Cxt,
                                                                         WasmEdge_String ModuleName, const uint8_t* Buf,
                                                                         uint32_t BufLen) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_VMRunWasmFromBuffer(WasmEdge_VMContext* Cxt, const uint8_t* Buf,
                                                                  uint32_t BufLen, WasmEdge_String FuncName,
                                                                  const WasmEdge_Value* Params, uint32_t ParamLen,
                                                                  WasmEdge_Value* Returns,
                                                                  uint32_t ReturnLen) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Async* WasmEdge_VMAsyncRunWasmFromBuffer(WasmEdge_VMContext* Cxt, const uint8_t* Buf,
                                                                       uint32_t BufLen, WasmEdge_String FuncName,
                                                                       const WasmEdge_Value* Params,
                                                                       uint32_t ParamLen) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_VMLoadWasmFromBuffer(WasmEdge_VMContext* Cxt, const uint8_t* Buf,
                                                                   uint32_t BufLen) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_VMForceDeleteRegisteredModule(const WasmEdge_VMContext* Cxt,
                                                                 WasmEdge_String ModuleName) WASMEDGE_CAPI_NOEXCEPT;

/* As run mode Interpreter. */
WASMEDGE_CAPI_EXPORT void WasmEdge_ConfigureSetForceInterpreter(WasmEdge_ConfigureContext* Cxt,
                                                                bool IsForceInterpreter) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ConfigureIsForceInterpreter(const WasmEdge_ConfigureContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;

/* Does nothing: there is no such plugin. */
WASMEDGE_CAPI_EXPORT void WasmEdge_ModuleInstanceInitWasmEdgeProcess(const char* const* AllowedCmds, uint32_t CmdsLen,
                                                                     bool AllowAll) WASMEDGE_CAPI_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
