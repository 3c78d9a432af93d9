// A store: everything that instances are made of, and the state of the thread that runs them.
//
// Lifetime, for all APIs: a store owns what is made in it until it is destroyed, at fixed addresses; nothing is freed
// before (but garbage-collected objects). An embedder's handle is a pointer and a share in the store. What holds no
// reference into a store (Memory) is shared on its own, so that several stores can use it.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "platform/memory.h"
#include "platform/watchdog.h"
#include "runtime/code.h"
#include "runtime/extern.h"
#include "runtime/gc_heap.h"
#include "runtime/instance.h"
#include "runtime/vmcontext.h"
#include "wasm/type_registry.h"
#include "wherry/config.h"
#include "wherry/result.h"
#include "wherry/trap.h"

namespace wherry::runtime {

/// Upper bounds on what a store may use; from Config, and changeable per store. What exists already stays.
struct StoreLimits {
  uint64_t memory_bytes;    ///< Of one linear memory.
  uint64_t table_elements;  ///< Of one table.
  uint64_t gc_heap_bytes;
  uint64_t instances;
};

/// Used by one thread at a time, but for interrupt().
class Store : private RootSource {
 public:
  /// `types` and `scanner` outlive the store. If there is no address space for the wasm stack, every call is stack
  /// exhaustion.
  Store(const wasm::TypeRegistry& types, const Config& config, const StackScanner& scanner);
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

  GcHeap& heap() { return heap_; }
  BoundsStrategy bounds() const { return bounds_; }
  const StoreLimits& limits() const { return limits_; }
  void set_limits(const StoreLimits& limits);

  // Making things. Errors: kLimit.
  Func* new_host_func(TypeId type, FuncEntry entry, void* host);
  Result<Memory*> new_memory(const MemoryType& type);
  Memory* adopt_memory(std::shared_ptr<Memory> memory);
  Result<Table*> new_table(const TableType& type, Ref init);
  /// `value`: two slots for a v128, else one.
  Global* new_global(const GlobalType& type, const Slot* value);
  Tag* new_tag(TypeId type);

  /// Makes an instance, up to and without its start function. `imports` are in the order of the module's imports and
  /// were checked (check_import). Errors: kLimit; kTrap when an active segment or an initialiser traps: `*trap` says
  /// which, and what the segments before it wrote stays written, as the spec asks.
  Result<Instance*> instantiate(std::shared_ptr<const wasm::Module> module, std::shared_ptr<const CodeBinder> code,
                                std::span<const Extern> imports, TrapKind* trap);

  /// The context of host functions: no instance, no memories; only `exec`.
  VMContext* host_context() { return &host_context_; }

  /// Calls a function from the host (see FuncEntry): the one way in. Nests. Prepares the thread, and enforces the time
  /// limit of the outermost call.
  TrapKind call(Func& func, Slot* slots);

  /// Nanoseconds that each outermost call may take, then it traps with kTimeLimit; 0: no limit.
  void set_time_limit(uint64_t nanoseconds) { time_limit_ = nanoseconds; }
  /// Whether interrupt() works. It costs outermost calls some 50 ns.
  void set_interruptible(bool interruptible) { interruptible_ = interruptible; }
  /// From any thread: the running call, or if there is none the next one, ends with kInterrupted.
  void interrupt();

 protected:
  /// References that the embedder holds.
  virtual void visit_host_roots(RootVisitor&) {}

 private:
  friend class Instance;
  void visit_roots(RootVisitor& visitor) final;
  TrapKind enter(Func& func, Slot* slots);
  TrapKind call_watched(Func& func, Slot* slots);

  const wasm::TypeRegistry& types_;
  const StackScanner& scanner_;
  BoundsStrategy bounds_;
  StoreLimits limits_;
  ExecState exec_{};
  VMContext host_context_{};
  MemoryView no_memory_{};
  platform::Reservation stack_;
  GcHeap heap_;
  std::unique_ptr<TrapFrame[]> trap_frames_;  ///< Null before the first trap.
  uint32_t call_depth_ = 0;
  bool interruptible_ = false;
  uint64_t time_limit_ = 0;
  std::mutex watch_mutex_;  ///< Guards watch_, which interrupt() uses from other threads.
  platform::Watch* watch_ = nullptr;

  std::deque<Func> host_funcs_;
  std::deque<Tag> tags_;
  /// Of which host-made ones have their cell in host_cells_.
  std::deque<Global> globals_;
  struct Cell {
    Slot slots[2];
  };
  std::deque<Cell> host_cells_;
  std::vector<Global*> host_globals_;
  std::vector<std::shared_ptr<Memory>> memories_;
  std::vector<std::unique_ptr<Table>> tables_;
  std::vector<std::unique_ptr<Instance>> instances_;
};

}  // namespace wherry::runtime
