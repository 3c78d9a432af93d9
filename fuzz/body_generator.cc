#include "body_generator.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <iterator>
#include <optional>

#include "wasm/binary_format.h"
#include "wasm/decoder.h"
#include "wherry/types.h"

namespace wherry::fuzz {
namespace {

using wasm::Effect;
using wasm::Encoder;
using wasm::ImmKind;
using wasm::Op;
using wasm::OpInfo;

bool is_reference(char type) { return type == 'F' || type == 'E' || type == 'A' || type == 'X'; }

/// Ops with a fixed signature, by what they produce; multiple results count as the last one. Nothing at index 0.
struct PlainOps {
  std::array<std::vector<Op>, 128> by_result;

  PlainOps() {
    for (const OpInfo& row : wasm::kOpTable) {
      const std::string_view results = row.signature.results;
      // Waiting may take for ever. Constants are leaves of their own.
      const bool unwanted = row.signature.special || row.text.find("wait") != row.text.npos ||
                            row.text.ends_with(".const") || row.op == Op::kNop;
      if (unwanted) continue;
      if (results == "p") {
        by_result['i'].push_back(row.op);
        by_result['l'].push_back(row.op);
      } else {
        by_result[results.empty() ? 0 : static_cast<size_t>(results.back())].push_back(row.op);
      }
    }
  }
};
const std::vector<Op>& plain_ops(char result) {
  static const PlainOps ops;
  return ops.by_result[static_cast<size_t>(result)];
}

constexpr uint64_t kInterestingWords[] = {
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    0x3F800000,
    0xBFC00000,
    0x4F000000,
    0x7F800000,
    0xFF800000,
    0x00000001,
    0x80008000FF01807F,
    0x7FFFFFFFFFFFFFFF,
    0x8000000000000000,
    0xFFFFFFFFFFFFFFFF,
    0x3FF8000000000000,
    0xC004000000000000,
    0x41F0000000000000,
    0xC1E0000000200000,
    0x43E0000000000000,
    0x7FF0000000000000,
    0x0102030405060708,
};

class BodyGenerator {
 public:
  BodyGenerator(const ModuleShape& shape, const FuncType& type, Choices& choices)
      : shape_(shape), type_(type), choices_(choices) {
    for (size_t i = 0; i < type.params.size(); ++i) locals_of(type.params[i]).push_back(static_cast<uint32_t>(i));
  }

  std::vector<uint8_t> generate() {
    declare_locals();
    labels_.push_back(type_.results);
    check_fuel();
    for (uint32_t n = choices_.below(12); n > 0; --n) statement(kMaxDepth);
    expressions(type_.results, kMaxDepth);
    op(Op::kEnd);
    return code_.take();
  }

 private:
  static constexpr int kMaxDepth = 5;
  static constexpr size_t kMaxCode = 6000;
  static constexpr uint32_t kLocalsOfEachType = 2;

  // Locals

  std::vector<uint32_t>& locals_of(char type) { return locals_[static_cast<size_t>(type)]; }
  void declare_locals() {
    code_.u32(static_cast<uint32_t>(kTypeLetters.size()));
    auto next = static_cast<uint32_t>(type_.params.size());
    for (char type : kTypeLetters) {
      code_.u32(kLocalsOfEachType + 1);
      write_type(code_, type);
      for (uint32_t i = 0; i < kLocalsOfEachType; ++i) locals_of(type).push_back(next++);
      scratch_[static_cast<size_t>(type)] = next++;
    }
  }
  uint32_t local(char type) {
    const std::vector<uint32_t>& all = locals_of(type);
    return all[choices_.below(static_cast<uint32_t>(all.size()))];
  }
  /// Used within one op's code only.
  uint32_t scratch(char type) const { return scratch_[static_cast<size_t>(type)]; }
  uint32_t global(char type) const { return 1 + static_cast<uint32_t>(kTypeLetters.find(type)); }

  // Emitting

