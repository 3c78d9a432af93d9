// The code cache: native images under the user's cache directory, each in a file of its own (a cache entry of seal.h),
// named after what it was made from and for. Any number of processes use it at once: an entry appears whole or not at
// all, is never changed, and may be removed while it is in use. What is damaged is compiled again.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "artifact/trust.h"

namespace wherry::artifact {

/// What a user's cache may take, unless told otherwise.
inline constexpr uint64_t kDefaultCacheBytes = uint64_t{2} << 30;

/// What an image was made from and for.
struct CodeKey {
  Digest module;
  Needs needs;

  Digest digest() const;
};

/// An entry, for people.
struct CacheEntry {
  std::string name;
  uint64_t size;
  uint64_t used_ns;  ///< When it was last used, since 1970.
};

/// Thread-compatible.
class CodeCache {
 public:
  /// An empty directory: finds nothing, stores nothing. `limit` is in bytes, of all entries together.
  CodeCache(const std::string& directory, uint64_t limit, Trust& trust)
      : directory_(directory.empty() ? "" : directory + "/code"), limit_(limit), trust_(trust) {}

  /// An entry that is damaged, or that this user did not make, is removed.
  std::optional<NativeContent> find(const CodeKey& key);
  /// Takes the place of an entry with this key. Removes those not used for longest beyond the limit. `features` are
  /// those with which the module was found valid. Errors: kIo.
  Result<> store(const CodeKey& key, std::span<const uint8_t> image, Features features);

  /// Held while an entry is being made, so that only one process does it. Empty: another one is at it, or there is no
  /// cache.
  platform::FileLock lock(const CodeKey& key);

  std::vector<CacheEntry> list() const;
  /// Removes those not used for longest until the rest takes `limit` bytes at most, and what killed processes left
  /// behind. The result is the number of bytes removed.
  uint64_t prune(uint64_t limit);

 private:
  std::string path(const CodeKey& key, std::string_view suffix) const;

  std::string directory_;
  uint64_t limit_;
  Trust& trust_;
};

}  // namespace wherry::artifact
