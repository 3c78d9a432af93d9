// Calls into code that may fault or be interrupted, and what happens when it does. The one place that handles signals.
//
// A fault is ours only if the program counter is in a registered code range, the thread is inside run_guarded(), and
// the faulting address is in a registered reservation (or guard) or the instruction is a trap (below); then control
// returns from the innermost run_guarded() of the thread. Any other fault goes to the handler that was installed before
// ours.
//
// A trap instruction carries a number: x86-64 `ud1l number(%eax), %eax`, aarch64 `brk #0x5500 + number`, which is what
// llvm.ubsantrap(number) becomes.
#pragma once

#include <cstdint>

namespace wherry::platform {

/// Where a fault happened, with the registers a tier may want.
struct Fault {
  uintptr_t address;  ///< That was accessed; 0 after an interruption.
  uintptr_t program_counter;
  uintptr_t registers[16];  ///< x86-64: rax rcx rdx rbx rsp rbp rsi rdi r8..r15. aarch64: x19..x28 then x0..x5.
  /// If not null: gets, innermost first, the return addresses of the frames around the one that faulted, as frame
  /// pointers link them, up to run_guarded(). Not after an interruption.
  uintptr_t* frames = nullptr;
  uint32_t max_frames = 0;
  uint32_t frame_count = 0;
};

/// Installs the handlers (SIGSEGV, SIGBUS, SIGILL, SIGTRAP), once a process; cheap afterwards. Thread-safe. Handlers
/// run on an alternate stack, which run_guarded provides for its thread where there is none.
void install_fault_handlers();

/// [begin, end) holds code that may fault on purpose and may be left at any instruction. Process-wide, for ever
/// (interpreter) or until removed (JIT). Async-signal-safe lookups; add and remove are thread-safe.
void add_code_range(const void* begin, const void* end);
void remove_code_range(const void* begin);

/// Looks at faults in a reservation first.
class FaultFixer {
 public:
  /// Whether the access is possible after all: then it is tried again, whoever made it. Runs in a signal handler, on
  /// the thread that faulted.
  virtual bool fix(uintptr_t address) = 0;

 protected:
  ~FaultFixer() = default;
};

/// [begin, begin + size) is address space whose faults are traps. Returns what remove_reservation takes.
uint32_t add_reservation(const void* begin, uint64_t size, FaultFixer* fixer = nullptr);
void remove_reservation(uint32_t id);

/// What run_guarded returns when a fault was taken.
inline constexpr uint32_t kFaulted = 0xFFFFFFFF;
/// What run_guarded returns when the thread was interrupted (see watchdog.h).
inline constexpr uint32_t kInterrupted = 0xFFFFFFFE;

/// Calls function(argument) and returns its result; after a fault of ours inside, returns kFaulted, after a trap
/// instruction its number, and when a Watch interrupts code of a registered range, kInterrupted, with *fault filled in.
/// Nests. The function and everything
/// between it and the fault must hold no resource that a jump out would leak. It may clobber any register. A few
/// nanoseconds.
uint32_t run_guarded(uint32_t (*function)(void*), void* argument, Fault* fault);
uint32_t run_guarded(uint32_t (*function)(void*, void*), void* first, void* second, Fault* fault);

/// Ends the innermost run_guarded(), as a trap instruction with the number `result` at `program_counter` would, in a
/// frame whose frame pointer is `frame_pointer`. What lies in between holds no resources, as above.
[[noreturn]] void leave_guarded(uint32_t result, uintptr_t program_counter, uintptr_t frame_pointer);

}  // namespace wherry::platform
