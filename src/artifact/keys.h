// Whose native code runs here: this user's own key, and the public keys of others that the user trusts.
//
// The own key is 32 random bytes in a file that only its owner can read, made when it is first needed. What it has
// authenticated was made by this user. A signing key speaks to others: a text file with the seed of an Ed25519 key, and
// beside it one with the public key. Trusted keys stand in a text file, a line each, as public key files have it:
//   ed25519 BASE64 NAME
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "artifact/crypto.h"
#include "wherry/result.h"

namespace wherry::artifact {

struct TrustedKey {
  PublicKey key;
  std::string name;
};

/// "ed25519 BASE64 NAME"
std::string to_line(const TrustedKey& key);
/// kSyntax if it is not such a line. The name may be missing.
Result<TrustedKey> parse_key_line(std::string_view line);

/// Makes NAME.key and NAME.pub; fails if there is such a file. The result is the public key.
Result<TrustedKey> generate_signing_key(const std::string& path);
/// From a .key file: the seed.
Result<SecretKey> load_signing_key(const std::string& path);
/// The first key of a .pub file.
Result<TrustedKey> load_public_key(const std::string& path);

/// The keys in a directory (platform::user_config_directory()). Files are read when asked for; nothing is kept, but the
/// own key. Thread-compatible.
class Keyring {
 public:
  /// An empty directory: no keys.
  explicit Keyring(std::string directory) : directory_(std::move(directory)) {}

  /// Null if there is none yet. kIo if it cannot be read, or others could read it.
  Result<const SecretKey*> own_key();
  /// The same, but makes it if there is none.
  Result<const SecretKey*> own_key_or_make();

  /// In the order of the file; none if there is no such file. kSyntax with the line.
  Result<std::vector<TrustedKey>> trusted() const;
  bool trusts(const PublicKey& key) const;
  /// Adding a key again gives it the new name.
  Result<> add(const TrustedKey& key);
  /// By name or key in base 64. kNotFound.
  Result<> remove(std::string_view which);

 private:
  std::string own_key_path() const { return directory_ + "/own.key"; }
  std::string trusted_path() const { return directory_ + "/trusted_keys"; }
  Result<> write(const std::vector<TrustedKey>& keys);

  std::string directory_;
  std::optional<SecretKey> own_;
};

}  // namespace wherry::artifact
