// A place in a tokenized text, for recursive-descent parsers. Errors stick: the first one is remembered and the cursor
// jumps to the end, where every further request finds nothing, so that parsers need not ask after each step. Loops must
// therefore end at the end of the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wasm/text/lexer.h"

namespace wherry::wasm::text {

class Cursor {
 public:
  /// Over the tokens [first, last); beyond them everything is kEnd.
  Cursor(const TokenizedText& text, uint32_t first, uint32_t last)
      : text_(text), tokens_(text.tokens.data()), position_(first), last_(last), end_(end_token(text, last)) {}

  const TokenizedText& text() const { return text_; }
  uint32_t position() const { return position_; }
  /// Looks again at what was seen before, or skips. Not after an error.
  void move_to(uint32_t position) {
    if (!error_) position_ = position;
  }

  const Token& peek(uint32_t ahead = 0) const { return last_ - position_ > ahead ? tokens_[position_ + ahead] : end_; }
  const Token& take() {
    const Token& t = peek();
    if (position_ != last_) ++position_;
    return t;
  }
  bool at(TokenKind kind) const { return peek().kind == kind; }
  bool at_end() const { return position_ == last_; }
  bool at(Word w) const { return peek().is(w); }
  bool at_index() const { return at(TokenKind::kInt) || at(TokenKind::kId); }
  /// At an integer without sign.
  bool at_natural() const {
    const Token& t = peek();
    return t.kind == TokenKind::kInt && text_.text[t.offset] != '+' && text_.text[t.offset] != '-';
  }
  /// At "(" and this word.
  bool at_list(Word w) const { return at(TokenKind::kLeft) && peek(1).is(w); }
  bool at_list(Op op) const { return at(TokenKind::kLeft) && peek(1).is(op); }

  bool take_if(TokenKind kind) { return skip_if(at(kind), 1); }
  bool take_if(Word w) { return skip_if(at(w), 1); }
  /// Takes "(" and the word.
  bool take_list(Word w) { return skip_if(at_list(w), 2); }
  bool take_list(Op op) { return skip_if(at_list(op), 2); }
  std::optional<Symbol> take_id() {
    if (!at(TokenKind::kId)) return std::nullopt;
    return take().value;
  }

  void expect(TokenKind kind) {
    if (!take_if(kind)) unexpected();
  }
  void expect_left() { expect(TokenKind::kLeft); }
  void expect_right() { expect(TokenKind::kRight); }
  void expect(Word w) {
    if (!take_if(w)) unexpected();
  }

  /// A string's bytes.
  std::string string();
  /// A string that must be UTF-8.
  std::string name();
  /// An unsigned integer of at most `max`; `phrase` is the error's if it is greater.
  uint64_t natural(uint64_t max, const char* phrase);
  uint32_t u32() { return static_cast<uint32_t>(natural(UINT32_MAX, "i32 constant out of range")); }

  /// Goes past the ")" that closes the list whose "(" is already taken.
  void skip_list();

  std::string_view text_of(const Token& t) const { return text_.text_of(t); }

  bool failed() const { return error_.has_value(); }
  /// Only if failed().
  const Error& error() const { return *error_; }
  /// Remembers the error, if it is the first.
  void fail(std::string message, const Token& at) { fail(std::move(message), at.offset); }
  [[gnu::cold]] void fail(std::string message, uint64_t offset);
  /// "unexpected token", or "unknown operator" for a word that is not of the language.
  [[gnu::cold]] void unexpected();

 private:
  static Token end_token(const TokenizedText& text, uint32_t last) {
    return {text.tokens[last].offset, 0, 0, TokenKind::kEnd};
  }
  bool skip_if(bool condition, uint32_t count) {
    if (condition) position_ += count;
    return condition;
  }

  const TokenizedText& text_;
  const Token* tokens_;
  uint32_t position_;
  uint32_t last_;
  Token end_;
  std::optional<Error> error_;
};

}  // namespace wherry::wasm::text
