// What the tests of the public API share.
#pragma once

#include <gtest/gtest.h>
#include <wherry/wherry.h>

#include <string>
#include <string_view>

namespace wherry {

inline std::string describe(const Error& error) { return error.message; }
inline std::string describe(const Trap& trap) { return trap.to_string(); }

/// The value of a Result or CallResult; ends the test program if there is none.
template <class T, class E>
T must(std::expected<T, E> result) {
  if (!result.has_value()) {
    ADD_FAILURE() << describe(result.error());
    abort();
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

inline Module wat(const Engine& engine, std::string_view text) { return must(Module::from_wat(engine, text)); }

/// An engine, a linker and a store, as most tests need them.
class ApiTest : public testing::Test {
 protected:
  Engine engine;
  Linker linker{engine};
  Store store{engine};

  Instance instantiate(std::string_view text) { return must(linker.instantiate(store, wat(engine, text))); }
};

}  // namespace wherry
