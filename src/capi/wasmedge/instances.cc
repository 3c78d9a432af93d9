#include "capi/wasmedge/instances.h"

#include <algorithm>

#include "capi/wasmedge/errors.h"
#include "capi/wasmedge/executor.h"

using namespace wherry;
using namespace wherry::wasmedge;

namespace {

/// Room for `size` elements, without an allocation if they are few.
constexpr size_t kFew = 8;

template <class T>
T* find_in(const auto& map, std::string_view name) {
  const auto found = map.find(name);
  return found == map.end() ? nullptr : found->second.get();
}

/// The handle of an export of that type.
template <class Handle>
std::optional<Handle> find_export(const std::optional<Instance>& instance, std::string_view name) {
  if (!instance.has_value()) return std::nullopt;
  const std::optional<Extern> item = instance->get_export(name);
  const Handle* handle = item.has_value() ? std::get_if<Handle>(&*item) : nullptr;
  return handle == nullptr ? std::nullopt : std::optional(*handle);
}

}  // namespace

WasmEdge_FunctionInstanceContext::WasmEdge_FunctionInstanceContext(WasmEdge_FunctionTypeContext t, FuncType w,
                                                                   uint64_t c)
    : HostFunction{&enter, nullptr, {}, {}}, type(std::move(t)), host_type(std::move(w)), cost(c) {
  HostFunction::params = host_type.params;
  HostFunction::results = host_type.results;
}

WasmEdge_FunctionInstanceContext::WasmEdge_FunctionInstanceContext(World& w, Func f)
    : HostFunction{&enter, nullptr, {}, {}}, type(to_c(f.params(), f.results())), world(&w), func(f) {}

WasmEdge_Result WasmEdge_FunctionInstanceContext::call_host(const Caller* caller, const WasmEdge_Value* args,
                                                            WasmEdge_Value* returns) {
  World* const here = caller == nullptr ? nullptr : &World::of(*caller);
  WasmEdge_ExecutorContext* const executor = here == nullptr ? nullptr : here->executor;
  const WasmEdge_CallingFrameContext frame{executor, caller};
  if (in_use != nullptr) *in_use = true;
  if (executor != nullptr) executor->before_host.call();
  const WasmEdge_Result result = plain != nullptr
                                     ? plain(data, &frame, args, returns)
                                     : wrapped(binding, data, &frame, args, static_cast<uint32_t>(type.params.size()),
                                               returns, static_cast<uint32_t>(type.results.size()));
  if (executor != nullptr) executor->after_host.call();
  return result;
}

TrapKind WasmEdge_FunctionInstanceContext::enter(HostFunction& host, Caller& caller, Slot* slots) {
  auto& self = static_cast<WasmEdge_FunctionInstanceContext&>(host);
  World& world = World::of(caller);
  if (self.cost != 0 && world.engine->engine.config().fuel) {
    const uint64_t fuel = caller.fuel();
    world.host_cost += std::min(self.cost, fuel);
    caller.set_fuel(fuel - std::min(self.cost, fuel));
    if (fuel < self.cost) return TrapKind::kOutOfFuel;
  }
  const size_t param_count = self.host_type.params.size();
  const size_t result_count = self.host_type.results.size();
  WasmEdge_Value few[2 * kFew];
  std::vector<WasmEdge_Value> many;
  WasmEdge_Value* params = few;
  WasmEdge_Value* results = few + kFew;
  if (std::max(param_count, result_count) > kFew) {
    many.resize(param_count + result_count);
    params = many.data();
    results = params + param_count;
  }
  const Slot* from = slots;
  for (size_t i = 0; i < param_count; ++i) {
    params[i] = world.to_c(self.type.params[i], self.host_type.params[i], from);
    from += self.host_type.params[i].slots();
  }
  // What the function does not fill is the zero of its type.
  for (size_t i = 0; i < result_count; ++i) results[i] = {0, self.type.results[i]};
  const WasmEdge_Result result = self.call_host(&caller, params, results);
  if (!ok(result)) {
    world.host_result = result;
    return detail::raise(caller, WasmEdge_ResultOK(result) ? Trap::exit(0) : Trap::host_error("by the host"));
  }
  std::vector<Value> kept;
  Slot* to = slots;
  for (size_t i = 0; i < result_count; ++i) {
    if (!world.to_slots(results[i], self.host_type.results[i], to, kept)) {
      world.host_result = wherry::wasmedge::result(WasmEdge_ErrCode_RefTypeMismatch);
      return detail::raise(caller, Trap::host_error("a result of another type"));
    }
    to += self.host_type.results[i].slots();
  }
  return TrapKind::kNone;
}

