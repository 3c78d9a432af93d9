// What handlers that call, return and throw share; and the way into the interpreter.
#pragma once

#include "interp/frame.h"
#include "interp/handlers.h"

namespace wherry::interp {

/// The entry of every function that the interpreter executes (runtime::FuncEntry).
TrapKind interp_entry(runtime::Func& func, Slot* slots);

/// Translates a function that has no code yet, or waits for another thread that does, and returns its code.
[[gnu::noinline, gnu::cold]] const Word* translate(const VMContext* context, Function* function);

/// Calls a function that is not the interpreter's, from the instruction at `pc` of `self`.
[[gnu::noinline]] TrapKind call_outside(const Word* pc, Slot* fp, VMContext* context, runtime::Func* callee, Slot* args,
                                        const Function* self);

/// A place in running code.
struct Place {
  const Word* pc;
  Slot* fp;
  VMContext* context;
};

/// Finds the handler of the exception in flight, going out from the instruction at `from.pc` of `self`; takes the
/// exception and returns where to go on. A null pc: there is none in this activation.
[[gnu::noinline]] Place unwind(Place from, const Function* self);

/// The frame around the one of `self` at `place`, whose `pc` then lies within its call; null function: the host.
struct Caller {
  Place place;
  const Function* function;
};
Caller caller_of(const Place& place, const Function* self);

/// The stand-in for a frame that was replaced by a call into another instance; see ops_control.cc.
bool is_trampoline(const Function* function);

/// The function that the instruction at `pc` stands for, if it does so because the function was handed over to another
/// tier; else null.
const Function* handed_over(const Word* pc);

/// The code that frames called from the host return to.
const Word* host_return();

/// Tells the collector and nested calls where this frame ends.
WHERRY_BODY void publish_frame(const Regs& r, const Function* self) {
  r.context->exec->stack_top = r.fp + self->frame_slots;
}

WHERRY_BODY void zero_locals(Slot* frame, const Function* callee) {
  Slot* slot = frame + callee->zero_begin;
  for (uint32_t groups = callee->zero_groups; groups != 0; --groups) {
    const Vec zero{};
    std::memcpy(slot, &zero, sizeof zero);
    std::memcpy(slot + 2, &zero, sizeof zero);
    slot += 4;
    asm("" : "+r"(slot));  // A call of memset would cost more than the usual one or two rounds.
  }
}

/// Enters `callee` with the frame at `frame`, arguments in place; `context` is the callee's.
WHERRY_BODY TrapKind enter(Regs& r, const VMContext* context, Function* callee, Slot* frame, const Word* return_to,
                           Slot* caller) {
  const Word* code = callee->start.load(std::memory_order_acquire);
  if (code == nullptr) [[unlikely]] {
    code = translate(context, callee);
    r.forget_accumulators();
    const uint32_t interrupt = __atomic_load_n(&r.context->exec->interrupt, __ATOMIC_RELAXED);
    if (interrupt != 0) return static_cast<TrapKind>(interrupt);
  }
  if (frame + callee->frame_slots > r.context->exec->stack_limit) [[unlikely]]
    return TrapKind::kStackOverflow;
  zero_locals(frame, callee);
  Slot* link = frame + callee->link;
  link[kLinkReturn] = reinterpret_cast<Slot>(return_to);
  link[kLinkCaller] = reinterpret_cast<Slot>(caller);
  r.fp = frame;
  r.pc = code;
  return TrapKind::kNone;
}

WHERRY_BODY bool acc_is_true(Regs& r) { return static_cast<uint32_t>(r.i) != 0; }
WHERRY_BODY bool acc_is_false(Regs& r) { return static_cast<uint32_t>(r.i) == 0; }

/// To the displacement that an i32 selects: imm many besides the last, from [2] on.
template <bool in_slot>
WHERRY_BODY TrapKind jump_table(Regs& r) {
  const uint32_t index = in_slot ? r.get<uint32_t>(r.a()) : static_cast<uint32_t>(r.i);
  const uint32_t last = static_cast<uint32_t>(r.imm());
  const int32_t displacement = r.read_code<int32_t>(16 + size_t{4} * (index < last ? index : last));
  if constexpr (kPollsBackEdges) {
    const uint32_t interrupt = __atomic_load_n(&r.context->exec->interrupt, __ATOMIC_RELAXED);
    if (interrupt != 0) [[unlikely]]
      return static_cast<TrapKind>(interrupt);
  }
  r.pc += displacement;
  return TrapKind::kNone;
}

WHERRY_BODY void switch_context(Regs& r, VMContext* context) {
  r.context = context;
  r.mem = context->memory0->base;
}

}  // namespace wherry::interp
