// Tokens of the text format: the whole text is cut once, into a flat vector, so that parsers may look ahead, look again
// and skip at no cost. Nothing is copied: tokens are places in the text; words and identifiers are numbered on the way,
// so that parsers compare no strings.
// Spec: https://webassembly.github.io/spec/core/text/lexical.html
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "wasm/ops.h"
#include "wherry/result.h"

namespace wherry::wasm::text {

inline constexpr std::string_view kAlignPrefix = "align=";
inline constexpr std::string_view kOffsetPrefix = "offset=";

/// The fixed words of the language that are not ops.
enum class Word : uint16_t {
#define WHERRY_WORD(id, text) id,
#include "wasm/text/words.inc"
#undef WHERRY_WORD
};

enum class TokenKind : uint8_t {
  kLeft,        // (
  kRight,       // )
  kWord,        // a Word; `value` is it
  kOp,          // an opcode's mnemonic; `value` is the (first) Op of that name
  kAlign,       // align=N
  kOffset,      // offset=N
  kUnknown,     // a word of nobody's
  kId,          // $name or $"name"; `value` is its symbol
  kString,      // "..." with its quotes, well-formed escapes
  kInt,         // decimal or hexadecimal, maybe signed
  kFloat,       // number that is not an integer; inf; nan; nan:0x...
  kAnnotation,  // (@name; only among annotation tokens; `value` is the name's symbol
  kOther,       // anything else that may stand in an annotation
  kEnd,
};

struct Token {
  uint32_t offset;
  uint32_t length;
  uint32_t value;
  TokenKind kind;

  bool is(Word w) const { return kind == TokenKind::kWord && value == static_cast<uint32_t>(w); }
  bool is(Op op) const { return kind == TokenKind::kOp && value == static_cast<uint32_t>(op); }
};

/// An identifier, numbered in the order of first occurrence in the text. $x and $"x" are the same.
using Symbol = uint32_t;

/// An annotation (@name ...) that the parser knows: custom, name, metadata.code.*. Others are dropped.
struct Annotation {
  uint32_t position;  ///< Index of the token that follows it.
  uint32_t offset;    ///< In the text.
  Symbol name;
  uint32_t first, last;  ///< Its content, in TokenizedText::annotation_tokens: [first, last).
};

/// A text, cut into tokens. Holds views of the text given to tokenize(). Movable, not copied.
struct TokenizedText {
  std::string_view text;
  std::vector<Token> tokens;  ///< The last one is kEnd.
  std::vector<Annotation> annotations;
  std::vector<Token> annotation_tokens;
  std::vector<std::string_view> symbols;  ///< Their names, unescaped, without the $.
  std::deque<std::string> unescaped;      ///< What `symbols` points to where an escape was undone.

  std::string_view text_of(const Token& t) const { return text.substr(t.offset, t.length); }
};

/// Errors: kSyntax, with the byte offset; kLimit, for a text of 4 GiB or more.
Result<TokenizedText> tokenize(std::string_view text);

/// Appends the bytes that a string token (quotes included) stands for.
void append_string(std::string_view token, std::string& out);

/// How each Word is spelt.
inline constexpr std::string_view kWordTexts[] = {
#define WHERRY_WORD(id, text) text,
#include "wasm/text/words.inc"
#undef WHERRY_WORD
};
inline constexpr size_t kWordCount = sizeof(kWordTexts) / sizeof(kWordTexts[0]);

/// Whether `c` may be part of an identifier.
bool is_id_char(char c);

}  // namespace wherry::wasm::text