  void op(Op which) { code_.opcode(wasm::info(which).code); }
  void op(Op which, uint32_t index) {
    op(which);
    code_.u32(index);
  }
  void op(Op which, uint32_t index, uint32_t index2) {
    op(which, index);
    code_.u32(index2);
  }
  void i32_const(int32_t value) {
    op(Op::kI32Const);
    code_.s32(value);
  }
  void integer_const(bool is64, int64_t value) {
    op(is64 ? Op::kI64Const : Op::kI32Const);
    code_.s64(value);
  }
  /// Masks the i32 or i64 on the stack.
  void mask(bool is64, int64_t bits) {
    integer_const(is64, bits);
    op(is64 ? Op::kI64And : Op::kI32And);
  }
  void check_fuel() {
    op(Op::kGlobalGet, 0);
    op(Op::kI32Eqz);
    op(Op::kIf);
    code_.byte(wasm::type_code::kEmptyBlock);
    op(Op::kUnreachable);
    op(Op::kEnd);
    op(Op::kGlobalGet, 0);
    i32_const(1);
    op(Op::kI32Sub);
    op(Op::kGlobalSet, 0);
  }
  void begin(Op which, std::string_view label) {
    op(which);
    code_.byte(wasm::type_code::kEmptyBlock);
    labels_.emplace_back(label);
  }
  void begin(Op which, char result, std::string_view label) {
    op(which);
    write_type(code_, result);
    labels_.emplace_back(label);
  }
  void begin(Op which, uint32_t func_type, std::string_view label) {
    op(which);
    code_.s64(func_type);
    labels_.emplace_back(label);
  }
  void end() {
    op(Op::kEnd);
    labels_.pop_back();
  }
  /// Pops values of these types into locals.
  void store_all(std::string_view types) {
    for (size_t i = types.size(); i-- > 0;) {
      if (types[i] == 'X') {
        op(Op::kDrop);
      } else {
        op(Op::kLocalSet, local(types[i]));
      }
    }
  }

  // Expressions: each leaves one value.

  void expressions(std::string_view types, int depth) {
    for (char type : types) expression(type, depth);
  }

  uint64_t interesting_word() { return kInterestingWords[choices_.below(std::size(kInterestingWords))]; }
  void leaf(char type) {
    if (type != 'X' && (choices_.exhausted() || choices_.chance(128))) return op(Op::kLocalGet, local(type));
    switch (type) {
      case 'i':
        return i32_const(choices_.chance(128) ? static_cast<int8_t>(choices_.byte())
                                              : static_cast<int32_t>(interesting_word()));
      case 'l':
        op(Op::kI64Const);
        return code_.s64(static_cast<int64_t>(interesting_word()));
      case 'f':
        op(Op::kF32Const);
        return code_.fixed(static_cast<uint32_t>(interesting_word()));
      case 'd':
        op(Op::kF64Const);
        return code_.fixed(interesting_word());
      case 'v': {
        op(Op::kV128Const);
        const uint64_t low = interesting_word();
        return code_.v128(V128::from_halves(low, interesting_word()));
      }
      case 'F':
        return op(Op::kRefFunc, choices_.below(static_cast<uint32_t>(shape_.functions.size())));
      case 'A':
        i32_const(choices_.byte());
        return op(Op::kRefI31);
      default:
        op(Op::kRefNull);
        return write_heap_type(code_, type);
    }
  }

  void expression(char type, int depth) {
    if (depth <= 0 || choices_.exhausted() || code_.size() > kMaxCode || type == 'X') return leaf(type);
    --depth;
    switch (choices_.below(16)) {
      case 0:
        return leaf(type);
      case 1:
        expression(type, depth);
        return op(Op::kLocalTee, local(type));
      case 2:
        return op(Op::kGlobalGet, global(type));
      case 3:
        expression(type, depth);
        expression(type, depth);
        expression('i', depth);
        if (is_reference(type) || choices_.chance(64)) {
          op(Op::kSelectTyped, 1);
          return write_type(code_, type);
        }
        return op(Op::kSelect);
      case 4:
        expression('i', depth);
        begin(Op::kIf, type, std::string(1, type));
        expression(type, depth);
        op(Op::kElse);
        expression(type, depth);
        return end();
      case 5:
        begin(Op::kBlock, type, std::string(1, type));
        statements(depth);
        expression(type, depth);
        return end();
      case 6: {
        expression(type, depth);
        const auto target = find_label([&](const std::string& label) { return label == std::string_view(&type, 1); });
        if (!target.has_value()) return;
        expression('i', depth);
        return op(Op::kBrIf, *target);
      }
      case 7:
        call(depth);
        return op(Op::kLocalGet, local(type));
      default:
        return is_reference(type) || choices_.chance(40) ? special_expression(type, depth)
                                                         : plain_expression(type, depth);
    }
  }

