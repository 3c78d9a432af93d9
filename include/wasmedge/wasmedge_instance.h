/* What lives at run time: module instances and what they export. Those with Len write at most Len entries and return
 * how many there are; names and entries live as long as what was asked. */
#ifndef WHERRY_WASMEDGE_WASMEDGE_INSTANCE_H
#define WHERRY_WASMEDGE_WASMEDGE_INSTANCE_H

#include "wasmedge/wasmedge_ast.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Module instances. The finalizer, which may be NULL, is called with the data when the instance is deleted. */
WASMEDGE_CAPI_EXPORT WasmEdge_ModuleInstanceContext* WasmEdge_ModuleInstanceCreate(WasmEdge_String ModuleName)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_ModuleInstanceContext* WasmEdge_ModuleInstanceCreateWithData(
    WasmEdge_String ModuleName, void* HostData, void (*Finalizer)(void*)) WASMEDGE_CAPI_NOEXCEPT;

/* WASI. Args[0] is the program; a preopen is "guest:host", "dir", each with ":readonly" or without. Init starts over.
 * Of the descriptors, which stay the caller's, -1 is none. */
WASMEDGE_CAPI_EXPORT WasmEdge_ModuleInstanceContext* WasmEdge_ModuleInstanceCreateWASI(
    const char* const* Args, uint32_t ArgLen, const char* const* Envs, uint32_t EnvLen, const char* const* Preopens,
    uint32_t PreopenLen) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_ModuleInstanceContext* WasmEdge_ModuleInstanceCreateWASIWithFds(
    const char* const* Args, uint32_t ArgLen, const char* const* Envs, uint32_t EnvLen, const char* const* Preopens,
    uint32_t PreopenLen, int32_t StdInFd, int32_t StdOutFd, int32_t StdErrFd) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_ModuleInstanceInitWASI(WasmEdge_ModuleInstanceContext* Cxt, const char* const* Args,
                                                          uint32_t ArgLen, const char* const* Envs, uint32_t EnvLen,
                                                          const char* const* Preopens,
                                                          uint32_t PreopenLen) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_ModuleInstanceInitWASIWithFds(WasmEdge_ModuleInstanceContext* Cxt,
                                                                 const char* const* Args, uint32_t ArgLen,
                                                                 const char* const* Envs, uint32_t EnvLen,
                                                                 const char* const* Preopens, uint32_t PreopenLen,
                                                                 int32_t StdInFd, int32_t StdOutFd,
                                                                 int32_t StdErrFd) WASMEDGE_CAPI_NOEXCEPT;

