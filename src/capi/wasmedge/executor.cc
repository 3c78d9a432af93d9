#include "capi/wasmedge/executor.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>

#include "api/store_state.h"
#include "capi/wasmedge/errors.h"
#include "capi/wasmedge/log.h"
#include "platform/clock.h"

using namespace wherry;
using namespace wherry::wasmedge;

namespace wherry::wasmedge {

void Cancellation::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (running_.has_value()) running_->interrupt();
}
bool Cancellation::cancelled() const {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}
void Cancellation::attach(const StoreRef& store) {
  const std::lock_guard lock(mutex_);
  store_ = store;
  running_ = store.interrupt_handle();
}
void Cancellation::detach() {
  const std::lock_guard lock(mutex_);
  running_.reset();
  // An interruption that came too late is not for the next call.
  if (cancelled_) __atomic_store_n(&store_->state().exec().interrupt, 0, __ATOMIC_RELAXED);
}

namespace {

/// Notes what a run costs, and limits it.
class Meter {
 public:
  Meter(const WasmEdge_ExecutorContext& executor, World& world)
      : executor_(executor), world_(world), metered_(world.engine->engine.config().fuel) {
    if (metered_) {
      budget_ = INT64_MAX;
      if (executor.configure.measure_cost && executor.statistics != nullptr) {
        const WasmEdge_StatisticsContext& so_far = *executor.statistics;
        budget_ = std::min<uint64_t>(budget_, so_far.cost_limit - std::min(so_far.cost, so_far.cost_limit));
      }
      world.host_cost = 0;
      outer_fuel_ = world.store.fuel();
      world.store.set_fuel(budget_);
    }
    if (executor.configure.measure_time) start_ = platform::monotonic_ns();
  }
  ~Meter() {
    if (metered_) {
      const uint64_t used = budget_ - world_.store.fuel();
      world_.store.set_fuel(outer_fuel_);
      if (executor_.statistics != nullptr) {
        if (executor_.configure.count_instructions) executor_.statistics->instructions += used - world_.host_cost;
        if (executor_.configure.measure_cost) executor_.statistics->cost += used;
      }
    }
    if (executor_.configure.measure_time && executor_.statistics != nullptr) {
      executor_.statistics->nanoseconds += std::max<uint64_t>(platform::monotonic_ns() - start_, 1);
    }
  }
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;

