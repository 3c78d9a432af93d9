// A module in the text format, instantiated, for tests.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wherry/wherry.h"

namespace wherry::interp_test {

inline Config all_features() {
  Config config;
  config.features = Features::all();
  return config;
}

class Guest {
 public:
  explicit Guest(std::string_view text, const Config& config = all_features())
      : engine_(config), store_(engine_), module_(Module::from_wat(engine_, text).value()) {
    Linker linker(engine_);
    instance_ = linker.instantiate(store_, module_).value();
  }

  /// Calls an export on slots: arguments, then room for results.
  CallResult<> call(std::string_view name, std::span<Slot> slots) {
    return instance_->func(name).value().call_raw(slots.data());
  }
  Store& store() { return store_; }
  const Module& module() const { return module_; }
  Instance instance() const { return *instance_; }

 private:
  Engine engine_;
  Store store_;
  Module module_;
  std::optional<Instance> instance_;
};

}  // namespace wherry::interp_test
