#include "artifact/trust.h"

#include <cstring>

namespace wherry::artifact {

namespace {

std::unexpected<Error> refuse(std::string reason) { return fail(ErrorCode::kUnsupported, std::move(reason)); }

/// Why an image cannot run here; empty if it can. `header` is not trusted yet.
std::string misfit(const engine::ImageHeader& header, const Needs& needs) {
  if (header.magic != engine::kImageMagic) return "its native code is no native image";
  if (header.version != engine::kImageVersion) {
    return "its native code was made for another version of Wherry; compile it again";
  }
  if (!engine::covers(needs.cpu, header.cpu_features)) {
    std::string missing;
    const auto features = needs.arch == engine::ImageArch::kX86_64
                              ? std::span<const engine::CpuFeature>(engine::kX86Features)
                              : std::span<const engine::CpuFeature>(engine::kAarch64Features);
    for (const engine::CpuFeature& feature : features) {
      if (engine::has_feature(header.cpu_features, feature.bit) && !engine::has_feature(needs.cpu, feature.bit)) {
        missing += " " + std::string(feature.name);
      }
    }
    return "its native code needs what this processor does not have:" + missing;
  }
  return "";
}

std::string_view name_of(engine::ImageArch arch) {
  return arch == engine::ImageArch::kX86_64 ? "x86-64" : arch == engine::ImageArch::kAarch64 ? "aarch64" : "unknown";
}

/// The image in a file that can run here, or why there is none.
Result<SealedImage> choose_image(const platform::File& file, const Claim& claim, const Needs& needs) {
  std::string reason, archs;
  for (uint32_t i = 0; i < claim.image_count; ++i) {
    const SealedImage& image = claim.images[i];
    archs += " " + std::string(name_of(image.arch));
    if (image.arch != needs.arch) continue;
    if (image.flags != needs.flags) {
      reason = "its native code was compiled for other settings (bounds, fuel, determinism); compile it with these";
      continue;
    }
    engine::ImageHeader header;
    if (!file.read(image.offset, writable_bytes_of(header))) return refuse("its native code cannot be read");
    reason = misfit(header, needs);
    if (reason.empty()) return image;
  }
  if (reason.empty()) reason = "its native code is for other processors:" + archs;
  return refuse(std::move(reason));
}

Digest digest_of_claim(const Seal& seal) { return digest_of(bytes_of(seal.claim)); }

}  // namespace

Result<PublicKey> Trust::maker(const Seal& seal, const std::optional<Finding>& finding, const Digest& claim) {
  auto own = keys_.own_key();
  if (own.has_value() && *own != nullptr && is_mac_of(**own, bytes_of(seal.claim), seal.own_mac)) return PublicKey{};
  if (!is_signed(seal)) {
    if (!own.has_value()) return refuse("its native code is not used: " + own.error().message);
    return refuse("its native code is not used: it was not made by this user, and nobody signed it");
  }
  WHERRY_TRY(const std::vector<TrustedKey> trusted, keys_.trusted());
  if (!keys_.trusts(seal.signer)) {
    return refuse("its native code is not used: the key that signed it is not trusted: ed25519 " +
                  to_base64(seal.signer));
  }
  const bool checked_before = finding == Finding{StampKind::kSealed, claim, seal.signer};
  if (!checked_before && !is_signature_of(seal.signer, bytes_of(seal.claim), seal.signature)) {
    return refuse("its native code is not used: its signature is wrong");
  }
  return seal.signer;
}

Result<NativeContent> Trust::open(const platform::File& file, const platform::FileFacts& facts, const Seal& seal,
                                  const Needs& needs) {
  const Claim& claim = seal.claim;
  WHERRY_TRY(const SealedImage image, choose_image(file, claim, needs));
  if (!needs.features.includes(Features::from_bits(claim.features))) {
    return refuse("its native code is not used: it may use language features that are switched off");
  }
  const bool in_place = facts.dated && file.is_sealed(facts);
  const Digest claim_digest = digest_of_claim(seal);
  const auto finding = in_place ? stamps_.find(facts) : std::nullopt;
  WHERRY_TRY(const PublicKey signer, maker(seal, finding, claim_digest));
  const Finding good = {StampKind::kSealed, claim_digest, signer};

  NativeContent content;
  content.bytes = in_place ? file.map(0, claim.sealed_size) : file.copy(0, claim.sealed_size);
  const std::span<const uint8_t> bytes = content.bytes.bytes();
  if (bytes.size() != claim.sealed_size) return refuse("its native code cannot be mapped");
  if (finding != good) {
    const bool settled = platform::is_settled(facts);
    if (digest_of(bytes) != claim.content) {
      return refuse("its native code is not used: the file is not what was sealed; it is damaged or was changed");
    }
    if (in_place && settled) stamps_.store(facts, good);
  }
  content.module = bytes.first(claim.module_size);
  content.image = bytes.subspan(image.offset, image.size);
  // What choose_image() looked at was not trusted then, and a file that is copied may have changed since.
  engine::ImageHeader header;
  std::memcpy(&header, content.image.data(), sizeof header);
  if (!misfit(header, needs).empty() || header.arch != image.arch || header.flags != image.flags) {
    return refuse("its native code is not what its seal says");
  }
  return content;
}

void Trust::remember(const platform::File& file) {
  const platform::FileFacts facts = platform::settled_facts(file);
  const auto seal = read_seal(file, facts.size);
  auto own = keys_.own_key();
  if (!seal || !file.is_sealed(facts) || !own.has_value() || *own == nullptr ||
      !is_mac_of(**own, bytes_of(seal->claim), seal->own_mac)) {
    return;
  }
  stamps_.store(facts, {StampKind::kSealed, digest_of_claim(*seal), {}});
}

}  // namespace wherry::artifact