 private:
  const WasmEdge_ExecutorContext& executor_;
  World& world_;
  const bool metered_;
  uint64_t budget_ = 0;
  uint64_t outer_fuel_ = 0;
  uint64_t start_ = 0;
};

/// What a trap means to the embedder; takes what a host function left.
WasmEdge_Result outcome(World& world, const Trap& trap) {
  const std::optional<WasmEdge_Result> host = std::exchange(world.host_result, std::nullopt);
  const bool by_host = trap.kind == TrapKind::kHostError || trap.kind == TrapKind::kExit;
  if (by_host && host.has_value()) return *host;
  if (trap.kind == TrapKind::kExit && world.wasi != nullptr) world.wasi->exit_code = trap.exit_code;
  return to_result(trap.kind);
}

void log_trap(const Trap& trap) {
  for (const BacktraceFrame& frame : trap.backtrace) {
    char offset[32];
    std::snprintf(offset, sizeof offset, "0x%llx", static_cast<unsigned long long>(frame.offset));
    const std::string name =
        frame.function_name.empty() ? "func[" + std::to_string(frame.function_index) + "]" : frame.function_name;
    log(WasmEdge_LogLevel_Error, "    When executing function: " + name + ", bytecode offset: " + offset);
  }
}

/// One import as an item of `world`; none if it cannot be one.
std::optional<Extern> import_item(World& world, const WasmEdge_ModuleInstanceContext& from,
                                  const WasmEdge_ImportTypeContext& import, const ExternType& type) {
  switch (kind(import.type)) {
    case WasmEdge_ExternalType_Function: {
      if (from.wasi != nullptr) {
        const auto function = wasi_function(world.store, import.module, import.name, std::get_if<FuncType>(&type));
        return function.has_value() ? std::optional<Extern>(*function) : std::nullopt;
      }
      WasmEdge_FunctionInstanceContext* function = from.function(import.name);
      if (function == nullptr) return std::nullopt;
      const Func imported = world.import(*function);
      return imported.is_null() ? std::nullopt : std::optional<Extern>(imported);
    }
    case WasmEdge_ExternalType_Table: {
      WasmEdge_TableInstanceContext* table = from.table(import.name);
      if (table == nullptr) return std::nullopt;
      const std::optional<Table> imported = world.import(*table);
      return imported.has_value() ? std::optional<Extern>(*imported) : std::nullopt;
    }
    case WasmEdge_ExternalType_Memory: {
      WasmEdge_MemoryInstanceContext* memory = from.memory(import.name);
      if (memory == nullptr) return std::nullopt;
      const std::optional<Memory> imported = world.import(*memory);
      return imported.has_value() ? std::optional<Extern>(*imported) : std::nullopt;
    }
    case WasmEdge_ExternalType_Global: {
      WasmEdge_GlobalInstanceContext* global = from.global(import.name);
      if (global == nullptr) return std::nullopt;
      const std::optional<Global> imported = world.import(*global);
      return imported.has_value() ? std::optional<Extern>(*imported) : std::nullopt;
    }
    case WasmEdge_ExternalType_Tag: {
      const std::optional<Extern> item =
          from.world.get() == &world ? from.instance->get_export(import.name) : std::nullopt;
      return item;
    }
  }
  __builtin_unreachable();
}

/// The world that an import lives in, or null if it can be in any.
World* world_of(const WasmEdge_ModuleInstanceContext& from, const WasmEdge_ImportTypeContext& import) {
  if (from.world != nullptr) return from.world.get();
  if (kind(import.type) == WasmEdge_ExternalType_Table) {
    const WasmEdge_TableInstanceContext* table = from.table(import.name);
    return table == nullptr ? nullptr : table->world;
  }
  if (kind(import.type) == WasmEdge_ExternalType_Global) {
    const WasmEdge_GlobalInstanceContext* global = from.global(import.name);
    return global == nullptr ? nullptr : global->world;
  }
  if (kind(import.type) == WasmEdge_ExternalType_Function && from.wasi == nullptr) {
    const WasmEdge_FunctionInstanceContext* function = from.function(import.name);
    return function == nullptr ? nullptr : function->world;
  }
  return nullptr;
}

/// Whether `from` has an export of that name, of whatever kind.
bool has_export(const WasmEdge_ModuleInstanceContext& from, const std::string& name) {
  return from.function(name) != nullptr || from.table(name) != nullptr || from.memory(name) != nullptr ||
         from.global(name) != nullptr || from.tag(name) != nullptr;
}

std::string describe(const WasmEdge_ImportTypeContext& import) {
  return "    When linking module: \"" + import.module + "\" , name: \"" + import.name + "\"";
}

}  // namespace

std::unique_ptr<WasmEdge_ModuleInstanceContext> instantiate(WasmEdge_ExecutorContext& executor,
                                                            const WasmEdge_StoreContext& store,
                                                            const LoadedModulePtr& loaded, std::string_view name,
                                                            WasmEdge_Result* result) {
  auto failed = [&](WasmEdge_Result why) {
    *result = report(why);
    return nullptr;
  };
  if (!loaded->is_validated()) return failed(wasmedge::result(WasmEdge_ErrCode_NotValidated));
  // Which world?
  const std::vector<WasmEdge_ImportTypeContext>& imports = loaded->imports();
  std::vector<const WasmEdge_ModuleInstanceContext*> sources;
  WorldPtr world;
  for (const WasmEdge_ImportTypeContext& import : imports) {
    const WasmEdge_ModuleInstanceContext* from = store.find(import.module);
    if (from == nullptr) {
      failed(wasmedge::result(WasmEdge_ErrCode_UnknownImport));
      log(WasmEdge_LogLevel_Error, describe(import));
      return nullptr;
    }
    sources.push_back(from);
    if (world != nullptr) continue;
    if (World* lives = world_of(*from, import); lives != nullptr) world = lives->shared_from_this();
  }
  if (world == nullptr) {
    EnginePtr engine = executor.engine;
    if (engine->without_compiler != nullptr && !loaded->module_for(engine).has_value()) {
      engine = engine->without_compiler;
    }
    world = std::make_shared<World>(std::move(engine), executor.configure);
  }
  const std::lock_guard lock(world->mutex);

  const Result<Module> module = loaded->module_for(world->engine);
  if (!module.has_value()) {
    *result = report(module.error());
    return nullptr;
  }
  std::vector<Extern> items;
  items.reserve(imports.size());
  const std::vector<ImportType> types = module->imports();
  for (size_t i = 0; i < imports.size(); ++i) {
    const std::optional<Extern> item = import_item(*world, *sources[i], imports[i], types[i].type);
    if (!item.has_value()) {
      const bool known = has_export(*sources[i], imports[i].name);
      failed(wasmedge::result(known ? WasmEdge_ErrCode_IncompatibleImportType : WasmEdge_ErrCode_UnknownImport));
      log(WasmEdge_LogLevel_Error, describe(imports[i]));
      return nullptr;
    }
    items.push_back(*item);
    if (sources[i]->wasi != nullptr && world->wasi != sources[i]->wasi) {
      world->wasi = sources[i]->wasi;
      world->wasi->enter(world);
    }
  }

  WasmEdge_ExecutorContext* const before = std::exchange(world->executor, &executor);
  Result<Instance> instance = [&] {
    const Meter meter(executor, *world);
    return Instance::make(world->store, *module, items);
  }();
  world->executor = before;
  if (!instance.has_value()) {
    const Error& error = instance.error();
    if (error.trap == nullptr) {
      *result = report(error);
    } else {
      *result = report(outcome(*world, *error.trap));
      if (!WasmEdge_ResultOK(*result)) log_trap(*error.trap);
    }
    return nullptr;
  }
  auto context = std::make_unique<WasmEdge_ModuleInstanceContext>(name);
  context->world = world;
  context->instance = *instance;
  context->loaded = loaded;
  world->instances[&instance->impl()] = context.get();
  *result = kSuccess;
  return context;
}

