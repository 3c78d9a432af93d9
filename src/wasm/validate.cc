#include "wasm/function_reader.h"

namespace wherry::wasm {

static_assert(Sink<NullSink>);

Result<> validate_functions(const Module& module, uint32_t first, uint32_t last) {
  NullSink sink;
  FunctionReader<NullSink> reader(module, sink);
  for (uint32_t i = first; i < last; ++i) {
    if (!reader.read_function(i)) return std::unexpected(reader.take_error());
  }
  return {};
}

}  // namespace wherry::wasm
