#include "capi/wasmedge/errors.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "capi/wasmedge/log.h"

namespace wherry::wasmedge {
namespace {

struct Row {
  uint32_t code;
  const char* message;
};
constexpr Row kRows[] = {
#define WHERRY_WASMEDGE_ERROR(name, code, message) {code, message},
#include "capi/wasmedge/errors.inc"
#undef WHERRY_WASMEDGE_ERROR
};
#define WHERRY_WASMEDGE_ERROR(name, code, message) static_assert(WasmEdge_ErrCode_##name == (code));
#include "capi/wasmedge/errors.inc"
#undef WHERRY_WASMEDGE_ERROR

/// Codes are counted within phases, in the second byte.
constexpr uint32_t phase(uint32_t code) { return code >> 8; }

constexpr uint32_t kLoading = 1;
constexpr uint32_t kValidation = 2;
constexpr uint32_t kInstantiation = 3;

constexpr const char* kPhases[] = {"user defined", "loading", "validation", "instantiation", "execution"};

WasmEdge_Result by_message(uint32_t wanted, std::string_view message, WasmEdge_ErrCode otherwise) {
  const Row* best = nullptr;
  for (const Row& row : kRows) {
    const std::string_view known = row.message;
    if (phase(row.code) != wanted || !message.starts_with(known)) continue;
    if (best == nullptr || known.size() > std::string_view(best->message).size()) best = &row;
  }
  return best == nullptr ? result(otherwise) : WasmEdge_Result{best->code};
}

}  // namespace

WasmEdge_Result to_result(TrapKind kind) {
  switch (kind) {
    case TrapKind::kNone:
      return kSuccess;
    case TrapKind::kExit:
      return result(WasmEdge_ErrCode_Terminated);
    case TrapKind::kUnreachable:
      return result(WasmEdge_ErrCode_Unreachable);
    case TrapKind::kMemoryOutOfBounds:
      return result(WasmEdge_ErrCode_MemoryOutOfBounds);
    case TrapKind::kTableOutOfBounds:
      return result(WasmEdge_ErrCode_TableOutOfBounds);
    case TrapKind::kArrayOutOfBounds:
      return result(WasmEdge_ErrCode_ArrayOutOfBounds);
    case TrapKind::kUndefinedElement:
      return result(WasmEdge_ErrCode_UndefinedElement);
    case TrapKind::kUninitializedElement:
      return result(WasmEdge_ErrCode_UninitializedElement);
    case TrapKind::kIndirectCallTypeMismatch:
      return result(WasmEdge_ErrCode_IndirectCallTypeMismatch);
    case TrapKind::kIntegerOverflow:
      return result(WasmEdge_ErrCode_IntegerOverflow);
    case TrapKind::kIntegerDivideByZero:
      return result(WasmEdge_ErrCode_DivideByZero);
    case TrapKind::kInvalidConversionToInteger:
      return result(WasmEdge_ErrCode_InvalidConvToInt);
    case TrapKind::kNullReference:
      return result(WasmEdge_ErrCode_CastNullToNonNull);
    case TrapKind::kNullFunctionReference:
      return result(WasmEdge_ErrCode_AccessNullFunc);
    case TrapKind::kNullStructureReference:
      return result(WasmEdge_ErrCode_AccessNullStruct);
    case TrapKind::kNullArrayReference:
      return result(WasmEdge_ErrCode_AccessNullArray);
    case TrapKind::kNullI31Reference:
      return result(WasmEdge_ErrCode_AccessNullI31);
    case TrapKind::kNullExceptionReference:
      return result(WasmEdge_ErrCode_AccessNullException);
    case TrapKind::kCastFailure:
      return result(WasmEdge_ErrCode_CastFailed);
    case TrapKind::kUnalignedAtomic:
      return result(WasmEdge_ErrCode_UnalignedAtomicAccess);
    case TrapKind::kExpectedSharedMemory:
      return result(WasmEdge_ErrCode_ExpectSharedMemory);
    case TrapKind::kUncaughtException:
      return result(WasmEdge_ErrCode_UncaughtException);
    case TrapKind::kOutOfFuel:
      return result(WasmEdge_ErrCode_CostLimitExceeded);
    case TrapKind::kInterrupted:
    case TrapKind::kTimeLimit:
      return result(WasmEdge_ErrCode_Interrupted);
    case TrapKind::kHostError:
      return result(WasmEdge_ErrCode_HostFuncError);
    case TrapKind::kStackOverflow:
    case TrapKind::kOutOfGcHeap:
    case TrapKind::kFunctionTooLarge:
      return result(WasmEdge_ErrCode_RuntimeError);
  }
  __builtin_unreachable();
}

WasmEdge_Result to_result(const Error& error) {
  switch (error.code) {
    case ErrorCode::kMalformed:
    case ErrorCode::kSyntax:
    case ErrorCode::kUnsupported:
      return by_message(kLoading, error.message, WasmEdge_ErrCode_IllegalGrammar);
    case ErrorCode::kInvalid:
      return by_message(kValidation, error.message, WasmEdge_ErrCode_TypeCheckFailed);
    case ErrorCode::kUnlinkable:
      return by_message(kInstantiation, error.message, WasmEdge_ErrCode_IncompatibleImportType);
    case ErrorCode::kIo:
    case ErrorCode::kNotFound:
      return result(WasmEdge_ErrCode_IllegalPath);
    case ErrorCode::kTrap:
      return error.trap == nullptr ? result(WasmEdge_ErrCode_RuntimeError) : to_result(error.trap->kind);
    case ErrorCode::kLimit:
    case ErrorCode::kType:
      return result(WasmEdge_ErrCode_RuntimeError);
  }
  __builtin_unreachable();
}

WasmEdge_Result report(WasmEdge_Result result) {
  const uint32_t code = WasmEdge_ResultGetCode(result);
  // Success, and a guest that ended by itself, are no errors.
  if (WasmEdge_ResultOK(result)) return result;
  char hex[16];
  std::snprintf(hex, sizeof hex, "0x%02x", code);
  const uint32_t row = std::min<uint32_t>(phase(code), std::size(kPhases) - 1);
  const bool mine = WasmEdge_ResultGetCategory(result) == WasmEdge_ErrCategory_WASM;
  log(WasmEdge_LogLevel_Error, std::string(mine ? kPhases[row] : kPhases[0]) +
                                   " failed: " + WasmEdge_ResultGetMessage(result) + ", Code: " + hex);
  return result;
}

WasmEdge_Result report(const Error& error) {
  const WasmEdge_Result result = report(to_result(error));
  if (error.code == ErrorCode::kTrap) return result;
  std::string detail = "    " + error.message;
  if (error.offset != Error::kNoOffset) {
    char offset[32];
    std::snprintf(offset, sizeof offset, ", at offset: 0x%llx", static_cast<unsigned long long>(error.offset));
    detail += offset;
  }
  log(WasmEdge_LogLevel_Error, detail);
  return result;
}

}  // namespace wherry::wasmedge