  void plain_expression(char type, int depth) {
    const std::vector<Op>& ops = plain_ops(type);
    plain(ops[choices_.below(static_cast<uint32_t>(ops.size()))], type, depth);
  }

  /// An address, mostly within bounds, and aligned if asked.
  void address(bool is64, bool aligned, int depth) {
    expression(is64 ? 'l' : 'i', depth);
    if (!choices_.chance(16)) mask(is64, aligned ? 0x1FFF8 : 0x1FFFF);
  }
  uint32_t random_memory() { return choices_.below(kMemories.size()); }

  /// Emits a plain op with its operands. `result` says which address type a result of type p has.
  void plain(Op which, char result, int depth) {
    const OpInfo& row = wasm::info(which);
    const bool p_result = std::string_view(row.signature.results) == "p";
    uint32_t index = 0;
    bool is64 = false;
    if (row.imm == ImmKind::kTable) {
      index = choices_.below(kTables.size());
      if (p_result && kTables[index].is64 != (result == 'l')) index = result == 'l' ? 2 : 0;
    } else {
      index = p_result ? (result == 'l' ? 1 : 0) : random_memory();
      is64 = kMemories[index].is64;
    }
    const bool atomic = row.feature == Feature::kThreads;
    const std::string_view params = row.signature.params;
    for (size_t i = 0; i < params.size(); ++i) {
      if (params[i] != 'p') {
        expression(params[i], depth);
        if (which == Op::kMemoryInit) mask(false, 0x3F);
      } else if (which == Op::kMemoryGrow) {
        expression(is64 ? 'l' : 'i', depth);
        mask(is64, 1);
      } else {
        address(is64, atomic, depth);
        if (which == Op::kMemoryFill && i == 2) mask(is64, 0xFF);
      }
    }
    op(which);
    immediates(row, index);
    finish_plain(row);
  }

  void immediates(const OpInfo& row, uint32_t index) {
    switch (row.imm) {
      case ImmKind::kNone:
        return;
      case ImmKind::kZeroByte:
        return code_.byte(0);
      case ImmKind::kMemArg:
      case ImmKind::kMemArgLane: {
        const bool atomic = row.feature == Feature::kThreads;
        const auto align =
            atomic ? static_cast<uint32_t>(row.access) : choices_.below(static_cast<uint32_t>(row.access) + 1);
        code_.u32(align | (index != 0 ? wasm::kMemArgHasMemory : 0));
        if (index != 0) code_.u32(index);
        code_.u32(choices_.chance(16) ? 0xFFFF8u : choices_.below(32) * 8);
        if (row.imm == ImmKind::kMemArgLane) code_.byte(static_cast<uint8_t>(choices_.below(16u >> row.access)));
        return;
      }
      case ImmKind::kLane:
        return code_.byte(static_cast<uint8_t>(choices_.below(lanes_of(row.text))));
      case ImmKind::kLanes16:
        for (int i = 0; i < 16; ++i) code_.byte(static_cast<uint8_t>(choices_.below(32)));
        return;
      case ImmKind::kMemory:
      case ImmKind::kTable:
        return code_.u32(index);
      case ImmKind::kData:
        return code_.u32(choices_.below(kDataSegments));
      case ImmKind::kElem:
        return code_.u32(choices_.below(kElemSegments));
      case ImmKind::kDataMemory:
        code_.u32(choices_.below(kDataSegments));
        return code_.u32(index);
      default:
        assert(false && "a plain op with an immediate that is not generated");
    }
  }
  static uint32_t lanes_of(std::string_view text) {
    const size_t x = text.find('x');
    return text[x + 1] == '1' ? 16 : static_cast<uint32_t>(text[x + 1] - '0');
  }

