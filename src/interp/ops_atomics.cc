// Atomic accesses, wait and notify. Operands lie in consecutive slots from a on, address first, where the result goes
// too. imm names the memory as checked accesses do (see ops_memory.cc), [2] is the offset.
#include "interp/calls.h"
#include "interp/memory_access.h"
#include "interp/translator.h"
#include "runtime/operations.h"

namespace wherry::interp {
namespace {

namespace ops = runtime::ops;

constexpr int kWords = 3;

template <class T>
WHERRY_BODY T at(Regs& r, uint32_t n) {
  return r.get<T>(r.a() + n);
}

/// What to do with the cell at the effective address: alignment is checked, then bounds.
template <class T, class Operation>
WHERRY_BODY TrapKind access(Regs& r) {
  uint64_t address;
  if (!effective_address(r, at<uint64_t>(r, 0), address)) return TrapKind::kMemoryOutOfBounds;
  if (address % sizeof(T) != 0) return TrapKind::kUnalignedAtomic;
  uint8_t* cell = checked_cell(r, address, sizeof(T));
  if (cell == nullptr) [[unlikely]]
    return TrapKind::kMemoryOutOfBounds;
  Operation::template run<T>(r, reinterpret_cast<T*>(cell));
  return TrapKind::kNone;
}

struct AtomicLoad {
  template <class T>
  WHERRY_BODY static void run(Regs& r, T* cell) {
    r.set<T>(r.a(), __atomic_load_n(cell, __ATOMIC_SEQ_CST));
  }
};
struct AtomicStore {
  template <class T>
  WHERRY_BODY static void run(Regs& r, T* cell) {
    __atomic_store_n(cell, at<T>(r, 1), __ATOMIC_SEQ_CST);
  }
};

/// In the order of the op table.
enum class Rmw : uint8_t { kAdd, kSub, kAnd, kOr, kXor, kExchange, kCompareExchange };

template <Rmw kind>
struct Modify {
  template <class T>
  WHERRY_BODY static void run(Regs& r, T* cell) {
    T old = at<T>(r, 1);
    if constexpr (kind == Rmw::kAdd) old = __atomic_fetch_add(cell, old, __ATOMIC_SEQ_CST);
    if constexpr (kind == Rmw::kSub) old = __atomic_fetch_sub(cell, old, __ATOMIC_SEQ_CST);
    if constexpr (kind == Rmw::kAnd) old = __atomic_fetch_and(cell, old, __ATOMIC_SEQ_CST);
    if constexpr (kind == Rmw::kOr) old = __atomic_fetch_or(cell, old, __ATOMIC_SEQ_CST);
    if constexpr (kind == Rmw::kXor) old = __atomic_fetch_xor(cell, old, __ATOMIC_SEQ_CST);
    if constexpr (kind == Rmw::kExchange) old = __atomic_exchange_n(cell, old, __ATOMIC_SEQ_CST);
    if constexpr (kind == Rmw::kCompareExchange) {
      __atomic_compare_exchange_n(cell, &old, at<T>(r, 2), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    }
    r.set<T>(r.a(), old);
  }
};

/// The handlers of an access, by log2 of its size.
template <class Operation>
constexpr Handler kBySize[] = {
    straight<&access<uint8_t, Operation>, kWords>, straight<&access<uint16_t, Operation>, kWords>,
    straight<&access<uint32_t, Operation>, kWords>, straight<&access<uint64_t, Operation>, kWords>};
constexpr const Handler* kRmw[] = {
    kBySize<Modify<Rmw::kAdd>>,
    kBySize<Modify<Rmw::kSub>>,
    kBySize<Modify<Rmw::kAnd>>,
    kBySize<Modify<Rmw::kOr>>,
    kBySize<Modify<Rmw::kXor>>,
    kBySize<Modify<Rmw::kExchange>>,
    kBySize<Modify<Rmw::kCompareExchange>>,
};
/// Each comes for i32, i64, and in five narrow forms.
constexpr uint32_t kRmwForms = 7;
static_assert(static_cast<uint32_t>(Op::kI64AtomicRmw32CmpxchgU) - static_cast<uint32_t>(Op::kI32AtomicRmwAdd) + 1 ==
              kRmwForms * std::size(kRmw));

WHERRY_BODY void fence(Regs&) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

template <class T>
WHERRY_BODY TrapKind wait(Regs& r) {
  uint64_t address;
  if (!effective_address(r, at<uint64_t>(r, 0), address)) return TrapKind::kMemoryOutOfBounds;
  uint32_t result = 0;
  const auto timeout = static_cast<int64_t>(at<uint64_t>(r, 2));
  TrapKind kind;
  if constexpr (sizeof(T) == 4) {
    kind = ops::memory_atomic_wait32(r.context, memory_index(r), address, at<T>(r, 1), timeout, &result);
  } else {
    kind = ops::memory_atomic_wait64(r.context, memory_index(r), address, at<T>(r, 1), timeout, &result);
  }
  r.forget_accumulators();
  if (kind == TrapKind::kNone) r.set<uint32_t>(r.a(), result);
  return kind;
}
WHERRY_BODY TrapKind notify(Regs& r) {
  uint64_t address;
  if (!effective_address(r, at<uint64_t>(r, 0), address)) return TrapKind::kMemoryOutOfBounds;
  uint32_t woken = 0;
  const TrapKind kind = ops::memory_atomic_notify(r.context, memory_index(r), address, at<uint32_t>(r, 1), &woken);
  r.forget_accumulators();
  if (kind == TrapKind::kNone) r.set<uint32_t>(r.a(), woken);
  return kind;
}

}  // namespace

bool Translator::atomic_op(Op op, const wasm::Imm& imm) {
  constexpr Class kResult[] = {Class::kInt};
  const wasm::OpInfo& row = wasm::info(op);
  auto emit_op = [&](Handler handler) {
    const Word words[] = {imm.mem.offset};
    stack_op(handler, static_cast<uint32_t>(std::string_view(row.signature.params).size()),
             std::span(kResult, row.signature.results[0] == 0 ? 0 : 1), memory_word(imm.mem.memory), words);
    return true;
  };
  if (op == Op::kAtomicFence) {
    stack_op(straight<&fence, 2>, 0, {}, 0);
    return true;
  }
  if (op >= Op::kI32AtomicRmwAdd && op <= Op::kI64AtomicRmw32CmpxchgU) {
    const uint32_t kind = (static_cast<uint32_t>(op) - static_cast<uint32_t>(Op::kI32AtomicRmwAdd)) / kRmwForms;
    return emit_op(kRmw[kind][row.access]);
  }
  if (op >= Op::kI32AtomicStore && op <= Op::kI64AtomicStore32) return emit_op(kBySize<AtomicStore>[row.access]);
  if (op >= Op::kI32AtomicLoad && op <= Op::kI64AtomicLoad32U) return emit_op(kBySize<AtomicLoad>[row.access]);
  switch (op) {
    case Op::kMemoryAtomicNotify:
      return emit_op(straight<&notify, kWords>);
    case Op::kMemoryAtomicWait32:
      return emit_op(straight<&wait<uint32_t>, kWords>);
    case Op::kMemoryAtomicWait64:
      return emit_op(straight<&wait<uint64_t>, kWords>);
    default:
      return false;
  }
}

}  // namespace wherry::interp
