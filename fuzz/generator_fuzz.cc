// Whatever bytes it gets, the generator makes a module that the reader accepts.
#include <cstdio>
#include <cstdlib>

#include "module_generator.h"
#include "wasm/module.h"
#include "wasm/type_registry.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace wherry;
  const fuzz::GeneratedModule generated = fuzz::generate_module({data, size});
  wasm::TypeRegistry types;
  const auto fail = [](const Error& error) {
    std::fprintf(stderr, "%s at %llu\n", error.message.c_str(), static_cast<unsigned long long>(error.offset));
    std::abort();
  };
  const auto module = wasm::read_module(generated.binary, Features::all(), types);
  if (!module.has_value()) fail(module.error());
  const auto count = static_cast<uint32_t>((*module)->functions.size());
  const auto valid = wasm::validate_functions(**module, 0, count);
  if (!valid.has_value()) fail(valid.error());
  return 0;
}
