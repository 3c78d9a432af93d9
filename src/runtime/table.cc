#include "runtime/table.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "runtime/instance.h"
#include "runtime/instance_template.h"

namespace wherry::runtime {

namespace {

uint64_t declared_max(const TableType& type) {
  const uint64_t index_space = type.is64 ? ~uint64_t{0} : ~uint32_t{0};
  return type.limits.max ? std::min(*type.limits.max, index_space) : index_space;
}

/// More elements than this get memory of their own.
constexpr uint64_t kMostInArena = 4096;

}  // namespace

Result<std::unique_ptr<Table>> Table::make(const TableType& type, Ref init, uint64_t max_elements) {
  auto table = std::make_unique<Table>(type, max_elements);
  WHERRY_CHECK(table->open(init, nullptr));
  return table;
}

Result<> Table::open(Ref init, Arena* arena) {
  const uint64_t size = type_.limits.min;
  const auto too_large = [&] {
    return fail(ErrorCode::kLimit, "table of " + std::to_string(size) + " elements is larger than the limit of " +
                                       std::to_string(max_elements_) + " elements");
  };
  if (size > std::min(max_elements_, declared_max(type_)) || size > SIZE_MAX / sizeof(Ref)) return too_large();
  in_arena_ = arena != nullptr && size <= kMostInArena;
  if (size != 0) {
    // Zeroed memory costs nothing until it is touched.
    void* elements = in_arena_ ? arena->allocate_zeroed(size * sizeof(Ref)) : std::calloc(size, sizeof(Ref));
    if (elements == nullptr) return too_large();
    view_.elements = static_cast<Ref*>(elements);
    if (init != 0) std::fill_n(view_.elements, size, init);
  }
  view_.size = size;
  capacity_ = size;
  return {};
}

Table::~Table() {
  if (!in_arena_) std::free(view_.elements);
}

Ref Table::make_element(uint64_t index) {
  const uint32_t function = functions_[index];
  if (function == InstanceTemplate::kNoFunction) return 0;
  return view_.elements[index] = reinterpret_cast<Ref>(owner_->func(function));
}

void Table::finish() {
  for (uint64_t i = 0; i < functions_.size(); ++i) get(i);
  functions_ = {};
}

uint64_t Table::grow(uint64_t delta, Ref value) {
  const uint64_t old_size = view_.size;
  const uint64_t most = std::min(max_elements_, declared_max(type_));
  if (old_size > most || delta > most - old_size) return kGrowFailed;
  const uint64_t size = old_size + delta;
  if (size > capacity_) {
    const uint64_t capacity = std::min(most, std::max(size, capacity_ + capacity_ / 2));
    if (capacity > SIZE_MAX / sizeof(Ref)) return kGrowFailed;
    void* const moved =
        in_arena_ ? std::malloc(capacity * sizeof(Ref)) : std::realloc(view_.elements, capacity * sizeof(Ref));
    if (moved == nullptr) return kGrowFailed;
    auto* const elements = static_cast<Ref*>(moved);
    if (in_arena_) std::copy_n(view_.elements, old_size, elements);
    in_arena_ = false;
    view_.elements = elements;
    capacity_ = capacity;
  }
  std::fill_n(view_.elements + old_size, delta, value);
  view_.size = size;
  return old_size;
}

}  // namespace wherry::runtime
