// A few hundred generated modules, as a check that all goes well; the fuzzer does it for longer.
#include "execution.h"

#include <gtest/gtest.h>

#include <random>

namespace wherry::fuzz {
namespace {

TEST(Execution, GuardedAndCheckedMemoriesDoTheSame) {
  size_t trapped = 0, returned = 0;
  for (uint32_t number = 0; number < 300; ++number) {
    std::mt19937 random(number);
    std::vector<uint8_t> seed(number % 40 * 80);
    for (uint8_t& byte : seed) byte = static_cast<uint8_t>(random());
    const GeneratedModule module = generate_module(seed);
    Config config = deterministic_config();
    config.bounds = BoundsStrategy::kGuard;
    const std::string guarded = execute(module, config);
    config.bounds = BoundsStrategy::kChecks;
    ASSERT_EQ(guarded, execute(module, config)) << "seed " << number;
    ASSERT_TRUE(guarded.starts_with("f0:")) << guarded;
    for (size_t at = guarded.find("\nf"); at != std::string::npos; at = guarded.find("\nf", at + 1)) {
      const size_t colon = guarded.find(": ", at), end = guarded.find('\n', at + 1);
      (colon < end && guarded.compare(colon + 2, 5, "trap:") == 0 ? trapped : returned) += 1;
    }
  }
  EXPECT_GT(trapped, 300u);
  EXPECT_GT(returned, 300u);
}

}  // namespace
}  // namespace wherry::fuzz
