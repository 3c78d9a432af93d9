#include "runtime/gc_heap.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace wherry::runtime {

namespace {

constexpr uint64_t kMinThreshold = uint64_t{1} << 20;

/// What a row of free cells holds in its first cell, behind a header whose mark is 0 and whose `type` is the number of
/// cells.
struct FreeRun : GcObject {
  uint8_t* next;
};
static_assert(sizeof(FreeRun) == 16, "fits the smallest cell");

FreeRun& free_run(uint8_t* cell) { return *reinterpret_cast<FreeRun*>(cell); }

/// Long enough to make a refill rare, short enough to waste little of a small heap.
uint32_t span_pages(uint32_t cell_bytes) { return cell_bytes <= 1024 ? 4 : 8; }

}  // namespace

bool is_gc_reference(ValType type, const wasm::TypeRegistry& types) {
  return type.is_ref() && wasm::top_of(type.heap(), types) != HeapType(HeapType::kFunc);
}

void RootVisitor::visit(Ref ref) { heap_.mark(ref); }

// Native stacks hold what AddressSanitizer forbids to read.
[[clang::no_sanitize("address")]] void RootVisitor::visit_range(const Slot* first, const Slot* last) {
  for (const Slot* slot = first; slot < last; ++slot) {
    if (GcObject* object = heap_.object_around(*slot)) heap_.mark(reinterpret_cast<Ref>(object));
  }
}

GcHeap::GcHeap(const wasm::TypeRegistry& types, RootSource& roots, uint64_t max_bytes)
    : types_(types), roots_(roots), max_bytes_(max_bytes), threshold_bytes_(kMinThreshold) {
  for (size_t i = 0; i < kClasses; ++i) cursors_[i].cell_bytes = kCellBytes[i];
}

GcHeap::~GcHeap() {
  // Only the smallest cells are GcExterns.
  static_assert(sizeof(GcExtern) == kCellBytes[0]);
  for (const auto& span : classes_[0].spans) {
    for (uint32_t i = 0; i < span->cells; ++i) {
      const auto& object = *reinterpret_cast<const GcObject*>(span->start + size_t{i} * span->cell_bytes);
      if (object.mark != 0) finalize(object);
    }
  }
}

// Allocation.

GcObject* GcHeap::allocate_slow(GcKind kind, TypeId type, uint64_t bytes, std::span<const Slot> extra) {
  if (allocated_bytes_ >= threshold_bytes_ && held_ == 0) collect(extra);
  const auto take = [&]() -> GcObject* {
    if (bytes <= kMaxCell) return refill(kClassOf[(bytes + 7) / 8]) ? try_allocate(kind, type, bytes) : nullptr;
    GcObject* object = take_large(bytes);
    if (object != nullptr) *object = {.type = type, .kind = kind, .mark = live_mark_, .flags = 0};
    return object;
  };
  if (GcObject* object = take()) return object;
  finish_sweep();
  if (GcObject* object = take()) return object;
  if (held_ != 0) return nullptr;
  // The limit is near. If the last collection made room for less than this, another would hardly do better; without
  // this rule a heap that is almost full would collect at every allocation.
  if (bytes <= max_bytes_ && allocated_bytes_ >= max_bytes_ / 64) {
    collect(extra);
    finish_sweep();
    if (GcObject* object = take()) return object;
  }
  // The caller traps. Whoever comes next may have dropped what filled the heap.
  allocated_bytes_ = std::max(max_bytes_, threshold_bytes_);
  return nullptr;
}

/// Points the class's cursor at free cells.
bool GcHeap::refill(size_t size_class) {
  SizeClass& cells = classes_[size_class];
  while (cells.runs == nullptr) {
    if (cells.unswept == cells.spans.size()) return make_span(size_class);
    sweep_next(cells, /*free_empty=*/false);
  }
  Cursor& cursor = cursors_[size_class];
  const FreeRun& run = free_run(cells.runs);
  cursor.at = cells.runs;
  cursor.end = cursor.at + size_t{run.type} * cursor.cell_bytes;
  cells.runs = run.next;
  allocated_bytes_ += static_cast<uint64_t>(cursor.end - cursor.at);
  return true;
}