using namespace wherry::wasmedge;

bool WasmEdge_ResultOK(WasmEdge_Result result) noexcept {
  return result.Code == WasmEdge_ErrCode_Success || result.Code == WasmEdge_ErrCode_Terminated;
}
WasmEdge_Result WasmEdge_ResultGen(enum WasmEdge_ErrCategory category, uint32_t code) noexcept {
  return {(static_cast<uint32_t>(category) << 24) | (code & 0xFFFFFF)};
}
uint32_t WasmEdge_ResultGetCode(WasmEdge_Result result) noexcept { return result.Code & 0xFFFFFF; }
enum WasmEdge_ErrCategory WasmEdge_ResultGetCategory(WasmEdge_Result result) noexcept {
  return static_cast<WasmEdge_ErrCategory>(result.Code >> 24);
}
const char* WasmEdge_ResultGetMessage(WasmEdge_Result result) noexcept {
  if (WasmEdge_ResultGetCategory(result) != WasmEdge_ErrCategory_WASM) {
    return WasmEdge_ResultGetMessage(wherry::wasmedge::result(WasmEdge_ErrCode_UserDefError));
  }
  const auto row = std::ranges::find(kRows, WasmEdge_ResultGetCode(result), &Row::code);
  return row == std::end(kRows) ? "unknown error" : row->message;
}