/* The exit code of the last proc_exit. The host descriptor of a guest one: 0, or 1 and 2 on errors. */
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_ModuleInstanceWASIGetExitCode(const WasmEdge_ModuleInstanceContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_ModuleInstanceWASIGetNativeHandler(
    const WasmEdge_ModuleInstanceContext* Cxt, int32_t Fd, uint64_t* NativeHandler) WASMEDGE_CAPI_NOEXCEPT;

/* The name; the data. */
WASMEDGE_CAPI_EXPORT WasmEdge_String WasmEdge_ModuleInstanceGetModuleName(const WasmEdge_ModuleInstanceContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void* WasmEdge_ModuleInstanceGetHostData(const WasmEdge_ModuleInstanceContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;

/* Exports by name, or NULL. They live as long as the instance. */
WASMEDGE_CAPI_EXPORT WasmEdge_FunctionInstanceContext* WasmEdge_ModuleInstanceFindFunction(
    const WasmEdge_ModuleInstanceContext* Cxt, WasmEdge_String Name) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_TableInstanceContext* WasmEdge_ModuleInstanceFindTable(
    const WasmEdge_ModuleInstanceContext* Cxt, WasmEdge_String Name) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_MemoryInstanceContext* WasmEdge_ModuleInstanceFindMemory(
    const WasmEdge_ModuleInstanceContext* Cxt, WasmEdge_String Name) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_TagInstanceContext* WasmEdge_ModuleInstanceFindTag(
    const WasmEdge_ModuleInstanceContext* Cxt, WasmEdge_String Name) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_GlobalInstanceContext* WasmEdge_ModuleInstanceFindGlobal(
    const WasmEdge_ModuleInstanceContext* Cxt, WasmEdge_String Name) WASMEDGE_CAPI_NOEXCEPT;

/* The names of exports, sorted. */
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_ModuleInstanceListFunctionLength(const WasmEdge_ModuleInstanceContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_ModuleInstanceListFunction(const WasmEdge_ModuleInstanceContext* Cxt,
                                                                  WasmEdge_String* Names,
                                                                  uint32_t Len) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_ModuleInstanceListTableLength(const WasmEdge_ModuleInstanceContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_ModuleInstanceListTable(const WasmEdge_ModuleInstanceContext* Cxt,
                                                               WasmEdge_String* Names,
                                                               uint32_t Len) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_ModuleInstanceListMemoryLength(const WasmEdge_ModuleInstanceContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_ModuleInstanceListMemory(const WasmEdge_ModuleInstanceContext* Cxt,
                                                                WasmEdge_String* Names,
                                                                uint32_t Len) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_ModuleInstanceListTagLength(const WasmEdge_ModuleInstanceContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_ModuleInstanceListTag(const WasmEdge_ModuleInstanceContext* Cxt,
                                                             WasmEdge_String* Names,
                                                             uint32_t Len) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_ModuleInstanceListGlobalLength(const WasmEdge_ModuleInstanceContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_ModuleInstanceListGlobal(const WasmEdge_ModuleInstanceContext* Cxt,
                                                                WasmEdge_String* Names,
                                                                uint32_t Len) WASMEDGE_CAPI_NOEXCEPT;

/* Takes over the object, unless it fails. */
WASMEDGE_CAPI_EXPORT WasmEdge_Result
WasmEdge_ModuleInstanceAddFunction(WasmEdge_ModuleInstanceContext* Cxt, WasmEdge_String Name,
                                   WasmEdge_FunctionInstanceContext* FuncCxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result
WasmEdge_ModuleInstanceAddTable(WasmEdge_ModuleInstanceContext* Cxt, WasmEdge_String Name,
                                WasmEdge_TableInstanceContext* TableCxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result
WasmEdge_ModuleInstanceAddMemory(WasmEdge_ModuleInstanceContext* Cxt, WasmEdge_String Name,
                                 WasmEdge_MemoryInstanceContext* MemoryCxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result
WasmEdge_ModuleInstanceAddGlobal(WasmEdge_ModuleInstanceContext* Cxt, WasmEdge_String Name,
                                 WasmEdge_GlobalInstanceContext* GlobalCxt) WASMEDGE_CAPI_NOEXCEPT;

/* Also takes it out of the stores it is registered in. */
WASMEDGE_CAPI_EXPORT void WasmEdge_ModuleInstanceDelete(WasmEdge_ModuleInstanceContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

typedef WasmEdge_Result (*WasmEdge_HostFunc_t)(void* Data, const WasmEdge_CallingFrameContext* CallFrameCxt,
                                               const WasmEdge_Value* Params, WasmEdge_Value* Returns);
typedef WasmEdge_Result (*WasmEdge_WrapFunc_t)(void* This, void* Data, const WasmEdge_CallingFrameContext* CallFrameCxt,
                                               const WasmEdge_Value* Params, const uint32_t ParamLen,
                                               WasmEdge_Value* Returns, const uint32_t ReturnLen);
/* Functions. Cost is added to a run's total cost at each call; a host function fills its returns, or returns an error
 * that ends the guest. The caller owns a function made here until it is added to a module. */
WASMEDGE_CAPI_EXPORT WasmEdge_FunctionInstanceContext* WasmEdge_FunctionInstanceCreate(
    const WasmEdge_FunctionTypeContext* Type, WasmEdge_HostFunc_t HostFunc, void* Data,
    uint64_t Cost) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_FunctionInstanceContext* WasmEdge_FunctionInstanceCreateBinding(
    const WasmEdge_FunctionTypeContext* Type, WasmEdge_WrapFunc_t WrapFunc, void* Binding, void* Data,
    uint64_t Cost) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const void* WasmEdge_FunctionInstanceGetData(const WasmEdge_FunctionInstanceContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_FunctionTypeContext* WasmEdge_FunctionInstanceGetFunctionType(
    const WasmEdge_FunctionInstanceContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_FunctionInstanceDelete(WasmEdge_FunctionInstanceContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* Tables. */
WASMEDGE_CAPI_EXPORT WasmEdge_TableInstanceContext* WasmEdge_TableInstanceCreate(
    const WasmEdge_TableTypeContext* TabType) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_TableInstanceContext* WasmEdge_TableInstanceCreateWithInit(
    const WasmEdge_TableTypeContext* TabType, WasmEdge_Value Value) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_TableTypeContext* WasmEdge_TableInstanceGetTableType(
    const WasmEdge_TableInstanceContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_TableInstanceGetData(const WasmEdge_TableInstanceContext* Cxt,
                                                                   WasmEdge_Value* Data,
                                                                   uint64_t Offset) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_TableInstanceSetData(WasmEdge_TableInstanceContext* Cxt,
                                                                   WasmEdge_Value Data,
                                                                   uint64_t Offset) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint64_t WasmEdge_TableInstanceGetSize(const WasmEdge_TableInstanceContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_TableInstanceGrow(WasmEdge_TableInstanceContext* Cxt,
                                                                uint64_t Size) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_TableInstanceDelete(WasmEdge_TableInstanceContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* Memories. Pointers are valid until the memory grows; NULL: out of bounds. */
WASMEDGE_CAPI_EXPORT WasmEdge_MemoryInstanceContext* WasmEdge_MemoryInstanceCreate(
    const WasmEdge_MemoryTypeContext* MemType) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_MemoryTypeContext* WasmEdge_MemoryInstanceGetMemoryType(
    const WasmEdge_MemoryInstanceContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_MemoryInstanceGetData(const WasmEdge_MemoryInstanceContext* Cxt,
                                                                    uint8_t* Data, uint64_t Offset,
                                                                    uint64_t Length) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_MemoryInstanceSetData(WasmEdge_MemoryInstanceContext* Cxt,
                                                                    const uint8_t* Data, uint64_t Offset,
                                                                    uint64_t Length) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint8_t* WasmEdge_MemoryInstanceGetPointer(WasmEdge_MemoryInstanceContext* Cxt, uint64_t Offset,
                                                                uint64_t Length) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const uint8_t* WasmEdge_MemoryInstanceGetPointerConst(const WasmEdge_MemoryInstanceContext* Cxt,
                                                                           uint64_t Offset,
                                                                           uint64_t Length) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint64_t WasmEdge_MemoryInstanceGetPageSize(const WasmEdge_MemoryInstanceContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_MemoryInstanceGrowPage(WasmEdge_MemoryInstanceContext* Cxt,
                                                                     uint64_t Page) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_MemoryInstanceDelete(WasmEdge_MemoryInstanceContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* Tags. */
WASMEDGE_CAPI_EXPORT const WasmEdge_TagTypeContext* WasmEdge_TagInstanceGetTagType(
    const WasmEdge_TagInstanceContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* Globals. */
WASMEDGE_CAPI_EXPORT WasmEdge_GlobalInstanceContext* WasmEdge_GlobalInstanceCreate(
    const WasmEdge_GlobalTypeContext* GlobType, WasmEdge_Value Value) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_GlobalTypeContext* WasmEdge_GlobalInstanceGetGlobalType(
    const WasmEdge_GlobalInstanceContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Value WasmEdge_GlobalInstanceGetValue(const WasmEdge_GlobalInstanceContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_GlobalInstanceSetValue(WasmEdge_GlobalInstanceContext* Cxt,
                                                                     WasmEdge_Value Value) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_GlobalInstanceDelete(WasmEdge_GlobalInstanceContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
