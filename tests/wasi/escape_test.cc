// Nothing leaves a preopen: every call on paths, by every way out, with the kernel's path resolution and with the
// walker.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <map>
#include <thread>

#include "guest.h"
#include "wasi/host/path.h"

namespace wherry::wasi {
namespace {

constexpr uint32_t kCreate = 1, kDirectory = 2, kTruncate = 8;
constexpr uint32_t kRoot = 3;
constexpr uint32_t kModifiedNow = 8;

class Escape : public testing::TestWithParam<bool> {
 protected:
  Escape() {
    std::filesystem::create_directories(world / "inside/sub/deep");
    std::filesystem::create_directories(world / "outside/victim");
    world.write("outside/secret", "secret");
    world.write("inside/file", "content");
    world.write("inside/sub/file", "content");
    const std::filesystem::path inside = world / "inside";
    std::filesystem::create_symlink("../outside", inside / "up");
    std::filesystem::create_symlink("../outside/secret", inside / "up-secret");
    std::filesystem::create_symlink("../outside/new", inside / "up-new");
    std::filesystem::create_symlink(world / "outside", inside / "absolute");
    std::filesystem::create_symlink(world / "outside/secret", inside / "absolute-secret");
    std::filesystem::create_symlink("/", inside / "root");
    std::filesystem::create_symlink("..", inside / "dotdot");
    std::filesystem::create_symlink("../..", inside / "sub/two-up");
    std::filesystem::create_symlink("sub/../..", inside / "sly");
    std::filesystem::create_symlink("up", inside / "chain");
    std::filesystem::create_symlink("/proc/self/root", inside / "magic");
    std::filesystem::create_symlink("/proc/self/cwd", inside / "magic-cwd");
    ways_out_ = {"..",
                 "../outside",
                 "./..",
                 "sub/../..",
                 "sub/../../outside",
                 "sub/deep/../../..",
                 "../inside",
                 "../inside/sub",
                 "up",
                 "up/",
                 "up/.",
                 "up/..",
                 "absolute",
                 "absolute/",
                 "root",
                 "root/",
                 "dotdot",
                 "dotdot/outside",
                 "sub/two-up",
                 "sub/two-up/outside",
                 "sly",
                 "sly/outside",
                 "chain",
                 "chain/",
                 "magic",
                 "magic/",
                 "magic-cwd/",
                 "/",
                 "//",
                 "/tmp",
                 world.path().string(),
                 (world / "inside").string(),
                 (world / "outside").string()};
    for (const char* link : {"up-secret", "absolute-secret", "up-new"}) files_out_.push_back(link);
    for (const std::string& way : ways_out_) {
      files_out_.push_back(way + "/secret");
      files_out_.push_back(way + "/outside/secret");
    }
  }

  WasiConfig config() { return WasiConfig().preopen(world / "inside", "/").walk_paths(GetParam()); }

  /// Everything outside, to be the same afterwards: names, sizes, link counts and times.
  std::map<std::string, std::string> outside() const {
    std::map<std::string, std::string> result;
    auto add = [&](const std::filesystem::path& path) {
      struct stat s;
      ASSERT_EQ(lstat(path.c_str(), &s), 0);
      std::ostringstream text;
      text << s.st_ino << ' ' << s.st_mode << ' ' << s.st_nlink << ' ' << s.st_size << ' ' << s.st_mtim.tv_sec << '.'
           << s.st_mtim.tv_nsec;
      result[path.string()] = text.str();
    };
    add(world.path());
    add(world / "outside");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(world / "outside")) add(entry.path());
    return result;
  }

