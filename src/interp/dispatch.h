// Dispatch: what a handler is, how it reads its operands, and how control goes from one handler to the next.
//
// A handler's meaning is a *body*: an inlined function over Regs, the interpreter's registers. This header wraps bodies
// into handlers for one of two back-ends, and is the only place that knows which:
// - tail calls (the default): registers travel as arguments (preserve_none puts them into machine registers) and every
//   handler ends with a guaranteed tail call of the next one, so no handler has a frame;
// - a loop (WHERRY_LOOP_INTERPRETER, for compilers without preserve_none): registers live in a struct, handlers return.
//
// An instruction is a sequence of 64-bit words: the handler's address; one word of operands, four 16-bit fields a b c
// d, of which c and d may instead be one 32-bit immediate; then whatever else the handler wants.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "runtime/vmcontext.h"
#include "wherry/v128.h"

namespace wherry::interp {

using runtime::Slot;
using runtime::VMContext;

using Word = uint64_t;
/// A v128 in a machine register.
using Vec = uint8_t __attribute__((vector_size(16)));

/// Before functions that become part of handlers.
#define WHERRY_BODY [[gnu::always_inline]] inline

template <class T>
WHERRY_BODY T load_slot(const Slot* slot) {
  T value;
  std::memcpy(&value, slot, sizeof(T));
  return value;
}
/// Narrow integers are written as whole slots (zero-extended), so that a copy of the slot never waits for a partial
/// store; f32 is written as it is, for the detour through an integer register costs more.
template <class T>
WHERRY_BODY void store_slot(Slot* slot, T value) {
  if constexpr (std::is_integral_v<T> && sizeof(T) < sizeof(Slot)) {
    *slot = static_cast<std::make_unsigned_t<T>>(value);
  } else {
    std::memcpy(slot, &value, sizeof(T));
  }
}

/// The registers of the interpreter. There is one accumulator a class of values, so that they do not evict each other.
struct Regs {
  const Word* pc;      ///< The instruction that runs.
  Slot* fp;            ///< The frame.
  uint8_t* mem;        ///< Base of memory 0, where it is guarded; else unused.
  VMContext* context;  ///< Of the running instance.
  uint64_t i;          ///< i32 (high half unspecified), i64, references.
  float f;
  double d;
  Vec v;

  template <class T>
  [[gnu::always_inline]] T read_code(size_t byte) const {
    T value;
    std::memcpy(&value, reinterpret_cast<const char*>(pc) + byte, sizeof(T));
    return value;
  }
  [[gnu::always_inline]] uint16_t a() const { return read_code<uint16_t>(8); }
  [[gnu::always_inline]] uint16_t b() const { return read_code<uint16_t>(10); }
  [[gnu::always_inline]] uint16_t c() const { return read_code<uint16_t>(12); }
  [[gnu::always_inline]] uint16_t d16() const { return read_code<uint16_t>(14); }
  /// The 32-bit immediate in place of c and d; in branches, the displacement in words.
  [[gnu::always_inline]] int32_t imm() const { return read_code<int32_t>(12); }
  [[gnu::always_inline]] Word word(size_t n) const { return pc[n]; }

  template <class T>
  [[gnu::always_inline]] T get(uint32_t slot) const {
    return load_slot<T>(fp + slot);
  }
  template <class T>
  [[gnu::always_inline]] void set(uint32_t slot, T value) const {
    store_slot<T>(fp + slot, value);
  }

