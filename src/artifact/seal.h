// The format of files that carry native code.
//
//   a universal file:  the module, unchanged
//                      a custom section "wherry.native" for each image, zeros up to kImageAlignment in front of it
//                      a custom section "wherry.seal", whose last bytes are a Seal
//   a cache entry:     one image, then a Seal
//
// So any engine runs a universal file, images are mapped from where they lie, and a Seal is found at the end of the
// file without reading the rest. The Seal says what the file holds, and who answers for it: its Claim has the digest of
// every byte before the sealed size, and is authenticated by the maker's own key, and signed if it is meant for others.
// Integers are little endian.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "artifact/crypto.h"
#include "engine/native_image.h"
#include "platform/storage.h"
#include "wherry/features.h"
#include "wherry/result.h"

namespace wherry::artifact {

inline constexpr std::string_view kNativeSection = "wherry.native";
inline constexpr std::string_view kSealSection = "wherry.seal";

struct SealedImage {
  engine::ImageArch arch;
  uint32_t flags;  ///< engine::ImageFlag
  uint64_t offset;
  uint64_t size;
};

inline constexpr std::array<char, 8> kSealMagic = {'w', 'h', 'r', 'y', 's', 'e', 'a', 'l'};
inline constexpr uint32_t kSealVersion = 1;
inline constexpr uint32_t kMaxImages = 8;

struct Claim {
  std::array<char, 8> magic;
  uint32_t version;
  uint32_t image_count;
  uint64_t module_size;  ///< Of the original module, at the file's beginning; 0 in a cache entry.
  uint64_t sealed_size;  ///< `content` is the digest of so many bytes from the file's beginning.
  uint32_t features;     ///< Features::bits() with which the module was found valid.
  uint32_t reserved;
  Digest key;  ///< In a cache entry: what it was stored under. Else zero.
  Digest content;
  std::array<SealedImage, kMaxImages> images;  ///< Those beyond image_count are zero.
};

struct Seal {
  Claim claim;
  Digest own_mac;       ///< Of the claim, by the maker's own key.
  PublicKey signer;     ///< Zero: not signed.
  Signature signature;  ///< Of the claim.
  std::array<char, 8> end_magic;
};
static_assert(sizeof(SealedImage) == 24 && sizeof(Claim) == 296 && sizeof(Seal) == 432);

inline bool is_signed(const Seal& seal) { return seal.signer != PublicKey{}; }

/// The Seal at the end of a file, if there is one whose sizes and offsets fit the file. Says nothing about trust.
std::optional<Seal> read_seal(const platform::File& file, uint64_t file_size);

/// The module without the sections that Wherry appends: what it was made from. `bytes` itself where there are none.
std::span<const uint8_t> original_module(std::span<const uint8_t> bytes);

/// Who answers for a file that is written. Null: nobody of that kind.
struct Sealers {
  const SecretKey* own = nullptr;
  const SecretKey* signing = nullptr;
};

/// Writes a universal file. Errors: kIo; kLimit (too many images, or a file beyond 2 GiB).
Result<platform::File> write_universal(const std::string& path, std::span<const uint8_t> module,
                                       std::span<const std::span<const uint8_t>> images, Features features,
                                       const Sealers& sealers);
/// Writes a cache entry.
Result<platform::File> write_entry(const std::string& path, std::span<const uint8_t> image, Features features,
                                   const Digest& key, const Sealers& sealers);

}  // namespace wherry::artifact
