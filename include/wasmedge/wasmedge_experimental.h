/* What may change. */
#ifndef WHERRY_WASMEDGE_WASMEDGE_EXPERIMENTAL_H
#define WHERRY_WASMEDGE_WASMEDGE_EXPERIMENTAL_H

#include "wasmedge/wasmedge_basic.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Called with Data before, or after, each host function. */
WASMEDGE_CAPI_EXPORT void WasmEdge_ExecutorExperimentalRegisterPreHostFunction(
    WasmEdge_ExecutorContext* Cxt, void* Data, void (*Func)(void*)) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_ExecutorExperimentalRegisterPostHostFunction(
    WasmEdge_ExecutorContext* Cxt, void* Data, void (*Func)(void*)) WASMEDGE_CAPI_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
