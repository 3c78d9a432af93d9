// The text format of modules: text to binary, and back. Both directions go through the binary format, so that the one
// reader (module.h) validates everything: parse_wat resolves identifiers and writes bytes, and knows no typing rule.
// Spec: https://webassembly.github.io/spec/core/text/index.html
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wherry/result.h"

namespace wherry::wasm {

struct WatOptions {
  /// Write identifiers and @name annotations into the custom section "name".
  bool names = true;
};

/// Encodes a module: `(module ...)`, or its fields alone. The result is well formed but not validated. Annotations
/// @custom, @name and @metadata.code.* become custom sections. Needs no native stack in proportion to the nesting.
/// Errors: kSyntax, with the byte offset in `text` and the spec suite's phrase; kLimit, for a text of 4 GiB or more.
/// Thread-safe.
Result<std::vector<uint8_t>> parse_wat(std::string_view text, const WatOptions& options = {});

struct PrintOptions {
  /// Write expressions folded, operands inside their operator, where the operands are plain to see.
  bool folded = false;
  /// Use the names of the "name" section as identifiers; else indices, and the section is written as a custom one.
  bool names = true;
};

/// The module as text that parse_wat turns back into a module of the same meaning. The module must be valid.
/// Errors: the reader's, with the byte offset in `module`; kLimit, if the text would be much larger than the module
/// gives reason for.
Result<std::string> print_wat(std::span<const uint8_t> module, const PrintOptions& options = {});

/// Where a byte stands in a text, both counted from 1; the column in bytes.
struct TextPosition {
  uint32_t line = 1;
  uint32_t column = 1;
};
/// Errors of parse_wat and parse_wast carry byte offsets; this turns them into what an editor shows.
TextPosition position_of(std::string_view text, uint64_t offset);

}  // namespace wherry::wasm
