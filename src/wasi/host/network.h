// The network as one guest may use it: every address that a guest names passes the policy here.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "wasi/host/policy.h"
#include "wasi/host/resolver.h"
#include "wasi/host/socket.h"
#include "wasi/host/waiter.h"

namespace wherry::wasi::host {

enum class SocketKind : uint8_t { kDatagram, kStream };

/// Thread-safe. What the policy refuses is kAcces, and a line of text for the embedder. A guest that tries often cannot
/// flood it: beyond kBurst lines, it gets one a second, which tells how many were left out.
class Network {
 public:
  using Report = std::function<void(std::string_view)>;
  static constexpr unsigned kBurst = 20;

  Network(std::vector<NetworkRule> rules, ResolverOptions resolver, Report report)
      : policy_(std::move(rules)), resolver_(std::move(resolver)), report_(std::move(report)) {}

  /// kNosys for Unix sockets that no rule is about.
  HostResult<std::shared_ptr<Socket>> open(AddressFamily family, SocketKind kind);
  HostResult<> bind(Socket& socket, const SocketAddress& at);
  /// A socket that is bound nowhere is bound to any address and a free port by it, and must be allowed to.
  HostResult<> listen(Socket& socket, int backlog);
  HostResult<> connect(Socket& socket, const SocketAddress& to, Waiter& waiter);
  HostResult<size_t> send(Socket& socket, std::span<const iovec> buffers, const SocketAddress& to, Waiter& waiter);
  /// The addresses of a name that the guest may connect to. A numeric address stands for itself and needs no rule,
  /// since it tells the guest nothing. Errors: of host::resolve(); kAcces when the name may not be resolved, or none of
  /// its addresses is allowed.
  HostResult<Answers> resolve(std::string_view name, AddressFamily family, Waiter& waiter);

 private:
  /// `what` was refused.
  std::unexpected<Errno> refused(const std::string& what, std::string_view why);
  HostResult<> check_connect(const Socket& socket, const SocketAddress& to);

  NetworkPolicy policy_;
  const ResolverOptions resolver_;

  std::mutex report_mutex_;
  const Report report_;
  unsigned credit_ = kBurst;
  uint64_t credit_since_ = 0;
  unsigned left_out_ = 0;
};

}  // namespace wherry::wasi::host
