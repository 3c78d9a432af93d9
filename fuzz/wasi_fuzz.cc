// Sequences of WASI calls with hostile arguments, against a preopen in a directory of its own. Checks that nothing next
// to the preopen is read or changed, that no call writes outside the guest's memory (AddressSanitizer), and that all
// return.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wasi/host/context.h"
#include "wasi/preview1.h"
#include "wherry/wasi.h"

namespace {

namespace fs = std::filesystem;
using namespace wherry;
using namespace wherry::wasi;

constexpr uint32_t kMemorySize = 16 << 10;
constexpr std::string_view kSecret = "wherry-fuzz-secret";

// Parts of paths worth trying; where in memory each stands is fixed, so that a few bytes of input name them.
constexpr std::string_view kWords[] = {".",          "..",
                                       "a",          "b",
                                       "a/b",        "a/../b",
                                       "../outside", "up",
                                       "up/secret",  "abs",
                                       "abs/secret", "a/",
                                       "b//",        "a/b/../../..",
                                       "f",          "f/",
                                       "a/f",        "self",
                                       "../..",      "/",
                                       "/etc",       "to-a",
                                       "to-a/../f",  "dangling",
                                       "up/new",     "",
                                       "a/up2",      "up2/outside/secret",
                                       "..\0x",      "../outside/secret"};
constexpr uint32_t kWordSize = 32;
constexpr uint32_t kWordsAt = 0x1000;
constexpr uint32_t kVectorsAt = 0x100;  ///< iovecs over the buffer at 0x2000.

/// The world: inside/ is the preopen, outside/ must stay as it is.
class World {
 public:
  World() {
    std::string name = (fs::temp_directory_path() / "wherry-wasi-fuzz-XXXXXX").string();
    root_ = mkdtemp(name.data());
    fs::create_directory(root_ / "outside");
    std::ofstream(root_ / "outside/secret") << kSecret;
    reset();
    before_ = outside();
  }
  ~World() { fs::remove_all(root_); }

  /// The preopen as every run finds it.
  void reset() {
    if (!dirty_) return;
    dirty_ = false;
    const fs::path inside = root_ / "inside";
    std::error_code ignored;
    fs::remove_all(inside, ignored);
    fs::create_directories(inside / "a/b");
    fs::create_directory(inside / "b");
    std::ofstream(inside / "f") << "f";
    std::ofstream(inside / "a/f") << "af";
    fs::create_symlink("../outside", inside / "up");
    fs::create_symlink("../../outside", inside / "a/up2");
    fs::create_symlink(root_ / "outside", inside / "abs");
    fs::create_symlink("a", inside / "to-a");
    fs::create_symlink("a/none", inside / "dangling");
    fs::create_symlink("self", inside / "self");
  }
  /// What a call may have changed is made anew for the next run.
  void note(std::string_view function, host::Errno result) {
    constexpr std::string_view kHarmless[] = {"path_filestat_get", "path_readlink", "fd_read", "fd_pread",
                                              "fd_readdir"};
    if (result != host::Errno::kSuccess || std::ranges::find(kHarmless, function) != std::end(kHarmless)) return;
    dirty_ |= function.starts_with("path_") || function.starts_with("fd_");
  }
  fs::path inside() const { return root_ / "inside"; }
  void check() const {
    if (outside() != before_) abort();
  }

 private:
  std::string outside() const {
    std::string text;
    for (const char* path : {"", "outside", "outside/secret"}) {
      struct stat s;
      if (lstat((root_ / path).c_str(), &s) != 0) abort();
      // Of the root only its entries: two directories and nothing else.
      text += std::to_string(s.st_ino) + ' ' + std::to_string(s.st_mode) + ' ' + std::to_string(s.st_nlink) + ' ';
      if (*path != 0) text += std::to_string(s.st_mtim.tv_sec) + '.' + std::to_string(s.st_mtim.tv_nsec) + ' ';
    }
    for (const auto& entry : fs::directory_iterator(root_ / "outside")) text += entry.path().filename();
    std::ifstream in(root_ / "outside/secret");
    return text + std::string(std::istreambuf_iterator<char>(in), {});
  }

