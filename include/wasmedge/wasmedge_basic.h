/* Strings, bytes, results, versions, logging. */
#ifndef WHERRY_WASMEDGE_WASMEDGE_BASIC_H
#define WHERRY_WASMEDGE_WASMEDGE_BASIC_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "wasmedge/enum_configure.h"
#include "wasmedge/enum_errcode.h"
#include "wasmedge/enum_types.h"
#include "wasmedge/int128.h"
#include "wasmedge/version.h"
#include "wasmedge/wasmedge_context.h"

#if defined(_WIN32)
#define WASMEDGE_CAPI_EXPORT __declspec(dllimport)
#define WASMEDGE_CAPI_PLUGIN_EXPORT __declspec(dllexport)
#else
#define WASMEDGE_CAPI_EXPORT __attribute__((visibility("default")))
#define WASMEDGE_CAPI_PLUGIN_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
#define WASMEDGE_CAPI_NOEXCEPT noexcept
#else
#define WASMEDGE_CAPI_NOEXCEPT
#endif

typedef struct WasmEdge_String {
  uint32_t Length; /* In bytes; no NUL follows. */
  const char* Buf;
} WasmEdge_String;

typedef struct WasmEdge_Bytes {
  uint32_t Length;
  const uint8_t* Buf;
} WasmEdge_Bytes;

/* A category in the upper 8 bits, and a code. */
typedef struct WasmEdge_Result {
  uint32_t Code;
} WasmEdge_Result;

#ifdef __cplusplus
#define WasmEdge_Result_Success (WasmEdge_Result{0x00})
#define WasmEdge_Result_Terminate (WasmEdge_Result{0x01})
#define WasmEdge_Result_Fail (WasmEdge_Result{0x02})
extern "C" {
#else
#define WasmEdge_Result_Success ((WasmEdge_Result){0x00})
#define WasmEdge_Result_Terminate ((WasmEdge_Result){0x01})
#define WasmEdge_Result_Fail ((WasmEdge_Result){0x02})
#endif

/* The version of the interface: see wasmedge/version.h. */
WASMEDGE_CAPI_EXPORT const char* WasmEdge_VersionGet(void) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_VersionGetMajor(void) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_VersionGetMinor(void) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_VersionGetPatch(void) WASMEDGE_CAPI_NOEXCEPT;

/* What is logged, process-wide. At first errors and worse, to the standard error. */
WASMEDGE_CAPI_EXPORT void WasmEdge_LogSetErrorLevel(void) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_LogSetDebugLevel(void) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_LogOff(void) WASMEDGE_CAPI_NOEXCEPT;

/* Create copies the text, and Delete frees it; Wrap borrows it. Copy writes at most Len bytes and returns how many. */
WASMEDGE_CAPI_EXPORT WasmEdge_String WasmEdge_StringCreateByCString(const char* Str) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_String WasmEdge_StringCreateByBuffer(const char* Buf,
                                                                   uint32_t Len) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_String WasmEdge_StringWrap(const char* Buf, uint32_t Len) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT bool WasmEdge_StringIsEqual(WasmEdge_String Str1, WasmEdge_String Str2) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_StringCopy(WasmEdge_String Str, char* Buf, uint32_t Len) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_StringDelete(WasmEdge_String Str) WASMEDGE_CAPI_NOEXCEPT;

/* The same for bytes. */
WASMEDGE_CAPI_EXPORT WasmEdge_Bytes WasmEdge_BytesCreate(const uint8_t* Buf, uint32_t Len) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Bytes WasmEdge_BytesWrap(const uint8_t* Buf, uint32_t Len) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_BytesDelete(WasmEdge_Bytes Bytes) WASMEDGE_CAPI_NOEXCEPT;

/* OK: success, or the guest ended by itself (Terminated). Of a code, 24 bits are kept. Messages are static. */
WASMEDGE_CAPI_EXPORT bool WasmEdge_ResultOK(WasmEdge_Result Res) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_Result WasmEdge_ResultGen(enum WasmEdge_ErrCategory Category,
                                                        uint32_t Code) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_ResultGetCode(WasmEdge_Result Res) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT enum WasmEdge_ErrCategory WasmEdge_ResultGetCategory(WasmEdge_Result Res) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const char* WasmEdge_ResultGetMessage(WasmEdge_Result Res) WASMEDGE_CAPI_NOEXCEPT;

typedef enum WasmEdge_LogLevel {
  WasmEdge_LogLevel_Trace,
  WasmEdge_LogLevel_Debug,
  WasmEdge_LogLevel_Info,
  WasmEdge_LogLevel_Warn,
  WasmEdge_LogLevel_Error,
  WasmEdge_LogLevel_Critical
} WasmEdge_LogLevel;

/* Valid during the callback. */
typedef struct WasmEdge_LogMessage {
  WasmEdge_String Message;
  WasmEdge_String LoggerName;
  WasmEdge_LogLevel Level;
  time_t Time;
  uint64_t ThreadId;
} WasmEdge_LogMessage;
typedef void (*WasmEdge_LogCallback_t)(const WasmEdge_LogMessage* Message);

/* Callbacks get every message of the level or above, in place of the standard error; NULL takes it back. */
WASMEDGE_CAPI_EXPORT void WasmEdge_LogSetLevel(WasmEdge_LogLevel Level) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_LogSetCallback(WasmEdge_LogCallback_t Callback) WASMEDGE_CAPI_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
