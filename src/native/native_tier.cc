#include "native/native_tier.h"

#include <utility>

#include "native/code_map.h"
#include "native/native_module.h"
#include "platform/faults.h"
#include "runtime/libcalls.h"
#include "runtime/store.h"

/// Goes on at registers.pc with these registers. resume_*.S.
extern "C" [[noreturn]] void wherry_resume(const wherry::runtime::ThrowRegisters* registers);

namespace wherry::native {

using runtime::ExecState;
using runtime::Func;
using runtime::Slot;
using runtime::ThrowRegisters;

namespace {

uintptr_t& frame_pointer(ThrowRegisters& registers) {
#if defined(__x86_64__)
  return registers.rbp;
#elif defined(__aarch64__)
  return registers.x29;
#endif
}

/// Where the frame of a call lies: the registers that are still to be saved are saved below.
struct StackScan {
  void (*visit)(void* arg, const Slot* first, const Slot* last);
  void* arg;
  uintptr_t base;

  [[gnu::noinline]] void run() const {
    const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) & ~(sizeof(Slot) - 1);
    visit(arg, reinterpret_cast<const Slot*>(here), reinterpret_cast<const Slot*>(base));
  }
};

class NativeTier final : public engine::Tier {
 public:
  explicit NativeTier(std::unique_ptr<engine::Tier> below) : below_(std::move(below)) {
    platform::install_fault_handlers();
  }

  static const NativeTier& of(const ExecState& exec) { return static_cast<const NativeTier&>(exec.store->scanner()); }

  std::string_view name() const override { return "native"; }

  Result<std::unique_ptr<engine::TierModule>> compile(const wasm::Module& module, const Config& config) override {
    WHERRY_TRY(std::unique_ptr<engine::TierModule> below, below_->compile(module, config));
    return std::make_unique<NativeModule>(module, config, std::move(below), map_);
  }

  void visit_roots(const ExecState& exec, void (*visit)(void* arg, const Slot* first, const Slot* last),
                   void* arg) const override {
    below_->visit_roots(exec, visit, arg);
    if (exec.native_base == 0) return;
    __builtin_unwind_init();  // Registers that compiled code expects to find again may hold references too.
    StackScan{visit, arg, exec.native_base}.run();
  }

  [[noreturn]] void throw_exception(ExecState& exec, const ThrowRegisters& at) const override {
    ThrowRegisters registers = at;
    for (;;) {
      const uintptr_t pc = registers.pc - 1;
      const Code* code = map_.find(pc).code;
      const UnwindTables::Frame* frame = code == nullptr ? nullptr : code->unwind_tables().find(pc);
      if (frame == nullptr) break;
      if (const uintptr_t pad = UnwindTables::landing_pad(*frame, pc); pad != 0) {
        exec.trap_frame_count = 0;
        registers.pc = pad;
        wherry_resume(&registers);
      }
      if (!UnwindTables::step(*frame, pc, registers)) break;
    }
    ThrowRegisters from = at;
    platform::leave_guarded(static_cast<uint32_t>(TrapKind::kUncaughtException), at.pc - 1, frame_pointer(from));
  }

  /// Notes the frames of a call that ends with a trap.
  void add_trap_frames(ExecState& exec, TrapKind kind, const platform::Fault& fault) const {
    // A function that finds no room for its frame was not entered.
    if (kind != TrapKind::kStackOverflow) add_trap_frame(exec, fault.program_counter);
    for (uint32_t i = 0; i < fault.frame_count; ++i) add_trap_frame(exec, fault.frames[i] - 1);
  }

 private:
  void add_trap_frame(ExecState& exec, uintptr_t pc) const {
    const CodeMap::Entry entry = map_.find(pc);
    if (entry.code != nullptr && entry.code->locate(pc)) exec.store->add_trap_frame({entry.module, entry.code, pc});
  }

  std::unique_ptr<engine::Tier> below_;
  CodeMap map_;
};

[[gnu::noinline, gnu::cold]] TrapKind end_with_trap(ExecState& exec, uint32_t result, const platform::Fault& fault) {
  if (result == platform::kInterrupted) {
    // Registers were caught in the middle of anything: there is no frame to tell of.
    const uint32_t kind = __atomic_load_n(&exec.interrupt, __ATOMIC_RELAXED);
    return kind == 0 ? TrapKind::kInterrupted : static_cast<TrapKind>(kind);
  }
  const auto kind = result == platform::kFaulted ? TrapKind::kMemoryOutOfBounds : static_cast<TrapKind>(result);
  if (kind != TrapKind::kExit) NativeTier::of(exec).add_trap_frames(exec, kind, fault);
  return kind;
}

}  // namespace

TrapKind native_entry(Func& func, Slot* slots) {
  ExecState& exec = *func.context->exec;
  exec.trap_frame_count = 0;
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  if (here < exec.native_limit) [[unlikely]]
    return TrapKind::kStackOverflow;
  const uintptr_t outer_base = exec.native_base;
  if (outer_base == 0) exec.native_base = here;
  uintptr_t frames[runtime::Store::kMaxTrapFrames];
  platform::Fault fault;
  fault.frames = frames;
  fault.max_frames = runtime::Store::kMaxTrapFrames;
  const uint32_t result =
      platform::run_guarded(reinterpret_cast<uint32_t (*)(void*, void*)>(func.code), &func, slots, &fault);
  exec.native_base = outer_base;
  return result == 0 ? TrapKind::kNone : end_with_trap(exec, result, fault);
}

std::unique_ptr<engine::Tier> make_native_tier(std::unique_ptr<engine::Tier> below) {
  return std::make_unique<NativeTier>(std::move(below));
}

}  // namespace wherry::native
