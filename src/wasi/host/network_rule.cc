#include "wasi/host/network_rule.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace wherry::wasi::host {

namespace {

struct NamedRange {
  std::string_view kind;
  IpRange range;
};

constexpr IpRange v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint8_t bits) {
  return {IpAddress::v4(a, b, c, d), bits};
}
constexpr IpRange v6(std::array<uint16_t, 8> groups, uint8_t bits) { return {IpAddress::v6(groups), bits}; }

/// Where special addresses lie within one another, the smallest range counts.
constexpr NamedRange kSpecial[] = {
    {"loopback", v4(127, 0, 0, 0, 8)},
    {"loopback", v6({0, 0, 0, 0, 0, 0, 0, 1}, 128)},
    {"link-local", v4(169, 254, 0, 0, 16)},
    {"link-local", v6({0xfe80}, 10)},
    // Where clouds serve credentials to whoever asks.
    {"metadata", v4(169, 254, 169, 254, 32)},                       // AWS, Azure, Google and most others.
    {"metadata", v4(169, 254, 169, 253, 32)},                       // AWS, name server.
    {"metadata", v4(169, 254, 170, 2, 32)},                         // AWS ECS, credentials.
    {"metadata", v4(169, 254, 170, 23, 32)},                        // AWS EKS, credentials.
    {"metadata", v4(100, 100, 100, 200, 32)},                       // Alibaba.
    {"metadata", v4(168, 63, 129, 16, 32)},                         // Azure, the host.
    {"metadata", v4(192, 0, 0, 192, 32)},                           // Oracle.
    {"metadata", v6({0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254}, 128)},  // AWS.
    {"metadata", v6({0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x253}, 128)},
    {"metadata", v6({0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x23}, 128)},
    {"metadata", v6({0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x254}, 128)},  // Google.
    {"multicast", v4(224, 0, 0, 0, 4)},
    {"multicast", v6({0xff00}, 8)},
    {"reserved", v4(0, 0, 0, 0, 8)},
    {"reserved", v4(240, 0, 0, 0, 4)},  // With the broadcast address.
    // IPv6 addresses that carry an IPv4 address, which a gateway would take out again.
    {"transition", v6({0}, 96)},                      // IPv4-compatible; with ::, which is the loopback to connect to.
    {"transition", v6({0x0064, 0xff9b}, 96)},         // NAT64.
    {"transition", v6({0x0064, 0xff9b, 1}, 48)},      // NAT64, local use.
    {"transition", v6({0x2001, 0}, 32)},              // Teredo.
    {"transition", v6({0x2002}, 16)},                 // 6to4.
    {"transition", v6({0, 0, 0, 0, 0xffff, 0}, 96)},  // SIIT.
};

constexpr NamedRange kPrivate[] = {
    {"private", v4(10, 0, 0, 0, 8)},    {"private", v4(172, 16, 0, 0, 12)}, {"private", v4(192, 168, 0, 0, 16)},
    {"private", v4(100, 64, 0, 0, 10)}, {"private", v4(198, 18, 0, 0, 15)}, {"private", v4(192, 0, 0, 0, 24)},
    {"private", v6({0xfc00}, 7)},       {"private", v6({0xfec0}, 10)},
};

const NamedRange* special_range(const IpAddress& address) {
  const NamedRange* found = nullptr;
  for (const NamedRange& special : kSpecial) {
    if (special.range.contains(address) && (found == nullptr || found->range.contains(special.range))) found = &special;
  }
  return found;
}

