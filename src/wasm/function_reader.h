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

/// A sink that only validates.
struct NullSink {
  void begin(FunctionReaderBase&) {}
  template <Op>
  void on(const Imm&) {}
  void drop(ValType) {}
  void select(ValType) {}
  void block(Control&) {}
  void loop(Control&) {}
  void if_(Control&) {}
  void else_(Control&, bool) {}
  void end(Control&, bool) {}
  void try_table(Control&, std::span<const CatchClause>) {}
  void try_(Control&) {}
  void catch_(Control&, uint32_t, bool) {}
  void catch_all(Control&, bool) {}
  void delegate(Control&, uint32_t, bool) {}
  void rethrow(uint32_t) {}
  void br(uint32_t) {}
  void br_if(uint32_t) {}
  void br_table(std::span<const uint32_t>) {}
  void br_on_null(uint32_t) {}
  void br_on_non_null(uint32_t) {}
  void br_on_cast(uint32_t, ValType, bool) {}
  void return_() {}
  void unreachable() {}
  void call(uint32_t, bool) {}
  void call_indirect(uint32_t, TypeId, bool) {}
  void call_ref(TypeId, bool) {}
  void throw_(uint32_t) {}
  void throw_ref() {}
  void finish() {}
};

constexpr bool needs_extended_const(Op op) {
  return op == Op::kI32Add || op == Op::kI32Sub || op == Op::kI32Mul || op == Op::kI64Add || op == Op::kI64Sub ||
         op == Op::kI64Mul;
}
/// Whether a constant expression may contain the op.
constexpr bool is_constant(Op op) {
  switch (op) {
    case Op::kEnd:
    case Op::kI32Const:
    case Op::kI64Const:
    case Op::kF32Const:
    case Op::kF64Const:
    case Op::kV128Const:
    case Op::kRefNull:
    case Op::kRefFunc:
    case Op::kGlobalGet:
    case Op::kStructNew:
    case Op::kStructNewDefault:
    case Op::kArrayNew:
    case Op::kArrayNewDefault:
    case Op::kArrayNewFixed:
    case Op::kRefI31:
    case Op::kAnyConvertExtern:
    case Op::kExternConvertAny:
      return true;
    default:
      return needs_extended_const(op);
  }
}

/// Reads bodies of one module, any number, one after the other, and reuses its storage.
/// A sink with a member `static constexpr bool kConstantExpressions = true` reads constant expressions instead.
template <Sink S>
class FunctionReader : public FunctionReaderBase {
  static constexpr bool kConstant = requires { requires S::kConstantExpressions; };

 public:
  FunctionReader(const Module& module, S& sink) : FunctionReaderBase(module), sink_(sink) {}

  /// Reads the body of a defined function. If false, error() says why, and finish() was not called.
  [[nodiscard]] bool read_function(uint32_t index)
    requires(!kConstant)
  {
    if (!begin_function(index)) return false;
    sink_.begin(*this);
    if (!run() || !check_end()) return false;
    sink_.finish();
    return true;
  }

  /// Reads a constant expression of type `type` with its `end`, from where `from` stands. next_offset() is behind it.
  [[nodiscard]] bool read_expression(const base::ByteReader& from, ValType type)
    requires(kConstant)
  {
    begin_expression(from, type);
    sink_.begin(*this);
    if (!run()) return false;
    sink_.finish();
    return true;
  }

 protected:
  bool run() {
    while (!controls_.empty()) {
      if (!step()) [[unlikely]]
        return false;
    }
    return true;
  }
  bool check_end() { return at_end() || fail(ErrorCode::kMalformed, "END opcode expected", offset()); }

