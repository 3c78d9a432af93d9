// Compiles the modules of an engine that turn out to be in use for more than a moment, while the interpreter runs them.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "artifact/depot.h"
#include "engine/compiler.h"
#include "engine/engine.h"
#include "platform/threads.h"

namespace wherry::detail {

/// Thread-safe. One thread, started when there is something to wait for.
class BackgroundCompiler {
 public:
  /// `depot` and `compiler` outlive this.
  BackgroundCompiler(artifact::Depot& depot, const engine::NativeCompiler& compiler, const Config& config)
      : depot_(depot), compiler_(compiler), config_(config) {}
  /// Stops what is going on.
  ~BackgroundCompiler();

  /// Compiles the module if it is still there in Config::background_delay_ms. `file`: where it comes from.
  void add(const std::shared_ptr<const engine::CompiledModule>& module, artifact::ModuleFile file);
  /// Whether a compilation is going on.
  bool is_busy() const { return busy_; }

 private:
  struct Job {
    std::weak_ptr<const engine::CompiledModule> module;
    artifact::ModuleFile file;
    uint64_t due;
  };

  void work();
  /// The next job, when it is due. Nothing when it is time to end.
  std::optional<Job> next();
  void compile(const engine::CompiledModule& module, const artifact::ModuleFile& file);

  artifact::Depot& depot_;
  const engine::NativeCompiler& compiler_;
  const Config& config_;
  std::mutex mutex_;
  std::deque<Job> jobs_;            ///< In the order in which they are due. Guarded by mutex_.
  std::atomic<uint32_t> news_ = 0;  ///< Counts changes of jobs_ and stop_, and wakes the thread.
  std::atomic<bool> stop_ = false;
  std::atomic<bool> busy_ = false;
  std::optional<platform::Thread> thread_;
};

}  // namespace wherry::detail
