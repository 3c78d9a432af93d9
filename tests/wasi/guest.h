// A guest without code: a memory, and calls by name through the table of functions.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <concepts>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "wasi/host/errno.h"
#include "wasi/preview1.h"
#include "wasi/rights.h"
#include "wherry/wasi.h"

namespace wherry::wasi {

using host::Errno;

inline void PrintTo(const Preview1Function& function, std::ostream* out) { *out << function.name; }

/// A new directory, removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "wherry-wasi-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  void write(std::string_view name, std::string_view text) const { std::ofstream(path_ / name) << text; }
  std::string read(std::string_view name) const {
    std::ifstream in(path_ / name);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }

 private:
  std::filesystem::path path_;
};

class TestGuest {
 public:
  static constexpr uint32_t kMemorySize = 1 << 20;
  static constexpr uint32_t kScratch = 0x1000;  ///< Where put() begins.
  static constexpr uint32_t kOut = 0x100;       ///< For results.

  explicit TestGuest(const WasiConfig& config) : wasi_(Wasi::make(config).value()), memory_(kMemorySize) {}

  /// Calls a function of preview 1, or of the unstable snapshot if `abi` says so.
  Errno call(std::string_view name, std::convertible_to<uint64_t> auto... args) {
    for (const auto table : {preview1_functions(), socket_functions()}) {
      for (const Preview1Function& function : table) {
        // The number of parameters tells versions of one function apart.
        if (function.name != name || function.params.size() != sizeof...(args)) continue;
        const uint64_t slots[] = {static_cast<uint64_t>(args)..., 0};
        Preview1 preview1(wasi_.impl());
        Call one = {.memory = GuestMemory(memory_), .abi = abi, .waiter = *waiter};
        const Errno result = function.invoke(preview1, one, slots);
        exit_code = one.exit_code;
        scratch_ = kScratch;
        return result;
      }
    }
    ADD_FAILURE() << "no function " << name << " with " << sizeof...(args) << " parameters";
    return Errno::kNosys;
  }

  /// Puts a value in the memory for the next call; returns its address.
  template <class T>
    requires std::is_trivially_copyable_v<T>
  uint32_t put(const T& value) {
    return put_bytes(&value, sizeof value);
  }
  uint32_t put(std::string_view text) { return put_bytes(text.data(), text.size()); }
  template <class T>
  T get(uint32_t address = kOut) const {
    T value;
    memcpy(&value, memory_.data() + address, sizeof value);
    return value;
  }
  std::string text(uint32_t address, size_t size) const {
    return {reinterpret_cast<const char*>(memory_.data()) + address, size};
  }
  std::vector<uint8_t>& memory() { return memory_; }

  // The calls that tests make most.
  Errno open(uint32_t dir, std::string_view path, uint32_t open_flags = 0, uint64_t rights = 0, uint64_t inheriting = 0,
             uint32_t flags = 0, bool follow = false) {
    return call("path_open", dir, follow ? 1 : 0, put(path), path.size(), open_flags, rights, inheriting, flags, kOut);
  }
  /// The number of the descriptor opened; the test fails if there is none.
  uint32_t opened(uint32_t dir, std::string_view path, uint32_t open_flags = 0, uint64_t rights = 0,
                  uint64_t inheriting = 0, uint32_t flags = 0, bool follow = false) {
    EXPECT_EQ(open(dir, path, open_flags, rights, inheriting, flags, follow), Errno::kSuccess) << path;
    return get<uint32_t>();
  }
  Errno path_call(std::string_view name, uint32_t dir, std::string_view path) {
    return call(name, dir, put(path), path.size());
  }
  Errno stat(uint32_t dir, std::string_view path, bool follow) {
    return call("path_filestat_get", dir, follow ? 1 : 0, put(path), path.size(), kOut);
  }
  Errno link(uint32_t from_dir, std::string_view from, uint32_t to_dir, std::string_view to, bool follow = false) {
    return call("path_link", from_dir, follow ? 1 : 0, put(from), from.size(), to_dir, put(to), to.size());
  }
  Errno rename(uint32_t from_dir, std::string_view from, uint32_t to_dir, std::string_view to) {
    return call("path_rename", from_dir, put(from), from.size(), to_dir, put(to), to.size());
  }
  Errno symlink(std::string_view target, uint32_t dir, std::string_view path) {
    return call("path_symlink", put(target), target.size(), dir, put(path), path.size());
  }
  Errno set_times(uint32_t dir, std::string_view path, bool follow, uint64_t accessed, uint64_t modified,
                  uint32_t which) {
    return call("path_filestat_set_times", dir, follow ? 1 : 0, put(path), path.size(), accessed, modified, which);
  }
  Errno read_link(uint32_t dir, std::string_view path, uint32_t buffer, uint32_t size) {
    return call("path_readlink", dir, put(path), path.size(), buffer, size, kOut);
  }
  Errno write(uint32_t fd, std::string_view text) {
    const uint32_t at = put(text);
    const uint32_t vector[] = {at, static_cast<uint32_t>(text.size())};
    return call("fd_write", fd, put(vector), 1, kOut);
  }
  Errno read(uint32_t fd, uint32_t size, std::string* into) {
    const uint32_t vector[] = {kBuffer, size};
    const Errno result = call("fd_read", fd, put(vector), 1, kOut);
    if (result == Errno::kSuccess) *into = text(kBuffer, get<uint32_t>());
    return result;
  }

  static constexpr uint32_t kBuffer = 0x8000;  ///< For data read.

  Abi abi = Abi::kPreview1;
  host::Waiter* waiter = &plain_waiter_;
  std::optional<uint32_t> exit_code;

 private:
  uint32_t put_bytes(const void* bytes, size_t size) {
    scratch_ = (scratch_ + 7) & ~7u;
    const uint32_t at = scratch_;
    memcpy(memory_.data() + at, bytes, size);
    scratch_ += static_cast<uint32_t>(size);
    return at;
  }

  Wasi wasi_;
  std::vector<uint8_t> memory_;
  uint32_t scratch_ = kScratch;
  host::Waiter plain_waiter_;
};

}  // namespace wherry::wasi
