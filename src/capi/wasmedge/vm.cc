// VMs.
#include <algorithm>

#include "capi/wasmedge/ast.h"
#include "capi/wasmedge/errors.h"
#include "capi/wasmedge/executor.h"
#include "capi/wasmedge/instances.h"
#include "capi/wasmedge/log.h"
#include "capi/wasmedge/plugin.h"

using namespace wherry;
using namespace wherry::wasmedge;

struct WasmEdge_VMContext {
  WasmEdge_VMContext(const WasmEdge_ConfigureContext& c, WasmEdge_StoreContext* given)
      : configure(c), loader{c, engine_for(c)}, executor(c, &statistics), store(given == nullptr ? own_store : *given) {
    register_hosts();
  }
  WasmEdge_VMContext(const WasmEdge_VMContext&) = delete;
  WasmEdge_VMContext& operator=(const WasmEdge_VMContext&) = delete;

  enum class Stage : uint8_t { kStarted, kLoaded, kValidated, kInstantiated };

  void register_hosts() {
    if (configure.has(WasmEdge_HostRegistration_Wasi)) {
      wasi.reset(new WasmEdge_ModuleInstanceContext(kWasiModule));
      wasi->wasi = std::make_shared<WasiState>();
      (void)store.add(wasi->name, *wasi);
    }
    plugins = plugin_modules();
    for (const auto& module : plugins) {
      if (store.find(module->name) == nullptr) (void)store.add(module->name, *module);
    }
  }

  /// What is loaded stays; the next step is to instantiate it.
  void revert_to_validated() {
    const std::lock_guard lock(mutex);
    if (stage == Stage::kInstantiated) stage = Stage::kValidated;
  }

  WasmEdge_Result load(Result<LoadedModulePtr> module) {
    if (!module.has_value()) return report(module.error());
    const std::lock_guard lock(mutex);
    loaded = std::move(*module);
    stage = Stage::kLoaded;
    return kSuccess;
  }

  WasmEdge_Result register_module(std::string_view name, const Result<LoadedModulePtr>& module) {
    if (!module.has_value()) return report(module.error());
    revert_to_validated();
    if (const Result<> valid = (*module)->validate(); !valid.has_value()) return report(valid.error());
    const std::lock_guard lock(mutex);
    if (store.find(name) != nullptr) return report(result(WasmEdge_ErrCode_ModuleNameConflict));
    WasmEdge_Result outcome;
    auto instance = instantiate(executor, store, *module, name, &outcome);
    if (instance == nullptr) return outcome;
    (void)store.add(name, *instance);
    registered.push_back(std::move(instance));
    return kSuccess;
  }

  WasmEdge_Result run(const Result<LoadedModulePtr>& module, std::string_view function,
                      std::span<const WasmEdge_Value> params, std::vector<WasmEdge_Value>& returns,
                      Cancellation* cancellation) {
    revert_to_validated();
    if (!module.has_value()) return report(module.error());
    if (const Result<> valid = (*module)->validate(); !valid.has_value()) return report(valid.error());
    WasmEdge_ModuleInstanceContext* instance;
    {
      const std::lock_guard lock(mutex);
      loaded = *module;
      stage = Stage::kValidated;
      WasmEdge_Result outcome;
      auto made = instantiate(executor, store, loaded, "", &outcome);
      if (made == nullptr) return outcome;
      active = std::move(made);
      instance = active.get();
    }
    return execute(instance, function, params, returns, cancellation);
  }

  WasmEdge_Result execute(const WasmEdge_ModuleInstanceContext* instance, std::string_view name,
                          std::span<const WasmEdge_Value> params, std::vector<WasmEdge_Value>& returns,
                          Cancellation* cancellation) {
    if (instance == nullptr) return report(result(WasmEdge_ErrCode_WrongInstanceAddress));
    WasmEdge_FunctionInstanceContext* function = instance->function(name);
    if (function == nullptr) return report(result(WasmEdge_ErrCode_FuncNotFound));
    returns.resize(function->type.results.size());
    return invoke(executor, *function, params, returns, cancellation);
  }

  const WasmEdge_ModuleInstanceContext* active_instance() const {
    const std::lock_guard lock(mutex);
    return active.get();
  }

