// Which code an address belongs to: all that a tier has.
#pragma once

#include <cstdint>
#include <map>
#include <shared_mutex>

#include "native/code.h"

namespace wherry::native {

class NativeModule;

/// Thread-safe. Code that a thread executes stays in it meanwhile.
class CodeMap {
 public:
  struct Entry {
    const Code* code = nullptr;  ///< Null: not compiled code.
    const NativeModule* module = nullptr;
  };

  void add(const Code& code, const NativeModule& module) {
    const std::unique_lock lock(mutex_);
    by_end_.emplace(code.text_end(), Entry{&code, &module});
  }
  void remove(const Code& code) {
    const std::unique_lock lock(mutex_);
    by_end_.erase(code.text_end());
  }
  Entry find(uintptr_t pc) const {
    const std::shared_lock lock(mutex_);
    const auto* address = reinterpret_cast<const uint8_t*>(pc);
    const auto found = by_end_.upper_bound(address);
    return found != by_end_.end() && found->second.code->text() <= address ? found->second : Entry{};
  }

 private:
  mutable std::shared_mutex mutex_;
  std::map<const uint8_t*, Entry> by_end_;
};

}  // namespace wherry::native