WasmEdge_TableInstanceContext::~WasmEdge_TableInstanceContext() {
  if (keep != nullptr) world->forget(*this);
}
WasmEdge_GlobalInstanceContext::~WasmEdge_GlobalInstanceContext() {
  if (keep != nullptr) world->forget(*this);
}

WasmEdge_ModuleInstanceContext::~WasmEdge_ModuleInstanceContext() {
  for (WasmEdge_StoreContext* store : std::exchange(stores, {})) store->remove(*this);
  if (instance.has_value()) world->instances.erase(&instance->impl());
  if (finalizer != nullptr) finalizer(host_data);
}

const WasmEdge_ModuleInstanceContext& WasmEdge_ModuleInstanceContext::filled_in() const {
  auto& self = const_cast<WasmEdge_ModuleInstanceContext&>(*this);
  if (const auto fill = std::exchange(self.fill_in, nullptr); fill != nullptr) fill(self);
  return *this;
}

WasmEdge_FunctionInstanceContext* WasmEdge_ModuleInstanceContext::function(std::string_view export_name) const {
  if (wasi != nullptr) {
    const WorldPtr own = wasi->own_world();
    auto& functions = own->wasi_functions;
    auto found = functions.find(export_name);
    if (found == functions.end()) {
      const std::optional<Func> made = wasi_function(own->store, kWasiModule, export_name);
      if (!made.has_value()) return nullptr;
      found = functions.emplace(std::string(export_name), *made).first;
    }
    return own->context_of(found->second);
  }
  if (const auto found = find_export<Func>(instance, export_name)) return world->context_of(*found);
  return find_in<WasmEdge_FunctionInstanceContext>(filled_in().functions, export_name);
}
WasmEdge_TableInstanceContext* WasmEdge_ModuleInstanceContext::table(std::string_view export_name) const {
  if (const auto found = find_export<Table>(instance, export_name)) return world->context_of(*found);
  return find_in<WasmEdge_TableInstanceContext>(tables, export_name);
}
WasmEdge_MemoryInstanceContext* WasmEdge_ModuleInstanceContext::memory(std::string_view export_name) const {
  if (const auto found = find_export<Memory>(instance, export_name)) return world->context_of(*found);
  return find_in<WasmEdge_MemoryInstanceContext>(memories, export_name);
}
WasmEdge_GlobalInstanceContext* WasmEdge_ModuleInstanceContext::global(std::string_view export_name) const {
  if (const auto found = find_export<Global>(instance, export_name)) return world->context_of(*found);
  return find_in<WasmEdge_GlobalInstanceContext>(globals, export_name);
}
WasmEdge_TagInstanceContext* WasmEdge_ModuleInstanceContext::tag(std::string_view export_name) const {
  const auto found = find_export<Tag>(instance, export_name);
  return found.has_value() ? world->context_of(*found) : nullptr;
}

std::vector<std::string_view> WasmEdge_ModuleInstanceContext::names(WasmEdge_ExternalType wanted) const {
  std::vector<std::string_view> names;
  auto add = [&](const auto& map) {
    for (const auto& [item, object] : map) names.emplace_back(item);
  };
  if (loaded != nullptr) {
    for (const WasmEdge_ExportTypeContext& item : loaded->exports()) {
      if (kind(item.type) == wanted) names.emplace_back(item.name);
    }
    std::ranges::sort(names);
  } else if (wanted == WasmEdge_ExternalType_Function) {
    if (wasi != nullptr) names.assign(wasi_names().begin(), wasi_names().end());
    add(filled_in().functions);
  } else if (wanted == WasmEdge_ExternalType_Table) {
    add(tables);
  } else if (wanted == WasmEdge_ExternalType_Memory) {
    add(memories);
  } else if (wanted == WasmEdge_ExternalType_Global) {
    add(globals);
  }
  return names;
}

