// Caller: what a host function knows of the guest that called it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "wherry/store.h"
#include "wherry/trap.h"

namespace wherry::runtime {
struct VMContext;
}

namespace [[gnu::visibility("default")]] wherry {

class Instance;
class Memory;
class Tag;
class Value;

/// Passed to a host function for the duration of the call; not to be kept. It is also the store (see StoreRef).
class Caller : public StoreRef {
 public:
  /// The instance whose code made the call; none if the embedder called the host function directly.
  std::optional<Instance> instance() const;
  /// The caller's memory number `index`, whether exported or not.
  std::optional<Memory> memory(uint32_t index = 0) const;
  /// The bytes of the caller's memory 0 as they are now: empty if it has none. Invalid after anything that may grow the
  /// memory. Cheaper than memory().
  std::span<uint8_t> memory_bytes() const;

  /// For a host function to return: throws a WebAssembly exception, or fails the guest if the arguments do not fit the
  /// tag.
  std::unexpected<Trap> throw_exception(const Tag& tag, std::span<const Value> args) const;
  /// For a host function to return: fails the guest.
  std::unexpected<Trap> fail(std::string_view why) const { return std::unexpected(Trap::host_error(why)); }

  /// Whether the guest has been interrupted or is out of time: a host function that waits should then return, with any
  /// result.
  bool interrupted() const;

  /// For Wherry's own rooms.
  Caller(detail::StoreState& state, runtime::VMContext* context) : StoreRef(state), context_(context) {}
  runtime::VMContext* context() const { return context_; }

 private:
  runtime::VMContext* context_;
};

}  // namespace wherry
