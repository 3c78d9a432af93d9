/* Loading, validating, instantiating, calling, step by step. */
#ifndef WHERRY_WASMEDGE_WASMEDGE_EXECUTION_H
#define WHERRY_WASMEDGE_WASMEDGE_EXECUTION_H

#include "wasmedge/wasmedge_basic.h"
#include "wasmedge/wasmedge_value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Loaders. The caller owns *Module, and the bytes of *Buf (BytesDelete). */
WASMEDGE_CAPI_EXPORT WasmEdge_LoaderContext* WasmEdge_LoaderCreate(const WasmEdge_ConfigureContext* ConfCxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_LoaderParseFromFile(WasmEdge_LoaderContext* Cxt,
                                                                  WasmEdge_ASTModuleContext** Module,
                                                                  const char* Path) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_LoaderParseFromBytes(WasmEdge_LoaderContext* Cxt,
                                                                   WasmEdge_ASTModuleContext** Module,
                                                                   WasmEdge_Bytes Bytes) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_LoaderSerializeASTModule(WasmEdge_LoaderContext* Cxt,
                                                                       const WasmEdge_ASTModuleContext* ASTCxt,
                                                                       WasmEdge_Bytes* Buf) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_LoaderDelete(WasmEdge_LoaderContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* Validators. A module must be validated before it is instantiated. */
WASMEDGE_CAPI_EXPORT WasmEdge_ValidatorContext* WasmEdge_ValidatorCreate(const WasmEdge_ConfigureContext* ConfCxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_ValidatorValidate(
    WasmEdge_ValidatorContext* Cxt, const WasmEdge_ASTModuleContext* ASTCxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_ValidatorDelete(WasmEdge_ValidatorContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* Executors. The caller owns *ModuleCxt. Statistics are borrowed, and outlive the executor. RegisterImport does not
 * take the module instance over: whichever is deleted first leaves the other. */
WASMEDGE_CAPI_EXPORT WasmEdge_ExecutorContext* WasmEdge_ExecutorCreate(
    const WasmEdge_ConfigureContext* ConfCxt, WasmEdge_StatisticsContext* StatCxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_ExecutorInstantiate(
    WasmEdge_ExecutorContext* Cxt, WasmEdge_ModuleInstanceContext** ModuleCxt, WasmEdge_StoreContext* StoreCxt,
    const WasmEdge_ASTModuleContext* ASTCxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_ExecutorRegister(WasmEdge_ExecutorContext* Cxt,
                                                               WasmEdge_ModuleInstanceContext** ModuleCxt,
                                                               WasmEdge_StoreContext* StoreCxt,
                                                               const WasmEdge_ASTModuleContext* ASTCxt,
                                                               WasmEdge_String ModuleName) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result
WasmEdge_ExecutorRegisterImport(WasmEdge_ExecutorContext* Cxt, WasmEdge_StoreContext* StoreCxt,
                                const WasmEdge_ModuleInstanceContext* ImportCxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_ExecutorRegisterImportWithAlias(
    WasmEdge_ExecutorContext* Cxt, WasmEdge_StoreContext* StoreCxt, const WasmEdge_ModuleInstanceContext* ImportCxt,
    WasmEdge_String ModuleName) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_ExecutorInvoke(WasmEdge_ExecutorContext* Cxt,
                                                             const WasmEdge_FunctionInstanceContext* FuncCxt,
                                                             const WasmEdge_Value* Params, uint32_t ParamLen,
                                                             WasmEdge_Value* Returns,
                                                             uint32_t ReturnLen) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Async* WasmEdge_ExecutorAsyncInvoke(WasmEdge_ExecutorContext* Cxt,
                                                                  const WasmEdge_FunctionInstanceContext* FuncCxt,
                                                                  const WasmEdge_Value* Params,
                                                                  uint32_t ParamLen) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_ExecutorDelete(WasmEdge_ExecutorContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* A store: a list of named module instances. */
WASMEDGE_CAPI_EXPORT WasmEdge_StoreContext* WasmEdge_StoreCreate(void) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_ModuleInstanceContext* WasmEdge_StoreFindModule(
    const WasmEdge_StoreContext* Cxt, WasmEdge_String Name) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_StoreListModuleLength(const WasmEdge_StoreContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_StoreListModule(const WasmEdge_StoreContext* Cxt, WasmEdge_String* Names,
                                                       uint32_t Len) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_StoreDelete(WasmEdge_StoreContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* Who called a host function; only during the call. NULL: not called by WebAssembly, or no such memory. */
WASMEDGE_CAPI_EXPORT WasmEdge_ExecutorContext* WasmEdge_CallingFrameGetExecutor(const WasmEdge_CallingFrameContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_ModuleInstanceContext* WasmEdge_CallingFrameGetModuleInstance(
    const WasmEdge_CallingFrameContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_MemoryInstanceContext* WasmEdge_CallingFrameGetMemoryInstance(
    const WasmEdge_CallingFrameContext* Cxt, uint32_t Idx) WASMEDGE_CAPI_NOEXCEPT;

/* A call on a thread of its own. Get waits. Delete waits too: cancel first what may not end. */
WASMEDGE_CAPI_EXPORT void WasmEdge_AsyncWait(const WasmEdge_Async* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_AsyncWaitFor(const WasmEdge_Async* Cxt,
                                                uint64_t Milliseconds) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_AsyncCancel(WasmEdge_Async* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_AsyncGetReturnsLength(const WasmEdge_Async* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_AsyncGet(const WasmEdge_Async* Cxt, WasmEdge_Value* Returns,
                                                       uint32_t ReturnLen) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_AsyncDelete(WasmEdge_Async* Cxt) WASMEDGE_CAPI_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
