#include "wasm/text/annotations.h"

#include <algorithm>

namespace wherry::wasm::text {

Annotations::Annotations(const TokenizedText& text, uint32_t first, uint32_t last) : text_(text) {
  const auto position = [](const Annotation& a) { return a.position; };
  const auto begin = std::ranges::lower_bound(text.annotations, first, {}, position);
  const auto end = std::ranges::upper_bound(begin, text.annotations.end(), last, {}, position);
  all_ = std::span(begin, end);
  claimed_.resize(all_.size());
}

size_t Annotations::find(uint32_t position) const {
  return static_cast<size_t>(std::ranges::lower_bound(all_, position, {}, &Annotation::position) - all_.begin());
}

const Annotation* Annotations::claim(uint32_t position, std::string_view prefix) {
  if (all_.empty()) return nullptr;
  for (size_t i = find(position); i < all_.size() && all_[i].position == position; ++i) {
    if (claimed_[i] || !name(all_[i]).starts_with(prefix)) continue;
    claimed_[i] = true;
    return &all_[i];
  }
  return nullptr;
}

const Annotation* Annotations::unclaimed(uint32_t first, uint32_t last, std::string_view prefix) const {
  if (all_.empty()) return nullptr;
  for (size_t i = find(first); i < all_.size() && all_[i].position < last; ++i) {
    if (!claimed_[i] && name(all_[i]).starts_with(prefix)) return &all_[i];
  }
  return nullptr;
}

void Annotations::fail(Cursor& cursor, const Annotation& a, std::string_view phrase) const {
  std::string message = "@";
  message.append(name(a)).append(" annotation: ").append(phrase);
  cursor.fail(std::move(message), a.offset);
}

std::string Annotations::strings(Cursor& cursor, const Annotation& a, size_t first) const {
  std::string bytes;
  for (const Token& t : content(a).subspan(std::min(first, content(a).size()))) {
    if (t.kind != TokenKind::kString) {
      fail(cursor, a, "unexpected token");
      break;
    }
    append_string(text_.text_of(t), bytes);
  }
  return bytes;
}

}  // namespace wherry::wasm::text
