// Validation of function bodies: a FunctionReader whose sink does nothing, with a fast path for what code mostly
// consists of. The handlers below are tail-call threaded, so that the cursor and the top of the operand stack stay in
// registers. They accept or decline, and never judge: whatever is not plainly right goes to the general reader, at the
// same byte.
#include <array>
#include <bit>
#include <cstring>

#include "wasm/binary_format.h"
#include "wasm/function_reader.h"

namespace wherry::wasm {

static_assert(Sink<NullSink>);

namespace {

class Validator : public FunctionReader<NullSink> {
 public:
  Validator(const Module& module, NullSink& sink)
      : FunctionReader(module, sink),
        memory_is_plain_(!module.memories.empty() && !module.memories[0].is64),
        functions_(module.functions) {}

  bool validate(uint32_t index) {
    if (!begin_function(index)) return false;
    plain_locals_ = has_unset_locals_ ? 0 : locals_.size();
    if (remaining() > kMargin) {
      fast_end_ = end_ - kMargin;
      if (!next(this, pc_, operands_.end())) return false;
    }
    return run() && check_end();
  }

 private:
  /// Handlers may look at this many bytes without asking whether they are there.
  static constexpr size_t kMargin = 16;

  using Handler = bool(Validator* self, const uint8_t* pc, ValType* sp);
  static const std::array<Handler*, 256> kHandlers;
  static consteval std::array<Handler*, 256> make_handlers();
  template <Op kOp>
  static consteval Handler* handler_of();

  [[gnu::always_inline]] static bool next(Validator* self, const uint8_t* pc, ValType* sp) {
    if (pc >= self->fast_end_) [[unlikely]]
      return self->leave(pc, sp);
    [[clang::musttail]] return kHandlers[*pc](self, pc, sp);
  }
  /// Hands over to the general reader for good.
  bool leave(const uint8_t* pc, ValType* sp) {
    pc_ = pc;
    operands_.set_end(sp);
    return true;
  }
  /// Hands over to the general reader for one op.
  [[gnu::noinline]] static bool general(Validator* self, const uint8_t* pc, ValType* sp) {
    self->pc_ = pc;
    self->operands_.set_end(sp);
    if (!self->step()) return false;
    if (self->controls_.empty()) return true;
    [[clang::musttail]] return next(self, self->pc_, self->operands_.end());
  }

  /// Reads an index. Linkers pad them to five bytes, so those are as common as the short ones.
  [[gnu::always_inline]] static bool read_index(const uint8_t*& pc, uint32_t& out) {
    uint64_t word;
    std::memcpy(&word, pc, sizeof word);
    out = word & 0x7F;
    if ((word & 0x80) == 0) {
      pc += 1;
      return true;
    }
    out |= word >> 1 & 0x3F80;
    if ((word & 0x8000) == 0) {
      pc += 2;
      return true;
    }
    out |= word >> 2 & 0x1FC000;
    if ((word & 0x800000) == 0) {
      pc += 3;
      return true;
    }
    out |= word >> 3 & 0xFE00000;
    if ((word & 0x80000000) == 0) {
      pc += 4;
      return true;
    }
    out |= word >> 4 & 0xF0000000;
    pc += 5;
    return (word >> 32 & 0xF0) == 0;
  }
  /// Skips a number of at most `kBytes` bytes: at most 28 bits for four, and so on.
  template <unsigned kBytes>
  [[gnu::always_inline]] static bool skip(const uint8_t*& pc) {
    static_assert(kBytes <= 8);
    if (*pc < 0x80) [[likely]] {
      ++pc;
      return true;
    }
    uint64_t word;
    std::memcpy(&word, pc, sizeof word);
    const uint64_t ends = ~word & 0x8080808080808080 & (~uint64_t{0} >> (64 - 8 * kBytes));
    if (ends == 0) return false;
    pc += (std::countr_zero(ends) >> 3) + 1;
    return true;
  }
  /// Skips an i32.const's number: the fifth byte, if there is one, must repeat the sign.
  [[gnu::always_inline]] static bool skip_i32(const uint8_t*& pc) {
    if (skip<4>(pc)) return true;
    const uint8_t last = pc[4];
    pc += 5;
    return last < 0x08 || (last >= 0x78 && last < 0x80);
  }
  [[gnu::always_inline]] static bool skip_u32(const uint8_t*& pc) {
    if (skip<4>(pc)) return true;
    const uint8_t last = pc[4];
    pc += 5;
    return last < 0x10;
  }
  size_t available(const ValType* sp) const { return static_cast<size_t>(sp - base_); }

