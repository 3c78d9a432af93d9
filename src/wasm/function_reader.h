// FunctionReader: decodes and validates one function body, once, and tells a sink what it saw. The validator is a reader
// whose sink does nothing; the interpreter's translator, the native compilers and the constant evaluator are other sinks.
// There is no second decoder.
//
// Layers: Decoder (bytes -> Op and Imm, no validation; the printer stops here), FunctionReaderBase (operand and control
// stacks, typing; not a template), FunctionReader<Sink> (one case per op, expanded from ops.inc, which calls the sink).
//
// The sink's contract
// - Hooks are called in the order of the code, after the op is validated, for reachable code only. A structured
//   instruction that begins in unreachable code is not announced, nor is anything in it; of one that was announced, else,
//   catch and end always are, with a flag that says whether control falls into them.
// - Operands are not named: a sink keeps its own operand stack. It pops and pushes what the op's signature says. At
//   `else_`, `catch_` and `end` the sink resets its stack to the control's height plus its parameters or results.
// - Hooks do not fail. A sink that cannot go on remembers why, and says so when asked at the end.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>

#include "wasm/module.h"
#include "wasm/ops.h"
#include "wherry/v128.h"

namespace wherry::wasm {

struct MemArg {
  uint32_t align_log2 = 0;
  uint32_t memory = 0;
  uint64_t offset = 0;
};

/// Decoded immediates; the op's ImmKind says which members count.
struct Imm {
  uint32_t index = 0;   ///< The index (the first, where there are two); br_on_cast's label.
  uint32_t index2 = 0;  ///< The second index; struct field; array.new_fixed's count.
  uint32_t lane = 0;
  MemArg mem;
  uint64_t bits = 0;  ///< Constants, as bits; i32 and f32 zero-extended.
  V128 v128;          ///< v128.const; i8x16.shuffle's lanes.
  /// ref.null: the null's type. ref.test, ref.cast: the target, with the op's nullability. br_on_cast: the target.
  ValType type;
  ValType from_type;  ///< br_on_cast: the source.
};

enum class ControlKind : uint8_t { kFunction, kBlock, kLoop, kIf, kElse, kTryTable, kTry, kCatch, kCatchAll };

/// An entry of the control stack: a label.
struct Control {
  ControlKind kind;
  bool announced;          ///< The sink knows of it.
  bool unreachable;        ///< The rest of the current arm cannot be reached.
  uint32_t height;         ///< Operands below it (below its parameters).
  uint32_t init_height;    ///< Of the stack of locals that were set, for non-defaultable locals.
  std::span<const ValType> params;
  std::span<const ValType> results;
  /// What a branch to it carries.
  std::span<const ValType> label_types() const { return kind == ControlKind::kLoop ? params : results; }
  /// For the sink's use: reader leaves it alone (index of a patch list, a block number, ...).
  uint64_t sink_data = 0;
};

/// A catch clause of try_table.
struct CatchClause {
  enum class Kind : uint8_t { kCatch = 0, kCatchRef = 1, kCatchAll = 2, kCatchAllRef = 3 };
  Kind kind;
  uint32_t tag = 0;    ///< kCatch, kCatchRef
  uint32_t label = 0;  ///< Relative depth, counted from outside the try_table (0 = the label that encloses it).
};

class FunctionReaderBase;

/// What a sink must offer. `label` arguments are relative depths, for FunctionReaderBase::label().
/// `tail` calls are return_call and its kin.
template <class S>
concept Sink = requires(S s, FunctionReaderBase& reader, Control& control, const Imm& imm, uint32_t n, bool flag,
                        ValType type, TypeId type_id, std::span<const CatchClause> clauses,
                        std::span<const uint32_t> labels) {
  s.begin(reader);  // locals are known: reader.locals(), parameters first
  s.template on<Op::kI32Add>(imm);  // every op that has no hook of its own below
  s.drop(type);
  s.select(type);
  s.block(control);
  s.loop(control);
  s.if_(control);
  s.else_(control, flag);  // flag: the then-arm's end is reachable
  s.end(control, flag);    // flag: the last arm's end is reachable (an if without else: the else-arm's always is)
  s.try_table(control, clauses);
  s.try_(control);                   // legacy exceptions
  s.catch_(control, n, flag);        // legacy: begins the handler for tag n; flag: the previous arm's end is reachable
  s.catch_all(control, flag);        // legacy
  s.delegate(control, n, flag);      // legacy: ends `control`; n: label depth counted from outside `control`
  s.rethrow(n);                      // legacy
  s.br(n);
  s.br_if(n);
  s.br_table(labels);  // the last one is the default
  s.br_on_null(n);     // falls through with the non-null reference
  s.br_on_non_null(n);
  s.br_on_cast(n, type, flag);  // branches if the operand is of `type` (flag: if it is not)
  s.return_();
  s.unreachable();
  s.call(n, flag);                   // function index, tail
  s.call_indirect(n, type_id, flag); // table index, type, tail
  s.call_ref(type_id, flag);
  s.throw_(n);
  s.throw_ref();
  s.finish();  // after the function's own `end`
};

}  // namespace wherry::wasm
