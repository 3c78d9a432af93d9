// What one line of a network policy says. The language is described in docs/network.md:
//
//   listen:[tcp:|udp:]ADDRESS:PORTS       connect:[tcp:|udp:]HOST:PORTS       resolve:NAME
//   listen:unix:PATH                      connect:unix:PATH
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wasi/host/address.h"
#include "wherry/result.h"

namespace wherry::wasi::host {

enum class Direction : uint8_t { kListen, kConnect, kResolve };
enum class Protocol : uint8_t { kTcp, kUdp, kUnix };

std::string_view to_string(Direction direction);
std::string_view to_string(Protocol protocol);

/// What makes an address special, so that a rule has to name it: "loopback", "link-local", "metadata", ... Empty for an
/// ordinary address.
std::string_view special_kind(const IpAddress& address);

/// A host name in the form in which names are compared: lower case, without a dot at its end. None for anything that
/// is no host name, among others for what some resolvers take for an address: "127.1", "0x7f000001", "2130706433".
std::optional<std::string> normal_host_name(std::string_view text);

/// A set of addresses. A special address belongs to it only if it was named: if one of the ranges lies within the
/// special range (so 169.254.0.0/16 holds link-local addresses, but not 169.254.169.254).
struct AddressSet {
  enum Kind : uint8_t {
    kRanges,
    kOrdinary,    ///< All that are not special.
    kPublic,      ///< Of those, all that are not private either.
    kEverything,  ///< To listen on any local address.
  } kind = kRanges;
  std::vector<IpRange> ranges = {};

  bool contains(const IpAddress& address) const;
};

struct PortRange {
  uint16_t first = 0;
  uint16_t last = 0xffff;
};

struct NetworkRule {
  Direction direction = Direction::kConnect;
  /// A bit a Protocol: 1 << kTcp, ...
  uint8_t protocols = 0;
  /// The names that may be resolved: a name, "*.name" for all below it, "*" for all; empty for none.
  std::string name = {};
  /// Whether an address must have been an answer for `name` to be covered, besides being in `addresses`.
  bool by_name = false;
  AddressSet addresses = {};
  std::vector<PortRange> ports = {};
  /// kUnix: a path or "\0" and an abstract name; with `whole_directory`, how they begin, up to the last component.
  std::string path = {};
  bool whole_directory = false;

  /// Error: kSyntax, with the offset in `text`.
  static Result<NetworkRule> parse(std::string_view text);
  /// A rule a line; empty lines and what follows a '#' are skipped. Error: kSyntax, with the line's number in its text.
  static Result<std::vector<NetworkRule>> parse_lines(std::string_view text);

  bool is_for(Direction d, Protocol p) const { return direction == d && (protocols >> static_cast<int>(p) & 1) != 0; }
  bool covers_name(std::string_view normal_name) const;
  bool covers_port(uint16_t port) const;
  bool covers_path(std::string_view guest_path) const;
  /// Of a rule to listen. 0.0.0.0 stands for all IPv4 addresses, and :: for all addresses, as they do for the system.
  bool covers_local(const IpAddress& address) const;
};

}  // namespace wherry::wasi::host
