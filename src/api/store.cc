#include "wherry/store.h"

#include <cassert>
#include <utility>

#include "api/store_state.h"
#include "runtime/instance.h"

namespace wherry {
namespace detail {

void InterruptState::interrupt() {
  std::lock_guard lock(mutex_);
  if (store_ != nullptr) store_->interrupt();
}

void InterruptState::forget_store() {
  std::lock_guard lock(mutex_);
  store_ = nullptr;
}

RootList::~RootList() {
  for (Root* root : roots_) {
    if (root->handles == 0) {
      delete root;
    } else {
      root->owner = nullptr;
    }
  }
}

Root* RootList::make(runtime::Ref ref) {
  if (free == nullptr) {
    roots_.push_back(new Root{ref, 0, this, nullptr});
    return roots_.back();
  }
  Root* root = std::exchange(free, free->next_free);
  root->ref = ref;
  return root;
}

void RootList::visit(runtime::RootVisitor& visitor) const {
  for (const Root* root : roots_) visitor.visit(root->ref);
}

namespace {
/// Of a StoreState and the first things that its store makes: all of a small instance.
constexpr size_t kBlockBytes = size_t{4} << 10;
static_assert(sizeof(StoreState) < kBlockBytes / 2);

std::span<std::byte> room_behind(StoreState* state) {
  return {reinterpret_cast<std::byte*>(state + 1), kBlockBytes - sizeof(StoreState)};
}
}  // namespace

void* StoreState::operator new(size_t) { return ::operator new(kBlockBytes); }
void StoreState::operator delete(void* block) { ::operator delete(block); }

StoreState::StoreState(const Engine& engine, const Config& config)
    : runtime::Store({.types = engine.impl().types(),
                      .scanner = engine.impl().tier(),
                      .pool = engine.impl().pool(),
                      .room = room_behind(this)},
                     config),
      engine_(engine) {}

void StoreState::prepare_heap(runtime::GcHeap& heap) {
  heap.set_finalizer([](uint64_t value) {
    auto* object = reinterpret_cast<HostObject*>(value);
    object->destroy(object);
  });
}

StoreState::~StoreState() {
  if (interrupt_state_ != nullptr) interrupt_state_->forget_store();
  while (!data_.empty()) {
    StoreData* last = data_.back();
    data_.pop_back();
    last->destroy(last);
  }
}

Ref StoreState::root(runtime::Ref ref) { return ref == 0 ? Ref() : Ref(RootHandle(roots_.make(ref))); }

runtime::Func* StoreState::host_func(const HostFunctionPtr& function, TypeId type) {
  auto [it, is_new] = host_funcs_.try_emplace(function.get(), function, nullptr);
  if (is_new) it->second.second = new_host_func(type, &enter_host_function, function.get());
  return it->second.second;
}

runtime::Func* StoreState::host_funcs(std::span<const runtime::Func> functions) {
  if (functions.data() != linked_funcs_) {
    linked_copies_ = new_host_funcs(functions);
    linked_funcs_ = functions.data();
  }
  return linked_copies_;
}

runtime::Memory* StoreState::shared_memory(const std::shared_ptr<runtime::Memory>& memory) {
  auto [it, is_new] = shared_memories_.try_emplace(memory.get(), nullptr);
  if (is_new) it->second = adopt_memory(memory);
  return it->second;
}

std::shared_ptr<InterruptState> StoreState::interrupt_state() {
  if (interrupt_state_ == nullptr) {
    interrupt_state_ = std::make_shared<InterruptState>(this);
    set_interruptible(true);
  }
  return interrupt_state_;
}

void StoreState::put_data(StoreData* data) {
  for (StoreData*& old : data_) {
    if (old->key != data->key) continue;
    std::swap(old, data);
    data->destroy(data);
    return;
  }
  data_.push_back(data);
}

StoreData* StoreState::get_data(const char* key) const {
  for (StoreData* data : data_) {
    if (data->key == key) return data;
  }
  return nullptr;
}

TrapKind StoreState::raise(Trap trap) {
  assert(trap.kind != TrapKind::kNone);
  const TrapKind kind = trap.kind;
  if (kind == TrapKind::kUncaughtException && trap.exception) {
    // The guest may catch it, and then nobody asks for the details.
    exec().exception = trap.exception.raw();
  } else {
    raised_ = std::move(trap);
  }
  return kind;
}

Trap StoreState::take_trap(TrapKind kind) {
  Trap trap;
  if (raised_.has_value() && raised_->kind == kind) {
    trap = std::move(*raised_);
  } else {
    trap.kind = kind;
    trap.message = message(kind);
  }
  raised_.reset();
  if (kind == TrapKind::kUncaughtException) trap.exception = ExnRef(root(std::exchange(exec().exception, 0)));
  // What came through a host function already tells of the frames inside.
  if (kind != TrapKind::kExit) add_backtrace(trap.backtrace);
  exec().trap_frame_count = 0;
  return trap;
}

static_assert(runtime::Store::kMaxTrapFrames == Trap::kMaxBacktraceFrames);

void StoreState::add_backtrace(std::vector<BacktraceFrame>& backtrace) {
  const wasm::Module* last = nullptr;
  wasm::NameMap names;
  for (const runtime::TrapFrame& trap_frame : trap_frames()) {
    if (backtrace.size() == Trap::kMaxBacktraceFrames) break;
    const engine::TierModule::Frame frame = static_cast<const engine::TierModule*>(trap_frame.code)->locate(trap_frame);
    const wasm::Module& module = *frame.module;
    if (&module != last) names = module.names();
    last = &module;
    BacktraceFrame& out = backtrace.emplace_back();
    out.function_index = frame.function;
    out.offset = frame.offset;
    out.function_offset = frame.offset - module.functions[frame.function].body_offset;
    out.module = &module;
    out.module_name = names.module_name;
    out.function_name = names.function_name(frame.function);
    if (!out.function_name.empty()) continue;
    for (const wasm::Export& item : module.exports) {
      if (item.kind == ExternKind::kFunc && item.index == frame.function) {
        out.function_name = item.name;
        break;
      }
    }
  }
}

}  // namespace detail

void InterruptHandle::interrupt() const { state_->interrupt(); }

const Engine& StoreRef::engine() const { return state_->engine(); }

uint64_t StoreRef::fuel() const {
  const int64_t fuel = state_->exec().fuel;
  return fuel < 0 ? 0 : static_cast<uint64_t>(fuel);
}
void StoreRef::set_fuel(uint64_t fuel) const {
  state_->exec().fuel = static_cast<int64_t>(std::min(fuel, static_cast<uint64_t>(INT64_MAX)));
}

void StoreRef::set_time_limit(std::optional<std::chrono::nanoseconds> limit) const {
  // 0 means none to the runtime; a limit of nothing is the shortest there is.
  state_->set_time_limit(limit.has_value() ? static_cast<uint64_t>(std::max<int64_t>(limit->count(), 1)) : 0);
}
InterruptHandle StoreRef::interrupt_handle() const { return InterruptHandle(state_->interrupt_state()); }

void StoreRef::collect() const {
  if (!state_->has_heap()) return;
  state_->heap().collect();
  state_->heap().finish_sweep();
}
GcStats StoreRef::gc_stats() const {
  if (!state_->has_heap()) return {};
  return {.heap_bytes = state_->heap().used_bytes(), .collections = state_->heap().collections()};
}

void StoreRef::put_data(detail::StoreData* data) const { state_->put_data(data); }
detail::StoreData* StoreRef::get_data(const char* key) const { return state_->get_data(key); }

namespace {

detail::StoreState* make_state(const Engine& engine, const StoreLimits& limits) {
  Config config = engine.config();
  config.stack_bytes = limits.stack_bytes.value_or(config.stack_bytes);
  config.max_memory_bytes = limits.max_memory_bytes.value_or(config.max_memory_bytes);
  config.max_total_memory_bytes = limits.max_total_memory_bytes.value_or(config.max_total_memory_bytes);
  config.max_table_elements = limits.max_table_elements.value_or(config.max_table_elements);
  config.max_gc_heap_bytes = limits.max_gc_heap_bytes.value_or(config.max_gc_heap_bytes);
  config.max_instances = limits.max_instances.value_or(config.max_instances);
  return new detail::StoreState(engine, config);
}

}  // namespace

Store::Store(const Engine& engine, const StoreLimits& limits) : StoreRef(*make_state(engine, limits)), owned_(state_) {}
Store::~Store() = default;
void Store::Delete::operator()(detail::StoreState* state) const { delete state; }

}  // namespace wherry
