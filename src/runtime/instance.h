// An instance of a module. Spec: https://webassembly.github.io/spec/core/exec/modules.html#instantiation
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "runtime/code.h"
#include "runtime/extern.h"
#include "runtime/instance_template.h"
#include "runtime/vmcontext.h"
#include "wasm/module.h"
#include "wherry/result.h"

namespace wherry::runtime {

class RootVisitor;
class Store;

/// Owned by its store, which makes it (Store::instantiate) in one piece of memory with its context and index spaces.
class Instance {
 public:
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  Store& store() const { return store_; }
  const wasm::Module& module() const { return template_.module(); }
  const std::shared_ptr<const wasm::Module>& shared_module() const { return template_.shared_module(); }
  VMContext* context() { return at<VMContext>(layout_.context); }

  /// By index in the module's index spaces, imports included. Functions and globals are made when first asked for.
  Func* func(uint32_t index) {
    Func* const made = context()->funcs[index];
    return made != nullptr ? made : make_func(index);
  }
  Table* table(uint32_t index) { return at<Table*>(layout_.tables)[index]; }
  Memory* memory(uint32_t index) { return at<Memory*>(layout_.memories)[index]; }
  Tag* tag(uint32_t index) { return at<Tag*>(layout_.tags)[index]; }
  Global* global(uint32_t index);
  /// Shares its ownership, so that it can outlive the store. Only of a shared memory.
  std::shared_ptr<Memory> shared_memory(uint32_t index) { return memory(index)->shared_from_this(); }

  std::optional<Extern> find_export(std::string_view name);
  Extern extern_at(ExternKind kind, uint32_t index);
  /// The start function, which Store::instantiate leaves to its caller to run; null if there is none.
  Func* start_function();

  /// Segments as they stand: empty once dropped.
  std::span<const uint8_t> data(uint32_t index) {
    return dropped_data()[index] != 0 ? std::span<const uint8_t>() : module().data[index].bytes;
  }
  void drop_data(uint32_t index) { dropped_data()[index] = 1; }
  /// Number of elements of an element segment.
  uint64_t element_count(uint32_t index) {
    return dropped_elements()[index] != 0 ? 0 : module().elements[index].size();
  }
  Ref element(uint32_t segment, uint32_t index);
  void drop_elements(uint32_t index) { dropped_elements()[index] = 1; }

  /// References that only this instance holds, for the collector.
  void visit_roots(RootVisitor& visitor);

 private:
  friend class InstanceTemplate;
  friend class Store;

  Instance(Store& store, const InstanceTemplate& instance_template);
  /// Everything but the start function. Called once, with collections held off.
  Result<> initialize(std::span<const Extern> imports, TrapKind* trap);
  void take_imports(std::span<const Extern> imports);
  Result<> make_memories();
  Result<> make_tables();
  TrapKind evaluate_globals();
  TrapKind evaluate_tables_and_elements();
  TrapKind run_active_segments();
  Func* make_func(uint32_t index);

  template <class T>
  T* at(size_t offset) {
    return reinterpret_cast<T*>(reinterpret_cast<std::byte*>(this) + offset);
  }
  uint8_t* dropped_data() { return at<uint8_t>(layout_.dropped_data); }
  uint8_t* dropped_elements() { return at<uint8_t>(layout_.dropped_elements); }
  /// The values of an element segment whose expressions take an evaluation.
  Ref*& element_values(size_t segment) { return at<Ref*>(layout_.elements)[segment]; }

  Store& store_;
  const InstanceTemplate& template_;
  const InstanceTemplate::Layout& layout_;
  Instance* next_ = nullptr;  ///< In the store.
  MemoryView no_memory_{};
};

}  // namespace wherry::runtime
