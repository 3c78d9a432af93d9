#include "cli/network_options.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "cli/command.h"
#include "cli/console.h"
#include "wasi/host/address.h"
#include "wasi/host/network_rule.h"

namespace wherry::cli {
namespace {

using wasi::host::AddressFamily;
using wasi::host::HostAddress;
using wasi::host::IpAddress;
using wasi::host::NetworkRule;
using wasi::host::SocketAddress;

std::optional<int> number(std::string_view text, int least, int most) {
  int value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || value < least || value > most) return std::nullopt;
  return value;
}

/// ADDRESS:PORT, IPv6 in brackets; throws UsageError.
SocketAddress parse_listen_address(std::string_view text) {
  const size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, colon);
  const bool brackets = host.starts_with('[') && host.ends_with(']');
  if (brackets) host = host.substr(1, host.size() - 2);
  const auto port = colon == text.npos ? std::nullopt : number(text.substr(colon + 1), 0, 0xffff);
  const auto ip = IpAddress::parse(host);
  const bool six = host.find(':') != host.npos;
  if (!port || !ip || six != brackets) {
    throw UsageError{fmt::format("--tcplisten: '{}' is not ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080", text)};
  }
  return SocketAddress::of_ip(six ? AddressFamily::kIpv6 : AddressFamily::kIpv4, *ip, static_cast<uint16_t>(*port));
}

/// A socket that listens there; -1, having complained, if that is not possible.
int listen_on(const std::string& text) {
  const SocketAddress address = parse_listen_address(text);
  const auto host = HostAddress::from(address);
  const int fd = socket(host->get()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  constexpr int kBacklog = 4096;
  if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind(fd, host->get(), host->size()) != 0 || listen(fd, kBacklog) != 0) {
    complain(fmt::format("cannot listen on {}: {}", text, std::strerror(errno)));
    return -1;
  }
  return fd;
}

/// How many sockets systemd left for this process (sd_listen_fds(3)); they begin with descriptor 3.
int inherited_sockets() {
  const char* pid = std::getenv("LISTEN_PID");
  const char* count = std::getenv("LISTEN_FDS");
  if (pid == nullptr || count == nullptr || number(pid, 1, INT32_MAX) != static_cast<int>(getpid())) return 0;
  return number(count, 1, 1024).value_or(0);
}

/// A server may hold as many connections as the system lets this process have.
void raise_descriptor_limit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

void NetworkOptions::add_to(CLI::App& app) {
  auto repeated = [&app](const char* name, std::vector<std::string>& to, const char* type, const char* what) {
    app.add_option(name, to, what)->type_name(type)->expected(1)->allow_extra_args(false)->take_all();
  };
  repeated(
      "--net", rules_, "RULE",
      "Let the guest use the network: listen:tcp:127.0.0.1:8080, connect:tcp:example.com:443, resolve:*.example.com");
  repeated("--net-rules", rule_files_, "FILE", "Network rules from a file, one a line");
  repeated("--dns", name_servers_, "ADDRESS[:PORT]", "Ask this name server instead of those in /etc/resolv.conf");
  repeated("--tcplisten", listen_, "ADDRESS:PORT", "Give the guest a socket that listens there, as an open descriptor");
  app.add_flag("--socket-activation", socket_activation_,
               "Give the guest the sockets that systemd started this process with");
}

bool NetworkOptions::apply(WasiConfig& config) const {
  for (const std::string& text : rules_) {
    const auto rule = NetworkRule::parse(text);
    if (!rule) throw UsageError{fmt::format("--net: '{}': {}", text, rule.error().message)};
    config.network_rule(text);
  }
  for (const std::string& file : rule_files_) {
    auto text = read_file(file);
    if (!text) {
      report(file, text.error());
      return false;
    }
    if (const auto rules = NetworkRule::parse_lines(*text); !rules) {
      complain(fmt::format("{}: {}", file, rules.error().message));
      return false;
    }
    config.network_rules(std::move(*text));
  }
  config.name_servers(name_servers_);
  config.on_network_refusal([](std::string_view line) { complain(line); });

  int sockets = 0;
  if (socket_activation_) {
    const int inherited = inherited_sockets();
    if (inherited == 0) {
      complain("--socket-activation: this process was not started with sockets (LISTEN_PID, LISTEN_FDS)");
      return false;
    }
    constexpr int kFirst = 3;
    for (int fd = kFirst; fd < kFirst + inherited; ++fd) {
      fcntl(fd, F_SETFD, FD_CLOEXEC);
      config.socket(fd);
    }
    if (const char* names = std::getenv("LISTEN_FDNAMES")) config.env("LISTEN_FDNAMES", names);
    sockets += inherited;
  }
  for (const std::string& text : listen_) {
    const int fd = listen_on(text);
    if (fd < 0) return false;
    config.socket(fd);  // Open until the process ends.
    ++sockets;
  }
  if (sockets != 0) config.env("LISTEN_FDS", std::to_string(sockets));
  if (sockets != 0 || !rules_.empty() || !rule_files_.empty()) raise_descriptor_limit();
  return true;
}

}  // namespace wherry::cli
