// How fast modules are read and validated on one core: validate_bench MODULE.wasm [RUNS]. Prints the best of the runs.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <vector>

#include "wasm/module.h"

using namespace wherry;

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: validate_bench MODULE.wasm [RUNS]\n");
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  const std::vector<char> chars{std::istreambuf_iterator<char>(file), {}};
  const wasm::Bytes bytes(reinterpret_cast<const uint8_t*>(chars.data()), chars.size());
  const int runs = argc > 2 ? std::atoi(argv[2]) : 10;

  // Processor time: other programs may be running.
  const auto seconds = [](std::clock_t from, std::clock_t to) {
    return static_cast<double>(to - from) / CLOCKS_PER_SEC;
  };
  double best_read = 1e9;
  double best_validate = 1e9;
  uint64_t code_bytes = 0;
  for (int i = 0; i < runs; ++i) {
    wasm::TypeRegistry registry;
    const std::clock_t start = std::clock();
    const auto module = wasm::read_module(bytes, Features::all(), registry);
    const std::clock_t middle = std::clock();
    if (!module) {
      std::fprintf(stderr, "%s at %llu\n", module.error().message.c_str(),
                   static_cast<unsigned long long>(module.error().offset));
      return 1;
    }
    const auto& functions = (*module)->functions;
    const auto valid =
        wasm::validate_functions(**module, (*module)->imported_functions, static_cast<uint32_t>(functions.size()));
    const std::clock_t end = std::clock();
    if (!valid) {
      std::fprintf(stderr, "%s at %llu\n", valid.error().message.c_str(),
                   static_cast<unsigned long long>(valid.error().offset));
      return 1;
    }
    code_bytes = 0;
    for (const wasm::FunctionDecl& function : functions) code_bytes += function.body_size;
    best_read = std::min(best_read, seconds(start, middle));
    best_validate = std::min(best_validate, seconds(middle, end));
  }
  const double mb = static_cast<double>(bytes.size()) / 1e6;
  const double code_mb = static_cast<double>(code_bytes) / 1e6;
  std::printf("module %.2f MB, code %.2f MB: read %.2f ms, validate %.2f ms = %.0f MB/s of code, %.0f MB/s of module\n",
              mb, code_mb, best_read * 1e3, best_validate * 1e3, code_mb / best_validate,
              mb / (best_read + best_validate));
  return 0;
}
