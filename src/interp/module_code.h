// A module's code: its functions, translated when they are first called.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/tier.h"
#include "interp/frame.h"

namespace wherry::interp {

struct Translation;

class ModuleCode final : public engine::TierModule {
 public:
  ModuleCode(const wasm::Module& module, const Config& config);
  ~ModuleCode() override;

  void bind(runtime::Func& func) const override;
  Frame locate(const runtime::TrapFrame& frame) const override;
  void hand_over(uint32_t function, const runtime::CodeBinder& binder) const override;

  /// The Func of a function that was handed over, bound to its new tier.
  runtime::Func* rebound(VMContext* context, uint32_t function) const;

  /// The code of a function, which it makes if this is the first time. Thread-safe.
  const Word* translate(Function& function) const;

  /// The function that code belongs to. Slow: for backtraces.
  const Function& function_at(const Word* pc) const;
  uint32_t index_of(const Function& function) const;
  /// The offset in the module's bytes of the op that an instruction was made from. Slow: translates again.
  uint64_t offset_at(const Function& function, const Word* pc) const;

  static const ModuleCode& of(const VMContext* context) {
    return *static_cast<const ModuleCode*>(context->tier_module);
  }

 private:
  struct Free {
    void operator()(Function* functions) const;
  };
  Word* allocate(size_t words) const;
  void make_frame(Function& function, const Translation& made, const wasm::TypeDef& type) const;

  const wasm::Module& module_;
  Config config_;
  /// Zeroed memory that costs nothing until functions are bound and called.
  std::unique_ptr<Function[], Free> functions_;

  mutable std::mutex mutex_;  ///< Guards translation, and what follows.
  mutable std::vector<std::unique_ptr<Word[]>> chunks_;
  mutable size_t chunk_left_ = 0;
  mutable Word* chunk_next_ = nullptr;
  mutable std::vector<std::unique_ptr<CatchEntry[]>> catches_;
  mutable std::vector<const Function*> translated_;
  mutable std::atomic<const runtime::CodeBinder*> binder_ = nullptr;  ///< Of functions handed over.
};

}  // namespace wherry::interp
