// What a guest may do with the network: rules, and the addresses that names have given so far.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "wasi/host/address.h"
#include "wasi/host/network_rule.h"

namespace wherry::wasi::host {

/// Allowed, or why not.
class Verdict {
 public:
  static Verdict allow() { return Verdict({}); }
  static Verdict refuse(std::string_view why) { return Verdict(why); }
  explicit operator bool() const { return why_.empty(); }
  std::string_view why() const { return why_; }

 private:
  explicit Verdict(std::string_view why) : why_(why) {}
  std::string_view why_;  ///< Static text.
};

/// Without rules nothing is allowed. Thread-safe; times are platform::monotonic_ns().
class NetworkPolicy {
 public:
  explicit NetworkPolicy(std::vector<NetworkRule> rules) : rules_(std::move(rules)) {}

  /// Whether a socket of this kind could be of any use.
  bool has_rule_for(Protocol protocol) const;
  Verdict may_listen(Protocol protocol, const SocketAddress& at) const;
  /// Also to send a datagram. To connect to 0.0.0.0 or :: is to connect to the loopback, as the system has it.
  Verdict may_connect(Protocol protocol, const SocketAddress& to, uint64_t now) const;
  /// `name` is normal (see normal_host_name).
  Verdict may_resolve(std::string_view name) const;
  /// Whether the guest may know that `address` is an answer for `name`: whether some rule lets it connect there. Rules
  /// by name then cover the address for as long as the answer is valid, at least kShortestPin.
  Verdict admit_answer(std::string_view name, const IpAddress& address, uint64_t valid_ns, uint64_t now);

  static constexpr uint64_t kShortestPin = 60'000'000'000, kLongestPin = 3'600'000'000'000;
  /// Of addresses that names have given; beyond it the one that ends first is forgotten.
  static constexpr size_t kMaxPins = 4096;

 private:
  /// Until when a rule by name covers an address.
  struct Pin {
    const NetworkRule* rule;
    uint64_t until;
  };

  const std::vector<NetworkRule> rules_;
  mutable std::mutex mutex_;
  std::multimap<IpAddress, Pin> pins_;
};

}  // namespace wherry::wasi::host