  const WasmEdge_ConfigureContext configure;
  WasmEdge_StatisticsContext statistics;
  WasmEdge_LoaderContext loader;
  WasmEdge_ValidatorContext validator;
  WasmEdge_ExecutorContext executor;
  WasmEdge_StoreContext own_store;
  WasmEdge_StoreContext& store;
  /// Guards what follows, but not calls.
  mutable std::recursive_mutex mutex;
  Stage stage = Stage::kStarted;
  LoadedModulePtr loaded;
  std::unique_ptr<WasmEdge_ModuleInstanceContext> wasi;
  std::vector<std::unique_ptr<WasmEdge_ModuleInstanceContext>> plugins;
  std::vector<std::unique_ptr<WasmEdge_ModuleInstanceContext>> registered;
  std::unique_ptr<WasmEdge_ModuleInstanceContext> active;
};

namespace {

using Params = std::vector<WasmEdge_Value>;

Result<LoadedModulePtr> load_bytes(const WasmEdge_VMContext& vm, WasmEdge_Bytes data) {
  return LoadedModule::load(vm.loader.engine, bytes(data));
}
Result<LoadedModulePtr> load_file(const WasmEdge_VMContext& vm, const char* path) {
  return LoadedModule::load_file(vm.loader.engine, path);
}

/// Calls with returns of the caller's.
template <class Call>
WasmEdge_Result with_returns(WasmEdge_Value* returns, uint32_t count, Call call) {
  std::vector<WasmEdge_Value> values;
  const WasmEdge_Result result = call(values);
  if (ok(result)) fill(values, returns, count, std::identity());
  return result;
}

Params copy_of(const WasmEdge_Value* params, uint32_t count) {
  const std::span<const WasmEdge_Value> given = span_of(params, count);
  return {given.begin(), given.end()};
}

}  // namespace

WasmEdge_VMContext* WasmEdge_VMCreate(const WasmEdge_ConfigureContext* configure,
                                      WasmEdge_StoreContext* store) noexcept {
  return new WasmEdge_VMContext(configure == nullptr ? WasmEdge_ConfigureContext() : *configure, store);
}
void WasmEdge_VMDelete(WasmEdge_VMContext* vm) noexcept { delete vm; }

WasmEdge_Result WasmEdge_VMRegisterModuleFromFile(WasmEdge_VMContext* vm, WasmEdge_String name,
                                                  const char* path) noexcept {
  return vm == nullptr ? kWrongWorkflow : vm->register_module(view(name), load_file(*vm, path));
}
WasmEdge_Result WasmEdge_VMRegisterModuleFromBytes(WasmEdge_VMContext* vm, WasmEdge_String name,
                                                   WasmEdge_Bytes data) noexcept {
  return vm == nullptr ? kWrongWorkflow : vm->register_module(view(name), load_bytes(*vm, data));
}
WasmEdge_Result WasmEdge_VMRegisterModuleFromBuffer(WasmEdge_VMContext* vm, WasmEdge_String name, const uint8_t* buffer,
                                                    uint32_t length) noexcept {
  return WasmEdge_VMRegisterModuleFromBytes(vm, name, {length, buffer});
}
WasmEdge_Result WasmEdge_VMRegisterModuleFromASTModule(WasmEdge_VMContext* vm, WasmEdge_String name,
                                                       const WasmEdge_ASTModuleContext* module) noexcept {
  return vm == nullptr || module == nullptr ? kWrongWorkflow : vm->register_module(view(name), module->loaded);
}
WasmEdge_Result WasmEdge_VMRegisterModuleFromImport(WasmEdge_VMContext* vm,
                                                    const WasmEdge_ModuleInstanceContext* module) noexcept {
  if (vm == nullptr || module == nullptr) return kWrongWorkflow;
  return WasmEdge_VMRegisterModuleFromImportWithAlias(vm, to_c(module->name), module);
}
WasmEdge_Result WasmEdge_VMRegisterModuleFromImportWithAlias(WasmEdge_VMContext* vm, WasmEdge_String name,
                                                             const WasmEdge_ModuleInstanceContext* module) noexcept {
  if (vm == nullptr || module == nullptr) return kWrongWorkflow;
  vm->revert_to_validated();
  const std::lock_guard lock(vm->mutex);
  return vm->store.add(view(name), const_cast<WasmEdge_ModuleInstanceContext&>(*module));
}

