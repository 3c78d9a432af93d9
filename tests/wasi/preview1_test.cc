// The table of functions, and the calls that touch no file.
#include <algorithm>
#include <map>

#include "guest.h"

namespace wherry::wasi {
namespace {

// As the C compiler sees them in wasi-libc's <wasi/api.h>.
const std::map<std::string_view, std::string_view> kSignatures = {
    {"args_get", "ii"},
    {"args_sizes_get", "ii"},
    {"clock_res_get", "ii"},
    {"clock_time_get", "iIi"},
    {"environ_get", "ii"},
    {"environ_sizes_get", "ii"},
    {"fd_advise", "iIIi"},
    {"fd_allocate", "iII"},
    {"fd_close", "i"},
    {"fd_datasync", "i"},
    {"fd_fdstat_get", "ii"},
    {"fd_fdstat_set_flags", "ii"},
    {"fd_fdstat_set_rights", "iII"},
    {"fd_filestat_get", "ii"},
    {"fd_filestat_set_size", "iI"},
    {"fd_filestat_set_times", "iIIi"},
    {"fd_pread", "iiiIi"},
    {"fd_prestat_dir_name", "iii"},
    {"fd_prestat_get", "ii"},
    {"fd_pwrite", "iiiIi"},
    {"fd_read", "iiii"},
    {"fd_readdir", "iiiIi"},
    {"fd_renumber", "ii"},
    {"fd_seek", "iIii"},
    {"fd_sync", "i"},
    {"fd_tell", "ii"},
    {"fd_write", "iiii"},
    {"path_create_directory", "iii"},
    {"path_filestat_get", "iiiii"},
    {"path_filestat_set_times", "iiiiIIi"},
    {"path_link", "iiiiiii"},
    {"path_open", "iiiiiIIii"},
    {"path_readlink", "iiiiii"},
    {"path_remove_directory", "iii"},
    {"path_rename", "iiiiii"},
    {"path_symlink", "iiiii"},
    {"path_unlink_file", "iii"},
    {"poll_oneoff", "iiii"},
    {"proc_exit", "i"},
    {"proc_raise", "i"},
    {"random_get", "ii"},
    {"sched_yield", ""},
    {"sock_accept", "iii"},
    {"sock_recv", "iiiiii"},
    {"sock_send", "iiiii"},
    {"sock_shutdown", "ii"},
};

TEST(Preview1, HasTheFunctionsOfTheSpecification) {
  EXPECT_EQ(preview1_functions().size(), kSignatures.size());
  for (const Preview1Function& function : preview1_functions()) {
    ASSERT_TRUE(kSignatures.contains(function.name)) << function.name;
    EXPECT_EQ(function.params, kSignatures.at(function.name)) << function.name;
    EXPECT_EQ(function.result == Preview1Result::kNone, function.name == "proc_exit") << function.name;
  }
}

TEST(Preview1, GivesArgumentsAndEnvironment) {
  TestGuest guest(WasiConfig().args({"app", "", "ünï"}).env("A", "1").env("B", "").env("A", "2"));
  ASSERT_EQ(guest.call("args_sizes_get", 16, 20), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(16), 3u);
  EXPECT_EQ(guest.get<uint32_t>(20), 4u + 1u + 6u);
  ASSERT_EQ(guest.call("args_get", 64, 128), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(64), 128u);
  EXPECT_EQ(guest.get<uint32_t>(68), 132u);
  EXPECT_EQ(guest.get<uint32_t>(72), 133u);
  EXPECT_EQ(guest.text(128, 11), std::string("app\0\0ünï\0", 11));

  ASSERT_EQ(guest.call("environ_sizes_get", 16, 20), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(16), 2u);
  EXPECT_EQ(guest.get<uint32_t>(20), 7u);
  ASSERT_EQ(guest.call("environ_get", 64, 128), Errno::kSuccess);
  EXPECT_EQ(guest.text(128, 7), std::string("A=2\0B=\0", 7));
}

TEST(Preview1, GrantsNothingByDefault) {
  TestGuest guest(WasiConfig{});
  ASSERT_EQ(guest.call("args_sizes_get", 16, 20), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(16), 0u);
  ASSERT_EQ(guest.call("environ_sizes_get", 16, 20), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(16), 0u);
  EXPECT_EQ(guest.call("fd_prestat_get", 3, 16), Errno::kBadf);
  std::string read = "?";
  EXPECT_EQ(guest.read(0, 10, &read), Errno::kSuccess);
  EXPECT_EQ(read, "");
  EXPECT_EQ(guest.write(1, "lost"), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(), 4u);
}

TEST(Preview1, RefusesStringsThatAGuestWouldMisread) {
  EXPECT_FALSE(Wasi::make(WasiConfig().arg(std::string("a\0b", 3))));
  EXPECT_FALSE(Wasi::make(WasiConfig().env("A=B", "c")));
  EXPECT_FALSE(Wasi::make(WasiConfig().env("", "c")));
  const auto missing = Wasi::make(WasiConfig().preopen("/nonexistent/directory", "/"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kIo);
  EXPECT_EQ(missing.error().message, "cannot open directory /nonexistent/directory: No such file or directory");
}

TEST(Preview1, ReadsClocks) {
  TestGuest guest(WasiConfig{});
  for (uint32_t id = 0; id < 4; ++id) {
    ASSERT_EQ(guest.call("clock_res_get", id, TestGuest::kOut), Errno::kSuccess) << id;
    EXPECT_GT(guest.get<uint64_t>(), 0u) << id;
    ASSERT_EQ(guest.call("clock_time_get", id, 0, TestGuest::kOut), Errno::kSuccess) << id;
    const auto first = guest.get<uint64_t>();
    ASSERT_EQ(guest.call("clock_time_get", id, 0, TestGuest::kOut), Errno::kSuccess) << id;
    EXPECT_GE(guest.get<uint64_t>(), first) << id;
  }
  EXPECT_EQ(guest.call("clock_time_get", 4, 0, TestGuest::kOut), Errno::kInval);
  EXPECT_EQ(guest.call("clock_res_get", ~0u, TestGuest::kOut), Errno::kInval);
}

TEST(Preview1, ReadsTheEmbeddersClocks) {
  TestGuest guest(WasiConfig().clocks([](WasiClock clock) { return clock == WasiClock::kRealtime ? 7u : 8u; }));
  ASSERT_EQ(guest.call("clock_time_get", 0, 0, TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint64_t>(), 7u);
  ASSERT_EQ(guest.call("clock_time_get", 1, 0, TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint64_t>(), 8u);
}

TEST(Preview1, GivesRandomBytes) {
  TestGuest guest(WasiConfig{});
  ASSERT_EQ(guest.call("random_get", 1000, 64), Errno::kSuccess);
  const std::string first = guest.text(1000, 64);
  EXPECT_NE(first, std::string(64, '\0'));
  EXPECT_EQ(guest.text(1064, 8), std::string(8, '\0'));
  ASSERT_EQ(guest.call("random_get", 1000, 64), Errno::kSuccess);
  EXPECT_NE(guest.text(1000, 64), first);
  EXPECT_EQ(guest.call("random_get", 1000, 0), Errno::kSuccess);
  EXPECT_EQ(guest.call("random_get", 0, TestGuest::kMemorySize + 1), Errno::kFault);
}

TEST(Preview1, RepeatsRandomBytesForASeed) {
  auto bytes = [](uint64_t seed) {
    TestGuest guest(WasiConfig().random_seed(seed));
    EXPECT_EQ(guest.call("random_get", 0, 37), Errno::kSuccess);
    return guest.text(0, 37);
  };
  EXPECT_EQ(bytes(1), bytes(1));
  EXPECT_NE(bytes(1), bytes(2));
}

TEST(Preview1, EndsTheGuest) {
  TestGuest guest(WasiConfig{});
  guest.call("proc_exit", 42);
  EXPECT_EQ(guest.exit_code, 42u);
  EXPECT_EQ(guest.call("sched_yield"), Errno::kSuccess);
  EXPECT_FALSE(guest.exit_code);

  constexpr uint32_t kAbrt = 6, kChld = 16, kStop = 18;
  EXPECT_EQ(guest.call("proc_raise", 0), Errno::kSuccess);
  EXPECT_FALSE(guest.exit_code);
  EXPECT_EQ(guest.call("proc_raise", kChld), Errno::kSuccess);
  EXPECT_FALSE(guest.exit_code);
  EXPECT_EQ(guest.call("proc_raise", kStop), Errno::kNotsup);
  EXPECT_EQ(guest.call("proc_raise", 31), Errno::kInval);
  EXPECT_FALSE(guest.exit_code);
  guest.call("proc_raise", kAbrt);
  EXPECT_EQ(guest.exit_code, 134u);
}

// Every pointer parameter of every function, out of bounds: nothing may be read or written there.
TEST(Preview1, ChecksEveryAddress) {
  TemporaryDirectory directory;
  directory.write("file", "content");
  for (const Preview1Function& function : preview1_functions()) {
    for (const uint32_t bad : {TestGuest::kMemorySize - 1, TestGuest::kMemorySize, 0x7fffffffu, 0xffffffffu}) {
      for (size_t i = 0; i < function.params.size(); ++i) {
        uint64_t slots[10] = {};
        std::ranges::fill(slots, 1);
        slots[0] = 3;
        slots[i] = bad;
        host::Waiter waiter;
        std::vector<uint8_t> memory(TestGuest::kMemorySize);
        Wasi wasi = Wasi::make(WasiConfig().preopen(directory.path(), "/").arg("a").env("A", "b")).value();
        Preview1 subject(wasi.impl());
        Call call = {.memory = GuestMemory(memory), .abi = Abi::kPreview1, .waiter = waiter};
        function.invoke(subject, call, slots);  // Sanitizers look on; ASan knows the end of `memory`.
      }
    }
  }
  EXPECT_EQ(directory.read("file"), "content");
}

}  // namespace
}  // namespace wherry::wasi
