// A generated module does the same with memories in guard regions and with checked ones.
#include <cstdio>
#include <cstdlib>

#include "execution.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace wherry;
  const fuzz::GeneratedModule module = fuzz::generate_module({data, size});
  Config config = fuzz::deterministic_config();
  config.bounds = BoundsStrategy::kGuard;
  const std::string guarded = fuzz::execute(module, config);
  config.bounds = BoundsStrategy::kChecks;
  const std::string checked = fuzz::execute(module, config);
  if (guarded != checked) {
    std::fprintf(stderr, "with guard regions:\n%s\nchecked:\n%s\n", guarded.c_str(), checked.c_str());
    std::abort();
  }
  return 0;
}
