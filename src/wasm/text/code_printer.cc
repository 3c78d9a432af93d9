#include "wasm/text/code_printer.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <charconv>
#include <set>

#include "wasm/text/lexer.h"
#include "wasm/text/number.h"

namespace wherry::wasm::text {
namespace {

constexpr size_t kMaxIndent = 40;  ///< Levels; deeper ones would cost the square of the depth.
constexpr std::string_view kBranchHint = "metadata.code.branch_hint";

template <class T>
void append_number(T n, std::string& out, int base = 10) {
  char buffer[24];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof(buffer), n, base).ptr);
}

std::string_view mnemonic(Op op) {
  const std::string_view text = info(op).text;  // "select t": a form of select
  return text.substr(0, text.find(' '));
}

}  // namespace

void CodePrinter::new_line(size_t depth, std::string& out) {
  out += '\n';
  out.append(2 * std::min(depth, kMaxIndent), ' ');
}

// Bodies.

void CodePrinter::body(uint32_t function, const FunctionMetadata* metadata, std::string& out) {
  const FunctionDecl& decl = module_.functions[function];
  const Bytes body = module_.bytes.subspan(decl.body_offset, decl.body_size);
  function_ = function;
  metadata_ = metadata;
  label_count_ = 0;
  depth_ = 2;
  blocks_.clear();
  Decoder code(body, 0, &module_.types, module_.features);
  locals(function, code, out);
  Op op{};
  Imm imm;
  while (!code.at_end()) {
    op_offset_ = static_cast<uint32_t>(code.offset());
    if (!code.next(op, imm)) break;
    if (options_.folded) {
      folded(code, op, imm, out);
    } else {
      flat(code, op, imm, out);
    }
  }
  assert(!code.has_error() && "the module is valid");
  metadata_ = nullptr;
}

void CodePrinter::locals(uint32_t function, Decoder& head, std::string& out) {
  std::vector<ValType> types;
  uint32_t runs = 0;
  head.u32(runs);
  for (uint32_t i = 0; i < runs; ++i) {
    uint32_t count = 0;
    ValType type;
    if (!head.u32(count) || !head.value_type(type)) return;
    types.insert(types.end(), count, type);
  }
  if (types.empty()) return;
  const auto params = static_cast<uint32_t>(module_.function_type(function).params.size());
  out += "\n   ";
  types_.named_types("local", types, ids_.locals(function), params, out);
}

void CodePrinter::expression(const ConstExpr& expr, std::string_view wrapper, std::string& out) {
  Decoder code(module_.bytes.subspan(expr.offset, expr.size), 0, &module_.types, module_.features);
  std::string text;
  uint32_t count = 0;
  Op op{};
  Imm imm;
  while (!code.at_end() && code.next(op, imm) && op != Op::kEnd) {
    if (count++ != 0) text += ' ';
    instruction(code, op, imm, text);
  }
  assert(!code.has_error() && "the module is valid");
  out += ' ';
  const bool parentheses = count == 1 || !wrapper.empty();
  if (parentheses) out += '(';
  if (count != 1 && !wrapper.empty()) {
    out += wrapper;
    out += ' ';
  }
  out += text;
  if (parentheses) out += ')';
}

// Instructions.

void CodePrinter::index(Space s, uint32_t index, std::string& out) const {
  out += ' ';
  ids_[s].append_reference(index, out);
}

void CodePrinter::optional_index(Space s, uint32_t i, std::string& out) const {
  if (i != 0) index(s, i, out);
}

void CodePrinter::label(uint32_t depth, std::string& out) const {
  constexpr uint32_t kMaxSearch = 64;  // beyond, a number will do
  out += ' ';
  if (depth < blocks_.size() && depth <= kMaxSearch) {
    const auto target = blocks_.rbegin() + depth;
    const bool is_hidden =
        std::any_of(blocks_.rbegin(), target, [&](const Block& b) { return b.label == target->label; });
    if (!target->label.empty() && !is_hidden) return append_identifier(target->label, out);
  }
  append_number(depth, out);
}

