// What this user's Wherry remembers of files that it has read in full, so that it need not again: a record for each
// inode in the cache directory, authenticated by the user's own key. A record counts only while everything that the
// system says of the file is as it was, above all the time of its last change, which nobody can set.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "artifact/crypto.h"
#include "artifact/keys.h"
#include "platform/storage.h"

namespace wherry::artifact {

/// What was found.
enum class StampKind : uint32_t {
  kModule = 1,  ///< `digest` is the file's.
  kSealed = 2,  ///< The file's content is what its seal says, and the seal is good: its maker is `signer`.
};

struct Finding {
  StampKind kind;
  Digest digest;     ///< kModule: of the whole file. kSealed: of the claim.
  PublicKey signer;  ///< kSealed: whose signature was checked; zero: the own key's MAC.
  bool operator==(const Finding&) const = default;
};

/// Thread-compatible. Everything here is best effort: a finding that cannot be stored is found again next time.
class Stamps {
 public:
  /// An empty directory: nothing is remembered.
  Stamps(std::string directory, Keyring& keys) : directory_(std::move(directory)), keys_(keys) {}

  std::optional<Finding> find(const platform::FileFacts& facts);
  /// `facts` are from before the file was read, and were settled then (platform::is_settled).
  void store(const platform::FileFacts& facts, const Finding& finding);

  /// The digest of a whole file, of which `bytes` are the content: remembered, or computed and remembered.
  Digest digest_of_file(const platform::File& file, std::span<const uint8_t> bytes);

  /// When the finding was last stored or used (note_use), since 1970; 0 if there is none.
  uint64_t used_ns(const platform::FileFacts& facts) const;
  void note_use(const platform::FileFacts& facts);
  /// Forgets what was not used for a month.
  void prune();
  void clear();

 private:
  std::string path(const platform::FileFacts& facts) const;

  std::string directory_;
  Keyring& keys_;
};

}  // namespace wherry::artifact
