#include "runtime/store.h"

#include <algorithm>
#include <optional>

#include "platform/clock.h"
#include "platform/threads.h"
#include "runtime/libcalls.h"

namespace wherry::runtime {

namespace {

/// How much native stack calls from WebAssembly leave to host functions and to the runtime.
uintptr_t native_reserve(uintptr_t available) {
  constexpr uintptr_t kLeast = uintptr_t{32} << 10;
  constexpr uintptr_t kMost = uintptr_t{256} << 10;
  return std::clamp(available / 4, kLeast, kMost);
}

}  // namespace

Store::Store(const wasm::TypeRegistry& types, const Config& config, const StackScanner& scanner)
    : types_(types),
      scanner_(scanner),
      bounds_(config.bounds),
      limits_{.memory_bytes = config.max_memory_bytes,
              .table_elements = config.max_table_elements,
              .gc_heap_bytes = config.max_gc_heap_bytes,
              .instances = config.max_instances},
      heap_(types, *this, config.max_gc_heap_bytes) {
  exec_.store = this;
  host_context_.memory0 = &no_memory_;
  host_context_.exec = &exec_;
  host_context_.libcalls = kLibcalls;
  // One page stays uncommitted, as a guard.
  const uint64_t bytes = platform::round_up(std::max<uint64_t>(config.stack_bytes, 1), platform::page_size());
  stack_ = platform::Reservation::make(bytes + platform::page_size());
  if (!stack_ || !stack_.commit(0, bytes)) return;
  exec_.stack_top = reinterpret_cast<Slot*>(stack_.base());
  exec_.stack_limit = reinterpret_cast<Slot*>(stack_.base() + bytes);
}

Store::~Store() = default;

void Store::add_trap_frame(const TrapFrame& frame) {
  if (trap_frames_ == nullptr) trap_frames_ = std::make_unique_for_overwrite<TrapFrame[]>(kMaxTrapFrames);
  if (exec_.trap_frame_count < kMaxTrapFrames) trap_frames_[exec_.trap_frame_count++] = frame;
}

void Store::set_limits(const StoreLimits& limits) {
  limits_ = limits;
  for (const auto& memory : memories_) memory->set_max_bytes(limits.memory_bytes);
  for (const auto& table : tables_) table->set_max_elements(limits.table_elements);
  heap_.set_max_bytes(limits.gc_heap_bytes);
}

Func* Store::new_host_func(TypeId type, FuncEntry entry, void* host) {
  return &host_funcs_.emplace_back(
      Func{.entry = entry, .type = type, .index = 0, .context = &host_context_, .code = nullptr, .host = host});
}

Result<Memory*> Store::new_memory(const MemoryType& type) {
  WHERRY_TRY(std::shared_ptr<Memory> memory, Memory::make(type, bounds_, limits_.memory_bytes));
  return adopt_memory(std::move(memory));
}

Memory* Store::adopt_memory(std::shared_ptr<Memory> memory) { return memories_.emplace_back(std::move(memory)).get(); }

Result<Table*> Store::new_table(const TableType& type, Ref init) {
  WHERRY_TRY(std::unique_ptr<Table> table, Table::make(type, init, limits_.table_elements));
  return tables_.emplace_back(std::move(table)).get();
}

Global* Store::new_global(const GlobalType& type, const Slot* value) {
  Slot* cell = host_cells_.emplace_back().slots;
  std::copy_n(value, type.type.slots(), cell);
  return host_globals_.emplace_back(&globals_.emplace_back(Global{type, cell}));
}

Tag* Store::new_tag(TypeId type) { return &tags_.emplace_back(type); }

TrapKind Store::call(Func& func, Slot* slots) {
  if (const uint32_t interrupt = __atomic_load_n(&exec_.interrupt, __ATOMIC_RELAXED); interrupt != 0) [[unlikely]] {
    if (call_depth_ == 0) __atomic_store_n(&exec_.interrupt, 0, __ATOMIC_RELAXED);
    return static_cast<TrapKind>(interrupt);
  }
  if (call_depth_ != 0) return enter(func, slots);
  const uintptr_t limit = platform::native_stack_limit();
  exec_.native_limit = limit + native_reserve(reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) - limit);
  if (time_limit_ != 0 || interruptible_) return call_watched(func, slots);
  const TrapKind trap = enter(func, slots);
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
  const uint64_t now = platform::monotonic_ns();
  const bool limited = time_limit_ != 0 && time_limit_ < platform::kNever - now;
  std::optional<platform::Watch> watch(std::in_place, limited ? now + time_limit_ : platform::kNever, &exec_.interrupt,
                                       static_cast<uint32_t>(TrapKind::kTimeLimit));
  {
    const std::lock_guard lock(watch_mutex_);
    watch_ = &*watch;
  }
  const TrapKind trap = enter(func, slots);
  const std::lock_guard lock(watch_mutex_);
  watch_ = nullptr;
  watch.reset();
  __atomic_store_n(&exec_.interrupt, 0, __ATOMIC_RELAXED);
  return trap;
}

void Store::interrupt() {
  constexpr auto kValue = static_cast<uint32_t>(TrapKind::kInterrupted);
  const std::lock_guard lock(watch_mutex_);
  if (watch_ != nullptr) {
    watch_->trigger(kValue);
  } else {
    __atomic_store_n(&exec_.interrupt, kValue, __ATOMIC_RELAXED);
  }
}

Result<Instance*> Store::instantiate(std::shared_ptr<const wasm::Module> module, std::shared_ptr<const CodeBinder> code,
                                     std::span<const Extern> imports, TrapKind* trap) {
  *trap = TrapKind::kNone;
  if (instances_.size() >= limits_.instances) return fail(ErrorCode::kLimit, "too many instances");
  std::unique_ptr<Instance> made(new Instance(*this, std::move(module), std::move(code)));
  Instance* const instance = made.get();
  // From here on functions of the instance may end up in tables: it stays, even if it traps.
  instances_.push_back(std::move(made));
  heap_.hold();
  Result<> result = instance->initialize(imports, trap);
  heap_.unhold();
  if (!result) return std::unexpected(std::move(result.error()));
  return instance;
}

void Store::visit_roots(RootVisitor& visitor) {
  scanner_.visit_roots(
      exec_,
      [](void* arg, const Slot* first, const Slot* last) { static_cast<RootVisitor*>(arg)->visit_range(first, last); },
      &visitor);
  visitor.visit(exec_.exception);
  for (const Global* global : host_globals_) {
    if (is_gc_reference(global->type.type, types_)) visitor.visit(*global->cell);
  }
  for (const auto& table : tables_) {
    if (!is_gc_reference(table->type().element, types_)) continue;
    const TableView& view = *table->view();
    for (uint64_t i = 0; i < view.size; ++i) visitor.visit(view.elements[i]);
  }
  for (const auto& instance : instances_) instance->visit_roots(visitor);
  visit_host_roots(visitor);
}

}  // namespace wherry::runtime
