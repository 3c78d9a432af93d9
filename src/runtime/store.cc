#include "runtime/store.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "platform/clock.h"
#include "platform/threads.h"
#include "runtime/libcalls.h"
#include "runtime/wasm_stack.h"

namespace wherry::runtime {

namespace {

/// How much native stack calls from WebAssembly leave to host functions and to the runtime.
uintptr_t native_reserve(uintptr_t available) {
  constexpr uintptr_t kLeast = uintptr_t{32} << 10;
  constexpr uintptr_t kMost = uintptr_t{256} << 10;
  return std::clamp(available / 4, kLeast, kMost);
}

}  // namespace

template <class T, class... Args>
T* Store::push(Arena& arena, Node<T>*& list, Args&&... args) {
  list = new (arena.allocate(sizeof(Node<T>))) Node<T>{T(std::forward<Args>(args)...), list};
  return &list->value;
}

Store::Store(const StoreResources& resources, const Config& config)
    : types_(resources.types),
      scanner_(resources.scanner),
      pool_(resources.pool),
      bounds_(config.bounds),
      limits_{.memory_bytes = config.max_memory_bytes,
              .total_memory_bytes = config.max_total_memory_bytes,
              .table_elements = config.max_table_elements,
              .gc_heap_bytes = config.max_gc_heap_bytes,
              .instances = config.max_instances},
      stack_bytes_(config.stack_bytes),
      arena_(resources.room),
      memory_budget_{config.max_total_memory_bytes} {
  exec_.store = this;
  host_context_.memory0 = &no_memory_;
  host_context_.exec = &exec_;
  host_context_.libcalls = kLibcalls;
}

Store::~Store() {
  const auto destroy = []<class T>(Node<T>* list) {
    for (; list != nullptr; list = list->next) list->value.~T();
  };
  // Finalizers may look at their store.
  heap_.reset();
  destroy(tables_);
  destroy(memories_);
  destroy(shared_memories_);
  destroy(templates_);
}

GcHeap& Store::make_heap() {
  heap_.reset(new GcHeap(types_, *this, limits_.gc_heap_bytes));
  if (instantiating_) heap_->hold();
  prepare_heap(*heap_);
  return *heap_;
}

void Store::add_trap_frame(const TrapFrame& frame) {
  if (trap_frames_ == nullptr) trap_frames_ = std::make_unique_for_overwrite<TrapFrame[]>(kMaxTrapFrames);
  if (exec_.trap_frame_count < kMaxTrapFrames) trap_frames_[exec_.trap_frame_count++] = frame;
}

void Store::set_limits(const StoreLimits& limits) {
  limits_ = limits;
  memory_budget_.set_most(limits.total_memory_bytes);
  for (auto* memory = memories_; memory != nullptr; memory = memory->next) {
    memory->value.set_max_bytes(limits.memory_bytes);
  }
  for (auto* memory = shared_memories_; memory != nullptr; memory = memory->next) {
    memory->value->set_max_bytes(limits.memory_bytes);
  }
  for (auto* table = tables_; table != nullptr; table = table->next) {
    table->value.set_max_elements(limits.table_elements);
  }
  if (heap_ != nullptr) heap_->set_max_bytes(limits.gc_heap_bytes);
}

Func* Store::new_host_func(TypeId type, FuncEntry entry, void* host) {
  return arena_.make<Func>(
      Func{.entry = entry, .type = type, .index = 0, .context = &host_context_, .code = nullptr, .host = host});
}

Func* Store::new_host_funcs(std::span<const Func> functions) {
  auto* const copies = static_cast<Func*>(arena_.allocate(functions.size_bytes()));
  std::uninitialized_copy(functions.begin(), functions.end(), copies);
  for (size_t i = 0; i < functions.size(); ++i) copies[i].context = &host_context_;
  return copies;
}

Result<Memory*> Store::new_memory(const MemoryType& type, const MemoryImage* image) {
  if (image != nullptr && image->empty()) image = nullptr;
  if (type.shared) {
    // Its image is copied once, for it may outlive the store; threads begin without one.
    WHERRY_TRY(std::shared_ptr<Memory> memory, Memory::make(type, bounds_, limits_.memory_bytes));
    if (image != nullptr) image->copy_to(memory->view()->base);
    return adopt_memory(std::move(memory));
  }
  auto* const node = new (arena_.allocate(sizeof(Node<Memory>)))
      Node<Memory>{.value = Memory(type, bounds_, limits_.memory_bytes, &memory_budget_), .next = memories_};
  memories_ = node;
  WHERRY_CHECK(node->value.open(pool_, image));
  return &node->value;
}

Memory* Store::adopt_memory(std::shared_ptr<Memory> memory) {
  return push(arena_, shared_memories_, std::move(memory))->get();
}

Result<Table*> Store::new_table(const TableType& type, Ref init) {
  auto* const node = new (arena_.allocate(sizeof(Node<Table>)))
      Node<Table>{.value = Table(type, limits_.table_elements), .next = tables_};
  tables_ = node;
  WHERRY_CHECK(node->value.open(init, &arena_));
  return &node->value;
}

Global* Store::new_global(const GlobalType& type, const Slot* value) {
  auto* const cell = static_cast<Slot*>(arena_.allocate_zeroed(2 * sizeof(Slot)));
  std::copy_n(value, type.type.slots(), cell);
  return push(arena_, host_globals_, Global{type, cell});
}

TrapKind Store::call(Func& func, Slot* slots) {
  if (const uint32_t interrupt = __atomic_load_n(&exec_.interrupt, __ATOMIC_RELAXED); interrupt != 0) [[unlikely]] {
    if (call_depth_ == 0) __atomic_store_n(&exec_.interrupt, 0, __ATOMIC_RELAXED);
    return static_cast<TrapKind>(interrupt);
  }
  if (call_depth_ != 0) return enter(func, slots);
  ++counters_.calls;
  const uint64_t start = measures_time_ ? platform::monotonic_ns() : 0;
  const TrapKind trap = call_outermost(func, slots);
  if (start != 0) counters_.run_ns += platform::monotonic_ns() - start;
  if (trap != TrapKind::kNone) [[unlikely]] {
    ++counters_.traps;
    if (trap == TrapKind::kInterrupted || trap == TrapKind::kTimeLimit) ++counters_.interruptions;
  }
  return trap;
}

TrapKind Store::call_outermost(Func& func, Slot* slots) {
  const uintptr_t limit = platform::native_stack_limit();
  exec_.native_limit = limit + native_reserve(reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) - limit);
  if (time_limit_ != 0 || interruptible_) return call_watched(func, slots);
  const TrapKind trap = enter(func, slots);
  if (exec_.stack_top != nullptr) give_stack_back();
  // Some host calls notice an interruption by themselves.
  if (trap == TrapKind::kInterrupted) __atomic_store_n(&exec_.interrupt, 0, __ATOMIC_RELAXED);
  return trap;
}

