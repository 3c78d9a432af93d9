// An instance of a module. Spec: https://webassembly.github.io/spec/core/exec/modules.html#instantiation
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/code.h"
#include "runtime/extern.h"
#include "runtime/vmcontext.h"
#include "wasm/module.h"
#include "wherry/result.h"

namespace wherry::runtime {

class RootVisitor;
class Store;

/// Owned by its store, which makes it (Store::instantiate).
class Instance {
 public:
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  Store& store() const { return store_; }
  const wasm::Module& module() const { return *module_; }
  const std::shared_ptr<const wasm::Module>& shared_module() const { return module_; }
  VMContext* context() const { return context_; }

  /// By index in the module's index spaces, imports included. Functions and globals are made when first asked for.
  Func* func(uint32_t index) { return context_->funcs[index] != nullptr ? context_->funcs[index] : make_func(index); }
  Table* table(uint32_t index) const { return tables_[index]; }
  Memory* memory(uint32_t index) const { return memories_[index]; }
  /// Shares its ownership, so that it can outlive the store.
  std::shared_ptr<Memory> shared_memory(uint32_t index) const;
  Global* global(uint32_t index);
  Tag* tag(uint32_t index) const { return tags_[index]; }

  std::optional<Extern> find_export(std::string_view name);
  Extern extern_at(ExternKind kind, uint32_t index);
  /// The start function, which Store::instantiate leaves to its caller to run; null if there is none.
  Func* start_function();

  /// Segments as they stand: empty once dropped.
  std::span<const uint8_t> data(uint32_t index) const { return data_[index]; }
  void drop_data(uint32_t index) { data_[index] = {}; }
  /// Number of elements of an element segment.
  uint64_t element_count(uint32_t index) const { return elements_[index].size; }
  Ref element(uint32_t segment, uint32_t index);
  void drop_elements(uint32_t index);

  /// References that only this instance holds, for the collector.
  void visit_roots(RootVisitor& visitor);

 private:
  friend class Store;
  /// An element segment at run time: its function indices stay in the module, expressions are evaluated.
  struct Elements {
    uint64_t size = 0;
    std::vector<Ref> refs;
  };

  Instance(Store& store, std::shared_ptr<const wasm::Module> module, std::shared_ptr<const CodeBinder> code);
  /// Everything but the start function. Called once, with collections held off.
  Result<> initialize(std::span<const Extern> imports, TrapKind* trap);
  void take_imports(std::span<const Extern> imports);
  Result<> make_tables_and_memories();
  TrapKind evaluate_initializers();
  TrapKind run_active_segments();
  Func* make_func(uint32_t index);

  Store& store_;
  std::shared_ptr<const wasm::Module> module_;
  std::shared_ptr<const CodeBinder> code_;
  VMContext* context_;  ///< One allocation with the cells of the globals and the index spaces.
  MemoryView no_memory_{};
  std::vector<Table*> tables_;
  std::vector<Memory*> memories_;
  std::vector<Tag*> tags_;
  std::vector<Global*> globals_;  ///< Null until asked for.
  std::vector<std::span<const uint8_t>> data_;
  std::vector<Elements> elements_;
  std::deque<Func> made_funcs_;
};

}  // namespace wherry::runtime
