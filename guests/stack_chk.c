// Debian's compiler-rt builtins for wasm32 are built with the stack protector, its wasi-libc is not: this joins them.
#include <stdint.h>

uintptr_t __stack_chk_guard = 0x57a4c0de;

_Noreturn void __stack_chk_fail(void) { __builtin_trap(); }
