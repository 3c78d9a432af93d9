// A store: everything that instances are made of, and the state of the thread that runs them.
//
// Lifetime, for all APIs: a store owns what is made in it until it is destroyed, at fixed addresses; nothing is freed
// before (but garbage-collected objects). An embedder's handle is a pointer and a share in the store. What holds no
// reference into a store (Memory) is shared on its own, so that several stores can use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/arena.h"
#include "platform/watchdog.h"
#include "runtime/code.h"
#include "runtime/extern.h"
#include "runtime/gc_heap.h"
#include "runtime/instance.h"
#include "runtime/memory_pool.h"
#include "runtime/table.h"
#include "runtime/vmcontext.h"
#include "wasm/type_registry.h"
#include "wherry/config.h"
#include "wherry/result.h"
#include "wherry/trap.h"

namespace wherry::runtime {

/// Upper bounds on what a store may use; from Config, and changeable per store. What exists already stays.
struct StoreLimits {
  uint64_t memory_bytes;        ///< Of one linear memory.
  uint64_t total_memory_bytes;  ///< Of all that belong to the store alone.
  uint64_t table_elements;  ///< Of one table.
  uint64_t gc_heap_bytes;
  uint64_t instances;
};

/// What a store takes from its engine. All of it outlives the store.
struct StoreResources {
  const wasm::TypeRegistry& types;
  const StackScanner& scanner;
  MemoryPool* pool = nullptr;  ///< Null: memories are mapped one by one.
  /// Memory that the store may use for what it makes, next to itself perhaps.
  std::span<std::byte> room = {};
};

/// Used by one thread at a time, but for interrupt(). Making and dropping one costs next to nothing.
class Store : private RootSource {
 public:
  Store(const StoreResources& resources, const Config& config);
  virtual ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const wasm::TypeRegistry& types() const { return types_; }
  const StackScanner& scanner() const { return scanner_; }
  ExecState& exec() { return exec_; }

  /// The frames around the last trap, innermost first; until the next call.
  static constexpr uint32_t kMaxTrapFrames = 64;
  std::span<const TrapFrame> trap_frames() const { return {trap_frames_.get(), exec_.trap_frame_count}; }
  /// For tiers; more than kMaxTrapFrames are ignored.
  void add_trap_frame(const TrapFrame& frame);

  /// Made when it is first asked for.
  GcHeap& heap() { return heap_ != nullptr ? *heap_ : make_heap(); }
  bool has_heap() const { return heap_ != nullptr; }
  BoundsStrategy bounds() const { return bounds_; }
  const StoreLimits& limits() const { return limits_; }
  void set_limits(const StoreLimits& limits);

  /// What happened since the store began. Times only if they are measured.
  struct Counters {
    uint64_t instances, instantiate_ns, calls, run_ns, traps, interruptions;
  };
  const Counters& counters() const { return counters_; }
  void measure_time(bool measure) { measures_time_ = measure; }
  /// What there is now.
  struct Sizes {
    uint64_t memories, memory_bytes, tables, table_elements;
  };
  Sizes sizes() const;

  // Making things. Errors: kLimit.
  Func* new_host_func(TypeId type, FuncEntry entry, void* host);
  /// Copies of functions that belong to no store, one after the other. They must not refer to a context.
  Func* new_host_funcs(std::span<const Func> functions);
  /// `image`: what it holds at first; null: nothing. It must outlive the store.
  Result<Memory*> new_memory(const MemoryType& type, const MemoryImage* image = nullptr);
  Memory* adopt_memory(std::shared_ptr<Memory> memory);
  Result<Table*> new_table(const TableType& type, Ref init);
  /// `value`: two slots for a v128, else one.
  Global* new_global(const GlobalType& type, const Slot* value);
  Tag* new_tag(TypeId type) { return arena_.make<Tag>(type); }

  /// Makes an instance, up to and without its start function. `imports` are in the order of the module's imports and
  /// were checked (check_import). The store keeps the template, whatever comes. Errors: kLimit; kTrap when an active
  /// segment or an initialiser traps: `*trap` says which, and what the segments before it wrote stays written, as the
  /// spec asks.
  Result<Instance*> instantiate(std::shared_ptr<const InstanceTemplate> instance_template,
                                std::span<const Extern> imports, TrapKind* trap);

  /// The context of host functions: no instance, no memories; only `exec`.
  VMContext* host_context() { return &host_context_; }

  /// Calls a function from the host (see FuncEntry): the one way in. Nests. Prepares the thread, and enforces the time
  /// limit of the outermost call.
  TrapKind call(Func& func, Slot* slots);
  /// Gives the running call a wasm stack (ExecState::stack_top) if it has none; call() takes it back. It belongs to the
  /// thread, so that stores that are not running need none. Without address space it stays without.
  void take_stack();

  /// Nanoseconds that each outermost call may take, then it traps with kTimeLimit; 0: no limit.
  void set_time_limit(uint64_t nanoseconds) { time_limit_ = nanoseconds; }
  /// Whether interrupt() works. It costs outermost calls some 50 ns.
  void set_interruptible(bool interruptible) { interruptible_ = interruptible; }
  /// From any thread: the running call, or if there is none the next one, ends with kInterrupted.
  void interrupt();

 protected:
  /// References that the embedder holds.
  virtual void visit_host_roots(RootVisitor&) {}
  /// Called with the heap when it is made.
  virtual void prepare_heap(GcHeap&) {}
  /// For what the embedder keeps as long as the store.
  Arena& arena() { return arena_; }

 private:
  friend class Instance;
  void visit_roots(RootVisitor& visitor) final;
  TrapKind call_outermost(Func& func, Slot* slots);
  TrapKind enter(Func& func, Slot* slots);
  TrapKind call_watched(Func& func, Slot* slots);

  GcHeap& make_heap();
  void give_stack_back();

  /// What lies in the arena and is in a list of its kind, the last one made first.
  template <class T>
  struct Node {
    T value;
    Node* next;
  };
  template <class T, class... Args>
  static T* push(Arena& arena, Node<T>*& list, Args&&... args);

  const wasm::TypeRegistry& types_;
  const StackScanner& scanner_;
  MemoryPool* const pool_;
  BoundsStrategy bounds_;
  StoreLimits limits_;
  uint64_t stack_bytes_;
  ExecState exec_{};
  VMContext host_context_{};
  MemoryView no_memory_{};
  Arena arena_;
  std::unique_ptr<GcHeap> heap_;
  std::unique_ptr<TrapFrame[]> trap_frames_;  ///< Null before the first trap.
  uint32_t call_depth_ = 0;
  bool instantiating_ = false;  ///< Collections are held off.
  bool interruptible_ = false;
  uint64_t time_limit_ = 0;
  uint32_t running_thread_ = 0;  ///< Whom interrupt() is to nudge, from other threads.

  Node<Global>* host_globals_ = nullptr;
  Node<Memory>* memories_ = nullptr;
  Node<std::shared_ptr<Memory>>* shared_memories_ = nullptr;
  Node<Table>* tables_ = nullptr;
  Node<std::shared_ptr<const InstanceTemplate>>* templates_ = nullptr;
  Instance* instances_ = nullptr;
  Counters counters_{};
  bool measures_time_ = false;
  MemoryBudget memory_budget_;
};

}  // namespace wherry::runtime
