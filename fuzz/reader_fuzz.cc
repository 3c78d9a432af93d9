// Any bytes: reading and validating them must end in a module or an error, never in a crash or a hang.
#include <cstddef>
#include <cstdint>

#include "wasm/module.h"

using namespace wherry;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  wasm::TypeRegistry types;
  const auto module = wasm::read_module(wasm::Bytes(data, size), Features::all(), types);
  if (!module) return 0;
  (void)(*module)->names();
  const auto functions = static_cast<uint32_t>((*module)->functions.size());
  (void)wasm::validate_functions(**module, (*module)->imported_functions, functions);
  return 0;
}
