// Handlers that move control: branches, calls, returns, traps, exceptions.
#include "interp/calls.h"
#include "interp/module_code.h"
#include "runtime/operations.h"
#include "runtime/store.h"

namespace wherry::interp {
namespace {

using runtime::Func;
using runtime::Ref;

// Branches.

WHERRY_BODY bool slot_is_true(Regs& r) { return r.get<uint32_t>(r.a()) != 0; }
WHERRY_BODY bool slot_is_false(Regs& r) { return r.get<uint32_t>(r.a()) == 0; }
WHERRY_BODY bool slot_is_null(Regs& r) { return r.get<Ref>(r.a()) == 0; }
WHERRY_BODY bool slot_is_not_null(Regs& r) { return r.get<Ref>(r.a()) != 0; }

template <bool sense>
WHERRY_BODY bool slot_is_of_type(Regs& r) {
  const ValType type = ValType::from_bits(static_cast<uint32_t>(r.word(2)));
  const bool is = runtime::ops::ref_test(r.context, r.get<Ref>(r.a()), type);
  r.forget_accumulators();
  return is == sense;
}

WHERRY_BODY TrapKind trap(Regs& r) { return static_cast<TrapKind>(r.imm()); }

WHERRY_BODY TrapKind burn_fuel(Regs& r) {
  int64_t& fuel = r.context->exec->fuel;
  const int64_t cost = static_cast<uint32_t>(r.imm());
  if (fuel < cost) [[unlikely]] {
    fuel = 0;
    return TrapKind::kOutOfFuel;
  }
  fuel -= cost;
  return TrapKind::kNone;
}

WHERRY_HANDLER TrapKind leave(WHERRY_HANDLER_ARGS) { return TrapKind::kNone; }

// Calls. An instruction that calls ends with its Function*, so that a frame can be told from its return address.

constexpr int kRestoreWords = 3;

template <int copied>
WHERRY_BODY TrapKind call(Regs& r) {
  Slot* frame = r.fp + r.a();
  if constexpr (copied > 0) {
    const Slot first = r.fp[r.b()];
    const Slot second = copied > 1 ? r.fp[r.c()] : 0;
    const Slot third = copied > 2 ? r.fp[r.d16()] : 0;
    frame[0] = first;
    if constexpr (copied > 1) frame[1] = second;
    if constexpr (copied > 2) frame[2] = third;
  }
  return enter(r, r.context, reinterpret_cast<Function*>(r.word(2)), frame, r.pc + 4, r.fp);
}

/// Puts the result of a call where a return of the interpreter's own would have put it, besides the slot.
WHERRY_BODY void load_result(Regs& r, const Slot* frame) {
  r.i = load_slot<uint64_t>(frame);
  r.f = load_slot<float>(frame);
  r.d = load_slot<double>(frame);
  r.v = load_slot<Vec>(frame);
}

/// Goes on at the handler of the exception in flight.
WHERRY_BODY TrapKind handle_exception(Regs& r, const Function* self) {
  const Place handler = unwind({r.pc, r.fp, r.context}, self);
  r.forget_accumulators();
  if (handler.pc == nullptr) return TrapKind::kUncaughtException;
  r.pc = handler.pc;
  r.fp = handler.fp;
  switch_context(r, handler.context);
  return TrapKind::kNone;
}

/// Calls any function; `next` is the `restore` instruction after this one.
WHERRY_BODY TrapKind call_function(Regs& r, Func* callee, Slot* frame, const Word* next) {
  const Function* self = reinterpret_cast<const Function*>(next[-1]);
  if (callee->entry == interp_entry) [[likely]] {
    auto* function = static_cast<Function*>(callee->code);
    if (callee->context == r.context) [[likely]] {
      return enter(r, r.context, function, frame, next + kRestoreWords, r.fp);
    }
    r.fp[self->link + kLinkContext] = reinterpret_cast<Slot>(r.context);
    const TrapKind kind = enter(r, callee->context, function, frame, next, r.fp);
    if (kind == TrapKind::kNone) switch_context(r, callee->context);
    return kind;
  }
  const TrapKind kind = call_outside(r.pc, r.fp, r.context, callee, frame, self);
  r.forget_accumulators();
  if (kind == TrapKind::kUncaughtException) [[unlikely]]
    return handle_exception(r, self);
  if (kind != TrapKind::kNone) [[unlikely]]
    return kind;
  load_result(r, frame);
  r.pc = next + kRestoreWords;
  return TrapKind::kNone;
}

WHERRY_BODY TrapKind call_import(Regs& r) {
  return call_function(r, r.context->funcs[static_cast<uint32_t>(r.imm())], r.fp + r.a(), r.pc + 3);
}

/// Whether a function of type `actual` may be called as `expected` although they differ.
[[gnu::noinline, gnu::cold]] bool is_subtype(const VMContext* context, TypeId actual, TypeId expected) {
  return context->exec->store->types().is_subtype(actual, expected);
}

/// An element that is yet to be made, or null.
[[gnu::noinline, gnu::cold]] Func* make_element(VMContext* context, uint32_t table, uint64_t index) {
  return reinterpret_cast<Func*>(runtime::ops::table_element(context, table, index));
}

/// The function that a call_indirect means.
WHERRY_BODY TrapKind find_indirect(Regs& r, uint64_t index, Word table_and_type, Func*& callee) {
  const auto table_index = static_cast<uint32_t>(table_and_type);
  const runtime::TableView* table = r.context->tables[table_index];
  const TypeId type = static_cast<TypeId>(table_and_type >> 32);
  if (index >= table->size) [[unlikely]]
    return TrapKind::kUndefinedElement;
  callee = reinterpret_cast<Func*>(table->elements[index]);
  if (callee == nullptr) [[unlikely]] {
    callee = make_element(r.context, table_index, index);
    r.forget_accumulators();
    if (callee == nullptr) return TrapKind::kUninitializedElement;
  }
  if (callee->type != type) [[unlikely]] {
    const bool matches = is_subtype(r.context, callee->type, type);
    if (!matches) return TrapKind::kIndirectCallTypeMismatch;
  }
  return TrapKind::kNone;
}

WHERRY_BODY uint64_t table_index(Regs& r, uint16_t slot, bool is64) {
  return is64 ? r.get<uint64_t>(slot) : r.get<uint32_t>(slot);
}

template <bool in_slot>
WHERRY_BODY TrapKind call_indirect(Regs& r) {
  Func* callee = nullptr;
  const uint64_t index = in_slot ? table_index(r, r.b(), r.d16() != 0) : static_cast<uint32_t>(r.i);
  const TrapKind kind = find_indirect(r, index, r.word(2), callee);
  if (kind != TrapKind::kNone) [[unlikely]]
    return kind;
  return call_function(r, callee, r.fp + r.a(), r.pc + 4);
}

WHERRY_BODY TrapKind call_ref(Regs& r) {
  auto* callee = reinterpret_cast<Func*>(r.get<Ref>(r.b()));
  if (callee == nullptr) [[unlikely]]
    return TrapKind::kNullFunctionReference;
  return call_function(r, callee, r.fp + r.a(), r.pc + 3);
}

WHERRY_BODY void restore(Regs& r) { switch_context(r, reinterpret_cast<VMContext*>(r.fp[r.a()])); }

// Returns.

WHERRY_BODY void return_to(Regs& r, const Slot* link) {
  r.pc = reinterpret_cast<const Word*>(link[kLinkReturn]);
  r.fp = reinterpret_cast<Slot*>(link[kLinkCaller]);
}

WHERRY_BODY void return_none(Regs& r) { return_to(r, r.fp + r.a()); }

/// The result may overwrite the link, so that is read first.
template <class T>
WHERRY_BODY void return_value(Regs& r, T value) {
  Slot* frame = r.fp;
  return_to(r, frame + r.a());
  store_slot<T>(frame, value);
  r.set_acc<T>(value);
}
template <class T>
WHERRY_BODY void return_acc(Regs& r) {
  return_value<T>(r, r.acc<T>());
}
template <class T>
WHERRY_BODY void return_slot(Regs& r) {
  return_value<T>(r, r.get<T>(r.b()));
}
WHERRY_BODY void return_constant(Regs& r) { return_value<uint64_t>(r, static_cast<uint64_t>(int64_t{r.imm()})); }

WHERRY_BODY void copy_down(Slot* to, const Slot* from, uint32_t count) {
  for (; count != 0; --count) *to++ = *from++;
}

WHERRY_BODY void return_many(Regs& r) {
  Slot* frame = r.fp;
  const Slot* from = frame + r.b();
  const uint32_t count = static_cast<uint32_t>(r.imm());
  return_to(r, frame + r.a());
  copy_down(frame, from, count);
  r.forget_accumulators();
}

// Tail calls: the callee's frame replaces this one. Instruction: a first argument, b index or reference, c link, d
// slots of arguments; [2] what is called; [3] result slots, and in the high half whether the table is 64-bit; [4] this
// Function*.
//
// A callee of another instance would return to a caller that expects its own context. Unless the caller restores that
// by itself, a trampoline frame stays behind: a frame of `kTrampoline`, whose link lies at its beginning, which
// restores the context and moves the results down. There is at most one in a chain of tail calls, for it serves the
// following ones too.

constexpr uint32_t kTrampolineSlots = kLinkSlots + 1;  // link, result slots

Function kTrampoline{};

WHERRY_BODY void leave_trampoline(Regs& r) {
  Slot* frame = r.fp;
  return_to(r, frame);
  switch_context(r, reinterpret_cast<VMContext*>(frame[kLinkContext]));
  const auto count = static_cast<uint32_t>(frame[kLinkSlots]);
  copy_down(frame, frame + kTrampolineSlots, count);
}

const Word kHostReturn[] = {0, reinterpret_cast<Word>(&leave)};
const Word kTrampolineReturn[] = {reinterpret_cast<Word>(&kTrampoline),
                                  reinterpret_cast<Word>(transfer<&leave_trampoline>)};
const Word kRestoreHandler = reinterpret_cast<Word>(straight<&restore, kRestoreWords>);

/// Whether code returned to at `return_to` sets its context by itself, or needs none.
WHERRY_BODY bool restores_context(const Word* return_to) {
  return *return_to == kRestoreHandler || return_to == kTrampolineReturn + 1 || return_to == kHostReturn + 1;
}

WHERRY_BODY TrapKind replace_frame(Regs& r, VMContext* context, Function* callee) {
  const Slot* link = r.fp + r.c();
  const auto* return_to = reinterpret_cast<const Word*>(link[kLinkReturn]);
  auto* caller = reinterpret_cast<Slot*>(link[kLinkCaller]);
  const Slot* args = r.fp + r.a();
  const uint32_t count = r.d16();
  Slot* frame = r.fp;
  if (callee->start.load(std::memory_order_acquire) == nullptr) [[unlikely]] {
    translate(context, callee);
    r.forget_accumulators();
  }
  const bool leaves_trampoline = context != r.context && !restores_context(return_to);
  if (frame + kTrampolineSlots + callee->frame_slots > r.context->exec->stack_limit) [[unlikely]] {
    return TrapKind::kStackOverflow;
  }
  if (leaves_trampoline) [[unlikely]] {
    const Slot results = static_cast<uint32_t>(r.word(3));
    frame += kTrampolineSlots;
    std::memmove(frame, args, count * sizeof(Slot));
    r.fp[kLinkReturn] = reinterpret_cast<Slot>(return_to);
    r.fp[kLinkCaller] = reinterpret_cast<Slot>(caller);
    r.fp[kLinkContext] = reinterpret_cast<Slot>(r.context);
    r.fp[kLinkSlots] = results;
    return_to = kTrampolineReturn + 1;
    caller = r.fp;
    r.forget_accumulators();
  } else {
    copy_down(frame, args, count);
  }
  const TrapKind kind = enter(r, context, callee, frame, return_to, caller);
  if (kind == TrapKind::kNone && context != r.context) switch_context(r, context);
  return kind;
}

WHERRY_BODY TrapKind tail_call(Regs& r) { return replace_frame(r, r.context, reinterpret_cast<Function*>(r.word(2))); }

WHERRY_BODY TrapKind tail_function(Regs& r, Func* callee) {
  if (callee->entry == interp_entry) [[likely]] {
    return replace_frame(r, callee->context, static_cast<Function*>(callee->code));
  }
  const auto* self = reinterpret_cast<const Function*>(r.word(4));
  Slot* frame = r.fp;
  Slot* args = frame + r.a();
  const TrapKind kind = call_outside(r.pc, r.fp, r.context, callee, args, self);
  r.forget_accumulators();
  if (kind == TrapKind::kUncaughtException) [[unlikely]] {
    // The frame is gone, as it were, and its handlers with it.
    const Caller caller = caller_of({r.pc, r.fp, r.context}, self);
    if (caller.function == nullptr) return kind;
    const Place handler = unwind(caller.place, caller.function);
    if (handler.pc == nullptr) return kind;
    r.pc = handler.pc;
    r.fp = handler.fp;
    switch_context(r, handler.context);
    return TrapKind::kNone;
  }
  if (kind != TrapKind::kNone) [[unlikely]]
    return kind;
  load_result(r, args);
  const auto results = static_cast<uint32_t>(r.word(3));
  return_to(r, frame + r.c());
  copy_down(frame, args, results);
  return TrapKind::kNone;
}

/// All that is left of a function that was handed over: calls it in its new tier.
WHERRY_BODY TrapKind tail_handed_over(Regs& r) {
  Func* callee = ModuleCode::of(r.context).rebound(r.context, static_cast<uint32_t>(r.word(2)));
  return tail_function(r, callee);
}

WHERRY_BODY TrapKind tail_import(Regs& r) { return tail_function(r, r.context->funcs[r.word(2)]); }

WHERRY_BODY TrapKind tail_indirect(Regs& r) {
  Func* callee = nullptr;
  const uint64_t index = table_index(r, r.b(), (r.word(3) >> 32) != 0);
  const TrapKind kind = find_indirect(r, index, r.word(2), callee);
  if (kind != TrapKind::kNone) [[unlikely]]
    return kind;
  return tail_function(r, callee);
}

WHERRY_BODY TrapKind tail_ref(Regs& r) {
  auto* callee = reinterpret_cast<Func*>(r.get<Ref>(r.b()));
  if (callee == nullptr) [[unlikely]]
    return TrapKind::kNullFunctionReference;
  return tail_function(r, callee);
}

// Exceptions.

WHERRY_BODY TrapKind throw_tag(Regs& r) {
  const auto* self = reinterpret_cast<const Function*>(r.word(2));
  publish_frame(r, self);
  Ref exception = 0;
  const TrapKind kind =
      runtime::ops::exception_new(r.context, static_cast<uint32_t>(r.imm()), r.fp + r.a(), &exception);
  r.forget_accumulators();
  if (kind != TrapKind::kNone) [[unlikely]]
    return kind;
  r.context->exec->exception = exception;
  return handle_exception(r, self);
}

WHERRY_BODY TrapKind throw_ref(Regs& r) {
  const Ref exception = r.get<Ref>(r.a());
  if (exception == 0) [[unlikely]]
    return TrapKind::kNullExceptionReference;
  r.context->exec->exception = exception;
  return handle_exception(r, reinterpret_cast<const Function*>(r.word(2)));
}

}  // namespace

const Word* host_return() { return kHostReturn + 1; }

bool is_trampoline(const Function* function) { return function == &kTrampoline; }

const Function* handed_over(const Word* pc) {
  return *pc == reinterpret_cast<Word>(kControl.tail_handed_over) ? reinterpret_cast<const Function*>(pc[4]) : nullptr;
}

Caller caller_of(const Place& place, const Function* self) {
  const Slot* link = place.fp + self->link;
  const auto* return_to = reinterpret_cast<const Word*>(link[kLinkReturn]);
  const auto* function = reinterpret_cast<const Function*>(return_to[-1]);
  if (function == nullptr) return {{}, nullptr};
  auto* fp = reinterpret_cast<Slot*>(link[kLinkCaller]);
  VMContext* context =
      restores_context(return_to) ? reinterpret_cast<VMContext*>(fp[function->link + kLinkContext]) : place.context;
  return {{return_to - 1, fp, context}, function};
}

const ControlHandlers kControl = {
    .leave = leave,
    .trap = straight<&trap, 2>,
    .jump = transfer<&jump>,
    .jump_if = {branch<&acc_is_true, 2>, branch<&slot_is_true, 2>},
    .jump_unless = {branch<&acc_is_false, 2>, branch<&slot_is_false, 2>},
    .jump_if_null = branch<&slot_is_null, 2>,
    .jump_if_not_null = branch<&slot_is_not_null, 2>,
    .jump_if_cast = branch<&slot_is_of_type<true>, 3>,
    .jump_if_not_cast = branch<&slot_is_of_type<false>, 3>,
    .table = {transfer<&jump_table<false>>, transfer<&jump_table<true>>},
    .fuel = straight<&burn_fuel, 2>,
    .call = {transfer<&call<0>>, transfer<&call<1>>, transfer<&call<2>>, transfer<&call<3>>},
    .call_import = transfer<&call_import>,
    .call_indirect = {transfer<&call_indirect<false>>, transfer<&call_indirect<true>>},
    .call_ref = transfer<&call_ref>,
    .restore = straight<&restore, kRestoreWords>,
    .tail_call = transfer<&tail_call>,
    .tail_import = transfer<&tail_import>,
    .tail_handed_over = transfer<&tail_handed_over>,
    .tail_indirect = transfer<&tail_indirect>,
    .tail_ref = transfer<&tail_ref>,
    .return_none = transfer<&return_none>,
    .return_acc = {transfer<&return_acc<uint64_t>>, transfer<&return_acc<float>>, transfer<&return_acc<double>>,
                   transfer<&return_acc<Vec>>},
    .return_slot = {transfer<&return_slot<uint64_t>>, transfer<&return_slot<float>>, transfer<&return_slot<double>>,
                    transfer<&return_slot<Vec>>},
    .return_constant = transfer<&return_constant>,
    .return_many = transfer<&return_many>,
    .throw_tag = transfer<&throw_tag>,
    .throw_ref = transfer<&throw_ref>,
};

}  // namespace wherry::interp
