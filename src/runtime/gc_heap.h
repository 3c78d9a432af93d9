// The garbage collector: non-moving mark and sweep, size classes, conservative roots from stacks, precise ones from all
// else. One heap a store, used by its thread only.
//
// The heap is one reservation of address space, cut into pages of 4 KiB. A span is a run of pages: free, or cells of
// one size, or one large object. A table from page to span makes "is this word an object?" a few loads. A cell whose
// header has mark 0 is free. Two marks, live and dead, swap their meaning at each collection, so that nothing has to be
// cleared; spans are swept when an allocation of their size needs cells, at the latest before the next collection.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "platform/memory.h"
#include "runtime/gc_object.h"
#include "wasm/type_registry.h"

namespace wherry::runtime {

class GcHeap;

/// What a collection hands to those that know roots.
class RootVisitor {
 public:
  explicit RootVisitor(GcHeap& heap) : heap_(heap) {}
  /// A reference of a type other than funcref's; null and i31 are fine.
  void visit(Ref ref);
  /// Slots that may hold anything.
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
  GcHeap(const wasm::TypeRegistry& types, RootSource& roots, uint64_t max_bytes);
  ~GcHeap();
  GcHeap(const GcHeap&) = delete;
  GcHeap& operator=(const GcHeap&) = delete;

  /// A new object of `bytes` (header included) with its header set and the rest undefined: the caller fills it before
  /// the next allocation. Null if there is no room. May collect: `extra` are slots that hold references too.
  GcObject* allocate(GcKind kind, TypeId type, uint64_t bytes, std::span<const Slot> extra = {});

  void collect(std::span<const Slot> extra = {});
  /// While above zero, allocations do not collect (the limit still holds).
  void hold() { ++held_; }
  void unhold() { --held_; }

  /// Whether the word is the address of an object, dead or alive, which was not yet swept.
  bool is_object(uint64_t word) const;

  /// Called with GcExtern::value of a freed GcExtern that has kFinalizeFlag in `flags`, at the latest by ~GcHeap.
  static constexpr uint16_t kFinalizeFlag = 1;
  void set_finalizer(void (*finalize)(uint64_t value)) { finalize_ = finalize; }

  void set_max_bytes(uint64_t max_bytes);
  /// Pages in use, in bytes: what max_bytes limits.
  uint64_t used_bytes() const;
  uint64_t collections() const;

 private:
  friend class RootVisitor;
  struct Impl;
  void mark(GcObject* object);
  std::unique_ptr<Impl> impl_;
  void (*finalize_)(uint64_t) = nullptr;
  uint32_t held_ = 0;
};

}  // namespace wherry::runtime