  template <Op kOp>
  static bool plain(Validator* self, const uint8_t* pc, ValType* sp) {
    constexpr const OpInfo& kInfo = info(kOp);
    constexpr std::string_view kParams = kInfo.signature.params;
    constexpr std::string_view kResults = kInfo.signature.results;
    const uint8_t* after = pc + 1;
    bool ok = self->available(sp) >= kParams.size();
    if constexpr (kInfo.feature != Feature::kMvp) ok &= self->has(kInfo.feature);
    if constexpr (kInfo.imm == ImmKind::kMemArg) {
      ok &= self->memory_is_plain_ && *after <= kInfo.access;
      ++after;
      ok = ok && skip_u32(after);
    } else if constexpr (kInfo.imm == ImmKind::kI32) {
      ok = ok && skip_i32(after);
    } else if constexpr (kInfo.imm == ImmKind::kI64) {
      ok = ok && skip<8>(after);
    } else if constexpr (kInfo.imm == ImmKind::kF32) {
      after += 4;
    } else if constexpr (kInfo.imm == ImmKind::kF64) {
      after += 8;
    }
    if (!ok) [[unlikely]] {
      [[clang::musttail]] return general(self, pc, sp);
    }
    ValType* const operands = sp - kParams.size();
    for (size_t i = 0; i < kParams.size(); ++i) {
      if (operands[i] != letter_type(kParams[i], ValType::kI32)) [[unlikely]] {
        [[clang::musttail]] return general(self, pc, sp);
      }
    }
    for (size_t i = 0; i < kResults.size(); ++i) operands[i] = letter_type(kResults[i], ValType::kI32);
    [[clang::musttail]] return next(self, after, operands + kResults.size());
  }

  template <Op kOp>
  static bool local(Validator* self, const uint8_t* pc, ValType* sp) {
    const uint8_t* after = pc + 1;
    uint32_t index;
    if (!read_index(after, index) || index >= self->plain_locals_) [[unlikely]] {
      [[clang::musttail]] return general(self, pc, sp);
    }
    const ValType type = self->locals_[index];
    if constexpr (kOp == Op::kLocalGet) {
      *sp++ = type;
    } else {
      if (self->available(sp) == 0 || sp[-1] != type) [[unlikely]] {
        [[clang::musttail]] return general(self, pc, sp);
      }
      if constexpr (kOp == Op::kLocalSet) --sp;
    }
    [[clang::musttail]] return next(self, after, sp);
  }

  static bool drop(Validator* self, const uint8_t* pc, ValType* sp) {
    if (self->available(sp) == 0) [[unlikely]] {
      [[clang::musttail]] return general(self, pc, sp);
    }
    [[clang::musttail]] return next(self, pc + 1, sp - 1);
  }

  static bool select(Validator* self, const uint8_t* pc, ValType* sp) {
    if (self->available(sp) < 3 || sp[-1] != ValType::kI32 || sp[-2] != sp[-3] || !sp[-2].is_num()) [[unlikely]] {
      [[clang::musttail]] return general(self, pc, sp);
    }
    [[clang::musttail]] return next(self, pc + 1, sp - 2);
  }

  static bool global_get(Validator* self, const uint8_t* pc, ValType* sp) {
    const uint8_t* after = pc + 1;
    uint32_t index;
    if (!read_index(after, index) || index >= self->module().globals.size()) [[unlikely]] {
      [[clang::musttail]] return general(self, pc, sp);
    }
    *sp = self->module().globals[index].type.type;
    [[clang::musttail]] return next(self, after, sp + 1);
  }

  static bool call(Validator* self, const uint8_t* pc, ValType* sp) {
    const uint8_t* after = pc + 1;
    uint32_t index;
    if (!read_index(after, index) || index >= self->functions_.size()) [[unlikely]] {
      [[clang::musttail]] return general(self, pc, sp);
    }
    const TypeDef& type = self->types().get(self->functions_[index].type);
    const size_t arity = type.params.size();
    if (self->available(sp) < arity || type.results.size() > 1) [[unlikely]] {
      [[clang::musttail]] return general(self, pc, sp);
    }
    const ValType* const params = type.params.data();
    ValType* const operands = sp - arity;
    for (size_t i = 0; i < arity; ++i) {
      if (operands[i] != params[i]) [[unlikely]] {
        [[clang::musttail]] return general(self, pc, sp);
      }
    }
    sp = operands;
    if (!type.results.empty()) *sp++ = type.results[0];
    [[clang::musttail]] return next(self, after, sp);
  }

