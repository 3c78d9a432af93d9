// Decoder: bytes to ops and their immediates, without validation. The printer uses it as it is; FunctionReader adds
// typing.
#pragma once

#include <cstdint>
#include <span>

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

/// A cursor over code. Reads return false at the first error; see ByteReader.
/// Heap types of defined types come as the module writes them: HeapType::defined(index in the type index space).
class Decoder : public base::ByteReader {
 public:
  using ByteReader::ByteReader;

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
  bool block_type(Imm& imm);
  bool mem_arg(MemArg& out);

 protected:
  bool immediates(Op op, Imm& imm);
  bool label_table();
  bool catch_list();
  bool select_type_list();
  bool br_on_cast(Imm& imm);
  bool lanes16(Imm& imm);

  base::PodStack<uint32_t> labels_;
  base::PodStack<CatchClause> catches_;
  base::PodStack<ValType> select_types_;
};

}  // namespace wherry::wasm
