#include "wasi/host/policy.h"

#include <algorithm>

namespace wherry::wasi::host {

namespace {

constexpr std::string_view kNoRule = "no rule allows it";

Verdict refuse(const IpAddress& address) {
  return Verdict::refuse(special_kind(address).empty() ? kNoRule : "no rule names this special address");
}

/// Where the system connects to, given `ip`.
IpAddress connected(const IpAddress& ip) {
  if (!ip.is_unspecified()) return ip;
  return ip.is_v4() ? IpAddress::v4(127, 0, 0, 1) : IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 1});
}

}  // namespace

bool NetworkPolicy::has_rule_for(Protocol protocol) const {
  return std::ranges::any_of(rules_, [protocol](const NetworkRule& rule) {
    return rule.is_for(Direction::kListen, protocol) || rule.is_for(Direction::kConnect, protocol);
  });
}

Verdict NetworkPolicy::may_listen(Protocol protocol, const SocketAddress& at) const {
  for (const NetworkRule& rule : rules_) {
    if (!rule.is_for(Direction::kListen, protocol)) continue;
    if (protocol == Protocol::kUnix ? rule.covers_path(at.path) : rule.covers_port(at.port) && rule.covers_local(at.ip))
      return Verdict::allow();
  }
  return Verdict::refuse(kNoRule);
}

Verdict NetworkPolicy::may_connect(Protocol protocol, const SocketAddress& to, uint64_t now) const {
  const IpAddress ip = connected(to.ip);
  for (const NetworkRule& rule : rules_) {
    if (!rule.is_for(Direction::kConnect, protocol)) continue;
    if (protocol == Protocol::kUnix) {
      if (rule.covers_path(to.path)) return Verdict::allow();
    } else if (!rule.by_name && rule.covers_port(to.port) && rule.addresses.contains(ip)) {
      return Verdict::allow();
    }
  }
  if (protocol == Protocol::kUnix) return Verdict::refuse(kNoRule);
  std::lock_guard lock(mutex_);
  const auto [first, last] = pins_.equal_range(ip);
  for (auto it = first; it != last; ++it) {
    const Pin& pin = it->second;
    if (pin.until > now && pin.rule->is_for(Direction::kConnect, protocol) && pin.rule->covers_port(to.port))
      return Verdict::allow();
  }
  return refuse(ip);
}

Verdict NetworkPolicy::may_resolve(std::string_view name) const {
  const bool found = std::ranges::any_of(rules_, [name](const NetworkRule& rule) { return rule.covers_name(name); });
  return found ? Verdict::allow() : Verdict::refuse(kNoRule);
}

Verdict NetworkPolicy::admit_answer(std::string_view name, const IpAddress& address, uint64_t valid_ns, uint64_t now) {
  const IpAddress ip = connected(address);
  const uint64_t until = now + std::clamp(valid_ns, kShortestPin, kLongestPin);
  bool allowed = false;
  for (const NetworkRule& rule : rules_) {
    if (rule.direction != Direction::kConnect || !rule.addresses.contains(ip)) continue;
    if (rule.by_name && !rule.covers_name(name)) continue;
    allowed = true;
    if (!rule.by_name) continue;
    std::lock_guard lock(mutex_);
    const auto [first, last] = pins_.equal_range(ip);
    const auto known = std::find_if(first, last, [&rule](const auto& entry) { return entry.second.rule == &rule; });
    if (known != last) {
      known->second.until = std::max(known->second.until, until);
      continue;
    }
    if (pins_.size() == kMaxPins) {
      pins_.erase(std::ranges::min_element(pins_, {}, [](const auto& entry) { return entry.second.until; }));
    }
    pins_.emplace(ip, Pin{&rule, until});
  }
  return allowed ? Verdict::allow() : refuse(ip);
}

}  // namespace wherry::wasi::host
