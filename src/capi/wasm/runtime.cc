// What wasm.h's objects do: engines, stores, modules, instances, calls.
#include <algorithm>
#include <cstring>

#include "capi/wasm/objects.h"
#include "capi/wasm/types.h"
#include "capi/wasm/vectors.h"
#include "engine/engine.h"

using namespace wherry;
using namespace wherry::capi;

struct wasm_config_t {
  Config config;
};
struct wasm_engine_t {
  Engine engine;
};
struct wasm_store_t {
  StorePtr store;
};
struct wasm_shared_module_t {
  Module module;
};
struct wasm_frame_t {
  wasm_frame_t(const StorePtr& store, const BacktraceFrame& f) : frame(f) {
    if (const auto found = store->instances.find(f.module); found != store->instances.end()) {
      instance.emplace(store, found->second);
    }
  }
  BacktraceFrame frame;
  std::optional<wasm_instance_t> instance;
};

namespace {

std::span<const uint8_t> bytes_of(const wasm_byte_vec_t& vec) {
  return {reinterpret_cast<const uint8_t*>(vec.data), vec.size};
}

wasm_trap_t* host_trap(const StorePtr& store, std::string_view why) {
  Trap trap;
  trap.kind = TrapKind::kHostError;
  trap.message = why;
  return new wasm_trap_t(store, std::move(trap));
}

size_t slot_count(std::span<const ValType> types) {
  size_t slots = 0;
  for (const ValType type : types) slots += type.slots();
  return slots;
}

/// Values of one call on their way between C and slots. Keeps references alive until the guest has them.
class Crossing {
 public:
  explicit Crossing(const StorePtr& store) : store_(store) {}

  /// False: `value` is not of `type`.
  bool to_slot(const wasm_val_t& value, ValType type, Slot* slot) {
    switch (type.kind()) {
      case ValType::kI32:
      case ValType::kF32:
        *slot = static_cast<uint32_t>(value.of.i32);
        return value.kind == (type == ValType::kI32 ? WASM_I32 : WASM_F32);
      case ValType::kI64:
      case ValType::kF64:
        *slot = static_cast<uint64_t>(value.of.i64);
        return value.kind == (type == ValType::kI64 ? WASM_I64 : WASM_F64);
      case ValType::kRef: {
        std::optional<Value> ref = to_value(store_, value, type);
        if (!ref.has_value() || !ref->to_slots(store_->store, type, slot).has_value()) return false;
        kept_.push_back(std::move(*ref));
        return true;
      }
      default:
        return false;
    }
  }

  /// The caller owns the result.
  wasm_val_t from_slot(ValType type, Slot slot) {
    wasm_val_t out{};
    switch (type.kind()) {
      case ValType::kI32:
      case ValType::kF32:
        out.kind = type == ValType::kI32 ? WASM_I32 : WASM_F32;
        out.of.i32 = static_cast<int32_t>(slot);
        break;
      case ValType::kI64:
      case ValType::kF64:
        out.kind = type == ValType::kI64 ? WASM_I64 : WASM_F64;
        out.of.i64 = static_cast<int64_t>(slot);
        break;
      case ValType::kRef:
        out = to_val(store_, Value::from_slots(store_->store, type, &slot));
        break;
      default:
        out.kind = WASM_V128;
        break;
    }
    return out;
  }

 private:
  const StorePtr& store_;
  std::vector<Value> kept_;
};

/// Room for `size` elements, without an allocation if they are few.
template <class T>
class Scratch {
 public:
  explicit Scratch(size_t size) {
    if (size <= kFew) return;
    many_.resize(size);
    data_ = many_.data();
  }
  T* data() { return data_; }
  T& operator[](size_t i) { return data_[i]; }

