/* A VM: a loader, a validator, an executor and a store in one, with a module that is active. Those with Len write at
 * most Len entries and return how many there are; names and entries live as long as what was asked. */
#ifndef WHERRY_WASMEDGE_WASMEDGE_VM_H
#define WHERRY_WASMEDGE_WASMEDGE_VM_H

#include "wasmedge/wasmedge_basic.h"
#include "wasmedge/wasmedge_value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Both arguments may be NULL. A given store outlives the VM. */
WASMEDGE_CAPI_EXPORT WasmEdge_VMContext* WasmEdge_VMCreate(const WasmEdge_ConfigureContext* ConfCxt,
                                                           WasmEdge_StoreContext* StoreCxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_VMDelete(WasmEdge_VMContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* Registers a module under a name, or a host module (not taken over). */
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_VMRegisterModuleFromFile(WasmEdge_VMContext* Cxt,
                                                                       WasmEdge_String ModuleName,
                                                                       const char* Path) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_VMRegisterModuleFromBytes(WasmEdge_VMContext* Cxt,
                                                                        WasmEdge_String ModuleName,
                                                                        WasmEdge_Bytes Bytes) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result
WasmEdge_VMRegisterModuleFromASTModule(WasmEdge_VMContext* Cxt, WasmEdge_String ModuleName,
                                       const WasmEdge_ASTModuleContext* ASTCxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_VMRegisterModuleFromImport(
    WasmEdge_VMContext* Cxt, const WasmEdge_ModuleInstanceContext* ImportCxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result
WasmEdge_VMRegisterModuleFromImportWithAlias(WasmEdge_VMContext* Cxt, WasmEdge_String ModuleName,
                                             const WasmEdge_ModuleInstanceContext* ImportCxt) WASMEDGE_CAPI_NOEXCEPT;

/* Loads, validates, instantiates and calls. */
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_VMRunWasmFromFile(WasmEdge_VMContext* Cxt, const char* Path,
                                                                WasmEdge_String FuncName, const WasmEdge_Value* Params,
                                                                uint32_t ParamLen, WasmEdge_Value* Returns,
                                                                uint32_t ReturnLen) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_VMRunWasmFromBytes(WasmEdge_VMContext* Cxt, WasmEdge_Bytes Bytes,
                                                                 WasmEdge_String FuncName, const WasmEdge_Value* Params,
                                                                 uint32_t ParamLen, WasmEdge_Value* Returns,
                                                                 uint32_t ReturnLen) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_VMRunWasmFromASTModule(WasmEdge_VMContext* Cxt,
                                                                     const WasmEdge_ASTModuleContext* ASTCxt,
                                                                     WasmEdge_String FuncName,
                                                                     const WasmEdge_Value* Params, uint32_t ParamLen,
                                                                     WasmEdge_Value* Returns,
                                                                     uint32_t ReturnLen) WASMEDGE_CAPI_NOEXCEPT;

/* The same on a thread of its own. */
WASMEDGE_CAPI_EXPORT WasmEdge_Async* WasmEdge_VMAsyncRunWasmFromFile(WasmEdge_VMContext* Cxt, const char* Path,
                                                                     WasmEdge_String FuncName,
                                                                     const WasmEdge_Value* Params,
                                                                     uint32_t ParamLen) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Async* WasmEdge_VMAsyncRunWasmFromBytes(WasmEdge_VMContext* Cxt, WasmEdge_Bytes Bytes,
                                                                      WasmEdge_String FuncName,
                                                                      const WasmEdge_Value* Params,
                                                                      uint32_t ParamLen) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Async* WasmEdge_VMAsyncRunWasmFromASTModule(WasmEdge_VMContext* Cxt,
                                                                          const WasmEdge_ASTModuleContext* ASTCxt,
                                                                          WasmEdge_String FuncName,
                                                                          const WasmEdge_Value* Params,
                                                                          uint32_t ParamLen) WASMEDGE_CAPI_NOEXCEPT;

/* The same step by step. A step out of turn is the error WrongVMWorkflow. */
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_VMLoadWasmFromFile(WasmEdge_VMContext* Cxt,
                                                                 const char* Path) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_VMLoadWasmFromBytes(WasmEdge_VMContext* Cxt,
                                                                  WasmEdge_Bytes Bytes) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_VMLoadWasmFromASTModule(
    WasmEdge_VMContext* Cxt, const WasmEdge_ASTModuleContext* ASTCxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_VMValidate(WasmEdge_VMContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_VMInstantiate(WasmEdge_VMContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* Calls an export of the active module, or of a registered one. */
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_VMExecute(WasmEdge_VMContext* Cxt, WasmEdge_String FuncName,
                                                        const WasmEdge_Value* Params, uint32_t ParamLen,
                                                        WasmEdge_Value* Returns,
                                                        uint32_t ReturnLen) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_VMExecuteRegistered(WasmEdge_VMContext* Cxt, WasmEdge_String ModuleName,
                                                                  WasmEdge_String FuncName,
                                                                  const WasmEdge_Value* Params, uint32_t ParamLen,
                                                                  WasmEdge_Value* Returns,
                                                                  uint32_t ReturnLen) WASMEDGE_CAPI_NOEXCEPT;

/* The same on a thread of its own. */
WASMEDGE_CAPI_EXPORT WasmEdge_Async* WasmEdge_VMAsyncExecute(WasmEdge_VMContext* Cxt, WasmEdge_String FuncName,
                                                             const WasmEdge_Value* Params,
                                                             uint32_t ParamLen) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Async* WasmEdge_VMAsyncExecuteRegistered(WasmEdge_VMContext* Cxt,
                                                                       WasmEdge_String ModuleName,
                                                                       WasmEdge_String FuncName,
                                                                       const WasmEdge_Value* Params,
                                                                       uint32_t ParamLen) WASMEDGE_CAPI_NOEXCEPT;

/* The functions of the active module. */
WASMEDGE_CAPI_EXPORT const WasmEdge_FunctionTypeContext* WasmEdge_VMGetFunctionType(
    const WasmEdge_VMContext* Cxt, WasmEdge_String FuncName) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_FunctionTypeContext* WasmEdge_VMGetFunctionTypeRegistered(
    const WasmEdge_VMContext* Cxt, WasmEdge_String ModuleName, WasmEdge_String FuncName) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_VMGetFunctionListLength(const WasmEdge_VMContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_VMGetFunctionList(const WasmEdge_VMContext* Cxt, WasmEdge_String* Names,
                                                         const WasmEdge_FunctionTypeContext** FuncTypes,
                                                         uint32_t Len) WASMEDGE_CAPI_NOEXCEPT;

/* Forgets all modules; forgets one. */
WASMEDGE_CAPI_EXPORT void WasmEdge_VMCleanup(WasmEdge_VMContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_VMDeleteRegisteredModule(const WasmEdge_VMContext* Cxt,
                                                            WasmEdge_String ModuleName) WASMEDGE_CAPI_NOEXCEPT;

/* Its parts, which it owns. */
WASMEDGE_CAPI_EXPORT WasmEdge_ModuleInstanceContext* WasmEdge_VMGetImportModuleContext(
    const WasmEdge_VMContext* Cxt, enum WasmEdge_HostRegistration Reg) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_ModuleInstanceContext* WasmEdge_VMGetActiveModule(const WasmEdge_VMContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_ModuleInstanceContext* WasmEdge_VMGetRegisteredModule(
    const WasmEdge_VMContext* Cxt, WasmEdge_String ModuleName) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_VMListRegisteredModuleLength(const WasmEdge_VMContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_VMListRegisteredModule(const WasmEdge_VMContext* Cxt, WasmEdge_String* Names,
                                                              uint32_t Len) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_StoreContext* WasmEdge_VMGetStoreContext(WasmEdge_VMContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_LoaderContext* WasmEdge_VMGetLoaderContext(WasmEdge_VMContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_ValidatorContext* WasmEdge_VMGetValidatorContext(WasmEdge_VMContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_ExecutorContext* WasmEdge_VMGetExecutorContext(WasmEdge_VMContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_StatisticsContext* WasmEdge_VMGetStatisticsContext(WasmEdge_VMContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
