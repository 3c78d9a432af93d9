// The way into the interpreter and out of it: entry, traps, unwinding, backtraces.
#include "interp/interp.h"

#include <algorithm>
#include <mutex>
#include <new>

#include "interp/calls.h"
#include "interp/module_code.h"
#include "platform/faults.h"
#include "runtime/gc_object.h"
#include "runtime/operations.h"
#include "runtime/store.h"

extern "C" {
extern const char __start_wherry_interp_text[];
extern const char __stop_wherry_interp_text[];
}

namespace wherry::interp {

using runtime::ExecState;
using runtime::Func;

#ifndef WHERRY_LOOP_INTERPRETER

TrapKind raise_trap(WHERRY_HANDLER_ARGS) {
  auto* activation = static_cast<Activation*>(context->exec->activation);
  activation->pc = pc;
  activation->fp = fp;
  activation->context = context;
  return static_cast<TrapKind>(i);
}

TrapKind run(Regs& r) { return reinterpret_cast<Handler>(*r.pc)(r.pc, r.fp, r.mem, r.context, r.i, r.f, r.d, r.v); }

namespace {
/// Where a fault left the interpreter.
Place place_of(const platform::Fault& fault, const Regs&) {
  return {reinterpret_cast<const Word*>(fault.registers[kFaultPc]), reinterpret_cast<Slot*>(fault.registers[kFaultFp]),
          reinterpret_cast<VMContext*>(fault.registers[kFaultContext])};
}
}  // namespace

#else

TrapKind raise_trap(Regs& r, TrapKind kind) {
  auto* activation = static_cast<Activation*>(r.context->exec->activation);
  activation->pc = r.pc;
  activation->fp = r.fp;
  activation->context = r.context;
  return kind;
}

TrapKind run(Regs& r) {
  for (;;) {
    const TrapKind kind = reinterpret_cast<Handler>(*r.pc)(r);
    if (kind != kRunning) return kind;
  }
}

namespace {
Place place_of(const platform::Fault&, const Regs& regs) { return {regs.pc, regs.fp, regs.context}; }
}  // namespace

#endif

namespace {

uint32_t run_regs(void* regs, void*) { return static_cast<uint32_t>(run(*static_cast<Regs*>(regs))); }

/// Runs `function` with its frame at `frame`, arguments in place.
TrapKind run_function(Activation& activation, Function& function, VMContext* context, Slot* frame) {
  ExecState* exec = context->exec;
  Regs regs{nullptr, frame, nullptr, context, 0, 0, 0, Vec{}};
  const TrapKind kind = enter(regs, context, &function, frame, host_return(), frame);
  if (kind != TrapKind::kNone) return kind;
  switch_context(regs, context);
  platform::Fault fault;
  const uint32_t result = platform::run_guarded(run_regs, &regs, nullptr, &fault);
  if (result == platform::kFaulted) {
    const Place place = place_of(fault, regs);
    activation.pc = place.pc;
    activation.fp = place.fp;
    activation.context = place.context;
    return TrapKind::kMemoryOutOfBounds;
  }
  if (result == platform::kInterrupted) {
    // Registers were caught in the middle of anything: there is no frame to tell of.
    activation.pc = nullptr;
    const uint32_t kind = __atomic_load_n(&exec->interrupt, __ATOMIC_RELAXED);
    return kind == 0 ? TrapKind::kInterrupted : static_cast<TrapKind>(kind);
  }
  return static_cast<TrapKind>(result);
}

/// Notes the frames of a call that ends with a trap.
void add_trap_frames(const Activation& activation, ExecState& exec) {
  const Word* pc = activation.pc;
  if (pc == nullptr) return;
  Caller at{{pc, activation.fp, activation.context}, handed_over(pc)};
  if (at.function != nullptr) {
    at = caller_of(at.place, at.function);
  } else {
    at.function = &ModuleCode::of(activation.context).function_at(pc);
  }
  for (; at.function != nullptr && exec.trap_frame_count < runtime::Store::kMaxTrapFrames;
       at = caller_of(at.place, at.function)) {
    if (is_trampoline(at.function)) continue;
    exec.store->add_trap_frame({at.place.context->tier_module, at.function, reinterpret_cast<uintptr_t>(at.place.pc)});
  }
}

}  // namespace

TrapKind interp_entry(Func& func, Slot* slots) {
  VMContext* context = func.context;
  ExecState* exec = context->exec;
  exec->trap_frame_count = 0;
  if (reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) < exec->native_limit) return TrapKind::kStackOverflow;
  auto& function = *static_cast<Function*>(func.code);
  if (function.start.load(std::memory_order_acquire) == nullptr) translate(context, &function);
  if (exec->stack_top == nullptr) exec->store->take_stack();
  Slot* const base = exec->stack_top;
  Slot* const frame = base + kActivationSlots;
  if (base == nullptr || frame + function.frame_slots > exec->stack_limit) return TrapKind::kStackOverflow;
  auto* activation = new (base) Activation{static_cast<Activation*>(exec->activation), nullptr, nullptr, nullptr};
  std::copy_n(slots, function.zero_begin, frame);
  exec->activation = activation;
  exec->stack_top = frame + function.frame_slots;
  const TrapKind kind = run_function(*activation, function, context, frame);
  exec->activation = activation->previous;
  exec->stack_top = base;
  if (kind != TrapKind::kNone) {
    if (kind != TrapKind::kExit) add_trap_frames(*activation, *exec);
    return kind;
  }
  std::copy_n(frame, function.result_slots, slots);
  return TrapKind::kNone;
}

