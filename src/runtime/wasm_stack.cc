#include "runtime/wasm_stack.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "platform/memory.h"

namespace wherry::runtime {

namespace {

/// The stacks of a thread, in use or not; the last one used is the first to be used again.
class ThreadStacks {
 public:
  WasmStack take(uint64_t bytes) {
    // Those that were given back beyond what is worth keeping went out of use before this.
    while (free_.size() > kMostFree) free_.erase(free_.begin());
    for (size_t i = free_.size(); i-- > 0;) {
      if (free_[i].size() - platform::page_size() < bytes) continue;
      used_.push_back(std::move(free_[i]));
      free_.erase(free_.begin() + static_cast<ptrdiff_t>(i));
      return stack_in(used_.back(), bytes);
    }
    const uint64_t committed = platform::round_up(std::max<uint64_t>(bytes, 1), platform::page_size());
    // One page stays uncommitted, as a guard.
    platform::Reservation space = platform::Reservation::make(committed + platform::page_size());
    if (!space || !space.commit(0, committed)) return {nullptr, nullptr};
    used_.push_back(std::move(space));
    return stack_in(used_.back(), bytes);
  }

  void give_back(WasmStack stack) {
    const auto space = std::ranges::find_if(
        used_, [&](const platform::Reservation& used) { return reinterpret_cast<Slot*>(used.base()) == stack.begin; });
    free_.push_back(std::move(*space));
    used_.erase(space);
  }

 private:
  static constexpr size_t kMostFree = 4;

  static WasmStack stack_in(const platform::Reservation& space, uint64_t bytes) {
    auto* const begin = reinterpret_cast<Slot*>(space.base());
    return {begin, begin + bytes / sizeof(Slot)};
  }

  std::vector<platform::Reservation> free_, used_;
};

thread_local ThreadStacks thread_stacks;

}  // namespace

WasmStack take_wasm_stack(uint64_t bytes) { return thread_stacks.take(bytes); }
void give_wasm_stack_back(WasmStack stack) { thread_stacks.give_back(stack); }

}  // namespace wherry::runtime
