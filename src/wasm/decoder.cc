#include "wasm/decoder.h"

#include "wasm/binary_format.h"
#include "wasm/limits.h"

namespace wherry::wasm {

bool Decoder::fail_feature(Feature feature, uint64_t offset) {
  return fail(ErrorCode::kUnsupported, "requires the feature " + std::string(info(feature).name) + ", which is off",
              offset);
}

bool Decoder::type_by_index(int64_t index, uint64_t at, HeapType& out) {
  if (index >= HeapType::kMaxTypeId || (types_ != nullptr && static_cast<uint64_t>(index) >= types_->size())) {
    return fail(ErrorCode::kInvalid, "unknown type " + std::to_string(index), at);
  }
  out = HeapType::defined(types_ != nullptr ? (*types_)[static_cast<size_t>(index)] : static_cast<TypeId>(index));
  return true;
}

namespace {
constexpr Feature feature_of(HeapType::Abstract type) {
  switch (type) {
    case HeapType::kFunc:
    case HeapType::kExtern:
      return Feature::kReferenceTypes;
    case HeapType::kExn:
    case HeapType::kNoExn:
      return Feature::kExceptions;
    default:
      return Feature::kGc;
  }
}
}  // namespace

bool Decoder::heap_type(HeapType& out) {
  const uint64_t at = offset();
  if (pc_ != end_) {
    if (const auto abstract = heap_type_by_code(*pc_)) {
      out = *abstract;
      ++pc_;
      return require(feature_of(*abstract), at);
    }
  }
  int64_t index;
  if (!s33(index)) return false;
  if (index < 0) return fail(ErrorCode::kMalformed, "malformed heap type", at);
  return require(Feature::kFunctionReferences, at) && type_by_index(index, at, out);
}

bool Decoder::reference_type(ValType& out) {
  if (pc_ == end_) return fail_end();
  const uint64_t at = offset();
  const uint8_t code = *pc_;
  if (code == type_code::kRef || code == type_code::kRefNull) {
    ++pc_;
    HeapType heap = HeapType::kAny;
    if (!require(Feature::kFunctionReferences, at) || !heap_type(heap)) return false;
    out = ValType::ref(heap, code == type_code::kRefNull);
    return true;
  }
  const auto abstract = heap_type_by_code(code);
  if (!abstract) return fail(ErrorCode::kMalformed, "malformed reference type", at);
  ++pc_;
  out = ValType::ref(*abstract, true);
  return require(feature_of(*abstract), at);
}

bool Decoder::value_type(ValType& out) {
  if (pc_ == end_) return fail_end();
  switch (*pc_) {
    case type_code::kI32:
      out = ValType::kI32;
      break;
    case type_code::kI64:
      out = ValType::kI64;
      break;
    case type_code::kF32:
      out = ValType::kF32;
      break;
    case type_code::kF64:
      out = ValType::kF64;
      break;
    case type_code::kV128:
      if (!require(Feature::kSimd, offset())) return false;
      out = ValType::kV128;
      break;
    case type_code::kRef:
    case type_code::kRefNull:
      return reference_type(out);
    default:
      if (!heap_type_by_code(*pc_)) return fail_malformed("malformed value type");
      return reference_type(out);
  }
  ++pc_;
  return true;
}

bool Decoder::storage_type(ValType& out) {
  if (pc_ != end_ && (*pc_ == type_code::kI8 || *pc_ == type_code::kI16)) {
    out = *pc_++ == type_code::kI8 ? ValType::kI8 : ValType::kI16;
    return true;
  }
  return value_type(out);
}

bool Decoder::block_type_long(Imm& imm) {
  if (pc_ == end_) return fail_end();
  // One-byte negative numbers are value types; anything else is an index of 33 bits.
  if ((*pc_ & 0xC0) == 0x40) {
    imm.block = BlockTypeKind::kValue;
    return value_type(imm.type);
  }
  const uint64_t at = offset();
  int64_t index;
  if (!s33(index)) return false;
  if (index < 0) return fail(ErrorCode::kMalformed, "malformed block type", at);
  imm.block = BlockTypeKind::kIndex;
  imm.index = static_cast<uint32_t>(index);
  return require(Feature::kMultiValue, at);
}

bool Decoder::mem_arg_long(MemArg& out) {
  const uint64_t at = offset();
  if (!u32(out.align_log2)) return false;
  out.memory = 0;
  if (out.align_log2 >= 2 * kMemArgHasMemory) return fail(ErrorCode::kMalformed, "malformed memop flags", at);
  if (out.align_log2 & kMemArgHasMemory) {
    out.align_log2 &= ~kMemArgHasMemory;
    if (!require(Feature::kMultiMemory, at) || !u32(out.memory)) return false;
  }
  if (features_.has(Feature::kMemory64)) return u64(out.offset);
  uint32_t offset;
  if (!u32(offset)) return false;
  out.offset = offset;
  return true;
}

bool Decoder::label_table() {
  const uint64_t at = offset();
  uint32_t count;
  if (!u32(count)) return false;
  if (count >= remaining()) return fail_end();
  if (count > limits::kBranchTable) return fail(ErrorCode::kLimit, "br_table has too many labels", at);
  labels_.clear();
  labels_.ensure(size_t{count} + 1);
  for (uint32_t i = 0; i <= count; ++i) {
    uint32_t label;
    if (!u32(label)) return false;
    labels_.push_unchecked(label);
  }
  return true;
}

bool Decoder::catch_list() {
  const uint64_t at = offset();
  uint32_t count;
  if (!u32(count)) return false;
  if (count > remaining()) return fail_end();
  if (count > limits::kCatches) return fail(ErrorCode::kLimit, "try_table has too many catches", at);
  catches_.clear();
  catches_.ensure(count);
  for (uint32_t i = 0; i < count; ++i) {
    CatchClause clause{};
    uint8_t kind;
    if (!u8(kind)) return false;
    if (kind > 3) return fail(ErrorCode::kMalformed, "malformed catch clause", offset() - 1);
    clause.kind = static_cast<CatchClause::Kind>(kind);
    if (kind < 2 && !u32(clause.tag)) return false;
    if (!u32(clause.label)) return false;
    catches_.push_unchecked(clause);
  }
  return true;
}

bool Decoder::select_type_list() {
  uint32_t count;
  if (!u32(count)) return false;
  if (count > remaining()) return fail_end();
  select_types_.clear();
  for (uint32_t i = 0; i < count; ++i) {
    ValType type;
    if (!value_type(type)) return false;
    select_types_.push(type);
  }
  return true;
}

bool Decoder::br_on_cast(Imm& imm) {
  const uint64_t at = offset();
  uint8_t flags;
  HeapType from = HeapType::kAny;
  HeapType to = HeapType::kAny;
  if (!u8(flags)) return false;
  if (flags > 3) return fail(ErrorCode::kMalformed, "malformed br_on_cast flags", at);
  if (!u32(imm.index) || !heap_type(from) || !heap_type(to)) return false;
  imm.from_type = ValType::ref(from, (flags & 1) != 0);
  imm.type = ValType::ref(to, (flags & 2) != 0);
  return true;
}

bool Decoder::fail_opcode(uint32_t code, uint64_t at) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "illegal opcode";
  const auto byte = [&](uint32_t value) {
    text += ' ';
    text += kDigits[value >> 4 & 15];
    text += kDigits[value & 15];
  };
  if (code > 0xFF) {
    byte(code >> 16);
    if ((code & 0xFFFF) > 0xFF) byte(code >> 8 & 0xFF);
  }
  byte(code & 0xFF);
  return fail(ErrorCode::kMalformed, text, at);
}

bool Decoder::sub_opcode(uint8_t prefix, uint32_t& code) {
  const uint64_t at = offset() - 1;
  uint32_t sub;
  if (!u32(sub)) return false;
  if (sub > 0xFFFF) return fail(ErrorCode::kMalformed, "illegal opcode", at);
  code = uint32_t{prefix} << 16 | sub;
  return true;
}

bool Decoder::next(Op& op, Imm& imm) {
  const uint64_t at = offset();
  uint8_t byte;
  if (!u8(byte)) return false;
  uint32_t code = byte;
  if (is_prefix(byte) && !sub_opcode(byte, code)) return false;
  switch (code) {
#define WHERRY_OP(code, id, text, imm_kind, sig, feature, access, effect) \
  case code:                                                              \
    op = Op::id;                                                          \
    return immediates<Op::id>(imm);
#include "wasm/ops.inc"
#undef WHERRY_OP
    default:
      return fail_opcode(code, at);
  }
}

}  // namespace wherry::wasm