WasmEdge_Result WasmEdge_VMRunWasmFromFile(WasmEdge_VMContext* vm, const char* path, WasmEdge_String function,
                                           const WasmEdge_Value* params, uint32_t param_count, WasmEdge_Value* returns,
                                           uint32_t return_count) noexcept {
  if (vm == nullptr) return kWrongWorkflow;
  return with_returns(returns, return_count, [&](auto& values) {
    return vm->run(load_file(*vm, path), view(function), span_of(params, param_count), values, nullptr);
  });
}
WasmEdge_Result WasmEdge_VMRunWasmFromBytes(WasmEdge_VMContext* vm, WasmEdge_Bytes data, WasmEdge_String function,
                                            const WasmEdge_Value* params, uint32_t param_count, WasmEdge_Value* returns,
                                            uint32_t return_count) noexcept {
  if (vm == nullptr) return kWrongWorkflow;
  return with_returns(returns, return_count, [&](auto& values) {
    return vm->run(load_bytes(*vm, data), view(function), span_of(params, param_count), values, nullptr);
  });
}
WasmEdge_Result WasmEdge_VMRunWasmFromBuffer(WasmEdge_VMContext* vm, const uint8_t* buffer, uint32_t length,
                                             WasmEdge_String function, const WasmEdge_Value* params,
                                             uint32_t param_count, WasmEdge_Value* returns,
                                             uint32_t return_count) noexcept {
  return WasmEdge_VMRunWasmFromBytes(vm, {length, buffer}, function, params, param_count, returns, return_count);
}
WasmEdge_Result WasmEdge_VMRunWasmFromASTModule(WasmEdge_VMContext* vm, const WasmEdge_ASTModuleContext* module,
                                                WasmEdge_String function, const WasmEdge_Value* params,
                                                uint32_t param_count, WasmEdge_Value* returns,
                                                uint32_t return_count) noexcept {
  if (vm == nullptr || module == nullptr) return kWrongWorkflow;
  return with_returns(returns, return_count, [&](auto& values) {
    return vm->run(module->loaded, view(function), span_of(params, param_count), values, nullptr);
  });
}

WasmEdge_Async* WasmEdge_VMAsyncRunWasmFromFile(WasmEdge_VMContext* vm, const char* path, WasmEdge_String function,
                                                const WasmEdge_Value* params, uint32_t param_count) noexcept {
  if (vm == nullptr) return nullptr;
  return WasmEdge_Async::start([vm, path = std::string(path == nullptr ? "" : path), name = std::string(view(function)),
                                args = copy_of(params, param_count)](Cancellation& cancellation, Params& returns) {
    return vm->run(load_file(*vm, path.c_str()), name, args, returns, &cancellation);
  });
}
WasmEdge_Async* WasmEdge_VMAsyncRunWasmFromBytes(WasmEdge_VMContext* vm, WasmEdge_Bytes data, WasmEdge_String function,
                                                 const WasmEdge_Value* params, uint32_t param_count) noexcept {
  if (vm == nullptr) return nullptr;
  const std::span<const uint8_t> given = bytes(data);
  return WasmEdge_Async::start([vm, copy = std::vector<uint8_t>(given.begin(), given.end()),
                                name = std::string(view(function)),
                                args = copy_of(params, param_count)](Cancellation& cancellation, Params& returns) {
    return vm->run(LoadedModule::load(vm->loader.engine, copy), name, args, returns, &cancellation);
  });
}
WasmEdge_Async* WasmEdge_VMAsyncRunWasmFromBuffer(WasmEdge_VMContext* vm, const uint8_t* buffer, uint32_t length,
                                                  WasmEdge_String function, const WasmEdge_Value* params,
                                                  uint32_t param_count) noexcept {
  return WasmEdge_VMAsyncRunWasmFromBytes(vm, {length, buffer}, function, params, param_count);
}
WasmEdge_Async* WasmEdge_VMAsyncRunWasmFromASTModule(WasmEdge_VMContext* vm, const WasmEdge_ASTModuleContext* module,
                                                     WasmEdge_String function, const WasmEdge_Value* params,
                                                     uint32_t param_count) noexcept {
  if (vm == nullptr || module == nullptr) return nullptr;
  return WasmEdge_Async::start(
      [vm, loaded = module->loaded, name = std::string(view(function)), args = copy_of(params, param_count)](
          Cancellation& cancellation, Params& returns) { return vm->run(loaded, name, args, returns, &cancellation); });
}

