// A table of references. Spec: https://webassembly.github.io/spec/core/exec/runtime.html#table-instances
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/arena.h"
#include "runtime/vmcontext.h"
#include "wherry/result.h"
#include "wherry/types.h"

namespace wherry::runtime {

/// Owned by a store, and used by its thread only.
///
/// The elements that a module's element segments give a table are made when they are first read: until then they are
/// null in `view()`. So code that finds null there in a table of functions asks get(), and set() is how a null is
/// written.
class Table {
 public:
  /// With the type's minimum, filled with `init`. Grows up to its maximum, at most `max_elements`. Errors: kLimit.
  static Result<std::unique_ptr<Table>> make(const TableType& type, Ref init, uint64_t max_elements);
  /// Without elements; open() comes next.
  Table(const TableType& type, uint64_t max_elements) : type_(type), max_elements_(max_elements) {}
  /// As make(); small ones have their elements in the arena, if there is one, which must outlive the table.
  Result<> open(Ref init, Arena* arena);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  /// Limits as declared.
  const TableType& type() const { return type_; }
  TableView* view() { return &view_; }
  uint64_t size() const { return view_.size; }

  /// The first elements are to be these functions of `instance`. Called once, when the table is new.
  void fill_lazily(Instance& instance, std::span<const uint32_t> functions) {
    owner_ = &instance;
    functions_ = functions;
  }
  /// Element `index`, which must be within size().
  Ref get(uint64_t index) {
    const Ref element = view_.elements[index];
    return element != 0 || index >= functions_.size() ? element : make_element(index);
  }
  void set(uint64_t index, Ref value) {
    if (value == 0 && index < functions_.size()) [[unlikely]]
      finish();
    view_.elements[index] = value;
  }
  /// Makes all elements that are yet to be made: then `view()` tells the truth until the end.
  void finish();

  static constexpr uint64_t kGrowFailed = ~uint64_t{0};
  /// Adds `delta` elements, filled with `value`; the old size, or kGrowFailed. May move `view()->elements`.
  uint64_t grow(uint64_t delta, Ref value);
  void set_max_elements(uint64_t max_elements) { max_elements_ = max_elements; }

 private:
  Ref make_element(uint64_t index);

  TableView view_{};
  TableType type_;
  uint64_t max_elements_;
  uint64_t capacity_ = 0;
  bool in_arena_ = false;
  /// What is yet to be made: elements that are null and have a function here, of `owner_`.
  std::span<const uint32_t> functions_;
  Instance* owner_ = nullptr;
};

}  // namespace wherry::runtime