namespace {

bool types_match(const World& world, std::span<const WasmEdge_Value> params,
                 const std::vector<WasmEdge_ValType>& wanted) {
  if (params.size() != wanted.size()) return false;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (params[i].Type == wanted[i]) continue;
    // References are checked when they are converted.
    if (!is_ref(params[i].Type) || !is_ref(wanted[i])) return false;
  }
  return true;
}

}  // namespace

WasmEdge_Result invoke(WasmEdge_ExecutorContext& executor, WasmEdge_FunctionInstanceContext& function,
                       std::span<const WasmEdge_Value> params, std::span<WasmEdge_Value> returns,
                       Cancellation* cancellation) {
  if (function.is_host()) {
    if (params.size() != function.type.params.size()) return report(result(WasmEdge_ErrCode_FuncSigMismatch));
    std::vector<WasmEdge_Value> results(function.type.results.size());
    const WasmEdge_Result result = function.call_host(nullptr, params.data(), results.data());
    if (ok(result)) std::copy_n(results.begin(), std::min(results.size(), returns.size()), returns.begin());
    return report(result);
  }
  World& world = *function.world;
  if (!types_match(world, params, function.type.params)) return report(result(WasmEdge_ErrCode_FuncSigMismatch));
  const std::lock_guard lock(world.mutex);
  if (cancellation != nullptr) {
    if (cancellation->cancelled()) return report(result(WasmEdge_ErrCode_Interrupted));
    cancellation->attach(world.store);
  }
  const std::span<const ValType> param_types = function.func.params();
  const std::span<const ValType> result_types = function.func.results();

  constexpr size_t kFew = 16;
  Slot few[kFew];
  std::vector<Slot> many;
  Slot* slots = few;
  if (2 * std::max(param_types.size(), result_types.size()) > kFew) {
    many.resize(2 * std::max(param_types.size(), result_types.size()));
    slots = many.data();
  }
  std::vector<Value> kept;
  Slot* to = slots;
  for (size_t i = 0; i < params.size(); ++i) {
    if (!world.to_slots(params[i], param_types[i], to, kept)) {
      if (cancellation != nullptr) cancellation->detach();
      return report(result(WasmEdge_ErrCode_FuncSigMismatch));
    }
    to += param_types[i].slots();
  }
  WasmEdge_ExecutorContext* const before = std::exchange(world.executor, &executor);
  const CallResult<> called = [&] {
    const Meter meter(executor, world);
    return function.func.call_raw(slots);
  }();
  world.executor = before;
  if (cancellation != nullptr) cancellation->detach();
  if (!called.has_value()) {
    const WasmEdge_Result result = report(outcome(world, called.error()));
    if (!WasmEdge_ResultOK(result)) log_trap(called.error());
    return result;
  }
  const Slot* from = slots;
  for (size_t i = 0; i < std::min(result_types.size(), returns.size()); ++i) {
    returns[i] = world.to_c(function.type.results[i], result_types[i], from);
    from += result_types[i].slots();
  }
  return kSuccess;
}

}  // namespace wherry::wasmedge

