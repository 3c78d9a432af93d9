#include "capi/wasmedge/world.h"

#include "api/store_state.h"
#include "capi/wasmedge/instances.h"
#include "capi/wasmedge/wasi.h"

namespace wherry::wasmedge {
namespace {

StoreLimits limits_of(const WasmEdge_ConfigureContext& configure) {
  StoreLimits limits;
  limits.max_memory_bytes = configure.max_memory_bytes();
  return limits;
}

}  // namespace

World::World(EnginePtr e, const WasmEdge_ConfigureContext& configure)
    : engine(std::move(e)), store(engine->engine, limits_of(configure)) {
  store.emplace_data<World*>(this);
}

World::~World() {
  // What moved in keeps the world alive: only contexts of its own are left.
  tables_.clear();
  globals_.clear();
}

WasmEdge_FunctionInstanceContext* World::context_of(const Func& func) {
  if (func.is_null()) return nullptr;
  // A function of the host is its own context.
  if (auto* host = static_cast<detail::HostFunction*>(func.impl()->host); host != nullptr) {
    if (auto* context = WasmEdge_FunctionInstanceContext::of(host); context != nullptr) return context;
  }
  auto& context = functions_[func.impl()];
  if (context == nullptr) context = std::make_shared<WasmEdge_FunctionInstanceContext>(*this, func);
  return context.get();
}

WasmEdge_TableInstanceContext* World::context_of(const Table& table) {
  WasmEdge_TableInstanceContext*& context = tables_[&table.impl()];
  if (context == nullptr) {
    context = own_tables_
                  .emplace_back(new WasmEdge_TableInstanceContext{
                      wasmedge::to_c(table.impl().type()), {}, {}, this, nullptr, table})
                  .get();
  }
  return context;
}

WasmEdge_MemoryInstanceContext* World::context_of(const Memory& memory) {
  auto& context = memories_[&memory.impl()];
  if (context == nullptr) {
    context.reset(
        new WasmEdge_MemoryInstanceContext{wasmedge::to_c(memory.impl().type()), &memory.impl(), nullptr, this});
  }
  return context.get();
}

WasmEdge_GlobalInstanceContext* World::context_of(const Global& global) {
  WasmEdge_GlobalInstanceContext*& context = globals_[&global.impl()];
  if (context == nullptr) {
    context =
        own_globals_
            .emplace_back(new WasmEdge_GlobalInstanceContext{wasmedge::to_c(global.type()), {}, this, nullptr, global})
            .get();
  }
  return context;
}

WasmEdge_TagInstanceContext* World::context_of(const Tag& tag) {
  auto& context = tags_[&tag.impl()];
  if (context == nullptr) context.reset(new WasmEdge_TagInstanceContext{{wasmedge::to_c(tag.type())}});
  return context.get();
}

void World::forget(const WasmEdge_TableInstanceContext& context) {
  if (context.table.has_value()) tables_.erase(&context.table->impl());
}
void World::forget(const WasmEdge_GlobalInstanceContext& context) {
  if (context.global.has_value()) globals_.erase(&context.global->impl());
}

Func World::import(WasmEdge_FunctionInstanceContext& function) {
  if (function.world == this) return function.func;
  if (!function.is_host()) return proxy_of(function);
  const TypeId type = engine->engine.intern(function.host_type).value_or(0);
  return Func(store.state().host_func(function.shared_from_this(), type));
}

Func World::proxy_of(WasmEdge_FunctionInstanceContext& function) {
  const auto found = proxies_.find(&function);
  if (found != proxies_.end()) return found->second;
  const FuncType type = function.func.type();
  for (const auto* types : {&type.params, &type.results}) {
    for (const ValType value : *types) {
      if (value.is_ref()) return {};
    }
  }
  // Numbers are the same slots in both worlds.
  Func proxy = Func::raw_function(store, type,
                                  [target = function.func, world = function.world->shared_from_this()](
                                      Caller& caller, std::span<Slot> slots) -> CallResult<> {
                                    World& here = World::of(caller);
                                    const std::lock_guard lock(world->mutex);
                                    WasmEdge_ExecutorContext* const before =
                                        std::exchange(world->executor, here.executor);
                                    CallResult<> called = target.call_raw(slots.data());
                                    world->executor = before;
                                    if (!called.has_value())
                                      here.host_result = std::exchange(world->host_result, std::nullopt);
                                    return called;
                                  });
  proxies_.emplace(&function, proxy);
  return proxy;
}

std::optional<Table> World::import(WasmEdge_TableInstanceContext& table) {
  if (table.world == this) return table.table;
  if (table.world != nullptr) return std::nullopt;
  const std::optional<TableType> type = from_c(table.type);
  if (!type.has_value()) return std::nullopt;
  const std::optional<Value> init = to_value(table.init, type->element);
  if (!init.has_value()) return std::nullopt;
  TableType grown = *type;
  grown.limits.min = table.elements.size();
  Result<Table> made = Table::make(store, grown, *init);
  if (!made.has_value()) return std::nullopt;
  for (size_t i = 0; i < table.elements.size(); ++i) {
    const std::optional<Value> element = to_value(table.elements[i], type->element);
    if (!element.has_value() || !made->set(i, *element).has_value()) return std::nullopt;
  }
  table.table = *made;
  table.world = this;
  table.keep = shared_from_this();
  table.elements.clear();
  tables_[&made->impl()] = &table;
  return table.table;
}

std::optional<Memory> World::import(WasmEdge_MemoryInstanceContext& memory) {
  if (memory.world == this) return Memory(store, *memory.memory);
  if (memory.owned != nullptr) return Memory(store, *store.state().shared_memory(memory.owned));
  const std::optional<SharedMemory> shared = Memory(memory.world->store, *memory.memory).shared();
  return shared.has_value() ? std::optional(Memory::use(store, *shared)) : std::nullopt;
}

std::optional<Global> World::import(WasmEdge_GlobalInstanceContext& global) {
  if (global.world == this) return global.global;
  if (global.world != nullptr) return std::nullopt;
  const std::optional<GlobalType> type = from_c(global.type);
  if (!type.has_value()) return std::nullopt;
  const std::optional<Value> value = to_value(global.value, type->type);
  if (!value.has_value()) return std::nullopt;
  Result<Global> made = Global::make(store, *type, *value);
  if (!made.has_value()) return std::nullopt;
  global.global = *made;
  global.world = this;
  global.keep = shared_from_this();
  globals_[&made->impl()] = &global;
  return global.global;
}

Value World::ref_value(const WasmEdge_Value& value, ValType type, bool* fits) {
  const ValType top = engine->engine.top(type);
  void* const at = pointer(value);
  *fits = is_ref(value.Type);
  if (top == ValType::funcref()) {
    if (!is_funcref(value.Type)) *fits = false;
    if (at == nullptr || !*fits) return Func();
    const Func func = import(*static_cast<WasmEdge_FunctionInstanceContext*>(at));
    if (func.is_null()) *fits = false;
    return func;
  }
  if (is_funcref(value.Type)) *fits = false;
  Ref ref;
  if (const auto given = given_.find(high(value)); given != given_.end()) {
    ref = given->second;
  } else if (at != nullptr && top == ValType::externref()) {
    Result<ExternRef> made = ExternRef::make(store, high(value));
    if (made.has_value()) {
      ref = std::move(*made);
    } else {
      *fits = false;
    }
  } else if (at != nullptr) {
    // Only small integers can be told from stray pointers.
    if ((high(value) & 1) != 0) {
      ref = Ref::from_raw(store, high(value));
    } else {
      *fits = false;
    }
  }
  if (top == ValType::externref()) return ExternRef(std::move(ref));
  if (top == ValType::exnref()) return ExnRef(std::move(ref));
  return AnyRef(std::move(ref));
}

std::optional<Value> World::to_value(const WasmEdge_Value& value, ValType type) {
  if (type.is_ref()) {
    bool fits = true;
    Value converted = ref_value(value, type, &fits);
    if (!fits) return std::nullopt;
    return converted;
  }
  Slot slots[2] = {low(value), high(value)};
  return Value::from_slots(store, type, slots);
}

bool World::to_slots(const WasmEdge_Value& value, ValType type, Slot* slots, std::vector<Value>& kept) {
  switch (type.kind()) {
    case ValType::kV128:
      slots[1] = high(value);
      [[fallthrough]];
    case ValType::kI32:
    case ValType::kI64:
    case ValType::kF32:
    case ValType::kF64:
      slots[0] = low(value);
      return true;
    default: {
      bool fits = true;
      Value ref = ref_value(value, type, &fits);
      if (!fits || !ref.to_slots(store, type, slots).has_value()) return false;
      kept.push_back(std::move(ref));
      return true;
    }
  }
}

WasmEdge_Value World::to_c(const WasmEdge_ValType& type, ValType internal, const Slot* slots) {
  switch (internal.kind()) {
    case ValType::kI32:
    case ValType::kF32:
      return number(type, static_cast<uint32_t>(slots[0]));
    case ValType::kI64:
    case ValType::kF64:
      return number(type, slots[0]);
    case ValType::kV128:
      return {static_cast<uint128_t>(slots[1]) << 64 | slots[0], type};
    default:
      return to_c(type, Value::from_slots(store, internal, slots));
  }
}

WasmEdge_Value World::to_c(const WasmEdge_ValType& type, const Value& value) {
  if (!value.is_ref()) {
    Slot slots[2] = {};
    (void)value.to_slots(store, value.type(), slots);
    return {static_cast<uint128_t>(slots[1]) << 64 | slots[0], type};
  }
  if (value.is_null()) return reference(type, nullptr);
  if (value.type() == ValType::funcref()) return reference(type, context_of(value.func()));
  if (value.type() == ValType::externref()) {
    if (const std::optional<uint64_t> word = value.externref().word(); word.has_value()) {
      return reference(type, reinterpret_cast<const void*>(*word));
    }
  }
  const uint64_t raw = value.raw_ref();
  if ((raw & 1) == 0) given_.try_emplace(raw, Ref::from_raw(store, raw));
  return reference(type, reinterpret_cast<const void*>(raw));
}

}  // namespace wherry::wasmedge
