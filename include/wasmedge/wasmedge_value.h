/* Value types and values. */
#ifndef WHERRY_WASMEDGE_WASMEDGE_VALUE_H
#define WHERRY_WASMEDGE_WASMEDGE_VALUE_H

#include "wasmedge/wasmedge_basic.h"

#ifdef __cplusplus
extern "C" {
#endif

/* {0, externalised, type code, heap type code, type index (32 bits, little-endian)}; made with ValTypeGen. */
typedef struct WasmEdge_ValType {
  uint8_t Data[8];
} WasmEdge_ValType;

/* A number in the low bits; of a reference its type in the low 64 bits and a pointer above. Made with ValueGen. */
typedef struct WasmEdge_Value {
  uint128_t Value;
  WasmEdge_ValType Type;
} WasmEdge_Value;

/* Types. */
WASMEDGE_CAPI_EXPORT WasmEdge_ValType WasmEdge_ValTypeGenI32(void) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_ValType WasmEdge_ValTypeGenI64(void) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_ValType WasmEdge_ValTypeGenF32(void) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_ValType WasmEdge_ValTypeGenF64(void) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_ValType WasmEdge_ValTypeGenV128(void) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_ValType WasmEdge_ValTypeGenFuncRef(void) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_ValType WasmEdge_ValTypeGenExternRef(void) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ValTypeIsEqual(WasmEdge_ValType ValType1,
                                                  WasmEdge_ValType ValType2) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ValTypeIsI32(WasmEdge_ValType ValType) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ValTypeIsI64(WasmEdge_ValType ValType) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ValTypeIsF32(WasmEdge_ValType ValType) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ValTypeIsF64(WasmEdge_ValType ValType) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ValTypeIsV128(WasmEdge_ValType ValType) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ValTypeIsFuncRef(WasmEdge_ValType ValType) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ValTypeIsExternRef(WasmEdge_ValType ValType) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ValTypeIsRef(WasmEdge_ValType ValType) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ValTypeIsRefNull(WasmEdge_ValType ValType) WASMEDGE_CAPI_NOEXCEPT;

/* Values. Get does not look at the type. A function reference lasts as long as the function. */
WASMEDGE_CAPI_EXPORT WasmEdge_Value WasmEdge_ValueGenI32(int32_t Val) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Value WasmEdge_ValueGenI64(int64_t Val) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Value WasmEdge_ValueGenF32(float Val) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Value WasmEdge_ValueGenF64(double Val) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Value WasmEdge_ValueGenV128(int128_t Val) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Value WasmEdge_ValueGenFuncRef(const WasmEdge_FunctionInstanceContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Value WasmEdge_ValueGenExternRef(void* Ref) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT int32_t WasmEdge_ValueGetI32(WasmEdge_Value Val) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT int64_t WasmEdge_ValueGetI64(WasmEdge_Value Val) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT float WasmEdge_ValueGetF32(WasmEdge_Value Val) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT double WasmEdge_ValueGetF64(WasmEdge_Value Val) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT int128_t WasmEdge_ValueGetV128(WasmEdge_Value Val) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_ValueIsNullRef(WasmEdge_Value Val) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_FunctionInstanceContext* WasmEdge_ValueGetFuncRef(WasmEdge_Value Val)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void* WasmEdge_ValueGetExternRef(WasmEdge_Value Val) WASMEDGE_CAPI_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
