#include "wherry/wasi_threads.h"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <utility>
#include <vector>

#include "platform/threads.h"
#include "wherry/caller.h"
#include "wherry/wasi.h"

namespace wherry {
namespace detail {

/// All that the threads of a program share. Thread-safe.
class ThreadGroup {
 public:
  ThreadGroup(Engine engine, const WasiThreadsOptions& options) : engine_(std::move(engine)), options_(options) {}

  CallResult<> run(const InstancePre& program, StoreRef store, const std::function<CallResult<>()>& main) {
    const InterruptHandle handle = store.interrupt_handle();
    {
      const std::lock_guard lock(mutex_);
      program_ = program;
      wasi_ = store.find_data<Wasi>() == nullptr ? std::nullopt : std::optional(store.data<Wasi>());
      ended_ = false;
      outcome_.reset();
      handles_.push_back(handle);
    }
    CallResult<> result = main();
    std::unique_lock lock(mutex_);
    handles_.pop_front();  // Nobody interrupts what comes after us.
    end(result);
    all_gone_.wait(lock, [this] { return running_ == 0; });
    join_finished(lock);
    program_.reset();
    return outcome_ ? CallResult<>(std::unexpected(std::move(*outcome_))) : CallResult<>();
  }

  /// For the guest: the new thread's number, or an error below 0.
  int32_t spawn(int32_t argument) {
    constexpr int32_t kTryAgain = -6;
    std::unique_lock lock(mutex_);
    join_finished(lock);
    if (!program_ || ended_ || running_ >= options_.max_threads || last_id_ == kMostIds) return kTryAgain;
    auto worker = std::make_unique<Worker>(*this, Store(engine_, options_.limits), ++last_id_, argument);
    // Taken before the instance is made, which may run code of the guest.
    ++running_;
    const InstancePre program = *program_;
    if (wasi_) worker->store.emplace_data<Wasi>(*wasi_);
    lock.unlock();

    worker->store.set_time_limit(options_.time_limit);
    const auto instance = program.instantiate(worker->store);
    auto start =
        instance ? instance->func<void(int32_t, int32_t)>("wasi_thread_start") : std::unexpected(instance.error());

    lock.lock();
    std::optional<platform::Thread> thread;
    const int32_t id = worker->id;
    if (start.has_value() && !ended_) {
      worker->start = *start;
      handles_.push_back(worker->store.interrupt_handle());
      worker->handle = std::prev(handles_.end());
      Worker* const raw = worker.get();
      workers_.push_back(std::move(worker));
      thread = platform::Thread::start([](void* self) { static_cast<Worker*>(self)->run(); }, raw);
      if (thread) {
        raw->thread = std::move(*thread);
        return id;
      }
      handles_.erase(raw->handle);
      worker = std::move(workers_.back());
      workers_.pop_back();
    }
    if (--running_ == 0) all_gone_.notify_all();
    return kTryAgain;
  }

 private:
  static constexpr int32_t kMostIds = 0x1FFFFFFF;

  struct Worker {
    Worker(ThreadGroup& g, Store s, int32_t i, int32_t a) : group(g), store(std::move(s)), id(i), argument(a) {}
    ThreadGroup& group;
    Store store;
    int32_t id;
    int32_t argument;
    std::optional<TypedFunc<void(int32_t, int32_t)>> start;
    std::list<InterruptHandle>::iterator handle;
    platform::Thread thread;
    bool finished = false;

    void run() { group.finish(*this, (*start)(id, argument)); }
  };

  /// The end of a thread, on it.
  void finish(Worker& worker, CallResult<> result) {
    // References belong to the store, which goes now.
    if (!result) result.error().exception = {};
    const std::lock_guard lock(mutex_);
    handles_.erase(worker.handle);
    if (!result) end(result);
    worker.finished = true;
    if (--running_ == 0) all_gone_.notify_all();
  }

  /// The first thread to end the program says how it ended.
  void end(const CallResult<>& result) {
    if (ended_) return;
    ended_ = true;
    if (!result) outcome_ = result.error();
    for (const InterruptHandle& handle : handles_) handle.interrupt();
  }

  /// Waits for threads that have called finish() to be really gone.
  void join_finished(std::unique_lock<std::mutex>& lock) {
    std::vector<std::unique_ptr<Worker>> gone;
    for (std::unique_ptr<Worker>& worker : workers_) {
      if (worker->finished) gone.push_back(std::move(worker));
    }
    std::erase(workers_, nullptr);
    lock.unlock();
    for (const std::unique_ptr<Worker>& worker : gone) worker->thread.join();
    gone.clear();
    lock.lock();
  }

  const Engine engine_;
  const WasiThreadsOptions options_;
  std::mutex mutex_;
  std::condition_variable all_gone_;
  std::optional<InstancePre> program_;
  std::optional<Wasi> wasi_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::list<InterruptHandle> handles_;  ///< Of those that run; the main thread's first.
  uint32_t running_ = 0;                ///< Besides the main one.
  int32_t last_id_ = 0;
  bool ended_ = true;
  std::optional<Trap> outcome_;
};

}  // namespace detail

namespace {
constexpr std::string_view kModule = "wasi";
constexpr std::string_view kSpawn = "thread-spawn";
bool is_spawn(const ImportType& import) { return import.module == kModule && import.name == kSpawn; }
}  // namespace

bool WasiThreads::is_used_by(const Module& module) { return std::ranges::any_of(module.imports(), is_spawn); }

Result<WasiThreads> WasiThreads::add(Linker& linker, const Module& module, const WasiThreadsOptions& options) {
  auto group = std::make_shared<detail::ThreadGroup>(linker.engine(), options);
  bool has_memory = false;
  for (const ImportType& import : module.imports()) {
    const auto* memory = std::get_if<MemoryType>(&import.type);
    if (memory == nullptr || !memory->shared) continue;
    has_memory = true;
    if (linker.is_defined(import.module, import.name)) continue;
    WHERRY_TRY(const SharedMemory made, SharedMemory::make(linker.engine(), *memory));
    WHERRY_CHECK(linker.define(import.module, import.name, made));
  }
  if (!is_used_by(module) || !has_memory) {
    return fail(ErrorCode::kUnlinkable, "a program with threads imports wasi.thread-spawn and a shared memory");
  }
  WHERRY_CHECK(linker.func(kModule, kSpawn, [group](int32_t argument) { return group->spawn(argument); }));
  return WasiThreads(std::move(group));
}

CallResult<> WasiThreads::run(const InstancePre& program, StoreRef store,
                              const std::function<CallResult<>()>& main) const {
  return group_->run(program, store, main);
}

}  // namespace wherry