  /// Reads one op.
  bool step() {
    op_start_ = pc_;
    if (pc_ == end_) [[unlikely]]
      return fail_end();
    const uint32_t byte = *pc_++;
    switch (byte) {
#define WHERRY_OP(code, id, text, imm, sig, feature, access, effect) \
  case code:                                                         \
    if constexpr (code <= 0xFF) return read<Op::id>();               \
    break;
#include "wasm/ops.inc"
#undef WHERRY_OP
      default:
        if (is_prefix(static_cast<uint8_t>(byte))) return step_prefixed(static_cast<uint8_t>(byte));
    }
    return fail_opcode(byte, op_offset());
  }

 private:
  bool step_prefixed(uint8_t prefix) {
    uint32_t full;
    if (!sub_opcode(prefix, full)) return false;
    switch (full) {
#define WHERRY_OP(code, id, text, imm, sig, feature, access, effect) \
  case code:                                                         \
    if constexpr (code > 0xFF) return read<Op::id>();                \
    break;
#include "wasm/ops.inc"
#undef WHERRY_OP
    }
    return fail_opcode(full, op_offset());
  }

  /// Decodes, validates and announces one op.
  template <Op kOp>
  bool read() {
    if constexpr (kConstant && !is_constant(kOp)) {
      return fail_invalid("constant expression required");
    } else {
      if (!features_on<kOp>()) return false;
      if constexpr (kConstant) {
        if (!make_room(kSlack)) return false;
      }
      Imm imm;
      if (!immediates<kOp>(imm)) return false;
      if constexpr (has_hook(kOp)) {
        return read_with_hook<kOp>(imm);
      } else {
        if constexpr (info(kOp).signature.special) {
          if (!check_special<kOp>(imm)) return false;
        } else {
          if (!check_plain<kOp>(imm)) return false;
        }
        if (live_) sink_.template on<kOp>(imm);
        return true;
      }
    }
  }

  template <Op kOp>
  bool features_on() {
    constexpr Feature kFeature = info(kOp).feature;
    if constexpr (kOp == Op::kThrow) {
      return has(Feature::kLegacyExceptions) || require(kFeature, op_offset());
    } else {
      if constexpr (kConstant && needs_extended_const(kOp)) return require(Feature::kExtendedConst, op_offset());
      if constexpr (kFeature == Feature::kMvp) return true;
      return require(kFeature, op_offset());
    }
  }

  static constexpr bool has_hook(Op op) {
    switch (op) {
      case Op::kUnreachable:
      case Op::kBlock:
      case Op::kLoop:
      case Op::kIf:
      case Op::kElse:
      case Op::kTry:
      case Op::kCatch:
      case Op::kThrow:
      case Op::kRethrow:
      case Op::kThrowRef:
      case Op::kEnd:
      case Op::kBr:
      case Op::kBrIf:
      case Op::kBrTable:
      case Op::kReturn:
      case Op::kCall:
      case Op::kCallIndirect:
      case Op::kReturnCall:
      case Op::kReturnCallIndirect:
      case Op::kCallRef:
      case Op::kReturnCallRef:
      case Op::kDelegate:
      case Op::kCatchAll:
      case Op::kDrop:
      case Op::kSelect:
      case Op::kSelectTyped:
      case Op::kTryTable:
      case Op::kBrOnNull:
      case Op::kBrOnNonNull:
      case Op::kBrOnCast:
      case Op::kBrOnCastFail:
        return true;
      default:
        return false;
    }
  }