bool is_private(const IpAddress& address) {
  return std::ranges::any_of(kPrivate, [&](const NamedRange& r) { return r.range.contains(address); });
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether a last label makes a name an address for resolvers that go by inet_aton().
bool is_numeric_label(std::string_view label) {
  if (std::ranges::all_of(label, is_digit)) return true;
  if (!label.starts_with("0x")) return false;
  return std::ranges::all_of(label.substr(2), [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

/// Whether a path means what it says: absolute, without empty, "." and ".." components.
bool is_plain_path(std::string_view path) {
  if (!path.starts_with('/')) return false;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view component = path.substr(0, path.find('/'));
    if (component.empty() || component == "." || component == "..") return false;
    path.remove_prefix(component.size());
  }
  return true;
}

/// One rule's text, read from left to right.
class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : text_(text) {}

  Result<NetworkRule> read() {
    constexpr size_t kMost = 1024;
    if (text_.size() > kMost) return wrong("a rule has at most 1024 bytes");
    if (std::ranges::any_of(text_, [](char c) { return c <= ' ' || c == 0x7f; }))
      return wrong("a rule has no spaces and control characters");
    WHERRY_CHECK(read_direction());
    if (rule_.direction == Direction::kResolve) {
      rule_.protocols = kIp;
      WHERRY_CHECK(read_name(rest()));
      return std::move(rule_);
    }
    if (skip("unix:")) {
      rule_.protocols = 1 << static_cast<int>(Protocol::kUnix);
      WHERRY_CHECK(read_path());
      return std::move(rule_);
    }
    rule_.protocols = skip("tcp:")   ? 1 << static_cast<int>(Protocol::kTcp)
                      : skip("udp:") ? 1 << static_cast<int>(Protocol::kUdp)
                                     : kIp;
    WHERRY_TRY(const std::string_view host, split_host());
    WHERRY_CHECK(rule_.direction == Direction::kListen ? read_local(host) : read_host(host));
    WHERRY_CHECK(read_ports());
    return std::move(rule_);
  }

 private:
  static constexpr uint8_t kIp = 1 << static_cast<int>(Protocol::kTcp) | 1 << static_cast<int>(Protocol::kUdp);

  std::unexpected<Error> wrong(std::string why) const { return fail(ErrorCode::kSyntax, std::move(why), at_); }
  std::string_view rest() const { return text_.substr(at_); }
  bool skip(std::string_view word) {
    if (!rest().starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  Result<> read_direction() {
    for (const Direction direction : {Direction::kListen, Direction::kConnect, Direction::kResolve}) {
      if (!skip(std::string(to_string(direction)) + ':')) continue;
      rule_.direction = direction;
      return {};
    }
    return wrong("a rule begins with listen:, connect: or resolve:");
  }

  /// What stands before the ports; goes to after their colon.
  Result<std::string_view> split_host() {
    std::string_view host;
    if (skip("[")) {
      const size_t end = rest().find(']');
      if (end == std::string_view::npos) return wrong("']' is missing");
      host = rest().substr(0, end);
      if (host.find(':') == std::string_view::npos) return wrong("brackets are for IPv6 addresses");
      at_ += end + 1;
    } else {
      host = rest().substr(0, rest().find(':'));
      const std::string_view after = rest().substr(host.size());
      if (after.find(':', 1) != std::string_view::npos) return wrong("an IPv6 address stands in brackets");
      at_ += host.size();
    }
    if (!skip(":")) return wrong("':PORTS' is missing; ':*' is every port");
    return host;
  }

  Result<> read_local(std::string_view host) {
    if (host == "*") {
      rule_.addresses.kind = AddressSet::kEverything;
      return {};
    }
    if (host == "localhost") host = "loopback";
    if (add_kind(host)) return {};
    const auto range = IpRange::parse(host);
    if (!range) return wrong("'" + std::string(host) + "' is no address to listen on");
    const bool any = range->first().is_unspecified();
    if (any && !range->first().is_v4() && (range->bits() == 128 || range->is_everything())) {
      rule_.addresses.kind = AddressSet::kEverything;
    } else if (any && range->bits() == 128) {
      rule_.addresses.ranges.push_back(v4(0, 0, 0, 0, 0));
    } else {
      rule_.addresses.ranges.push_back(*range);
    }
    return {};
  }

  Result<> read_host(std::string_view host) {
    if (host == "*") {
      rule_.name = "*";
      rule_.addresses.kind = AddressSet::kOrdinary;
      return {};
    }
    if (host == "localhost") {
      rule_.name = "localhost";
      add_kind("loopback");
      return {};
    }
    if (add_kind(host)) return {};
    if (const auto range = IpRange::parse(host)) {
      rule_.addresses.ranges.push_back(*range);
      return {};
    }
    rule_.by_name = true;
    const size_t at = host.find('@');
    WHERRY_CHECK(read_name(host.substr(0, at)));
    if (rule_.name == "*") return wrong("'*@' would be every name; give the addresses alone");
    if (at == std::string_view::npos) {
      rule_.addresses.kind = AddressSet::kPublic;
      return {};
    }
    const std::string_view set = host.substr(at + 1);
    if (set == "*") {
      rule_.addresses.kind = AddressSet::kOrdinary;
    } else if (!add_kind(set)) {
      const auto range = IpRange::parse(set);
      if (!range) return wrong("'" + std::string(set) + "' is no set of addresses");
      rule_.addresses.ranges.push_back(*range);
    }
    return {};
  }

  /// The addresses that `word` stands for, if it does for any.
  bool add_kind(std::string_view word) {
    if (word == "public") {
      rule_.addresses.kind = AddressSet::kPublic;
      return true;
    }
    bool known = false;
    auto add = [&](const NamedRange& named) {
      if (named.kind != word) return;
      rule_.addresses.ranges.push_back(named.range);
      known = true;
    };
    std::ranges::for_each(kSpecial, add);
    std::ranges::for_each(kPrivate, add);
    return known;
  }

  Result<> read_name(std::string_view name) {
    if (name == "*") {
      rule_.name = name;
      return {};
    }
    const bool below = name.starts_with("*.");
    const auto normal = normal_host_name(below ? name.substr(2) : name);
    if (!normal) return wrong("'" + std::string(name) + "' is no host name, address or range");
    rule_.name = (below ? "*." : "") + *normal;
    return {};
  }

  Result<> read_ports() {
    if (rest() == "*") {
      rule_.ports.emplace_back();
      return {};
    }
    do {
      PortRange range;
      WHERRY_TRY(range.first, read_port());
      range.last = range.first;
      if (skip("-")) {
        WHERRY_TRY(range.last, read_port());
      }
      if (range.last < range.first) return wrong("the last port of a range comes before the first");
      rule_.ports.push_back(range);
    } while (skip(","));
    if (!rest().empty()) return wrong("ports are numbers and ranges: 80,443,8000-8010");
    return {};
  }

  Result<uint16_t> read_port() {
    const std::string_view text = rest();
    uint16_t port = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
    const size_t size = static_cast<size_t>(end - text.data());
    if (failure != std::errc() || (size > 1 && text[0] == '0')) return wrong("a port is a number from 0 to 65535");
    at_ += size;
    return port;
  }

  Result<> read_path() {
    std::string_view path = rest();
    const bool all = path.ends_with('*');
    if (all) path.remove_suffix(1);
    rule_.whole_directory = all;
    if (path.starts_with('@')) {
      if (path.size() == 1 && !all) return wrong("the abstract name is empty");
      rule_.path = std::string(1, '\0') + std::string(path.substr(1));
      return {};
    }
    if (path.find('*') != path.npos || (all && !path.ends_with('/')))
      return wrong("'*' stands for the last component of a path");
    // A directory is kept with its slash.
    const bool plain = is_plain_path(all && path.size() > 1 ? path.substr(0, path.size() - 1) : path);
    if (!plain && path != "/") return wrong("a path is absolute, without '.', '..' and '//'");
    if (!all && path == "/") return wrong("'/' is no socket");
    rule_.path = path;
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
  NetworkRule rule_;
};

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// Short enough and safe for a message.
std::string printable(std::string_view text) {
  constexpr size_t kMost = 100;
  std::string result(text.substr(0, kMost));
  for (char& c : result) c = c < ' ' || c == 0x7f ? '?' : c;
  return result;
}

}  // namespace

std::string_view to_string(Direction direction) {
  constexpr std::string_view kNames[] = {"listen", "connect", "resolve"};
  return kNames[static_cast<size_t>(direction)];
}

std::string_view to_string(Protocol protocol) {
  constexpr std::string_view kNames[] = {"tcp", "udp", "unix"};
  return kNames[static_cast<size_t>(protocol)];
}

std::string_view special_kind(const IpAddress& address) {
  const NamedRange* special = special_range(address);
  return special == nullptr ? std::string_view() : special->kind;
}

std::optional<std::string> normal_host_name(std::string_view text) {
  constexpr size_t kLongest = 253, kLongestLabel = 63;
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > kLongest) return std::nullopt;
  std::string name;
  size_t label = 0;  // Where the current one begins.
  for (const char c : text) {
    if (c == '.') {
      if (label == name.size()) return std::nullopt;
      name += c;
      label = name.size();
      continue;
    }
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool inner = lower == '-' && label != name.size();
    if (!is_digit(lower) && !(lower >= 'a' && lower <= 'z') && lower != '_' && !inner) return std::nullopt;
    name += lower;
    if (name.size() - label > kLongestLabel) return std::nullopt;
  }
  if (label == name.size() || is_numeric_label(std::string_view(name).substr(label))) return std::nullopt;
  return name;
}

bool AddressSet::contains(const IpAddress& address) const {
  const NamedRange* special = special_range(address);
  switch (kind) {
    case kEverything:
      return true;
    case kOrdinary:
      return special == nullptr;
    case kPublic:
      return special == nullptr && !is_private(address);
    case kRanges:
      break;
  }
  return std::ranges::any_of(ranges, [&](const IpRange& range) {
    return range.contains(address) && (special == nullptr || special->range.contains(range));
  });
}

Result<NetworkRule> NetworkRule::parse(std::string_view text) { return RuleReader(text).read(); }

Result<std::vector<NetworkRule>> NetworkRule::parse_lines(std::string_view text) {
  std::vector<NetworkRule> rules;
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::string_view rule = trim(line.substr(0, line.find('#')));
    if (rule.empty()) continue;
    auto parsed = parse(rule);
    if (!parsed) {
      return fail(ErrorCode::kSyntax, "line " + std::to_string(number) + ": network rule '" + printable(rule) +
                                          "': " + parsed.error().message);
    }
    rules.push_back(std::move(*parsed));
  }
  return rules;
}

bool NetworkRule::covers_name(std::string_view normal_name) const {
  if (name == "*") return true;
  if (!name.starts_with("*.")) return name == normal_name;
  return normal_name.size() > name.size() - 1 && normal_name.ends_with(std::string_view(name).substr(1));
}

bool NetworkRule::covers_port(uint16_t port) const {
  return std::ranges::any_of(ports, [port](PortRange r) { return r.first <= port && port <= r.last; });
}

bool NetworkRule::covers_path(std::string_view guest_path) const {
  if (!guest_path.starts_with('\0') && !is_plain_path(guest_path)) return false;
  if (!whole_directory) return guest_path == path;
  const bool abstract = path.starts_with('\0');
  return guest_path.starts_with(path) && (abstract || guest_path.find('/', path.size()) == guest_path.npos);
}

bool NetworkRule::covers_local(const IpAddress& address) const {
  if (addresses.kind != AddressSet::kRanges) return addresses.contains(address);
  if (address.is_unspecified()) {
    return std::ranges::any_of(addresses.ranges, [&](const IpRange& r) {
      return r.is_everything() && r.contains(address) && address.is_v4();
    });
  }
  return std::ranges::any_of(addresses.ranges, [&](const IpRange& r) { return r.contains(address); });
}

}  // namespace wherry::wasi::host