WasmEdge_StoreContext::~WasmEdge_StoreContext() {
  for (const auto& [name, module] : modules) std::erase(module->stores, this);
}
WasmEdge_ModuleInstanceContext* WasmEdge_StoreContext::find(std::string_view name) const {
  const auto found = modules.find(name);
  return found == modules.end() ? nullptr : found->second;
}
WasmEdge_Result WasmEdge_StoreContext::add(std::string_view name, WasmEdge_ModuleInstanceContext& module) {
  if (!modules.emplace(std::string(name), &module).second) return report(result(WasmEdge_ErrCode_ModuleNameConflict));
  if (std::ranges::find(module.stores, this) == module.stores.end()) module.stores.push_back(this);
  return kSuccess;
}
void WasmEdge_StoreContext::remove(const WasmEdge_ModuleInstanceContext& module) {
  std::erase_if(modules, [&](const auto& entry) { return entry.second == &module; });
}

void WasmEdge_StoreContext::remove(std::string_view name) {
  const auto found = modules.find(name);
  if (found == modules.end()) return;
  WasmEdge_ModuleInstanceContext& module = *found->second;
  modules.erase(found);
  // It may be here under another name too.
  const bool still = std::ranges::any_of(modules, [&](const auto& entry) { return entry.second == &module; });
  if (!still) std::erase(module.stores, this);
}

WasmEdge_StoreContext* WasmEdge_StoreCreate() noexcept { return new WasmEdge_StoreContext; }
void WasmEdge_StoreDelete(WasmEdge_StoreContext* store) noexcept { delete store; }
const WasmEdge_ModuleInstanceContext* WasmEdge_StoreFindModule(const WasmEdge_StoreContext* store,
                                                               WasmEdge_String name) noexcept {
  return store == nullptr ? nullptr : store->find(view(name));
}
uint32_t WasmEdge_StoreListModuleLength(const WasmEdge_StoreContext* store) noexcept {
  return store == nullptr ? 0 : static_cast<uint32_t>(store->modules.size());
}
uint32_t WasmEdge_StoreListModule(const WasmEdge_StoreContext* store, WasmEdge_String* names,
                                  uint32_t length) noexcept {
  if (store == nullptr) return 0;
  return fill(store->modules, names, length, [](const auto& entry) { return to_c(entry.first); });
}

WasmEdge_ModuleInstanceContext* WasmEdge_ModuleInstanceCreate(WasmEdge_String name) noexcept {
  return new WasmEdge_ModuleInstanceContext(view(name));
}
WasmEdge_ModuleInstanceContext* WasmEdge_ModuleInstanceCreateWithData(WasmEdge_String name, void* data,
                                                                      void (*finalizer)(void*)) noexcept {
  auto* module = new WasmEdge_ModuleInstanceContext(view(name));
  module->host_data = data;
  module->finalizer = finalizer;
  return module;
}
void WasmEdge_ModuleInstanceDelete(WasmEdge_ModuleInstanceContext* module) noexcept { delete module; }
WasmEdge_String WasmEdge_ModuleInstanceGetModuleName(const WasmEdge_ModuleInstanceContext* module) noexcept {
  return module == nullptr ? WasmEdge_String{0, nullptr} : to_c(module->name);
}
void* WasmEdge_ModuleInstanceGetHostData(const WasmEdge_ModuleInstanceContext* module) noexcept {
  return module == nullptr ? nullptr : module->host_data;
}

