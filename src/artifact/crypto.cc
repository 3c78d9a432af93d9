#include "artifact/crypto.h"

#include <sodium.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "platform/threads.h"

namespace wherry::artifact {

namespace {

constexpr size_t kLeaf = size_t{1} << 20;
/// Starting a thread costs about as much as hashing this many leaves.
constexpr size_t kLeavesAThread = 2;

Digest plain_digest(std::span<const uint8_t> bytes) {
  Digest digest;
  crypto_generichash(digest.data(), digest.size(), bytes.data(), bytes.size(), nullptr, 0);
  return digest;
}

struct Leaves {
  std::span<const uint8_t> bytes;
  std::vector<Digest> digests;
  std::atomic<size_t> next = 0;

  void work() {
    for (size_t i = next++; i < digests.size(); i = next++) {
      digests[i] = plain_digest(bytes.subspan(i * kLeaf, std::min(kLeaf, bytes.size() - i * kLeaf)));
    }
  }
};

}  // namespace

Digest digest_of(std::span<const uint8_t> bytes) {
  Leaves leaves{bytes, std::vector<Digest>((bytes.size() + kLeaf - 1) / kLeaf)};
  const size_t threads = std::clamp<size_t>(leaves.digests.size() / kLeavesAThread, 1, platform::processor_count());
  if (leaves.digests.size() > 1 && sodium_init() < 0) return {};  // chooses the implementation for this machine
  platform::run_on_threads(
      static_cast<uint32_t>(threads), [](void* self) { static_cast<Leaves*>(self)->work(); }, &leaves);

  const uint64_t size = bytes.size();
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, sizeof(Digest));
  crypto_generichash_update(&state, bytes_of(size).data(), sizeof size);
  for (const Digest& leaf : leaves.digests) crypto_generichash_update(&state, leaf.data(), leaf.size());
  Digest digest;
  crypto_generichash_final(&state, digest.data(), digest.size());
  return digest;
}

Digest mac_of(const SecretKey& key, std::span<const uint8_t> bytes) {
  Digest mac;
  crypto_generichash(mac.data(), mac.size(), bytes.data(), bytes.size(), key.data(), key.size());
  return mac;
}

bool is_mac_of(const SecretKey& key, std::span<const uint8_t> bytes, const Digest& mac) {
  return crypto_verify_32(mac_of(key, bytes).data(), mac.data()) == 0;
}

PublicKey public_key_of(const SecretKey& seed) {
  PublicKey key;
  std::array<uint8_t, crypto_sign_SECRETKEYBYTES> secret;
  crypto_sign_seed_keypair(key.data(), secret.data(), seed.data());
  sodium_memzero(secret.data(), secret.size());
  return key;
}

Signature sign(const SecretKey& seed, std::span<const uint8_t> bytes) {
  PublicKey key;
  std::array<uint8_t, crypto_sign_SECRETKEYBYTES> secret;
  crypto_sign_seed_keypair(key.data(), secret.data(), seed.data());
  Signature signature;
  crypto_sign_detached(signature.data(), nullptr, bytes.data(), bytes.size(), secret.data());
  sodium_memzero(secret.data(), secret.size());
  return signature;
}

bool is_signature_of(const PublicKey& key, std::span<const uint8_t> bytes, const Signature& signature) {
  return crypto_sign_verify_detached(signature.data(), bytes.data(), bytes.size(), key.data()) == 0;
}

std::string to_hex(std::span<const uint8_t> bytes) {
  std::string hex(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), bytes.data(), bytes.size());
  hex.pop_back();
  return hex;
}

std::string to_base64(const std::array<uint8_t, 32>& bytes) {
  std::string text(sodium_base64_ENCODED_LEN(sizeof bytes, sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();
  return text;
}

std::optional<std::array<uint8_t, 32>> from_base64(std::string_view text) {
  std::array<uint8_t, 32> bytes;
  size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size, &end,
                        sodium_base64_VARIANT_ORIGINAL) != 0 ||
      size != bytes.size() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace wherry::artifact
