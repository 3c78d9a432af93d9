// What lives at run time: module instances, functions, tables, memories, globals, tags.
//
// In WasmEdge all of these stand on their own: made before there is a store, linked in any combination, deleted in any
// order. In Wherry they belong to a store. So a *world*, a store of Wherry's, is made when a module is instantiated
// whose imports are in no world yet; if one is, the new instance joins that world. What the host makes starts in no
// world: a host function is in all that import it, a memory is shared, a table or global moves into the first world
// that imports it. Of a function of another world, a world has a proxy. A world lives as long as an instance, or a
// table or global that moved in.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capi/wasmedge/ast.h"
#include "capi/wasmedge/values.h"
#include "capi/wasmedge/wasi.h"
#include "capi/wasmedge/world.h"
#include "runtime/memory.h"
#include "wherry/host_func.h"
#include "wherry/instance.h"
#include "wherry/wasi.h"

/// A function of a world, or of the host: then this is the host function itself, which worlds share.
struct WasmEdge_FunctionInstanceContext final : wherry::detail::HostFunction,
                                                std::enable_shared_from_this<WasmEdge_FunctionInstanceContext> {
  /// Of the host.
  WasmEdge_FunctionInstanceContext(WasmEdge_FunctionTypeContext t, wherry::FuncType w, uint64_t c);
  /// Of a world, which owns this.
  WasmEdge_FunctionInstanceContext(wherry::wasmedge::World& w, wherry::Func f);

  const WasmEdge_FunctionTypeContext type;
  // Of the host: one of the two functions, or a function of Wherry's.
  const wherry::FuncType host_type;
  WasmEdge_HostFunc_t plain = nullptr;
  WasmEdge_WrapFunc_t wrapped = nullptr;
  void* binding = nullptr;
  void* data = nullptr;
  const uint64_t cost = 0;
  // Of a world.
  wherry::wasmedge::World* const world = nullptr;
  const wherry::Func func;
  /// While the embedder owns it: itself.
  std::shared_ptr<WasmEdge_FunctionInstanceContext> self;
  /// Set when it is called: its module takes no more then.
  std::shared_ptr<bool> in_use;

  bool is_host() const { return world == nullptr; }
  /// Null if `function` is another kind of host function.
  static WasmEdge_FunctionInstanceContext* of(wherry::detail::HostFunction* function) {
    return function->invoke == &enter ? static_cast<WasmEdge_FunctionInstanceContext*>(function) : nullptr;
  }
  /// Calls the host's function, with `caller` null when the host itself calls.
  WasmEdge_Result call_host(const wherry::Caller* caller, const WasmEdge_Value* params, WasmEdge_Value* returns);

 private:
  static wherry::TrapKind enter(wherry::detail::HostFunction& self, wherry::Caller& caller, wherry::Slot* slots);
};

struct WasmEdge_TableInstanceContext {
  WasmEdge_TableTypeContext type;
  /// Until the table moves into a world.
  std::vector<WasmEdge_Value> elements;
  WasmEdge_Value init;
  wherry::wasmedge::World* world = nullptr;
  std::shared_ptr<wherry::wasmedge::World> keep;  ///< Unless the world owns this.
  std::optional<wherry::Table> table;
  ~WasmEdge_TableInstanceContext();
};

struct WasmEdge_MemoryInstanceContext {
  WasmEdge_MemoryTypeContext type;
  wherry::runtime::Memory* memory;
  std::shared_ptr<wherry::runtime::Memory> owned;  ///< If the host made it.
  wherry::wasmedge::World* world;                  ///< If it is a world's.
};

struct WasmEdge_GlobalInstanceContext {
  WasmEdge_GlobalTypeContext type;
  WasmEdge_Value value;  ///< Until the global moves into a world.
  wherry::wasmedge::World* world = nullptr;
  std::shared_ptr<wherry::wasmedge::World> keep;  ///< Unless the world owns this.
  std::optional<wherry::Global> global;
  ~WasmEdge_GlobalInstanceContext();
};

struct WasmEdge_TagInstanceContext {
  WasmEdge_TagTypeContext type;
};

struct WasmEdge_StoreContext;

struct WasmEdge_ModuleInstanceContext {
  explicit WasmEdge_ModuleInstanceContext(std::string_view n) : name(n) {}
  WasmEdge_ModuleInstanceContext(const WasmEdge_ModuleInstanceContext&) = delete;
  WasmEdge_ModuleInstanceContext& operator=(const WasmEdge_ModuleInstanceContext&) = delete;
  ~WasmEdge_ModuleInstanceContext();

  const std::string name;
  void* host_data = nullptr;
  void (*finalizer)(void*) = nullptr;

  // Of the host: what was added.
  std::map<std::string, std::shared_ptr<WasmEdge_FunctionInstanceContext>, std::less<>> functions;
  std::map<std::string, std::unique_ptr<WasmEdge_TableInstanceContext>, std::less<>> tables;
  std::map<std::string, std::unique_ptr<WasmEdge_MemoryInstanceContext>, std::less<>> memories;
  std::map<std::string, std::unique_ptr<WasmEdge_GlobalInstanceContext>, std::less<>> globals;
  /// Set once one of its functions is called: what guests rely on does not change any more.
  const std::shared_ptr<bool> in_use = std::make_shared<bool>(false);
  /// Adds functions when they are first asked for, if there is something to add.
  void (*fill_in)(WasmEdge_ModuleInstanceContext& self) = nullptr;
  /// WASI's state, if this is WASI.
  std::shared_ptr<wherry::wasmedge::WasiState> wasi;

  // Of WebAssembly.
  std::shared_ptr<wherry::wasmedge::World> world;
  std::optional<wherry::Instance> instance;
  wherry::wasmedge::LoadedModulePtr loaded;

  /// The stores it is registered in.
  std::vector<WasmEdge_StoreContext*> stores;

  // Exports, or null.
  WasmEdge_FunctionInstanceContext* function(std::string_view name) const;
  WasmEdge_TableInstanceContext* table(std::string_view name) const;
  WasmEdge_MemoryInstanceContext* memory(std::string_view name) const;
  WasmEdge_GlobalInstanceContext* global(std::string_view name) const;
  WasmEdge_TagInstanceContext* tag(std::string_view name) const;
  /// Sorted. Valid as long as this.
  std::vector<std::string_view> names(WasmEdge_ExternalType kind) const;

 private:
  const WasmEdge_ModuleInstanceContext& filled_in() const;
};

/// By name, not owned.
struct WasmEdge_StoreContext {
  std::map<std::string, WasmEdge_ModuleInstanceContext*, std::less<>> modules;

  WasmEdge_StoreContext() = default;
  WasmEdge_StoreContext(const WasmEdge_StoreContext&) = delete;
  WasmEdge_StoreContext& operator=(const WasmEdge_StoreContext&) = delete;
  ~WasmEdge_StoreContext();
  WasmEdge_ModuleInstanceContext* find(std::string_view name) const;
  /// Error: ModuleNameConflict.
  WasmEdge_Result add(std::string_view name, WasmEdge_ModuleInstanceContext& module);
  void remove(const WasmEdge_ModuleInstanceContext& module);
  void remove(std::string_view name);
};
