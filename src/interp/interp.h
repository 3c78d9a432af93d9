// Tier 0: the interpreter.
//
// How an op travels. The reader (wasm/function_reader.h) decodes and validates a body and calls the hooks of the
// Translator (translator.h), a sink that keeps a symbolic operand stack: local.get and constants emit nothing, results
// go straight to where they are wanted. It looks the op up in the handler table (handlers.h: op, forms of operands ->
// handler) and appends an instruction (dispatch.h) to the function's code. The handlers are made by templates over the
// pure functions of wasm/semantics.h, a family a file:
//   ops_int.cc ops_float.cc      numeric ops, compares, branches on compares
//   ops_memory.cc                loads, stores, globals, moves
//   ops_simd.cc                  vectors
//   ops_control.cc               branches, calls, returns, traps
//   ops_runtime.cc               what the runtime does for us: tables, GC, bulk memory
//   ops_atomics.cc ops_exceptions.cc
// A function is translated when it is first called (module_code.h); its code is shared by all instances and threads. A
// frame lies on the store's wasm stack: parameters, locals, a link (frame.h), operands by stack height. A callee's
// frame begins where its arguments lie in the caller's. Wasm code never uses the native stack.
#pragma once

#include <memory>

#include "engine/tier.h"

namespace wherry::interp {

std::unique_ptr<engine::Tier> make_interpreter();

}  // namespace wherry::interp
