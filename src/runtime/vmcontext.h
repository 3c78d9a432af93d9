// The one description of the memory that running code sees: slots, functions, memories, tables, and the context of an
// instance. Standard layout; the interpreter's handlers, compiled code and the runtime all use these structs, and no
// other file repeats an offset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "wherry/trap.h"
#include "wherry/types.h"

namespace wherry::runtime {

/// A value at rest: in a frame, an argument array, a global, a table or a host call. i32 and f32 sit in the low half
/// (the high half is unspecified on input, and ignored); a v128 takes two consecutive slots, low half first; a
/// reference is a Ref.
using Slot = uint64_t;

/// A reference. 0 is null. funcref: a Func*. Everything else is a GcObject* (8-byte aligned; a host's externref is a
/// boxed object of the GC heap), except that bit 0 set means an i31: (value << 1) | 1, zero-extended from 32 bits.
/// any.convert_extern and extern.convert_any are the identity.
using Ref = uint64_t;
constexpr Ref i31_ref(uint32_t value) { return static_cast<uint32_t>(value << 1) | 1u; }
constexpr bool is_i31(Ref ref) { return (ref & 1) != 0; }
constexpr uint32_t i31_get_u(Ref ref) { return static_cast<uint32_t>(ref) >> 1; }
constexpr int32_t i31_get_s(Ref ref) { return static_cast<int32_t>(ref) >> 1; }

struct VMContext;
struct Func;
class CodeBinder;
class Instance;
class Store;

/// Calls `func`. Arguments are in `slots` in order; results overwrite them from slots[0] (the array has room for
/// max(param_slots, result_slots)). Returns kNone; kUncaughtException with the exception in ExecState::exception, which
/// a caller in WebAssembly may catch; or another trap. This is the one calling convention between tiers and to the
/// host.
using FuncEntry = TrapKind (*)(Func& func, Slot* slots);

/// A function of a store: what a funcref points to. Address-stable, owned by its instance (or, host functions, its
/// store).
struct Func {
  FuncEntry entry;
  TypeId type;
  /// In its module's function index space; host functions: 0.
  uint32_t index;
  /// The instance's context; host functions: a context of their own without memories, for `exec`.
  VMContext* context;
  /// The tier's record of the function (interp::Function*), for calls that stay within the tier; null for host
  /// functions.
  void* code;
  /// Host functions: the runtime's HostFunc; else null.
  void* host;
  /// Compiled code that other compiled code calls directly, with `context` as its first argument; null: only `entry`.
  const void* native = nullptr;
};

/// A linear memory as code sees it. `base` never moves for guarded memories (see Memory::is_guarded).
struct MemoryView {
  uint8_t* base;
  /// Current size. Shared memories: grown by any thread, so read it with relaxed atomics; never shrinks.
  uint64_t bytes;
};

/// A table as code sees it: `elements` may move when the table grows.
struct TableView {
  Ref* elements;
  uint64_t size;
};

/// Where a running thread stands: one a store. Only the thread that runs the store touches it, but for `interrupt`.
struct ExecState {
  /// The wasm stack: slots from here up are free. Grows upwards.
  Slot* stack_top;
  Slot* stack_limit;
  /// Host frames deeper than this address are stack exhaustion (native recursion through host functions).
  uintptr_t native_limit;
  /// Innermost call from the host into the interpreter (its own chain, for the collector's roots).
  void* activation;
  /// The frame of the outermost call from the host into compiled code: the native stack below may hold references. 0:
  /// none.
  uintptr_t native_base;
  /// How many frames of the last trap the store knows (Store::trap_frames). Every entry sets it to 0; a call that ends
  /// with a trap adds its own, so that they come innermost first.
  uint32_t trap_frame_count;
  /// The instance whose code called the host function that starts now: a tier sets it before it calls an entry that is
  /// not its own, so that the host finds its caller's memory. Null when the host itself calls.
  VMContext* caller;
  /// Set with kUncaughtException: the exnref in flight.
  Ref exception;
  /// Fuel left, when the configuration meters fuel.
  int64_t fuel;
  /// Non-zero: stop at the next safe point; the TrapKind to stop with. Written by other threads and signal handlers.
  uint32_t interrupt;
  Store* store;
};

/// The context of an instance, the one pointer that running code holds. Followed in the same allocation by the cells of
/// the globals that the module defines (two slots each, see global_cell), so that one load reaches them.
struct VMContext {
  MemoryView* memory0;  ///< memories[0]; never null: an instance without memories has an empty one.
  ExecState* exec;
  /// The base of memories[0] where it never moves and needs no bounds checks (Memory::is_guarded); else null.
  uint8_t* guarded_base0;
  /// The functions of the runtime that compiled code calls, in the order of libcalls.inc.
  const void* const* libcalls;
  MemoryView** memories;  ///< Memory index space.
  TableView** tables;     ///< Table index space.
  Slot** globals;         ///< Global index space: pointers to cells, imported ones in other instances.
  /// Function index space. Entries of defined functions are null until Instance::func() made them; imported ones are
  /// set.
  Func** funcs;
  const TypeId* types;  ///< Type index space.
  Instance* instance;
  /// The interpreter's record of the module (interp::ModuleCode), from when it binds a function.
  const CodeBinder* tier_module;
};
static_assert(std::is_standard_layout_v<VMContext> && std::is_standard_layout_v<Func>);

/// The cell of defined global number `n` (not counting imports): two slots, of which all but v128 use the first.
inline Slot* global_cell(VMContext* context, uint32_t n) {
  static_assert(sizeof(VMContext) % sizeof(Slot) == 0);
  return reinterpret_cast<Slot*>(context + 1) + size_t{2} * n;
}
constexpr size_t global_cell_offset(uint32_t n) { return sizeof(VMContext) + size_t{16} * n; }

}  // namespace wherry::runtime
