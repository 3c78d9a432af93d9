// The garbage collector: non-moving mark and sweep, size classes, conservative roots from stacks, precise ones from all
// else. One heap a store, used by its thread only.
//
// The heap's pages (gc_pages.h) are divided into spans: of cells of one size, or of one large object. The map from page
// to span makes "is this word an object?" a few loads. A cell whose header has mark 0 is free. Two other marks, live
// and dead, swap their meaning at each collection, so that nothing has to be cleared. Spans of cells are swept when an
// allocation of their size needs cells, at the latest before the next collection.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "runtime/gc_object.h"
#include "runtime/gc_pages.h"
#include "wasm/type_registry.h"

namespace wherry::runtime {

class GcHeap;

/// Whether values of the type may point into the heap: references, but funcrefs.
bool is_gc_reference(ValType type, const wasm::TypeRegistry& types);

/// What a collection hands to those that know roots.
class RootVisitor {
 public:
  explicit RootVisitor(GcHeap& heap) : heap_(heap) {}
  /// A reference of a type other than funcref's; null and i31 are fine.
  void visit(Ref ref);
  /// Slots that may hold anything: an address within an object keeps it.
  void visit_range(const Slot* first, const Slot* last);

 private:
  GcHeap& heap_;
};

class RootSource {
 public:
  virtual void visit_roots(RootVisitor& visitor) = 0;

 protected:
  ~RootSource() = default;
};

class GcHeap {
 public:
  /// `max_bytes` limits used_bytes(). Costs nothing before the first allocation.
  GcHeap(const wasm::TypeRegistry& types, RootSource& roots, uint64_t max_bytes);
  ~GcHeap();
  GcHeap(const GcHeap&) = delete;
  GcHeap& operator=(const GcHeap&) = delete;

  /// A new object of `bytes` (header included), its header set and the rest undefined: the caller fills it before the
  /// next allocation. Null if there is no room. May collect: `extra` are slots that hold references too.
  GcObject* allocate(GcKind kind, TypeId type, uint64_t bytes, std::span<const Slot> extra = {}) {
    GcObject* object = try_allocate(kind, type, bytes);
    return object != nullptr ? object : allocate_slow(kind, type, bytes, extra);
  }

  /// The same, but null when it would have to do more than take the next free cell.
  GcObject* try_allocate(GcKind kind, TypeId type, uint64_t bytes) {
    if (bytes > kMaxCell) return nullptr;
    Cursor& cursor = cursors_[kClassOf[(bytes + 7) / 8]];
    if (cursor.at == cursor.end) return nullptr;
    auto* object = reinterpret_cast<GcObject*>(cursor.at);
    cursor.at += cursor.cell_bytes;
    *object = {.type = type, .kind = kind, .mark = live_mark_, .flags = 0};
    return object;
  }

  void collect(std::span<const Slot> extra = {});
  /// Frees now what the last collection found dead, which otherwise waits until the memory is needed.
  void finish_sweep();
  /// While held, allocations do not collect (the limit still holds).
  void hold() { ++held_; }
  void unhold() { --held_; }

  /// The object that was not swept yet and that the word is an address in, or null.
  GcObject* object_around(uint64_t word) const {
    const GcSpan* span = pages_.owner(word);
    if (span == nullptr) return nullptr;
    uint8_t* start = span->start;
    if (span->cell_bytes != 0) {
      const uint32_t cell = static_cast<uint32_t>(word - reinterpret_cast<uint64_t>(start)) / span->cell_bytes;
      if (cell >= span->cells) return nullptr;
      start += size_t{cell} * span->cell_bytes;
    }
    auto* object = reinterpret_cast<GcObject*>(start);
    return object->mark != 0 ? object : nullptr;
  }
  /// Whether the word is the address of an object that was not swept yet.
  bool is_object(uint64_t word) const { return word != 0 && object_around(word) == gc_object(word); }

