#include "wasm/text/cursor.h"

#include <utility>

#include "base/utf8.h"
#include "wasm/text/number.h"

namespace wherry::wasm::text {

std::string Cursor::string() {
  std::string bytes;
  if (at(TokenKind::kString)) {
    append_string(text_of(take()), bytes);
  } else {
    unexpected();
  }
  return bytes;
}

std::string Cursor::name() {
  const Token& at = peek();
  std::string bytes = string();
  if (!base::is_utf8(bytes)) fail("malformed UTF-8 encoding", at);
  return bytes;
}

uint64_t Cursor::natural(uint64_t max, const char* phrase) {
  if (!at_natural()) {
    unexpected();
    return 0;
  }
  const std::optional<uint64_t> value = parse_natural(text_of(peek()), max);
  if (!value) fail(phrase, peek());
  take();
  return value.value_or(0);
}

void Cursor::skip_list() {
  for (size_t depth = 1; depth != 0;) {
    switch (peek().kind) {
      case TokenKind::kLeft:
        ++depth;
        break;
      case TokenKind::kRight:
        --depth;
        break;
      case TokenKind::kEnd:
        unexpected();
        return;
      default:
        break;
    }
    take();
  }
}

void Cursor::fail(std::string message, uint64_t offset) {
  if (!error_) error_.emplace(ErrorCode::kSyntax, std::move(message), offset);
  position_ = last_;
}

void Cursor::unexpected() {
  const Token& t = peek();
  std::string message = t.kind == TokenKind::kUnknown ? "unknown operator" : "unexpected token";
  message += t.kind == TokenKind::kEnd ? ": end of text" : " " + std::string(text_of(t).substr(0, 100));
  fail(std::move(message), t);
}

}  // namespace wherry::wasm::text