  template <Op kOp>
  bool read_with_hook(const Imm& imm) {
    const bool live = live_;
    if constexpr (kOp == Op::kBlock) {
      if (!begin(ControlKind::kBlock, imm)) return false;
      if (live) sink_.block(controls_.back());
    } else if constexpr (kOp == Op::kLoop) {
      if (!begin(ControlKind::kLoop, imm)) return false;
      if (live) sink_.loop(controls_.back());
    } else if constexpr (kOp == Op::kIf) {
      if (!pop(ValType::kI32) || !begin(ControlKind::kIf, imm)) return false;
      if (live) sink_.if_(controls_.back());
    } else if constexpr (kOp == Op::kElse) {
      if (!begin_else()) return false;
      if (live_) sink_.else_(controls_.back(), live);
    } else if constexpr (kOp == Op::kEnd) {
      if (!end_control()) return false;
      if (controls_.back().announced) sink_.end(controls_.back(), live);
      pop_control();
    } else if constexpr (kOp == Op::kTryTable) {
      if (!check_catches() || !begin(ControlKind::kTryTable, imm)) return false;
      if (live) sink_.try_table(controls_.back(), catches());
    } else if constexpr (kOp == Op::kTry) {
      if (!begin(ControlKind::kTry, imm)) return false;
      if (live) sink_.try_(controls_.back());
    } else if constexpr (kOp == Op::kCatch) {
      if (!begin_catch(imm.index)) return false;
      if (live_) sink_.catch_(controls_.back(), imm.index, live);
    } else if constexpr (kOp == Op::kCatchAll) {
      if (!begin_catch_all()) return false;
      if (live_) sink_.catch_all(controls_.back(), live);
    } else if constexpr (kOp == Op::kDelegate) {
      if (!check_delegate(imm.index)) return false;
      if (controls_.back().announced) sink_.delegate(controls_.back(), imm.index, live);
      pop_control();
    } else if constexpr (kOp == Op::kRethrow) {
      if (!check_rethrow(imm.index)) return false;
      mark_unreachable();
      if (live) sink_.rethrow(imm.index);
    } else if constexpr (kOp == Op::kThrow) {
      if (!check_throw(imm.index)) return false;
      mark_unreachable();
      if (live) sink_.throw_(imm.index);
    } else if constexpr (kOp == Op::kThrowRef) {
      if (!pop(ValType::exnref())) return false;
      mark_unreachable();
      if (live) sink_.throw_ref();
    } else if constexpr (kOp == Op::kUnreachable) {
      mark_unreachable();
      if (live) sink_.unreachable();
    } else if constexpr (kOp == Op::kBr) {
      if (!check_label(imm.index) || !pop_all(label(imm.index).label_types())) return false;
      mark_unreachable();
      if (live) sink_.br(imm.index);
    } else if constexpr (kOp == Op::kBrIf) {
      if (!check_label(imm.index) || !pop(ValType::kI32) || !retype(label(imm.index).label_types())) return false;
      if (live) sink_.br_if(imm.index);
    } else if constexpr (kOp == Op::kBrTable) {
      if (!check_br_table()) return false;
      mark_unreachable();
      if (live) sink_.br_table(labels());
    } else if constexpr (kOp == Op::kBrOnNull) {
      if (!check_br_on_null(imm.index)) return false;
      if (live) sink_.br_on_null(imm.index);
    } else if constexpr (kOp == Op::kBrOnNonNull) {
      if (!check_br_on_non_null(imm.index)) return false;
      if (live) sink_.br_on_non_null(imm.index);
    } else if constexpr (kOp == Op::kBrOnCast || kOp == Op::kBrOnCastFail) {
      constexpr bool kOnFail = kOp == Op::kBrOnCastFail;
      if (!check_br_on_cast(imm.index, imm.from_type, imm.type, kOnFail)) return false;
      if (live) sink_.br_on_cast(imm.index, imm.type, kOnFail);
    } else if constexpr (kOp == Op::kReturn) {
      if (!pop_all(controls_[0].results())) return false;
      mark_unreachable();
      if (live) sink_.return_();
    } else if constexpr (kOp == Op::kCall || kOp == Op::kReturnCall) {
      constexpr bool kTail = kOp == Op::kReturnCall;
      if (imm.index >= module_.functions.size()) return fail_index("function", imm.index);
      if (!check_call(module_.function_type(imm.index), kTail)) return false;
      if constexpr (kTail) mark_unreachable();
      if (live) sink_.call(imm.index, kTail);
    } else if constexpr (kOp == Op::kCallIndirect || kOp == Op::kReturnCallIndirect) {
      constexpr bool kTail = kOp == Op::kReturnCallIndirect;
      TypeId type;
      if (!check_call_indirect(imm.index, imm.index2, kTail, type)) return false;
      if constexpr (kTail) mark_unreachable();
      if (live) sink_.call_indirect(imm.index2, type, kTail);
    } else if constexpr (kOp == Op::kCallRef || kOp == Op::kReturnCallRef) {
      constexpr bool kTail = kOp == Op::kReturnCallRef;
      TypeId type;
      if (!check_call_ref(imm.index, kTail, type)) return false;
      if constexpr (kTail) mark_unreachable();
      if (live) sink_.call_ref(type, kTail);
    } else if constexpr (kOp == Op::kDrop) {
      ValType type;
      if (!pop_any(type)) return false;
      if (live) sink_.drop(type);
    } else {
      static_assert(kOp == Op::kSelect || kOp == Op::kSelectTyped);
      ValType type;
      if (!(kOp == Op::kSelect ? check_select(type) : check_select_typed(type))) return false;
      if (live) sink_.select(type);
    }
    return true;
  }

