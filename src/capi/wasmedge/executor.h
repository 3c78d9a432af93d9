// Executors: instantiation and calls; and calls on a thread of their own.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "capi/wasmedge/ast.h"
#include "capi/wasmedge/instances.h"

namespace wherry::wasmedge {

/// A function of the embedder's that is told of host calls.
struct HostHook {
  void* data = nullptr;
  void (*function)(void*) = nullptr;
  void call() const {
    if (function != nullptr) function(data);
  }
};

/// What other threads may do to a call.
class Cancellation {
 public:
  void cancel();
  bool cancelled() const;
  /// Around the call: from now on cancel() interrupts what runs in `store`. Called with the world's mutex held.
  void attach(const StoreRef& store);
  void detach();

 private:
  mutable std::mutex mutex_;
  bool cancelled_ = false;
  std::optional<StoreRef> store_;
  std::optional<InterruptHandle> running_;
};

}  // namespace wherry::wasmedge

struct WasmEdge_ExecutorContext {
  WasmEdge_ExecutorContext(const WasmEdge_ConfigureContext& c, WasmEdge_StatisticsContext* s)
      : configure(c), statistics(s), engine(wherry::wasmedge::engine_for(c)) {}
  const WasmEdge_ConfigureContext configure;
  WasmEdge_StatisticsContext* const statistics;  ///< Null: nobody asks.
  const wherry::wasmedge::EnginePtr engine;
  wherry::wasmedge::HostHook before_host;
  wherry::wasmedge::HostHook after_host;
};

namespace wherry::wasmedge {

/// Instantiates with imports from `store`. Null and a result if it fails.
std::unique_ptr<WasmEdge_ModuleInstanceContext> instantiate(WasmEdge_ExecutorContext& executor,
                                                            const WasmEdge_StoreContext& store,
                                                            const LoadedModulePtr& loaded, std::string_view name,
                                                            WasmEdge_Result* result);

/// Calls a function and fills as many returns as there is room for.
WasmEdge_Result invoke(WasmEdge_ExecutorContext& executor, WasmEdge_FunctionInstanceContext& function,
                       std::span<const WasmEdge_Value> params, std::span<WasmEdge_Value> returns,
                       Cancellation* cancellation = nullptr);

/// The array of a caller's, which may be absent.
template <class T>
std::span<T> span_of(T* array, uint32_t length) {
  return {array, array == nullptr ? 0 : length};
}

}  // namespace wherry::wasmedge

/// A call on a thread of its own.
struct WasmEdge_Async {
 public:
  /// What runs: fills its returns.
  using Job = std::function<WasmEdge_Result(wherry::wasmedge::Cancellation&, std::vector<WasmEdge_Value>&)>;
  /// Null if there is no thread to be had.
  static WasmEdge_Async* start(Job job);
  WasmEdge_Async(const WasmEdge_Async&) = delete;
  WasmEdge_Async& operator=(const WasmEdge_Async&) = delete;
  ~WasmEdge_Async();

  void wait() const;
  bool wait_for(uint64_t milliseconds) const;
  void cancel() { cancellation_.cancel(); }
  /// Waits.
  WasmEdge_Result result() const;
  const std::vector<WasmEdge_Value>& returns() const;

 private:
  explicit WasmEdge_Async(Job job) : job_(std::move(job)) {}
  static void* run(void* self);

  Job job_;
  wherry::wasmedge::Cancellation cancellation_;
  pthread_t thread_{};
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool done_ = false;
  WasmEdge_Result result_{};
  std::vector<WasmEdge_Value> returns_;
};