  /// Keeps only the last result, and makes NaNs canonical.
  void finish_plain(const OpInfo& row) {
    const std::string_view results = row.signature.results;
    if (results.size() == 2) {
      op(Op::kLocalSet, local('l'));
      return;
    }
    const bool moves_bits = row.effect == Effect::kRead || row.imm != ImmKind::kNone ||
                            row.text.find("splat") != row.text.npos || row.text.find("reinterpret") != row.text.npos;
    if (row.text[0] != 'f' || results == "i" || results.empty() || moves_bits) return;
    const char type = results[0];
    const uint32_t value = scratch(type);
    op(Op::kLocalTee, value);
    if (type == 'v') {
      const bool f64 = row.text.starts_with("f64");
      const uint64_t nan = f64 ? 0x7FF8000000000000 : 0x7FC000007FC00000;
      op(Op::kV128Const);
      code_.v128(V128::from_halves(nan, nan));
      op(Op::kLocalGet, value);
      op(Op::kLocalGet, value);
      op(f64 ? Op::kF64x2Eq : Op::kF32x4Eq);
      return op(Op::kV128Bitselect);
    }
    if (type == 'f') {
      op(Op::kF32Const);
      code_.fixed(uint32_t{0x7FC00000});
    } else {
      op(Op::kF64Const);
      code_.fixed(uint64_t{0x7FF8000000000000});
    }
    op(Op::kLocalGet, value);
    op(Op::kLocalGet, value);
    op(type == 'f' ? Op::kF32Eq : Op::kF64Eq);
    op(Op::kSelect);
  }

  // Objects

  void cast_to(uint32_t type) {
    op(choices_.chance(128) ? Op::kRefCast : Op::kRefCastNull);
    code_.s64(type);
  }
  void structure(int depth) {
    const uint32_t type = shape_.struct_type();
    if (choices_.chance(48)) {
      expression('A', depth);
      return cast_to(type);
    }
    if (choices_.chance(128)) return op(Op::kStructNewDefault, type);
    for (char field : kFieldLetters) expression(unpacked(field), depth - 2);
    op(Op::kStructNew, type);
  }
  void array(size_t which, int depth) {
    const uint32_t type = shape_.array_type(which);
    const char element = unpacked(kArrayLetters[which]);
    switch (choices_.below(5)) {
      case 0:
        length(depth);
        return op(Op::kArrayNewDefault, type);
      case 1:
        expression(element, depth);
        length(depth);
        return op(Op::kArrayNew, type);
      case 2: {
        const uint32_t count = choices_.below(5);
        for (uint32_t i = 0; i < count; ++i) expression(element, depth);
        return op(Op::kArrayNewFixed, type, count);
      }
      case 3:
        if (element == 'A') return op(Op::kArrayNewFixed, type, 0);
        length(depth);
        length(depth);
        return op(Op::kArrayNewData, type, choices_.below(kDataSegments));
      default:
        expression('A', depth);
        return cast_to(type);
    }
  }
  static char unpacked(char field) { return field == 'b' || field == 'h' ? 'i' : field; }
  /// A small i32, for lengths and indices.
  void length(int depth) {
    expression('i', depth);
    if (!choices_.chance(8)) mask(false, 7);
  }
  /// Reads a field or element of this type. Nothing is generated if there is no such field.
  bool read_object(char type, int depth) {
    const bool from_array = choices_.chance(96);
    const std::string_view letters = from_array ? kArrayLetters : kFieldLetters;
    std::vector<uint32_t> candidates;
    for (uint32_t i = 0; i < letters.size(); ++i) {
      if (unpacked(letters[i]) == type) candidates.push_back(i);
    }
    if (candidates.empty()) return false;
    const uint32_t which = candidates[choices_.below(static_cast<uint32_t>(candidates.size()))];
    const bool is_packed = unpacked(letters[which]) != letters[which], is_signed = choices_.chance(128);
    if (from_array) {
      array(which, depth);
      length(depth);
      op(is_packed ? (is_signed ? Op::kArrayGetS : Op::kArrayGetU) : Op::kArrayGet, shape_.array_type(which));
    } else {
      structure(depth);
      op(is_packed ? (is_signed ? Op::kStructGetS : Op::kStructGetU) : Op::kStructGet, shape_.struct_type(), which);
    }
    return true;
  }
  void write_object(int depth) {
    if (choices_.chance(96)) {
      const auto which = choices_.below(static_cast<uint32_t>(kArrayLetters.size()));
      array(which, depth);
      length(depth);
      const char element = kArrayLetters[which];
      const uint32_t type = shape_.array_type(which);
      switch (choices_.below(4)) {
        case 0:
          expression(unpacked(element), depth);
          return op(Op::kArraySet, type);
        case 1:
          expression(unpacked(element), depth);
          length(depth);
          return op(Op::kArrayFill, type);
        case 2:
          array(which, depth);
          length(depth);
          length(depth);
          return op(Op::kArrayCopy, type, type);
        default:
          length(depth);
          if (element == 'A') {
            op(Op::kDrop);
            expression(element, depth);
            return op(Op::kArraySet, type);
          }
          length(depth);
          return op(Op::kArrayInitData, type, choices_.below(kDataSegments));
      }
    }
    const auto which = choices_.below(static_cast<uint32_t>(kFieldLetters.size()));
    structure(depth);
    expression(unpacked(kFieldLetters[which]), depth);
    op(Op::kStructSet, shape_.struct_type(), which);
  }

