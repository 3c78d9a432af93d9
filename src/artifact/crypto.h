// Digests, message authentication codes and signatures, as values. libsodium's BLAKE2b and Ed25519. All functions are
// thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wherry::artifact {

using Digest = std::array<uint8_t, 32>;     ///< Of BLAKE2b.
using SecretKey = std::array<uint8_t, 32>;  ///< Of a MAC, or the seed of a signing key.
using PublicKey = std::array<uint8_t, 32>;
using Signature = std::array<uint8_t, 64>;

/// A tree, so that large inputs are hashed by several threads: BLAKE2b of the size and of the digests of each MiB.
Digest digest_of(std::span<const uint8_t> bytes);

/// Keyed BLAKE2b.
Digest mac_of(const SecretKey& key, std::span<const uint8_t> bytes);
/// In constant time.
bool is_mac_of(const SecretKey& key, std::span<const uint8_t> bytes, const Digest& mac);

PublicKey public_key_of(const SecretKey& seed);
Signature sign(const SecretKey& seed, std::span<const uint8_t> bytes);
bool is_signature_of(const PublicKey& key, std::span<const uint8_t> bytes, const Signature& signature);

std::string to_hex(std::span<const uint8_t> bytes);
/// With padding.
std::string to_base64(const std::array<uint8_t, 32>& bytes);
std::optional<std::array<uint8_t, 32>> from_base64(std::string_view text);

/// A trivially copyable object as bytes.
template <class T>
std::span<const uint8_t> bytes_of(const T& object) {
  return {reinterpret_cast<const uint8_t*>(&object), sizeof object};
}
template <class T>
std::span<uint8_t> writable_bytes_of(T& object) {
  return {reinterpret_cast<uint8_t*>(&object), sizeof object};
}

}  // namespace wherry::artifact