  fs::path root_;
  std::string before_;
  bool dirty_ = true;
};

class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  bool empty() const { return size_ == 0; }
  uint8_t byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  uint64_t number(int bytes) {
    uint64_t result = 0;
    for (int i = 0; i < bytes; ++i) result |= uint64_t{byte()} << (8 * i);
    return result;
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

/// Waits for nothing: a guest may ask to sleep for years.
class Impatient final : public host::Waiter {
 public:
  bool interrupted() const override { return true; }
};

void fill(std::vector<uint8_t>& memory) {
  uint32_t at = kWordsAt;
  for (const std::string_view word : kWords) {
    memcpy(memory.data() + at, word.data(), word.size());
    at += kWordSize;
  }
  const uint32_t vectors[] = {0x2000, 64, 0x2100, 0, 0x2200, 16, kMemorySize - 8, 16, 0xffffff00, 0x200};
  memcpy(memory.data() + kVectorsAt, vectors, sizeof vectors);
}

/// An argument: mostly one that makes sense somewhere.
uint64_t argument(Input& input, char type, uint32_t* next_length) {
  if (*next_length != ~0u) return std::exchange(*next_length, ~0u);
  const uint8_t kind = input.byte();
  switch (kind % 8) {
    case 0:
    case 1:
      return kind / 8;  // Descriptors, flags, small numbers.
    case 2: {           // A path: its length comes next.
      const uint32_t word = (kind / 8) % std::size(kWords);
      *next_length = static_cast<uint32_t>(kWords[word].size());
      return kWordsAt + word * kWordSize;
    }
    case 3:
      return uint64_t{kind / 8u} * 0x100;  // The vectors, results, buffers.
    case 4:
      return type == 'I' ? (uint64_t{1} << 30) - 1 : 0x2000;  // All rights, or a buffer.
    case 5:
      return kMemorySize - kind / 8;
    case 6:
      return input.number(2);
    default:
      return input.number(type == 'I' ? 8 : 4);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static World world;
  Input input(data, size);
  world.reset();
  const uint8_t options = input.byte();
  WasiConfig config;
  config.arg("app").env("A", "b").standard_input(WasiStream::bytes("input")).random_seed(1);
  config.preopen(world.inside(), "/", (options & 1) != 0 ? WasiAccess::kReadOnly : WasiAccess::kReadWrite);
  config.walk_paths((options & 2) != 0);
  config.network_rule("listen:loopback:0").network_rule("connect:udp:127.0.0.1:9").network_rule("connect:unix:@none");
  const auto wasi = Wasi::make(config);
  if (!wasi) abort();
  Preview1 preview1(wasi->impl());
  std::vector<uint8_t> memory(kMemorySize);
  fill(memory);
  Impatient waiter;

  std::vector<Preview1Function> functions(preview1_functions().begin(), preview1_functions().end());
  functions.insert(functions.end(), socket_functions().begin(), socket_functions().end());
  for (int calls = 0; calls < 64 && !input.empty(); ++calls) {
    const Preview1Function& function = functions[input.byte() % functions.size()];
    uint64_t slots[10] = {};
    uint32_t next_length = ~0u;
    for (size_t i = 0; i < function.params.size(); ++i) {
      slots[i] = argument(input, function.params[i], &next_length);
      if (function.params[i] == 'i') slots[i] = static_cast<uint32_t>(slots[i]);
    }
    // Without end or disk: sleeping, and files of terabytes.
    if (function.name.ends_with("poll_oneoff")) continue;
    if (function.name == "fd_allocate" || function.name == "fd_filestat_set_size")
      slots[1] &= 0xfffff, slots[2] &= 0xfffff;
    if (function.name == "fd_sync" || function.name == "fd_datasync") continue;
    Call call = {
        .memory = GuestMemory(memory), .abi = (options & 4) != 0 ? Abi::kUnstable : Abi::kPreview1, .waiter = waiter};
    world.note(function.name, function.invoke(preview1, call, slots));
  }
  world.check();
  const std::string_view seen(reinterpret_cast<const char*>(memory.data()), memory.size());
  if (seen.find(kSecret) != seen.npos) abort();
  return 0;
}
