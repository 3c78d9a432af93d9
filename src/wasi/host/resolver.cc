#include "wasi/host/resolver.h"

#include <ares.h>
#include <netdb.h>

#include <cstring>
#include <memory>

#include "wasi/host/no_sigpipe.h"

namespace wherry::wasi::host {

namespace {

Errno to_errno(int status) {
  switch (status) {
    case ARES_SUCCESS:
      return Errno::kSuccess;
    case ARES_ENODATA:
      return Errno::kAiNodata;
    case ARES_ENOTFOUND:
    case ARES_EBADNAME:
    case ARES_ENONAME:
      return Errno::kAiNoname;
    case ARES_ENOMEM:
      return Errno::kAiMemory;
    case ARES_EFORMERR:
    case ARES_ENOTIMP:
    case ARES_EBADRESP:
      return Errno::kAiFail;
    default:  // No server, no time, refused: it may be different later.
      return Errno::kAiAgain;
  }
}

struct Outcome {
  bool done = false;
  Errno failure = Errno::kSuccess;
  Answers answers;
};

void take_answers(const ares_addrinfo& found, Answers& into) {
  constexpr uint64_t kNanosPerSecond = 1'000'000'000;
  if (found.name != nullptr) into.canonical_name = found.name;
  if (found.cnames != nullptr) {
    const ares_addrinfo_cname* last = found.cnames;
    while (last->next != nullptr) last = last->next;
    if (last->name != nullptr) into.canonical_name = last->name;
  }
  for (const ares_addrinfo_node* node = found.nodes; node != nullptr; node = node->ai_next) {
    HostAddress host;
    if (node->ai_addr == nullptr || node->ai_addrlen > host.size()) continue;
    std::memcpy(host.buffer(), node->ai_addr, node->ai_addrlen);
    host.set_size(node->ai_addrlen);
    const auto address = host.to_address();
    if (!address || address->family == AddressFamily::kUnspecified) continue;
    const uint64_t seconds = node->ai_ttl > 0 ? static_cast<uint64_t>(node->ai_ttl) : 0;
    into.answers.push_back({address->ip, seconds * kNanosPerSecond});
  }
}

void finish(void* argument, int status, int, ares_addrinfo* found) {
  auto* outcome = static_cast<Outcome*>(argument);
  outcome->done = true;
  outcome->failure = to_errno(status);
  if (found == nullptr) return;
  take_answers(*found, outcome->answers);
  ares_freeaddrinfo(found);
}

/// Lets c-ares go on with whatever has come, or with the time that has passed.
HostResult<> step(ares_channel channel, Waiter& waiter) {
  constexpr uint64_t kNanosPerSecond = 1'000'000'000, kNanosPerMicro = 1000;
  ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
  const auto wanted = static_cast<unsigned>(ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM));
  std::vector<pollfd> polls;
  for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    short events = 0;
    if (ARES_GETSOCK_READABLE(wanted, i)) events |= POLLIN;
    if (ARES_GETSOCK_WRITABLE(wanted, i)) events |= POLLOUT;
    if (events != 0) polls.push_back({sockets[i], events, 0});
  }
  timeval left = {};
  timeval most = {1, 0};
  const timeval* until = ares_timeout(channel, &most, &left);
  const uint64_t timeout =
      static_cast<uint64_t>(until->tv_sec) * kNanosPerSecond + static_cast<uint64_t>(until->tv_usec) * kNanosPerMicro;
  WHERRY_TRY(const size_t ready, waiter.wait(polls, timeout));
  NoSigpipe no_sigpipe;
  if (ready == 0) ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  for (const pollfd& one : polls) {
    if (one.revents == 0) continue;
    const bool broken = (one.revents & (POLLERR | POLLHUP)) != 0;
    ares_process_fd(channel, broken || (one.revents & POLLIN) != 0 ? one.fd : ARES_SOCKET_BAD,
                    broken || (one.revents & POLLOUT) != 0 ? one.fd : ARES_SOCKET_BAD);
  }
  no_sigpipe.note(EPIPE);
  return {};
}

}  // namespace

HostResult<Answers> resolve(const ResolverOptions& options, const std::string& name, AddressFamily family,
                            Waiter& waiter) {
  ares_channel opened = nullptr;
  if (const int status = ares_init(&opened); status != ARES_SUCCESS) return error(to_errno(status));
  Outcome outcome;  // Outlives the channel, whose end reports to it.
  const std::unique_ptr<ares_channeldata, void (*)(ares_channel)> channel(opened, ares_destroy);
  if (!options.servers.empty()) {
    std::string list;
    for (const std::string& server : options.servers) list += (list.empty() ? "" : ",") + server;
    if (ares_set_servers_ports_csv(channel.get(), list.c_str()) != ARES_SUCCESS) return error(Errno::kAiFail);
  }
  ares_addrinfo_hints hints = {};
  hints.ai_flags = ARES_AI_CANONNAME;
  hints.ai_family = family == AddressFamily::kIpv4 ? AF_INET : family == AddressFamily::kIpv6 ? AF_INET6 : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;  // Else each address comes once a kind of socket.
  ares_getaddrinfo(channel.get(), name.c_str(), nullptr, &hints, finish, &outcome);
  while (!outcome.done) WHERRY_CHECK(step(channel.get(), waiter));
  if (outcome.failure != Errno::kSuccess) return error(outcome.failure);
  if (outcome.answers.answers.empty()) return error(Errno::kAiNodata);
  return std::move(outcome.answers);
}

}  // namespace wherry::wasi::host
