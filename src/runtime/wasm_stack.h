// The stacks that WebAssembly frames lie on. A store has one only while it runs, and takes it from the thread that runs
// it: idle stores cost no stack, and a thread uses the same warm one for all of them.
#pragma once

#include <cstdint>

#include "runtime/vmcontext.h"

namespace wherry::runtime {

struct WasmStack {
  Slot* begin;
  Slot* end;
};

/// At least `bytes` of address space, committed, with a guard page behind; null if there is none. Belongs to the
/// calling thread until it is given back there.
WasmStack take_wasm_stack(uint64_t bytes);
/// What lies on it can be read until the thread takes a stack again.
void give_wasm_stack_back(WasmStack stack);

}  // namespace wherry::runtime