WasmEdge_Result WasmEdge_VMLoadWasmFromFile(WasmEdge_VMContext* vm, const char* path) noexcept {
  return vm == nullptr ? kWrongWorkflow : vm->load(load_file(*vm, path));
}
WasmEdge_Result WasmEdge_VMLoadWasmFromBytes(WasmEdge_VMContext* vm, WasmEdge_Bytes data) noexcept {
  return vm == nullptr ? kWrongWorkflow : vm->load(load_bytes(*vm, data));
}
WasmEdge_Result WasmEdge_VMLoadWasmFromBuffer(WasmEdge_VMContext* vm, const uint8_t* buffer, uint32_t length) noexcept {
  return WasmEdge_VMLoadWasmFromBytes(vm, {length, buffer});
}
WasmEdge_Result WasmEdge_VMLoadWasmFromASTModule(WasmEdge_VMContext* vm,
                                                 const WasmEdge_ASTModuleContext* module) noexcept {
  return vm == nullptr || module == nullptr ? kWrongWorkflow : vm->load(module->loaded);
}
WasmEdge_Result WasmEdge_VMValidate(WasmEdge_VMContext* vm) noexcept {
  if (vm == nullptr) return kWrongWorkflow;
  const std::lock_guard lock(vm->mutex);
  if (vm->stage < WasmEdge_VMContext::Stage::kLoaded) return report(kWrongWorkflow);
  if (const Result<> valid = vm->loaded->validate(); !valid.has_value()) return report(valid.error());
  vm->stage = WasmEdge_VMContext::Stage::kValidated;
  return kSuccess;
}
WasmEdge_Result WasmEdge_VMInstantiate(WasmEdge_VMContext* vm) noexcept {
  if (vm == nullptr) return kWrongWorkflow;
  const std::lock_guard lock(vm->mutex);
  if (vm->stage < WasmEdge_VMContext::Stage::kValidated) return report(kWrongWorkflow);
  WasmEdge_Result outcome;
  auto instance = instantiate(vm->executor, vm->store, vm->loaded, "", &outcome);
  if (instance == nullptr) return outcome;
  vm->active = std::move(instance);
  vm->stage = WasmEdge_VMContext::Stage::kInstantiated;
  return kSuccess;
}
WasmEdge_Result WasmEdge_VMExecute(WasmEdge_VMContext* vm, WasmEdge_String function, const WasmEdge_Value* params,
                                   uint32_t param_count, WasmEdge_Value* returns, uint32_t return_count) noexcept {
  if (vm == nullptr) return kWrongWorkflow;
  return with_returns(returns, return_count, [&](auto& values) {
    return vm->execute(vm->active_instance(), view(function), span_of(params, param_count), values, nullptr);
  });
}
WasmEdge_Result WasmEdge_VMExecuteRegistered(WasmEdge_VMContext* vm, WasmEdge_String module, WasmEdge_String function,
                                             const WasmEdge_Value* params, uint32_t param_count,
                                             WasmEdge_Value* returns, uint32_t return_count) noexcept {
  if (vm == nullptr) return kWrongWorkflow;
  return with_returns(returns, return_count, [&](auto& values) {
    return vm->execute(vm->store.find(view(module)), view(function), span_of(params, param_count), values, nullptr);
  });
}
WasmEdge_Async* WasmEdge_VMAsyncExecute(WasmEdge_VMContext* vm, WasmEdge_String function, const WasmEdge_Value* params,
                                        uint32_t param_count) noexcept {
  if (vm == nullptr) return nullptr;
  return WasmEdge_Async::start([vm, name = std::string(view(function)), args = copy_of(params, param_count)](
                                   Cancellation& cancellation, Params& returns) {
    return vm->execute(vm->active_instance(), name, args, returns, &cancellation);
  });
}
WasmEdge_Async* WasmEdge_VMAsyncExecuteRegistered(WasmEdge_VMContext* vm, WasmEdge_String module,
                                                  WasmEdge_String function, const WasmEdge_Value* params,
                                                  uint32_t param_count) noexcept {
  if (vm == nullptr) return nullptr;
  return WasmEdge_Async::start([vm, from = std::string(view(module)), name = std::string(view(function)),
                                args = copy_of(params, param_count)](Cancellation& cancellation, Params& returns) {
    return vm->execute(vm->store.find(from), name, args, returns, &cancellation);
  });
}

const WasmEdge_FunctionTypeContext* WasmEdge_VMGetFunctionType(const WasmEdge_VMContext* vm,
                                                               WasmEdge_String function) noexcept {
  return vm == nullptr || vm->active == nullptr
             ? nullptr
             : WasmEdge_FunctionInstanceGetFunctionType(vm->active->function(view(function)));
}
const WasmEdge_FunctionTypeContext* WasmEdge_VMGetFunctionTypeRegistered(const WasmEdge_VMContext* vm,
                                                                         WasmEdge_String module,
                                                                         WasmEdge_String function) noexcept {
  if (vm == nullptr) return nullptr;
  const WasmEdge_ModuleInstanceContext* instance = vm->store.find(view(module));
  return instance == nullptr ? nullptr : WasmEdge_FunctionInstanceGetFunctionType(instance->function(view(function)));
}
uint32_t WasmEdge_VMGetFunctionListLength(const WasmEdge_VMContext* vm) noexcept {
  return vm == nullptr ? 0 : WasmEdge_ModuleInstanceListFunctionLength(vm->active.get());
}
uint32_t WasmEdge_VMGetFunctionList(const WasmEdge_VMContext* vm, WasmEdge_String* names,
                                    const WasmEdge_FunctionTypeContext** types, uint32_t length) noexcept {
  if (vm == nullptr || vm->active == nullptr) return 0;
  const std::vector<std::string_view> all = vm->active->names(WasmEdge_ExternalType_Function);
  fill(all, types, length,
       [&](std::string_view name) -> const WasmEdge_FunctionTypeContext* { return &vm->active->function(name)->type; });
  return fill(all, names, length, [](std::string_view name) { return to_c(name); });
}

