// A store with a tier that runs nothing, for tests of the runtime alone.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/instance.h"
#include "runtime/operations.h"
#include "runtime/store.h"
#include "wasm/module.h"
#include "wasm/text/wat.h"

namespace wherry::runtime::testing {

/// Functions return kUnreachable; the "wasm stack" is `stack`.
class NoTier final : public CodeBinder, public StackScanner {
 public:
  void bind(Func& func) const override {
    func.entry = [](Func&, Slot*) { return TrapKind::kUnreachable; };
  }
  void visit_roots(const ExecState&, void (*visit)(void*, const Slot*, const Slot*), void* arg) const override {
    visit(arg, stack.data(), stack.data() + stack.size());
  }
  std::vector<Slot> stack;
};

class VectorOwner final : public wasm::ByteOwner {
 public:
  explicit VectorOwner(std::vector<uint8_t> bytes) : bytes(std::move(bytes)) {}
  std::vector<uint8_t> bytes;
};

struct World {
  explicit World(const Config& config = {}) : store({.types = types, .scanner = *tier}, config) {}

  std::shared_ptr<const wasm::Module> read(std::string_view text) {
    auto bytes = wasm::parse_wat(text);
    if (!bytes) {
      ADD_FAILURE() << bytes.error().message;
      return nullptr;
    }
    auto owner = std::make_shared<VectorOwner>(std::move(*bytes));
    auto module = wasm::read_module(owner->bytes, Features::all(), types, owner);
    if (!module) {
      ADD_FAILURE() << module.error().message;
      return nullptr;
    }
    return std::move(*module);
  }

  Result<Instance*> try_make(std::string_view text, std::vector<Extern> imports = {}) {
    return store.instantiate(std::make_shared<const InstanceTemplate>(read(text), tier), imports, &trap);
  }

  Instance* make(std::string_view text, std::vector<Extern> imports = {}) {
    auto made = try_make(text, std::move(imports));
    if (!made) {
      ADD_FAILURE() << made.error().message;
      return nullptr;
    }
    return *made;
  }

  std::shared_ptr<NoTier> tier = std::make_shared<NoTier>();
  wasm::TypeRegistry types;
  Store store;
  TrapKind trap = TrapKind::kNone;
};

/// Resident bytes of this process.
inline uint64_t resident_bytes() {
  uint64_t pages = 0;
  uint64_t ignored = 0;
  if (FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%lu %lu", &ignored, &pages) != 2) pages = 0;
    std::fclose(file);
  }
  return pages * platform::page_size();
}

}  // namespace wherry::runtime::testing