WasmEdge_Async* WasmEdge_Async::start(Job job) {
  auto* async = new WasmEdge_Async(std::move(job));
  if (pthread_create(&async->thread_, nullptr, &run, async) == 0) return async;
  async->thread_ = pthread_self();  // Nothing to join.
  async->done_ = true;
  delete async;
  return nullptr;
}

void* WasmEdge_Async::run(void* self) {
  auto* async = static_cast<WasmEdge_Async*>(self);
  std::vector<WasmEdge_Value> returns;
  const WasmEdge_Result result = async->job_(async->cancellation_, returns);
  const std::lock_guard lock(async->mutex_);
  async->result_ = result;
  async->returns_ = std::move(returns);
  async->done_ = true;
  async->changed_.notify_all();
  return nullptr;
}

WasmEdge_Async::~WasmEdge_Async() {
  if (pthread_equal(thread_, pthread_self()) == 0) pthread_join(thread_, nullptr);
}

void WasmEdge_Async::wait() const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return done_; });
}
bool WasmEdge_Async::wait_for(uint64_t milliseconds) const {
  std::unique_lock lock(mutex_);
  constexpr uint64_t kLongest = uint64_t{1} << 40;
  return changed_.wait_for(lock, std::chrono::milliseconds(std::min(milliseconds, kLongest)), [this] { return done_; });
}
WasmEdge_Result WasmEdge_Async::result() const {
  wait();
  return result_;
}
const std::vector<WasmEdge_Value>& WasmEdge_Async::returns() const {
  wait();
  return returns_;
}

WasmEdge_ExecutorContext* WasmEdge_ExecutorCreate(const WasmEdge_ConfigureContext* configure,
                                                  WasmEdge_StatisticsContext* statistics) noexcept {
  return new WasmEdge_ExecutorContext(configure == nullptr ? WasmEdge_ConfigureContext() : *configure, statistics);
}
void WasmEdge_ExecutorDelete(WasmEdge_ExecutorContext* executor) noexcept { delete executor; }