 private:
  static constexpr size_t kFew = 16;
  T few_[kFew];
  std::vector<T> many_;
  T* data_ = few_;
};

/// A host function: C code with its environment.
struct Callback {
  wasm_func_callback_t plain;
  wasm_func_callback_with_env_t with_env;
  HostInfo env;
  FuncType type;
  /// Not owned: the store owns the function.
  SharedStore* store;

  CallResult<> operator()(Caller& caller, std::span<Slot> slots) const {
    const StorePtr borrowed(std::shared_ptr<void>(), store);
    Crossing crossing(borrowed);
    Scratch<wasm_val_t> args(type.params.size());
    Scratch<wasm_val_t> results(type.results.size());
    const Slot* from = slots.data();
    for (size_t i = 0; i < type.params.size(); ++i) {
      args[i] = crossing.from_slot(type.params[i], *from);
      from += type.params[i].slots();
    }
    for (size_t i = 0; i < type.results.size(); ++i) {
      results[i] = wasm_val_t{};
      results[i].kind = kind_of(store->engine, type.results[i]);
    }
    const wasm_val_vec_t in{type.params.size(), args.data()};
    wasm_val_vec_t out{type.results.size(), results.data()};
    const std::unique_ptr<wasm_trap_t> trap(with_env != nullptr ? with_env(env.data(), &in, &out) : plain(&in, &out));
    CallResult<> result;
    if (trap != nullptr) {
      result = std::unexpected(trap->body->trap);
    } else {
      Slot* to = slots.data();
      for (size_t i = 0; i < type.results.size(); ++i) {
        if (!crossing.to_slot(results[i], type.results[i], to)) {
          result = caller.fail("a result of another type");
          break;
        }
        to += type.results[i].slots();
      }
    }
    for (size_t i = 0; i < type.params.size(); ++i) wasm_val_delete(&args[i]);
    for (size_t i = 0; i < type.results.size(); ++i) wasm_val_delete(&results[i]);
    return result;
  }
};

wasm_func_t* make_func(wasm_store_t* store, const wasm_functype_t* type, wasm_func_callback_t plain,
                       wasm_func_callback_with_env_t with_env, HostInfo env) {
  std::optional<FuncType> signature = from_c(*type);
  if (!signature.has_value()) return nullptr;
  SharedStore* shared = store->store.get();
  FuncType copy = *signature;
  return new wasm_func_t(store->store,
                         Func::raw_function(shared->store, std::move(copy),
                                            Callback{plain, with_env, std::move(env), std::move(*signature), shared}));
}

}  // namespace

wasm_config_t* wasm_config_new() { return new wasm_config_t; }
void wasm_config_delete(wasm_config_t* config) { delete config; }
wasm_engine_t* wasm_engine_new() { return new wasm_engine_t{Engine()}; }
wasm_engine_t* wasm_engine_new_with_config(wasm_config_t* config) {
  const std::unique_ptr<wasm_config_t> owned(config);
  return new wasm_engine_t{Engine(config->config)};
}
void wasm_engine_delete(wasm_engine_t* engine) { delete engine; }
wasm_store_t* wasm_store_new(wasm_engine_t* engine) {
  return new wasm_store_t{std::make_shared<SharedStore>(engine->engine)};
}
void wasm_store_delete(wasm_store_t* store) { delete store; }

// Traps