void CodePrinter::mem_arg(Op op, const MemArg& mem, std::string& out) const {
  optional_index(Space::kMemory, mem.memory, out);
  if (mem.offset != 0) {
    out += " offset=";
    append_number(mem.offset, out);
  }
  if (static_cast<int>(mem.align_log2) != info(op).access) {
    out += " align=";
    append_number(uint64_t{1} << mem.align_log2, out);
  }
}

void CodePrinter::instruction(const Decoder& code, Op op, const Imm& imm, std::string& out) {
  out += mnemonic(op);
  immediates(code, op, imm, out);
}

void CodePrinter::block_header(const Decoder& code, Op op, const Imm& imm, std::string& out) {
  static const IdMap kNoNames;
  out += mnemonic(op);
  if (const std::string_view name = ids_.label(function_, label_count_); !name.empty()) {
    out += ' ';
    append_identifier(name, out);
  }
  switch (imm.block) {
    case BlockTypeKind::kEmpty:
      break;
    case BlockTypeKind::kValue:
      types_.named_types("result", {&imm.type, 1}, kNoNames, 0, out);
      break;
    case BlockTypeKind::kIndex:
      types_.type_use(module_.types[imm.index], kNoNames, out);
      break;
  }
  if (op == Op::kTryTable) catches(code, out);
}

void CodePrinter::catches(const Decoder& code, std::string& out) {
  for (const CatchClause& clause : code.catches()) {
    switch (clause.kind) {
      case CatchClause::Kind::kCatch:
        out += " (catch";
        break;
      case CatchClause::Kind::kCatchRef:
        out += " (catch_ref";
        break;
      case CatchClause::Kind::kCatchAll:
        out += " (catch_all";
        break;
      case CatchClause::Kind::kCatchAllRef:
        out += " (catch_all_ref";
        break;
    }
    if (clause.kind == CatchClause::Kind::kCatch || clause.kind == CatchClause::Kind::kCatchRef) {
      index(Space::kTag, clause.tag, out);
    }
    label(clause.label, out);
    out += ')';
  }
}

