// How compiled code reaches the runtime: the functions of libcalls.inc, and how it is left.
#pragma once

#include <cstdint>

#include "runtime/vmcontext.h"

namespace wherry::runtime {

enum class Libcall : uint32_t {
#define WHERRY_LIBCALL(name, ...) name,
#include "runtime/libcalls.inc"
#undef WHERRY_LIBCALL
  kCount,
};

/// By Libcall; what VMContext::libcalls points to.
extern const void* const kLibcalls[static_cast<size_t>(Libcall::kCount)];

/// The registers of compiled code at a call of a function that throws: those that a function must preserve, and where
/// the call returns to. libcalls_*.S fills it.
struct ThrowRegisters {
#if defined(__x86_64__)
  uintptr_t rbx, rbp, r12, r13, r14, r15;
  uintptr_t sp;  ///< As it is after the return.
  uintptr_t pc;
#elif defined(__aarch64__)
  uintptr_t x19_to_x28[10];
  uintptr_t x29;
  uintptr_t pc;
  uintptr_t sp;
  uintptr_t reserved;
  uint64_t d8_to_d15[8];
#endif
};

}  // namespace wherry::runtime
