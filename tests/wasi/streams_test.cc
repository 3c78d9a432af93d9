// Standard streams, pipes, polling and sockets.
#include <fcntl.h>
#include <netinet/in.h>
#include <pty.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "guest.h"

namespace wherry::wasi {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr uint32_t kNonblock = 4;

struct Pipe {
  Pipe() { EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0); }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  void close_end(int i) {
    if (ends[i] >= 0) close(ends[i]);
    ends[i] = -1;
  }
  int ends[2];
};

struct Fdstat {
  uint8_t type, pad;
  uint16_t flags;
  uint32_t pad2;
  uint64_t rights, inheriting;
};

TEST(Streams, ReadsFromMemory) {
  TestGuest guest(WasiConfig().standard_input(WasiStream::bytes("hello world")));
  std::string text;
  EXPECT_EQ(guest.read(0, 5, &text), Errno::kSuccess);
  EXPECT_EQ(text, "hello");
  EXPECT_EQ(guest.read(0, 100, &text), Errno::kSuccess);
  EXPECT_EQ(text, " world");
  EXPECT_EQ(guest.read(0, 100, &text), Errno::kSuccess);
  EXPECT_EQ(text, "");
  EXPECT_EQ(guest.write(0, "x"), Errno::kNotcapable);
  EXPECT_EQ(guest.call("fd_seek", 0, 1, 0, TestGuest::kOut), Errno::kSpipe);
}

TEST(Streams, WritesToMemoryUpToALimit) {
  auto buffer = std::make_shared<WasiBuffer>(10);
  TestGuest guest(WasiConfig().standard_output(WasiStream::buffer(buffer)).standard_error(WasiStream::buffer(buffer)));
  EXPECT_EQ(guest.write(1, "out"), Errno::kSuccess);
  EXPECT_EQ(guest.write(2, "err"), Errno::kSuccess);
  EXPECT_EQ(buffer->contents(), "outerr");
  EXPECT_EQ(guest.write(1, "too much"), Errno::kNospc);
  EXPECT_EQ(buffer->take(), "outerr");
  EXPECT_EQ(guest.write(1, "too much"), Errno::kSuccess);
  EXPECT_EQ(buffer->contents(), "too much");
}

TEST(Streams, CallsFunctions) {
  std::string written;
  int calls = 0;
  TestGuest guest(WasiConfig()
                      .standard_input(WasiStream::source([&](std::span<char> to) -> size_t {
                        if (++calls == 3) return 0;
                        to[0] = static_cast<char>('0' + calls);
                        return 1;
                      }))
                      .standard_output(WasiStream::sink([&](std::string_view text) {
                        written += text;
                        return true;
                      })));
  std::string text;
  EXPECT_EQ(guest.read(0, 10, &text), Errno::kSuccess);
  EXPECT_EQ(text, "1");
  EXPECT_EQ(guest.read(0, 10, &text), Errno::kSuccess);
  EXPECT_EQ(text, "2");
  EXPECT_EQ(guest.read(0, 10, &text), Errno::kSuccess);
  EXPECT_EQ(text, "");
  EXPECT_EQ(guest.write(1, "a"), Errno::kSuccess);
  EXPECT_EQ(guest.write(1, "b"), Errno::kSuccess);
  EXPECT_EQ(written, "ab");
}

TEST(Streams, KnowsATerminal) {
  int main_end, terminal;
  ASSERT_EQ(openpty(&main_end, &terminal, nullptr, nullptr, nullptr), 0);
  Pipe pipe;
  TestGuest guest(WasiConfig().standard_output(WasiStream::fd(terminal)).standard_error(WasiStream::fd(pipe.ends[1])));
  // As wasi-libc's isatty() does.
  auto is_terminal = [&](uint32_t fd) {
    EXPECT_EQ(guest.call("fd_fdstat_get", fd, TestGuest::kOut), Errno::kSuccess);
    const auto stat = guest.get<Fdstat>();
    return stat.type == 2 && (stat.rights & (Rights::kFdSeek | Rights::kFdTell)) == 0;
  };
  EXPECT_TRUE(is_terminal(1));
  EXPECT_FALSE(is_terminal(2));
  EXPECT_FALSE(is_terminal(0));
  EXPECT_EQ(guest.write(1, "hi"), Errno::kSuccess);
  char got[3] = {};
  EXPECT_EQ(read(main_end, got, 2), 2);
  EXPECT_STREQ(got, "hi");
  EXPECT_EQ(guest.call("fd_seek", 1, 1, 0, TestGuest::kOut), Errno::kSpipe);
  close(main_end);
  close(terminal);
}

