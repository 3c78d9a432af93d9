// Code that the tests treat as guest code: in a section of its own, which is registered as a code range.
#pragma once

#include <cstdint>

#include "platform/faults.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WHERRY_SANITIZED 1
#endif
#endif

extern "C" {
extern const char __start_wherry_test_guest[];
extern const char __stop_wherry_test_guest[];
}

namespace wherry::platform::testing {

inline void register_guest_code() {
  static const bool once = [] {
    install_fault_handlers();
    add_code_range(__start_wherry_test_guest, __stop_wherry_test_guest);
    return true;
  }();
  static_cast<void>(once);
}

/// Reads a byte.
uint32_t guest_load(void* address);
/// Loops for ever.
uint32_t guest_spin(void*);
/// Overwrites every register that a function must preserve, then reads a byte.
uint32_t guest_clobber_and_load(void* address);
/// Calls function(argument) of a HostCall, and returns 7.
struct HostCall {
  void (*function)(void*);
  void* argument;
};
uint32_t guest_call_host(void* host_call);

}  // namespace wherry::platform::testing
