#include "wasm/text/wast.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "wasm/text/cursor.h"
#include "wasm/text/module_parser.h"
#include "wasm/text/number.h"

namespace wherry::wasm::wast {
namespace {

using text::Cursor;
using text::Token;
using text::TokenizedText;
using text::TokenKind;
using text::Word;

/// Fields of a module, which may stand in a script without a module around them.
bool is_module_field(const Token& t) {
  constexpr Word kFields[] = {Word::kType,   Word::kRec, Word::kImport, Word::kFunc,  Word::kTable, Word::kMemory,
                              Word::kGlobal, Word::kTag, Word::kExport, Word::kStart, Word::kElem,  Word::kData};
  for (Word w : kFields) {
    if (t.is(w)) return true;
  }
  return false;
}

class ScriptParser {
 public:
  explicit ScriptParser(const TokenizedText& text)
      : text_(text), symbols_(text), last_(static_cast<uint32_t>(text.tokens.size() - 1)), cursor_(text, 0, last_) {}

  Result<std::vector<Command>> run() {
    std::vector<Command> commands;
    if (cursor_.at(TokenKind::kLeft) && is_module_field(cursor_.peek(1))) {
      ScriptModule module;
      module.wasm = text::encode_module(text_, 0, last_, symbols_, {});
      commands.push_back({0, 1, ModuleCommand{std::move(module)}});
      return commands;
    }
    uint32_t offset = 0;
    uint32_t line = 1;
    while (!cursor_.at_end()) {
      const uint32_t previous = std::exchange(offset, cursor_.peek().offset);
      line += static_cast<uint32_t>(std::ranges::count(text_.text.substr(previous, offset - previous), '\n'));
      cursor_.expect_left();
      Command command{offset, line, command_body()};
      cursor_.expect_right();
      if (!cursor_.failed()) commands.push_back(std::move(command));
    }
    if (cursor_.failed()) return std::unexpected(cursor_.error());
    return commands;
  }

 private:
  using What = decltype(Command::what);

  What command_body() {
    const Token& word = cursor_.take();
    switch (word.kind == TokenKind::kWord ? static_cast<Word>(word.value) : Word::kBefore) {
      case Word::kModule:
        return module_command();
      case Word::kRegister: {
        RegisterCommand command{cursor_.name(), {}};
        command.module = id();
        return command;
      }
      case Word::kInvoke:
        return action(Action::Kind::kInvoke);
      case Word::kGet:
        return action(Action::Kind::kGet);
      case Word::kAssertReturn: {
        AssertReturn command{listed_action(), {}};
        while (cursor_.at(TokenKind::kLeft)) command.results.push_back(pattern(true));
        return command;
      }
      case Word::kAssertTrap:
        if (cursor_.at_list(Word::kModule)) return assert_module(AssertModule::Kind::kTrap);
        return assert_action(AssertAction::Kind::kTrap);
      case Word::kAssertExhaustion:
        return assert_action(AssertAction::Kind::kExhaustion);
      case Word::kAssertException:
        return AssertAction{AssertAction::Kind::kException, listed_action(), {}};
      case Word::kAssertUnlinkable:
        return assert_module(AssertModule::Kind::kUnlinkable);
      case Word::kAssertInvalid:
        return assert_module(AssertModule::Kind::kInvalid);
      case Word::kAssertMalformed:
        return assert_module(AssertModule::Kind::kMalformed);
      case Word::kAssertInvalidCustom:
        return assert_module(AssertModule::Kind::kInvalidCustom);
      case Word::kAssertMalformedCustom:
        return assert_module(AssertModule::Kind::kMalformedCustom);
      default:
        cursor_.move_to(cursor_.position() - 1);
        cursor_.unexpected();
        return Action{};
    }
  }

  Id id() {
    const std::optional<text::Symbol> symbol = cursor_.take_id();
    return symbol ? Id(text_.symbols[*symbol]) : Id();
  }

  // Modules.

  What module_command() {
    if (cursor_.take_if(Word::kInstance)) {
      InstanceCommand command;
      command.instance = id();
      command.definition = id();
      return command;
    }
    const bool definition = cursor_.take_if(Word::kDefinition);
    return ModuleCommand{module(), definition};
  }

  /// What follows "(module" or "(module definition", up to its parenthesis.
  ScriptModule module() {
    const uint32_t start = cursor_.position();
    ScriptModule module;
    module.id = id();
    if (cursor_.take_if(Word::kBinary)) {
      module.form = ScriptModule::Form::kBinary;
      const std::string bytes = strings();
      module.wasm->assign(bytes.begin(), bytes.end());
    } else if (cursor_.take_if(Word::kQuote)) {
      module.form = ScriptModule::Form::kQuote;
      module.quote = strings();
      module.wasm = parse_wat(module.quote);
    } else {
      cursor_.skip_list();
      if (cursor_.failed()) return module;
      cursor_.move_to(cursor_.position() - 1);
      module.wasm = text::encode_module(text_, start, cursor_.position(), symbols_, {});
    }
    return module;
  }