  /// block, loop and if without parameters or results.
  template <ControlKind kKind>
  static bool block(Validator* self, const uint8_t* pc, ValType* sp) {
    if constexpr (kKind == ControlKind::kIf) {
      if (self->available(sp) == 0 || sp[-1] != ValType::kI32) [[unlikely]] {
        [[clang::musttail]] return general(self, pc, sp);
      }
    }
    if (pc[1] != type_code::kEmptyBlock || self->controls_.room() == 0 || self->has_unset_locals_) [[unlikely]] {
      [[clang::musttail]] return general(self, pc, sp);
    }
    if constexpr (kKind == ControlKind::kIf) --sp;
    self->controls_.push_unchecked({.kind = kKind,
                                    .announced = true,
                                    .unreachable = false,
                                    .single = ValType::kBottom,
                                    .height = static_cast<uint32_t>(sp - self->operands_.begin()),
                                    .init_height = 0,
                                    .type = nullptr,
                                    .sink_data = 0});
    self->base_ = sp;
    [[clang::musttail]] return next(self, pc + 2, sp);
  }

  static bool end(Validator* self, const uint8_t* pc, ValType* sp) {
    const Control& control = self->controls_.back();
    const size_t results = control.single == ValType::kBottom ? 0 : 1;
    // The function's own end, an if without else that must not have results, and what is not simple are the reader's.
    if (control.type != nullptr || self->available(sp) != results || self->controls_.size() == 1 ||
        self->has_unset_locals_ || (results == 1 && (sp[-1] != control.single || control.kind == ControlKind::kIf)))
        [[unlikely]] {
      [[clang::musttail]] return general(self, pc, sp);
    }
    self->controls_.pop();
    self->base_ = self->operands_.begin() + self->controls_.back().height;
    [[clang::musttail]] return next(self, pc + 1, sp);
  }

  /// br and br_if to labels that take nothing.
  template <Op kOp>
  static bool branch(Validator* self, const uint8_t* pc, ValType* sp) {
    const uint32_t depth = pc[1];
    if (depth >= 0x80 || depth >= self->controls_.size()) [[unlikely]] {
      [[clang::musttail]] return general(self, pc, sp);
    }
    const Control& target = self->label(depth);
    if (target.type != nullptr || (target.single != ValType::kBottom && target.kind != ControlKind::kLoop)) {
      [[clang::musttail]] return general(self, pc, sp);
    }
    if constexpr (kOp == Op::kBr) {
      self->controls_.back().unreachable = true;
      [[clang::musttail]] return next(self, pc + 2, self->base_);
    } else {
      if (self->available(sp) == 0 || sp[-1] != ValType::kI32) [[unlikely]] {
        [[clang::musttail]] return general(self, pc, sp);
      }
      [[clang::musttail]] return next(self, pc + 2, sp - 1);
    }
  }

  const uint8_t* fast_end_ = nullptr;
  size_t plain_locals_ = 0;  // locals that may be read at any time
  bool memory_is_plain_;     // memory 0 exists and is 32-bit
  std::span<const FunctionDecl> functions_;
};

template <Op kOp>
consteval Validator::Handler* Validator::handler_of() {
  constexpr const OpInfo& kInfo = info(kOp);
  constexpr bool kPlainImm = kInfo.imm == ImmKind::kNone || kInfo.imm == ImmKind::kMemArg ||
                             kInfo.imm == ImmKind::kI32 || kInfo.imm == ImmKind::kI64 || kInfo.imm == ImmKind::kF32 ||
                             kInfo.imm == ImmKind::kF64;
  if constexpr (!kInfo.signature.special && kPlainImm) return plain<kOp>;
  if constexpr (kOp == Op::kLocalGet || kOp == Op::kLocalSet || kOp == Op::kLocalTee) return local<kOp>;
  if constexpr (kOp == Op::kBr || kOp == Op::kBrIf) return branch<kOp>;
  if constexpr (kOp == Op::kBlock) return block<ControlKind::kBlock>;
  if constexpr (kOp == Op::kLoop) return block<ControlKind::kLoop>;
  if constexpr (kOp == Op::kIf) return block<ControlKind::kIf>;
  if constexpr (kOp == Op::kEnd) return end;
  if constexpr (kOp == Op::kCall) return call;
  if constexpr (kOp == Op::kDrop) return drop;
  if constexpr (kOp == Op::kSelect) return select;
  if constexpr (kOp == Op::kGlobalGet) return global_get;
  return general;
}

consteval std::array<Validator::Handler*, 256> Validator::make_handlers() {
  std::array<Handler*, 256> handlers;
  handlers.fill(general);
#define WHERRY_OP(code, id, text, imm, sig, feature, access, effect) \
  if constexpr (code <= 0xFF) handlers[code] = handler_of<Op::id>();
#include "wasm/ops.inc"
#undef WHERRY_OP
  return handlers;
}

constinit const std::array<Validator::Handler*, 256> Validator::kHandlers = make_handlers();

}  // namespace

Result<> validate_functions(const Module& module, uint32_t first, uint32_t last) {
  NullSink sink;
  Validator validator(module, sink);
  for (uint32_t i = first; i < last; ++i) {
    if (!validator.validate(i)) return std::unexpected(validator.take_error());
  }
  return {};
}

}  // namespace wherry::wasm
