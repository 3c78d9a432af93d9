// execute_generated FIRST COUNT: makes COUNT modules from numbered seeds and prints what running each shows. Builds
// with different back-ends of the interpreter print the same. execute_generated FILE: the same of the module made from
// a file's bytes, which may be a fuzzer's finding. With a second argument, also writes the module there.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>

#include "execution.h"

namespace {

std::vector<uint8_t> numbered_seed(uint32_t number) {
  std::mt19937 random(number);
  std::vector<uint8_t> seed(number % 64 * 64);
  for (uint8_t& byte : seed) byte = static_cast<uint8_t>(random());
  return seed;
}

bool is_number(const char* text) { return *text != 0 && std::strspn(text, "0123456789") == std::strlen(text); }

}  // namespace

int main(int argc, char** argv) {
  using namespace wherry::fuzz;
  const auto config = deterministic_config();
  if (argc == 3 && is_number(argv[1]) && is_number(argv[2])) {
    const auto first = static_cast<uint32_t>(std::strtoul(argv[1], nullptr, 10));
    const auto count = static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10));
    for (uint32_t i = first; i < first + count; ++i) {
      std::printf("seed %u\n%s", i, execute(generate_module(numbered_seed(i)), config).c_str());
    }
    return 0;
  }
  std::ifstream file(argc >= 2 ? argv[1] : "", std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "usage: execute_generated FIRST COUNT | FILE [OUT.wasm]\n");
    return 2;
  }
  const std::vector<uint8_t> seed((std::istreambuf_iterator<char>(file)), {});
  const GeneratedModule module = generate_module(seed);
  if (argc == 3) {
    std::ofstream(argv[2], std::ios::binary)
        .write(reinterpret_cast<const char*>(module.binary.data()), static_cast<std::streamsize>(module.binary.size()));
  }
  std::printf("%s", execute(module, config).c_str());
  return 0;
}
