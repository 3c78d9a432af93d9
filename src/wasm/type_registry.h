// Defined types (functions, structs, arrays), canonicalised: the registry gives two iso-recursively equal types the
// same TypeId, so that type equality is integer equality and a subtype test is one load. Spec:
// https://webassembly.github.io/spec/core/valid/conventions.html#defined-types
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "wherry/result.h"
#include "wherry/types.h"

namespace wherry::wasm {

struct FieldType {
  ValType type;  ///< May be a packed storage type.
  bool is_mutable = false;
  constexpr bool operator==(const FieldType&) const = default;
};

enum class CompositeKind : uint8_t { kFunc, kStruct, kArray };

/// A defined type as a module declares it. While a recursion group is being read, references to members of the same
/// group are HeapType::defined(kGroupMember + position in the group); all others are canonical TypeIds already.
struct SubType {
  static constexpr TypeId kGroupMember = TypeId{1} << 23;

  CompositeKind kind = CompositeKind::kFunc;
  bool is_final = true;
  std::optional<TypeId> super;
  std::vector<ValType> params;    ///< kFunc
  std::vector<ValType> results;   ///< kFunc
  std::vector<FieldType> fields;  ///< kStruct; kArray: exactly one
};

/// A canonical defined type. Immutable; lives as long as its registry, at a fixed address.
struct TypeDef {
  TypeId id;
  CompositeKind kind;
  bool is_final;
  std::optional<TypeId> super;
  std::span<const ValType> params;
  std::span<const ValType> results;
  std::span<const FieldType> fields;

  /// Sizes of the parameters and results in 64-bit slots.
  uint32_t param_slots;
  uint32_t result_slots;

  /// kStruct: byte offset of each field from the start of the object's payload; every field is naturally aligned to at
  /// most 8 bytes (a v128 field too). `payload_size` is rounded up to 8.
  std::span<const uint32_t> field_offsets;
  uint32_t payload_size;
  /// Whether any field (or the element) is a reference, for the collector.
  bool has_references;

  /// All supertypes from the root (index 0) to this type (index supers.size() - 1).
  std::span<const TypeId> supers;

  /// The recursion group it belongs to: `group_size` types from `group_first` on. References to members are TypeIds
  /// too.
  TypeId group_first;
  uint32_t group_size;
};

/// Owned by an Engine. Thread-safe: get() and the relations take no lock.
class TypeRegistry {
 public:
  TypeRegistry();
  ~TypeRegistry();
  TypeRegistry(const TypeRegistry&) = delete;
  TypeRegistry& operator=(const TypeRegistry&) = delete;

  /// Registers a recursion group, already checked to be well formed, and returns the TypeId of its first member; the
  /// others follow. An equal group registered before gives the same ids. Fails with kLimit when the registry is full.
  Result<TypeId> intern(std::span<const SubType> group);

  /// Shorthand for a final function type alone in its group, for host functions: some room is kept for them.
  TypeId intern_func(std::span<const ValType> params, std::span<const ValType> results);

  const TypeDef& get(TypeId id) const {
    const uint32_t chunk = chunk_of(id);
    return chunks_[chunk].load(std::memory_order_acquire)[id - chunk_start(chunk)];
  }

  bool is_subtype(TypeId sub, TypeId super) const {
    if (sub == super) return true;
    const TypeDef& s = get(sub);
    const size_t depth = get(super).supers.size() - 1;
    return depth < s.supers.size() && s.supers[depth] == super;
  }
  /// A heap type below all others: of a reference in unreachable code of which nothing else is known.
  static constexpr HeapType kBottomHeap = HeapType::from_bits(HeapType::kAbstractFlag | 0xFF);

  bool matches(HeapType sub, HeapType super) const;
  /// Whether `sub` is a subtype of `super`; kBottom matches everything.
  bool matches(ValType sub, ValType super) const { return sub == super || matches_slow(sub, super); }

  /// The type as the text format writes it ("(ref null $3)", "i32"), for messages.
  std::string to_string(ValType t) const;

 private:
  // Types live in chunks that double in size and never move, so that readers need no lock.
  static constexpr uint32_t kFirstChunk = 64;
  static constexpr uint32_t kChunks = 18;
  static constexpr TypeId kMaxModuleTypes = SubType::kGroupMember - (1u << 20);
  static constexpr uint32_t chunk_of(TypeId id) {
    return static_cast<uint32_t>(std::bit_width(id / kFirstChunk + 1)) - 1;
  }
  static constexpr uint32_t chunk_start(uint32_t chunk) { return kFirstChunk * ((1u << chunk) - 1); }
  static_assert(kFirstChunk * ((1u << kChunks) - 1) >= SubType::kGroupMember);

  TypeDef& slot(TypeId id);
  std::optional<TypeId> intern(std::span<const SubType> group, TypeId limit);
  bool matches_slow(ValType sub, ValType super) const;

  std::atomic<TypeDef*> chunks_[kChunks] = {};
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The top type of the hierarchy that `heap` belongs to (any, func, extern or exn).
HeapType top_of(HeapType heap, const TypeRegistry& types);
/// The bottom type of the hierarchy that `heap` belongs to (none, nofunc, noextern or noexn).
HeapType bottom_of(HeapType heap, const TypeRegistry& types);

}  // namespace wherry::wasm
