#include "wasm/text/expression_parser.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

#include "wasm/decoder.h"
#include "wasm/text/number.h"

namespace wherry::wasm::text {
namespace {

constexpr std::string_view kCodeMetadata = "metadata.code.";
constexpr std::string_view kBranchHint = "metadata.code.branch_hint";

bool is_structured(Op op) {
  return op == Op::kBlock || op == Op::kLoop || op == Op::kIf || op == Op::kTry || op == Op::kTryTable;
}

/// Words of structure: no instructions of their own.
bool is_part(Op op) {
  return op == Op::kElse || op == Op::kEnd || op == Op::kCatch || op == Op::kCatchAll || op == Op::kDelegate;
}

bool is_number(const Token& t) { return t.kind == TokenKind::kInt || t.kind == TokenKind::kFloat; }

void opcode(Encoder& out, Op op) { out.opcode(info(op).code); }

}  // namespace

void ExpressionParser::begin_function() {
  ++symbols_.function;
  local_count_ = 0;
  label_count_ = 0;
  local_names_.clear();
  label_names_.clear();
  metadata_.clear();
}

void ExpressionParser::bind_local(const LocalName& name) {
  if (name.id) {
    SymbolTable::Local& local = symbols_.locals[*name.id];
    if (local.function == symbols_.function) {
      cursor_.fail("duplicate local $" + std::string(cursor_.text().symbols[*name.id]), name.offset);
    }
    local = {symbols_.function, local_count_};
  }
  if (!name.name.empty()) local_names_.emplace_back(local_count_, name.name);
  ++local_count_;
}

void ExpressionParser::expression(Encoder& out) { run(out, Frame::Kind::kSequence); }
void ExpressionParser::folded_expression(Encoder& out) { run(out, Frame::Kind::kSingle); }

void ExpressionParser::run(Encoder& out, Frame::Kind base) {
  assert(frames_.empty() && labels_.empty());
  frames_.push_back({base});
  do {
    switch (cursor_.peek().kind) {
      case TokenKind::kLeft:
        open_list(out);
        break;
      case TokenKind::kRight:
        close_list(out);
        break;
      case TokenKind::kOp:
        if (accepts_instructions() && frames_.back().kind != Frame::Kind::kSingle) {
          flat_instruction(out);
        } else {
          cursor_.unexpected();
        }
        break;
      default:
        cursor_.unexpected();
        break;
    }
    if (cursor_.failed()) {
      while (!labels_.empty()) pop_label();
      frames_.clear();
      pending_.clear();
    }
  } while (!frames_.empty());
  opcode(out, Op::kEnd);
}

bool ExpressionParser::accepts_instructions() const {
  switch (frames_.back().kind) {
    case Frame::Kind::kSequence:
    case Frame::Kind::kSingle:
    case Frame::Kind::kBlock:
    case Frame::Kind::kArm:
    case Frame::Kind::kFlatBlock:
    case Frame::Kind::kFlatIf:
    case Frame::Kind::kFlatElse:
    case Frame::Kind::kFlatTry:
    case Frame::Kind::kFlatCatch:
    case Frame::Kind::kFlatCatchAll:
      return true;
    default:
      return false;
  }
}

// Lists.

void ExpressionParser::open_list(Encoder& out) {
  const Token& head = cursor_.peek(1);
  const Frame::Kind kind = frames_.back().kind;
  const bool takes_operands = kind == Frame::Kind::kOperator || kind == Frame::Kind::kIf || accepts_instructions();
  if (takes_operands && head.kind == TokenKind::kOp && !is_part(static_cast<Op>(head.value))) {
    open_folded(out, head);
  } else {
    open_part(out);
  }
}

void ExpressionParser::open_folded(Encoder& out, const Token& head) {
  const Op op = static_cast<Op>(head.value);
  const uint32_t position = cursor_.position();
  cursor_.move_to(position + 2);
  if (op == Op::kIf) {
    const std::optional<Symbol> label = cursor_.take_id();
    frames_.push_back({Frame::Kind::kIf, pending_.size(), op, position, label});
    opcode(pending_, op);
    scope_.block_type(pending_);
  } else if (is_structured(op)) {
    take_metadata(position, op, out.size());
    structured(out, op, op == Op::kTry ? Frame::Kind::kTry : Frame::Kind::kBlock);
  } else {
    frames_.push_back({Frame::Kind::kOperator, pending_.size(), op, position, std::nullopt});
    instruction(pending_, op);
  }
}

/// The arms of folded if and try.
void ExpressionParser::open_part(Encoder& out) {
  Frame& frame = frames_.back();
  switch (frame.kind) {
    case Frame::Kind::kIf:
      if (!cursor_.take_list(Word::kThen)) break;
      take_metadata(frame.position, frame.op, out.size());
      out.bytes(pending_.view_from(frame.pending));
      pending_.truncate(frame.pending);
      push_label(frame.label);
      frame.kind = Frame::Kind::kIfThen;
      frames_.push_back({Frame::Kind::kArm});
      return;
    case Frame::Kind::kIfThen:
      if (!cursor_.take_list(Op::kElse)) break;
      opcode(out, Op::kElse);
      frame.kind = Frame::Kind::kIfElse;
      frames_.push_back({Frame::Kind::kArm});
      return;
    case Frame::Kind::kTry:
      if (!cursor_.take_list(Word::kDo)) break;
      frame.kind = Frame::Kind::kTryDone;
      frames_.push_back({Frame::Kind::kArm});
      return;
    case Frame::Kind::kTryDone:
      if (cursor_.take_list(Op::kDelegate)) {
        frame.kind = Frame::Kind::kDelegated;
        pop_label();
        opcode(out, Op::kDelegate);
        label_index(out);
        cursor_.expect_right();
        return;
      }
      [[fallthrough]];
    case Frame::Kind::kTryCatch:
      if (cursor_.take_list(Op::kCatch)) {
        frame.kind = Frame::Kind::kTryCatch;
        instruction(out, Op::kCatch);
      } else if (cursor_.take_list(Op::kCatchAll)) {
        frame.kind = Frame::Kind::kTryEnd;
        instruction(out, Op::kCatchAll);
      } else {
        break;
      }
      frames_.push_back({Frame::Kind::kArm});
      return;
    default:
      break;
  }
  cursor_.take();  // what is unexpected is the word, not the parenthesis
  cursor_.unexpected();
}

void ExpressionParser::close_list(Encoder& out) {
  const Frame frame = frames_.back();
  switch (frame.kind) {
    case Frame::Kind::kSequence:
      frames_.pop_back();
      return;  // the parenthesis is the caller's
    case Frame::Kind::kOperator:
      take_metadata(frame.position, frame.op, out.size());
      out.bytes(pending_.view_from(frame.pending));
      pending_.truncate(frame.pending);
      break;
    case Frame::Kind::kBlock:
    case Frame::Kind::kIfThen:
    case Frame::Kind::kIfElse:
    case Frame::Kind::kTryDone:
    case Frame::Kind::kTryCatch:
    case Frame::Kind::kTryEnd:
      opcode(out, Op::kEnd);
      pop_label();
      break;
    case Frame::Kind::kArm:
    case Frame::Kind::kDelegated:
      break;
    default:
      cursor_.unexpected();
      return;
  }
  cursor_.take();
  frames_.pop_back();
  if (frames_.back().kind == Frame::Kind::kSingle) frames_.pop_back();
}

// Instructions that are not folded.

void ExpressionParser::flat_instruction(Encoder& out) {
  const Op op = static_cast<Op>(cursor_.peek().value);
  take_metadata(cursor_.position(), op, out.size());
  const Frame::Kind kind = frames_.back().kind;
  switch (op) {
    case Op::kBlock:
    case Op::kLoop:
    case Op::kTryTable:
      cursor_.take();
      structured(out, op, Frame::Kind::kFlatBlock);
      return;
    case Op::kIf:
      cursor_.take();
      structured(out, op, Frame::Kind::kFlatIf);
      return;
    case Op::kTry:
      cursor_.take();
      structured(out, op, Frame::Kind::kFlatTry);
      return;
    case Op::kElse:
      if (kind != Frame::Kind::kFlatIf) break;
      cursor_.take();
      matching_label();
      opcode(out, op);
      frames_.back().kind = Frame::Kind::kFlatElse;
      return;
    case Op::kCatch:
    case Op::kCatchAll:
      if (kind != Frame::Kind::kFlatTry && kind != Frame::Kind::kFlatCatch) break;
      cursor_.take();
      instruction(out, op);
      frames_.back().kind = op == Op::kCatch ? Frame::Kind::kFlatCatch : Frame::Kind::kFlatCatchAll;
      return;
    case Op::kDelegate:
      if (kind != Frame::Kind::kFlatTry) break;
      cursor_.take();
      pop_label();
      frames_.pop_back();
      opcode(out, op);
      label_index(out);
      return;
    case Op::kEnd:
      if (kind < Frame::Kind::kFlatBlock) break;
      cursor_.take();
      matching_label();
      opcode(out, op);
      pop_label();
      frames_.pop_back();
      return;
    default:
      cursor_.take();
      instruction(out, op);
      return;
  }
  cursor_.unexpected();
}

/// What follows the word of a structured instruction.
void ExpressionParser::structured(Encoder& out, Op op, Frame::Kind kind) {
  const std::optional<Symbol> label = cursor_.take_id();
  opcode(out, op);
  scope_.block_type(out);
  if (op == Op::kTryTable) take_catches(out);
  push_label(label);
  frames_.push_back({kind});
}

/// Labels are resolved outside of the try_table.
void ExpressionParser::take_catches(Encoder& out) {
  VectorSection catches;
  while (true) {
    using Kind = CatchClause::Kind;
    std::optional<Kind> kind;
    if (cursor_.take_list(Op::kCatch)) kind = Kind::kCatch;
    if (cursor_.take_list(Word::kCatchRef)) kind = Kind::kCatchRef;
    if (cursor_.take_list(Op::kCatchAll)) kind = Kind::kCatchAll;
    if (cursor_.take_list(Word::kCatchAllRef)) kind = Kind::kCatchAllRef;
    if (!kind) break;
    Encoder& clause = catches.add();
    clause.byte(static_cast<uint8_t>(*kind));
    if (*kind == Kind::kCatch || *kind == Kind::kCatchRef) clause.u32(scope_.index(Space::kTag));
    label_index(clause);
    cursor_.expect_right();
  }
  out.u32(catches.count);
  out.bytes(catches.items.view());
}

// Labels and locals.

void ExpressionParser::push_label(std::optional<Symbol> symbol) {
  uint32_t shadowed = 0;
  if (symbol) {
    label_names_.emplace_back(label_count_, cursor_.text().symbols[*symbol]);
    shadowed = std::exchange(symbols_.labels[*symbol], static_cast<uint32_t>(labels_.size() + 1));
  }
  labels_.push_back({symbol, shadowed});
  ++label_count_;
}

void ExpressionParser::pop_label() {
  const Label& label = labels_.back();
  if (label.symbol) symbols_.labels[*label.symbol] = label.shadowed;
  labels_.pop_back();
}

/// The identifier that may follow `else` and `end`.
void ExpressionParser::matching_label() {
  const Token& at = cursor_.peek();
  const std::optional<Symbol> symbol = cursor_.take_id();
  if (symbol && symbol != labels_.back().symbol) {
    cursor_.fail("mismatching label " + std::string(cursor_.text_of(at)), at);
  }
}

void ExpressionParser::label_index(Encoder& out) {
  const Token& at = cursor_.peek();
  if (const std::optional<Symbol> symbol = cursor_.take_id()) {
    const uint32_t place = symbols_.labels[*symbol];
    if (place == 0) cursor_.fail("unknown label " + std::string(cursor_.text_of(at)), at);
    out.u32(static_cast<uint32_t>(labels_.size()) - place);
  } else {
    out.u32(cursor_.u32());
  }
}

void ExpressionParser::local_index(Encoder& out) {
  const Token& at = cursor_.peek();
  if (const std::optional<Symbol> symbol = cursor_.take_id()) {
    const SymbolTable::Local& local = symbols_.locals[*symbol];
    if (local.function != symbols_.function) cursor_.fail("unknown local " + std::string(cursor_.text_of(at)), at);
    out.u32(local.index);
  } else {
    out.u32(cursor_.u32());
  }
}

// Immediates.

void ExpressionParser::instruction(Encoder& out, Op op) {
  switch (op) {
    case Op::kSelect:
      if (cursor_.at_list(Word::kResult)) op = Op::kSelectTyped;
      break;
    case Op::kRefTest:
    case Op::kRefCast:
      return typed_reference(out, op);
    default:
      break;
  }
  opcode(out, op);
  immediates(out, op);
}

/// The one mnemonic of ref.test and ref.cast stands for two ops, by the nullability of the type.
void ExpressionParser::typed_reference(Encoder& out, Op op) {
  Encoder heap;
  if (scope_.nullable_reference_type(heap)) op = op == Op::kRefTest ? Op::kRefTestNull : Op::kRefCastNull;
  opcode(out, op);
  out.bytes(heap.view());
}

void ExpressionParser::immediates(Encoder& out, Op op) {
  const ImmKind kind = info(op).imm;
  switch (kind) {
    case ImmKind::kNone:
      break;
    case ImmKind::kBlockType:
    case ImmKind::kTryTable:
      assert(false && "structured");
      break;
    case ImmKind::kLabel:
      label_index(out);
      break;
    case ImmKind::kLabelTable: {
      VectorSection labels;
      size_t last = 0;
      do {
        last = labels.items.size();
        label_index(labels.add());
      } while (cursor_.at_index());
      out.u32(labels.count - 1);
      out.bytes(labels.items.view().first(last));
      out.bytes(labels.items.view_from(last));
      break;
    }
    case ImmKind::kLocal:
      local_index(out);
      break;
    case ImmKind::kGlobal:
      out.u32(scope_.index(Space::kGlobal));
      break;
    case ImmKind::kFunc:
      out.u32(scope_.index(Space::kFunc));
      break;
    case ImmKind::kTable:
      optional_index(out, Space::kTable);
      break;
    case ImmKind::kMemory:
      optional_index(out, Space::kMemory);
      break;
    case ImmKind::kTag:
      out.u32(scope_.index(Space::kTag));
      break;
    case ImmKind::kType:
      out.u32(scope_.index(Space::kType));
      break;
    case ImmKind::kElem:
      out.u32(scope_.index(Space::kElem));
      break;
    case ImmKind::kData:
      scope_.uses_data_index = true;
      out.u32(scope_.index(Space::kData));
      break;
    case ImmKind::kTypeTable: {
      const uint32_t table = cursor_.at_index() ? scope_.index(Space::kTable) : 0;
      out.u32(scope_.type_use(nullptr));
      out.u32(table);
      break;
    }
    case ImmKind::kElemTable:
      index_pair(out, Space::kTable, Space::kElem);
      break;
    case ImmKind::kDataMemory:
      scope_.uses_data_index = true;
      index_pair(out, Space::kMemory, Space::kData);
      break;
    case ImmKind::kTableTable:
    case ImmKind::kMemoryMemory: {
      const Space space = kind == ImmKind::kTableTable ? Space::kTable : Space::kMemory;
      const bool written = cursor_.at_index();
      out.u32(written ? scope_.index(space) : 0);
      out.u32(written ? scope_.index(space) : 0);
      break;
    }
    case ImmKind::kTypeField: {
      const uint32_t type = scope_.index(Space::kType);
      out.u32(type);
      out.u32(scope_.field_index(type));
      break;
    }
    case ImmKind::kTypeType:
      out.u32(scope_.index(Space::kType));
      out.u32(scope_.index(Space::kType));
      break;
    case ImmKind::kTypeData:
      scope_.uses_data_index = true;
      out.u32(scope_.index(Space::kType));
      out.u32(scope_.index(Space::kData));
      break;
    case ImmKind::kTypeElem:
      out.u32(scope_.index(Space::kType));
      out.u32(scope_.index(Space::kElem));
      break;
    case ImmKind::kTypeCount:
      out.u32(scope_.index(Space::kType));
      out.u32(cursor_.u32());
      break;
    case ImmKind::kHeapType:
      scope_.heap_type(out);
      break;
    case ImmKind::kBrOnCast:
      br_on_cast(out);
      break;
    case ImmKind::kSelectTypes: {
      VectorSection types;
      while (cursor_.take_list(Word::kResult)) {
        while (!cursor_.at(TokenKind::kRight) && !cursor_.at_end()) scope_.value_type(types.add());
        cursor_.expect_right();
      }
      out.u32(types.count);
      out.bytes(types.items.view());
      break;
    }
    case ImmKind::kI32:
      integer(out, 32);
      break;
    case ImmKind::kI64:
      integer(out, 64);
      break;
    case ImmKind::kF32:
    case ImmKind::kF64:
      number(out, kind);
      break;
    case ImmKind::kV128:
      vector_constant(out);
      break;
    case ImmKind::kMemArg:
      mem_arg(out, op, false);
      break;
    case ImmKind::kMemArgLane:
      mem_arg(out, op, true);
      lane(out);
      break;
    case ImmKind::kLane:
      lane(out);
      break;
    case ImmKind::kLanes16:
      lanes16(out);
      break;
    case ImmKind::kZeroByte:
      out.byte(0);
      break;
  }
}

void ExpressionParser::optional_index(Encoder& out, Space s) { out.u32(cursor_.at_index() ? scope_.index(s) : 0); }

/// In the text `first` comes first and may be missing; in the binary it comes second.
void ExpressionParser::index_pair(Encoder& out, Space first, Space second) {
  const bool both = cursor_.peek(1).kind == TokenKind::kInt || cursor_.peek(1).kind == TokenKind::kId;
  const uint32_t first_index = both ? scope_.index(first) : 0;
  out.u32(scope_.index(second));
  out.u32(first_index);
}

void ExpressionParser::mem_arg(Encoder& out, Op op, bool lane_follows) {
  uint32_t memory = 0;
  if (cursor_.at_index()) {
    // A single number before nothing else is the lane.
    const TokenKind next = cursor_.peek(1).kind;
    const bool is_lane = lane_follows && cursor_.at(TokenKind::kInt) && next != TokenKind::kInt &&
                         next != TokenKind::kOffset && next != TokenKind::kAlign;
    if (!is_lane) memory = scope_.index(Space::kMemory);
  }
  uint64_t offset = 0;
  uint32_t align_log2 = static_cast<uint8_t>(info(op).access);
  const auto value = [&](std::string_view prefix) {
    return parse_natural(cursor_.text_of(cursor_.peek()).substr(prefix.size()), UINT64_MAX);
  };
  if (cursor_.at(TokenKind::kOffset)) {
    const std::optional<uint64_t> given = value(kOffsetPrefix);
    if (!given) cursor_.fail("i64 constant out of range", cursor_.peek());
    offset = given.value_or(0);
    cursor_.take();
  }
  if (cursor_.at(TokenKind::kAlign)) {
    const std::optional<uint64_t> given = value(kAlignPrefix);
    if (!given || !std::has_single_bit(*given)) cursor_.fail("alignment must be a power of two", cursor_.peek());
    align_log2 = static_cast<uint32_t>(std::countr_zero(given.value_or(1)));
    cursor_.take();
  }
  out.u32(memory == 0 ? align_log2 : align_log2 | kMemArgHasMemory);
  if (memory != 0) out.u32(memory);
  out.u64(offset);
}

void ExpressionParser::integer(Encoder& out, unsigned bits) {
  if (!cursor_.at(TokenKind::kInt)) return cursor_.unexpected();
  const std::optional<uint64_t> value = parse_integer(cursor_.text_of(cursor_.peek()), bits);
  if (!value) return cursor_.fail("constant out of range", cursor_.peek());
  cursor_.take();
  out.s64(bits == 32 ? static_cast<int32_t>(*value) : static_cast<int64_t>(*value));
}

void ExpressionParser::number(Encoder& out, ImmKind kind) {
  if (!is_number(cursor_.peek())) return cursor_.unexpected();
  const std::string_view literal = cursor_.text_of(cursor_.peek());
  if (kind == ImmKind::kF32) {
    const std::optional<uint32_t> bits = parse_f32(literal);
    if (!bits) return cursor_.fail("constant out of range", cursor_.peek());
    out.fixed(*bits);
  } else {
    const std::optional<uint64_t> bits = parse_f64(literal);
    if (!bits) return cursor_.fail("constant out of range", cursor_.peek());
    out.fixed(*bits);
  }
  cursor_.take();
}

void ExpressionParser::vector_constant(Encoder& out) {
  struct Shape {
    Word word;
    unsigned lanes;
    bool is_float;
  };
  static constexpr Shape kShapes[] = {{Word::kI8x16, 16, false}, {Word::kI16x8, 8, false}, {Word::kI32x4, 4, false},
                                      {Word::kI64x2, 2, false},  {Word::kF32x4, 4, true},  {Word::kF64x2, 2, true}};
  for (const Shape& shape : kShapes) {
    if (!cursor_.take_if(shape.word)) continue;
    const unsigned bits = 128 / shape.lanes;
    uint32_t written = 0;
    while (is_number(cursor_.peek(written))) ++written;
    const TokenKind next = cursor_.peek(written).kind;
    if (written != shape.lanes && (next == TokenKind::kLeft || next == TokenKind::kRight)) {
      return cursor_.fail("wrong number of lane literals", cursor_.peek());
    }
    for (unsigned i = 0; i < shape.lanes; ++i) {
      if (shape.is_float) {
        number(out, bits == 32 ? ImmKind::kF32 : ImmKind::kF64);
      } else if (!cursor_.at(TokenKind::kInt)) {
        cursor_.unexpected();
      } else if (const auto value = parse_integer(cursor_.text_of(cursor_.peek()), bits)) {
        const auto bytes = std::bit_cast<std::array<uint8_t, 8>>(*value);
        out.bytes(std::span(bytes).first(bits / 8));
        cursor_.take();
      } else {
        cursor_.fail("constant out of range", cursor_.peek());
      }
    }
    return;
  }
  cursor_.unexpected();
}

void ExpressionParser::lanes16(Encoder& out) {
  unsigned count = 0;
  for (; is_number(cursor_.peek()); ++count) {
    if (!cursor_.at_natural()) return cursor_.fail("i8 constant out of range", cursor_.peek());
    lane(out);
  }
  if (count != 16 && !cursor_.failed()) cursor_.fail("invalid lane length", cursor_.peek());
}

void ExpressionParser::lane(Encoder& out) {
  out.byte(static_cast<uint8_t>(cursor_.natural(UINT8_MAX, "i8 constant out of range")));
}

void ExpressionParser::br_on_cast(Encoder& out) {
  Encoder label, from, to;
  label_index(label);
  const bool from_nullable = scope_.nullable_reference_type(from);
  const bool to_nullable = scope_.nullable_reference_type(to);
  out.byte(static_cast<uint8_t>((from_nullable ? 1 : 0) | (to_nullable ? 2 : 0)));
  out.bytes(label.view());
  out.bytes(from.view());
  out.bytes(to.view());
}

// Code metadata: https://github.com/WebAssembly/tool-conventions/blob/main/CodeMetadata.md

/// Takes the annotations of the instruction whose first token is at `position`, a parenthesis or the mnemonic.
void ExpressionParser::take_metadata(uint32_t position, Op op, size_t offset) {
  Annotations& annotations = scope_.annotations();
  const size_t first = metadata_.size();
  const auto take = [&](uint32_t at) {
    annotations.claim_all(at, kCodeMetadata, [&](const Annotation& a) {
      const std::string_view name = annotations.name(a);
      std::string bytes = annotations.strings(cursor_, a, 0);
      if (std::ranges::count(metadata_.begin() + static_cast<ptrdiff_t>(first), metadata_.end(), name,
                             &CodeMetadata::section) != 0) {
        annotations.fail(cursor_, a, "duplicate annotation");
      }
      if (name == kBranchHint) {
        if (op != Op::kIf && op != Op::kBrIf) annotations.fail(cursor_, a, "invalid target");
        if (bytes != std::string_view("\0", 1) && bytes != "\1") annotations.fail(cursor_, a, "invalid hint");
      }
      metadata_.push_back({name, static_cast<uint32_t>(offset), std::move(bytes)});
    });
  };
  if (annotations.empty()) return;
  take(position);
  if (cursor_.text().tokens[position].kind == TokenKind::kLeft) take(position + 1);
}

}  // namespace wherry::wasm::text