// Finding and listing exports of a kind.
#define WHERRY_DEFINE_EXPORTS(Kind, member)                                                                         \
  WasmEdge_##Kind##InstanceContext* WasmEdge_ModuleInstanceFind##Kind(const WasmEdge_ModuleInstanceContext* module, \
                                                                      WasmEdge_String name) noexcept {              \
    return module == nullptr ? nullptr : module->member(view(name));                                                \
  }                                                                                                                 \
  uint32_t WasmEdge_ModuleInstanceList##Kind##Length(const WasmEdge_ModuleInstanceContext* module) noexcept {       \
    return module == nullptr ? 0 : static_cast<uint32_t>(module->names(WasmEdge_ExternalType_##Kind).size());       \
  }                                                                                                                 \
  uint32_t WasmEdge_ModuleInstanceList##Kind(const WasmEdge_ModuleInstanceContext* module, WasmEdge_String* names,  \
                                             uint32_t length) noexcept {                                            \
    if (module == nullptr) return 0;                                                                                \
    return fill(module->names(WasmEdge_ExternalType_##Kind), names, length,                                         \
                [](std::string_view name) { return to_c(name); });                                                  \
  }
WHERRY_DEFINE_EXPORTS(Function, function)
WHERRY_DEFINE_EXPORTS(Table, table)
WHERRY_DEFINE_EXPORTS(Memory, memory)
WHERRY_DEFINE_EXPORTS(Tag, tag)
WHERRY_DEFINE_EXPORTS(Global, global)

WasmEdge_Result WasmEdge_ModuleInstanceAddFunction(WasmEdge_ModuleInstanceContext* module, WasmEdge_String name,
                                                   WasmEdge_FunctionInstanceContext* function) noexcept {
  if (module == nullptr || function == nullptr || *module->in_use) return kWrongWorkflow;
  module->functions.insert_or_assign(std::string(view(name)), function->shared_from_this());
  function->in_use = module->in_use;
  function->self.reset();
  return kSuccess;
}
WasmEdge_Result WasmEdge_ModuleInstanceAddTable(WasmEdge_ModuleInstanceContext* module, WasmEdge_String name,
                                                WasmEdge_TableInstanceContext* table) noexcept {
  if (module == nullptr || table == nullptr || *module->in_use) return kWrongWorkflow;
  module->tables[std::string(view(name))].reset(table);
  return kSuccess;
}
WasmEdge_Result WasmEdge_ModuleInstanceAddMemory(WasmEdge_ModuleInstanceContext* module, WasmEdge_String name,
                                                 WasmEdge_MemoryInstanceContext* memory) noexcept {
  if (module == nullptr || memory == nullptr || *module->in_use) return kWrongWorkflow;
  module->memories[std::string(view(name))].reset(memory);
  return kSuccess;
}
WasmEdge_Result WasmEdge_ModuleInstanceAddGlobal(WasmEdge_ModuleInstanceContext* module, WasmEdge_String name,
                                                 WasmEdge_GlobalInstanceContext* global) noexcept {
  if (module == nullptr || global == nullptr || *module->in_use) return kWrongWorkflow;
  module->globals[std::string(view(name))].reset(global);
  return kSuccess;
}

// Functions

namespace {

WasmEdge_FunctionInstanceContext* make_function(const WasmEdge_FunctionTypeContext* type, uint64_t cost) {
  std::optional<FuncType> internal = from_c(*type);
  if (!internal.has_value()) return nullptr;
  auto function = std::make_shared<WasmEdge_FunctionInstanceContext>(*type, std::move(*internal), cost);
  return (function->self = function).get();
}

}  // namespace

WasmEdge_FunctionInstanceContext* WasmEdge_FunctionInstanceCreate(const WasmEdge_FunctionTypeContext* type,
                                                                  WasmEdge_HostFunc_t host, void* data,
                                                                  uint64_t cost) noexcept {
  if (type == nullptr || host == nullptr) return nullptr;
  WasmEdge_FunctionInstanceContext* function = make_function(type, cost);
  if (function == nullptr) return nullptr;
  function->plain = host;
  function->data = data;
  return function;
}
WasmEdge_FunctionInstanceContext* WasmEdge_FunctionInstanceCreateBinding(const WasmEdge_FunctionTypeContext* type,
                                                                         WasmEdge_WrapFunc_t wrap, void* binding,
                                                                         void* data, uint64_t cost) noexcept {
  if (type == nullptr || wrap == nullptr) return nullptr;
  WasmEdge_FunctionInstanceContext* function = make_function(type, cost);
  if (function == nullptr) return nullptr;
  function->wrapped = wrap;
  function->binding = binding;
  function->data = data;
  return function;
}
const void* WasmEdge_FunctionInstanceGetData(const WasmEdge_FunctionInstanceContext* function) noexcept {
  return function == nullptr ? nullptr : function->data;
}
const WasmEdge_FunctionTypeContext* WasmEdge_FunctionInstanceGetFunctionType(
    const WasmEdge_FunctionInstanceContext* function) noexcept {
  return function == nullptr ? nullptr : &function->type;
}
void WasmEdge_FunctionInstanceDelete(WasmEdge_FunctionInstanceContext* function) noexcept {
  if (function != nullptr) const auto last = std::move(function->self);
}

// Tables

namespace {

/// What is wrong with a reference for a place of type `wanted`.
WasmEdge_Result check_reference(const WasmEdge_ValType& wanted, const WasmEdge_Value& value) {
  if (!is_ref(value.Type) || is_funcref(wanted) != is_funcref(value.Type)) {
    return result(WasmEdge_ErrCode_RefTypeMismatch);
  }
  if (!is_nullable(wanted) && pointer(value) == nullptr) return result(WasmEdge_ErrCode_NonNullRequired);
  return kSuccess;
}

uint64_t table_size(const WasmEdge_TableInstanceContext& table) {
  return table.table.has_value() ? table.table->size() : table.elements.size();
}

WasmEdge_TableInstanceContext* make_table(const WasmEdge_TableTypeContext& type, const WasmEdge_Value& init) {
  constexpr uint64_t kMostElements = 10'000'000;
  if (type.limit.min > kMostElements) return nullptr;
  return new WasmEdge_TableInstanceContext{
      type, std::vector<WasmEdge_Value>(type.limit.min, init), init, nullptr, nullptr, std::nullopt};
}

}  // namespace

WasmEdge_TableInstanceContext* WasmEdge_TableInstanceCreate(const WasmEdge_TableTypeContext* type) noexcept {
  if (type == nullptr) return nullptr;
  if (!is_nullable(type->element)) {
    report(result(WasmEdge_ErrCode_NonNullRequired));
    return nullptr;
  }
  return make_table(*type, reference(type->element, nullptr));
}
WasmEdge_TableInstanceContext* WasmEdge_TableInstanceCreateWithInit(const WasmEdge_TableTypeContext* type,
                                                                    WasmEdge_Value value) noexcept {
  if (type == nullptr || !ok(report(check_reference(type->element, value)))) return nullptr;
  return make_table(*type, value);
}
const WasmEdge_TableTypeContext* WasmEdge_TableInstanceGetTableType(
    const WasmEdge_TableInstanceContext* table) noexcept {
  return table == nullptr ? nullptr : &table->type;
}
WasmEdge_Result WasmEdge_TableInstanceGetData(const WasmEdge_TableInstanceContext* table, WasmEdge_Value* data,
                                              uint64_t offset) noexcept {
  if (table == nullptr || data == nullptr) return kWrongWorkflow;
  if (offset >= table_size(*table)) return report(result(WasmEdge_ErrCode_TableOutOfBounds));
  if (!table->table.has_value()) {
    *data = table->elements[offset];
    data->Type = table->type.element;
    return kSuccess;
  }
  const std::lock_guard lock(table->world->mutex);
  const Result<Value> value = table->table->get(offset);
  if (!value.has_value()) return report(value.error());
  *data = table->world->to_c(table->type.element, *value);
  return kSuccess;
}
WasmEdge_Result WasmEdge_TableInstanceSetData(WasmEdge_TableInstanceContext* table, WasmEdge_Value data,
                                              uint64_t offset) noexcept {
  if (table == nullptr) return kWrongWorkflow;
  if (const WasmEdge_Result fits = check_reference(table->type.element, data); !ok(fits)) return report(fits);
  if (offset >= table_size(*table)) return report(result(WasmEdge_ErrCode_TableOutOfBounds));
  if (!table->table.has_value()) {
    table->elements[offset] = data;
    return kSuccess;
  }
  const std::lock_guard lock(table->world->mutex);
  const std::optional<Value> value = table->world->to_value(data, table->table->type().element);
  if (!value.has_value() || !table->table->set(offset, *value).has_value()) {
    return report(result(WasmEdge_ErrCode_RefTypeMismatch));
  }
  return kSuccess;
}
uint64_t WasmEdge_TableInstanceGetSize(const WasmEdge_TableInstanceContext* table) noexcept {
  return table == nullptr ? 0 : table_size(*table);
}
WasmEdge_Result WasmEdge_TableInstanceGrow(WasmEdge_TableInstanceContext* table, uint64_t size) noexcept {
  if (table == nullptr) return kWrongWorkflow;
  const uint64_t old = table_size(*table);
  const uint64_t most = table->type.limit.has_max ? table->type.limit.max : UINT32_MAX;
  bool grown = size <= most && old <= most - size;
  if (grown && table->table.has_value()) {
    const std::lock_guard lock(table->world->mutex);
    const Value null =
        table->world->to_value(reference(table->type.element, nullptr), table->table->type().element).value_or(Value());
    grown = table->table->grow(size, null).has_value();
  } else if (grown) {
    table->elements.resize(old + size, reference(table->type.element, nullptr));
  }
  if (!grown) return report(result(WasmEdge_ErrCode_TableOutOfBounds));
  table->type.limit.min = old + size;
  return kSuccess;
}
void WasmEdge_TableInstanceDelete(WasmEdge_TableInstanceContext* table) noexcept { delete table; }

// Memories

namespace {

std::span<uint8_t> part(const WasmEdge_MemoryInstanceContext& memory, uint64_t offset, uint64_t length, bool* fits) {
  const std::span<uint8_t> all = memory.memory->contents();
  *fits = offset <= all.size() && length <= all.size() - offset;
  return *fits ? all.subspan(offset, length) : std::span<uint8_t>();
}

}  // namespace

WasmEdge_MemoryInstanceContext* WasmEdge_MemoryInstanceCreate(const WasmEdge_MemoryTypeContext* type) noexcept {
  if (type == nullptr) return nullptr;
  const MemoryType internal = from_c(*type);
  constexpr uint64_t kMost = uint64_t{1} << 48;
  const uint64_t most_pages = internal.is64 ? kMost : 65536;
  if (internal.limits.min > most_pages || internal.limits.max.value_or(internal.limits.min) < internal.limits.min) {
    return nullptr;
  }
  Result<std::shared_ptr<runtime::Memory>> memory = runtime::Memory::make(internal, BoundsStrategy::kGuard, kMost);
  if (!memory.has_value()) {
    report(memory.error());
    return nullptr;
  }
  runtime::Memory* const made = memory->get();
  return new WasmEdge_MemoryInstanceContext{*type, made, std::move(*memory), nullptr};
}
const WasmEdge_MemoryTypeContext* WasmEdge_MemoryInstanceGetMemoryType(
    const WasmEdge_MemoryInstanceContext* memory) noexcept {
  return memory == nullptr ? nullptr : &memory->type;
}
WasmEdge_Result WasmEdge_MemoryInstanceGetData(const WasmEdge_MemoryInstanceContext* memory, uint8_t* data,
                                               uint64_t offset, uint64_t length) noexcept {
  if (memory == nullptr || data == nullptr) return kWrongWorkflow;
  bool fits;
  const std::span<uint8_t> from = part(*memory, offset, length, &fits);
  if (!fits) return report(result(WasmEdge_ErrCode_MemoryOutOfBounds));
  std::ranges::copy(from, data);
  return kSuccess;
}
WasmEdge_Result WasmEdge_MemoryInstanceSetData(WasmEdge_MemoryInstanceContext* memory, const uint8_t* data,
                                               uint64_t offset, uint64_t length) noexcept {
  if (memory == nullptr || data == nullptr) return kWrongWorkflow;
  bool fits;
  const std::span<uint8_t> to = part(*memory, offset, length, &fits);
  if (!fits) return report(result(WasmEdge_ErrCode_MemoryOutOfBounds));
  std::copy_n(data, length, to.begin());
  return kSuccess;
}
uint8_t* WasmEdge_MemoryInstanceGetPointer(WasmEdge_MemoryInstanceContext* memory, uint64_t offset,
                                           uint64_t length) noexcept {
  if (memory == nullptr) return nullptr;
  bool fits;
  uint8_t* const data = part(*memory, offset, length, &fits).data();
  return fits ? data : nullptr;
}
const uint8_t* WasmEdge_MemoryInstanceGetPointerConst(const WasmEdge_MemoryInstanceContext* memory, uint64_t offset,
                                                      uint64_t length) noexcept {
  return WasmEdge_MemoryInstanceGetPointer(const_cast<WasmEdge_MemoryInstanceContext*>(memory), offset, length);
}
uint64_t WasmEdge_MemoryInstanceGetPageSize(const WasmEdge_MemoryInstanceContext* memory) noexcept {
  return memory == nullptr ? 0 : memory->memory->pages();
}
WasmEdge_Result WasmEdge_MemoryInstanceGrowPage(WasmEdge_MemoryInstanceContext* memory, uint64_t pages) noexcept {
  if (memory == nullptr) return kWrongWorkflow;
  if (memory->memory->grow(pages) == runtime::Memory::kGrowFailed) {
    return report(result(WasmEdge_ErrCode_MemoryOutOfBounds));
  }
  memory->type.limit.min = memory->memory->pages();
  return kSuccess;
}
void WasmEdge_MemoryInstanceDelete(WasmEdge_MemoryInstanceContext* memory) noexcept { delete memory; }

const WasmEdge_TagTypeContext* WasmEdge_TagInstanceGetTagType(const WasmEdge_TagInstanceContext* tag) noexcept {
  return tag == nullptr ? nullptr : &tag->type;
}

// Globals

WasmEdge_GlobalInstanceContext* WasmEdge_GlobalInstanceCreate(const WasmEdge_GlobalTypeContext* type,
                                                              WasmEdge_Value value) noexcept {
  if (type == nullptr) return nullptr;
  if (is_ref(type->type)) {
    const WasmEdge_Result fits = check_reference(type->type, value);
    if (!ok(fits)) {
      report(fits);
      return nullptr;
    }
  } else if (!(type->type == value.Type)) {
    report(result(WasmEdge_ErrCode_SetValueErrorType));
    return nullptr;
  }
  return new WasmEdge_GlobalInstanceContext{*type, value, nullptr, nullptr, std::nullopt};
}
const WasmEdge_GlobalTypeContext* WasmEdge_GlobalInstanceGetGlobalType(
    const WasmEdge_GlobalInstanceContext* global) noexcept {
  return global == nullptr ? nullptr : &global->type;
}
WasmEdge_Value WasmEdge_GlobalInstanceGetValue(const WasmEdge_GlobalInstanceContext* global) noexcept {
  if (global == nullptr) return WasmEdge_ValueGenI32(0);
  if (!global->global.has_value()) return global->value;
  const std::lock_guard lock(global->world->mutex);
  return global->world->to_c(global->type.type, global->global->get());
}
WasmEdge_Result WasmEdge_GlobalInstanceSetValue(WasmEdge_GlobalInstanceContext* global, WasmEdge_Value value) noexcept {
  if (global == nullptr) return kWrongWorkflow;
  if (!global->type.is_mutable) return report(result(WasmEdge_ErrCode_SetValueToConst));
  if (is_ref(global->type.type)) {
    if (const WasmEdge_Result fits = check_reference(global->type.type, value); !ok(fits)) return report(fits);
  } else if (!(global->type.type == value.Type)) {
    return report(result(WasmEdge_ErrCode_SetValueErrorType));
  }
  if (!global->global.has_value()) {
    global->value = value;
    return kSuccess;
  }
  const std::lock_guard lock(global->world->mutex);
  const std::optional<Value> converted = global->world->to_value(value, global->global->type().type);
  if (!converted.has_value() || !global->global->set(*converted).has_value()) {
    return report(result(WasmEdge_ErrCode_SetValueErrorType));
  }
  return kSuccess;
}
void WasmEdge_GlobalInstanceDelete(WasmEdge_GlobalInstanceContext* global) noexcept { delete global; }
