// The annotations of one module, each to be claimed by what it is about. One that nobody claims is misplaced.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/text/cursor.h"

namespace wherry::wasm::text {

class Annotations {
 public:
  /// Those that stand before one of the tokens [first, last].
  Annotations(const TokenizedText& text, uint32_t first, uint32_t last);

  bool empty() const { return all_.empty(); }
  /// The next annotation right before the token at `position` whose name begins with `prefix`, if it is not claimed
  /// yet. It is now.
  const Annotation* claim(uint32_t position, std::string_view prefix);
  /// All that claim() would give, in turn.
  template <class F>
  void claim_all(uint32_t position, std::string_view prefix, F visit) {
    if (all_.empty()) return;
    for (size_t i = find(position); i < all_.size() && all_[i].position == position; ++i) {
      if (claimed_[i] || !name(all_[i]).starts_with(prefix)) continue;
      claimed_[i] = true;
      visit(all_[i]);
    }
  }
  /// The first one before the tokens [first, last) whose name begins with `prefix` that is not claimed.
  const Annotation* unclaimed(uint32_t first, uint32_t last, std::string_view prefix) const;

  std::string_view name(const Annotation& a) const { return text_.symbols[a.name]; }
  std::span<const Token> content(const Annotation& a) const {
    return std::span(text_.annotation_tokens).subspan(a.first, a.last - a.first);
  }
  /// Records "@name annotation: phrase".
  void fail(Cursor& cursor, const Annotation& a, std::string_view phrase) const;
  /// The bytes of the content's strings from its token `first` on; nothing else may be there.
  std::string strings(Cursor& cursor, const Annotation& a, size_t first) const;

 private:
  /// Index of the first one at `position` or later.
  size_t find(uint32_t position) const;

  const TokenizedText& text_;
  std::span<const Annotation> all_;
  std::vector<bool> claimed_;
};

}  // namespace wherry::wasm::text
