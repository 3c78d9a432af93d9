#include "platform/faults.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <cassert>
#include <cstring>
#include <mutex>
#include <vector>

#include "platform/linux/thread_state.h"
#include "platform/memory.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define WHERRY_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
// ThreadSanitizer's sigaction() holds signals that were sent back until the thread makes a system call, which guest
// code never does. This is glibc's own.
extern "C" int __sigaction(int signal, const struct sigaction* action, struct sigaction* previous);
#define WHERRY_TSAN 1
#endif
#endif

extern "C" {
uint32_t wherry_call_guarded(uint32_t (*function)(void*, void*), void* first, void* second,
                             wherry::platform::Activation* activation);
[[noreturn]] void wherry_land(uint32_t result, uintptr_t stack_pointer);
extern const char wherry_guarded_landing[];
}

namespace wherry::platform {

thread_local constinit ThreadState thread_state;

namespace {

/// A set of address ranges that signal handlers look into while other threads change it. Slots are never moved; a free
/// one has end 0. A range that the handler asks about is in use by its own thread, hence not changing.
class RangeSet {
 public:
  struct Slot {
    std::atomic<uintptr_t> begin;
    std::atomic<uintptr_t> end;
    std::atomic<FaultFixer*> fixer;
  };

  uint32_t add(uintptr_t begin, uintptr_t end, FaultFixer* fixer = nullptr) {
    const std::lock_guard lock(mutex_);
    uint32_t id;
    if (free_.empty()) {
      id = count_.load(std::memory_order_relaxed);
      std::atomic<Slot*>& block = blocks_[block_of(id)];
      if (block.load(std::memory_order_relaxed) == nullptr) {
        block.store(new Slot[size_t{kFirst} << block_of(id)](), std::memory_order_release);
      }
    } else {
      id = free_.back();
      free_.pop_back();
    }
    Slot& slot = at(id);
    slot.begin.store(begin, std::memory_order_relaxed);
    slot.fixer.store(fixer, std::memory_order_relaxed);
    slot.end.store(end, std::memory_order_release);
    if (id == count_.load(std::memory_order_relaxed)) count_.store(id + 1, std::memory_order_release);
    return id;
  }

  void remove(uint32_t id) {
    const std::lock_guard lock(mutex_);
    at(id).end.store(0, std::memory_order_release);
    free_.push_back(id);
  }

  void remove_beginning_at(uintptr_t begin) {
    for (uint32_t id = 0; id < count_.load(std::memory_order_relaxed); ++id) {
      if (at(id).begin.load() == begin && at(id).end.load() != 0) return remove(id);
    }
    assert(false && "no such range");
  }

  bool contains(uintptr_t address) const { return find(address) != nullptr; }

  /// The range around an address, or null.
  const Slot* find(uintptr_t address) const {
    const uint32_t count = count_.load(std::memory_order_acquire);
    for (uint32_t id = 0; id < count; ++id) {
      const Slot& slot = at(id);
      const uintptr_t end = slot.end.load(std::memory_order_acquire);
      if (address < end && address >= slot.begin.load(std::memory_order_acquire) &&
          end == slot.end.load(std::memory_order_acquire)) {
        return &slot;
      }
    }
    return nullptr;
  }

 private:
  /// Block b holds kFirst << b slots.
  static constexpr uint32_t kFirst = 64;
  static constexpr uint32_t kBlocks = 25;
  static uint32_t block_of(uint32_t id) { return static_cast<uint32_t>(std::bit_width(id / kFirst + 1)) - 1; }

  Slot& at(uint32_t id) const {
    const uint32_t block = block_of(id);
    return blocks_[block].load(std::memory_order_acquire)[id - kFirst * ((1u << block) - 1)];
  }

