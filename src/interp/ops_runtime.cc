// Ops that the runtime does for us: bulk memory, tables, references, garbage-collected objects.
#include "interp/calls.h"
#include "interp/translator.h"
#include "runtime/operations.h"

namespace wherry::interp {

bool Translator::runtime_op(Op op, const wasm::Imm& imm) { return false; }
bool Translator::atomic_op(Op op, const wasm::Imm& imm) { return false; }
bool Translator::vector_op(Op op, const wasm::Imm& imm) { return false; }

}  // namespace wherry::interp