  template <class T>
  [[gnu::always_inline]] T acc() const {
    if constexpr (std::is_same_v<T, float>) {
      return f;
    } else if constexpr (std::is_same_v<T, double>) {
      return d;
    } else if constexpr (sizeof(T) == 16) {
      return std::bit_cast<T>(v);
    } else {
      return static_cast<T>(i);
    }
  }
  template <class T>
  [[gnu::always_inline]] void set_acc(T value) {
    if constexpr (std::is_same_v<T, float>) {
      f = value;
    } else if constexpr (std::is_same_v<T, double>) {
      d = value;
    } else if constexpr (sizeof(T) == 16) {
      v = std::bit_cast<Vec>(value);
    } else {
      i = static_cast<std::make_unsigned_t<T>>(value);
    }
  }
  /// After a call out of the interpreter's code the accumulators hold anything; this spares saving them.
  [[gnu::always_inline]] void forget_accumulators() {
#if __has_builtin(__builtin_nondeterministic_value)
    i = __builtin_nondeterministic_value(i);
    f = __builtin_nondeterministic_value(f);
    d = __builtin_nondeterministic_value(d);
    v = __builtin_nondeterministic_value(v);
#else
    i = 0, f = 0, d = 0, v = Vec{};
#endif
  }
};

#ifndef WHERRY_LOOP_INTERPRETER

#define WHERRY_HANDLER [[gnu::section("wherry_interp_text"), clang::preserve_none, gnu::hot]]
#define WHERRY_HANDLER_ARGS \
  const Word *pc, Slot *fp, uint8_t *mem, VMContext *context, uint64_t i, float f, double d, Vec v
#define WHERRY_OPEN_REGS \
  Regs r { pc, fp, mem, context, i, f, d, v }
#define WHERRY_TAIL(handler) [[clang::musttail]] return (handler)(r.pc, r.fp, r.mem, r.context, r.i, r.f, r.d, r.v)
#define WHERRY_NEXT WHERRY_TAIL(reinterpret_cast<Handler>(*r.pc))
#define WHERRY_RAISE(kind)             \
  do {                                 \
    r.i = static_cast<uint64_t>(kind); \
    WHERRY_TAIL(raise_trap);           \
  } while (false)

typedef __attribute__((preserve_none)) TrapKind (*Handler)(WHERRY_HANDLER_ARGS);  // NOLINT(modernize-use-using)
inline constexpr bool kPollsBackEdges = false;

/// Records where the trap that is in `i` happened, and leaves the interpreter.
[[clang::preserve_none]] TrapKind raise_trap(WHERRY_HANDLER_ARGS);

/// Where the platform's fault door finds the registers of a handler that faulted (see platform::Fault).
#if defined(__x86_64__)
#define WHERRY_PC_REGISTER "r12"
inline constexpr int kFaultPc = 12, kFaultFp = 13, kFaultContext = 15;
#elif defined(__aarch64__)
#define WHERRY_PC_REGISTER "x20"
inline constexpr int kFaultPc = 1, kFaultFp = 2, kFaultContext = 4;
#endif

#else

#define WHERRY_HANDLER [[gnu::section("wherry_interp_text")]]
#define WHERRY_HANDLER_ARGS Regs& r
#define WHERRY_OPEN_REGS static_cast<void>(0)
#define WHERRY_NEXT return kRunning
#define WHERRY_RAISE(kind) return raise_trap(r, kind)

using Handler = TrapKind (*)(WHERRY_HANDLER_ARGS);
inline constexpr TrapKind kRunning = static_cast<TrapKind>(0xFF);
inline constexpr bool kPollsBackEdges = true;

TrapKind raise_trap(Regs& r, TrapKind kind);

#endif

/// Runs from `regs` until the code leaves the interpreter.
TrapKind run(Regs& regs);

// What handlers do, described: the body, the words of its instruction, and how it goes on.

enum class Flow : uint8_t {
  kStraight,  ///< On behind the instruction. `body` returns void or a TrapKind.
  kTransfer,  ///< `body` sets the program counter. Returns void or a TrapKind.
  kBranch,    ///< `body` returns whether to go to the displacement in imm; else on behind.
};

template <Flow flow_, auto body_, int words_>
struct Action {
  static constexpr Flow flow = flow_;
  static constexpr int words = words_;
  WHERRY_BODY static auto body(Regs& r) { return body_(r); }
};

/// Goes to the displacement in the operands. In the loop back-end a backward jump looks for an interruption.
WHERRY_BODY TrapKind jump(Regs& r) {
  const int32_t displacement = r.imm();
  if constexpr (kPollsBackEdges) {
    if (displacement <= 0) {
      const uint32_t interrupt = __atomic_load_n(&r.context->exec->interrupt, __ATOMIC_RELAXED);
      if (interrupt != 0) [[unlikely]]
        return static_cast<TrapKind>(interrupt);
    }
  }
  r.pc += displacement;
  return TrapKind::kNone;
}

// The body of an action; leaves the handler if it traps. Bodies that trap have not changed any register.
#define WHERRY_RUN(action)                                   \
  if constexpr (std::is_void_v<decltype(action::body(r))>) { \
    action::body(r);                                         \
  } else {                                                   \
    const TrapKind kind = action::body(r);                   \
    if (kind != TrapKind::kNone) [[unlikely]]                \
      WHERRY_RAISE(kind);                                    \
  }
#define WHERRY_STEP(action) \
  WHERRY_RUN(action)        \
  r.pc += action::words;

// The last action of a handler. A branch ends in two copies of the dispatch, so that the processor predicts both ways
// apart.
#define WHERRY_FINISH(action)                                                  \
  if constexpr (action::flow == Flow::kBranch) {                               \
    if (action::body(r)) {                                                     \
      if (const TrapKind kind = jump(r); kind != TrapKind::kNone) [[unlikely]] \
        WHERRY_RAISE(kind);                                                    \
      WHERRY_NEXT;                                                             \
    }                                                                          \
    r.pc += action::words;                                                     \
  } else {                                                                     \
    WHERRY_RUN(action)                                                         \
    if constexpr (action::flow == Flow::kStraight) r.pc += action::words;      \
  }                                                                            \
  WHERRY_NEXT

/// The handler of one action, or of several in a row, whose instructions follow one another.
template <class A>
WHERRY_HANDLER TrapKind perform(WHERRY_HANDLER_ARGS) {
  WHERRY_OPEN_REGS;
  WHERRY_FINISH(A);
}
template <class A, class B>
WHERRY_HANDLER TrapKind perform(WHERRY_HANDLER_ARGS) {
  WHERRY_OPEN_REGS;
  WHERRY_STEP(A)
  WHERRY_FINISH(B);
}
template <class A, class B, class C>
WHERRY_HANDLER TrapKind perform(WHERRY_HANDLER_ARGS) {
  WHERRY_OPEN_REGS;
  WHERRY_STEP(A)
  WHERRY_STEP(B)
  WHERRY_FINISH(C);
}

template <auto body, int words>
inline constexpr Handler straight = perform<Action<Flow::kStraight, body, words>>;
template <auto body>
inline constexpr Handler transfer = perform<Action<Flow::kTransfer, body, 0>>;
template <auto condition, int words>
inline constexpr Handler branch = perform<Action<Flow::kBranch, condition, words>>;

#if defined(WHERRY_LOOP_INTERPRETER)
WHERRY_BODY void pin_pc(Regs&) { asm volatile("" : : : "memory"); }
#else
/// Holds the program counter where the fault door looks for it. To be put before and after an access that may fault, so
/// that the compiler moves neither.
WHERRY_BODY void pin_pc(Regs& r) {
  register const Word* pc asm(WHERRY_PC_REGISTER) = r.pc;
  asm volatile("" : "+r"(pc) : : "memory");
  r.pc = pc;
}
#endif

}  // namespace wherry::interp
