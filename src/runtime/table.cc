#include "runtime/table.h"

#include <algorithm>
#include <cstdlib>
#include <string>

namespace wherry::runtime {

namespace {
uint64_t declared_max(const TableType& type) {
  const uint64_t index_space = type.is64 ? ~uint64_t{0} : ~uint32_t{0};
  return type.limits.max ? std::min(*type.limits.max, index_space) : index_space;
}
}  // namespace

Result<std::unique_ptr<Table>> Table::make(const TableType& type, Ref init, uint64_t max_elements) {
  const uint64_t size = type.limits.min;
  const auto too_large = [&] {
    return fail(ErrorCode::kLimit, "table of " + std::to_string(size) + " elements is larger than the limit");
  };
  if (size > std::min(max_elements, declared_max(type)) || size > SIZE_MAX / sizeof(Ref)) return too_large();
  std::unique_ptr<Table> table(new Table(type, max_elements));
  if (size != 0) {
    // Zeroed memory costs nothing until it is touched.
    table->view_.elements = static_cast<Ref*>(std::calloc(size, sizeof(Ref)));
    if (table->view_.elements == nullptr) return too_large();
    if (init != 0) std::fill_n(table->view_.elements, size, init);
  }
  table->view_.size = size;
  table->capacity_ = size;
  return table;
}

Table::~Table() { std::free(view_.elements); }

uint64_t Table::grow(uint64_t delta, Ref value) {
  const uint64_t old_size = view_.size;
  const uint64_t most = std::min(max_elements_, declared_max(type_));
  if (old_size > most || delta > most - old_size) return kGrowFailed;
  const uint64_t size = old_size + delta;
  if (size > capacity_) {
    const uint64_t capacity = std::min(most, std::max(size, capacity_ + capacity_ / 2));
    if (capacity > SIZE_MAX / sizeof(Ref)) return kGrowFailed;
    auto* elements = static_cast<Ref*>(std::realloc(view_.elements, capacity * sizeof(Ref)));
    if (elements == nullptr) return kGrowFailed;
    view_.elements = elements;
    capacity_ = capacity;
  }
  std::fill_n(view_.elements + old_size, delta, value);
  view_.size = size;
  return old_size;
}

}  // namespace wherry::runtime
