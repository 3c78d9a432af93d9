#include "wasi/host/network.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "platform/clock.h"

namespace wherry::wasi::host {

namespace {

Protocol protocol_of(AddressFamily family, FileType type) {
  if (family == AddressFamily::kUnix) return Protocol::kUnix;
  return type == FileType::kSocketDgram ? Protocol::kUdp : Protocol::kTcp;
}

Protocol protocol_of(const Socket& socket) { return protocol_of(socket.family(), socket.type()); }

std::string describe(Direction direction, Protocol protocol, const SocketAddress& address) {
  return std::string(to_string(direction)) +
         (protocol == Protocol::kUnix ? " " : ' ' + std::string(to_string(protocol)) + ' ') + address.to_string();
}

/// A path below /proc that leads to `path` without looking at its name again, so that no symbolic link in it counts.
/// kAcces if there is one.
HostResult<std::string> pinned_path(const std::string& path, int flags, Fd& keep) {
  keep = Fd(::open(path.c_str(), O_PATH | O_CLOEXEC | O_NOFOLLOW | flags));
  if (!keep.valid()) return host_error();
  struct stat info;
  if (fstat(keep.get(), &info) != 0) return host_error();
  if (S_ISLNK(info.st_mode)) return error(Errno::kAcces);
  std::string name = "/proc/self/fd/" + std::to_string(keep.get());
  char found[PATH_MAX];
  const ssize_t size = readlink(name.c_str(), found, sizeof found);
  if (size < 0) return host_error();
  if (path != std::string_view(found, static_cast<size_t>(size))) return error(Errno::kAcces);
  return name;
}

/// The system's address for a Unix path, with `keep` open while it is used.
HostResult<HostAddress> unix_host_address(const SocketAddress& address, bool exists, Fd& keep) {
  if (address.family != AddressFamily::kUnix || address.path.starts_with('\0')) return HostAddress::from(address);
  if (exists) {
    WHERRY_TRY(std::string path, pinned_path(address.path, 0, keep));
    return HostAddress::from(SocketAddress::of_path(std::move(path)));
  }
  const size_t slash = address.path.rfind('/');
  WHERRY_TRY(const std::string parent,
             pinned_path(slash == 0 ? "/" : address.path.substr(0, slash), O_DIRECTORY, keep));
  return HostAddress::from(SocketAddress::of_path(parent + address.path.substr(slash)));
}

}  // namespace

std::unexpected<Errno> Network::refused(const std::string& what, std::string_view why) {
  if (!report_) return error(Errno::kAcces);
  constexpr uint64_t kSecond = 1'000'000'000;
  std::lock_guard lock(report_mutex_);
  const uint64_t now = platform::monotonic_ns();
  if (const uint64_t earned = (now - credit_since_) / kSecond; earned != 0) {
    credit_ = static_cast<unsigned>(std::min<uint64_t>(kBurst, credit_ + earned));
    credit_since_ = now;
  }
  if (credit_ == 0) {
    ++left_out_;
    return error(Errno::kAcces);
  }
  --credit_;
  std::string line = "network: refused " + what + ": " + std::string(why);
  if (left_out_ != 0) line += " (and " + std::to_string(std::exchange(left_out_, 0)) + " more before)";
  report_(line);
  return error(Errno::kAcces);
}

HostResult<std::shared_ptr<Socket>> Network::open(AddressFamily family, SocketKind kind) {
  const bool stream = kind == SocketKind::kStream;
  const Protocol protocol = protocol_of(family, stream ? FileType::kSocketStream : FileType::kSocketDgram);
  if (!policy_.has_rule_for(protocol)) {
    const auto failure = refused("a socket for " + std::string(to_string(protocol)), "no rule is about it");
    return protocol == Protocol::kUnix ? error(Errno::kNosys) : failure;
  }
  const int domain = family == AddressFamily::kIpv4 ? AF_INET : family == AddressFamily::kIpv6 ? AF_INET6 : AF_UNIX;
  Fd fd(socket(domain, (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return host_error();
  return std::make_shared<Socket>(std::move(fd), 0, true);
}

HostResult<> Network::bind(Socket& socket, const SocketAddress& at) {
  const Protocol protocol = protocol_of(socket);
  // Any address and a free port is what a socket has that is not bound at all; listen() asks again.
  const bool nowhere = protocol != Protocol::kUnix && at.ip.is_unspecified() && at.port == 0;
  if (!nowhere) {
    const Verdict verdict = policy_.may_listen(protocol, at);
    if (!verdict) return refused(describe(Direction::kListen, protocol, at), verdict.why());
  }
  Fd keep;
  WHERRY_TRY(const HostAddress host, unix_host_address(at, false, keep));
  WHERRY_CHECK(socket.bind(host));
  if (protocol == Protocol::kUnix) socket.set_local_path(at.path);
  return {};
}

HostResult<> Network::listen(Socket& socket, int backlog) {
  // It may be bound without bind(): by listen() itself, or by a connect() that failed.
  const Protocol protocol = protocol_of(socket);
  if (protocol != Protocol::kUnix) {
    WHERRY_TRY(SocketAddress at, socket.local_address());
    Verdict verdict = policy_.may_listen(protocol, at);
    if (!verdict) {
      at.port = 0;  // The system may have chosen the port.
      verdict = policy_.may_listen(protocol, at);
    }
    if (!verdict) return refused(describe(Direction::kListen, protocol, at), verdict.why());
  }
  return socket.listen(backlog);
}

HostResult<> Network::check_connect(const Socket& socket, const SocketAddress& to) {
  const Protocol protocol = protocol_of(socket);
  const Verdict verdict = policy_.may_connect(protocol, to, platform::monotonic_ns());
  if (!verdict) return refused(describe(Direction::kConnect, protocol, to), verdict.why());
  return {};
}

HostResult<> Network::connect(Socket& socket, const SocketAddress& to, Waiter& waiter) {
  WHERRY_CHECK(check_connect(socket, to));
  Fd keep;
  WHERRY_TRY(const HostAddress host, unix_host_address(to, true, keep));
  return socket.connect(host, waiter);
}

HostResult<size_t> Network::send(Socket& socket, std::span<const iovec> buffers, const SocketAddress& to,
                                 Waiter& waiter) {
  WHERRY_CHECK(check_connect(socket, to));
  Fd keep;
  WHERRY_TRY(const HostAddress host, unix_host_address(to, true, keep));
  return socket.send(buffers, waiter, &host);
}

HostResult<Answers> Network::resolve(std::string_view name, AddressFamily family, Waiter& waiter) {
  if (const auto address = IpAddress::parse(name)) {
    const bool fits = family == AddressFamily::kUnspecified || address->is_v4() == (family == AddressFamily::kIpv4);
    if (!fits) return error(Errno::kAiAddrfamily);
    return Answers{.answers = {{*address, 0}}, .canonical_name = std::string(name)};
  }
  const auto normal = normal_host_name(name);
  if (!normal) return error(Errno::kAiNoname);
  const Verdict verdict = policy_.may_resolve(*normal);
  if (!verdict) return refused("resolve " + *normal, verdict.why());
  // The dot at its end, if there was one, keeps the system from trying its search domains.
  WHERRY_TRY(Answers found, host::resolve(resolver_, *normal + (name.ends_with('.') ? "." : ""), family, waiter));
  const uint64_t now = platform::monotonic_ns();
  std::erase_if(found.answers, [&](const Answer& answer) {
    const Verdict admitted = policy_.admit_answer(*normal, answer.address, answer.valid_ns, now);
    if (!admitted) refused("connect " + answer.address.to_string() + ", an answer for " + *normal, admitted.why());
    return !admitted;
  });
  if (found.answers.empty()) return error(Errno::kAcces);
  return found;
}

}  // namespace wherry::wasi::host
