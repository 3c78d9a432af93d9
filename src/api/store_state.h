// What a Store is inside: the runtime's store, and what the public API adds to it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/engine.h"
#include "runtime/store.h"
#include "wherry/engine.h"
#include "wherry/host_func.h"
#include "wherry/ref.h"
#include "wherry/store.h"
#include "wherry/trap.h"

namespace wherry::detail {

/// Lets InterruptHandles outlive their store.
class InterruptState {
 public:
  explicit InterruptState(runtime::Store* store) : store_(store) {}
  void interrupt();
  void forget_store();

 private:
  std::mutex mutex_;
  runtime::Store* store_;
};

/// The references that the host holds. Roots are reused; those in use when the set dies belong to their handles.
class RootList : public RootSet {
 public:
  RootList() = default;
  RootList(const RootList&) = delete;
  RootList& operator=(const RootList&) = delete;
  ~RootList();
  Root* make(runtime::Ref ref);
  void visit(runtime::RootVisitor& visitor) const;

 private:
  std::vector<Root*> roots_;
};

class StoreState final : public runtime::Store {
 public:
  StoreState(const Engine& engine, const Config& config);
  ~StoreState() override;
  /// In a block that has room for the first things that the store makes.
  static void* operator new(size_t size);
  static void operator delete(void* block);

  static StoreState& of(runtime::ExecState& exec) { return static_cast<StoreState&>(*exec.store); }
  static StoreState& of(const runtime::Func& func) { return of(*func.context->exec); }
  static StoreState& of(runtime::Store& store) { return static_cast<StoreState&>(store); }

  const Engine& engine() const { return engine_; }

  Ref root(runtime::Ref ref);
  bool owns(const RootSet* roots) const { return roots == &roots_; }

  /// The store's function for a host function of the linkers: always the same one.
  runtime::Func* host_func(const HostFunctionPtr& function, TypeId type);
  /// The store's functions for those of the linkers that an InstancePre refers to, in their order. `functions` stays as
  /// long as the store.
  runtime::Func* host_funcs(std::span<const runtime::Func> functions);
  /// The store's handle of a memory that may be in other stores too: always the same one.
  runtime::Memory* shared_memory(const std::shared_ptr<runtime::Memory>& memory);

  /// A trap with details, on its way out through the guest's frames.
  TrapKind raise(Trap trap);
  /// The trap that a call ended with: its details if it was raised, else with a backtrace of its own.
  Trap take_trap(TrapKind kind);

  std::shared_ptr<InterruptState> interrupt_state();

  void put_data(StoreData* data);
  StoreData* get_data(const char* key) const;

 private:
  void visit_host_roots(runtime::RootVisitor& visitor) override { roots_.visit(visitor); }
  void prepare_heap(runtime::GcHeap& heap) override;
  /// Adds the frames of the last trap, with names.
  void add_backtrace(std::vector<BacktraceFrame>& backtrace);

  Engine engine_;
  RootList roots_;
  std::optional<Trap> raised_;
  std::shared_ptr<InterruptState> interrupt_state_;
  std::unordered_map<const HostFunction*, std::pair<HostFunctionPtr, runtime::Func*>> host_funcs_;
  /// What host_funcs() was last asked for, and its answer.
  const runtime::Func* linked_funcs_ = nullptr;
  runtime::Func* linked_copies_ = nullptr;
  std::unordered_map<const runtime::Memory*, runtime::Memory*> shared_memories_;
  std::vector<StoreData*> data_;
};

/// The entry of every host function.
TrapKind enter_host_function(runtime::Func& func, runtime::Slot* slots);

}  // namespace wherry::detail
