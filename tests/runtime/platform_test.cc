#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "platform/clock.h"
#include "platform/entropy.h"
#include "platform/files.h"
#include "platform/memory.h"
#include "platform/threads.h"
#include "platform/watchdog.h"

namespace wherry::platform {
namespace {

TEST(Reservation, CommitsAndDiscards) {
  const uint64_t page = page_size();
  Reservation space = Reservation::make(uint64_t{10} << 30);
  ASSERT_TRUE(space);
  EXPECT_EQ(space.size(), uint64_t{10} << 30);
  ASSERT_TRUE(space.commit(5 * page, 2 * page));
  uint8_t* at = space.base() + 5 * page;
  EXPECT_EQ(at[2 * page - 1], 0);
  at[0] = 1;
  ASSERT_TRUE(space.commit(5 * page, 3 * page));
  EXPECT_EQ(at[0], 1);
  space.discard(5 * page, page);
  EXPECT_EQ(at[0], 0);
  const Reservation moved = std::move(space);
  EXPECT_EQ(moved.base() + 5 * page, at);
}

TEST(Reservation, ImpossibleSizesAreRefused) {
  EXPECT_FALSE(Reservation::make(uint64_t{1} << 62));
  EXPECT_FALSE(Reservation::make(~uint64_t{0}));
}

uintptr_t room_here() { return reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) - native_stack_limit(); }

TEST(NativeStack, MainThread) {
  rlimit limit;
  getrlimit(RLIMIT_STACK, &limit);
  const uintptr_t room = room_here();
  EXPECT_GT(room, uintptr_t{1} << 20);
  EXPECT_LE(room, std::min<uint64_t>(limit.rlim_cur, uint64_t{64} << 20));
}

TEST(NativeStack, UnlimitedMainThreadIsBounded) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto run = [] {
    rlimit limit;
    getrlimit(RLIMIT_STACK, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_STACK, &limit);
    const uintptr_t room = room_here();
    _exit(room > (uintptr_t{1} << 20) && room <= (uintptr_t{64} << 20) ? 0 : 1);
  };
  EXPECT_EXIT(run(), ::testing::ExitedWithCode(0), "");
}

TEST(NativeStack, ThreadsOfAnySize) {
  for (const size_t size : {size_t{128} << 10, size_t{1} << 20, size_t{16} << 20}) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    ASSERT_EQ(pthread_attr_setstacksize(&attributes, size), 0);
    pthread_t thread;
    const auto run = [](void*) -> void* { return reinterpret_cast<void*>(room_here()); };
    ASSERT_EQ(pthread_create(&thread, &attributes, run, nullptr), 0);
    void* room = nullptr;
    pthread_join(thread, &room);
    EXPECT_GT(reinterpret_cast<uintptr_t>(room), size / 2);
    EXPECT_LE(reinterpret_cast<uintptr_t>(room), size);
    pthread_attr_destroy(&attributes);
  }
}

ucontext_t main_context;
uintptr_t coroutine_room;

TEST(NativeStack, CoroutineGetsAGuess) {
  std::vector<char> stack(256 << 10);
  ucontext_t context;
  getcontext(&context);
  context.uc_stack.ss_sp = stack.data();
  context.uc_stack.ss_size = stack.size();
  context.uc_link = &main_context;
  makecontext(&context, [] { coroutine_room = room_here(); }, 0);
  swapcontext(&main_context, &context);
  EXPECT_GT(coroutine_room, 0u);
  EXPECT_LE(coroutine_room, uintptr_t{65} << 10);
  EXPECT_GT(room_here(), uintptr_t{1} << 20);
}

TEST(Threads, SleepEndsByWakeAndByDeadline) {
  std::atomic<uint32_t> word{0};
  std::thread waker([&word] {
    word = 1;
    wake(word);
  });
  while (word == 0) sleep_on(word, 0, kNever);
  waker.join();
  const uint64_t deadline = monotonic_ns() + 2'000'000;
  while (monotonic_ns() < deadline) sleep_on(word, 1, deadline);
  sleep_on(word, 0, kNever);  // Not the expected value: returns at once.
  EXPECT_GE(processor_count(), 1u);
}

TEST(Clock, RunsForward) {
  const uint64_t a = monotonic_ns();
  const uint64_t b = monotonic_ns();
  EXPECT_LE(a, b);
  EXPECT_GT(realtime_ns(), uint64_t{1'700'000'000} * 1'000'000'000);
}

TEST(Entropy, Differs) {
  uint8_t a[32] = {};
  uint8_t b[32] = {};
  ASSERT_TRUE(fill_random(a));
  ASSERT_TRUE(fill_random(b));
  EXPECT_NE(std::memcmp(a, b, sizeof(a)), 0);
}

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& contents) {
    char name[] = "/tmp/wherry_platform_XXXXXX";
    close(mkstemp(name));
    path = name;
    std::ofstream(path) << contents;
  }
  ~TemporaryFile() { unlink(path.c_str()); }
  std::string path;
};

std::string text_of(const FileBytes& file) { return {file.bytes().begin(), file.bytes().end()}; }

TEST(FileBytes, Regular) {
  const TemporaryFile file("hello");
  auto opened = FileBytes::open(file.path, 100);
  ASSERT_TRUE(opened);
  EXPECT_EQ(text_of(*opened), "hello");
  const FileBytes moved = std::move(*opened);
  EXPECT_EQ(text_of(moved), "hello");
}

TEST(FileBytes, EmptyAndUnmappable) {
  const TemporaryFile file("");
  const auto opened = FileBytes::open(file.path, 100);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(opened->bytes().empty());
  const auto proc = FileBytes::open("/proc/self/stat", 1 << 20);
  ASSERT_TRUE(proc);
  EXPECT_GT(proc->bytes().size(), 10u);
}

TEST(FileBytes, ErrorsSayWhy) {
  const auto missing = FileBytes::open("/nonexistent/file", 100);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kIo);
  EXPECT_EQ(missing.error().message, "/nonexistent/file: No such file or directory");
  const auto directory = FileBytes::open("/", 100);
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().message, "/: Is a directory");
  const TemporaryFile file("hello");
  const auto large = FileBytes::open(file.path, 4);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::kLimit);
  const auto endless = FileBytes::open("/dev/zero", 1 << 20);
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().code, ErrorCode::kLimit);
}

}  // namespace
}  // namespace wherry::platform
