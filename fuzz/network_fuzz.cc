// Network rules and addresses from arbitrary text: what parses must mean what it says, and no rule may let through a
// special address that it does not name.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wasi/host/address.h"
#include "wasi/host/network_rule.h"
#include "wasi/host/policy.h"
#include "wasi/host/services.h"

namespace {

using namespace wherry::wasi::host;

void check(bool holds) {
  if (!holds) abort();
}

void check_address(const IpAddress& address) {
  check(IpAddress::parse(address.to_string()) == address);
  for (const AddressFamily family : {AddressFamily::kIpv4, AddressFamily::kIpv6}) {
    if (family == AddressFamily::kIpv4 && !address.is_v4()) continue;
    const auto host = HostAddress::from(SocketAddress::of_ip(family, address, 80));
    check(host.has_value());
    const auto back = host->to_address();
    check(back && back->family == family && back->ip == address && back->port == 80);
  }
}

void check_text(std::string_view text) {
  if (const auto address = IpAddress::parse(text)) check_address(*address);
  if (const auto range = IpRange::parse(text)) {
    check(range->contains(range->first()) && range->contains(*range));
    const auto again = IpRange::parse(range->to_string());
    check(again && again->first() == range->first() && again->bits() == range->bits());
  }
  if (const auto name = normal_host_name(text)) {
    check(normal_host_name(*name) == name);
    check(!IpAddress::parse(*name));
  }
  const auto path = HostAddress::from(SocketAddress::of_path(std::string(text)));
  if (path) check(path->to_address()->path == text);
  (void)service_port(text, true);
}

void check_policy(const std::vector<NetworkRule>& rules, const IpAddress& address, uint16_t port) {
  NetworkPolicy policy(rules);
  const AddressFamily family = address.is_v4() ? AddressFamily::kIpv4 : AddressFamily::kIpv6;
  const SocketAddress to = SocketAddress::of_ip(family, address, port);
  const std::string_view kind = special_kind(address);
  auto names_it = [&](const NetworkRule& rule) {
    return std::ranges::any_of(rule.addresses.ranges, [&](const IpRange& r) {
      return special_kind(r.first()) == kind && r.contains(address);
    });
  };
  for (const Protocol protocol : {Protocol::kTcp, Protocol::kUdp}) {
    const bool allowed = static_cast<bool>(policy.may_connect(protocol, to, 0));
    if (allowed && !kind.empty() && !address.is_unspecified()) check(std::ranges::any_of(rules, names_it));
    if (allowed) {
      check(std::ranges::any_of(rules, [&](const NetworkRule& rule) {
        return rule.is_for(Direction::kConnect, protocol) && rule.covers_port(port);
      }));
    }
    (void)policy.may_listen(protocol, to);
  }
  // As an answer for a name it gets no further than the rules say.
  const bool admitted = static_cast<bool>(policy.admit_answer("a.test", address, 0, 0));
  if (admitted && !kind.empty() && !address.is_unspecified()) check(std::ranges::any_of(rules, names_it));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Twenty bytes of address and port, and then text.
  uint8_t head[20] = {};
  std::copy_n(data, std::min(size, sizeof head), head);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view rest = text.substr(std::min(size, sizeof head));
  const IpAddress six = IpAddress::v6(std::span(head).first<16>()), four = IpAddress::v4(std::span(head).first<4>());
  const auto port = static_cast<uint16_t>(head[16] | head[17] << 8);
  check_address(six);
  check_address(four);
  check_text(rest);
  const auto rules = NetworkRule::parse_lines(rest);
  if (!rules) return 0;
  for (const IpAddress& address : {six, four, IpAddress::v4(127, 0, 0, 1), IpAddress::v4(169, 254, 169, 254),
                                   IpAddress::v4(0, 0, 0, 0), IpAddress()}) {
    check_policy(*rules, address, port);
  }
  return 0;
}
