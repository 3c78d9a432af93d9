#include "artifact/seal.h"

#include <algorithm>
#include <cstring>

#include "platform/memory.h"
#include "wasm/limits.h"

namespace wherry::artifact {

namespace {

using platform::NewFile;

/// Of an artefact: to read, not to write to, so that it is sealed (platform::File::is_sealed).
constexpr uint32_t kArtefactMode = 0444;
constexpr uint32_t kEntryMode = 0400;

// ---- The little of the binary format that is needed here.

constexpr size_t kModuleHeaderSize = 8;
/// Unsigned LEB128 in five bytes, so that a size can be written before it is known how many bytes it takes.
constexpr size_t kPaddedLeb = 5;

void append_padded_leb(std::vector<uint8_t>& out, uint64_t value) {
  for (size_t i = 0; i < kPaddedLeb; ++i) {
    out.push_back(static_cast<uint8_t>((value & 0x7f) | (i + 1 < kPaddedLeb ? 0x80 : 0)));
    value >>= 7;
  }
}

/// A custom section's header and name, for `size` bytes of content.
std::vector<uint8_t> section_header(std::string_view name, uint64_t size) {
  std::vector<uint8_t> out = {0};
  append_padded_leb(out, 1 + name.size() + size);
  out.push_back(static_cast<uint8_t>(name.size()));
  out.insert(out.end(), name.begin(), name.end());
  return out;
}

constexpr size_t section_header_size(std::string_view name) { return 1 + kPaddedLeb + 1 + name.size(); }

/// Reads unsigned LEB128 of up to 32 bits at `at`, moving it on.
std::optional<uint32_t> read_leb(std::span<const uint8_t> bytes, size_t& at) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 35 && at < bytes.size(); shift += 7) {
    const uint8_t byte = bytes[at++];
    value |= uint64_t{byte & 0x7fu} << shift;
    if ((byte & 0x80) == 0) return value <= 0xffffffff ? std::optional(static_cast<uint32_t>(value)) : std::nullopt;
  }
  return std::nullopt;
}

// ---- Seals.

/// Seals what has been written to `file`, of which `content` is the digest, and gives it its name.
Result<platform::File> seal_and_commit(NewFile& file, Claim claim, const Sealers& sealers) {
  Seal seal = {};
  seal.claim = claim;
  if (sealers.own != nullptr) seal.own_mac = mac_of(*sealers.own, bytes_of(seal.claim));
  if (sealers.signing != nullptr) {
    seal.signer = public_key_of(*sealers.signing);
    seal.signature = sign(*sealers.signing, bytes_of(seal.claim));
  }
  seal.end_magic = kSealMagic;
  WHERRY_CHECK(file.write(bytes_of(seal)));
  return file.commit(NewFile::Commit::kDurable);
}

Claim make_claim(Features features, const Digest& key) {
  Claim claim = {};
  claim.magic = kSealMagic;
  claim.version = kSealVersion;
  claim.features = features.bits();
  claim.key = key;
  return claim;
}

SealedImage describe(std::span<const uint8_t> image, uint64_t offset) {
  engine::ImageHeader header;
  std::memcpy(&header, image.data(), sizeof header);
  return {header.arch, header.flags, offset, image.size()};
}

/// The digest of the first `size` bytes of a file that is being written: read back, so that the seal is of what is
/// there.
Result<Digest> digest_of_file(const NewFile& file) {
  const platform::FileBytes written = file.map();
  if (written.bytes().size() != file.size()) return fail(ErrorCode::kIo, "cannot read back what was written");
  return digest_of(written.bytes());
}

}  // namespace

std::optional<Seal> read_seal(const platform::File& file, uint64_t file_size) {
  Seal seal;
  if (file_size < sizeof seal || !file.read(file_size - sizeof seal, writable_bytes_of(seal))) return std::nullopt;
  const Claim& claim = seal.claim;
  if (seal.end_magic != kSealMagic || claim.magic != kSealMagic || claim.version != kSealVersion) return std::nullopt;
  if (claim.image_count > kMaxImages || claim.sealed_size > file_size - sizeof seal ||
      claim.module_size > claim.sealed_size) {
    return std::nullopt;
  }
  for (uint32_t i = 0; i < claim.image_count; ++i) {
    const SealedImage& image = claim.images[i];
    if (image.offset % engine::kImageAlignment != 0 || image.offset < claim.module_size ||
        image.offset > claim.sealed_size || image.size > claim.sealed_size - image.offset ||
        image.size < sizeof(engine::ImageHeader)) {
      return std::nullopt;
    }
  }
  return seal;
}

std::span<const uint8_t> original_module(std::span<const uint8_t> bytes) {
  size_t end = bytes.size();  // of what is not ours
  for (size_t at = kModuleHeaderSize; at < bytes.size();) {
    const size_t begin = at;
    const uint8_t id = bytes[at++];
    const auto size = read_leb(bytes, at);
    if (!size || *size > bytes.size() - at) return bytes;
    const auto section = bytes.subspan(at, *size);
    at += *size;
    size_t name_at = 0;
    const auto name_size = id == 0 ? read_leb(section, name_at) : std::nullopt;
    if (name_size && *name_size <= section.size() - name_at) {
      const std::string_view name(reinterpret_cast<const char*>(section.data()) + name_at, *name_size);
      if (name == kNativeSection || name == kSealSection) {
        end = std::min(end, begin);
        continue;
      }
    }
    end = bytes.size();  // a section of the module's own after ours: they are no appendix
  }
  return bytes.first(end);
}

Result<platform::File> write_universal(const std::string& path, std::span<const uint8_t> module,
                                       std::span<const std::span<const uint8_t>> images, Features features,
                                       const Sealers& sealers) {
  if (images.size() > kMaxImages) return fail(ErrorCode::kLimit, "too many native images for one file");
  Claim claim = make_claim(features, {});
  claim.module_size = module.size();
  WHERRY_TRY(NewFile file, NewFile::create(path, kArtefactMode));
  WHERRY_CHECK(file.write(module));
  for (const auto image : images) {
    const uint64_t content = file.size() + section_header_size(kNativeSection);
    const uint64_t offset = platform::round_up(content, engine::kImageAlignment);
    WHERRY_CHECK(file.write(section_header(kNativeSection, offset - content + image.size())));
    WHERRY_CHECK(file.pad_to(offset));
    WHERRY_CHECK(file.write(image));
    claim.images[claim.image_count++] = describe(image, offset);
  }
  WHERRY_CHECK(file.write(section_header(kSealSection, sizeof(Seal))));
  claim.sealed_size = file.size();
  if (file.size() + sizeof(Seal) > wasm::limits::kModuleSize) {
    return fail(ErrorCode::kLimit, "the module and its native code together are larger than a module may be");
  }
  WHERRY_TRY(claim.content, digest_of_file(file));
  return seal_and_commit(file, claim, sealers);
}

Result<platform::File> write_entry(const std::string& path, std::span<const uint8_t> image, Features features,
                                   const Digest& key, const Sealers& sealers) {
  Claim claim = make_claim(features, key);
  WHERRY_TRY(NewFile file, NewFile::create(path, kEntryMode));
  WHERRY_CHECK(file.write(image));
  claim.images[claim.image_count++] = describe(image, 0);
  claim.sealed_size = file.size();
  WHERRY_TRY(claim.content, digest_of_file(file));
  return seal_and_commit(file, claim, sealers);
}

}  // namespace wherry::artifact
