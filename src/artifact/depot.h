// What an engine with keys and a cache asks: modules from files with the native code that there is for them, and a
// place for code that was made meanwhile.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "artifact/code_cache.h"
#include "artifact/trust.h"
#include "wasm/module.h"

namespace wherry::artifact {

/// Bytes in memory as what keeps a module's bytes alive.
struct BytesOwner final : wasm::ByteOwner {
  platform::FileBytes bytes;
  explicit BytesOwner(platform::FileBytes b) : bytes(std::move(b)) {}
};

/// A module or text from a file.
struct ModuleFile {
  wasm::Bytes bytes;
  std::shared_ptr<const BytesOwner> owner;
  /// The native code for it, which comes from the file itself or from the cache; then the module is known to be valid.
  std::optional<engine::NativeImage> image;
  /// Why native code that the file has is not used; empty if there is none.
  std::string refusal;

  /// Whether the file is still what it was when it was opened; asked after the module was read, if `image` comes from
  /// the cache, which knows the file by its facts alone.
  bool is_unchanged() const { return !file || file->facts() == facts; }
  std::optional<platform::File> file;  ///< Set if `bytes` are mapped from a file that may change, but would show it.
  platform::FileFacts facts = {};
};

/// Thread-safe.
class Depot {
 public:
  /// Directories as for Trust; `limit` as for CodeCache.
  Depot(const std::string& config_directory, const std::string& cache_directory, uint64_t limit, const Needs& needs)
      : needs_(needs),
        has_cache_(!cache_directory.empty()),
        trust_(config_directory, cache_directory),
        cache_(cache_directory, limit, trust_) {}

  /// Errors: kIo, kLimit (platform::FileBytes::open).
  Result<ModuleFile> open(const std::string& path, uint64_t max_size);

  bool has_cache() const { return has_cache_; }
  /// The code in the cache for a module with this digest. `file`, if it is one, is what the module comes from: from
  /// then on open() finds the code by it.
  std::optional<engine::NativeImage> find(const Digest& module, const ModuleFile* file);
  /// Keeps code; `file` as for find().
  Result<> store(const Digest& module, std::span<const uint8_t> image, const ModuleFile* file);
  /// See CodeCache::lock.
  platform::FileLock lock(const Digest& module);

 private:
  void remember(const Digest& module, const ModuleFile* file);

  const Needs needs_;
  const bool has_cache_;
  std::mutex mutex_;  ///< Guards what follows.
  Trust trust_;
  CodeCache cache_;
};

}  // namespace wherry::artifact