void WasmEdge_VMCleanup(WasmEdge_VMContext* vm) noexcept {
  if (vm == nullptr) return;
  const std::lock_guard lock(vm->mutex);
  vm->loaded.reset();
  vm->active.reset();
  while (!vm->store.modules.empty()) {
    WasmEdge_ModuleInstanceContext& module = *vm->store.modules.begin()->second;
    std::erase(module.stores, &vm->store);
    vm->store.remove(module);
  }
  vm->registered.clear();
  WasmEdge_StatisticsClear(&vm->statistics);
  vm->stage = WasmEdge_VMContext::Stage::kStarted;
  vm->register_hosts();
}
void WasmEdge_VMDeleteRegisteredModule(const WasmEdge_VMContext* given, WasmEdge_String name) noexcept {
  if (given == nullptr) return;
  auto* vm = const_cast<WasmEdge_VMContext*>(given);
  const std::lock_guard lock(vm->mutex);
  const std::string_view wanted = view(name);
  auto named = [&](const std::unique_ptr<WasmEdge_ModuleInstanceContext>& module) { return module->name == wanted; };
  std::erase_if(vm->registered, named);
  std::erase_if(vm->plugins, named);
  if (vm->wasi != nullptr && named(vm->wasi)) vm->wasi.reset();
  // Of others' it forgets the name.
  vm->store.remove(wanted);
}
void WasmEdge_VMForceDeleteRegisteredModule(const WasmEdge_VMContext* vm, WasmEdge_String name) noexcept {
  WasmEdge_VMDeleteRegisteredModule(vm, name);
}

WasmEdge_ModuleInstanceContext* WasmEdge_VMGetImportModuleContext(const WasmEdge_VMContext* vm,
                                                                  enum WasmEdge_HostRegistration host) noexcept {
  return vm == nullptr || host != WasmEdge_HostRegistration_Wasi ? nullptr : vm->wasi.get();
}
const WasmEdge_ModuleInstanceContext* WasmEdge_VMGetActiveModule(const WasmEdge_VMContext* vm) noexcept {
  return vm == nullptr ? nullptr : vm->active_instance();
}
const WasmEdge_ModuleInstanceContext* WasmEdge_VMGetRegisteredModule(const WasmEdge_VMContext* vm,
                                                                     WasmEdge_String name) noexcept {
  return vm == nullptr ? nullptr : vm->store.find(view(name));
}
uint32_t WasmEdge_VMListRegisteredModuleLength(const WasmEdge_VMContext* vm) noexcept {
  return vm == nullptr ? 0 : WasmEdge_StoreListModuleLength(&vm->store);
}
uint32_t WasmEdge_VMListRegisteredModule(const WasmEdge_VMContext* vm, WasmEdge_String* names,
                                         uint32_t length) noexcept {
  return vm == nullptr ? 0 : WasmEdge_StoreListModule(&vm->store, names, length);
}
WasmEdge_StoreContext* WasmEdge_VMGetStoreContext(WasmEdge_VMContext* vm) noexcept {
  return vm == nullptr ? nullptr : &vm->store;
}
WasmEdge_LoaderContext* WasmEdge_VMGetLoaderContext(WasmEdge_VMContext* vm) noexcept {
  return vm == nullptr ? nullptr : &vm->loader;
}
WasmEdge_ValidatorContext* WasmEdge_VMGetValidatorContext(WasmEdge_VMContext* vm) noexcept {
  return vm == nullptr ? nullptr : &vm->validator;
}
WasmEdge_ExecutorContext* WasmEdge_VMGetExecutorContext(WasmEdge_VMContext* vm) noexcept {
  return vm == nullptr ? nullptr : &vm->executor;
}
WasmEdge_StatisticsContext* WasmEdge_VMGetStatisticsContext(WasmEdge_VMContext* vm) noexcept {
  return vm == nullptr ? nullptr : &vm->statistics;
}
