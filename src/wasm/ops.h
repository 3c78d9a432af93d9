// The op table, as types. The rows are in ops.inc: the one place where an opcode's encoding, text, immediates, type,
// feature, memory access and effect are written down. The reader, the validator's plain path, the text parser and
// printer, the fuzz generator and the tests all expand that file; nothing else repeats its facts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "wherry/features.h"

namespace wherry::wasm {

/// How an op's immediates are encoded. See Imm in function_reader.h for what they decode to.
enum class ImmKind : uint8_t {
  kNone,
  kBlockType,     // block, loop, if, legacy try
  kTryTable,      // block type, vec(catch)
  kLabel,         // labelidx
  kLabelTable,    // vec(labelidx) labelidx
  kLocal,         // localidx
  kGlobal,        // globalidx
  kFunc,          // funcidx
  kTable,         // tableidx
  kMemory,        // memidx
  kTag,           // tagidx
  kType,          // typeidx
  kElem,          // elemidx
  kData,          // dataidx
  kTypeTable,     // typeidx tableidx      (call_indirect)
  kElemTable,     // elemidx tableidx      (table.init)
  kDataMemory,    // dataidx memidx        (memory.init)
  kTableTable,    // dst tableidx, src tableidx
  kMemoryMemory,  // dst memidx, src memidx
  kTypeField,     // typeidx fieldidx
  kTypeType,      // typeidx typeidx       (array.copy)
  kTypeData,      // typeidx dataidx
  kTypeElem,      // typeidx elemidx
  kTypeCount,     // typeidx u32           (array.new_fixed)
  kHeapType,      // heaptype              (ref.null, ref.test, ref.cast; nullability is the op's)
  kBrOnCast,      // castflags labelidx heaptype heaptype
  kSelectTypes,   // vec(valtype)
  kI32,
  kI64,
  kF32,
  kF64,
  kV128,
  kMemArg,      // align offset, memidx where the align field's bit 6 says so
  kMemArgLane,  // memarg laneidx
  kLane,        // laneidx
  kLanes16,     // 16 laneidx            (i8x16.shuffle)
  kZeroByte,    // a reserved zero byte  (atomic.fence)
};

/// What an op may do besides computing its results: what a tier must keep in order.
enum class Effect : uint8_t {
  kPure,     // depends on its operands only, cannot trap
  kTrap,     // depends on its operands only, may trap
  kRead,     // reads state (memory, table, global, GC object); may trap
  kWrite,    // writes state; may trap
  kCall,     // may run any code, allocate, collect, grow
  kControl,  // structure and branches
};

/// Every op. Dense, in the order of ops.inc.
enum class Op : uint16_t {
#define WHERRY_OP(code, id, text, imm, sig, feature, access, effect) id,
#include "wasm/ops.inc"
#undef WHERRY_OP
};

/// Letters of a signature, as in "i_ii" = [i32 i32] -> [i32]: i l f d v = i32 i64 f32 f64 v128; p = the address type
/// (i32 or i64) of the memory or table that the immediate names; n = none. "special" has a rule of its own.
struct Signature {
  /// Parameters and results as letters, nul-terminated, in order.
  char params[5];
  char results[3];
  bool special;
};

/// One row of the table.
struct OpInfo {
  Op op;
  /// Encoding: one byte, or prefix << 16 | LEB128-encoded sub-opcode.
  uint32_t code;
  std::string_view text;
  ImmKind imm;
  Signature signature;
  Feature feature;
  /// log2 of the bytes accessed in memory (also the maximal alignment), or -1.
  int8_t access;
  Effect effect;
};

consteval Signature parse_signature(std::string_view s) {
  Signature r{};
  if (s == "special") {
    r.special = true;
    return r;
  }
  size_t bar = s.find('_');
  auto fill = [](std::string_view from, char* to) {
    for (char c : from) {
      if (c != 'n') *to++ = c;
    }
  };
  fill(s.substr(0, bar), r.results);
  fill(s.substr(bar + 1), r.params);
  return r;
}

inline constexpr OpInfo kOpTable[] = {
#define WHERRY_OP(code, id, text, imm, sig, feature, access, effect) \
  {Op::id, code, text, ImmKind::imm, parse_signature(#sig), Feature::feature, access, Effect::effect},
#include "wasm/ops.inc"
#undef WHERRY_OP
};
inline constexpr size_t kOpCount = sizeof(kOpTable) / sizeof(kOpTable[0]);

constexpr const OpInfo& info(Op op) { return kOpTable[static_cast<unsigned>(op)]; }

/// First bytes of two-part opcodes.
inline constexpr uint8_t kFirstPrefix = 0xFB, kLastPrefix = 0xFE;
inline constexpr bool is_prefix(uint8_t byte) { return byte >= kFirstPrefix && byte <= kLastPrefix; }

/// Opcode to Op. Entries without an op hold kNoOp.
struct OpCodeTables {
  static constexpr uint16_t kNoOp = 0xFFFF;
  static constexpr size_t kMaxSubOps = 0x114;

  uint16_t one_byte[256];
  uint16_t prefixed[kLastPrefix - kFirstPrefix + 1][kMaxSubOps];
};
inline constexpr OpCodeTables kOpsByCode = [] {
  OpCodeTables tables{};
  for (uint16_t& entry : tables.one_byte) entry = OpCodeTables::kNoOp;
  for (auto& table : tables.prefixed) {
    for (uint16_t& entry : table) entry = OpCodeTables::kNoOp;
  }
  for (const OpInfo& row : kOpTable) {
    const uint32_t prefix = row.code >> 16;
    uint16_t& entry =
        prefix == 0 ? tables.one_byte[row.code] : tables.prefixed[prefix - kFirstPrefix][row.code & 0xFFFF];
    entry = static_cast<uint16_t>(row.op);
  }
  return tables;
}();

/// The op with a one-byte opcode.
constexpr std::optional<Op> op_by_byte(uint8_t byte) {
  const uint16_t op = kOpsByCode.one_byte[byte];
  if (op == OpCodeTables::kNoOp) return std::nullopt;
  return static_cast<Op>(op);
}

/// The op with the given prefix, for which is_prefix() holds, and sub-opcode.
constexpr std::optional<Op> op_by_prefixed(uint8_t prefix, uint32_t sub) {
  if (sub >= OpCodeTables::kMaxSubOps) return std::nullopt;
  const uint16_t op = kOpsByCode.prefixed[prefix - kFirstPrefix][sub];
  if (op == OpCodeTables::kNoOp) return std::nullopt;
  return static_cast<Op>(op);
}

/// The op with an OpInfo::code.
constexpr std::optional<Op> op_by_code(uint32_t code) {
  if (code <= 0xFF) return op_by_byte(static_cast<uint8_t>(code));
  const uint32_t prefix = code >> 16;
  if (prefix < kFirstPrefix || prefix > kLastPrefix) return std::nullopt;
  return op_by_prefixed(static_cast<uint8_t>(prefix), code & 0xFFFF);
}

/// The op with an OpInfo::text.
std::optional<Op> op_by_text(std::string_view text);

}  // namespace wherry::wasm
