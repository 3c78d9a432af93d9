// Decoder: bytes to ops and their immediates, without validation. The printer uses it as it is; FunctionReader adds
// typing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/byte_reader.h"
#include "base/pod_stack.h"
#include "wasm/ops.h"
#include "wherry/features.h"
#include "wherry/types.h"
#include "wherry/v128.h"

namespace wherry::wasm {

struct MemArg {
  uint32_t align_log2 = 0;
  uint32_t memory = 0;
  uint64_t offset = 0;
};

/// How a block's type is written.
enum class BlockTypeKind : uint8_t {
  kEmpty,
  kValue,  ///< One result: Imm::type.
  kIndex,  ///< The function type with the index Imm::index.
};

/// Decoded immediates; the op's ImmKind says which members count.
struct Imm {
  uint32_t index = 0;   ///< The index (the first, where there are two); br_on_cast's label.
  uint32_t index2 = 0;  ///< The second index; struct field; array.new_fixed's count.
  uint32_t lane = 0;
  BlockTypeKind block = BlockTypeKind::kEmpty;
  MemArg mem;
  uint64_t bits = 0;  ///< Constants, as bits; i32 and f32 zero-extended.
  V128 v128;          ///< v128.const; i8x16.shuffle's lanes.
  /// ref.null: the null's type. ref.test, ref.cast: the target, with the op's nullability. br_on_cast: the target.
  ValType type;
  ValType from_type;  ///< br_on_cast: the source.
};

/// A catch clause of try_table.
struct CatchClause {
  enum class Kind : uint8_t { kCatch = 0, kCatchRef = 1, kCatchAll = 2, kCatchAllRef = 3 };
  Kind kind;
  uint32_t tag = 0;    ///< kCatch, kCatchRef
  uint32_t label = 0;  ///< Relative depth, counted from outside the try_table (0 = the label that encloses it).
};

/// A cursor over code and types. Reads return false at the first error; see ByteReader.
class Decoder : public base::ByteReader {
 public:
  /// `types`: what type indices stand for; an index beyond is an "unknown type". Null: heap types of defined types come
  /// as they are written, HeapType::defined(index in the type index space). The vector may grow meanwhile.
  explicit Decoder(std::span<const uint8_t> bytes, uint64_t origin = 0, const std::vector<TypeId>* types = nullptr,
                   const Features& features = Features::all())
      : ByteReader(bytes, origin), types_(types), features_(features) {}

  /// Reads one op and its immediates. Fails at the end of the bytes ("unexpected end") and on an unknown opcode.
  bool next(Op& op, Imm& imm);

  /// The immediates that are lists, of the last op. br_table's default label is the last one.
  std::span<const uint32_t> labels() const { return labels_.span(); }
  std::span<const CatchClause> catches() const { return catches_.span(); }
  std::span<const ValType> select_types() const { return select_types_.span(); }

  bool value_type(ValType& out);
  /// A value type, i8 or i16.
  bool storage_type(ValType& out);
  bool reference_type(ValType& out);
  bool heap_type(HeapType& out);
  bool block_type(Imm& out);
  bool mem_arg(MemArg& out);

  bool has(Feature feature) const { return features_.has(feature); }
  /// Whether `feature` is on; if not, fails with "requires the feature ..., which is off" at `offset`.
  bool require(Feature feature, uint64_t offset) { return features_.has(feature) || fail_feature(feature, offset); }

 protected:
  /// Whether more of the opcode follows the byte.
  static constexpr bool is_prefix(uint8_t byte) { return byte >= 0xFB && byte <= 0xFE; }
  /// Reads what follows a prefix byte, and makes it a code as in OpInfo::code.
  bool sub_opcode(uint8_t prefix, uint32_t& code);
  [[gnu::cold, gnu::noinline]] bool fail_opcode(uint32_t code, uint64_t at);

  /// Reads the immediates of one op.
  template <Op kOp>
  bool immediates(Imm& imm);

  const std::vector<TypeId>* types_;

