// The tiers against each other, on generated modules: results, traps, fuel, and what is left in globals, tables and
// memories.
#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "execution.h"

namespace wherry::fuzz {
namespace {

GeneratedModule numbered_module(uint32_t number) {
  std::mt19937 random(number);
  std::vector<uint8_t> seed(number % 40 * 80);
  for (uint8_t& byte : seed) byte = static_cast<uint8_t>(random());
  return generate_module(seed);
}

/// As many modules as fit in some seconds.
void compare(Config config) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::seconds(4);
  for (uint32_t number = 0; Clock::now() < end; ++number) {
    const GeneratedModule module = numbered_module(number);
    config.tier = TierKind::kInterpreter;
    const std::string interpreted = execute(module, config);
    config.tier = TierKind::kLlvm;
    ASSERT_EQ(interpreted, execute(module, config)) << "seed " << number;
  }
}

TEST(Tiers, AgreeWithGuards) { compare(deterministic_config()); }

TEST(Tiers, AgreeWithChecks) {
  Config config = deterministic_config();
  config.bounds = BoundsStrategy::kChecks;
  compare(config);
}

TEST(Tiers, AgreeOnFuel) {
  Config config = deterministic_config();
  config.fuel = true;
  compare(config);
  const std::string seen = execute(numbered_module(39), config);
  EXPECT_NE(seen.find("fuel left"), std::string::npos) << seen;
  EXPECT_NE(seen.find("out of fuel"), std::string::npos) << seen;
}

}  // namespace
}  // namespace wherry::fuzz