wasm_trap_t* wasm_trap_new(wasm_store_t* store, const wasm_message_t* message) {
  return host_trap(store->store, {message->data, strnlen(message->data, message->size)});
}
void wasm_trap_message(const wasm_trap_t* trap, wasm_message_t* out) {
  const std::string& message = trap->body->trap.message;
  *out = make_vec<wasm_message_t>(message.size() + 1, message.c_str());
}
wasm_frame_t* wasm_trap_origin(const wasm_trap_t* trap) {
  if (trap->body->trap.backtrace.empty()) return nullptr;
  const BacktraceFrame& frame = trap->body->trap.backtrace.front();
  return new wasm_frame_t(trap->store, frame);
}
void wasm_trap_trace(const wasm_trap_t* trap, wasm_frame_vec_t* out) {
  const std::vector<BacktraceFrame>& frames = trap->body->trap.backtrace;
  *out = make_vec<wasm_frame_vec_t>(frames.size());
  std::ranges::transform(frames, out->data,
                         [&](const BacktraceFrame& frame) { return new wasm_frame_t(trap->store, frame); });
}
wasm_instance_t* wasm_frame_instance(const wasm_frame_t* frame) {
  std::optional<wasm_instance_t>& instance = const_cast<wasm_frame_t*>(frame)->instance;
  return instance.has_value() ? &*instance : nullptr;
}
uint32_t wasm_frame_func_index(const wasm_frame_t* frame) { return frame->frame.function_index; }
size_t wasm_frame_func_offset(const wasm_frame_t* frame) { return frame->frame.function_offset; }
size_t wasm_frame_module_offset(const wasm_frame_t* frame) { return frame->frame.offset; }
wasm_frame_t* wasm_frame_copy(const wasm_frame_t* frame) { return new wasm_frame_t(*frame); }
void wasm_frame_delete(wasm_frame_t* frame) { delete frame; }
WHERRY_DEFINE_VECTOR(frame, wasm_frame_t*, wasm_frame_copy, wasm_frame_delete)

wasm_foreign_t* wasm_foreign_new(wasm_store_t* store) {
  Result<ExternRef> ref = ExternRef::make_owned<HostInfo>(store->store->store);
  return ref.has_value() ? new wasm_foreign_t(store->store, std::move(*ref)) : nullptr;
}

// Modules

wasm_module_t* wasm_module_new(wasm_store_t* store, const wasm_byte_vec_t* binary) {
  Result<Module> module = Module::from_binary(store->store->engine, bytes_of(*binary));
  return module.has_value() ? new wasm_module_t(store->store, std::move(*module)) : nullptr;
}
bool wasm_module_validate(wasm_store_t* store, const wasm_byte_vec_t* binary) {
  return Module::from_binary(store->store->engine, bytes_of(*binary), BytesUse::kBorrow).has_value();
}
void wasm_module_imports(const wasm_module_t* module, wasm_importtype_vec_t* out) {
  const std::vector<ImportType> imports = module->module.imports();
  *out = make_vec<wasm_importtype_vec_t>(imports.size());
  std::ranges::transform(imports, out->data, [&](const ImportType& i) { return to_c(module->module.engine(), i); });
}
void wasm_module_exports(const wasm_module_t* module, wasm_exporttype_vec_t* out) {
  const std::vector<ExportType> exports = module->module.exports();
  *out = make_vec<wasm_exporttype_vec_t>(exports.size());
  std::ranges::transform(exports, out->data, [&](const ExportType& e) { return to_c(module->module.engine(), e); });
}
void wasm_module_serialize(const wasm_module_t* module, wasm_byte_vec_t* out) {
  const std::span<const uint8_t> bytes = module->module.bytes();
  *out = make_vec<wasm_byte_vec_t>(bytes.size(), reinterpret_cast<const wasm_byte_t*>(bytes.data()));
}
wasm_module_t* wasm_module_deserialize(wasm_store_t* store, const wasm_byte_vec_t* binary) {
  return wasm_module_new(store, binary);
}
wasm_shared_module_t* wasm_module_share(const wasm_module_t* module) {
  return new wasm_shared_module_t{module->module};
}
void wasm_shared_module_delete(wasm_shared_module_t* module) { delete module; }
wasm_module_t* wasm_module_obtain(wasm_store_t* store, const wasm_shared_module_t* module) {
  if (!(module->module.engine() == store->store->engine)) return nullptr;
  return new wasm_module_t(store->store, module->module);
}

// Functions

