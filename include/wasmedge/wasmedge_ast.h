/* Modules as loaded, and the types of what they import and export. Those with Len write at most Len entries and return
 * how many there are; names and entries live as long as what was asked. */
#ifndef WHERRY_WASMEDGE_WASMEDGE_AST_H
#define WHERRY_WASMEDGE_WASMEDGE_AST_H

#include "wasmedge/wasmedge_basic.h"
#include "wasmedge/wasmedge_value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A module: owned by who loaded it. */
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_ASTModuleListImportsLength(const WasmEdge_ASTModuleContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_ASTModuleListImports(const WasmEdge_ASTModuleContext* Cxt,
                                                            const WasmEdge_ImportTypeContext** Imports,
                                                            uint32_t Len) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_ASTModuleListExportsLength(const WasmEdge_ASTModuleContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_ASTModuleListExports(const WasmEdge_ASTModuleContext* Cxt,
                                                            const WasmEdge_ExportTypeContext** Exports,
                                                            uint32_t Len) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_ASTModuleDelete(WasmEdge_ASTModuleContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* The limits of a memory (in pages) or table (in elements). */
WASMEDGE_CAPI_EXPORT WasmEdge_LimitContext* WasmEdge_LimitCreate(uint64_t Min, bool Is64Bit) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_LimitContext* WasmEdge_LimitCreateWithMax(uint64_t Min, uint64_t Max, bool Is64Bit,
                                                                        bool IsShared) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint64_t WasmEdge_LimitGetMin(const WasmEdge_LimitContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint64_t WasmEdge_LimitGetMax(const WasmEdge_LimitContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_LimitHasMax(const WasmEdge_LimitContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_LimitIsShared(const WasmEdge_LimitContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_LimitIs64Bit(const WasmEdge_LimitContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_LimitIsEqual(const WasmEdge_LimitContext* Lim1,
                                                const WasmEdge_LimitContext* Lim2) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_LimitDelete(WasmEdge_LimitContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* Function types. The makers of types copy what they are given; what is got of a type lives as long as it. */
WASMEDGE_CAPI_EXPORT WasmEdge_FunctionTypeContext* WasmEdge_FunctionTypeCreate(
    const WasmEdge_ValType* ParamList, uint32_t ParamLen, const WasmEdge_ValType* ReturnList,
    uint32_t ReturnLen) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_FunctionTypeGetParametersLength(const WasmEdge_FunctionTypeContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_FunctionTypeGetParameters(const WasmEdge_FunctionTypeContext* Cxt,
                                                                 WasmEdge_ValType* List,
                                                                 uint32_t Len) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_FunctionTypeGetReturnsLength(const WasmEdge_FunctionTypeContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_FunctionTypeGetReturns(const WasmEdge_FunctionTypeContext* Cxt,
                                                              WasmEdge_ValType* List,
                                                              uint32_t Len) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_FunctionTypeDelete(WasmEdge_FunctionTypeContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* Table types. NULL if it is not a reference type. */
WASMEDGE_CAPI_EXPORT WasmEdge_TableTypeContext* WasmEdge_TableTypeCreate(
    WasmEdge_ValType RefType, const WasmEdge_LimitContext* Limit) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_ValType WasmEdge_TableTypeGetRefType(const WasmEdge_TableTypeContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_LimitContext* WasmEdge_TableTypeGetLimit(const WasmEdge_TableTypeContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_TableTypeDelete(WasmEdge_TableTypeContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* Memory types. */
WASMEDGE_CAPI_EXPORT WasmEdge_MemoryTypeContext* WasmEdge_MemoryTypeCreate(const WasmEdge_LimitContext* Limit)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_LimitContext* WasmEdge_MemoryTypeGetLimit(const WasmEdge_MemoryTypeContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_MemoryTypeDelete(WasmEdge_MemoryTypeContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* Tag types. */
WASMEDGE_CAPI_EXPORT const WasmEdge_FunctionTypeContext* WasmEdge_TagTypeGetFunctionType(
    const WasmEdge_TagTypeContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* Global types. */
WASMEDGE_CAPI_EXPORT WasmEdge_GlobalTypeContext* WasmEdge_GlobalTypeCreate(
    WasmEdge_ValType ValType, enum WasmEdge_Mutability Mut) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_ValType WasmEdge_GlobalTypeGetValType(const WasmEdge_GlobalTypeContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT enum WasmEdge_Mutability WasmEdge_GlobalTypeGetMutability(const WasmEdge_GlobalTypeContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_GlobalTypeDelete(WasmEdge_GlobalTypeContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* One import. A type is NULL if the import is of another kind. */
WASMEDGE_CAPI_EXPORT enum WasmEdge_ExternalType WasmEdge_ImportTypeGetExternalType(
    const WasmEdge_ImportTypeContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_String WasmEdge_ImportTypeGetModuleName(const WasmEdge_ImportTypeContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_String WasmEdge_ImportTypeGetExternalName(const WasmEdge_ImportTypeContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_FunctionTypeContext* WasmEdge_ImportTypeGetFunctionType(
    const WasmEdge_ASTModuleContext* ASTCxt, const WasmEdge_ImportTypeContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_TableTypeContext* WasmEdge_ImportTypeGetTableType(
    const WasmEdge_ASTModuleContext* ASTCxt, const WasmEdge_ImportTypeContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_MemoryTypeContext* WasmEdge_ImportTypeGetMemoryType(
    const WasmEdge_ASTModuleContext* ASTCxt, const WasmEdge_ImportTypeContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_TagTypeContext* WasmEdge_ImportTypeGetTagType(
    const WasmEdge_ASTModuleContext* ASTCxt, const WasmEdge_ImportTypeContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_GlobalTypeContext* WasmEdge_ImportTypeGetGlobalType(
    const WasmEdge_ASTModuleContext* ASTCxt, const WasmEdge_ImportTypeContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* One export. */
WASMEDGE_CAPI_EXPORT enum WasmEdge_ExternalType WasmEdge_ExportTypeGetExternalType(
    const WasmEdge_ExportTypeContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_String WasmEdge_ExportTypeGetExternalName(const WasmEdge_ExportTypeContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_FunctionTypeContext* WasmEdge_ExportTypeGetFunctionType(
    const WasmEdge_ASTModuleContext* ASTCxt, const WasmEdge_ExportTypeContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_TableTypeContext* WasmEdge_ExportTypeGetTableType(
    const WasmEdge_ASTModuleContext* ASTCxt, const WasmEdge_ExportTypeContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_MemoryTypeContext* WasmEdge_ExportTypeGetMemoryType(
    const WasmEdge_ASTModuleContext* ASTCxt, const WasmEdge_ExportTypeContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_TagTypeContext* WasmEdge_ExportTypeGetTagType(
    const WasmEdge_ASTModuleContext* ASTCxt, const WasmEdge_ExportTypeContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_GlobalTypeContext* WasmEdge_ExportTypeGetGlobalType(
    const WasmEdge_ASTModuleContext* ASTCxt, const WasmEdge_ExportTypeContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