 private:
  bool label_table();
  bool catch_list();
  bool select_type_list();
  bool br_on_cast(Imm& imm);
  bool mem_arg_long(MemArg& out);
  bool block_type_long(Imm& out);
  bool lane(uint32_t& out);
  bool type_by_index(int64_t index, uint64_t at, HeapType& out);
  [[gnu::cold, gnu::noinline]] bool fail_feature(Feature feature, uint64_t offset);

  Features features_;
  base::PodStack<uint32_t> labels_;
  base::PodStack<CatchClause> catches_;
  base::PodStack<ValType> select_types_;
};

inline bool Decoder::lane(uint32_t& out) {
  uint8_t lane;
  if (!u8(lane)) return false;
  out = lane;
  return true;
}

inline bool Decoder::mem_arg(MemArg& out) {
  // Nearly all are two bytes: alignment, and an offset below 128.
  if (end_ - pc_ >= 2 && pc_[0] < 0x40 && pc_[1] < 0x80) [[likely]] {
    out = {.align_log2 = pc_[0], .memory = 0, .offset = pc_[1]};
    pc_ += 2;
    return true;
  }
  MemArg arg;
  if (!mem_arg_long(arg)) return false;
  out = arg;
  return true;
}

inline bool Decoder::block_type(Imm& out) {
  if (pc_ != end_ && *pc_ == 0x40) {  // the empty type
    ++pc_;
    out.block = BlockTypeKind::kEmpty;
    return true;
  }
  Imm imm;
  if (!block_type_long(imm)) return false;
  out = imm;
  return true;
}

template <Op kOp>
inline bool Decoder::immediates(Imm& imm) {
  using enum ImmKind;
  constexpr ImmKind kKind = info(kOp).imm;
  if constexpr (kKind == kNone) {
    return true;
  } else if constexpr (kKind == kBlockType) {
    return block_type(imm);
  } else if constexpr (kKind == kTryTable) {
    return block_type(imm) && catch_list();
  } else if constexpr (kKind == kLabelTable) {
    return label_table();
  } else if constexpr (kKind == kLabel || kKind == kLocal || kKind == kGlobal || kKind == kFunc || kKind == kTable ||
                       kKind == kMemory || kKind == kTag || kKind == kType || kKind == kElem || kKind == kData) {
    return u32(imm.index);
  } else if constexpr (kKind == kTypeTable || kKind == kElemTable || kKind == kDataMemory || kKind == kTableTable ||
                       kKind == kMemoryMemory || kKind == kTypeField || kKind == kTypeType || kKind == kTypeData ||
                       kKind == kTypeElem || kKind == kTypeCount) {
    return u32(imm.index) && u32(imm.index2);
  } else if constexpr (kKind == kHeapType) {
    HeapType heap = HeapType::kAny;
    if (!heap_type(heap)) return false;
    imm.type = ValType::ref(heap, kOp != Op::kRefTest && kOp != Op::kRefCast);
    return true;
  } else if constexpr (kKind == kBrOnCast) {
    return br_on_cast(imm);
  } else if constexpr (kKind == kSelectTypes) {
    return select_type_list();
  } else if constexpr (kKind == kI32) {
    int32_t value;
    if (!s32(value)) return false;
    imm.bits = static_cast<uint32_t>(value);
    return true;
  } else if constexpr (kKind == kI64) {
    int64_t value;
    if (!s64(value)) return false;
    imm.bits = static_cast<uint64_t>(value);
    return true;
  } else if constexpr (kKind == kF32) {
    uint32_t bits;
    if (!fixed(bits)) return false;
    imm.bits = bits;
    return true;
  } else if constexpr (kKind == kF64) {
    return fixed(imm.bits);
  } else if constexpr (kKind == kV128 || kKind == kLanes16) {
    return fixed(imm.v128);
  } else if constexpr (kKind == kMemArg) {
    return mem_arg(imm.mem);
  } else if constexpr (kKind == kMemArgLane) {
    return mem_arg(imm.mem) && lane(imm.lane);
  } else if constexpr (kKind == kLane) {
    return lane(imm.lane);
  } else {
    static_assert(kKind == kZeroByte);
    uint8_t zero;
    if (!u8(zero)) return false;
    return zero == 0 || fail(ErrorCode::kMalformed, "zero byte expected", offset() - 1);
  }
}

}  // namespace wherry::wasm