TrapKind Store::enter(Func& func, Slot* slots) {
  VMContext* const caller = exec_.caller;
  exec_.caller = nullptr;
  ++call_depth_;
  const TrapKind trap = func.entry(func, slots);
  --call_depth_;
  exec_.caller = caller;
  return trap;
}

TrapKind Store::call_watched(Func& func, Slot* slots) {
  uint64_t deadline = platform::kNever;
  if (time_limit_ != 0) {
    const uint64_t now = platform::monotonic_ns();
    if (time_limit_ < platform::kNever - now) deadline = now + time_limit_;
  }
  TrapKind trap;
  {
    const platform::Watch watch(deadline, &exec_.interrupt, static_cast<uint32_t>(TrapKind::kTimeLimit));
    // Either we see that we were interrupted, or interrupt() sees that we run.
    __atomic_store_n(&running_thread_, platform::thread_id(), __ATOMIC_SEQ_CST);
    trap = static_cast<TrapKind>(__atomic_load_n(&exec_.interrupt, __ATOMIC_SEQ_CST));
    if (trap == TrapKind::kNone) trap = enter(func, slots);
    __atomic_store_n(&running_thread_, 0, __ATOMIC_RELEASE);
  }
  if (exec_.stack_top != nullptr) give_stack_back();
  __atomic_store_n(&exec_.interrupt, 0, __ATOMIC_RELAXED);
  return trap;
}

