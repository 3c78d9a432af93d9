// What all instances of a module have in common, worked out once, so that making one is copying and mapping.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "runtime/code.h"
#include "runtime/memory_image.h"
#include "runtime/vmcontext.h"
#include "wasm/module.h"

namespace wherry::runtime {

/// Immutable to its users, thread-safe.
class InstanceTemplate {
 public:
  InstanceTemplate(std::shared_ptr<const wasm::Module> module, std::shared_ptr<const CodeBinder> code);

  const wasm::Module& module() const { return *module_; }
  const std::shared_ptr<const wasm::Module>& shared_module() const { return module_; }
  const CodeBinder& code() const { return *code_; }

  /// Where the parts of an instance lie in its one allocation, in bytes from the Instance at its beginning. The context
  /// is followed by the cells of the globals.
  struct Layout {
    size_t context, memory_views, table_views, global_cells, funcs;
    size_t memories, tables, globals, tags, elements, dropped_data, dropped_elements;
    size_t bytes;
  };
  const Layout& layout() const { return layout_; }

  /// Whether no active segment can trap, and all go to memories and tables of the instance's own: then memories begin
  /// as images, and tables fill when they are read.
  bool is_static() const { return is_static_; }
  /// Of defined memory number `n` (not counting imports), if is_static().
  const MemoryImage& image(size_t n) const;
  static constexpr uint32_t kNoFunction = ~uint32_t{0};
  /// Of defined table number `n`, if is_static(): the function of each of its first elements, or kNoFunction.
  std::span<const uint32_t> table_functions(size_t n) const { return table_functions_[n]; }
  /// If is_static(), one byte a segment: 1 for those that are gone once the instance is made.
  std::span<const uint8_t> dropped_data() const { return dropped_data_; }
  std::span<const uint8_t> dropped_elements() const { return dropped_elements_; }

  /// The cells of the defined globals, if all are initialised with numbers; else empty.
  std::span<const Slot> constant_globals() const { return constant_globals_; }
  /// Whether an element segment holds other expressions than ref.func and ref.null, which each instance evaluates.
  bool has_values(size_t segment) const { return has_values_[segment]; }

 private:
  void lay_out();
  void find_constant_globals();
  bool find_static_tables();
  bool has_static_data() const;

  std::shared_ptr<const wasm::Module> module_;
  std::shared_ptr<const CodeBinder> code_;
  Layout layout_{};
  bool is_static_ = false;
  std::vector<bool> has_values_;
  std::vector<Slot> constant_globals_;
  std::vector<std::vector<uint32_t>> table_functions_;
  std::vector<uint8_t> dropped_data_, dropped_elements_;
  mutable std::once_flag images_made_;
  mutable std::vector<MemoryImage> images_;
};

}  // namespace wherry::runtime