const Word* translate(const VMContext* context, Function* function) {
  return ModuleCode::of(context).translate(*function);
}

TrapKind call_outside(const Word* pc, Slot* fp, VMContext* context, Func* callee, Slot* args, const Function* self) {
  ExecState* exec = context->exec;
  auto* activation = static_cast<Activation*>(exec->activation);
  activation->pc = pc;
  activation->fp = fp;
  activation->context = context;
  exec->stack_top = fp + self->frame_slots;
  exec->caller = context;
  const TrapKind kind = callee->entry(*callee, args);
  exec->caller = nullptr;
  if (kind != TrapKind::kNone) return kind;
  return static_cast<TrapKind>(__atomic_load_n(&exec->interrupt, __ATOMIC_RELAXED));
}

Place unwind(Place from, const Function* self) {
  ExecState* exec = from.context->exec;
  const runtime::Ref ref = exec->exception;
  auto* exception = static_cast<runtime::GcException*>(runtime::gc_object(ref));
  while (self != nullptr) {
    const auto position = static_cast<uint32_t>(from.pc - self->code.load(std::memory_order_relaxed));
    uint32_t depth = ~uint32_t{0};
    for (const CatchEntry& entry : std::span(self->catches, self->catch_count)) {
      if (position < entry.begin || position >= entry.end || entry.depth > depth) continue;
      if (entry.kind == CatchEntry::Kind::kDelegate) {
        depth = entry.delegate_depth;
        continue;
      }
      const bool tagged = entry.kind == CatchEntry::Kind::kTag;
      if (tagged && !runtime::ops::exception_has_tag(from.context, ref, entry.tag)) continue;
      if (tagged) std::copy_n(exception->args(), entry.arg_slots, from.fp + entry.args);
      if (entry.ref != CatchEntry::kNoSlot) from.fp[entry.ref] = ref;
      exec->exception = 0;
      exec->trap_frame_count = 0;
      from.pc = self->code.load(std::memory_order_relaxed) + entry.target;
      return from;
    }
    const Caller caller = caller_of(from, self);
    from = caller.place;
    self = caller.function;
  }
  return {nullptr, nullptr, nullptr};
}

namespace {

class Interpreter final : public engine::Tier {
 public:
  std::string_view name() const override { return "interp"; }

  Result<std::unique_ptr<engine::TierModule>> compile(const wasm::Module& module, const Config& config) override {
    return std::make_unique<ModuleCode>(module, config);
  }

  void visit_roots(const ExecState& exec, void (*visit)(void* arg, const Slot* first, const Slot* last),
                   void* arg) const override {
    const auto* outermost = static_cast<const Activation*>(exec.activation);
    if (outermost == nullptr) return;
    while (outermost->previous != nullptr) outermost = outermost->previous;
    visit(arg, reinterpret_cast<const Slot*>(outermost), exec.stack_top);
  }
};

}  // namespace

std::unique_ptr<engine::Tier> make_interpreter() {
  static std::once_flag once;
  std::call_once(once, [] {
    platform::install_fault_handlers();
    platform::add_code_range(__start_wherry_interp_text, __stop_wherry_interp_text);
  });
  return std::make_unique<Interpreter>();
}

namespace {
using Rows = std::array<OpRow, wasm::kOpCount>;
void enter_rows(Rows& table, std::span<const OpRow> family) {
  for (const OpRow& row : family) table[static_cast<size_t>(row.op)] = row;
}
}  // namespace

const OpRow& op_row(Op op) {
  static const Rows table = [] {
    Rows rows{};
    for (const auto family : {int_rows(), float_rows(), memory_rows()}) enter_rows(rows, family);
    for (const auto family : simd_rows()) enter_rows(rows, family);
    return rows;
  }();
  return table[static_cast<size_t>(op)];
}

const OpRow& native_op_row(Op op) {
  for (const auto family : native_relaxed_rows()) {
    for (const OpRow& row : family) {
      if (row.op == op) return row;
    }
  }
  return op_row(op);
}

}  // namespace wherry::interp
