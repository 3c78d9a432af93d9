#include <pthread.h>

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

}  // namespace wherry::platform
