/* Configurations (copied by whatever is made with one) and statistics. */
#ifndef WHERRY_WASMEDGE_WASMEDGE_CONFIGURE_H
#define WHERRY_WASMEDGE_WASMEDGE_CONFIGURE_H

#include "wasmedge/wasmedge_ast.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A configuration: WebAssembly 3.0, no host modules. */
WASMEDGE_CAPI_EXPORT WasmEdge_ConfigureContext* WasmEdge_ConfigureCreate(void) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_ConfigureDelete(WasmEdge_ConfigureContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* The language. */
WASMEDGE_CAPI_EXPORT void WasmEdge_ConfigureAddProposal(WasmEdge_ConfigureContext* Cxt,
                                                        enum WasmEdge_Proposal Prop) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_ConfigureRemoveProposal(WasmEdge_ConfigureContext* Cxt,
                                                           enum WasmEdge_Proposal Prop) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ConfigureHasProposal(const WasmEdge_ConfigureContext* Cxt,
                                                        enum WasmEdge_Proposal Prop) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_ConfigureSetWASMStandard(WasmEdge_ConfigureContext* Cxt,
                                                            enum WasmEdge_Standard Std) WASMEDGE_CAPI_NOEXCEPT;

/* Host modules. */
WASMEDGE_CAPI_EXPORT void WasmEdge_ConfigureAddHostRegistration(
    WasmEdge_ConfigureContext* Cxt, enum WasmEdge_HostRegistration Host) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_ConfigureRemoveHostRegistration(
    WasmEdge_ConfigureContext* Cxt, enum WasmEdge_HostRegistration Host) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ConfigureHasHostRegistration(
    const WasmEdge_ConfigureContext* Cxt, enum WasmEdge_HostRegistration Host) WASMEDGE_CAPI_NOEXCEPT;

/* Running: the most pages of a memory, the mode, whether guests may use AF_UNIX sockets. */
WASMEDGE_CAPI_EXPORT void WasmEdge_ConfigureSetMaxMemoryPage(WasmEdge_ConfigureContext* Cxt,
                                                             uint64_t Page) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint64_t WasmEdge_ConfigureGetMaxMemoryPage(const WasmEdge_ConfigureContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_ConfigureSetRunMode(WasmEdge_ConfigureContext* Cxt,
                                                       enum WasmEdge_RunMode Mode) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT enum WasmEdge_RunMode WasmEdge_ConfigureGetRunMode(const WasmEdge_ConfigureContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_ConfigureSetAllowAFUNIX(WasmEdge_ConfigureContext* Cxt,
                                                           bool EnableAFUNIX) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ConfigureIsAllowAFUNIX(const WasmEdge_ConfigureContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

/* The compiler. */
WASMEDGE_CAPI_EXPORT void WasmEdge_ConfigureCompilerSetOptimizationLevel(
    WasmEdge_ConfigureContext* Cxt, enum WasmEdge_CompilerOptimizationLevel Level) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT enum WasmEdge_CompilerOptimizationLevel WasmEdge_ConfigureCompilerGetOptimizationLevel(
    const WasmEdge_ConfigureContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_ConfigureCompilerSetOutputFormat(
    WasmEdge_ConfigureContext* Cxt, enum WasmEdge_CompilerOutputFormat Format) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT enum WasmEdge_CompilerOutputFormat WasmEdge_ConfigureCompilerGetOutputFormat(
    const WasmEdge_ConfigureContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_ConfigureCompilerSetDumpIR(WasmEdge_ConfigureContext* Cxt,
                                                              bool IsDump) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ConfigureCompilerIsDumpIR(const WasmEdge_ConfigureContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_ConfigureCompilerSetGenericBinary(WasmEdge_ConfigureContext* Cxt,
                                                                     bool IsGeneric) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ConfigureCompilerIsGenericBinary(const WasmEdge_ConfigureContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_ConfigureCompilerSetInterruptible(WasmEdge_ConfigureContext* Cxt,
                                                                     bool IsInterruptible) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ConfigureCompilerIsInterruptible(const WasmEdge_ConfigureContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;

/* What is measured. */
WASMEDGE_CAPI_EXPORT void WasmEdge_ConfigureStatisticsSetInstructionCounting(WasmEdge_ConfigureContext* Cxt,
                                                                             bool IsCount) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ConfigureStatisticsIsInstructionCounting(const WasmEdge_ConfigureContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_ConfigureStatisticsSetCostMeasuring(WasmEdge_ConfigureContext* Cxt,
                                                                       bool IsMeasure) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ConfigureStatisticsIsCostMeasuring(const WasmEdge_ConfigureContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_ConfigureStatisticsSetTimeMeasuring(WasmEdge_ConfigureContext* Cxt,
                                                                       bool IsMeasure) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ConfigureStatisticsIsTimeMeasuring(const WasmEdge_ConfigureContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;

/* What was measured. A cost table has one entry an opcode (a prefixed one: prefix * 256 + opcode); a run that exceeds
 * the limit ends with CostLimitExceeded. */
WASMEDGE_CAPI_EXPORT WasmEdge_StatisticsContext* WasmEdge_StatisticsCreate(void) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint64_t WasmEdge_StatisticsGetInstrCount(const WasmEdge_StatisticsContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT double WasmEdge_StatisticsGetInstrPerSecond(const WasmEdge_StatisticsContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint64_t WasmEdge_StatisticsGetTotalCost(const WasmEdge_StatisticsContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_StatisticsSetCostTable(WasmEdge_StatisticsContext* Cxt, uint64_t* CostArr,
                                                          uint32_t Len) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_StatisticsSetCostLimit(WasmEdge_StatisticsContext* Cxt,
                                                          uint64_t Limit) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_StatisticsClear(WasmEdge_StatisticsContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_StatisticsDelete(WasmEdge_StatisticsContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