TEST(Streams, DoesNotBlockWhenAskedNotTo) {
  Pipe in, out;
  TestGuest guest(WasiConfig().standard_input(WasiStream::fd(in.ends[0])).standard_output(WasiStream::fd(out.ends[1])));
  ASSERT_EQ(guest.call("fd_fdstat_set_flags", 0, kNonblock), Errno::kSuccess);
  ASSERT_EQ(guest.call("fd_fdstat_set_flags", 1, kNonblock), Errno::kSuccess);
  std::string text;
  EXPECT_EQ(guest.read(0, 10, &text), Errno::kAgain);
  ASSERT_EQ(write(in.ends[1], "x", 1), 1);
  EXPECT_EQ(guest.read(0, 10, &text), Errno::kSuccess);
  EXPECT_EQ(text, "x");

  size_t total = 0;
  const std::string much(100'000, 'y');
  Errno result = Errno::kSuccess;
  while (result == Errno::kSuccess && total < 10'000'000) {
    result = guest.write(1, much);
    if (result == Errno::kSuccess) total += guest.get<uint32_t>();
  }
  EXPECT_EQ(result, Errno::kAgain);
  EXPECT_GT(total, 0u);
  // The pipe itself, which others may share, blocks as before.
  EXPECT_EQ(fcntl(in.ends[0], F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(fcntl(out.ends[1], F_GETFL) & O_NONBLOCK, 0);
}

TEST(Streams, BlocksOnAPipeThatItselfDoesNot) {
  Pipe in;
  TestGuest guest(WasiConfig().standard_input(WasiStream::fd(in.ends[0])));
  ASSERT_EQ(fcntl(in.ends[0], F_SETFL, O_NONBLOCK), 0);
  std::thread writer([&] {
    std::this_thread::sleep_for(milliseconds(30));
    EXPECT_EQ(write(in.ends[1], "late", 4), 4);
  });
  std::string text;
  EXPECT_EQ(guest.read(0, 10, &text), Errno::kSuccess);
  EXPECT_EQ(text, "late");
  writer.join();
}

TEST(Streams, SurvivesAReaderThatLeft) {
  Pipe out;
  TestGuest guest(WasiConfig().standard_output(WasiStream::fd(out.ends[1])));
  out.close_end(0);
  EXPECT_EQ(guest.write(1, "x"), Errno::kPipe);  // And no SIGPIPE: the test would end here.
  sigset_t pending;
  sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);
}

TEST(Streams, ReplacesStreamsThatAreClosed) {
  const int saved = dup(2);
  close(2);
  {
    TestGuest guest(WasiConfig().standard_error(WasiStream::inherit()));
    EXPECT_EQ(guest.write(2, "lost"), Errno::kSuccess);
  }
  dup2(saved, 2);
  close(saved);
  const auto wasi = Wasi::make(WasiConfig().standard_error(WasiStream::fd(900)));
  ASSERT_FALSE(wasi);
  EXPECT_EQ(wasi.error().message, "standard error is not open");
}

// Interruption: the thread gets signals, and `interrupted` says that they were meant.
class FlagWaiter final : public host::Waiter {
 public:
  bool interrupted() const override { return flag; }
  std::atomic<bool> flag = false;
};

TEST(Streams, IsInterrupted) {
  struct sigaction action = {}, before;
  action.sa_handler = [](int) {};
  ASSERT_EQ(sigaction(SIGURG, &action, &before), 0);
  Pipe in;
  for (const std::string call : {"read", "poll"}) {
    TestGuest guest(WasiConfig().standard_input(WasiStream::fd(in.ends[0])));
    FlagWaiter waiter;
    guest.waiter = &waiter;
    std::atomic<bool> done = false;
    std::thread interrupter([&, target = pthread_self()] {
      std::this_thread::sleep_for(milliseconds(5));
      pthread_kill(target, SIGURG);  // Not meant for the guest: it goes on waiting.
      std::this_thread::sleep_for(milliseconds(20));
      waiter.flag = true;
      while (!done) {
        pthread_kill(target, SIGURG);
        std::this_thread::sleep_for(milliseconds(1));
      }
    });
    const auto start = Clock::now();
    std::string text;
    if (call == "read") {
      EXPECT_EQ(guest.read(0, 1, &text), Errno::kIntr);
    } else {
      const uint64_t hour[] = {1, 0, 1, 3'600'000'000'000, 0, 0};
      EXPECT_EQ(guest.call("poll_oneoff", guest.put(hour), 600, 1, TestGuest::kOut), Errno::kIntr);
    }
    EXPECT_GE(Clock::now() - start, milliseconds(20));
    done = true;
    interrupter.join();
  }
  sigaction(SIGURG, &before, nullptr);
}

struct Subscription {
  uint64_t userdata;
  uint64_t type;
  uint64_t id;
  uint64_t timeout;
  uint64_t precision;
  uint64_t flags;
};
static_assert(sizeof(Subscription) == 48);
struct Event {
  uint64_t userdata;
  uint16_t error;
  uint8_t type;
  uint64_t bytes;
  uint16_t flags;
};
static_assert(sizeof(Event) == 32);

constexpr uint64_t kClock = 0, kRead = 1, kWrite = 2;
constexpr uint64_t kRealtime = 0, kMonotonic = 1;
constexpr uint32_t kEvents = 0x8000;

std::vector<Event> poll(TestGuest& guest, const std::vector<Subscription>& subscriptions) {
  const uint32_t at = guest.put(std::string_view(reinterpret_cast<const char*>(subscriptions.data()),
                                                 subscriptions.size() * sizeof(Subscription)));
  EXPECT_EQ(guest.call("poll_oneoff", at, kEvents, subscriptions.size(), TestGuest::kOut), Errno::kSuccess);
  std::vector<Event> events;
  for (uint32_t i = 0; i < guest.get<uint32_t>(); ++i) {
    events.push_back(guest.get<Event>(kEvents + i * static_cast<uint32_t>(sizeof(Event))));
  }
  return events;
}

TEST(Poll, WaitsForClocks) {
  TestGuest guest(WasiConfig{});
  auto start = Clock::now();
  auto events =
      poll(guest, {{7, kClock, kMonotonic, 20'000'000, 0, 0}, {8, kClock, kMonotonic, 900'000'000'000, 0, 0}});
  EXPECT_GE(Clock::now() - start, milliseconds(20));
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].userdata, 7u);
  EXPECT_EQ(events[0].error, 0);
  EXPECT_EQ(events[0].type, kClock);

  for (const uint64_t clock : {kRealtime, kMonotonic}) {
    ASSERT_EQ(guest.call("clock_time_get", clock, 0, TestGuest::kOut), Errno::kSuccess);
    const auto now = guest.get<uint64_t>();
    start = Clock::now();
    events = poll(guest, {{1, kClock, clock, now + 20'000'000, 0, 1}, {2, kClock, clock, ~uint64_t{0}, 0, 1}});
    EXPECT_GE(Clock::now() - start, milliseconds(15));
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].userdata, 1u);
    // Past already.
    EXPECT_EQ(poll(guest, {{3, kClock, clock, now, 0, 1}, {4, kClock, clock, 1, 0, 1}}).size(), 2u);
  }
}

TEST(Poll, ReportsWhatCannotBeWaitedFor) {
  TestGuest guest(WasiConfig{});
  constexpr uint64_t kCpu = 2;
  const auto events = poll(guest, {{1, kClock, kMonotonic, ~uint64_t{0}, 0, 0},
                                   {2, kClock, kCpu, 5, 0, 0},
                                   {3, kClock, 99, 5, 0, 0},
                                   {4, kRead, 99, 0, 0, 0},
                                   {5, kWrite, 0, 0, 0, 0}});
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0].error, static_cast<uint16_t>(Errno::kNotsup));
  EXPECT_EQ(events[1].error, static_cast<uint16_t>(Errno::kInval));
  EXPECT_EQ(events[2].error, static_cast<uint16_t>(Errno::kBadf));
  EXPECT_EQ(events[2].type, kRead);
  EXPECT_EQ(events[3].error, static_cast<uint16_t>(Errno::kNotcapable));
}