void Store::interrupt() {
  uint32_t none = 0;
  __atomic_compare_exchange_n(&exec_.interrupt, &none, static_cast<uint32_t>(TrapKind::kInterrupted), false,
                              __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
  const uint32_t thread = __atomic_load_n(&running_thread_, __ATOMIC_SEQ_CST);
  if (thread != 0) platform::nudge(thread);
}

Result<Instance*> Store::instantiate(std::shared_ptr<const InstanceTemplate> instance_template,
                                     std::span<const Extern> imports, TrapKind* trap) {
  *trap = TrapKind::kNone;
  const InstanceTemplate& how = *instance_template;
  if (templates_ == nullptr || templates_->value != instance_template) {
    push(arena_, templates_, std::move(instance_template));
  }
  if (counters_.instances >= limits_.instances) {
    return fail(ErrorCode::kLimit, "too many instances: the limit is " + std::to_string(limits_.instances));
  }
  auto* const instance = new (arena_.allocate_zeroed(how.layout().bytes)) Instance(*this, how);
  // From here on functions of the instance may end up in tables: it stays, even if it traps.
  instance->next_ = instances_;
  instances_ = instance;
  ++counters_.instances;
  const uint64_t start = measures_time_ ? platform::monotonic_ns() : 0;
  instantiating_ = true;
  if (heap_ != nullptr) heap_->hold();
  Result<> result = instance->initialize(imports, trap);
  instantiating_ = false;
  if (start != 0) counters_.instantiate_ns += platform::monotonic_ns() - start;
  if (heap_ != nullptr) heap_->unhold();
  if (!result) return std::unexpected(std::move(result.error()));
  return instance;
}

Store::Sizes Store::sizes() const {
  Sizes sizes{};
  const auto add_memory = [&sizes](const Memory& memory) {
    ++sizes.memories;
    sizes.memory_bytes += memory.bytes();
  };
  for (const auto* memory = memories_; memory != nullptr; memory = memory->next) add_memory(memory->value);
  for (const auto* memory = shared_memories_; memory != nullptr; memory = memory->next) add_memory(*memory->value);
  for (const auto* table = tables_; table != nullptr; table = table->next) {
    ++sizes.tables;
    sizes.table_elements += table->value.size();
  }
  return sizes;
}

void Store::take_stack() {
  if (exec_.stack_top != nullptr) return;
  const WasmStack stack = take_wasm_stack(stack_bytes_);
  exec_.stack_top = stack.begin;
  exec_.stack_limit = stack.end;
}

void Store::give_stack_back() {
  give_wasm_stack_back({exec_.stack_top, exec_.stack_limit});
  exec_.stack_top = nullptr;
  exec_.stack_limit = nullptr;
}

void Store::visit_roots(RootVisitor& visitor) {
  scanner_.visit_roots(
      exec_,
      [](void* arg, const Slot* first, const Slot* last) { static_cast<RootVisitor*>(arg)->visit_range(first, last); },
      &visitor);
  visitor.visit(exec_.exception);
  for (const auto* global = host_globals_; global != nullptr; global = global->next) {
    if (is_gc_reference(global->value.type.type, types_)) visitor.visit(*global->value.cell);
  }
  for (auto* table = tables_; table != nullptr; table = table->next) {
    if (!is_gc_reference(table->value.type().element, types_)) continue;
    const TableView& view = *table->value.view();
    for (uint64_t i = 0; i < view.size; ++i) visitor.visit(view.elements[i]);
  }
  for (Instance* instance = instances_; instance != nullptr; instance = instance->next_) instance->visit_roots(visitor);
  visit_host_roots(visitor);
}

}  // namespace wherry::runtime
