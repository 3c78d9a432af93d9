// Tier 0: the interpreter.
//
// How an op travels. The reader (wasm/function_reader.h) decodes and validates a body and calls the hooks of the
// Translator (translator.h), a sink that keeps a symbolic operand stack: local.get and constants emit nothing, results
// go straight to where they are wanted. It looks the op up in the handler table (handlers.h: op and form of operands ->
// handler) and appends an instruction (dispatch.h) to the function's code. At the end, handlers that do several
// instructions at once (fusions.h) take the place of the first's. Handlers are made by templates over the pure
// functions of wasm/semantics.h, a family a file:
//   ops_int.cc ops_float.cc ops_simd.cc   ops that compute, and branches on compares (numeric.h)
//   ops_memory.cc                         loads, stores, globals, moves (memory_access.h)
//   ops_control.cc                        branches, calls, returns, traps, exceptions (calls.h)
//   ops_runtime.cc ops_gc.cc ops_atomics.cc
//   fusions_*.cc                          which instructions are fused (actions.h)
// A function is translated when it is first called (module_code.h); its code is shared by all instances and threads. A
// frame lies on the store's wasm stack: parameters, locals, a link (frame.h), operands by stack height. A callee's
// frame begins where its arguments lie in the caller's. Wasm code never uses the native stack.
#pragma once

#include <memory>

#include "engine/tier.h"

namespace wherry::interp {

std::unique_ptr<engine::Tier> make_interpreter();

}  // namespace wherry::interp
