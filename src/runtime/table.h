// A table of references. Spec: https://webassembly.github.io/spec/core/exec/runtime.html#table-instances
#pragma once

#include <cstdint>
#include <memory>

#include "runtime/vmcontext.h"
#include "wherry/result.h"
#include "wherry/types.h"

namespace wherry::runtime {

/// Owned by a store, and used by its thread only.
class Table {
 public:
  /// With the type's minimum, filled with `init`. Grows up to its maximum, at most `max_elements`. Errors: kLimit.
  static Result<std::unique_ptr<Table>> make(const TableType& type, Ref init, uint64_t max_elements);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  /// Limits as declared.
  const TableType& type() const { return type_; }
  TableView* view() { return &view_; }
  uint64_t size() const { return view_.size; }

  static constexpr uint64_t kGrowFailed = ~uint64_t{0};
  /// Adds `delta` elements, filled with `value`; the old size, or kGrowFailed. May move `view()->elements`.
  uint64_t grow(uint64_t delta, Ref value);
  void set_max_elements(uint64_t max_elements) { max_elements_ = max_elements; }

 private:
  Table(const TableType& type, uint64_t max_elements) : type_(type), max_elements_(max_elements) {}

  TableView view_{};
  TableType type_;
  uint64_t max_elements_;
  uint64_t capacity_ = 0;
};

}  // namespace wherry::runtime
