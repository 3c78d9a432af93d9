// A module's text to its binary.
#pragma once

#include <cstdint>
#include <vector>

#include "wasm/text/expression_parser.h"
#include "wasm/text/lexer.h"
#include "wasm/text/wat.h"
#include "wherry/result.h"

namespace wherry::wasm::text {

/// Encodes the module whose fields are the tokens [first, last), `(module` and its parenthesis not among them.
/// `symbols` is the text's one table. An identifier of the module may come first.
Result<std::vector<uint8_t>> encode_module(const TokenizedText& text, uint32_t first, uint32_t last,
                                           SymbolTable& symbols, const WatOptions& options);

}  // namespace wherry::wasm::text
