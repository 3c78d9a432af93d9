// The types of WebAssembly, small enough to copy: value types, and function, memory, table, global and tag types.
// Spec: https://webassembly.github.io/spec/core/syntax/types.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace wherry {

/// Index of a defined type in an Engine's TypeRegistry. Canonical: two types of one engine are equal exactly when their
/// TypeIds are equal, whichever modules they came from.
using TypeId = uint32_t;

/// What a reference points to: an abstract heap type, or a defined type by its TypeId.
class HeapType {
 public:
  enum Abstract : uint32_t {
    kFunc,
    kNoFunc,
    kExtern,
    kNoExtern,
    kAny,
    kEq,
    kI31,
    kStruct,
    kArray,
    kNone,
    kExn,
    kNoExn
  };

  constexpr HeapType(Abstract a) : bits_(kAbstractFlag | a) {}  // NOLINT(google-explicit-constructor): a closed set
  static constexpr HeapType defined(TypeId id) { return HeapType(id, 0); }
  static constexpr HeapType from_bits(uint32_t bits) { return HeapType(bits, 0); }

  constexpr bool is_abstract() const { return (bits_ & kAbstractFlag) != 0; }
  constexpr Abstract abstract() const { return static_cast<Abstract>(bits_ & ~kAbstractFlag); }
  constexpr TypeId type_id() const { return bits_; }
  constexpr uint32_t bits() const { return bits_; }
  constexpr bool operator==(const HeapType&) const = default;

  static constexpr uint32_t kAbstractFlag = uint32_t{1} << 24;
  /// TypeIds stay below this.
  static constexpr TypeId kMaxTypeId = kAbstractFlag;

 private:
  constexpr HeapType(uint32_t bits, int) : bits_(bits) {}
  uint32_t bits_;
};

/// A value type, or (in fields of structs and arrays) a packed storage type. 32 bits; equality is bit equality.
class ValType {
 public:
  enum Kind : uint8_t {
    kBottom,  ///< The type of a value in unreachable code; a subtype of all.
    kI32,
    kI64,
    kF32,
    kF64,
    kV128,
    kI8,   ///< Storage type only.
    kI16,  ///< Storage type only.
    kRef,
  };

  constexpr ValType() : bits_(kBottom) {}
  constexpr ValType(Kind kind) : bits_(kind) {}  // NOLINT(google-explicit-constructor): kRef must come through ref()
  static constexpr ValType ref(HeapType heap, bool nullable) {
    return from_bits(kRef | (nullable ? kNullableFlag : 0) | (heap.bits() << kHeapShift));
  }
  static constexpr ValType funcref() { return ref(HeapType::kFunc, true); }
  static constexpr ValType externref() { return ref(HeapType::kExtern, true); }
  static constexpr ValType exnref() { return ref(HeapType::kExn, true); }
  static constexpr ValType from_bits(uint32_t bits) {
    ValType t;
    t.bits_ = bits;
    return t;
  }

  constexpr Kind kind() const { return static_cast<Kind>(bits_ & 0xF); }
  constexpr bool is_ref() const { return kind() == kRef; }
  constexpr bool is_num() const { return kind() >= kI32 && kind() <= kF64; }
  constexpr bool is_vec() const { return kind() == kV128; }
  constexpr bool is_packed() const { return kind() == kI8 || kind() == kI16; }
  constexpr bool is_nullable() const { return (bits_ & kNullableFlag) != 0; }
  constexpr HeapType heap() const { return HeapType::from_bits(bits_ >> kHeapShift); }
  constexpr bool is_defaultable() const { return !is_ref() || is_nullable(); }
  /// The value type a storage type unpacks to.
  constexpr ValType unpacked() const { return is_packed() ? ValType(kI32) : *this; }
  /// Size in bytes in memory, in a GC field, and in a runtime slot (a reference is a 64-bit word).
  constexpr uint32_t byte_size() const {
    constexpr uint8_t kSizes[] = {0, 4, 8, 4, 8, 16, 1, 2, 8};
    return kSizes[kind()];
  }
  /// How many 64-bit slots a value takes in frames and argument arrays: 2 for v128, else 1.
  constexpr uint32_t slots() const { return is_vec() ? 2 : 1; }
  constexpr uint32_t bits() const { return bits_; }
  constexpr bool operator==(const ValType&) const = default;

 private:
  static constexpr uint32_t kNullableFlag = 1u << 4;
  static constexpr uint32_t kHeapShift = 5;
  uint32_t bits_;
};

/// The bounds of a memory (in pages) or table (in elements).
struct Limits {
  uint64_t min = 0;
  std::optional<uint64_t> max;
  constexpr bool operator==(const Limits&) const = default;
};

struct MemoryType {
  Limits limits;
  bool is64 = false;            ///< Addresses are i64 (memory64).
  bool shared = false;          ///< Threads.
  uint8_t page_size_log2 = 16;  ///< 16, or 0 with custom page sizes.
  constexpr uint64_t page_size() const { return uint64_t{1} << page_size_log2; }
  constexpr bool operator==(const MemoryType&) const = default;
};

struct TableType {
  ValType element = ValType::funcref();
  Limits limits;
  bool is64 = false;
  constexpr bool operator==(const TableType&) const = default;
};

struct GlobalType {
  ValType type;
  bool is_mutable = false;
  constexpr bool operator==(const GlobalType&) const = default;
};

/// A tag is described by a function type without results.
struct TagType {
  TypeId type = 0;
  constexpr bool operator==(const TagType&) const = default;
};

enum class ExternKind : uint8_t { kFunc = 0, kTable = 1, kMemory = 2, kGlobal = 3, kTag = 4 };

}  // namespace wherry