void CodePrinter::immediates(const Decoder& code, Op op, const Imm& imm, std::string& out) {
  static const IdMap kNoNames;
  const ImmKind kind = info(op).imm;
  switch (kind) {
    case ImmKind::kNone:
    case ImmKind::kZeroByte:
      break;
    case ImmKind::kBlockType:
    case ImmKind::kTryTable:
      assert(false && "structured");
      break;
    case ImmKind::kLabel:
      label(imm.index, out);
      break;
    case ImmKind::kLabelTable:
      for (uint32_t depth : code.labels()) label(depth, out);
      break;
    case ImmKind::kLocal:
      out += ' ';
      ids_.locals(function_).append_reference(imm.index, out);
      break;
    case ImmKind::kGlobal:
      index(Space::kGlobal, imm.index, out);
      break;
    case ImmKind::kFunc:
      index(Space::kFunc, imm.index, out);
      break;
    case ImmKind::kTable:
      optional_index(Space::kTable, imm.index, out);
      break;
    case ImmKind::kMemory:
      optional_index(Space::kMemory, imm.index, out);
      break;
    case ImmKind::kTag:
      index(Space::kTag, imm.index, out);
      break;
    case ImmKind::kType:
      index(Space::kType, imm.index, out);
      break;
    case ImmKind::kElem:
      index(Space::kElem, imm.index, out);
      break;
    case ImmKind::kData:
      used_data_index_ = true;
      index(Space::kData, imm.index, out);
      break;
    case ImmKind::kTypeTable:
      optional_index(Space::kTable, imm.index2, out);
      types_.type_use(module_.types[imm.index], kNoNames, out);
      break;
    case ImmKind::kElemTable:
      optional_index(Space::kTable, imm.index2, out);
      index(Space::kElem, imm.index, out);
      break;
    case ImmKind::kDataMemory:
      used_data_index_ = true;
      optional_index(Space::kMemory, imm.index2, out);
      index(Space::kData, imm.index, out);
      break;
    case ImmKind::kTableTable:
    case ImmKind::kMemoryMemory: {
      if (imm.index == 0 && imm.index2 == 0) break;
      const Space space = kind == ImmKind::kTableTable ? Space::kTable : Space::kMemory;
      index(space, imm.index, out);
      index(space, imm.index2, out);
      break;
    }
    case ImmKind::kTypeField:
      index(Space::kType, imm.index, out);
      out += ' ';
      ids_.fields(imm.index).append_reference(imm.index2, out);
      break;
    case ImmKind::kTypeType:
      index(Space::kType, imm.index, out);
      index(Space::kType, imm.index2, out);
      break;
    case ImmKind::kTypeData:
      used_data_index_ = true;
      index(Space::kType, imm.index, out);
      index(Space::kData, imm.index2, out);
      break;
    case ImmKind::kTypeElem:
      index(Space::kType, imm.index, out);
      index(Space::kElem, imm.index2, out);
      break;
    case ImmKind::kTypeCount:
      index(Space::kType, imm.index, out);
      out += ' ';
      append_number(imm.index2, out);
      break;
    case ImmKind::kHeapType:
      out += ' ';
      if (op == Op::kRefNull) {
        types_.heap_type(imm.type.heap(), out);
      } else {
        types_.value_type(imm.type, out);
      }
      break;
    case ImmKind::kBrOnCast:
      label(imm.index, out);
      out += ' ';
      types_.value_type(imm.from_type, out);
      out += ' ';
      types_.value_type(imm.type, out);
      break;
    case ImmKind::kSelectTypes:
      types_.named_types("result", code.select_types(), kNoNames, 0, out);
      break;
    case ImmKind::kI32:
      out += ' ';
      append_number(static_cast<int32_t>(imm.bits), out);
      break;
    case ImmKind::kI64:
      out += ' ';
      append_number(static_cast<int64_t>(imm.bits), out);
      break;
    case ImmKind::kF32:
      out += ' ';
      append_f32(static_cast<uint32_t>(imm.bits), out);
      break;
    case ImmKind::kF64:
      out += ' ';
      append_f64(imm.bits, out);
      break;
    case ImmKind::kV128:
      out += " i32x4";
      for (const uint32_t lane : imm.v128.lanes<uint32_t>()) {
        out += " 0x";
        append_number(lane, out, 16);
      }
      break;
    case ImmKind::kMemArg:
      mem_arg(op, imm.mem, out);
      break;
    case ImmKind::kMemArgLane:
      mem_arg(op, imm.mem, out);
      [[fallthrough]];
    case ImmKind::kLane:
      out += ' ';
      append_number(imm.lane, out);
      break;
    case ImmKind::kLanes16:
      for (const uint8_t lane : imm.v128.bytes) {
        out += ' ';
        append_number(lane, out);
      }
      break;
  }
}