  std::string strings() {
    std::string bytes;
    while (cursor_.at(TokenKind::kString)) text::append_string(cursor_.text_of(cursor_.take()), bytes);
    return bytes;
  }

  What assert_module(AssertModule::Kind kind) {
    if (!cursor_.take_list(Word::kModule)) cursor_.unexpected();
    cursor_.take_if(Word::kDefinition);
    AssertModule command{kind, module(), {}};
    cursor_.expect_right();
    command.message = cursor_.string();
    return command;
  }

  // Actions.

  What assert_action(AssertAction::Kind kind) {
    AssertAction command{kind, listed_action(), {}};
    command.message = cursor_.string();
    return command;
  }

  Action listed_action() {
    cursor_.expect_left();
    Action::Kind kind = Action::Kind::kInvoke;
    if (cursor_.take_if(Word::kGet)) {
      kind = Action::Kind::kGet;
    } else {
      cursor_.expect(Word::kInvoke);
    }
    Action parsed = action(kind);
    cursor_.expect_right();
    return parsed;
  }

  Action action(Action::Kind kind) {
    Action parsed;
    parsed.kind = kind;
    parsed.module = id();
    parsed.name = cursor_.name();
    while (kind == Action::Kind::kInvoke && cursor_.at(TokenKind::kLeft)) parsed.args.push_back(value());
    return parsed;
  }

  // Values and patterns. A value is read as a pattern that leaves nothing open.

  Value value() {
    const Token& at = cursor_.peek(1);
    const Pattern read = pattern(false);
    Value parsed;
    parsed.bits = read.bits;
    parsed.v128 = read.v128;
    switch (read.kind) {
      case Pattern::Kind::kI32:
        parsed.kind = Value::Kind::kI32;
        break;
      case Pattern::Kind::kI64:
        parsed.kind = Value::Kind::kI64;
        break;
      case Pattern::Kind::kF32:
        parsed.kind = Value::Kind::kF32;
        break;
      case Pattern::Kind::kF64:
        parsed.kind = Value::Kind::kF64;
        break;
      case Pattern::Kind::kV128:
        parsed.kind = Value::Kind::kV128;
        break;
      case Pattern::Kind::kRefNull:
        parsed.kind = Value::Kind::kRefNull;
        if (!read.heap) cursor_.fail("unexpected token )", at);
        parsed.heap = read.heap.value_or(HeapType::kAny);
        break;
      case Pattern::Kind::kRefExtern:
      case Pattern::Kind::kRefHost:
        parsed.kind = read.kind == Pattern::Kind::kRefHost ? Value::Kind::kRefHost : Value::Kind::kRefExtern;
        if (!read.number) cursor_.fail("unexpected token )", at);
        parsed.bits = read.number.value_or(0);
        break;
      default:
        cursor_.fail("unexpected token " + std::string(cursor_.text_of(at)), at);
        break;
    }
    return parsed;
  }

  Pattern pattern(bool open) {
    cursor_.expect_left();
    Pattern p;
    const Token& head = cursor_.take();
    if (head.kind == TokenKind::kOp) {
      op_pattern(p, static_cast<Op>(head.value), open, head);
    } else if (head.kind == TokenKind::kWord) {
      word_pattern(p, static_cast<Word>(head.value), open, head);
    } else {
      unexpected(head);
    }
    cursor_.expect_right();
    return p;
  }

  void unexpected(const Token& t) {
    if (cursor_.failed()) return;
    cursor_.move_to(cursor_.position() - 1);
    cursor_.unexpected();
  }

  void op_pattern(Pattern& p, Op op, bool open, const Token& head) {
    switch (op) {
      case Op::kI32Const:
        p.kind = Pattern::Kind::kI32;
        p.bits = integer(32);
        return;
      case Op::kI64Const:
        p.kind = Pattern::Kind::kI64;
        p.bits = integer(64);
        return;
      case Op::kF32Const:
        p.kind = Pattern::Kind::kF32;
        p.bits = number(32, open, p.nan[0]);
        return;
      case Op::kF64Const:
        p.kind = Pattern::Kind::kF64;
        p.bits = number(64, open, p.nan[0]);
        return;
      case Op::kV128Const:
        p.kind = Pattern::Kind::kV128;
        vector(p, open);
        return;
      case Op::kRefNull:
        p.kind = Pattern::Kind::kRefNull;
        if (!cursor_.at(TokenKind::kRight)) p.heap = heap_type();
        return;
      case Op::kRefFunc:
        p.kind = Pattern::Kind::kRefFunc;
        if (cursor_.at(TokenKind::kInt)) p.number = cursor_.u32();
        return;
      case Op::kRefEq:
        p.kind = Pattern::Kind::kRefEq;
        return;
      case Op::kRefI31:
        p.kind = Pattern::Kind::kRefI31;
        return;
      default:
        unexpected(head);
        return;
    }
  }

