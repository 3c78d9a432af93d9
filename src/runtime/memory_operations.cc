// operations.h: linear memories.
#include <algorithm>
#include <cstring>

#include "platform/clock.h"
#include "platform/watchdog.h"
#include "runtime/instance.h"
#include "runtime/operations.h"

namespace wherry::runtime::ops {

namespace {

Memory& memory_at(VMContext* context, uint32_t memory) { return *context->instance->memory(memory); }

bool in_bounds(uint64_t at, uint64_t length, uint64_t size) { return length <= size && at <= size - length; }

/// Bytes to write between two looks at ExecState::interrupt: well under a millisecond.
constexpr uint64_t kChunk = uint64_t{1} << 20;
/// A shorter operation leaves the interruption to the signal, which finds guest code soon enough.
constexpr uint64_t kShort = uint64_t{1} << 12;

TrapKind interruption(const VMContext* context) {
  return static_cast<TrapKind>(__atomic_load_n(&context->exec->interrupt, __ATOMIC_RELAXED));
}

/// Calls write(offset, length) for the parts of [0, length), ascending or descending, until an interruption.
template <class F>
TrapKind in_chunks(const VMContext* context, uint64_t length, bool descending, F write) {
  if (length < kShort) {
    write(0, length);
    return TrapKind::kNone;
  }
  for (uint64_t done = 0; done < length;) {
    const uint64_t part = std::min(kChunk, length - done);
    write(descending ? length - done - part : done, part);
    done += part;
    if (const TrapKind trap = interruption(context); trap != TrapKind::kNone) return trap;
  }
  return TrapKind::kNone;
}

template <class T>
TrapKind wait(VMContext* context, uint32_t memory, uint64_t address, T expected, int64_t timeout, uint32_t* result) {
  Memory& m = memory_at(context, memory);
  if (address % sizeof(T) != 0) return TrapKind::kUnalignedAtomic;
  if (!in_bounds(address, sizeof(T), m.bytes())) return TrapKind::kMemoryOutOfBounds;
  if (!m.type().shared) return TrapKind::kExpectedSharedMemory;
  uint64_t deadline = platform::kNever;
  if (timeout >= 0) {
    const uint64_t now = platform::monotonic_ns();
    if (static_cast<uint64_t>(timeout) < platform::kNever - now) deadline = now + static_cast<uint64_t>(timeout);
  }
  const auto is_expected = [](const void* at, uint64_t value) {
    return __atomic_load_n(static_cast<const T*>(at), __ATOMIC_SEQ_CST) == static_cast<T>(value);
  };
  const WaitQueue::Outcome outcome =
      m.wait_queue().wait(m.view()->base + address, is_expected, expected, deadline, &context->exec->interrupt);
  if (outcome == WaitQueue::Outcome::kInterrupted) return interruption(context);
  *result = static_cast<uint32_t>(outcome);
  return TrapKind::kNone;
}

}  // namespace

uint64_t memory_size(VMContext* context, uint32_t memory) { return memory_at(context, memory).pages(); }

uint64_t memory_grow(VMContext* context, uint32_t memory, uint64_t delta) {
  return memory_at(context, memory).grow(delta);
}

TrapKind memory_fill(VMContext* context, uint32_t memory, uint64_t to, uint32_t value, uint64_t length) {
  const Memory& m = memory_at(context, memory);
  if (!in_bounds(to, length, m.bytes())) return TrapKind::kMemoryOutOfBounds;
  uint8_t* const start = context->memories[memory]->base + to;
  return in_chunks(context, length, false, [&](uint64_t offset, uint64_t part) {
    std::memset(start + offset, static_cast<int>(value & 0xFF), part);
  });
}

TrapKind memory_copy(VMContext* context, uint32_t to_memory, uint32_t from_memory, uint64_t to, uint64_t from,
                     uint64_t length) {
  if (!in_bounds(to, length, memory_at(context, to_memory).bytes()) ||
      !in_bounds(from, length, memory_at(context, from_memory).bytes())) {
    return TrapKind::kMemoryOutOfBounds;
  }
  uint8_t* const target = context->memories[to_memory]->base + to;
  const uint8_t* const source = context->memories[from_memory]->base + from;
  return in_chunks(context, length, target > source,
                   [&](uint64_t offset, uint64_t part) { std::memmove(target + offset, source + offset, part); });
}

TrapKind memory_init(VMContext* context, uint32_t data, uint32_t memory, uint64_t to, uint32_t from, uint32_t length) {
  const std::span<const uint8_t> bytes = context->instance->data(data);
  if (!in_bounds(from, length, bytes.size()) || !in_bounds(to, length, memory_at(context, memory).bytes())) {
    return TrapKind::kMemoryOutOfBounds;
  }
  if (length != 0) std::memcpy(context->memories[memory]->base + to, bytes.data() + from, length);
  return TrapKind::kNone;
}

void data_drop(VMContext* context, uint32_t data) { context->instance->drop_data(data); }

TrapKind memory_atomic_wait32(VMContext* context, uint32_t memory, uint64_t address, uint32_t expected, int64_t timeout,
                              uint32_t* result) {
  return wait<uint32_t>(context, memory, address, expected, timeout, result);
}

TrapKind memory_atomic_wait64(VMContext* context, uint32_t memory, uint64_t address, uint64_t expected, int64_t timeout,
                              uint32_t* result) {
  return wait<uint64_t>(context, memory, address, expected, timeout, result);
}

TrapKind memory_atomic_notify(VMContext* context, uint32_t memory, uint64_t address, uint32_t count, uint32_t* woken) {
  Memory& m = memory_at(context, memory);
  if (address % sizeof(uint32_t) != 0) return TrapKind::kUnalignedAtomic;
  if (!in_bounds(address, sizeof(uint32_t), m.bytes())) return TrapKind::kMemoryOutOfBounds;
  *woken = m.type().shared ? m.wait_queue().notify(m.view()->base + address, count) : 0;
  return TrapKind::kNone;
}

}  // namespace wherry::runtime::ops
