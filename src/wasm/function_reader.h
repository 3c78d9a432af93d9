// FunctionReader: decodes and validates one function body, once, and tells a sink what it saw. The validator is a
// reader whose sink does nothing; the interpreter's translator, the native compilers and the constant evaluator are
// other sinks. There is no second decoder.
//
// Layers: Decoder (decoder.h: bytes -> Op and Imm, no validation; the printer stops here), FunctionReaderBase
// (function_reader_base.h: operand and control stacks, typing; not a template), FunctionReader<Sink> (one case per op,
// expanded from ops.inc, which calls the sink).
//
// The sink's contract
// - Hooks are called in the order of the code, after the op is validated, for reachable code only. A structured
//   instruction that begins in unreachable code is not announced, nor is anything in it; of one that was announced,
//   else, catch and end always are, with a flag that says whether control falls into them. What follows an announced
//   `end` is reachable again as far as validation can tell, even if no branch leads there.
// - Operands are not named: a sink keeps its own operand stack. It pops and pushes what the op's signature says. At
//   `else_`, `catch_` and `end` the sink resets its stack to the control's height plus its parameters or results.
// - When a hook runs, the reader's own operand stack (operands(), operand(n), height()) is as *after* the op: operands
//   popped, results pushed. The types that were popped are passed where they are not known from the op. Of an op that
//   ends its arm (br, br_table, return, unreachable, throw, tail calls, ...) the stack is cut to the control's height.
// - label(0) at `block`, `loop`, `if_`, `try_table`, `try_` is the structure that begins; at `else_`, `catch_`,
//   `catch_all`, `end` and `delegate` the one that is passed.
// - All types are canonical (HeapType::defined holds a TypeId); indices in Imm are the module's.
// - Hooks do not fail. A sink that cannot go on remembers why, and says so when asked at the end.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>

#include "wasm/function_reader_base.h"

namespace wherry::wasm {

/// What a sink must offer. `label` arguments are relative depths, for FunctionReaderBase::label().
/// `tail` calls are return_call and its kin.
template <class S>
concept Sink =
    requires(S s, FunctionReaderBase& reader, Control& control, const Imm& imm, uint32_t n, bool flag, ValType type,
             TypeId type_id, std::span<const CatchClause> clauses, std::span<const uint32_t> labels) {
      s.begin(reader);                  // locals are known: reader.locals(), parameters first
      s.template on<Op::kI32Add>(imm);  // every op that has no hook of its own below
      s.drop(type);
      s.select(type);
      s.block(control);
      s.loop(control);
      s.if_(control);
      s.else_(control, flag);  // flag: the then-arm's end is reachable
      s.end(control, flag);    // flag: the last arm's end is reachable (an if without else: the else-arm's always is)
      s.try_table(control, clauses);
      s.try_(control);               // legacy exceptions
      s.catch_(control, n, flag);    // legacy: begins the handler for tag n; flag: the previous arm's end is reachable
      s.catch_all(control, flag);    // legacy
      s.delegate(control, n, flag);  // legacy: ends `control`; n: label depth counted from outside `control`
      s.rethrow(n);                  // legacy
      s.br(n);
      s.br_if(n);
      s.br_table(labels);  // the last one is the default
      s.br_on_null(n);     // falls through with the non-null reference
      s.br_on_non_null(n);
      s.br_on_cast(n, type, flag);  // branches if the operand is of `type` (flag: if it is not)
      s.return_();
      s.unreachable();
      s.call(n, flag);                    // function index, tail
      s.call_indirect(n, type_id, flag);  // table index, type, tail
      s.call_ref(type_id, flag);
      s.throw_(n);
      s.throw_ref();
      s.finish();  // after the function's own `end`
    };

}  // namespace wherry::wasm