  TemporaryDirectory world;
  std::vector<std::string> ways_out_;   ///< Paths of directories that are outside.
  std::vector<std::string> files_out_;  ///< Paths of files that are, or would be made, outside.
};

INSTANTIATE_TEST_SUITE_P(Resolvers, Escape, testing::Bool(),
                         [](const auto& info) { return info.param ? "Walker" : "Kernel"; });

TEST_P(Escape, OpensNothingOutside) {
  const auto before = outside();
  TestGuest guest(config());
  for (const auto* paths : {&ways_out_, &files_out_}) {
    for (const std::string& path : *paths) {
      for (const bool follow : {false, true}) {
        for (const uint32_t flags : {0u, kCreate, kDirectory, kTruncate}) {
          const Errno result =
              guest.open(kRoot, path, flags, Rights::kFdRead | (flags == kCreate ? Rights::kFdWrite : 0), 0, 0, follow);
          EXPECT_NE(result, Errno::kSuccess) << path << " with flags " << flags;
        }
      }
    }
  }
  EXPECT_EQ(outside(), before);
}

TEST_P(Escape, SaysNotcapable) {
  TestGuest guest(config());
  for (const char* path :
       {"..", "../outside", "sub/../..", "/", "/etc/passwd", "up/secret", "absolute/secret", "dotdot"}) {
    EXPECT_EQ(guest.open(kRoot, path, 0, Rights::kFdRead, 0, 0, true), Errno::kNotcapable) << path;
  }
  EXPECT_EQ(guest.open(kRoot, "up", 0, Rights::kFdRead), Errno::kLoop);
}

TEST_P(Escape, LearnsNothingOfOutside) {
  TestGuest guest(config());
  for (const auto* paths : {&ways_out_, &files_out_}) {
    for (const std::string& path : *paths) {
      EXPECT_NE(guest.stat(kRoot, path, true), Errno::kSuccess) << path;
      const bool is_link = std::filesystem::is_symlink(world / "inside" / path) && path.find('/') == path.npos;
      const bool link_in_sub = path == "sub/two-up";
      if (!is_link && !link_in_sub) {
        EXPECT_NE(guest.stat(kRoot, path, false), Errno::kSuccess) << path;
        EXPECT_NE(guest.read_link(kRoot, path, 600, 100), Errno::kSuccess) << path;
      }
    }
  }
  // That something outside exists or not must look the same.
  EXPECT_EQ(guest.stat(kRoot, "up/secret", true), guest.stat(kRoot, "up/no-such", true));
  EXPECT_EQ(guest.read_link(kRoot, "up/secret", 600, 100), guest.read_link(kRoot, "up/no-such", 600, 100));
  EXPECT_EQ(guest.read_link(kRoot, "up-secret/", 600, 100), guest.read_link(kRoot, "up-new/", 600, 100));
  EXPECT_EQ(guest.link(kRoot, "up-secret/", kRoot, "x"), guest.link(kRoot, "up-new/", kRoot, "x"));
}

TEST_P(Escape, ChangesNothingOutside) {
  const auto before = outside();
  TestGuest guest(config());
  std::vector<std::string> paths = ways_out_;
  paths.insert(paths.end(), files_out_.begin(), files_out_.end());
  for (const std::string& way : ways_out_) paths.push_back(way + "/new");
  for (const std::string& way : ways_out_) paths.push_back(way + "/victim");
  for (const std::string& path : paths) {
    guest.path_call("path_create_directory", kRoot, path);
    guest.path_call("path_remove_directory", kRoot, path);
    guest.set_times(kRoot, path, true, 0, 0, kModifiedNow);
    guest.set_times(kRoot, path, false, 0, 0, kModifiedNow);
    for (const bool follow : {false, true}) guest.link(kRoot, path, kRoot, "linked", follow);
    guest.link(kRoot, "file", kRoot, path);
    guest.symlink("file", kRoot, path);
    guest.rename(kRoot, "file", kRoot, path);
    EXPECT_EQ(outside(), before) << path;
    if (!std::filesystem::exists(world / "inside/file")) world.write("inside/file", "content");
  }
  for (const std::string& path : paths) {
    guest.rename(kRoot, path, kRoot, "taken");
    guest.path_call("path_unlink_file", kRoot, path);
    EXPECT_EQ(outside(), before) << path;
  }
}

TEST_P(Escape, LinksNothingFromOutside) {
  TestGuest guest(config());
  for (const std::string& path : files_out_) {
    guest.link(kRoot, path, kRoot, "linked", true);
    struct stat s;
    if (lstat((world / "inside/linked").c_str(), &s) == 0) EXPECT_TRUE(S_ISLNK(s.st_mode)) << path;
    std::filesystem::remove(world / "inside/linked");
  }
  EXPECT_EQ(std::filesystem::hard_link_count(world / "outside/secret"), 1u);
}

TEST_P(Escape, StaysBeneathADirectoryOpenedThroughAnother) {
  TestGuest guest(config());
  const uint32_t sub = guest.opened(kRoot, "sub", kDirectory, Rights::kDirectory, Rights::kAll);
  EXPECT_EQ(guest.open(sub, "../file", 0, Rights::kFdRead), Errno::kNotcapable);
  EXPECT_EQ(guest.open(sub, "deep/../../file", 0, Rights::kFdRead), Errno::kNotcapable);
  EXPECT_EQ(guest.open(sub, "two-up/outside/secret", 0, Rights::kFdRead), Errno::kNotcapable);
  EXPECT_EQ(guest.stat(sub, "..", true), Errno::kNotcapable);
  EXPECT_EQ(guest.set_times(sub, "..", true, 0, 0, kModifiedNow), Errno::kNotcapable);
}

TEST_P(Escape, FollowsWhatStaysInside) {
  std::filesystem::create_symlink("sub/../sub/./file", world / "inside/good");
  std::filesystem::create_symlink("../file", world / "inside/sub/good");
  std::filesystem::create_symlink("sub", world / "inside/sub-link");
  std::filesystem::create_symlink("sub/new", world / "inside/dangling");
  std::filesystem::create_symlink("deep//", world / "inside/sub/slashed");
  TestGuest guest(config());
  for (const char* path : {"good", "sub/good", "sub-link/file", "sub-link/good", "sub/deep/../file", "sub-link/../file",
                           "./sub//deep/../..///file", "sub/slashed/../file"}) {
    EXPECT_EQ(guest.open(kRoot, path, 0, Rights::kFdRead, 0, 0, true), Errno::kSuccess) << path;
    EXPECT_EQ(guest.stat(kRoot, path, true), Errno::kSuccess) << path;
  }
  EXPECT_EQ(guest.open(kRoot, "good", 0, Rights::kFdRead), Errno::kLoop);
  EXPECT_EQ(guest.open(kRoot, "sub-link/", 0, Rights::kFdRead), Errno::kSuccess);
  EXPECT_EQ(guest.open(kRoot, "sub-link/deep/..", kDirectory), Errno::kSuccess);
  EXPECT_EQ(guest.open(kRoot, "dangling", 0, Rights::kFdRead, 0, 0, true), Errno::kNoent);
  EXPECT_EQ(guest.open(kRoot, "dangling", kCreate, Rights::kFdWrite, 0, 0, true), Errno::kSuccess);
  EXPECT_TRUE(std::filesystem::exists(world / "inside/sub/new"));
}

TEST_P(Escape, GivesUpOnLoopsOfLinks) {
  std::filesystem::create_symlink("loop", world / "inside/loop");
  std::filesystem::create_symlink("loop-b", world / "inside/loop-a");
  std::filesystem::create_symlink("loop-a/x", world / "inside/loop-b");
  TestGuest guest(config());
  for (const char* path : {"loop", "loop-a", "loop/x", "loop-b/"}) {
    EXPECT_EQ(guest.open(kRoot, path, 0, 0, 0, 0, true), Errno::kLoop) << path;
  }
  // Links that double at each step, were they expanded as a tree.
  std::string name = ".";
  for (int i = 0; i < 60; ++i) {
    const std::string next = "bomb-" + std::to_string(i);
    std::filesystem::create_symlink(name + "/" + name, world / "inside" / next);
    name = next;
  }
  EXPECT_EQ(guest.open(kRoot, name, 0, 0, 0, 0, true), Errno::kLoop);
}

TEST_P(Escape, RefusesLinksToAbsolutePaths) {
  TestGuest guest(config());
  EXPECT_EQ(guest.symlink("/etc", kRoot, "link"), Errno::kNotcapable);
  EXPECT_EQ(guest.symlink(std::string_view("a\0b", 3), kRoot, "link"), Errno::kIlseq);
  EXPECT_FALSE(std::filesystem::is_symlink(world / "inside/link"));
}

// A guest makes links to the outside itself, then tries them.
TEST_P(Escape, HoldsAgainstLinksOfTheGuestsOwn) {
  const auto before = outside();
  TestGuest guest(config());
  ASSERT_EQ(guest.symlink("../outside/secret", kRoot, "mine"), Errno::kSuccess);
  ASSERT_EQ(guest.symlink("../outside", kRoot, "my-dir"), Errno::kSuccess);
  EXPECT_EQ(guest.open(kRoot, "mine", 0, Rights::kFdRead, 0, 0, true), Errno::kNotcapable);
  EXPECT_EQ(guest.open(kRoot, "mine", kTruncate, Rights::kFdWrite, 0, 0, true), Errno::kNotcapable);
  EXPECT_EQ(guest.open(kRoot, "my-dir/secret", 0, Rights::kFdRead, 0, 0, true), Errno::kNotcapable);
  EXPECT_EQ(guest.rename(kRoot, "file", kRoot, "my-dir/secret"), Errno::kNotcapable);
  EXPECT_EQ(guest.path_call("path_unlink_file", kRoot, "my-dir/secret"), Errno::kNotcapable);
  EXPECT_EQ(outside(), before);
}

// While one thread swaps a directory for a link to the outside, and moves a directory out from under `..`, another
// tries to reach the secret.
TEST_P(Escape, HoldsAgainstRenameRaces) {
  std::filesystem::create_directories(world / "inside/swap");
  world.write("inside/swap/secret", "decoy");
  std::filesystem::create_symlink("../outside", world / "inside/swap-link");
  std::filesystem::create_directories(world / "inside/a/b/c");
  std::filesystem::create_directories(world / "elsewhere");
  world.write("secret", "secret");
  std::atomic<bool> stop = false;
  std::thread mover([&] {
    const std::string swap = world / "inside/swap", link = world / "inside/swap-link";
    const std::string b = world / "inside/a/b", away = world / "elsewhere/b";
    while (!stop) {
      renameat2(AT_FDCWD, swap.c_str(), AT_FDCWD, link.c_str(), RENAME_EXCHANGE);
      ::rename(b.c_str(), away.c_str());
      ::rename(away.c_str(), b.c_str());
    }
  });
  TestGuest guest(config());
  int opened = 0;
  std::string text;
  for (int i = 0; i < 20'000; ++i) {
    // From elsewhere/b/c, two up and down again is the world's own secret; inside it would be a/secret: never there.
    for (const char* path : {"swap/secret", "a/b/c/../../../secret", "a/b/c/../../secret"}) {
      if (guest.open(kRoot, path, 0, Rights::kFdRead, 0, 0, true) != Errno::kSuccess) continue;
      ++opened;
      const auto fd = guest.get<uint32_t>();
      ASSERT_EQ(guest.read(fd, 100, &text), Errno::kSuccess);
      ASSERT_EQ(text, "decoy") << path;
      ASSERT_EQ(guest.call("fd_close", fd), Errno::kSuccess);
    }
  }
  stop = true;
  mover.join();
  EXPECT_GT(opened, 0);
}

TEST(Path, WalkerAgreesWithTheKernel) {
  using host::open_beneath;
  using host::PathResolver;
  TemporaryDirectory directory;
  std::filesystem::create_directories(directory / "a/b");
  directory.write("file", "");
  directory.write("a/file", "");
  std::filesystem::create_symlink("a", directory / "to-a");
  std::filesystem::create_symlink("a/", directory / "to-a-slash");
  std::filesystem::create_symlink("file", directory / "to-file");
  std::filesystem::create_symlink("file/", directory / "to-file-slash");
  std::filesystem::create_symlink("none", directory / "to-none");
  std::filesystem::create_symlink("../file", directory / "a/up");
  std::filesystem::create_symlink("../..", directory / "a/out");
  std::filesystem::create_symlink("/", directory / "root");
  std::filesystem::create_symlink("self", directory / "self");
  const int dir = open(directory.path().c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_GE(dir, 0);
  const std::string_view parts[] = {
      ".",       "..", "a",   "b",    "file", "to-a", "to-a-slash", "to-file", "to-file-slash",
      "to-none", "up", "out", "root", "self", "none"};
  std::vector<std::string> paths;
  for (const auto first : parts) {
    for (const auto second : parts) {
      for (const char* end : {"", "/", "//", "/.", "/..", "/file"}) {
        paths.push_back(std::string(first) + end);
        paths.push_back(std::string(first) + "/" + std::string(second) + end);
      }
    }
  }
  int successes = 0;
  for (const std::string& path : paths) {
    for (const int flags : {O_RDONLY, O_RDONLY | O_NOFOLLOW, O_PATH, O_PATH | O_NOFOLLOW, O_DIRECTORY | O_RDONLY,
                            O_PATH | O_DIRECTORY, O_DIRECTORY | O_NOFOLLOW, O_RDWR, O_CREAT | O_EXCL | O_RDWR}) {
      const auto kernel = open_beneath(dir, path, flags, 0600, PathResolver::kKernelFirst);
      struct stat kernel_stat, walker_stat;
      if (kernel) ASSERT_EQ(fstat(kernel->get(), &kernel_stat), 0);
      if (kernel && (flags & O_CREAT) != 0) ASSERT_EQ(unlinkat(dir, path.c_str(), 0), 0) << path;
      const auto walker = open_beneath(dir, path, flags, 0600, PathResolver::kWalker);
      if (walker && (flags & O_CREAT) != 0) ASSERT_EQ(unlinkat(dir, path.c_str(), 0), 0) << path;
      ASSERT_EQ(kernel ? Errno::kSuccess : kernel.error(), walker ? Errno::kSuccess : walker.error())
          << path << " with flags " << flags;
      if (!kernel) continue;
      ++successes;
      ASSERT_EQ(fstat(walker->get(), &walker_stat), 0);
      if ((flags & O_CREAT) == 0) ASSERT_EQ(kernel_stat.st_ino, walker_stat.st_ino) << path << " with flags " << flags;
    }
  }
  EXPECT_GT(successes, 500);
  close(dir);
}

/// Makes openat2 fail with `code` in this process for good.
void deny_openat2(int code) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<uint32_t>(code)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {std::size(filter), filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    _exit(77);
  }
}

// As in containers whose seccomp profile is older than openat2, and on kernels before 5.6.
TEST(Path, WalksWhereTheKernelRefuses) {
  TemporaryDirectory directory;
  directory.write("file", "content");
  for (const int code : {ENOSYS, EPERM}) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      deny_openat2(code);
      if (syscall(SYS_openat2, AT_FDCWD, "/", nullptr, 0) != -1 || errno != code) _exit(1);
      TestGuest guest(WasiConfig().preopen(directory.path(), "/"));
      if (guest.open(kRoot, "./file", 0, Rights::kFdRead) != Errno::kSuccess) _exit(2);
      if (guest.open(kRoot, "../etc", 0, Rights::kFdRead) != Errno::kNotcapable) _exit(3);
      if (guest.open(kRoot, "none", 0, Rights::kFdRead) != Errno::kNoent) _exit(4);
      _exit(0);
    }
    int status;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no seccomp here";
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
}

}  // namespace
}  // namespace wherry::wasi
