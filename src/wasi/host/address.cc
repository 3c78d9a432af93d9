#include "wasi/host/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace wherry::wasi::host {

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  char copy[INET6_ADDRSTRLEN] = {};
  if (text.size() >= sizeof copy || text.find('\0') != text.npos) return std::nullopt;
  std::ranges::copy(text, copy);
  uint8_t bytes[16];
  if (inet_pton(AF_INET, copy, bytes) == 1) return v4(std::span(bytes).first<4>());
  if (inet_pton(AF_INET6, copy, bytes) == 1) return v6(bytes);
  return std::nullopt;
}

bool IpAddress::is_unspecified() const { return *this == IpAddress() || *this == v4(0, 0, 0, 0); }

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN];
  const bool four = is_v4();
  inet_ntop(four ? AF_INET : AF_INET6, four ? static_cast<const void*>(v4_bytes().data()) : bytes_.data(), text,
            sizeof text);
  return text;
}

std::optional<IpRange> IpRange::parse(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  // A range of mapped addresses would read as one of IPv6 and be one of IPv4.
  if (address->is_v4() && text.find(':') != text.npos && slash != text.npos) return std::nullopt;
  const unsigned most = address->is_v4() ? 32 : 128;
  unsigned bits = most;
  if (slash != text.npos) {
    const std::string_view number = text.substr(slash + 1);
    const auto [end, failure] = std::from_chars(number.data(), number.data() + number.size(), bits);
    if (failure != std::errc() || end != number.data() + number.size() || bits > most) return std::nullopt;
    if (number.size() > 1 && number[0] == '0') return std::nullopt;
  }
  const IpRange range(*address, static_cast<uint8_t>(bits));
  for (size_t bit = range.bits_; bit < 128; ++bit) {
    if ((address->v6_bytes()[bit / 8] & (0x80 >> (bit % 8))) != 0) return std::nullopt;
  }
  return range;
}

std::string IpRange::to_string() const {
  const bool four = first_.is_v4();
  return first_.to_string() + '/' + std::to_string(four ? bits_ - 96 : bits_);
}

std::string SocketAddress::to_string() const {
  switch (family) {
    case AddressFamily::kUnspecified:
      return "none";
    case AddressFamily::kUnix: {
      std::string text = "unix:";
      for (size_t i = 0; i < path.size(); ++i) {
        const char c = path[i];
        text += i == 0 && c == '\0' ? '@' : c > ' ' && c < 127 ? c : '?';
      }
      return text;
    }
    default:
      return (ip.is_v4() ? ip.to_string() : '[' + ip.to_string() + ']') + ':' + std::to_string(port);
  }
}

HostResult<HostAddress> HostAddress::from(const SocketAddress& address) {
  HostAddress host;
  switch (address.family) {
    case AddressFamily::kIpv4: {
      auto* in = reinterpret_cast<sockaddr_in*>(&host.storage_);
      in->sin_family = AF_INET;
      in->sin_port = htons(address.port);
      std::memcpy(&in->sin_addr, address.ip.v4_bytes().data(), sizeof in->sin_addr);
      host.size_ = sizeof *in;
      return host;
    }
    case AddressFamily::kIpv6: {
      auto* in6 = reinterpret_cast<sockaddr_in6*>(&host.storage_);
      in6->sin6_family = AF_INET6;
      in6->sin6_port = htons(address.port);
      std::memcpy(&in6->sin6_addr, address.ip.v6_bytes().data(), sizeof in6->sin6_addr);
      host.size_ = sizeof *in6;
      return host;
    }
    case AddressFamily::kUnix: {
      auto* un = reinterpret_cast<sockaddr_un*>(&host.storage_);
      const std::string& path = address.path;
      const bool abstract = path.starts_with('\0');
      if (path.empty() || (!abstract && path.find('\0') != path.npos)) return error(Errno::kInval);
      // A path keeps its NUL; an abstract name has none.
      if (path.size() + (abstract ? 0 : 1) > sizeof un->sun_path) return error(Errno::kNametoolong);
      un->sun_family = AF_UNIX;
      std::memcpy(un->sun_path, path.data(), path.size());
      host.size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1));
      return host;
    }
    case AddressFamily::kUnspecified:
      break;
  }
  return error(Errno::kInval);
}

HostResult<SocketAddress> HostAddress::to_address() const {
  if (size_ < sizeof(sa_family_t)) return SocketAddress{};
  switch (storage_.ss_family) {
    case AF_UNSPEC:
      return SocketAddress{};
    case AF_INET: {
      const auto* in = reinterpret_cast<const sockaddr_in*>(&storage_);
      uint8_t bytes[4];
      std::memcpy(bytes, &in->sin_addr, sizeof bytes);
      return SocketAddress::of_ip(AddressFamily::kIpv4, IpAddress::v4(bytes), ntohs(in->sin_port));
    }
    case AF_INET6: {
      const auto* in6 = reinterpret_cast<const sockaddr_in6*>(&storage_);
      uint8_t bytes[16];
      std::memcpy(bytes, &in6->sin6_addr, sizeof bytes);
      return SocketAddress::of_ip(AddressFamily::kIpv6, IpAddress::v6(bytes), ntohs(in6->sin6_port));
    }
    case AF_UNIX: {
      const auto* un = reinterpret_cast<const sockaddr_un*>(&storage_);
      const size_t room = std::min<size_t>(size_, sizeof *un) - offsetof(sockaddr_un, sun_path);
      std::string path(un->sun_path, room);
      if (!path.starts_with('\0')) path.resize(strnlen(path.c_str(), path.size()));
      return SocketAddress::of_path(std::move(path));
    }
    default:
      return error(Errno::kAfnosupport);
  }
}

}  // namespace wherry::wasi::host