wasm_func_t* wasm_func_new(wasm_store_t* store, const wasm_functype_t* type, wasm_func_callback_t callback) {
  return make_func(store, type, callback, nullptr, {});
}
wasm_func_t* wasm_func_new_with_env(wasm_store_t* store, const wasm_functype_t* type,
                                    wasm_func_callback_with_env_t callback, void* env, void (*finalizer)(void*)) {
  return make_func(store, type, nullptr, callback, HostInfo(env, finalizer));
}
wasm_functype_t* wasm_func_type(const wasm_func_t* func) {
  return static_cast<wasm_functype_t*>(to_c(func->store->engine, func->get().type()));
}
size_t wasm_func_param_arity(const wasm_func_t* func) { return func->get().params().size(); }
size_t wasm_func_result_arity(const wasm_func_t* func) { return func->get().results().size(); }

wasm_trap_t* wasm_func_call(const wasm_func_t* func, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  const Func callee = func->get();
  const std::span<const ValType> params = callee.params();
  const std::span<const ValType> types = callee.results();
  const size_t arg_count = args == nullptr ? 0 : args->size;
  if (arg_count != params.size()) return host_trap(func->store, "a call with a wrong number of arguments");
  if ((results == nullptr ? 0 : results->size) < types.size()) {
    return host_trap(func->store, "a call with too little room for results");
  }
  Crossing crossing(func->store);
  Scratch<Slot> slots(std::max(slot_count(params), slot_count(types)));
  Slot* slot = slots.data();
  for (size_t i = 0; i < params.size(); ++i) {
    if (!crossing.to_slot(args->data[i], params[i], slot)) {
      return host_trap(func->store, "a call with an argument of another type");
    }
    slot += params[i].slots();
  }
  if (std::ranges::find(types, ValType(ValType::kV128)) != types.end())
    return host_trap(func->store, "a result of type v128");
  if (CallResult<> called = callee.call_raw(slots.data()); !called.has_value()) {
    return new wasm_trap_t(func->store, std::move(called.error()));
  }
  for (size_t i = 0; i < types.size(); ++i) results->data[i] = crossing.from_slot(types[i], slots[i]);
  return nullptr;
}

// Globals, tables, memories

wasm_global_t* wasm_global_new(wasm_store_t* store, const wasm_globaltype_t* type, const wasm_val_t* init) {
  const std::optional<ValType> content = from_c(type->content.kind);
  if (!content.has_value()) return nullptr;
  const std::optional<Value> value = to_value(store->store, *init, *content);
  if (!value.has_value()) return nullptr;
  Result<Global> global = Global::make(store->store->store, {*content, type->mutability == WASM_VAR}, *value);
  return global.has_value() ? new wasm_global_t(store->store, *global) : nullptr;
}
wasm_globaltype_t* wasm_global_type(const wasm_global_t* global) {
  return static_cast<wasm_globaltype_t*>(to_c(global->store->engine, global->get().type()));
}
void wasm_global_get(const wasm_global_t* global, wasm_val_t* out) {
  *out = to_val(global->store, global->get().get());
}
void wasm_global_set(wasm_global_t* global, const wasm_val_t* value) {
  const std::optional<Value> converted = to_value(global->store, *value, global->get().type().type);
  if (converted.has_value()) (void)global->get().set(*converted);
}