  void table_get(char type, int depth) {
    const uint32_t table = type == 'E' ? 1 : choices_.chance(64) ? 2 : 0;
    table_index(table, depth);
    op(Op::kTableGet, table);
  }
  /// An index, or another small number of the table's address type.
  void table_index(uint32_t table, int depth) {
    const bool is64 = kTables[table].is64;
    expression(is64 ? 'l' : 'i', depth);
    if (!choices_.chance(16)) mask(is64, 3);
  }

  void heap_type_op(Op which, HeapType::Abstract type) {
    op(which);
    code_.byte(wasm::info(type).code);
  }
  void i31(int depth) {
    expression('A', depth);
    heap_type_op(choices_.chance(128) ? Op::kRefCast : Op::kRefCastNull, HeapType::kI31);
  }
  void equatable(int depth) {
    expression('A', depth);
    heap_type_op(Op::kRefCastNull, HeapType::kEq);
  }

  void special_expression(char type, int depth) {
    switch (type) {
      case 'i':
        switch (choices_.below(8)) {
          case 0:
            expression("FEA"[choices_.below(3)], depth);
            return op(Op::kRefIsNull);
          case 1:
            expression('A', depth);
            return heap_type_op(choices_.chance(128) ? Op::kRefTest : Op::kRefTestNull,
                                std::array{HeapType::kI31, HeapType::kStruct, HeapType::kArray, HeapType::kEq,
                                           HeapType::kNone}[choices_.below(5)]);
          case 2:
            i31(depth);
            return op(choices_.chance(128) ? Op::kI31GetS : Op::kI31GetU);
          case 3:
            array(choices_.below(static_cast<uint32_t>(kArrayLetters.size())), depth);
            return op(Op::kArrayLen);
          case 4:
            equatable(depth);
            equatable(depth);
            return op(Op::kRefEq);
          case 5: {
            const uint32_t table = choices_.below(2);
            expression(kTables[table].element, depth);
            table_index(table, depth);
            return op(Op::kTableGrow, table);
          }
          default:
            if (!read_object(type, depth)) leaf(type);
            return;
        }
      case 'F':
        if (choices_.chance(128)) return table_get(type, depth);
        if (choices_.chance(64) && read_object(type, depth)) return;
        return leaf(type);
      case 'E':
        if (choices_.chance(128)) return table_get(type, depth);
        expression('A', depth);
        return op(Op::kExternConvertAny);
      case 'A':
        switch (choices_.below(6)) {
          case 0:
            op(Op::kRefNull);
            return write_heap_type(code_, type);
          case 1:
            expression('i', depth);
            return op(Op::kRefI31);
          case 2:
            expression('E', depth);
            return op(Op::kAnyConvertExtern);
          case 3:
            return structure(depth);
          case 4:
            return array(choices_.below(static_cast<uint32_t>(kArrayLetters.size())), depth);
          default:
            if (!read_object(type, depth)) leaf(type);
            return;
        }
      default:
        if (!read_object(type, depth)) leaf(type);
    }
  }

  // Statements: each leaves the stack as it was.