bool GcHeap::make_span(size_t size_class) {
  SizeClass& cells = classes_[size_class];
  Cursor& cursor = cursors_[size_class];
  const uint32_t pages = span_pages(cursor.cell_bytes);
  bool zeroed = false;
  uint8_t* start = take_pages(pages, &zeroed);
  if (start == nullptr) return false;
  const uint32_t count = (pages << GcPages::kPageLog2) / cursor.cell_bytes;
  cells.spans.push_back(std::make_unique<GcSpan>(
      GcSpan{.start = start, .pages = pages, .cell_bytes = cursor.cell_bytes, .cells = count}));
  cells.unswept = cells.spans.size();
  pages_.set_owner(start, pages, cells.spans.back().get());
  cursor.at = start;
  cursor.end = start + size_t{count} * cursor.cell_bytes;
  if (!zeroed) {
    for (uint8_t* cell = cursor.at; cell != cursor.end; cell += cursor.cell_bytes)
      *reinterpret_cast<uint64_t*>(cell) = 0;
  }
  allocated_bytes_ += static_cast<uint64_t>(cursor.end - cursor.at);
  return true;
}

GcObject* GcHeap::take_large(uint64_t bytes) {
  const uint64_t pages = GcPages::pages_for(bytes);
  bool zeroed = false;
  uint8_t* start = take_pages(pages, &zeroed);
  if (start == nullptr) return nullptr;
  large_.push_back(std::make_unique<GcSpan>(
      GcSpan{.start = start, .pages = static_cast<uint32_t>(pages), .cell_bytes = 0, .cells = 1}));
  pages_.set_owner(start, static_cast<uint32_t>(pages), large_.back().get());
  allocated_bytes_ += pages << GcPages::kPageLog2;
  return reinterpret_cast<GcObject*>(start);
}

uint8_t* GcHeap::take_pages(uint64_t pages, bool* zeroed) {
  if (!pages_.reserved()) {
    // Twice the limit, against fragmentation; address space is cheap.
    constexpr uint64_t kLeast = uint64_t{16} << 20;
    constexpr uint64_t kUsual = uint64_t{8} << 30;
    constexpr uint64_t kMost = uint64_t{1} << 40;
    uint64_t bytes = std::max(std::min(max_bytes_, kMost / 2) * 2, kUsual);
    while (!pages_.reserve(bytes >> GcPages::kPageLog2)) {
      bytes /= 2;
      if (bytes < kLeast) return nullptr;
    }
  }
  if (pages > max_bytes_ >> GcPages::kPageLog2 || pages_.used_pages() + pages > max_bytes_ >> GcPages::kPageLog2) {
    return nullptr;
  }
  return pages_.allocate(static_cast<uint32_t>(pages), zeroed);
}

void GcHeap::free_pages(const GcSpan& span) {
  pages_.set_owner(span.start, span.pages, nullptr);
  pages_.free(span.start, span.pages);
}

// Sweeping.

/// Turns the dead cells of the next unswept span into runs, or gives its pages back if nothing in it lives.
void GcHeap::sweep_next(SizeClass& cells, bool free_empty) {
  std::unique_ptr<GcSpan>& slot = cells.spans[cells.unswept];
  const GcSpan& span = *slot;
  uint8_t* const runs_before = cells.runs;
  uint32_t free_cells = 0;
  uint32_t run_length = 0;
  uint8_t* cell = span.start;
  const auto end_run = [&] {
    if (run_length == 0) return;
    uint8_t* first = cell - size_t{run_length} * span.cell_bytes;
    static_cast<GcObject&>(free_run(first)) = {.type = run_length, .kind = {}, .mark = 0, .flags = 0};
    free_run(first).next = cells.runs;
    cells.runs = first;
    free_cells += run_length;
    run_length = 0;
  };
  for (uint32_t i = 0; i < span.cells; ++i, cell += span.cell_bytes) {
    auto& object = *reinterpret_cast<GcObject*>(cell);
    if (object.mark == live_mark_) {
      end_run();
      continue;
    }
    if (object.mark != 0) {
      finalize(object);
      object.mark = 0;
    }
    ++run_length;
  }
  end_run();
  if (free_cells < span.cells || !free_empty) {
    ++cells.unswept;
    return;
  }
  cells.runs = runs_before;
  free_pages(span);
  slot.swap(cells.spans.back());
  cells.spans.pop_back();
}

void GcHeap::sweep_large() {
  std::erase_if(large_, [this](const std::unique_ptr<GcSpan>& span) {
    auto& object = *reinterpret_cast<GcObject*>(span->start);
    if (object.mark == live_mark_) return false;
    object.mark = 0;
    free_pages(*span);
    return true;
  });
}

void GcHeap::finish_sweep() {
  for (SizeClass& cells : classes_) {
    while (cells.unswept < cells.spans.size()) sweep_next(cells, /*free_empty=*/true);
  }
}

void GcHeap::finalize(const GcObject& object) const {
  if ((object.flags & kFinalizeFlag) != 0 && finalize_ != nullptr) {
    finalize_(static_cast<const GcExtern&>(object).value);
  }
}

// Marking.