wasm_table_t* wasm_table_new(wasm_store_t* store, const wasm_tabletype_t* type, wasm_ref_t* init) {
  const std::optional<ValType> element = from_c(type->element.kind);
  if (!element.has_value()) return nullptr;
  const std::optional<Value> value = to_value(store->store, init, *element);
  if (!value.has_value()) return nullptr;
  Result<Table> table = Table::make(store->store->store, {*element, from_c(type->limits)}, *value);
  return table.has_value() ? new wasm_table_t(store->store, *table) : nullptr;
}
wasm_tabletype_t* wasm_table_type(const wasm_table_t* table) {
  return static_cast<wasm_tabletype_t*>(to_c(table->store->engine, table->get().type()));
}
wasm_ref_t* wasm_table_get(const wasm_table_t* table, wasm_table_size_t index) {
  Result<Value> value = table->get().get(index);
  return value.has_value() ? to_ref(table->store, *value) : nullptr;
}
bool wasm_table_set(wasm_table_t* table, wasm_table_size_t index, wasm_ref_t* ref) {
  const std::optional<Value> value = to_value(table->store, ref, table->get().type().element);
  return value.has_value() && table->get().set(index, *value).has_value();
}
wasm_table_size_t wasm_table_size(const wasm_table_t* table) {
  return static_cast<wasm_table_size_t>(table->get().size());
}
bool wasm_table_grow(wasm_table_t* table, wasm_table_size_t delta, wasm_ref_t* init) {
  const std::optional<Value> value = to_value(table->store, init, table->get().type().element);
  return value.has_value() && table->get().grow(delta, *value).has_value();
}

wasm_memory_t* wasm_memory_new(wasm_store_t* store, const wasm_memorytype_t* type) {
  MemoryType memory_type;
  memory_type.limits = from_c(type->limits);
  Result<Memory> memory = Memory::make(store->store->store, memory_type);
  return memory.has_value() ? new wasm_memory_t(store->store, *memory) : nullptr;
}
wasm_memorytype_t* wasm_memory_type(const wasm_memory_t* memory) {
  return static_cast<wasm_memorytype_t*>(to_c(memory->store->engine, memory->get().type()));
}
byte_t* wasm_memory_data(wasm_memory_t* memory) { return reinterpret_cast<byte_t*>(memory->get().data().data()); }
size_t wasm_memory_data_size(const wasm_memory_t* memory) { return memory->get().data().size(); }
wasm_memory_pages_t wasm_memory_size(const wasm_memory_t* memory) {
  return static_cast<wasm_memory_pages_t>(memory->get().pages());
}
bool wasm_memory_grow(wasm_memory_t* memory, wasm_memory_pages_t delta) {
  return memory->get().grow(delta).has_value();
}

// Externs and instances

wasm_externkind_t wasm_extern_kind(const wasm_extern_t* item) {
  switch (kind(item->item)) {
    case ExternKind::kFunc:
      return WASM_EXTERN_FUNC;
    case ExternKind::kTable:
      return WASM_EXTERN_TABLE;
    case ExternKind::kMemory:
      return WASM_EXTERN_MEMORY;
    case ExternKind::kGlobal:
      return WASM_EXTERN_GLOBAL;
    case ExternKind::kTag:
      return WASM_EXTERN_TAG;
  }
  __builtin_unreachable();
}
wasm_externtype_t* wasm_extern_type(const wasm_extern_t* item) {
  return to_c(item->store->engine, type_of(item->item));
}

wasm_instance_t* wasm_instance_new(wasm_store_t* store, const wasm_module_t* module, const wasm_extern_vec_t* imports,
                                   wasm_trap_t** trap) {
  if (trap != nullptr) *trap = nullptr;
  std::vector<Extern> items;
  for (size_t i = 0; imports != nullptr && i < imports->size; ++i) items.push_back(imports->data[i]->item);
  Result<Instance> instance = Instance::make(store->store->store, module->module, items);
  if (instance.has_value()) {
    store->store->instances.insert_or_assign(&module->module.impl()->module(), *instance);
    return new wasm_instance_t(store->store, *instance);
  }
  if (trap != nullptr) {
    const Error& error = instance.error();
    *trap = error.trap != nullptr ? new wasm_trap_t(store->store, *error.trap) : host_trap(store->store, error.message);
  }
  return nullptr;
}
void wasm_instance_exports(const wasm_instance_t* instance, wasm_extern_vec_t* out) {
  const auto exports = instance->instance.exports();
  *out = make_vec<wasm_extern_vec_t>(exports.size());
  std::ranges::transform(exports, out->data, [&](const auto& item) { return to_extern(instance->store, item.second); });
}