  void statements(int depth) {
    for (uint32_t n = choices_.below(4); n > 0; --n) statement(depth);
  }

  /// The relative depth of a label, chosen among those which fit.
  template <class Fits>
  std::optional<uint32_t> find_label(Fits fits) {
    std::vector<uint32_t> found;
    for (size_t i = 0; i < labels_.size(); ++i) {
      if (fits(labels_[labels_.size() - 1 - i])) found.push_back(static_cast<uint32_t>(i));
    }
    if (found.empty()) return std::nullopt;
    return found[choices_.below(static_cast<uint32_t>(found.size()))];
  }
  std::string label_types(uint32_t label) const { return labels_[labels_.size() - 1 - label]; }
  uint32_t any_label() { return choices_.below(static_cast<uint32_t>(labels_.size())); }

  uint32_t random_func_type() { return choices_.below(static_cast<uint32_t>(shape_.func_types.size())); }

  /// Arguments, and what else a call of that type takes from the stack; then the call. `tail` is for results of the
  /// same types.
  void call_of_type(uint32_t type, bool tail, int depth) {
    expressions(shape_.func_types[type].params, depth);
    switch (choices_.below(8)) {
      case 0: {
        const uint32_t table = choices_.chance(64) ? 2 : 0;
        table_index(table, depth);
        return op(tail ? Op::kReturnCallIndirect : Op::kCallIndirect, type, table);
      }
      case 1:
        expression('F', depth);
        op(Op::kRefCastNull);
        code_.s64(type);
        return op(tail ? Op::kReturnCallRef : Op::kCallRef, type);
      default:
        for (uint32_t i = 0; i < shape_.functions.size(); ++i) {
          if (shape_.functions[i] == type) return op(tail ? Op::kReturnCall : Op::kCall, i);
        }
        return table_call(type, tail);
    }
  }
  void table_call(uint32_t type, bool tail) {
    i32_const(static_cast<int32_t>(choices_.below(kTables[0].min)));
    op(tail ? Op::kReturnCallIndirect : Op::kCallIndirect, type, 0);
  }
  void call(int depth) {
    const uint32_t type = choices_.chance(200)
                              ? shape_.functions[choices_.below(static_cast<uint32_t>(shape_.functions.size()))]
                              : random_func_type();
    call_of_type(type, false, depth);
    store_all(shape_.func_types[type].results);
  }
  void throw_tag(int depth) {
    const uint32_t tag = choices_.below(kTagTypes.size());
    expressions(shape_.func_types[kTagTypes[tag]].params, depth);
    op(Op::kThrow, tag);
  }

  /// Leaves the function or a block, under a condition.
  void conditional_exit(int depth) {
    expression('i', depth);
    begin(Op::kIf, std::string_view());
    switch (choices_.below(6)) {
      case 0: {
        const uint32_t label = any_label();
        expressions(label_types(label), depth);
        op(Op::kBr, label);
        break;
      }
      case 1: {
        const std::string types = label_types(any_label());
        expressions(types, depth);
        expression('i', depth);
        const uint32_t count = choices_.below(4);
        op(Op::kBrTable, count);
        for (uint32_t i = 0; i <= count; ++i) {
          code_.u32(*find_label([&](const std::string& label) { return label == types; }));
        }
        break;
      }
      case 2:
        expressions(type_.results, depth);
        op(Op::kReturn);
        break;
      case 3:
        throw_tag(depth);
        break;
      case 4:
        for (uint32_t tries = 0; tries < 4; ++tries) {
          const uint32_t type = random_func_type();
          if (shape_.func_types[type].results != type_.results) continue;
          call_of_type(type, true, depth);
          break;
        }
        break;
      default:
        if (choices_.chance(32)) op(Op::kUnreachable);
    }
    end();
  }

