// Files and directories through preview 1, with the kernel's path resolution and with the walker.
#include <fcntl.h>
#include <sys/stat.h>

#include <set>

#include "guest.h"

namespace wherry::wasi {
namespace {

constexpr uint32_t kCreate = 1, kDirectory = 2, kExclusive = 4, kTruncate = 8;
constexpr uint32_t kAppend = 1, kNonblock = 4, kSync = 16;
constexpr uint64_t kReadWrite = Rights::kFdRead | Rights::kFdWrite | Rights::kFdSeek;
constexpr uint32_t kRoot = 3;  // The preopen.

class Files : public testing::TestWithParam<bool> {
 protected:
  WasiConfig config(WasiAccess access = WasiAccess::kReadWrite) {
    return WasiConfig().preopen(directory.path(), "/dir", access).walk_paths(GetParam());
  }

  TemporaryDirectory directory;
};

INSTANTIATE_TEST_SUITE_P(Resolvers, Files, testing::Bool(),
                         [](const auto& info) { return info.param ? "Walker" : "Kernel"; });

TEST_P(Files, ReadsAndWrites) {
  TestGuest guest(config());
  const uint32_t fd = guest.opened(kRoot, "file", kCreate, kReadWrite);
  EXPECT_EQ(guest.write(fd, "hello"), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(), 5u);
  EXPECT_EQ(directory.read("file"), "hello");

  EXPECT_EQ(guest.call("fd_seek", fd, static_cast<uint64_t>(-4), 2, TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint64_t>(), 1u);
  std::string text;
  EXPECT_EQ(guest.read(fd, 2, &text), Errno::kSuccess);
  EXPECT_EQ(text, "el");
  EXPECT_EQ(guest.call("fd_tell", fd, TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint64_t>(), 3u);
  EXPECT_EQ(guest.call("fd_seek", fd, static_cast<uint64_t>(-4), 1, TestGuest::kOut), Errno::kInval);
  EXPECT_EQ(guest.call("fd_seek", fd, 0, 3, TestGuest::kOut), Errno::kInval);

  EXPECT_EQ(guest.call("fd_close", fd), Errno::kSuccess);
  EXPECT_EQ(guest.call("fd_close", fd), Errno::kBadf);
  EXPECT_EQ(guest.read(fd, 2, &text), Errno::kBadf);
}

TEST_P(Files, GathersAndScatters) {
  TestGuest guest(config());
  const uint32_t fd = guest.opened(kRoot, "file", kCreate, kReadWrite);
  memcpy(guest.memory().data() + 500, "abcdef", 6);
  // Many vectors, most of them empty.
  std::vector<uint32_t> vectors;
  for (uint32_t i = 0; i < 3000; ++i) {
    vectors.push_back(500 + i % 6);
    vectors.push_back(i % 500 == 0 ? 1 : 0);
  }
  memcpy(guest.memory().data() + 0x10000, vectors.data(), vectors.size() * 4);
  EXPECT_EQ(guest.call("fd_write", fd, 0x10000, 3000, TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(), 6u);
  EXPECT_EQ(directory.read("file"), "aceace");

  const uint32_t scatter[] = {600, 2, 610, 0, 620, 100};
  EXPECT_EQ(guest.call("fd_pread", fd, guest.put(scatter), 3, 1, TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(), 5u);
  EXPECT_EQ(guest.text(600, 3), std::string("ce\0", 3));
  EXPECT_EQ(guest.text(620, 4), std::string("ace\0", 4));

  // More than a system call takes: a short write.
  for (uint32_t i = 0; i < 3000; ++i) vectors[2 * i + 1] = 1;
  memcpy(guest.memory().data() + 0x10000, vectors.data(), vectors.size() * 4);
  EXPECT_EQ(guest.call("fd_pwrite", fd, 0x10000, 3000, 0, TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(), 1024u);
}

TEST_P(Files, RefusesVectorsOutOfBounds) {
  TestGuest guest(config());
  const uint32_t fd = guest.opened(kRoot, "file", kCreate, kReadWrite);
  const uint32_t outside[] = {8, 8, TestGuest::kMemorySize - 4, 8};
  EXPECT_EQ(guest.call("fd_write", fd, guest.put(outside), 2, TestGuest::kOut), Errno::kFault);
  const uint32_t wraps[] = {0xfffffff0u, 0x20};
  EXPECT_EQ(guest.call("fd_write", fd, guest.put(wraps), 1, TestGuest::kOut), Errno::kFault);
  EXPECT_EQ(guest.call("fd_write", fd, 8, 0xffffffffu, TestGuest::kOut), Errno::kFault);
  EXPECT_EQ(guest.call("fd_write", fd, 8, 0x20000000u, TestGuest::kOut), Errno::kFault);
  const uint32_t good[] = {8, 8};
  // A result that cannot be stored: nothing is written.
  EXPECT_EQ(guest.call("fd_write", fd, guest.put(good), 1, TestGuest::kMemorySize - 3), Errno::kFault);
  EXPECT_EQ(directory.read("file"), "");
}

TEST_P(Files, Appends) {
  directory.write("file", "one");
  TestGuest guest(config());
  const uint32_t fd =
      guest.opened(kRoot, "file", 0, kReadWrite | Rights::kFdFdstatSetFlags, 0, kAppend | kSync | kNonblock);
  struct {
    uint8_t type, pad;
    uint16_t flags;
  } stat;
  EXPECT_EQ(guest.call("fd_fdstat_get", fd, TestGuest::kOut), Errno::kSuccess);
  stat = guest.get<decltype(stat)>();
  EXPECT_EQ(stat.type, 4);
  EXPECT_EQ(stat.flags, kAppend | kSync | kNonblock);
  EXPECT_EQ(guest.write(fd, "two"), Errno::kSuccess);
  EXPECT_EQ(directory.read("file"), "onetwo");
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", fd, 0), Errno::kSuccess);
  EXPECT_EQ(guest.call("fd_fdstat_get", fd, TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.get<decltype(stat)>().flags, kSync);
  EXPECT_EQ(guest.call("fd_seek", fd, 0, 0, TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.write(fd, "ONE"), Errno::kSuccess);
  EXPECT_EQ(directory.read("file"), "ONEtwo");
  EXPECT_EQ(guest.call("fd_fdstat_set_flags", fd, 32), Errno::kInval);
}

TEST_P(Files, OpensAsAsked) {
  directory.write("file", "content");
  TestGuest guest(config());
  EXPECT_EQ(guest.open(kRoot, "none", 0, Rights::kFdRead), Errno::kNoent);
  EXPECT_EQ(guest.open(kRoot, "file", kCreate | kExclusive, Rights::kFdWrite), Errno::kExist);
  EXPECT_EQ(guest.open(kRoot, "file", kDirectory, Rights::kFdRead), Errno::kNotdir);
  EXPECT_EQ(guest.open(kRoot, ".", kDirectory, Rights::kFdRead | Rights::kFdWrite), Errno::kIsdir);
  EXPECT_EQ(guest.open(kRoot, "new", kCreate | kDirectory), Errno::kInval);
  EXPECT_EQ(guest.open(kRoot, "file", 16), Errno::kInval);
  EXPECT_EQ(guest.open(kRoot, "file", 0, 0, 0, 32), Errno::kInval);
  EXPECT_EQ(guest.call("path_open", kRoot, 2, guest.put("file"), 4, 0, 0, 0, 0, TestGuest::kOut), Errno::kInval);
  EXPECT_EQ(guest.open(kRoot, ""), Errno::kNoent);
  EXPECT_EQ(guest.open(kRoot, std::string(5000, 'x')), Errno::kNametoolong);
  EXPECT_EQ(guest.open(kRoot, std::string(300, 'x')), Errno::kNametoolong);
  EXPECT_EQ(guest.open(kRoot, std::string_view("file\0", 5)), Errno::kIlseq);
  EXPECT_EQ(guest.open(kRoot, "file/"), Errno::kNotdir);
  EXPECT_EQ(guest.open(kRoot, "new/", kCreate), Errno::kIsdir);
  EXPECT_EQ(guest.open(99, "file"), Errno::kBadf);
  EXPECT_EQ(directory.read("file"), "content");
  guest.opened(kRoot, "file", kTruncate, Rights::kFdRead);
  EXPECT_EQ(directory.read("file"), "");
  const uint32_t file = guest.opened(kRoot, "file");
  EXPECT_EQ(guest.open(file, "below"), Errno::kNotdir);
}

TEST_P(Files, KeepsFilesThatNobodyMayWriteTo) {
  TestGuest guest(config());
  directory.write("sealed", "content");
  ASSERT_EQ(chmod((std::filesystem::path(directory.path()) / "sealed").c_str(), 0444), 0);
  EXPECT_EQ(guest.open(kRoot, "sealed", 0, kReadWrite), Errno::kAcces);
  EXPECT_EQ(guest.open(kRoot, "sealed", kTruncate, kReadWrite), Errno::kAcces);
  EXPECT_EQ(guest.open(kRoot, "sealed", kTruncate, Rights::kFdRead), Errno::kAcces);
  EXPECT_EQ(directory.read("sealed"), "content");
  guest.opened(kRoot, "sealed", 0, Rights::kFdRead);
}

TEST_P(Files, DoesNotReuseAClosedNumberAtOnce) {
  directory.write("file", "");
  TestGuest guest(config());
  EXPECT_EQ(guest.opened(kRoot, "file"), 4u);
  EXPECT_EQ(guest.opened(kRoot, "file"), 5u);
  EXPECT_EQ(guest.call("fd_close", 4), Errno::kSuccess);
  EXPECT_EQ(guest.opened(kRoot, "file"), 6u);
  EXPECT_EQ(guest.call("fd_close", 4), Errno::kBadf);
}

TEST_P(Files, Renumbers) {
  directory.write("a", "a");
  directory.write("b", "b");
  TestGuest guest(config());
  const uint32_t a = guest.opened(kRoot, "a", 0, kReadWrite), b = guest.opened(kRoot, "b", 0, kReadWrite);
  EXPECT_EQ(guest.call("fd_renumber", a, b), Errno::kSuccess);
  std::string text;
  EXPECT_EQ(guest.read(b, 1, &text), Errno::kSuccess);
  EXPECT_EQ(text, "a");
  EXPECT_EQ(guest.read(a, 1, &text), Errno::kBadf);
  EXPECT_EQ(guest.call("fd_renumber", b, a), Errno::kBadf);
  EXPECT_EQ(guest.call("fd_renumber", b, b), Errno::kSuccess);
  EXPECT_EQ(guest.call("fd_renumber", b, 0xffffffff), Errno::kBadf);
  EXPECT_NE(guest.opened(kRoot, "a"), a);
}

struct FileStat {
  uint64_t device, inode;
  uint8_t type, pad[7];
  uint64_t links, size, accessed, modified, changed;
};
static_assert(sizeof(FileStat) == 64);

TEST_P(Files, Stats) {
  directory.write("file", "12345");
  std::filesystem::create_hard_link(directory / "file", directory / "same");
  std::filesystem::create_symlink("file", directory / "link");
  struct stat host;
  ASSERT_EQ(::stat((directory / "file").c_str(), &host), 0);
  TestGuest guest(config());
  for (const bool follow : {false, true}) {
    ASSERT_EQ(guest.stat(kRoot, "same", follow), Errno::kSuccess);
    const auto stat = guest.get<FileStat>();
    EXPECT_EQ(stat.device, host.st_dev);
    EXPECT_EQ(stat.inode, host.st_ino);
    EXPECT_EQ(stat.type, 4);
    EXPECT_EQ(stat.links, 2u);
    EXPECT_EQ(stat.size, 5u);
    EXPECT_EQ(stat.modified, static_cast<uint64_t>(host.st_mtim.tv_sec) * 1'000'000'000 + host.st_mtim.tv_nsec);
  }
  ASSERT_EQ(guest.stat(kRoot, "link", false), Errno::kSuccess);
  EXPECT_EQ(guest.get<FileStat>().type, 7);
  ASSERT_EQ(guest.stat(kRoot, "link", true), Errno::kSuccess);
  EXPECT_EQ(guest.get<FileStat>().type, 4);
  ASSERT_EQ(guest.stat(kRoot, ".", true), Errno::kSuccess);
  EXPECT_EQ(guest.get<FileStat>().type, 3);
  EXPECT_EQ(guest.stat(kRoot, "none", true), Errno::kNoent);

  // The older snapshot: 56 bytes, links in 32 bits.
  guest.abi = Abi::kUnstable;
  guest.memory()[TestGuest::kOut + 56] = 0xaa;
  ASSERT_EQ(guest.stat(kRoot, "same", false), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint8_t>(TestGuest::kOut + 16), 4);
  EXPECT_EQ(guest.get<uint32_t>(TestGuest::kOut + 20), 2u);
  EXPECT_EQ(guest.get<uint64_t>(TestGuest::kOut + 24), 5u);
  EXPECT_EQ(guest.get<uint8_t>(TestGuest::kOut + 56), 0xaa);
}

TEST_P(Files, SeeksAsTheOlderSnapshotDoes) {
  directory.write("file", "0123456789");
  TestGuest guest(config());
  guest.abi = Abi::kUnstable;
  const uint32_t fd = guest.opened(kRoot, "file", 0, kReadWrite);
  constexpr uint32_t kCur = 0, kEnd = 1, kSet = 2;
  EXPECT_EQ(guest.call("fd_seek", fd, 4, kSet, TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint64_t>(), 4u);
  EXPECT_EQ(guest.call("fd_seek", fd, 2, kCur, TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint64_t>(), 6u);
  EXPECT_EQ(guest.call("fd_seek", fd, static_cast<uint64_t>(-1), kEnd, TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint64_t>(), 9u);
}

TEST_P(Files, SetsTimes) {
  directory.write("file", "");
  std::filesystem::create_symlink("file", directory / "link");
  TestGuest guest(config());
  constexpr uint32_t kAccessed = 1, kAccessedNow = 2, kModified = 4, kModifiedNow = 8;
  ASSERT_EQ(guest.set_times(kRoot, "file", false, 1'000'000'007, 2'000'000'009, kAccessed | kModified),
            Errno::kSuccess);
  ASSERT_EQ(guest.stat(kRoot, "file", false), Errno::kSuccess);
  EXPECT_EQ(guest.get<FileStat>().accessed, 1'000'000'007u);
  EXPECT_EQ(guest.get<FileStat>().modified, 2'000'000'009u);
  // The link itself, then what it points to.
  ASSERT_EQ(guest.set_times(kRoot, "link", false, 0, 3'000'000'000, kModified), Errno::kSuccess);
  ASSERT_EQ(guest.stat(kRoot, "link", false), Errno::kSuccess);
  EXPECT_EQ(guest.get<FileStat>().modified, 3'000'000'000u);
  ASSERT_EQ(guest.stat(kRoot, "file", false), Errno::kSuccess);
  EXPECT_EQ(guest.get<FileStat>().modified, 2'000'000'009u);
  ASSERT_EQ(guest.set_times(kRoot, "link", true, 0, 4'000'000'000, kModified), Errno::kSuccess);
  ASSERT_EQ(guest.stat(kRoot, "file", false), Errno::kSuccess);
  EXPECT_EQ(guest.get<FileStat>().modified, 4'000'000'000u);
  EXPECT_EQ(guest.get<FileStat>().accessed, 1'000'000'007u);
  ASSERT_EQ(guest.set_times(kRoot, "file", true, 0, 0, kModifiedNow), Errno::kSuccess);
  ASSERT_EQ(guest.stat(kRoot, "file", false), Errno::kSuccess);
  EXPECT_GT(guest.get<FileStat>().modified, 1'600'000'000'000'000'000u);
  EXPECT_EQ(guest.set_times(kRoot, "file", true, 0, 0, kModified | kModifiedNow), Errno::kInval);
  EXPECT_EQ(guest.set_times(kRoot, "file", true, 0, 0, kAccessed | kAccessedNow), Errno::kInval);
  EXPECT_EQ(guest.set_times(kRoot, "file", true, 0, 0, 16), Errno::kInval);

  const uint32_t fd = guest.opened(kRoot, "file", 0, Rights::kFdFilestatSetTimes | Rights::kFdFilestatGet);
  ASSERT_EQ(guest.call("fd_filestat_set_times", fd, 5, 6, kAccessed | kModified), Errno::kSuccess);
  ASSERT_EQ(guest.call("fd_filestat_get", fd, TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.get<FileStat>().accessed, 5u);
  EXPECT_EQ(guest.get<FileStat>().modified, 6u);
}

TEST_P(Files, SizesAllocatesAdvisesAndSyncs) {
  TestGuest guest(config());
  const uint32_t fd = guest.opened(kRoot, "file", kCreate, Rights::kFile);
  EXPECT_EQ(guest.call("fd_filestat_set_size", fd, 100), Errno::kSuccess);
  EXPECT_EQ(std::filesystem::file_size(directory / "file"), 100u);
  EXPECT_EQ(guest.call("fd_filestat_set_size", fd, ~uint64_t{0}), Errno::kInval);
  const Errno allocated = guest.call("fd_allocate", fd, 90, 20);
  if (allocated != Errno::kNotsup) {
    EXPECT_EQ(allocated, Errno::kSuccess);
    EXPECT_EQ(std::filesystem::file_size(directory / "file"), 110u);
  }
  EXPECT_EQ(guest.call("fd_allocate", fd, 0, 0), Errno::kInval);
  EXPECT_EQ(guest.call("fd_allocate", fd, ~uint64_t{0}, 2), Errno::kFbig);
  for (uint32_t advice = 0; advice < 6; ++advice) {
    EXPECT_EQ(guest.call("fd_advise", fd, 0, 10, advice), Errno::kSuccess) << advice;
  }
  EXPECT_EQ(guest.call("fd_advise", fd, 0, 10, 6), Errno::kInval);
  EXPECT_EQ(guest.call("fd_advise", fd, ~uint64_t{0}, 10, 0), Errno::kInval);
  EXPECT_EQ(guest.call("fd_sync", fd), Errno::kSuccess);
  EXPECT_EQ(guest.call("fd_datasync", fd), Errno::kSuccess);
  EXPECT_EQ(guest.call("fd_sync", kRoot), Errno::kSuccess);
}

TEST_P(Files, MakesAndRemovesEntries) {
  TestGuest guest(config());
  EXPECT_EQ(guest.path_call("path_create_directory", kRoot, "a"), Errno::kSuccess);
  EXPECT_EQ(guest.path_call("path_create_directory", kRoot, "a/b/"), Errno::kSuccess);
  EXPECT_EQ(guest.path_call("path_create_directory", kRoot, "a"), Errno::kExist);
  EXPECT_EQ(guest.path_call("path_create_directory", kRoot, "."), Errno::kExist);
  EXPECT_EQ(guest.path_call("path_create_directory", kRoot, "a/.."), Errno::kExist);
  EXPECT_EQ(guest.path_call("path_create_directory", kRoot, "none/b"), Errno::kNoent);
  EXPECT_EQ(guest.path_call("path_remove_directory", kRoot, "a"), Errno::kNotempty);
  EXPECT_EQ(guest.path_call("path_unlink_file", kRoot, "a"), Errno::kIsdir);
  EXPECT_EQ(guest.path_call("path_remove_directory", kRoot, "a/b"), Errno::kSuccess);
  EXPECT_EQ(guest.path_call("path_remove_directory", kRoot, "a/"), Errno::kSuccess);
  EXPECT_EQ(guest.path_call("path_remove_directory", kRoot, "."), Errno::kInval);
  directory.write("file", "");
  EXPECT_EQ(guest.path_call("path_remove_directory", kRoot, "file"), Errno::kNotdir);
  EXPECT_EQ(guest.path_call("path_unlink_file", kRoot, "file/"), Errno::kNotdir);
  EXPECT_EQ(guest.path_call("path_unlink_file", kRoot, "file"), Errno::kSuccess);
  EXPECT_EQ(guest.path_call("path_unlink_file", kRoot, "file"), Errno::kNoent);
}

TEST_P(Files, LinksAndRenames) {
  TemporaryDirectory other;
  TestGuest guest(config().preopen(other.path(), "/other"));
  constexpr uint32_t kOther = 4;
  directory.write("file", "content");
  EXPECT_EQ(guest.link(kRoot, "file", kOther, "linked"), Errno::kSuccess);
  EXPECT_EQ(other.read("linked"), "content");
  EXPECT_EQ(guest.link(kRoot, "file", kOther, "linked"), Errno::kExist);
  EXPECT_EQ(guest.link(kRoot, "file", kRoot, "new/"), Errno::kNoent);
  EXPECT_EQ(guest.symlink("file", kRoot, "symlink"), Errno::kSuccess);
  EXPECT_EQ(guest.link(kRoot, "symlink", kRoot, "hard"), Errno::kSuccess);
  EXPECT_TRUE(std::filesystem::is_symlink(directory / "hard"));
  EXPECT_EQ(guest.link(kRoot, "symlink", kRoot, "followed", true), Errno::kSuccess);
  EXPECT_FALSE(std::filesystem::is_symlink(directory / "followed"));
  EXPECT_EQ(directory.read("followed"), "content");

  EXPECT_EQ(guest.rename(kRoot, "file", kOther, "moved"), Errno::kSuccess);
  EXPECT_FALSE(std::filesystem::exists(directory / "file"));
  EXPECT_EQ(other.read("moved"), "content");
  EXPECT_EQ(guest.rename(kRoot, "file", kOther, "moved"), Errno::kNoent);
  EXPECT_EQ(guest.rename(kRoot, ".", kOther, "moved"), Errno::kBusy);

  ASSERT_EQ(guest.read_link(kRoot, "symlink", 600, 100), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(), 4u);
  EXPECT_EQ(guest.text(600, 5), std::string("file\0", 5));
  ASSERT_EQ(guest.read_link(kRoot, "symlink", 700, 2), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(), 2u);
  EXPECT_EQ(guest.text(700, 3), std::string("fi\0", 3));
  EXPECT_EQ(guest.read_link(kRoot, "followed", 600, 100), Errno::kInval);
}

struct Dirent {
  uint64_t next, inode;
  uint32_t name_len;
  uint8_t type, pad[3];
};

/// All names, read with a buffer of `size` bytes.
std::multiset<std::string> names(TestGuest& guest, uint32_t dir, uint32_t size) {
  std::multiset<std::string> result;
  uint64_t cookie = 0;
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_EQ(guest.call("fd_readdir", dir, TestGuest::kBuffer, size, cookie, TestGuest::kOut), Errno::kSuccess);
    const auto used = guest.get<uint32_t>();
    uint32_t at = 0;
    while (at + sizeof(Dirent) <= used) {
      const auto entry = guest.get<Dirent>(TestGuest::kBuffer + at);
      if (at + sizeof(Dirent) + entry.name_len > used) break;
      result.insert(guest.text(TestGuest::kBuffer + at + sizeof(Dirent), entry.name_len));
      cookie = entry.next;
      at += sizeof(Dirent) + entry.name_len;
    }
    if (used < size) return result;
  }
  ADD_FAILURE() << "no end";
  return result;
}

TEST_P(Files, ReadsDirectories) {
  std::multiset<std::string> expected = {".", ".."};
  for (int i = 0; i < 200; ++i) {
    const std::string name = "file-" + std::to_string(i) + std::string(static_cast<size_t>(i), 'x');
    directory.write(name, "");
    expected.insert(name);
  }
  TestGuest guest(config());
  for (const uint32_t size : {300u, 512u, 4096u, 100'000u}) EXPECT_EQ(names(guest, kRoot, size), expected) << size;

  // A buffer too small for a header is filled, so that the guest sees it was not the end.
  EXPECT_EQ(guest.call("fd_readdir", kRoot, 600, 10, 0, TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(), 10u);
  EXPECT_EQ(guest.call("fd_readdir", kRoot, 600, 0, 0, TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(), 0u);
  // Any cookie at all: an error or entries, but never harm.
  for (const uint64_t cookie : {uint64_t{1}, uint64_t{12345678}, uint64_t{1} << 63, ~uint64_t{0}}) {
    guest.call("fd_readdir", kRoot, TestGuest::kBuffer, 4096, cookie, TestGuest::kOut);
  }
  const uint32_t file = guest.opened(kRoot, "file-0", 0, Rights::kAll);
  EXPECT_EQ(guest.call("fd_readdir", file, 600, 100, 0, TestGuest::kOut), Errno::kNotdir);
}

TEST_P(Files, HidesTheParentsInode) {
  TestGuest guest(config());
  ASSERT_EQ(guest.call("fd_readdir", kRoot, TestGuest::kBuffer, 4096, 0, TestGuest::kOut), Errno::kSuccess);
  struct stat self;
  ASSERT_EQ(::stat(directory.path().c_str(), &self), 0);
  const auto used = guest.get<uint32_t>();
  for (uint32_t at = 0; at < used;) {
    const auto entry = guest.get<Dirent>(TestGuest::kBuffer + at);
    EXPECT_EQ(entry.inode, self.st_ino);
    EXPECT_EQ(entry.type, 3);
    at += sizeof entry + entry.name_len;
  }
}

TEST_P(Files, KeepsPreopensInOrder) {
  TemporaryDirectory second, third;
  TestGuest guest(config().preopen(third.path(), "third").preopen(second.path(), "/a/second"));
  const std::string_view expected[] = {"/dir", "third", "/a/second"};
  for (uint32_t i = 0; i < 3; ++i) {
    ASSERT_EQ(guest.call("fd_prestat_get", 3 + i, TestGuest::kOut), Errno::kSuccess);
    EXPECT_EQ(guest.get<uint32_t>(), 0u);
    const auto size = guest.get<uint32_t>(TestGuest::kOut + 4);
    ASSERT_EQ(size, expected[i].size());
    EXPECT_EQ(guest.call("fd_prestat_dir_name", 3 + i, 600, size - 1), Errno::kNametoolong);
    ASSERT_EQ(guest.call("fd_prestat_dir_name", 3 + i, 600, size + 1), Errno::kSuccess);
    EXPECT_EQ(guest.text(600, size + 1), std::string(expected[i]) + '\0');
  }
  EXPECT_EQ(guest.call("fd_prestat_get", 6, TestGuest::kOut), Errno::kBadf);
  EXPECT_EQ(guest.call("fd_prestat_get", 1, TestGuest::kOut), Errno::kBadf);
}

TEST_P(Files, EnforcesRights) {
  directory.write("file", "content");
  std::filesystem::create_directory(directory / "sub");
  TestGuest guest(config());
  const uint32_t reader = guest.opened(kRoot, "file", 0, Rights::kFdRead);
  EXPECT_EQ(guest.write(reader, "x"), Errno::kNotcapable);
  EXPECT_EQ(guest.call("fd_tell", reader, TestGuest::kOut), Errno::kNotcapable);
  EXPECT_EQ(guest.call("fd_filestat_get", reader, TestGuest::kOut), Errno::kNotcapable);
  const uint32_t vector[] = {600, 1};
  EXPECT_EQ(guest.call("fd_pread", reader, guest.put(vector), 1, 0, TestGuest::kOut), Errno::kNotcapable);

  const uint32_t sub = guest.opened(kRoot, "sub", kDirectory, Rights::kPathOpen | Rights::kPathCreateFile,
                                    Rights::kFdRead | Rights::kFdSeek);
  EXPECT_EQ(guest.open(sub, "new", kCreate, Rights::kFdWrite), Errno::kNotcapable);
  EXPECT_EQ(guest.open(sub, "new", kCreate | kTruncate, Rights::kFdRead), Errno::kNotcapable);
  EXPECT_EQ(guest.open(sub, "new", kCreate, Rights::kFdRead, 0, kSync), Errno::kNotcapable);
  EXPECT_FALSE(std::filesystem::exists(directory / "sub/new"));
  const uint32_t made = guest.opened(sub, "new", kCreate, Rights::kFdRead | Rights::kFdSeek);
  EXPECT_EQ(guest.path_call("path_unlink_file", sub, "new"), Errno::kNotcapable);
  EXPECT_EQ(guest.path_call("path_create_directory", sub, "x"), Errno::kNotcapable);
  EXPECT_EQ(guest.stat(sub, "new", false), Errno::kNotcapable);
  EXPECT_EQ(guest.rename(sub, "new", kRoot, "moved"), Errno::kNotcapable);
  EXPECT_EQ(guest.rename(kRoot, "file", sub, "moved"), Errno::kNotcapable);
  EXPECT_EQ(guest.call("fd_readdir", sub, 600, 100, 0, TestGuest::kOut), Errno::kNotcapable);

  std::string text;
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", made, Rights::kFdSeek, 0), Errno::kSuccess);
  EXPECT_EQ(guest.read(made, 1, &text), Errno::kNotcapable);
  EXPECT_EQ(guest.call("fd_fdstat_set_rights", made, Rights::kFdSeek | Rights::kFdRead, 0), Errno::kNotcapable);
  EXPECT_EQ(guest.call("fd_fdstat_get", made, TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint64_t>(TestGuest::kOut + 8), Rights::kFdSeek);
}

TEST_P(Files, SaysThatADirectoryIsOne) {
  TestGuest guest(config());
  std::string text;
  EXPECT_EQ(guest.read(kRoot, 1, &text), Errno::kIsdir);
  EXPECT_EQ(guest.write(kRoot, "x"), Errno::kIsdir);
  EXPECT_EQ(guest.call("fd_seek", kRoot, 1, 0, TestGuest::kOut), Errno::kIsdir);
  EXPECT_EQ(guest.call("fd_tell", kRoot, TestGuest::kOut), Errno::kIsdir);
  EXPECT_EQ(guest.call("fd_allocate", kRoot, 0, 1), Errno::kIsdir);
}

TEST_P(Files, KeepsReadOnlyPreopensAsTheyAre) {
  TemporaryDirectory scratch;
  directory.write("file", "content");
  std::filesystem::create_directory(directory / "sub");
  directory.write("sub/file", "content");
  std::filesystem::last_write_time(directory / "file", std::filesystem::file_time_type{});
  const auto before = std::filesystem::last_write_time(directory / "file");
  TestGuest guest(config(WasiAccess::kReadOnly).preopen(scratch.path(), "/scratch"));
  constexpr uint32_t kScratch = 4;
  scratch.write("mine", "");
  constexpr uint32_t kModifiedNow = 8;
  const uint32_t sub = guest.opened(kRoot, "sub", kDirectory, Rights::kDirectory, Rights::kAll);
  for (const uint32_t dir : {kRoot, sub}) {
    EXPECT_EQ(guest.open(dir, "file", 0, Rights::kFdWrite), Errno::kRofs);
    EXPECT_EQ(guest.open(dir, "file", 0, Rights::kFdAllocate), Errno::kRofs);
    EXPECT_EQ(guest.open(dir, "file", kTruncate, Rights::kFdRead), Errno::kRofs);
    EXPECT_EQ(guest.open(dir, "new", kCreate, Rights::kFdRead), Errno::kRofs);
    EXPECT_EQ(guest.open(dir, "file", kCreate, Rights::kFdRead), Errno::kSuccess);
    EXPECT_EQ(guest.path_call("path_create_directory", dir, "new"), Errno::kRofs);
    EXPECT_EQ(guest.path_call("path_unlink_file", dir, "file"), Errno::kRofs);
    EXPECT_EQ(guest.path_call("path_remove_directory", dir, "sub"), Errno::kRofs);
    EXPECT_EQ(guest.rename(dir, "file", kScratch, "file"), Errno::kRofs);
    EXPECT_EQ(guest.rename(kScratch, "mine", dir, "mine"), Errno::kRofs);
    EXPECT_EQ(guest.link(dir, "file", kScratch, "file"), Errno::kRofs);
    EXPECT_EQ(guest.link(kScratch, "mine", dir, "mine"), Errno::kRofs);
    EXPECT_EQ(guest.symlink("file", dir, "symlink"), Errno::kRofs);
    EXPECT_EQ(guest.set_times(dir, "file", false, 0, 0, kModifiedNow), Errno::kRofs);
    EXPECT_EQ(guest.call("fd_filestat_set_times", dir, 0, 0, kModifiedNow), Errno::kRofs);
    const uint32_t fd = guest.opened(dir, "file", 0, (Rights::kFile & ~Rights::kWriting));
    std::string text;
    EXPECT_EQ(guest.read(fd, 100, &text), Errno::kSuccess);
    EXPECT_EQ(text, "content");
    EXPECT_EQ(guest.call("fd_filestat_set_times", fd, 0, 0, kModifiedNow), Errno::kRofs);
  }
  EXPECT_EQ(std::filesystem::last_write_time(directory / "file"), before);
  EXPECT_EQ(directory.read("file"), "content");
}

}  // namespace
}  // namespace wherry::wasi
