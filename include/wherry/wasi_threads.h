// Threads for guests: wasi-threads, a function `thread-spawn` and a shared memory that the program imports. Spec:
// https://github.com/WebAssembly/wasi-threads
//
//   auto threads = WasiThreads::add(linker, *module);          // defines both
//   auto program = linker.prepare(*module);
//   auto instance = program->instantiate(store);
//   auto ended = threads->run(*program, store, [&] { return (*instance->func<void()>("_start"))(); });
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "wherry/linker.h"
#include "wherry/result.h"
#include "wherry/store.h"
#include "wherry/trap.h"

namespace [[gnu::visibility("default")]] wherry {

namespace detail {
class ThreadGroup;
}

struct WasiThreadsOptions {
  /// Besides the main one, at the same time; thread-spawn fails beyond.
  uint32_t max_threads = 1024;
  /// Of each thread's store.
  StoreLimits limits = {};
  std::optional<std::chrono::nanoseconds> time_limit = {};
};

/// The threads of one guest program. Each has a store and an instance of its own, and all share the memory. A cheap
/// handle; copies share it.
class WasiThreads {
 public:
  /// Whether a module asks for threads.
  static bool is_used_by(const Module& module);

  /// Defines in `linker` what `module` imports for its threads: wasi.thread-spawn, and its shared memories. Errors:
  /// kUnlinkable (it imports none), kLimit, and those of Linker::define.
  static Result<WasiThreads> add(Linker& linker, const Module& module, const WasiThreadsOptions& options = {});

  /// Calls `main`, which calls into an instance of `program` in `store`; until it returns, that instance and those of
  /// the threads can make threads. When it returns, or when a thread traps or exits, all others are interrupted;
  /// returns when all have ended, with how the first of them did. One run at a time. A thread whose store is to have a
  /// Wasi world has `store`'s.
  CallResult<> run(const InstancePre& program, StoreRef store, const std::function<CallResult<>()>& main) const;

 private:
  explicit WasiThreads(std::shared_ptr<detail::ThreadGroup> group) : group_(std::move(group)) {}
  std::shared_ptr<detail::ThreadGroup> group_;
};

}  // namespace wherry