  bool begin(ControlKind kind, const Imm& imm) { return push_control(kind, imm.block, imm.type, imm.index); }

  template <Op kOp>
  bool check_special(const Imm& imm) {
    if constexpr (kOp == Op::kLocalGet) {
      return local_get(imm.index);
    } else if constexpr (kOp == Op::kLocalSet) {
      return local_set(imm.index);
    } else if constexpr (kOp == Op::kLocalTee) {
      return local_tee(imm.index);
    } else if constexpr (kOp == Op::kGlobalGet) {
      if constexpr (kConstant) {
        if (!check_constant_global(imm.index)) return false;
      }
      return global_get(imm.index);
    } else if constexpr (kOp == Op::kGlobalSet) {
      return global_set(imm.index);
    } else {
      return FunctionReaderBase::check_special(kOp, imm.index, imm.index2, imm.type);
    }
  }

  /// An op whose type is its row's signature.
  template <Op kOp>
  bool check_plain(const Imm& imm) {
    constexpr const OpInfo& kInfo = info(kOp);
    constexpr ImmKind kImm = kInfo.imm;

    ValType address;
    if constexpr (kImm == ImmKind::kMemArg || kImm == ImmKind::kMemArgLane) {
      constexpr bool kAtomic = (kInfo.code >> 16) == 0xFE;
      if (!check_mem_arg(imm.mem, kInfo.access, kAtomic, address)) return false;
    } else if constexpr (kImm == ImmKind::kMemory) {
      if (!check_memory(imm.index, address)) return false;
    } else if constexpr (kImm == ImmKind::kTable) {
      if (!check_table(imm.index, address)) return false;
    } else if constexpr (kImm == ImmKind::kDataMemory) {
      if (!check_memory(imm.index2, address) || !check_data(imm.index)) return false;
    } else if constexpr (kImm == ImmKind::kData) {
      if (!check_data(imm.index)) return false;
    } else if constexpr (kImm == ImmKind::kElem) {
      if (!check_elem(imm.index)) return false;
    }
    if constexpr (kImm == ImmKind::kLane || kImm == ImmKind::kMemArgLane) {
      if (imm.lane >= lane_count(kInfo)) [[unlikely]]
        return fail_lane(imm.lane);
    } else if constexpr (kImm == ImmKind::kLanes16) {
      for (uint8_t lane : imm.v128.bytes) {
        if (lane >= 32) [[unlikely]]
          return fail_lane(lane);
      }
    }

    return apply<kInfo.signature>(address);
  }

  /// Lanes that a lane index chooses from: by the shape in the op's name, or what of the vector is stored.
  static constexpr uint32_t lane_count(const OpInfo& op) {
    if (op.imm == ImmKind::kMemArgLane) return 16u >> op.access;
    const char digit = op.text[op.text.find('x') + 1];
    return digit == '1' ? 16 : static_cast<uint32_t>(digit - '0');
  }

  S& sink_;
};

}  // namespace wherry::wasm