  /// Called with GcExtern::value of a freed GcExtern that has kFinalizeFlag in `flags`, at the latest by ~GcHeap. Must
  /// not use the heap.
  static constexpr uint16_t kFinalizeFlag = 1;
  void set_finalizer(void (*finalize)(uint64_t value)) { finalize_ = finalize; }

  void set_max_bytes(uint64_t max_bytes) { max_bytes_ = max_bytes; }
  uint64_t used_bytes() const { return pages_.used_pages() << GcPages::kPageLog2; }
  uint64_t collections() const { return collections_; }

 private:
  friend class RootVisitor;

  static constexpr uint32_t kMaxCell = 8192;
  static constexpr auto kCellBytes = [] {
    std::array<uint16_t, 43> sizes{};
    size_t n = 0;
    for (uint32_t size = 16; size <= kMaxCell;) {
      sizes[n++] = static_cast<uint16_t>(size);
      size += size < 128 ? 8 : size < 256 ? 16 : std::bit_floor(size) / 4;
    }
    return sizes;
  }();
  static constexpr size_t kClasses = kCellBytes.size();
  static_assert(kCellBytes.back() == kMaxCell);
  /// By size in units of 8 bytes, rounded up.
  static constexpr auto kClassOf = [] {
    std::array<uint8_t, kMaxCell / 8 + 1> classes{};
    uint8_t size_class = 0;
    for (size_t i = 0; i < classes.size(); ++i) {
      if (kCellBytes[size_class] < i * 8) ++size_class;
      classes[i] = size_class;
    }
    return classes;
  }();

  /// Free cells in a row: [at, end).
  struct Cursor {
    uint8_t* at = nullptr;
    uint8_t* end = nullptr;
    uint32_t cell_bytes = 0;
  };
  /// The spans of a size; from `unswept` on they are yet to be swept. `runs`: free cells found in those before.
  struct SizeClass {
    std::vector<std::unique_ptr<GcSpan>> spans;
    size_t unswept = 0;
    uint8_t* runs = nullptr;
  };
  /// What the collector knows of a type.
  struct Shape {
    bool has_references = false;
    uint32_t bytes = 0;                ///< Of an object, without its elements.
    uint32_t element_bytes = 0;        ///< Arrays.
    std::vector<uint32_t> references;  ///< Offsets from the start of the object; not of arrays.
  };

  GcObject* allocate_slow(GcKind kind, TypeId type, uint64_t bytes, std::span<const Slot> extra);
  GcObject* take_large(uint64_t bytes);
  bool refill(size_t size_class);
  bool make_span(size_t size_class);
  uint8_t* take_pages(uint64_t pages, bool* zeroed);
  void free_pages(const GcSpan& span);
  void sweep_next(SizeClass& size_class, bool free_empty);
  void sweep_large();
  void finalize(const GcObject& object) const;

  void mark(Ref ref);
  void scan(GcObject& object);
  void drain();
  void rescan_all();
  const Shape& shape_of(const GcObject& object);

  std::array<Cursor, kClasses> cursors_;
  uint8_t live_mark_ = 1;
  std::array<SizeClass, kClasses> classes_;
  std::vector<std::unique_ptr<GcSpan>> large_;
  GcPages pages_;

  const wasm::TypeRegistry& types_;
  RootSource& roots_;
  uint64_t max_bytes_;
  uint64_t allocated_bytes_ = 0;  ///< Since the last collection, as given to cursors.
  uint64_t threshold_bytes_;      ///< Of allocated_bytes_, for the next collection.
  uint64_t live_bytes_ = 0;       ///< Found by the last collection.
  uint64_t collections_ = 0;
  uint32_t held_ = 0;
  void (*finalize_)(uint64_t) = nullptr;

  /// Marked objects whose references are not. Bounded; what does not fit is found again by walking the heap.
  std::vector<GcObject*> gray_;
  size_t max_gray_ = 0;
  bool gray_overflow_ = false;
  std::vector<std::unique_ptr<Shape>> shapes_;  ///< By TypeId, made when first met.
};

}  // namespace wherry::runtime
