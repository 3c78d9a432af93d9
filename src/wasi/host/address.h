// Network addresses: of a guest's sockets, and in the rules that say what it may reach.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wasi/host/errno.h"

namespace wherry::wasi::host {

/// An IPv4 or IPv6 address. IPv4 addresses are kept as IPv4-mapped IPv6 (RFC 4291, 2.5.5.2), so that both ways to write
/// the same address are the same value.
class IpAddress {
 public:
  /// The IPv6 address ::.
  constexpr IpAddress() = default;
  static constexpr IpAddress v4(std::span<const uint8_t, 4> bytes) {
    IpAddress address;
    address.bytes_[10] = address.bytes_[11] = 0xff;
    for (size_t i = 0; i < 4; ++i) address.bytes_[12 + i] = bytes[i];
    return address;
  }
  static constexpr IpAddress v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
    const uint8_t bytes[] = {a, b, c, d};
    return v4(bytes);
  }
  static constexpr IpAddress v6(std::span<const uint8_t, 16> bytes) {
    IpAddress address;
    for (size_t i = 0; i < 16; ++i) address.bytes_[i] = bytes[i];
    return address;
  }
  static constexpr IpAddress v6(std::array<uint16_t, 8> groups) {
    IpAddress address;
    for (size_t i = 0; i < 8; ++i) {
      address.bytes_[2 * i] = static_cast<uint8_t>(groups[i] >> 8);
      address.bytes_[2 * i + 1] = static_cast<uint8_t>(groups[i]);
    }
    return address;
  }
  /// Four decimal numbers without leading zeros, or the text of RFC 4291 without a zone. No other form (octal,
  /// hexadecimal, fewer numbers) is an address.
  static std::optional<IpAddress> parse(std::string_view text);

  constexpr bool is_v4() const {
    for (size_t i = 0; i < 10; ++i) {
      if (bytes_[i] != 0) return false;
    }
    return bytes_[10] == 0xff && bytes_[11] == 0xff;
  }
  /// 0.0.0.0 or ::.
  bool is_unspecified() const;
  /// In network order.
  const std::array<uint8_t, 16>& v6_bytes() const { return bytes_; }
  std::span<const uint8_t, 4> v4_bytes() const { return std::span(bytes_).last<4>(); }
  /// An IPv4 address in its own form, however it was written.
  std::string to_string() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<uint8_t, 16> bytes_ = {};
};

/// All addresses that begin as one does. An IPv6 range holds no IPv4 address, mapped or not, unless it lies within the
/// mapped ones.
class IpRange {
 public:
  /// `bits` as they are written: at most 32 for IPv4, 128 for IPv6.
  constexpr IpRange(IpAddress first, uint8_t bits)
      : first_(first), bits_(first.is_v4() ? static_cast<uint8_t>(bits + 96) : bits) {}
  /// ADDRESS or ADDRESS/BITS, with no bit set beyond BITS.
  static std::optional<IpRange> parse(std::string_view text);

  constexpr bool contains(const IpAddress& address) const {
    if (address.is_v4() != first_.is_v4()) return false;
    for (size_t bit = 0; bit < bits_; bit += 8) {
      const auto mask = static_cast<uint8_t>(bits_ - bit >= 8 ? 0xff : 0xff00 >> (bits_ - bit));
      if (((address.v6_bytes()[bit / 8] ^ first_.v6_bytes()[bit / 8]) & mask) != 0) return false;
    }
    return true;
  }
  constexpr bool contains(const IpRange& other) const { return bits_ <= other.bits_ && contains(other.first_); }
  /// All IPv4 addresses, or all IPv6 addresses.
  constexpr bool is_everything() const { return bits_ == (first_.is_v4() ? 96 : 0); }
  const IpAddress& first() const { return first_; }
  /// Of 128.
  uint8_t bits() const { return bits_; }
  std::string to_string() const;

 private:
  IpAddress first_;
  uint8_t bits_;
};

/// Numbers as in WasmEdge's socket extension.
enum class AddressFamily : uint8_t { kUnspecified, kIpv4, kIpv6, kUnix };

/// Where a socket is, or leads to.
struct SocketAddress {
  /// kUnspecified: the peer has none. kIpv6 with an IPv4 address is the mapped form, for an IPv6 socket.
  AddressFamily family = AddressFamily::kUnspecified;
  IpAddress ip;
  uint16_t port = 0;
  /// kUnix: a path, or a name that begins with NUL (Linux's abstract namespace); empty for a socket without a name.
  std::string path;

  static SocketAddress of_ip(AddressFamily family, const IpAddress& ip, uint16_t port) {
    return {.family = family, .ip = ip, .port = port, .path = {}};
  }
  static SocketAddress of_path(std::string path) {
    return {.family = AddressFamily::kUnix, .ip = {}, .port = 0, .path = std::move(path)};
  }
  /// "192.0.2.1:80", "[2001:db8::1]:80", "unix:/run/a", "unix:@name". Safe to print whatever the path.
  std::string to_string() const;
};

/// An address as the system takes it.
class HostAddress {
 public:
  HostAddress() = default;
  /// kNametoolong for a path that does not fit; kInval for an empty one, or one with a NUL inside.
  static HostResult<HostAddress> from(const SocketAddress& address);
  /// kAfnosupport for a family that SocketAddress has no word for.
  HostResult<SocketAddress> to_address() const;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  /// For calls that fill it: size() is the room before, and must be set to what was filled after.
  sockaddr* buffer() { return reinterpret_cast<sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }
  void set_size(socklen_t size) { size_ = size; }

 private:
  sockaddr_storage storage_ = {};
  socklen_t size_ = sizeof(sockaddr_storage);
};

}  // namespace wherry::wasi::host
