#include <pthread.h>

#include <memory>
#include <vector>

#include "platform/threads.h"

namespace wherry::platform {
namespace {

struct Task {
  void (*work)(void*);
  void* argument;
};

void* run(void* task) {
  const Task& t = *static_cast<Task*>(task);
  t.work(t.argument);
  return nullptr;
}

}  // namespace

void run_on_threads(uint32_t count, void (*work)(void*), void* argument) {
  Task task{work, argument};
  std::vector<pthread_t> threads;
  for (uint32_t i = 1; i < count; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, nullptr, &run, &task) != 0) break;
    threads.push_back(thread);
  }
  work(argument);
  for (pthread_t thread : threads) pthread_join(thread, nullptr);
}

std::optional<Thread> Thread::start(void (*work)(void*), void* argument) {
  auto task = std::make_unique<Task>(work, argument);
  const auto run_owned = [](void* owned) -> void* {
    const std::unique_ptr<Task> task(static_cast<Task*>(owned));
    task->work(task->argument);
    return nullptr;
  };
  pthread_t thread;
  if (pthread_create(&thread, nullptr, run_owned, task.get()) != 0) return std::nullopt;
  static_cast<void>(task.release());  // The thread's.
  return Thread(static_cast<uint64_t>(thread));
}

void Thread::join() { pthread_join(static_cast<pthread_t>(std::exchange(id_, 0)), nullptr); }

}  // namespace wherry::platform
