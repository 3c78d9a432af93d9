// A world: a store of Wherry's, with the C API's objects for what is in it. See instances.h.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "capi/wasmedge/configure.h"
#include "wasmedge/wasmedge.h"
#include "wherry/caller.h"
#include "wherry/instance.h"
#include "wherry/store.h"
#include "wherry/value.h"
#include "wherry/wasi.h"

namespace wherry::wasmedge {

struct WasiState;

class World : public std::enable_shared_from_this<World> {
 public:
  World(EnginePtr engine, const WasmEdge_ConfigureContext& configure);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  static World& of(const StoreRef& store) { return **store.find_data<World*>(); }

  const EnginePtr engine;
  Store store;

  /// Held while one of its functions runs, so that threads take turns. Host functions may call back in.
  std::recursive_mutex mutex;
  /// Whose call runs.
  WasmEdge_ExecutorContext* executor = nullptr;
  /// What a host function ended the guest with.
  std::optional<WasmEdge_Result> host_result;
  /// What host functions have cost since it was set to 0, besides fuel.
  uint64_t host_cost = 0;
  /// The instances' contexts, as long as they live.
  std::unordered_map<const runtime::Instance*, WasmEdge_ModuleInstanceContext*> instances;
  /// WASI as its instances import it: the last one.
  std::shared_ptr<WasiState> wasi;
  /// Of WASI's own world.
  std::map<std::string, Func, std::less<>> wasi_functions;

  // The contexts of what is in this world, made when first asked for, and owned by it; but a table's or global's may be
  // one that moved in. Null for a null function.
  WasmEdge_FunctionInstanceContext* context_of(const Func& func);
  WasmEdge_TableInstanceContext* context_of(const Table& table);
  WasmEdge_MemoryInstanceContext* context_of(const Memory& memory);
  WasmEdge_GlobalInstanceContext* context_of(const Global& global);
  WasmEdge_TagInstanceContext* context_of(const Tag& tag);
  void forget(const WasmEdge_TableInstanceContext& context);
  void forget(const WasmEdge_GlobalInstanceContext& context);

  // The C API's objects as this world's. None, or a null function: not possible (references cannot go to a function of
  // another world).
  Func import(WasmEdge_FunctionInstanceContext& function);
  std::optional<Table> import(WasmEdge_TableInstanceContext& table);
  std::optional<Memory> import(WasmEdge_MemoryInstanceContext& memory);
  std::optional<Global> import(WasmEdge_GlobalInstanceContext& global);

  /// A value as `type`, one slot or two. References it makes are added to `kept`, which must live until the guest has
  /// them. False: not a value of the type.
  bool to_slots(const WasmEdge_Value& value, ValType type, Slot* slots, std::vector<Value>& kept);
  WasmEdge_Value to_c(const WasmEdge_ValType& type, ValType internal, const Slot* slots);
  std::optional<Value> to_value(const WasmEdge_Value& value, ValType type);
  WasmEdge_Value to_c(const WasmEdge_ValType& type, const Value& value);

 private:
  Func proxy_of(WasmEdge_FunctionInstanceContext& function);
  Value ref_value(const WasmEdge_Value& value, ValType type, bool* fits);

  std::unordered_map<const runtime::Func*, std::shared_ptr<WasmEdge_FunctionInstanceContext>> functions_;
  std::unordered_map<const void*, WasmEdge_TableInstanceContext*> tables_;
  std::unordered_map<const void*, WasmEdge_GlobalInstanceContext*> globals_;
  std::unordered_map<const void*, std::unique_ptr<WasmEdge_MemoryInstanceContext>> memories_;
  std::unordered_map<const void*, std::unique_ptr<WasmEdge_TagInstanceContext>> tags_;
  std::vector<std::unique_ptr<WasmEdge_TableInstanceContext>> own_tables_;
  std::vector<std::unique_ptr<WasmEdge_GlobalInstanceContext>> own_globals_;
  std::unordered_map<const WasmEdge_FunctionInstanceContext*, Func> proxies_;
  /// Objects of the heap that the embedder was given: it has no way to give them back.
  std::unordered_map<uint64_t, Ref> given_;
};
using WorldPtr = std::shared_ptr<World>;

}  // namespace wherry::wasmedge

/// Passed to host functions.
struct WasmEdge_CallingFrameContext {
  WasmEdge_ExecutorContext* executor;
  const wherry::Caller* caller;  ///< Null: the host itself calls.
};