  /// A conditional branch whose operands are kept if it is not taken.
  void branch_on(int depth) {
    const uint32_t label = any_label();
    const std::string types = label_types(label);
    const char last = types.empty() ? '-' : types.back();
    const std::string rest = types.substr(0, types.empty() ? 0 : types.size() - 1);
    switch (choices_.below(4)) {
      case 0:
        expressions(types, depth);
        expression('A', depth);
        op(Op::kBrOnNull, label);
        op(Op::kDrop);
        return store_all(types);
      case 1:
        if (!is_reference(last)) break;
        expressions(types, depth);
        op(Op::kBrOnNonNull, label);
        return store_all(rest);
      case 2: {
        if (last != 'A') break;
        expressions(types, depth);
        op(choices_.chance(128) ? Op::kBrOnCast : Op::kBrOnCastFail);
        code_.byte(1);  // from a nullable type to one that is not
        code_.u32(label);
        write_heap_type(code_, 'A');
        code_.byte(wasm::info(choices_.chance(128) ? HeapType::kI31 : HeapType::kStruct).code);
        return store_all(types);
      }
      default:
        break;
    }
    expressions(types, depth);
    expression('i', depth);
    op(Op::kBrIf, label);
    store_all(types);
  }

  void loop(int depth) {
    begin(Op::kLoop, std::string_view());
    check_fuel();
    statements(depth);
    expression('i', depth);
    op(Op::kBrIf, 0);
    end();
  }
  /// A block or loop with several parameters and results.
  void typed_block(int depth) {
    const uint32_t type = random_func_type();
    const FuncType& shape = shape_.func_types[type];
    const bool is_loop = choices_.chance(64);
    expressions(shape.params, depth);
    begin(is_loop ? Op::kLoop : Op::kBlock, type, is_loop ? shape.params : shape.results);
    store_all(shape.params);
    if (is_loop) check_fuel();
    statements(depth);
    expressions(shape.results, depth);
    end();
    store_all(shape.results);
  }
  void try_table(int depth) {
    using Kind = wasm::CatchClause::Kind;
    begin(Op::kBlock, std::string_view());
    begin(Op::kBlock, kHandlerType, kTagParams);
    op(Op::kTryTable);
    code_.byte(wasm::type_code::kEmptyBlock);
    const bool all = choices_.chance(96);
    code_.u32(all ? 3 : 2);
    auto clause = [&](Kind kind, uint32_t tag, uint32_t label) {
      code_.byte(static_cast<uint8_t>(kind));
      if (kind == Kind::kCatch) code_.u32(tag);
      code_.u32(label);
    };
    clause(Kind::kCatch, 0, 1);
    clause(Kind::kCatch, 1, 0);
    if (all) clause(Kind::kCatchAll, 0, 1);
    labels_.emplace_back();
    statements(depth);
    if (choices_.chance(96)) call(depth);
    end();
    expressions(kTagParams, depth);
    end();
    store_all(kTagParams);
    end();
  }
  /// Catches an exception as a reference and throws it again, or not.
  void rethrow_reference(int depth) {
    begin(Op::kBlock, 'X', "X");
    op(Op::kTryTable);
    code_.byte(wasm::type_code::kEmptyBlock);
    code_.u32(1);
    code_.byte(static_cast<uint8_t>(wasm::CatchClause::Kind::kCatchAllRef));
    code_.u32(0);
    labels_.emplace_back();
    statements(depth);
    if (choices_.chance(128)) throw_tag(depth);
    end();
    leaf('X');
    end();
    op(choices_.chance(64) ? Op::kThrowRef : Op::kDrop);
  }
  void legacy_try(int depth) {
    begin(Op::kTry, std::string_view());
    statements(depth);
    if (choices_.chance(96)) throw_tag(depth);
    if (choices_.chance(48)) {
      op(Op::kDelegate, choices_.below(static_cast<uint32_t>(labels_.size() - 1)));
      labels_.pop_back();
      return;
    }
    op(Op::kCatch, 1);
    store_all(kTagParams);
    statements(depth);
    op(Op::kCatchAll);
    if (choices_.chance(32)) op(Op::kRethrow, 0);
    end();
  }

