// Any text through the parsers, and back: no crash, no hang; what was parsed and is valid prints as a text that parses
// to the same text again.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "wasm/text/wast.h"
#include "wasm/text/wat.h"

namespace {

using wherry::Result;

void round_trip(const std::vector<uint8_t>& wasm, const wherry::wasm::PrintOptions& options) {
  const Result<std::string> text = wherry::wasm::print_wat(wasm, options);
  if (!text) return;  // not valid
  const Result<std::vector<uint8_t>> again = wherry::wasm::parse_wat(*text);
  if (!again) std::abort();
  const Result<std::string> text_again = wherry::wasm::print_wat(*again, options);
  if (!text_again || *text_again != *text) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const Result<std::vector<uint8_t>> wasm = wherry::wasm::parse_wat(text)) {
    round_trip(*wasm, {.folded = false, .names = true});
    round_trip(*wasm, {.folded = true, .names = true});
    round_trip(*wasm, {.folded = true, .names = false});
  } else if (wasm.error().offset > size) {
    std::abort();
  }
  if (const auto script = wherry::wasm::wast::parse_wast(text); !script && script.error().offset > size) std::abort();
  return 0;
}
