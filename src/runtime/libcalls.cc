#include "runtime/libcalls.h"

#include <cassert>
#include <memory>
#include <type_traits>

#include "platform/faults.h"
#include "runtime/operations.h"
#include "runtime/store.h"
#include "wasm/limits.h"
#include "wasm/semantics.h"

using wherry::TrapKind;
using wherry::runtime::Ref;
using wherry::runtime::Slot;
using wherry::runtime::ThrowRegisters;
using wherry::runtime::VMContext;

extern "C" {
// libcalls_*.S: each calls the function below of the same name with the registers as its last argument.
[[noreturn]] void wherry_libcall_raise(VMContext* context, uint32_t kind);
[[noreturn]] void wherry_libcall_throw_tag(VMContext* context, uint32_t tag, Slot* args);
[[noreturn]] void wherry_libcall_throw_ref(VMContext* context, Ref exception);

[[noreturn]] void wherry_raise(VMContext* context, uint32_t kind, const void*, const ThrowRegisters* at);
[[noreturn]] void wherry_throw_tag(VMContext* context, uint32_t tag, const Slot* args, const ThrowRegisters* at);
[[noreturn]] void wherry_throw_ref(VMContext* context, Ref exception, const void*, const ThrowRegisters* at);
}

namespace wherry::runtime {

namespace {

uintptr_t frame_pointer(const ThrowRegisters& at) {
#if defined(__x86_64__)
  return at.rbp;
#elif defined(__aarch64__)
  return at.x29;
#endif
}

[[noreturn]] void raise_at(TrapKind kind, const ThrowRegisters& at) {
  platform::leave_guarded(static_cast<uint32_t>(kind), at.pc - 1, frame_pointer(at));
}

/// Leaves compiled code, at the call, if `kind` is a trap. Inlined, so that the frame is the libcall's.
[[gnu::always_inline]] inline void check(TrapKind kind) {
  if (kind == TrapKind::kNone) [[likely]]
    return;
  platform::leave_guarded(static_cast<uint32_t>(kind), reinterpret_cast<uintptr_t>(__builtin_return_address(0)) - 1,
                          *static_cast<const uintptr_t*>(__builtin_frame_address(0)));
}

// The functions of libcalls.inc. Narrow results are whole 32-bit words.

uint64_t memory_size(VMContext* context, uint32_t memory) { return ops::memory_size(context, memory); }
uint64_t memory_grow(VMContext* context, uint32_t memory, uint64_t delta) {
  return ops::memory_grow(context, memory, delta);
}
void memory_fill(VMContext* context, uint32_t memory, uint64_t to, uint32_t value, uint64_t length) {
  check(ops::memory_fill(context, memory, to, value, length));
}
void memory_copy(VMContext* context, uint32_t to_memory, uint32_t from_memory, uint64_t to, uint64_t from,
                 uint64_t length) {
  check(ops::memory_copy(context, to_memory, from_memory, to, from, length));
}
void memory_init(VMContext* context, uint32_t data, uint32_t memory, uint64_t to, uint32_t from, uint32_t length) {
  check(ops::memory_init(context, data, memory, to, from, length));
}
void data_drop(VMContext* context, uint32_t data) { ops::data_drop(context, data); }
uint32_t memory_atomic_wait32(VMContext* context, uint32_t memory, uint64_t address, uint32_t expected,
                              uint64_t timeout) {
  uint32_t result = 0;
  check(ops::memory_atomic_wait32(context, memory, address, expected, static_cast<int64_t>(timeout), &result));
  return result;
}
uint32_t memory_atomic_wait64(VMContext* context, uint32_t memory, uint64_t address, uint64_t expected,
                              uint64_t timeout) {
  uint32_t result = 0;
  check(ops::memory_atomic_wait64(context, memory, address, expected, static_cast<int64_t>(timeout), &result));
  return result;
}
uint32_t memory_atomic_notify(VMContext* context, uint32_t memory, uint64_t address, uint32_t count) {
  uint32_t woken = 0;
  check(ops::memory_atomic_notify(context, memory, address, count, &woken));
  return woken;
}

Ref table_element(VMContext* context, uint32_t table, uint64_t index) {
  return ops::table_element(context, table, index);
}
void table_set(VMContext* context, uint32_t table, uint64_t index, Ref value) {
  check(ops::table_set(context, table, index, value));
}
uint64_t table_grow(VMContext* context, uint32_t table, Ref value, uint64_t delta) {
  return ops::table_grow(context, table, value, delta);
}
void table_fill(VMContext* context, uint32_t table, uint64_t to, Ref value, uint64_t length) {
  check(ops::table_fill(context, table, to, value, length));
}
void table_copy(VMContext* context, uint32_t to_table, uint32_t from_table, uint64_t to, uint64_t from,
                uint64_t length) {
  check(ops::table_copy(context, to_table, from_table, to, from, length));
}
void table_init(VMContext* context, uint32_t elem, uint32_t table, uint64_t to, uint32_t from, uint32_t length) {
  check(ops::table_init(context, elem, table, to, from, length));
}
void elem_drop(VMContext* context, uint32_t elem) { ops::elem_drop(context, elem); }

Ref ref_func(VMContext* context, uint32_t function) { return reinterpret_cast<Ref>(ops::ref_func(context, function)); }
uint32_t func_has_type(VMContext* context, const Func* func, uint32_t type) {
  return context->exec->store->types().is_subtype(func->type, context->types[type]) ? 1 : 0;
}
uint32_t ref_is_a(VMContext* context, Ref ref, uint32_t type) {
  return ops::ref_test(context, ref, ValType::ref(HeapType::defined(context->types[type]), false)) ? 1 : 0;
}
uint32_t ref_is_abstract(VMContext* context, Ref ref, uint32_t heap_type) {
  return ops::ref_test(context, ref, ValType::ref(static_cast<HeapType::Abstract>(heap_type), false)) ? 1 : 0;
}

Ref struct_new(VMContext* context, uint32_t type, const Slot* fields) {
  Ref result = 0;
  check(ops::struct_new(context, context->types[type], fields, &result));
  return result;
}
Ref array_new(VMContext* context, uint32_t type, const Slot* value, uint32_t length) {
  Ref result = 0;
  check(ops::array_new(context, context->types[type], value, length, &result));
  return result;
}
Ref array_new_fixed(VMContext* context, uint32_t type, const Slot* values, uint32_t length) {
  Ref result = 0;
  check(ops::array_new_fixed(context, context->types[type], values, length, &result));
  return result;
}
Ref array_new_data(VMContext* context, uint32_t type, uint32_t data, uint32_t from, uint32_t length) {
  Ref result = 0;
  check(ops::array_new_data(context, context->types[type], data, from, length, &result));
  return result;
}
Ref array_new_elem(VMContext* context, uint32_t type, uint32_t elem, uint32_t from, uint32_t length) {
  Ref result = 0;
  check(ops::array_new_elem(context, context->types[type], elem, from, length, &result));
  return result;
}
void array_fill(VMContext* context, Ref array, uint32_t to, const Slot* value, uint32_t length) {
  check(ops::array_fill(context, array, to, value, length));
}
void array_copy(VMContext* context, Ref to_array, uint32_t to, Ref from_array, uint32_t from, uint32_t length) {
  check(ops::array_copy(context, to_array, to, from_array, from, length));
}
void array_init_data(VMContext* context, Ref array, uint32_t to, uint32_t data, uint32_t from, uint32_t length) {
  check(ops::array_init_data(context, array, to, data, from, length));
}
void array_init_elem(VMContext* context, Ref array, uint32_t to, uint32_t elem, uint32_t from, uint32_t length) {
  check(ops::array_init_elem(context, array, to, elem, from, length));
}

uint32_t exception_has_tag(VMContext* context, Ref exception, uint32_t tag) {
  return ops::exception_has_tag(context, exception, tag) ? 1 : 0;
}

uint64_t argument_buffer(VMContext*, [[maybe_unused]] uint32_t slots) {
  // Not in the thread's own storage, which must fit on the smallest stacks.
  constexpr size_t kMostSlots = size_t{2} * wasm::limits::kParams;
  static thread_local std::unique_ptr<Slot[]> buffer;
  if (buffer == nullptr) buffer = std::make_unique_for_overwrite<Slot[]>(kMostSlots);
  assert(slots <= kMostSlots);
  return reinterpret_cast<uintptr_t>(buffer.get());
}

float f32_ceil(float x) { return wasm::semantics::f32_ceil(x); }
float f32_floor(float x) { return wasm::semantics::f32_floor(x); }
float f32_trunc(float x) { return wasm::semantics::f32_trunc(x); }
float f32_nearest(float x) { return wasm::semantics::f32_nearest(x); }
double f64_ceil(double x) { return wasm::semantics::f64_ceil(x); }
double f64_floor(double x) { return wasm::semantics::f64_floor(x); }
double f64_trunc(double x) { return wasm::semantics::f64_trunc(x); }
double f64_nearest(double x) { return wasm::semantics::f64_nearest(x); }
float f32_fma(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
double f64_fma(double x, double y, double z) { return __builtin_fma(x, y, z); }

constexpr auto* raise = &wherry_libcall_raise;
constexpr auto* throw_tag = &wherry_libcall_throw_tag;
constexpr auto* throw_ref = &wherry_libcall_throw_ref;

// The types of the table.
using ptr = void*;
using i32 = uint32_t;
using i64 = uint64_t;
using f32 = float;
using f64 = double;
using none = void;
using never = void;

template <class Declared, class Row>
constexpr bool kSame = std::is_pointer_v<Declared> ? std::is_pointer_v<Row> : std::is_same_v<Declared, Row>;

/// Whether a function is of the signature that the table gives, whatever its pointers point to.
template <class Result, class... Row>
struct Signature {
  template <class R, class... Declared>
  static consteval bool fits(R (*)(Declared...)) {
    if constexpr (sizeof...(Declared) != sizeof...(Row)) {
      return false;
    } else {
      return std::is_same_v<R, Result> && (kSame<Declared, Row> && ...);
    }
  }
};
#define WHERRY_LIBCALL(name, result, ...) static_assert(Signature<result, __VA_ARGS__>::fits(name));
#include "runtime/libcalls.inc"
#undef WHERRY_LIBCALL

}  // namespace

const void* const kLibcalls[] = {
#define WHERRY_LIBCALL(name, ...) reinterpret_cast<const void*>(+name),
#include "runtime/libcalls.inc"
#undef WHERRY_LIBCALL
};

}  // namespace wherry::runtime

using namespace wherry::runtime;

void wherry_raise(VMContext* context, uint32_t kind, const void*, const ThrowRegisters* at) {
  if (static_cast<TrapKind>(kind) != TrapKind::kUncaughtException) raise_at(static_cast<TrapKind>(kind), *at);
  context->exec->store->scanner().throw_exception(*context->exec, *at);
}

void wherry_throw_tag(VMContext* context, uint32_t tag, const Slot* args, const ThrowRegisters* at) {
  Ref exception = 0;
  const TrapKind kind = ops::exception_new(context, tag, args, &exception);
  if (kind != TrapKind::kNone) raise_at(kind, *at);
  context->exec->exception = exception;
  context->exec->store->scanner().throw_exception(*context->exec, *at);
}

void wherry_throw_ref(VMContext* context, Ref exception, const void*, const ThrowRegisters* at) {
  if (exception == 0) raise_at(TrapKind::kNullExceptionReference, *at);
  context->exec->exception = exception;
  context->exec->store->scanner().throw_exception(*context->exec, *at);
}