TEST(Poll, WaitsForPipes) {
  Pipe in, out;
  TestGuest guest(WasiConfig().standard_input(WasiStream::fd(in.ends[0])).standard_output(WasiStream::fd(out.ends[1])));
  auto events = poll(guest, {{1, kRead, 0, 0, 0, 0}, {2, kWrite, 1, 0, 0, 0}, {3, kClock, kMonotonic, 1000, 0, 0}});
  ASSERT_GE(events.size(), 1u);
  EXPECT_EQ(events[0].userdata, 2u);
  EXPECT_EQ(events[0].type, kWrite);

  std::thread writer([&] {
    std::this_thread::sleep_for(milliseconds(20));
    EXPECT_EQ(write(in.ends[1], "four", 4), 4);
  });
  events = poll(guest, {{1, kRead, 0, 0, 0, 0}, {3, kClock, kMonotonic, 100'000'000'000, 0, 0}});
  writer.join();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].userdata, 1u);
  EXPECT_EQ(events[0].bytes, 4u);
  EXPECT_EQ(events[0].flags, 0);

  in.close_end(1);
  events = poll(guest, {{1, kRead, 0, 0, 0, 0}});
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].flags, 1);
}

TEST(Poll, FindsFilesAndMemoryReady) {
  TemporaryDirectory directory;
  directory.write("file", "12345");
  TestGuest guest(WasiConfig().preopen(directory.path(), "/").standard_input(WasiStream::bytes("abc")));
  const uint32_t fd = guest.opened(3, "file", 0, Rights::kFdRead | Rights::kFdWrite | Rights::kPollFdReadwrite);
  const auto events = poll(guest, {{1, kRead, fd, 0, 0, 0},
                                   {2, kWrite, fd, 0, 0, 0},
                                   {3, kRead, 0, 0, 0, 0},
                                   {4, kClock, kMonotonic, 100'000'000'000, 0, 0}});
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].bytes, 5u);
  EXPECT_EQ(events[1].userdata, 2u);
  EXPECT_EQ(events[2].bytes, 3u);
}

TEST(Poll, TakesTheOlderLayout) {
  TestGuest guest(WasiConfig().standard_input(WasiStream::bytes("abc")));
  guest.abi = Abi::kUnstable;
  struct Old {
    uint64_t userdata, type, clock_userdata_or_fd;
    uint32_t clock, pad;
    uint64_t timeout, precision, flags;
  } old[] = {{11, kClock, 77, 1, 0, 10'000'000, 0, 0}, {12, kClock, 77, 1, 0, 900'000'000'000, 0, 0}};
  static_assert(sizeof(Old) == 56);
  ASSERT_EQ(guest.call("poll_oneoff", guest.put(old), kEvents, 2, TestGuest::kOut), Errno::kSuccess);
  ASSERT_EQ(guest.get<uint32_t>(), 1u);
  EXPECT_EQ(guest.get<Event>(kEvents).userdata, 11u);
  const Old reads[] = {{13, kRead, 0, 0, 0, 0, 0, 0}};
  ASSERT_EQ(guest.call("poll_oneoff", guest.put(reads), kEvents, 1, TestGuest::kOut), Errno::kSuccess);
  ASSERT_EQ(guest.get<uint32_t>(), 1u);
  EXPECT_EQ(guest.get<Event>(kEvents).bytes, 3u);
}

TEST(Poll, ChecksWhatItIsGiven) {
  TestGuest guest(WasiConfig{});
  EXPECT_EQ(guest.call("poll_oneoff", 8, kEvents, 0, TestGuest::kOut), Errno::kInval);
  EXPECT_EQ(guest.call("poll_oneoff", 8, kEvents, 0xffffffffu, TestGuest::kOut), Errno::kInval);
  EXPECT_EQ(guest.call("poll_oneoff", 0, 0, 40'000, TestGuest::kOut), Errno::kFault);
  const Subscription wrong_type = {1, 3, 0, 0, 0, 0}, wrong_flags = {1, kClock, kMonotonic, 0, 0, 2};
  EXPECT_EQ(guest.call("poll_oneoff", guest.put(wrong_type), kEvents, 1, TestGuest::kOut), Errno::kInval);
  EXPECT_EQ(guest.call("poll_oneoff", guest.put(wrong_flags), kEvents, 1, TestGuest::kOut), Errno::kInval);
  // Events written over the subscriptions.
  std::vector<Subscription> many(300, {9, kClock, kMonotonic, 0, 0, 0});
  memcpy(guest.memory().data() + kEvents, many.data(), many.size() * sizeof many[0]);
  EXPECT_EQ(guest.call("poll_oneoff", kEvents, kEvents, many.size(), TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(), many.size());
  EXPECT_EQ(guest.get<Event>(kEvents + 299 * 32).userdata, 9u);
}

/// A listening socket on the loopback, and a way to connect to it.
class Listener {
 public:
  Listener() : fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address_), size), 0);
    EXPECT_EQ(listen(fd, 5), 0);
    EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address_), &size), 0);
  }
  ~Listener() { close(fd); }
  int connect() const {
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&address_), sizeof address_), 0);
    return client;
  }
  const int fd;

 private:
  sockaddr_in address_ = {};
};