  std::atomic<Slot*> blocks_[kBlocks] = {};
  std::atomic<uint32_t> count_{0};
  std::mutex mutex_;
  std::vector<uint32_t> free_;
};

// Never destroyed: handlers may run while the process ends.
RangeSet& code_ranges() {
  static RangeSet* const set = new RangeSet;
  return *set;
}

RangeSet& reservations() {
  static RangeSet* const set = new RangeSet;
  return *set;
}

/// The handlers that were there before ours, by signal number.
struct sigaction previous_actions[NSIG];

uintptr_t program_counter(const ucontext_t& context) {
#if defined(__x86_64__)
  return static_cast<uintptr_t>(context.uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return context.uc_mcontext.pc;
#endif
}

uintptr_t frame_pointer(const ucontext_t& context) {
#if defined(__x86_64__)
  return static_cast<uintptr_t>(context.uc_mcontext.gregs[REG_RBP]);
#elif defined(__aarch64__)
  return context.uc_mcontext.regs[29];
#endif
}

uintptr_t stack_pointer(const ucontext_t& context) {
#if defined(__x86_64__)
  return static_cast<uintptr_t>(context.uc_mcontext.gregs[REG_RSP]);
#elif defined(__aarch64__)
  return context.uc_mcontext.sp;
#endif
}

/// The number of the trap instruction at `pc`, which is code of a registered range; or kFaulted.
uint32_t trap_number(uintptr_t pc) {
#if defined(__x86_64__)
  constexpr uint8_t kUd1[] = {0x67, 0x0F, 0xB9, 0x40};
  const auto* code = reinterpret_cast<const uint8_t*>(pc);
  return std::memcmp(code, kUd1, sizeof kUd1) == 0 ? code[sizeof kUd1] : kFaulted;
#elif defined(__aarch64__)
  constexpr uint32_t kBrk = 0xD4200000;
  constexpr uint32_t kTrapImmediate = 0x5500;
  const uint32_t immediate = (*reinterpret_cast<const uint32_t*>(pc) - kBrk) >> 5;
  return (immediate & ~0xFFu) == kTrapImmediate ? immediate & 0xFF : kFaulted;
#endif
}

/// Follows frame pointers from the frame `frame` up to the one below `end`. `lowest` bounds it from below.
void collect_frames(Fault& fault, uintptr_t frame, uintptr_t lowest, uintptr_t end) {
  fault.frame_count = 0;
  while (fault.frame_count < fault.max_frames && frame >= lowest && frame % sizeof(uintptr_t) == 0 &&
         end - frame > sizeof(uintptr_t) && frame < end) {
    const auto* link = reinterpret_cast<const uintptr_t*>(frame);
    if (link[1] == reinterpret_cast<uintptr_t>(wherry_guarded_landing)) return;
    fault.frames[fault.frame_count++] = link[1];
    lowest = frame + 1;
    frame = link[0];
  }
}

void save_registers(const ucontext_t& context, uintptr_t (&to)[16]) {
#if defined(__x86_64__)
  constexpr int kOrder[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                              REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  for (int i = 0; i < 16; ++i) to[i] = static_cast<uintptr_t>(context.uc_mcontext.gregs[kOrder[i]]);
#elif defined(__aarch64__)
  for (int i = 0; i < 10; ++i) to[i] = context.uc_mcontext.regs[19 + i];
  for (int i = 0; i < 6; ++i) to[10 + i] = context.uc_mcontext.regs[i];
#endif
}

/// Makes the interrupted code go on in wherry_call_guarded(), as if its callee had returned `result`.
void resume_at_landing(ucontext_t& context, const Activation& activation, uint32_t result) {
  const auto landing = reinterpret_cast<uintptr_t>(wherry_guarded_landing);
#if defined(__x86_64__)
  constexpr greg_t kDirectionFlag = 1 << 10;
  context.uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(landing);
  context.uc_mcontext.gregs[REG_RSP] = static_cast<greg_t>(activation.stack_pointer);
  context.uc_mcontext.gregs[REG_RAX] = result;
  context.uc_mcontext.gregs[REG_EFL] &= ~kDirectionFlag;
#elif defined(__aarch64__)
  context.uc_mcontext.pc = landing;
  context.uc_mcontext.sp = activation.stack_pointer;
  context.uc_mcontext.regs[0] = result;
#endif
}

/// Whether the thread is in code of a registered range, inside run_guarded().
bool in_guest_code(const ucontext_t& context) {
  return thread_state.innermost != nullptr && code_ranges().contains(program_counter(context));
}

/// Leaves the innermost run_guarded(), from guest code.
void leave(ucontext_t& context, uintptr_t address, uint32_t result) {
  const Activation& activation = *thread_state.innermost;
  Fault& fault = *activation.fault;
  fault.address = address;
  fault.program_counter = program_counter(context);
  save_registers(context, fault.registers);
  if (result != kInterrupted) {
    collect_frames(fault, frame_pointer(context), stack_pointer(context), activation.stack_pointer);
  }
  resume_at_landing(context, activation, result);
}

/// Does what would have happened without us.
void chain(int signal, siginfo_t* info, void* context) {
  struct sigaction& previous = previous_actions[signal];
  const bool sent = info->si_code <= 0;  // By kill() and the like, not by a fault.
  const bool wants_info = (previous.sa_flags & SA_SIGINFO) != 0;
  if (!wants_info && previous.sa_handler == SIG_IGN && sent) return;
  if (!wants_info && (previous.sa_handler == SIG_IGN || previous.sa_handler == SIG_DFL)) {
    if (signal == SIGURG) return;  // Ignored by default.
    // A fault happens again when we return, now with the default action; a signal that was sent is sent again.
    struct sigaction action = {};
    action.sa_handler = SIG_DFL;
    sigaction(signal, &action, nullptr);
    if (sent) syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), signal);
    return;
  }
  const struct sigaction action = previous;
  if ((action.sa_flags & SA_RESETHAND) != 0) {
    previous.sa_flags &= ~SA_SIGINFO;
    previous.sa_handler = SIG_DFL;
  }
  sigset_t saved;
  pthread_sigmask(SIG_BLOCK, &action.sa_mask, &saved);
  if ((action.sa_flags & SA_NODEFER) != 0 && sigismember(&action.sa_mask, signal) == 0) {
    sigset_t unblocked;
    sigemptyset(&unblocked);
    sigaddset(&unblocked, signal);
    pthread_sigmask(SIG_UNBLOCK, &unblocked, nullptr);
  }
  if (wants_info) {
    action.sa_sigaction(signal, info, context);
  } else {
    action.sa_handler(signal);
  }
  pthread_sigmask(SIG_SETMASK, &saved, nullptr);
}

void on_fault(int signal, siginfo_t* info, void* context) {
  auto& at = *static_cast<ucontext_t*>(context);
  const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  const auto* reservation = info->si_code > 0 ? reservations().find(address) : nullptr;
  if (reservation != nullptr) {
    FaultFixer* const fixer = reservation->fixer.load(std::memory_order_relaxed);
    if (fixer != nullptr && fixer->fix(address)) return;
    if (in_guest_code(at)) return leave(at, address, kFaulted);
  }
  chain(signal, info, context);
}

void on_trap(int signal, siginfo_t* info, void* context) {
  auto& at = *static_cast<ucontext_t*>(context);
  const uint32_t number = info->si_code > 0 && in_guest_code(at) ? trap_number(program_counter(at)) : kFaulted;
  if (number != kFaulted) {
    leave(at, 0, number);
  } else {
    chain(signal, info, context);
  }
}

void on_interrupt(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  auto& at = *static_cast<ucontext_t*>(context);
  const bool timer_went_off = info->si_code == SI_TIMER && info->si_value.sival_ptr == &thread_state;
  if (look_at_watches(timer_went_off)) {
    if (in_guest_code(at)) leave(at, 0, kInterrupted);
  } else if (!timer_went_off) {
    chain(signal, info, context);
  }
  errno = saved_errno;
}

using Sigaction = int (*)(int, const struct sigaction*, struct sigaction*);
#if defined(WHERRY_TSAN)
constexpr Sigaction kPromptSigaction = &__sigaction;
#else
constexpr Sigaction kPromptSigaction = &sigaction;
#endif

void install(int signal, void (*handler)(int, siginfo_t*, void*), Sigaction sigaction) {
  // Read first, so that the handler never finds it missing.
  sigaction(signal, nullptr, &previous_actions[signal]);
  struct sigaction action = {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

/// Alternate signal stacks, made for threads that have none, with a guard page below; freed when the thread ends.
class SignalStacks {
 public:
  SignalStacks() { pthread_key_create(&key_, &SignalStacks::free); }

  void give_to_this_thread() {
    thread_state.has_signal_stack = true;
    stack_t current;
    if (sigaltstack(nullptr, &current) == 0 && (current.ss_flags & SS_DISABLE) == 0) return;
    void* base = mmap(nullptr, size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) return;
    uint8_t* usable = static_cast<uint8_t*>(base) + page_size();
    stack_t stack = {};
    stack.ss_sp = usable;
    stack.ss_size = size() - page_size();
    if (mprotect(usable, stack.ss_size, PROT_READ | PROT_WRITE) != 0 || sigaltstack(&stack, nullptr) != 0) {
      munmap(base, size());
      return;
    }
    pthread_setspecific(key_, base);
  }

 private:
  /// Room for the kernel's frame, which grows with the machine's registers, and for the handlers that we chain to.
  static size_t size() {
    constexpr size_t kHandlers = size_t{48} << 10;
    return round_up(getauxval(AT_MINSIGSTKSZ) + kHandlers, page_size()) + page_size();
  }

  static void free(void* base) {
    stack_t current;
    stack_t off = {};
    off.ss_flags = SS_DISABLE;
    if (sigaltstack(nullptr, &current) == 0 && current.ss_sp == static_cast<uint8_t*>(base) + page_size()) {
      sigaltstack(&off, nullptr);
    }
    munmap(base, size());
    thread_state.has_signal_stack = false;
  }

  pthread_key_t key_;
};

SignalStacks& signal_stacks() {
  static SignalStacks stacks;
  return stacks;
}

}  // namespace

void install_fault_handlers() {
  static const bool installed = [] {
    code_ranges();
    reservations();
    signal_stacks();
    install(SIGSEGV, on_fault, &sigaction);
    install(SIGBUS, on_fault, &sigaction);
    install(SIGILL, on_trap, &sigaction);
    install(SIGTRAP, on_trap, &sigaction);
    return true;
  }();
  static_cast<void>(installed);
}

void install_interrupt_handler(int signal) {
  code_ranges();
  install(signal, on_interrupt, kPromptSigaction);
}

void add_code_range(const void* begin, const void* end) {
  code_ranges().add(reinterpret_cast<uintptr_t>(begin), reinterpret_cast<uintptr_t>(end));
}

void remove_code_range(const void* begin) { code_ranges().remove_beginning_at(reinterpret_cast<uintptr_t>(begin)); }

uint32_t add_reservation(const void* begin, uint64_t size, FaultFixer* fixer) {
  const auto start = reinterpret_cast<uintptr_t>(begin);
  return reservations().add(start, start + size, fixer);
}

void remove_reservation(uint32_t id) { reservations().remove(id); }

uint32_t run_guarded(uint32_t (*function)(void*), void* argument, Fault* fault) {
  const auto call = [](void* callee, void* passed) { return reinterpret_cast<uint32_t (*)(void*)>(callee)(passed); };
  return run_guarded(call, reinterpret_cast<void*>(function), argument, fault);
}

uint32_t run_guarded(uint32_t (*function)(void*, void*), void* first, void* second, Fault* fault) {
  ThreadState& thread = thread_state;
  if (!thread.has_signal_stack) [[unlikely]]
    signal_stacks().give_to_this_thread();
  Activation activation{0, thread.innermost, fault};
  thread.innermost = &activation;
  const uint32_t result = wherry_call_guarded(function, first, second, &activation);
  thread.innermost = activation.previous;
#if defined(WHERRY_ASAN)
  // Frames that were left did not unpoison their stack.
  if (result != 0) __asan_handle_no_return();
#endif
  return result;
}

void leave_guarded(uint32_t result, uintptr_t program_counter, uintptr_t frame_pointer) {
  const Activation& activation = *thread_state.innermost;
  Fault& fault = *activation.fault;
  fault.address = 0;
  fault.program_counter = program_counter;
  collect_frames(fault, frame_pointer, reinterpret_cast<uintptr_t>(__builtin_frame_address(0)),
                 activation.stack_pointer);
  wherry_land(result, activation.stack_pointer);
}

}  // namespace wherry::platform
