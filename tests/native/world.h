// Modules of which some functions are compiled, for tests.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "native/compiler_client.h"
#include "wherry/wherry.h"

namespace wherry::native_test {

inline Config all_features(TierKind tier = TierKind::kAuto) {
  Config config;
  config.features = Features::all();
  config.tier = tier;
  return config;
}

/// Whether this build has a compiler.
inline bool have_compiler() {
  static const bool found = [] {
    const Engine engine(all_features(TierKind::kLlvm));
    const auto module = Module::from_wat(engine, "(module (func))");
    EXPECT_TRUE(module.has_value() || module.error().code == ErrorCode::kNotFound) << module.error().message;
    return module.has_value();
  }();
  return found;
}

/// Compiles some functions of a module, by index, and lets them run as compiled.
inline void attach(const Engine& engine, const Module& module, const std::vector<uint32_t>& functions) {
  static const auto compiler = native::find_compiler("");
  const auto image = compiler->compile({.level = engine::CompileLevel::kFast,
                                        .flags = engine::image_flags(engine.config()),
                                        .features = engine.config().features.bits(),
                                        .module = module.bytes().data(),
                                        .module_size = module.bytes().size(),
                                        .functions = functions.data(),
                                        .function_count = functions.size()});
  ASSERT_TRUE(image.has_value()) << image.error().message;
  const auto attached = module.impl()->code()->attach(*image);
  ASSERT_TRUE(attached.has_value()) << attached.error().message;
}

template <class T, class E>
T must(std::expected<T, E> result) {
  if constexpr (std::is_same_v<E, Error>) {
    EXPECT_TRUE(result.has_value()) << result.error().message;
  } else {
    EXPECT_TRUE(result.has_value()) << result.error().to_string();
  }
  if (!result.has_value()) std::abort();
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace wherry::native_test
