#include "wasm/text/lexer.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <limits>
#include <utility>

#include "base/utf8.h"
#include "wasm/text/number.h"

namespace wherry::wasm::text {
namespace {

enum CharClass : uint8_t {
  kIdChar = 1,
  kSpace = 2,
  kPunctuation = 4,  // , ; [ ] { }: reserved, but for annotations
};

constexpr std::array<uint8_t, 256> kClasses = [] {
  std::array<uint8_t, 256> classes{};
  for (char c = '0'; c <= '9'; ++c) classes[c] = kIdChar;
  for (char c = 'A'; c <= 'Z'; ++c) classes[c] = kIdChar;
  for (char c = 'a'; c <= 'z'; ++c) classes[c] = kIdChar;
  for (char c : std::string_view("!#$%&'*+-./:<=>?@\\^_`|~")) classes[c] = kIdChar;
  for (char c : std::string_view(" \t\n\r")) classes[c] = kSpace;
  for (char c : std::string_view(",;[]{}")) classes[c] = kPunctuation;
  return classes;
}();

constexpr bool is(char c, uint8_t mask) { return (kClasses[static_cast<uint8_t>(c)] & mask) != 0; }

/// Words and mnemonics, in an open-addressed hash table made by the compiler.
struct Vocabulary {
  static constexpr size_t kSize = 4096;
  static_assert(kOpCount + kWordCount < kSize / 2);
  static constexpr uint16_t kFree = 0xFFFF;
  /// Op, or kOpCount + Word.
  std::array<uint16_t, kSize> slots;

  static constexpr std::string_view text(uint16_t entry) {
    return entry < kOpCount ? kOpTable[entry].text : kWordTexts[entry - kOpCount];
  }
  static constexpr size_t hash(std::string_view s) {
    uint32_t h = 2166136261u;
    for (char c : s) h = (h ^ static_cast<uint8_t>(c)) * 16777619u;
    return (h ^ h >> 15) % kSize;
  }

  consteval Vocabulary() {
    slots.fill(kFree);
    for (uint16_t entry = 0; entry < kOpCount + kWordCount; ++entry) {
      size_t i = hash(text(entry));
      // Of ops with the same mnemonic the first stands for all; a word that is also an op is found as the op.
      while (slots[i] != kFree && text(slots[i]) != text(entry)) i = (i + 1) % kSize;
      if (slots[i] == kFree) slots[i] = entry;
    }
  }

