// The layout of garbage-collected objects, as code sees it. The collector itself is gc_heap.h.
#pragma once

#include <cstdint>
#include <type_traits>

#include "runtime/vmcontext.h"

namespace wherry::runtime {

enum class GcKind : uint8_t { kStruct, kArray, kExtern, kException };

/// Every object starts with this; objects are 8-byte aligned and never move.
struct GcObject {
  TypeId type;  ///< kStruct, kArray. kException: the tag's function type.
  GcKind kind;
  uint8_t mark;    ///< The collector's; 0 in free memory.
  uint16_t flags;  ///< GcHeap::kFinalizeFlag.
};
static_assert(sizeof(GcObject) == 8);

/// Fields follow at payload() + TypeDef::field_offsets[i], packed to their size, little endian as in memory.
struct GcStruct : GcObject {
  uint8_t* payload() { return reinterpret_cast<uint8_t*>(this + 1); }
};

/// Elements follow at payload(), each ValType::byte_size() apart.
struct GcArray : GcObject {
  uint32_t length;
  uint32_t reserved2;
  uint8_t* payload() { return reinterpret_cast<uint8_t*>(this + 1); }
};
static_assert(sizeof(GcArray) == 16);

/// A host's externref: an opaque word.
struct GcExtern : GcObject {
  uint64_t value;
};

class Tag;

/// A thrown exception: the tag and its arguments in slots.
struct GcException : GcObject {
  Tag* tag;
  Slot* args() { return reinterpret_cast<Slot*>(this + 1); }
};
static_assert(sizeof(GcException) == 16);

inline GcObject* gc_object(Ref ref) { return reinterpret_cast<GcObject*>(ref); }

}  // namespace wherry::runtime
