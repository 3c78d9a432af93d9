// Whether native code in a file may run: its seal must be authenticated by this user's own key or signed by a key that
// the user trusts, and the file must be what was sealed.
//
// That content is not read again at every start. A file that nobody may write to (platform::File::is_sealed) on a file
// system whose dates cannot be forged is read in full once, and remembered (stamps.h); it is then run from where it
// lies. Of any other file a private copy is made, and checked each time: whoever may write to it could change it after
// the check. docs/security.md has the reasoning.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "artifact/keys.h"
#include "artifact/seal.h"
#include "artifact/stamps.h"
#include "engine/cpu_features.h"
#include "platform/storage.h"
#include "wherry/features.h"

namespace wherry::artifact {

/// What a machine and a configuration can run.
struct Needs {
  engine::ImageArch arch;
  uint32_t flags;  ///< engine::ImageFlag
  engine::CpuFeatureSet cpu;
  Features features;
};

/// The trusted content of a file that carries native code, and the image in it that was asked for. Both spans are in
/// `bytes`, which is a private mapping: its owner may make the image executable and write to it. Pages follow the
/// file's.
struct NativeContent {
  platform::FileBytes bytes;
  std::span<const uint8_t> module;  ///< Valid with Needs::features. Empty in a cache entry.
  std::span<const uint8_t> image;
};

/// Thread-compatible.
class Trust {
 public:
  /// Of platform::user_config_directory() and user_cache_directory(), or others. Empty ones: there is nothing there.
  Trust(const std::string& config_directory, const std::string& cache_directory)
      : keys_(config_directory), stamps_(cache_directory.empty() ? "" : cache_directory + "/stamps", keys_) {}

  Keyring& keys() { return keys_; }
  Stamps& stamps() { return stamps_; }

  /// The content of a file that has this seal, if its native code may and can run here. Otherwise kUnsupported with the
  /// reason, for the user: "its native code ...".
  Result<NativeContent> open(const platform::File& file, const platform::FileFacts& facts, const Seal& seal,
                             const Needs& needs);
  /// Notes that the file, just written by us, is what its seal says.
  void remember(const platform::File& file);

 private:
  /// Who made the seal: zero for this user. kUnsupported if nobody that is trusted did.
  Result<PublicKey> maker(const Seal& seal, const std::optional<Finding>& finding, const Digest& claim);

  Keyring keys_;
  Stamps stamps_;
};

}  // namespace wherry::artifact