WasmEdge_Result WasmEdge_ExecutorInstantiate(WasmEdge_ExecutorContext* executor, WasmEdge_ModuleInstanceContext** out,
                                             WasmEdge_StoreContext* store,
                                             const WasmEdge_ASTModuleContext* module) noexcept {
  if (executor == nullptr || out == nullptr || store == nullptr || module == nullptr) return kWrongWorkflow;
  WasmEdge_Result result;
  auto instance = instantiate(*executor, *store, module->loaded, "", &result);
  if (instance != nullptr) *out = instance.release();
  return result;
}
WasmEdge_Result WasmEdge_ExecutorRegister(WasmEdge_ExecutorContext* executor, WasmEdge_ModuleInstanceContext** out,
                                          WasmEdge_StoreContext* store, const WasmEdge_ASTModuleContext* module,
                                          WasmEdge_String name) noexcept {
  if (executor == nullptr || out == nullptr || store == nullptr || module == nullptr) return kWrongWorkflow;
  if (store->find(view(name)) != nullptr) return report(result(WasmEdge_ErrCode_ModuleNameConflict));
  WasmEdge_Result result;
  auto instance = instantiate(*executor, *store, module->loaded, view(name), &result);
  if (instance == nullptr) return result;
  (void)store->add(view(name), *instance);
  *out = instance.release();
  return result;
}
WasmEdge_Result WasmEdge_ExecutorRegisterImport(WasmEdge_ExecutorContext* executor, WasmEdge_StoreContext* store,
                                                const WasmEdge_ModuleInstanceContext* module) noexcept {
  if (executor == nullptr || store == nullptr || module == nullptr) return kWrongWorkflow;
  return store->add(module->name, const_cast<WasmEdge_ModuleInstanceContext&>(*module));
}
WasmEdge_Result WasmEdge_ExecutorRegisterImportWithAlias(WasmEdge_ExecutorContext* executor,
                                                         WasmEdge_StoreContext* store,
                                                         const WasmEdge_ModuleInstanceContext* module,
                                                         WasmEdge_String name) noexcept {
  if (executor == nullptr || store == nullptr || module == nullptr) return kWrongWorkflow;
  return store->add(view(name), const_cast<WasmEdge_ModuleInstanceContext&>(*module));
}
WasmEdge_Result WasmEdge_ExecutorInvoke(WasmEdge_ExecutorContext* executor,
                                        const WasmEdge_FunctionInstanceContext* function, const WasmEdge_Value* params,
                                        uint32_t param_count, WasmEdge_Value* returns, uint32_t return_count) noexcept {
  if (executor == nullptr) return kWrongWorkflow;
  if (function == nullptr) return kWrongWorkflow;
  return invoke(*executor, const_cast<WasmEdge_FunctionInstanceContext&>(*function), span_of(params, param_count),
                span_of(returns, return_count));
}
WasmEdge_Async* WasmEdge_ExecutorAsyncInvoke(WasmEdge_ExecutorContext* executor,
                                             const WasmEdge_FunctionInstanceContext* function,
                                             const WasmEdge_Value* params, uint32_t param_count) noexcept {
  if (executor == nullptr || function == nullptr) return nullptr;
  const std::span<const WasmEdge_Value> given = span_of(params, param_count);
  return WasmEdge_Async::start([executor, function, args = std::vector<WasmEdge_Value>(given.begin(), given.end())](
                                   Cancellation& cancellation, std::vector<WasmEdge_Value>& returns) {
    returns.resize(function->type.results.size());
    return invoke(*executor, const_cast<WasmEdge_FunctionInstanceContext&>(*function), args, returns, &cancellation);
  });
}
void WasmEdge_ExecutorExperimentalRegisterPreHostFunction(WasmEdge_ExecutorContext* executor, void* data,
                                                          void (*function)(void*)) noexcept {
  if (executor != nullptr) executor->before_host = {data, function};
}
void WasmEdge_ExecutorExperimentalRegisterPostHostFunction(WasmEdge_ExecutorContext* executor, void* data,
                                                           void (*function)(void*)) noexcept {
  if (executor != nullptr) executor->after_host = {data, function};
}

WasmEdge_ExecutorContext* WasmEdge_CallingFrameGetExecutor(const WasmEdge_CallingFrameContext* frame) noexcept {
  return frame == nullptr ? nullptr : frame->executor;
}
const WasmEdge_ModuleInstanceContext* WasmEdge_CallingFrameGetModuleInstance(
    const WasmEdge_CallingFrameContext* frame) noexcept {
  if (frame == nullptr || frame->caller == nullptr) return nullptr;
  const std::optional<Instance> instance = frame->caller->instance();
  if (!instance.has_value()) return nullptr;
  const auto& instances = World::of(*frame->caller).instances;
  const auto found = instances.find(&instance->impl());
  return found == instances.end() ? nullptr : found->second;
}
WasmEdge_MemoryInstanceContext* WasmEdge_CallingFrameGetMemoryInstance(const WasmEdge_CallingFrameContext* frame,
                                                                       uint32_t index) noexcept {
  if (frame == nullptr || frame->caller == nullptr) return nullptr;
  const std::optional<Memory> memory = frame->caller->memory(index);
  return memory.has_value() ? World::of(*frame->caller).context_of(*memory) : nullptr;
}

void WasmEdge_AsyncWait(const WasmEdge_Async* async) noexcept {
  if (async != nullptr) async->wait();
}
bool WasmEdge_AsyncWaitFor(const WasmEdge_Async* async, uint64_t milliseconds) noexcept {
  return async != nullptr && async->wait_for(milliseconds);
}
void WasmEdge_AsyncCancel(WasmEdge_Async* async) noexcept {
  if (async != nullptr) async->cancel();
}
uint32_t WasmEdge_AsyncGetReturnsLength(const WasmEdge_Async* async) noexcept {
  return async == nullptr || !ok(async->result()) ? 0 : static_cast<uint32_t>(async->returns().size());
}
WasmEdge_Result WasmEdge_AsyncGet(const WasmEdge_Async* async, WasmEdge_Value* returns, uint32_t count) noexcept {
  if (async == nullptr) return kWrongWorkflow;
  const WasmEdge_Result result = async->result();
  if (ok(result)) fill(async->returns(), returns, count, std::identity());
  return result;
}
void WasmEdge_AsyncDelete(WasmEdge_Async* async) noexcept { delete async; }