  void word_pattern(Pattern& p, Word word, bool open, const Token& head) {
    switch (word) {
      case Word::kRefExtern:
        p.kind = Pattern::Kind::kRefExtern;
        if (cursor_.at(TokenKind::kInt)) p.number = cursor_.u32();
        return;
      case Word::kRefHost:
        p.kind = Pattern::Kind::kRefHost;
        p.number = cursor_.u32();
        return;
      case Word::kRefStruct:
        p.kind = Pattern::Kind::kRefStruct;
        return;
      case Word::kRefArray:
        p.kind = Pattern::Kind::kRefArray;
        return;
      case Word::kRefExn:
        p.kind = Pattern::Kind::kRefExn;
        return;
      case Word::kRefAny:
        p.kind = Pattern::Kind::kRefAny;
        return;
      case Word::kEither:
        if (!open || in_either_) return unexpected(head);
        p.kind = Pattern::Kind::kEither;
        in_either_ = true;
        while (cursor_.at(TokenKind::kLeft)) p.alternatives.push_back(pattern(true));
        in_either_ = false;
        return;
      default:
        unexpected(head);
        return;
    }
  }

  HeapType heap_type() {
    for (const HeapTypeInfo& row : kHeapTypes) {
      if (cursor_.at(TokenKind::kWord) && cursor_.text_of(cursor_.peek()) == row.name) {
        cursor_.take();
        return row.type;
      }
    }
    cursor_.unexpected();
    return HeapType::kAny;
  }

  uint64_t integer(unsigned bits) {
    if (!cursor_.at(TokenKind::kInt)) {
      cursor_.unexpected();
      return 0;
    }
    const std::optional<uint64_t> value = text::parse_integer(cursor_.text_of(cursor_.peek()), bits);
    if (!value) cursor_.fail("constant out of range", cursor_.peek());
    cursor_.take();
    return value.value_or(0);
  }

  /// A float, or a NaN pattern where one is allowed.
  uint64_t number(unsigned bits, bool open, Pattern::Nan& nan) {
    if (open && cursor_.take_if(Word::kNanCanonical)) {
      nan = Pattern::Nan::kCanonical;
      return 0;
    }
    if (open && cursor_.take_if(Word::kNanArithmetic)) {
      nan = Pattern::Nan::kArithmetic;
      return 0;
    }
    if (!cursor_.at(TokenKind::kInt) && !cursor_.at(TokenKind::kFloat)) {
      cursor_.unexpected();
      return 0;
    }
    const std::string_view literal = cursor_.text_of(cursor_.peek());
    std::optional<uint64_t> value;
    if (bits == 32) {
      value = text::parse_f32(literal);
    } else {
      value = text::parse_f64(literal);
    }
    if (!value) cursor_.fail("constant out of range", cursor_.peek());
    cursor_.take();
    return value.value_or(0);
  }

  void vector(Pattern& p, bool open) {
    struct Row {
      Word word;
      Pattern::Shape shape;
      unsigned bits;
      bool is_float;
    };
    static constexpr Row kRows[] = {
        {Word::kI8x16, Pattern::Shape::kI8x16, 8, false},  {Word::kI16x8, Pattern::Shape::kI16x8, 16, false},
        {Word::kI32x4, Pattern::Shape::kI32x4, 32, false}, {Word::kI64x2, Pattern::Shape::kI64x2, 64, false},
        {Word::kF32x4, Pattern::Shape::kF32x4, 32, true},  {Word::kF64x2, Pattern::Shape::kF64x2, 64, true}};
    for (const Row& row : kRows) {
      if (!cursor_.take_if(row.word)) continue;
      p.shape = row.shape;
      const unsigned size = row.bits / 8;
      for (unsigned i = 0; i < 16 / size; ++i) {
        const uint64_t lane = row.is_float ? number(row.bits, open, p.nan[i]) : integer(row.bits);
        const auto bytes = std::bit_cast<std::array<uint8_t, 8>>(lane);
        std::copy_n(bytes.begin(), size, p.v128.bytes.begin() + static_cast<ptrdiff_t>(i * size));
      }
      return;
    }
    cursor_.unexpected();
  }

  const TokenizedText& text_;
  text::SymbolTable symbols_;
  uint32_t last_;
  Cursor cursor_;
  bool in_either_ = false;
};

}  // namespace

Result<std::vector<Command>> parse_wast(std::string_view source) {
  WHERRY_TRY(const TokenizedText text, text::tokenize(source));
  return ScriptParser(text).run();
}

}  // namespace wherry::wasm::wast
