// Host names to addresses: /etc/hosts and the name servers of /etc/resolv.conf, asked by c-ares, since a static program
// cannot use the C library's resolver.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wasi/host/address.h"
#include "wasi/host/waiter.h"

namespace wherry::wasi::host {

struct Answer {
  IpAddress address;
  uint64_t valid_ns = 0;
};

struct Answers {
  std::vector<Answer> answers;  ///< In the order in which they should be tried (RFC 6724).
  std::string canonical_name;
};

struct ResolverOptions {
  /// "ADDRESS" or "ADDRESS:PORT" each, IPv6 in brackets; if there are none, those of /etc/resolv.conf.
  std::vector<std::string> servers;
};

/// Asks for the addresses of `name`, of one family or of both (kUnspecified). Reads the system's files anew each time.
/// Errors: kAi..., as getaddrinfo(3) has them; kIntr when interrupted.
HostResult<Answers> resolve(const ResolverOptions& options, const std::string& name, AddressFamily family,
                            Waiter& waiter);

}  // namespace wherry::wasi::host