void CodePrinter::annotations(Op op, std::string& out) const {
  if (metadata_ == nullptr) return;
  const auto [first, last] = metadata_->equal_range(op_offset_);
  std::set<std::string_view> seen;
  for (auto it = first; it != last; ++it) {
    const auto& [name, bytes] = it->second;
    const bool is_hint = bytes.size() == 1 && bytes[0] <= 1 && (op == Op::kIf || op == Op::kBrIf);
    if (!seen.insert(name).second || (name == kBranchHint && !is_hint)) continue;
    out += "(@";
    if (std::ranges::all_of(name, is_id_char)) {
      out += name;
    } else {
      append_literal(name, true, out);
    }
    out += ' ';
    append_literal({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, false, out);
    out += ") ";
  }
}

void CodePrinter::push_block(size_t levels) {
  blocks_.push_back({ids_.label(function_, label_count_++), levels});
  depth_ += levels;
}

void CodePrinter::pop_block() {
  depth_ -= blocks_.back().levels;
  blocks_.pop_back();
}

// Flat.

void CodePrinter::flat(const Decoder& code, Op op, const Imm& imm, std::string& out) {
  switch (op) {
    case Op::kBlock:
    case Op::kLoop:
    case Op::kIf:
    case Op::kTry:
    case Op::kTryTable:
      new_line(depth_, out);
      annotations(op, out);
      block_header(code, op, imm, out);
      push_block(1);
      return;
    case Op::kElse:
    case Op::kCatch:
    case Op::kCatchAll:
      new_line(depth_ - 1, out);
      instruction(code, op, imm, out);
      return;
    case Op::kEnd:
      if (blocks_.empty()) return;  // the function's
      pop_block();
      new_line(depth_, out);
      instruction(code, op, imm, out);
      return;
    case Op::kDelegate:
      pop_block();
      new_line(depth_, out);
      instruction(code, op, imm, out);
      return;
    default:
      new_line(depth_, out);
      annotations(op, out);
      instruction(code, op, imm, out);
      return;
  }
}

// Folded. Instructions wait as trees until the block they are in begins or ends another.

void CodePrinter::folded(const Decoder& code, Op op, const Imm& imm, std::string& out) {
  switch (op) {
    case Op::kBlock:
    case Op::kLoop:
    case Op::kTryTable:
    case Op::kTry:
      flush_nodes(out);
      new_line(depth_, out);
      annotations(op, out);
      out += '(';
      block_header(code, op, imm, out);
      push_block(op == Op::kTry ? 2 : 1);
      if (op == Op::kTry) folded_arm("(do", out);
      return;
    case Op::kIf:
      folded_if(code, imm, out);
      return;
    case Op::kElse:
      flush_nodes(out);
      out += ')';
      folded_arm("(else", out);
      return;
    case Op::kCatch:
    case Op::kCatchAll:
      flush_nodes(out);
      out += ')';
      folded_arm("(", out);
      instruction(code, op, imm, out);
      return;
    case Op::kDelegate:
      flush_nodes(out);
      out += ')';
      folded_arm("(", out);
      pop_block();
      instruction(code, op, imm, out);
      out += "))";
      return;
    case Op::kEnd:
      flush_nodes(out);
      if (blocks_.empty()) return;  // the function's
      out.append(blocks_.back().levels, ')');
      pop_block();
      return;
    default:
      add_node(code, op, imm);
      return;
  }
}

void CodePrinter::folded_arm(std::string_view head, std::string& out) {
  new_line(depth_ - 1, out);
  out += head;
}

void CodePrinter::folded_if(const Decoder& code, const Imm& imm, std::string& out) {
  std::string condition;
  if (ready_ != 0) {
    print_tree(roots_.back(), depth_ + 1, condition);
    roots_.pop_back();
  }
  flush_nodes(out);
  new_line(depth_, out);
  annotations(Op::kIf, out);
  out += '(';
  block_header(code, Op::kIf, imm, out);
  out += condition;
  push_block(2);
  folded_arm("(then", out);
}

void CodePrinter::add_node(const Decoder& code, Op op, const Imm& imm) {
  const Arity a = arity(op, imm);
  Node node{};
  node.first = nodes_.size();
  node.annotations_begin = node_text_.size();
  annotations(op, node_text_);
  node.text_begin = node_text_.size();
  instruction(code, op, imm, node_text_);
  node.text_end = node_text_.size();
  if (a.operands != 0 && a.operands <= ready_) {
    const auto operands = roots_.end() - static_cast<ptrdiff_t>(a.operands);
    node.first = nodes_[*operands].first;
    roots_.erase(operands, roots_.end());
    ready_ -= a.operands;
  }
  ready_ = a.is_operand ? ready_ + 1 : 0;
  roots_.push_back(nodes_.size());
  nodes_.push_back(node);
}

void CodePrinter::flush_nodes(std::string& out) {
  for (const size_t root : roots_) print_tree(root, depth_, out);
  roots_.clear();
  ready_ = 0;
  nodes_.clear();
  node_text_.clear();
}

void CodePrinter::print_tree(size_t root, size_t depth, std::string& out) const {
  struct Item {
    size_t node;
    size_t depth;
    size_t closing;  ///< Parentheses of those whose last operand this is.
  };
  std::vector<Item> todo{{root, depth, 0}};
  std::vector<size_t> operands;
  while (!todo.empty()) {
    const Item item = todo.back();
    todo.pop_back();
    const Node& node = nodes_[item.node];
    new_line(item.depth, out);
    out.append(node_text_, node.annotations_begin, node.text_begin - node.annotations_begin);
    out += '(';
    out.append(node_text_, node.text_begin, node.text_end - node.text_begin);
    if (node.first == item.node) {
      out.append(item.closing + 1, ')');
      continue;
    }
    size_t closing = item.closing + 1;
    for (size_t end = item.node; end != node.first; end = nodes_[end - 1].first) {
      todo.push_back({end - 1, item.depth + 1, closing});
      closing = 0;
    }
  }
}

CodePrinter::Arity CodePrinter::call_arity(TypeId id, uint32_t more) const {
  const TypeDef& type = module_.registry->get(id);
  return {static_cast<uint32_t>(type.params.size()) + more, type.results.size() == 1};
}

/// Of ops whose operands depend on the context, like branches', nothing is folded.
CodePrinter::Arity CodePrinter::arity(Op op, const Imm& imm) const {
  const Signature& signature = info(op).signature;
  if (!signature.special) {
    return {static_cast<uint32_t>(std::string_view(signature.params).size()),
            std::string_view(signature.results).size() == 1};
  }
  const auto field_count = [&] {
    return static_cast<uint32_t>(module_.registry->get(module_.types[imm.index]).fields.size());
  };
  switch (op) {
    case Op::kLocalGet:
    case Op::kGlobalGet:
    case Op::kRefNull:
    case Op::kRefFunc:
    case Op::kStructNewDefault:
      return {0, true};
    case Op::kDrop:
    case Op::kLocalSet:
    case Op::kGlobalSet:
    case Op::kBrIf:
    case Op::kBrTable:
      return {1, false};
    case Op::kLocalTee:
    case Op::kTableGet:
    case Op::kRefIsNull:
    case Op::kRefAsNonNull:
    case Op::kRefTest:
    case Op::kRefTestNull:
    case Op::kRefCast:
    case Op::kRefCastNull:
    case Op::kRefI31:
    case Op::kI31GetS:
    case Op::kI31GetU:
    case Op::kStructGet:
    case Op::kStructGetS:
    case Op::kStructGetU:
    case Op::kArrayNewDefault:
    case Op::kArrayLen:
    case Op::kAnyConvertExtern:
    case Op::kExternConvertAny:
      return {1, true};
    case Op::kRefEq:
    case Op::kTableGrow:
    case Op::kArrayNew:
    case Op::kArrayNewData:
    case Op::kArrayNewElem:
    case Op::kArrayGet:
    case Op::kArrayGetS:
    case Op::kArrayGetU:
      return {2, true};
    case Op::kTableSet:
    case Op::kStructSet:
      return {2, false};
    case Op::kSelect:
    case Op::kSelectTyped:
      return {3, true};
    case Op::kArraySet:
    case Op::kTableFill:
    case Op::kTableCopy:
    case Op::kTableInit:
    case Op::kMemoryCopy:
      return {3, false};
    case Op::kStructNew:
      return {field_count(), true};
    case Op::kArrayNewFixed:
      return {imm.index2, true};
    case Op::kArrayFill:
    case Op::kArrayInitData:
    case Op::kArrayInitElem:
      return {4, false};
    case Op::kArrayCopy:
      return {5, false};
    case Op::kCall:
    case Op::kReturnCall:
      return call_arity(module_.functions[imm.index].type, 0);
    case Op::kCallIndirect:
    case Op::kReturnCallIndirect:
    case Op::kCallRef:
    case Op::kReturnCallRef:
      return call_arity(module_.types[imm.index], 1);
    case Op::kThrow:
      return {call_arity(module_.tags[imm.index].type, 0).operands, false};
    case Op::kReturn:
      return {static_cast<uint32_t>(module_.function_type(function_).results.size()), false};
    default:
      return {};
  }
}

}  // namespace wherry::wasm::text