TEST(Sockets, ServesConnections) {
  Listener listener;
  TemporaryDirectory directory;
  TestGuest guest(WasiConfig().socket(listener.fd).preopen(directory.path(), "/"));
  constexpr uint32_t kListening = 4;  // After the directory.
  ASSERT_EQ(guest.call("fd_fdstat_get", kListening, TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.get<Fdstat>().type, 6);
  EXPECT_EQ(guest.call("fd_prestat_get", kListening, TestGuest::kOut), Errno::kBadf);

  ASSERT_EQ(guest.call("fd_fdstat_set_flags", kListening, kNonblock), Errno::kSuccess);
  EXPECT_EQ(guest.call("sock_accept", kListening, 0, TestGuest::kOut), Errno::kAgain);
  ASSERT_EQ(guest.call("fd_fdstat_set_flags", kListening, 0), Errno::kSuccess);
  EXPECT_EQ(guest.call("sock_accept", kListening, 1, TestGuest::kOut), Errno::kInval);

  int client = -1;
  std::thread later([&] {
    std::this_thread::sleep_for(milliseconds(20));
    client = listener.connect();
  });
  ASSERT_EQ(guest.call("sock_accept", kListening, kNonblock, TestGuest::kOut), Errno::kSuccess);
  later.join();
  const auto fd = guest.get<uint32_t>();
  EXPECT_EQ(fd, 5u);
  std::string text;
  EXPECT_EQ(guest.read(fd, 10, &text), Errno::kAgain);
  ASSERT_EQ(guest.call("fd_fdstat_set_flags", fd, 0), Errno::kSuccess);

  ASSERT_EQ(send(client, "hello", 5, 0), 5);
  const uint32_t vector[] = {600, 100};
  ASSERT_EQ(guest.call("sock_recv", fd, guest.put(vector), 1, 1 /* peek */, TestGuest::kOut, TestGuest::kOut + 8),
            Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(), 5u);
  ASSERT_EQ(guest.call("sock_recv", fd, guest.put(vector), 1, 0, TestGuest::kOut, TestGuest::kOut + 8),
            Errno::kSuccess);
  EXPECT_EQ(guest.text(600, guest.get<uint32_t>()), "hello");
  EXPECT_EQ(guest.get<uint16_t>(TestGuest::kOut + 8), 0);

  // Waiting for all of it, in several pieces and buffers.
  std::thread slow([&] {
    for (const char* piece : {"ab", "cde", "f"}) {
      std::this_thread::sleep_for(milliseconds(5));
      EXPECT_GT(send(client, piece, strlen(piece), 0), 0);
    }
  });
  const uint32_t buffers[] = {600, 3, 610, 3};
  ASSERT_EQ(
      guest.call("sock_recv", fd, guest.put(buffers), 2, 2 /* wait for all */, TestGuest::kOut, TestGuest::kOut + 8),
      Errno::kSuccess);
  slow.join();
  EXPECT_EQ(guest.get<uint32_t>(), 6u);
  EXPECT_EQ(guest.text(600, 3) + guest.text(610, 3), "abcdef");

  const uint32_t reply[] = {600, 3};
  ASSERT_EQ(guest.call("sock_send", fd, guest.put(reply), 1, 0, TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.write(fd, "!"), Errno::kSuccess);
  EXPECT_EQ(guest.call("sock_send", fd, guest.put(reply), 1, 1, TestGuest::kOut), Errno::kInval);
  EXPECT_EQ(guest.call("sock_recv", fd, guest.put(reply), 1, 4, TestGuest::kOut, TestGuest::kOut + 8), Errno::kInval);
  EXPECT_EQ(guest.call("sock_shutdown", fd, 0), Errno::kInval);
  EXPECT_EQ(guest.call("sock_shutdown", fd, 4), Errno::kInval);
  ASSERT_EQ(guest.call("sock_shutdown", fd, 2), Errno::kSuccess);
  char got[16];
  EXPECT_EQ(recv(client, got, sizeof got, MSG_WAITALL), 4);
  EXPECT_EQ(std::string(got, 4), "abc!");
  EXPECT_EQ(guest.write(fd, "x"), Errno::kPipe);
  close(client);
  EXPECT_EQ(guest.read(fd, 10, &text), Errno::kSuccess);
  EXPECT_EQ(text, "");
}

TEST(Sockets, KnowsWhatIsNone) {
  TestGuest guest(WasiConfig{});
  EXPECT_EQ(guest.call("sock_shutdown", 1, 1), Errno::kNotsock);
  EXPECT_EQ(guest.call("sock_shutdown", 3, 1), Errno::kBadf);
  EXPECT_EQ(guest.call("sock_accept", 0, 0, TestGuest::kOut), Errno::kNotsock);
  EXPECT_EQ(guest.call("sock_recv", 0, 0, 0, 0, TestGuest::kOut, TestGuest::kOut), Errno::kNotsock);
  EXPECT_EQ(guest.call("sock_send", 0, 0, 0, 0, TestGuest::kOut), Errno::kNotsock);
  Pipe pipe;
  EXPECT_FALSE(Wasi::make(WasiConfig().socket(pipe.ends[0])));
}

TEST(Sockets, TellsOfMessagesCutShort) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
  TestGuest guest(WasiConfig().socket(ends[0]));
  ASSERT_EQ(send(ends[1], "datagram", 8, 0), 8);
  const uint32_t vector[] = {600, 4};
  ASSERT_EQ(guest.call("sock_recv", 3, guest.put(vector), 1, 0, TestGuest::kOut, TestGuest::kOut + 8), Errno::kSuccess);
  EXPECT_EQ(guest.text(600, guest.get<uint32_t>()), "data");
  EXPECT_EQ(guest.get<uint16_t>(TestGuest::kOut + 8), 1);
  close(ends[0]);
  close(ends[1]);
}

TEST(Threads, ShareOneWorld) {
  TemporaryDirectory directory;
  auto buffer = std::make_shared<WasiBuffer>();
  const Wasi wasi =
      Wasi::make(WasiConfig().preopen(directory.path(), "/").standard_output(WasiStream::buffer(buffer))).value();
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::vector<uint8_t> memory(4096);
      host::Waiter waiter;
      Preview1 preview1(wasi.impl());
      Call call = {.memory = GuestMemory(memory), .abi = Abi::kPreview1, .waiter = waiter};
      memory[100] = static_cast<uint8_t>('a' + t);
      const uint32_t vector[] = {100, 1};
      memcpy(memory.data() + 200, vector, sizeof vector);
      for (int i = 0; i < 500; ++i) {
        if (!preview1.path_open(call, 3, 0, 100, 1, 1 /* create */, Rights::kAll, 0, 0, 300)) ++failures;
        uint32_t fd;
        memcpy(&fd, memory.data() + 300, sizeof fd);
        if (!preview1.fd_write(call, fd, 200, 1, 300) || !preview1.fd_write(call, 1, 200, 1, 300)) ++failures;
        if (!preview1.fd_readdir(call, 3, 1000, 3000, 0, 300)) ++failures;
        if (!preview1.fd_close(call, fd)) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(buffer->contents().size(), 2000u);
}

}  // namespace
}  // namespace wherry::wasi