  void bulk(int depth) {
    switch (choices_.below(6)) {
      case 0: {
        const uint32_t to = random_memory(), from = random_memory();
        const bool is64 = kMemories[to].is64 && kMemories[from].is64;
        address(kMemories[to].is64, false, depth);
        address(kMemories[from].is64, false, depth);
        expression(is64 ? 'l' : 'i', depth);
        mask(is64, 0x1FF);
        return op(Op::kMemoryCopy, to, from);
      }
      case 1: {
        const uint32_t table = choices_.below(kTables.size());
        table_index(table, depth);
        expression(kTables[table].element, depth);
        return op(Op::kTableSet, table);
      }
      case 2: {
        const uint32_t table = choices_.below(kTables.size());
        table_index(table, depth);
        expression(kTables[table].element, depth);
        table_index(table, depth);
        return op(Op::kTableFill, table);
      }
      case 3: {
        const uint32_t to = choices_.chance(128) ? 2 : 0, from = choices_.chance(128) ? 2 : 0;
        table_index(to, depth);
        table_index(from, depth);
        table_index(kTables[to].is64 && kTables[from].is64 ? 2 : 0, depth);
        return op(Op::kTableCopy, to, from);
      }
      case 4: {
        const uint32_t table = choices_.chance(64) ? 2 : 0;
        table_index(table, depth);
        table_index(0, depth);
        table_index(0, depth);
        return op(Op::kTableInit, choices_.below(kElemSegments), table);
      }
      default: {
        const uint32_t table = choices_.below(kTables.size());
        expression(kTables[table].element, depth);
        table_index(table, depth);
        op(Op::kTableGrow, table);
        return op(Op::kDrop);
      }
    }
  }

  void statement(int depth) {
    if (depth <= 0 || choices_.exhausted() || code_.size() > kMaxCode) return;
    --depth;
    const char type = kTypeLetters[choices_.below(kTypeLetters.size())];
    switch (choices_.below(20)) {
      case 0:
        expression(type, depth);
        return op(Op::kLocalSet, local(type));
      case 1:
        expression(type, depth);
        return op(Op::kGlobalSet, global(type));
      case 2:
        expression(type, depth);
        return op(Op::kDrop);
      case 3:
        expression('i', depth);
        begin(Op::kIf, std::string_view());
        statements(depth);
        if (choices_.chance(128)) {
          op(Op::kElse);
          statements(depth);
        }
        return end();
      case 4:
        begin(Op::kBlock, std::string_view());
        statements(depth);
        return end();
      case 5:
      case 6:
        return loop(depth);
      case 7:
        return typed_block(depth);
      case 8:
        return conditional_exit(depth);
      case 9:
        return branch_on(depth);
      case 10:
      case 11:
        return call(depth);
      case 12:
        return bulk(depth);
      case 13:
        return write_object(depth);
      case 14:
        switch (choices_.below(3)) {
          case 0:
            return try_table(depth);
          case 1:
            return rethrow_reference(depth);
          default:
            return legacy_try(depth);
        }
      case 15:
        expression(type, depth);
        expression('A', depth);
        op(Op::kRefAsNonNull);
        op(Op::kDrop);
        return op(Op::kLocalSet, local(type));
      case 16:
        return op(Op::kNop);
      default:
        return plain_expression(0, depth);
    }
  }

  const ModuleShape& shape_;
  const FuncType& type_;
  Choices& choices_;
  Encoder code_;
  /// What a branch to it carries, innermost last.
  std::vector<std::string> labels_;
  std::array<std::vector<uint32_t>, 128> locals_;
  std::array<uint32_t, 128> scratch_{};
};

}  // namespace

void write_heap_type(Encoder& out, char letter) {
  const HeapType::Abstract type = letter == 'F'   ? HeapType::kFunc
                                  : letter == 'E' ? HeapType::kExtern
                                  : letter == 'X' ? HeapType::kExn
                                                  : HeapType::kAny;
  out.byte(wasm::info(type).code);
}

void write_type(Encoder& out, char letter) {
  using namespace wasm::type_code;
  switch (letter) {
    case 'i':
      return out.byte(kI32);
    case 'l':
      return out.byte(kI64);
    case 'f':
      return out.byte(kF32);
    case 'd':
      return out.byte(kF64);
    case 'v':
      return out.byte(kV128);
    case 'b':
      return out.byte(kI8);
    case 'h':
      return out.byte(kI16);
    default:
      return write_heap_type(out, letter);  // as a type, the nullable reference
  }
}

std::vector<uint8_t> generate_body(const ModuleShape& shape, const FuncType& type, Choices& choices) {
  return BodyGenerator(shape, type, choices).generate();
}

}  // namespace wherry::fuzz