  uint16_t find(std::string_view s) const {
    size_t i = hash(s);
    while (slots[i] != kFree && text(slots[i]) != s) i = (i + 1) % kSize;
    return slots[i];
  }
};
constexpr Vocabulary kVocabulary;

enum class StringEnd : uint8_t { kGood, kUnclosed, kControl, kBadEscape };

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(uint32_t code, std::string& out) {
  const auto byte = [&](uint32_t b) { out += static_cast<char>(b); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | code >> 6);
    byte(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  } else {
    byte(0xF0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3F));
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : p_(text.data()), end_(text.data() + text.size()) { out_.text = text; }

  Result<TokenizedText> run() {
    if (out_.text.size() >= std::numeric_limits<uint32_t>::max()) {
      return fail(ErrorCode::kLimit, "text of 4 GiB or more");
    }
    if (!base::is_utf8(out_.text)) return fail(ErrorCode::kSyntax, "malformed UTF-8 encoding", first_bad_utf8());
    out_.tokens.reserve(out_.text.size() / 5 + 1);
    while (next(out_.tokens)) {
      if (out_.tokens.back().kind == TokenKind::kOther) error("unknown operator", out_.tokens.back());
      if (out_.tokens.back().kind == TokenKind::kAnnotation) annotation();
    }
    if (message_ != nullptr) {
      std::string message = message_;
      if (about_.length != 0) message.append(" ").append(out_.text_of(about_).substr(0, 100));
      return fail(ErrorCode::kSyntax, std::move(message), about_.offset);
    }
    out_.tokens.push_back({offset(), 0, 0, TokenKind::kEnd});
    return std::move(out_);
  }

 private:
  uint32_t offset() const { return offset(p_); }
  uint32_t offset(const char* at) const { return static_cast<uint32_t>(at - out_.text.data()); }

  uint64_t first_bad_utf8() const {
    size_t low = 0;
    size_t high =
        out_.text.size();  // is_utf8 holds for prefixes up to `low` (but for a cut character), not up to `high`
    while (high - low > 1) {
      size_t middle = low + (high - low) / 2;
      while (middle > low && (static_cast<uint8_t>(out_.text[middle]) & 0xC0) == 0x80) --middle;
      if (middle == low) break;
      (base::is_utf8(out_.text.substr(low, middle - low)) ? low : high) = middle;
    }
    return low;
  }

  /// Remembers the first error and stops: nothing is left to read.
  bool error(const char* message, const Token& about) {
    if (message_ == nullptr) {
      message_ = message;
      about_ = about;
    }
    p_ = end_;
    return false;
  }
  bool error_at(const char* message, const char* at) { return error(message, {offset(at), 0, 0, TokenKind::kOther}); }

  /// Appends one token; false at the end or on an error.
  bool next(std::vector<Token>& to) {
    while (p_ != end_) {
      const char c = *p_;
      if (is(c, kSpace)) {
        ++p_;
      } else if (c == '(') {
        if (p_ + 1 != end_ && p_[1] == ';') {
          if (!block_comment()) return false;
        } else if (p_ + 1 != end_ && p_[1] == '@') {
          return annotation_head(to);
        } else {
          to.push_back({offset(), 1, 0, TokenKind::kLeft});
          ++p_;
          return true;
        }
      } else if (c == ')') {
        to.push_back({offset(), 1, 0, TokenKind::kRight});
        ++p_;
        return true;
      } else if (c == ';' && p_ + 1 != end_ && p_[1] == ';') {
        while (p_ != end_ && *p_ != '\n' && *p_ != '\r') ++p_;
      } else if (is(c, kIdChar | kPunctuation) || c == '"') {
        return run_of_chars(to);
      } else {
        return error_at("illegal character", p_);
      }
    }
    return false;
  }

  bool block_comment() {
    const char* const begin = p_;
    size_t depth = 0;
    do {
      if (end_ - p_ < 2) return error_at("unclosed comment", begin);
      if (p_[0] == '(' && p_[1] == ';') {
        ++depth;
        p_ += 2;
      } else if (p_[0] == ';' && p_[1] == ')') {
        --depth;
        p_ += 2;
      } else {
        ++p_;
      }
    } while (depth != 0);
    return true;
  }

  /// At a quote: goes past the string, if it is well formed.
  StringEnd string() {
    assert(*p_ == '"');
    for (++p_; p_ != end_;) {
      const auto c = static_cast<uint8_t>(*p_++);
      if (c == '"') return StringEnd::kGood;
      if (c < 0x20 || c == 0x7F) return c == '\n' ? StringEnd::kUnclosed : StringEnd::kControl;
      if (c == '\\' && !escape()) return StringEnd::kBadEscape;
    }
    return StringEnd::kUnclosed;
  }

  bool escape() {
    if (p_ == end_) return false;
    const char c = *p_++;
    if (std::string_view("tnr\"'\\").find(c) != std::string_view::npos) return true;
    if (c == 'u') {
      if (p_ == end_ || *p_ != '{') return false;
      const char* const close = std::find(++p_, end_, '}');
      if (close == end_) return false;
      const std::string hex = "0x" + std::string(p_, close);
      if (number_shape(hex) != NumberShape::kInteger) return false;
      const std::optional<uint64_t> code = parse_natural(hex, 0x10FFFF);
      if (!code || (*code >= 0xD800 && *code < 0xE000)) return false;
      p_ = close + 1;
      return true;
    }
    if (hex_value(c) < 0 || p_ == end_ || hex_value(*p_) < 0) return false;
    ++p_;
    return true;
  }

  /// Identifier characters, strings and punctuation side by side are one token (spec: reserved), most often a word.
  bool run_of_chars(std::vector<Token>& to) {
    const char* const begin = p_;
    bool has_string = false;
    bool mixed = false;
    while (p_ != end_) {
      if (is(*p_, kIdChar)) {
        mixed |= has_string;
        while (p_ != end_ && is(*p_, kIdChar)) ++p_;
      } else if (*p_ == '"') {
        const char* const quote = p_;
        const bool is_id = quote == begin + 1 && *begin == '$';
        mixed |= quote != begin && !is_id;
        const StringEnd end = string();
        if (end != StringEnd::kGood) return is_id ? error_at("empty identifier", begin) : string_error(end, quote);
        has_string = true;
      } else if (is(*p_, kPunctuation) && !(*p_ == ';' && end_ - p_ > 1 && p_[1] == ';')) {
        mixed = true;
        ++p_;
      } else {
        break;
      }
    }
    Token token{offset(begin), static_cast<uint32_t>(p_ - begin), 0, TokenKind::kOther};
    if (!mixed) {
      const std::string_view text = out_.text_of(token);
      if (text[0] == '"') {
        token.kind = TokenKind::kString;
      } else if (text[0] == '$' && !(text.size() == 1 && &to == &out_.annotation_tokens)) {
        if (!identifier(text.substr(1), begin, token)) return false;
      } else {
        classify(text, token);
      }
    }
    to.push_back(token);
    return true;
  }

  bool string_error(StringEnd end, const char* begin) {
    switch (end) {
      case StringEnd::kControl:
        return error_at("illegal character in string", p_ - 1);
      case StringEnd::kBadEscape:
        return error_at("illegal escape", p_ - 1);
      default:
        return error_at("unclosed string", begin);
    }
  }

  bool identifier(std::string_view name, const char* begin, Token& token) {
    token.kind = TokenKind::kId;
    if (name.empty() || name == "\"\"") return error_at("empty identifier", begin);
    if (name[0] != '"') {
      token.value = symbol(name);
      return true;
    }
    return quoted(name, begin, token.value);
  }

  bool quoted(std::string_view literal, const char* begin, Symbol& out) {
    if (literal.find('\\') == std::string_view::npos) {
      out = symbol(literal.substr(1, literal.size() - 2));
      return true;
    }
    std::string name;
    append_string(literal, name);
    if (!base::is_utf8(name)) return error_at("malformed UTF-8 encoding", begin);
    const auto found = symbols_.find(name);
    out = found != symbols_.end() ? found->second : symbol(out_.unescaped.emplace_back(std::move(name)));
    return true;
  }

  Symbol symbol(std::string_view name) {
    const auto [it, is_new] = symbols_.try_emplace(name, static_cast<Symbol>(out_.symbols.size()));
    if (is_new) out_.symbols.push_back(name);
    return it->second;
  }

  static void classify(std::string_view text, Token& token) {
    if (text[0] >= 'a' && text[0] <= 'z') {
      const uint16_t entry = kVocabulary.find(text);
      if (entry < kOpCount) {
        token.kind = TokenKind::kOp;
        token.value = entry;
      } else if (entry != Vocabulary::kFree) {
        token.kind = TokenKind::kWord;
        token.value = static_cast<uint32_t>(entry - kOpCount);
      } else if (text.starts_with(kAlignPrefix) && is_natural(text.substr(kAlignPrefix.size()))) {
        token.kind = TokenKind::kAlign;
      } else if (text.starts_with(kOffsetPrefix) && is_natural(text.substr(kOffsetPrefix.size()))) {
        token.kind = TokenKind::kOffset;
      } else {
        token.kind = number_shape(text) == NumberShape::kFloat ? TokenKind::kFloat : TokenKind::kUnknown;
      }
      return;
    }
    switch (number_shape(text)) {
      case NumberShape::kInteger:
        token.kind = TokenKind::kInt;
        break;
      case NumberShape::kFloat:
        token.kind = TokenKind::kFloat;
        break;
      case NumberShape::kNone:
        break;
    }
  }

  static bool is_natural(std::string_view s) {
    return !s.empty() && s[0] != '+' && s[0] != '-' && number_shape(s) == NumberShape::kInteger;
  }

  /// At "(@".
  bool annotation_head(std::vector<Token>& to) {
    const char* const begin = p_;
    p_ += 2;
    Token token{offset(begin), 2, 0, TokenKind::kAnnotation};
    if (p_ != end_ && *p_ == '"') {
      const char* const quote = p_;
      if (string() != StringEnd::kGood || p_ - quote == 2) return error_at("empty annotation id", begin);
      if (!quoted({quote, p_}, begin, token.value)) return false;
    } else {
      const char* const name = p_;
      while (p_ != end_ && is(*p_, kIdChar)) ++p_;
      if (p_ == name && &to == &out_.annotation_tokens) {  // there it is a parenthesis and some other token
        p_ = begin + 1;
        to.push_back({token.offset, 1, 0, TokenKind::kLeft});
        return true;
      }
      if (p_ == name) return error_at("empty annotation id", begin);
      token.value = symbol({name, p_});
    }
    token.length = offset() - token.offset;
    to.push_back(token);
    return true;
  }

  /// After an annotation's head, which is the last token: moves it and its content to where annotations are.
  void annotation() {
    const Token head = out_.tokens.back();
    out_.tokens.pop_back();
    const auto first = static_cast<uint32_t>(out_.annotation_tokens.size());
    size_t depth = 1;
    while (depth != 0) {
      if (!next(out_.annotation_tokens)) {
        error("unclosed annotation", {head.offset, 0, 0, TokenKind::kOther});
        return;
      }
      const TokenKind kind = out_.annotation_tokens.back().kind;
      if (kind == TokenKind::kLeft || kind == TokenKind::kAnnotation) ++depth;
      if (kind == TokenKind::kRight) --depth;
    }
    const std::string_view name = out_.symbols[head.value];
    if (name == "custom" || name == "name" || name.starts_with("metadata.code.")) {
      const auto last = static_cast<uint32_t>(out_.annotation_tokens.size() - 1);
      out_.annotations.push_back({static_cast<uint32_t>(out_.tokens.size()), head.offset, head.value, first, last});
    } else {
      out_.annotation_tokens.resize(first);
    }
  }

  TokenizedText out_;
  std::unordered_map<std::string_view, Symbol> symbols_;
  const char* p_;
  const char* end_;
  const char* message_ = nullptr;
  Token about_{};
};

}  // namespace

Result<TokenizedText> tokenize(std::string_view text) { return Lexer(text).run(); }

void append_string(std::string_view token, std::string& out) {
  assert(token.size() >= 2);
  std::string_view s = token.substr(1, token.size() - 2);
  for (size_t i = 0; i < s.size();) {
    const size_t plain = std::min(s.find('\\', i), s.size());
    out.append(s, i, plain - i);
    if (plain == s.size()) return;
    const char c = s[plain + 1];
    i = plain + 2;
    switch (c) {
      case 't':
        out += '\t';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case '"':
      case '\'':
      case '\\':
        out += c;
        break;
      case 'u': {
        uint32_t code = 0;
        for (++i; s[i] != '}'; ++i) {
          if (s[i] != '_') code = code << 4 | static_cast<uint32_t>(hex_value(s[i]));
        }
        ++i;
        append_utf8(code, out);
        break;
      }
      default:
        out += static_cast<char>(hex_value(c) << 4 | hex_value(s[i++]));
        break;
    }
  }
}

bool is_id_char(char c) { return is(c, kIdChar); }

}  // namespace wherry::wasm::text
