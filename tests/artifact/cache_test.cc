// The code cache under everything that goes wrong around it.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "artifact/code_cache.h"
#include "world.h"

namespace wherry::artifact {
namespace {

constexpr uint64_t kLimit = uint64_t{1} << 30;

class CacheTest : public World {
 protected:
  CacheTest() : user_(trust()), code_(cache(), kLimit, user_) {}

  static CodeKey key(uint8_t module) { return {Digest{module}, needs()}; }
  static bool holds(CodeCache& code, const CodeKey& key, uint8_t filler) {
    const auto found = code.find(key);
    const Bytes image = make_image(filler);
    return found && std::ranges::equal(found->image, image);
  }
  std::vector<std::string> entry_files() const {
    std::vector<std::string> files;
    if (!std::filesystem::exists(cache() + "/code")) return files;
    for (const auto& entry : std::filesystem::directory_iterator(cache() + "/code")) files.push_back(entry.path());
    return files;
  }
  /// Runs `body` in a process of its own, which ends with its result.
  template <class F>
  static pid_t in_process(F body) {
    const pid_t child = fork();
    if (child == 0) _exit(body());
    return child;
  }
  static int result_of(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  Trust user_;
  CodeCache code_;
};

TEST_F(CacheTest, FindsWhatWasStoredAndNothingElse) {
  EXPECT_FALSE(code_.find(key(1)));
  ASSERT_TRUE(code_.store(key(1), make_image(1), Features()).has_value());
  EXPECT_TRUE(holds(code_, key(1), 1));
  EXPECT_FALSE(code_.find(key(2)));
  CodeKey other = key(1);
  other.needs.flags |= engine::kImageFuel;
  EXPECT_FALSE(code_.find(other));
  other = key(1);
  engine::add_feature(other.needs.cpu, 3);
  EXPECT_FALSE(code_.find(other));
  ASSERT_TRUE(code_.store(key(1), make_image(9), Features()).has_value());
  EXPECT_TRUE(holds(code_, key(1), 9)) << "the new one takes its place";
  EXPECT_EQ(entry_files().size(), 1u);

  Trust later = trust();  // another process
  CodeCache again(cache(), kLimit, later);
  EXPECT_TRUE(holds(again, key(1), 9));
}

TEST_F(CacheTest, AnotherUsersEntriesAreNotUsed) {
  ASSERT_TRUE(code_.store(key(1), make_image(1), Features()).has_value());
  Trust other(path("other"), cache());
  ASSERT_TRUE(other.keys().own_key_or_make().has_value());
  CodeCache code(cache(), kLimit, other);
  EXPECT_FALSE(code.find(key(1)));
}

TEST_F(CacheTest, CorruptEntriesAreRemovedAndMadeAgain) {
  ASSERT_TRUE(code_.store(key(1), make_image(1), Features()).has_value());
  const std::string file = entry_files().at(0);
  const Bytes good = read_all(file);
  for (size_t at : {size_t{0}, size_t{100}, good.size() / 2, good.size() - sizeof(Seal), good.size() - 1}) {
    ASSERT_EQ(chmod(file.c_str(), 0600), 0);
    Bytes bad = good;
    bad[at] ^= 1;
    write_all(file, bad);
    ASSERT_EQ(chmod(file.c_str(), 0400), 0);
    EXPECT_FALSE(code_.find(key(1))) << at;
    EXPECT_TRUE(entry_files().empty()) << at;
    ASSERT_TRUE(code_.store(key(1), make_image(1), Features()).has_value());
    EXPECT_TRUE(holds(code_, key(1), 1));
  }
  for (size_t size : {size_t{0}, size_t{10}, good.size() / 2, good.size() - 1}) {
    std::filesystem::remove(file);
    write_all(file, std::span(good).first(size));
    EXPECT_FALSE(code_.find(key(1))) << size;
    EXPECT_TRUE(entry_files().empty()) << size;
  }
  // An entry under another's name.
  ASSERT_TRUE(code_.store(key(2), make_image(2), Features()).has_value());
  std::filesystem::rename(entry_files().at(0), file);
  EXPECT_FALSE(code_.find(key(1)));
}

TEST_F(CacheTest, CorruptStampsOnlyCostTime) {
  ASSERT_TRUE(code_.store(key(1), make_image(1), Features()).has_value());
  for (const auto& entry : std::filesystem::directory_iterator(cache() + "/stamps")) {
    Bytes stamp = read_all(entry.path());
    stamp[60] ^= 1;
    write_all(entry.path(), stamp);
  }
  EXPECT_TRUE(holds(code_, key(1), 1));
}

TEST_F(CacheTest, TheLeastRecentlyUsedGoFirst) {
  const uint64_t size = make_image().size() + sizeof(Seal);
  CodeCache small(cache(), 3 * size, user_);
  for (uint8_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(small.store(key(i), make_image(i), Features()).has_value());
    std::this_thread::sleep_for(std::chrono::milliseconds(15));
  }
  EXPECT_TRUE(holds(small, key(1), 1));  // used again
  std::this_thread::sleep_for(std::chrono::milliseconds(15));
  ASSERT_TRUE(small.store(key(4), make_image(4), Features()).has_value());
  ASSERT_EQ(small.list().size(), 3u);
  EXPECT_EQ(small.list()[0].name, to_hex(key(4).digest()));
  EXPECT_EQ(small.list()[1].name, to_hex(key(1).digest()));
  EXPECT_FALSE(small.find(key(2)));
  EXPECT_EQ(small.prune(0), 3 * size);
  EXPECT_TRUE(small.list().empty());
}

TEST_F(CacheTest, NoDirectoryNoCache) {
  Trust nowhere("", "");
  CodeCache code("", kLimit, nowhere);
  EXPECT_FALSE(code.store(key(1), make_image(1), Features()).has_value());
  EXPECT_FALSE(code.find(key(1)));
  EXPECT_FALSE(code.lock(key(1)));
  EXPECT_TRUE(code.list().empty());
  // Nor one that cannot be made.
  write_all(path("file"), small_module());
  CodeCache below(path("file"), kLimit, user_);
  EXPECT_FALSE(below.store(key(1), make_image(1), Features()).has_value());
  EXPECT_FALSE(below.find(key(1)));
}

TEST_F(CacheTest, ConcurrentWritersAndReaders) {
  ASSERT_TRUE(user_.keys().own_key_or_make().has_value());
  std::vector<pid_t> children;
  for (uint8_t child = 0; child < 4; ++child) {
    children.push_back(in_process([&] {
      Trust user = trust();
      CodeCache code(cache(), kLimit, user);
      for (uint8_t i = 0; i < 12; ++i) {
        if (!code.store(key(i % 3), make_image(i % 3), Features()).has_value()) return 1;
        // What is found is whole, whoever wrote it.
        for (uint8_t k = 0; k < 3; ++k) {
          if (code.find(key(k)) && !holds(code, key(k), k)) return 2;
        }
      }
      return 0;
    }));
  }
  for (pid_t child : children) EXPECT_EQ(result_of(child), 0);
  for (uint8_t k = 0; k < 3; ++k) EXPECT_TRUE(holds(code_, key(k), k));
  EXPECT_EQ(entry_files().size(), 3u);
}

TEST_F(CacheTest, OneMakesAnEntryAndItsDeathFreesTheLock) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = in_process([&] {
    const auto lock = code_.lock(key(1));
    const char ok = lock ? 'y' : 'n';
    (void)!write(ready[1], &ok, 1);
    pause();
    return 0;
  });
  char ok = 0;
  ASSERT_EQ(read(ready[0], &ok, 1), 1);
  EXPECT_EQ(ok, 'y');
  EXPECT_FALSE(code_.lock(key(1)));
  EXPECT_TRUE(code_.lock(key(2)));
  kill(child, SIGKILL);
  EXPECT_EQ(result_of(child), -SIGKILL);
  EXPECT_TRUE(code_.lock(key(1)));
}

TEST_F(CacheTest, KilledWritersLeaveNothingThatIsFound) {
  ASSERT_TRUE(user_.keys().own_key_or_make().has_value());
  const Bytes large(make_image(7, size_t{24} << 20));
  for (int round = 0; round < 8; ++round) {
    const pid_t child = in_process([&] {
      for (;;) (void)code_.store(key(7), large, Features());
      return 0;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(3 + 17 * round));
    kill(child, SIGKILL);
    EXPECT_EQ(result_of(child), -SIGKILL);
    if (const auto found = code_.find(key(7))) {
      EXPECT_TRUE(std::ranges::equal(found->image, large));
    }
  }
  ASSERT_TRUE(code_.store(key(7), large, Features()).has_value());
  EXPECT_TRUE(code_.find(key(7)));
}

TEST_F(CacheTest, AFullDiskIsAnErrorAndNothingElse) {
  ASSERT_TRUE(code_.store(key(1), make_image(1), Features()).has_value());
  // A limit on the size of files stands for a disk that is full: write() fails in the middle of the entry.
  const int result = result_of(in_process([&] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {64 << 10, 64 << 10};
    setrlimit(RLIMIT_FSIZE, &limit);
    const auto stored = code_.store(key(2), make_image(2), Features());
    if (stored.has_value() || stored.error().code != ErrorCode::kIo) return 1;
    return code_.find(key(2)) || !holds(code_, key(1), 1) ? 2 : 0;
  }));
  EXPECT_EQ(result, 0);
  EXPECT_EQ(entry_files().size(), 1u) << "no half file stays";
  EXPECT_TRUE(holds(code_, key(1), 1));
}

}  // namespace
}  // namespace wherry::artifact