void GcHeap::collect(std::span<const Slot> extra) {
  finish_sweep();
  live_mark_ ^= 3;
  live_bytes_ = 0;
  constexpr size_t kLeastGray = size_t{1} << 16;
  constexpr size_t kBytesPerGray = 256;
  max_gray_ = std::max(kLeastGray, static_cast<size_t>(used_bytes()) / kBytesPerGray);

  RootVisitor visitor(*this);
  roots_.visit_roots(visitor);
  visitor.visit_range(extra.data(), extra.data() + extra.size());
  drain();
  while (gray_overflow_) {
    gray_overflow_ = false;
    rescan_all();
  }

  // What the cursors had left is free cells still; sweeping finds them again.
  for (Cursor& cursor : cursors_) cursor.at = cursor.end = nullptr;
  for (SizeClass& cells : classes_) {
    cells.runs = nullptr;
    cells.unswept = 0;
  }
  sweep_large();
  allocated_bytes_ = 0;
  threshold_bytes_ = std::max(live_bytes_, kMinThreshold);
  ++collections_;
}

void GcHeap::mark(Ref ref) {
  if (ref == 0 || is_i31(ref)) return;
  GcObject& object = *gc_object(ref);
  if (object.mark == live_mark_) return;
  object.mark = live_mark_;
  if (object.kind == GcKind::kExtern) {
    live_bytes_ += sizeof(GcExtern);
    return;
  }
  const Shape& shape = shape_of(object);
  live_bytes_ += shape.bytes;
  if (object.kind == GcKind::kArray) {
    live_bytes_ += uint64_t{static_cast<const GcArray&>(object).length} * shape.element_bytes;
  }
  if (!shape.has_references) return;
  if (gray_.size() < max_gray_) {
    gray_.push_back(&object);
  } else {
    gray_overflow_ = true;
  }
}

void GcHeap::scan(GcObject& object) {
  if (object.kind == GcKind::kExtern) return;
  const Shape& shape = shape_of(object);
  if (!shape.has_references) return;
  if (object.kind == GcKind::kArray) {
    auto& array = static_cast<GcArray&>(object);
    const Ref* elements = reinterpret_cast<const Ref*>(array.payload());
    for (uint32_t i = 0; i < array.length; ++i) mark(elements[i]);
  } else {
    const auto* start = reinterpret_cast<const uint8_t*>(&object);
    for (const uint32_t offset : shape.references) mark(*reinterpret_cast<const Ref*>(start + offset));
  }
}

void GcHeap::drain() {
  while (!gray_.empty()) {
    GcObject* object = gray_.back();
    gray_.pop_back();
    scan(*object);
  }
}

/// Finds what did not fit in gray_: references of marked objects.
void GcHeap::rescan_all() {
  const auto rescan = [this](const GcSpan& span) {
    const size_t step = span.cell_bytes;
    for (uint32_t i = 0; i < span.cells; ++i) {
      auto& object = *reinterpret_cast<GcObject*>(span.start + i * step);
      if (object.mark != live_mark_) continue;
      scan(object);
      drain();
    }
  };
  for (const SizeClass& cells : classes_) {
    for (const auto& span : cells.spans) rescan(*span);
  }
  for (const auto& span : large_) rescan(*span);
}

const GcHeap::Shape& GcHeap::shape_of(const GcObject& object) {
  if (object.type >= shapes_.size()) shapes_.resize(object.type + 1);
  std::unique_ptr<Shape>& slot = shapes_[object.type];
  if (slot != nullptr) return *slot;
  slot = std::make_unique<Shape>();
  Shape& shape = *slot;
  const wasm::TypeDef& def = types_.get(object.type);
  switch (object.kind) {
    case GcKind::kStruct:
      shape.bytes = sizeof(GcStruct) + def.payload_size;
      for (size_t i = 0; i < def.fields.size(); ++i) {
        if (!is_gc_reference(def.fields[i].type, types_)) continue;
        shape.references.push_back(static_cast<uint32_t>(sizeof(GcStruct)) + def.field_offsets[i]);
      }
      shape.has_references = !shape.references.empty();
      break;
    case GcKind::kArray:
      shape.bytes = sizeof(GcArray);
      shape.element_bytes = def.fields[0].type.byte_size();
      shape.has_references = is_gc_reference(def.fields[0].type, types_);
      break;
    case GcKind::kException: {
      shape.bytes = sizeof(GcException);
      for (const ValType type : def.params) {
        if (is_gc_reference(type, types_)) shape.references.push_back(shape.bytes);
        shape.bytes += type.slots() * static_cast<uint32_t>(sizeof(Slot));
      }
      shape.has_references = !shape.references.empty();
      break;
    }
    case GcKind::kExtern:
      std::unreachable();
  }
  return shape;
}

}  // namespace wherry::runtime
