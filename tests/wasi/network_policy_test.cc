// What rules mean: which addresses, names, ports and paths they cover, and that nothing gets around them.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "wasi/host/policy.h"

namespace wherry::wasi::host {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

std::vector<NetworkRule> rules(std::string_view text) {
  auto parsed = NetworkRule::parse_lines(text);
  EXPECT_TRUE(parsed) << text << ": " << (parsed ? "" : parsed.error().message);
  return parsed ? *parsed : std::vector<NetworkRule>();
}

SocketAddress at(std::string_view ip, uint16_t port) {
  const auto address = IpAddress::parse(ip);
  EXPECT_TRUE(address) << ip;
  const bool six = ip.find(':') != ip.npos;
  return SocketAddress::of_ip(six ? AddressFamily::kIpv6 : AddressFamily::kIpv4, *address, port);
}

struct AddressCase {
  std::string_view rules;
  char what;  ///< c: connect, s: send a datagram, l: listen, d: listen for datagrams
  std::string_view ip;
  uint16_t port;
  bool allowed;
};
void PrintTo(const AddressCase& c, std::ostream* out) {
  *out << c.rules << " | " << c.what << ' ' << c.ip << ' ' << c.port;
}

constexpr AddressCase kAddressCases[] = {
    // Nothing by default, and one rule gives nothing else.
    {"", 'c', "192.0.2.1", 80, false},
    {"", 'l', "127.0.0.1", 80, false},
    {"", 'l', "0.0.0.0", 0, false},
    {"", 's', "192.0.2.1", 53, false},
    {"resolve:*", 'c', "192.0.2.1", 80, false},
    {"listen:*:*", 'c', "192.0.2.1", 80, false},
    {"connect:*:*", 'l', "192.0.2.1", 80, false},
    {"connect:tcp:*:*", 's', "192.0.2.1", 80, false},
    {"connect:udp:*:*", 'c', "192.0.2.1", 80, false},
    {"connect:*:*", 's', "192.0.2.1", 80, true},
    {"listen:udp:*:53", 'l', "0.0.0.0", 53, false},
    {"listen:udp:*:53", 'd', "0.0.0.0", 53, true},
    // Ports.
    {"connect:tcp:192.0.2.1:80", 'c', "192.0.2.1", 80, true},
    {"connect:tcp:192.0.2.1:80", 'c', "192.0.2.1", 81, false},
    {"connect:tcp:192.0.2.1:80", 'c', "192.0.2.1", 0, false},
    {"connect:tcp:192.0.2.1:80-90", 'c', "192.0.2.1", 79, false},
    {"connect:tcp:192.0.2.1:80-90", 'c', "192.0.2.1", 80, true},
    {"connect:tcp:192.0.2.1:80-90", 'c', "192.0.2.1", 90, true},
    {"connect:tcp:192.0.2.1:80-90", 'c', "192.0.2.1", 91, false},
    {"connect:tcp:192.0.2.1:22,80-90,443", 'c', "192.0.2.1", 443, true},
    {"connect:tcp:192.0.2.1:22,80-90,443", 'c', "192.0.2.1", 100, false},
    {"connect:tcp:192.0.2.1:65535", 'c', "192.0.2.1", 65535, true},
    {"listen:127.0.0.1:8080", 'l', "127.0.0.1", 0, false},
    {"listen:127.0.0.1:0", 'l', "127.0.0.1", 0, true},
    {"listen:127.0.0.1:0", 'l', "127.0.0.1", 8080, false},
    // Ranges.
    {"connect:10.0.0.0/8:*", 'c', "10.255.255.255", 1, true},
    {"connect:10.0.0.0/8:*", 'c', "11.0.0.0", 1, false},
    {"connect:10.1.128.0/17:*", 'c', "10.1.128.1", 1, true},
    {"connect:10.1.128.0/17:*", 'c', "10.1.127.255", 1, false},
    {"connect:192.0.2.1/32:*", 'c', "192.0.2.0", 1, false},
    {"connect:[2001:db8::/32]:*", 'c', "2001:db8:ffff::1", 1, true},
    {"connect:[2001:db8::/32]:*", 'c', "2001:db9::1", 1, false},
    {"connect:[2001:db8::1]:*", 'c', "2001:db8::1", 1, true},
    {"connect:[2001:db8::1]:*", 'c', "2001:db8::2", 1, false},
    {"connect:0.0.0.0/0:*", 'c', "2001:db8::2", 1, false},
    {"connect:[::/0]:*", 'c', "192.0.2.1", 1, false},
    {"connect:[::/0]:*", 'c', "2001:db8::2", 1, true},
    // IPv4-mapped IPv6 is IPv4.
    {"connect:192.0.2.1:80", 'c', "::ffff:192.0.2.1", 80, true},
    {"connect:192.0.2.1:80", 'c', "::ffff:192.0.2.2", 80, false},
    {"connect:[::ffff:192.0.2.1]:80", 'c', "192.0.2.1", 80, true},
    {"connect:[::/0]:*", 'c', "::ffff:192.0.2.1", 80, false},
    {"connect:*:*", 'c', "::ffff:127.0.0.1", 80, false},
    {"connect:*:*", 'c', "::ffff:169.254.169.254", 80, false},
    {"connect:loopback:*", 'c', "::ffff:127.0.0.1", 80, true},
    {"listen:0.0.0.0:80", 'l', "::ffff:0.0.0.0", 80, true},
    // The loopback, and what the system takes for it.
    {"connect:*:*", 'c', "127.0.0.1", 80, false},
    {"connect:*:*", 'c', "127.255.0.1", 80, false},
    {"connect:*:*", 'c', "::1", 80, false},
    {"connect:*:*", 'c', "0.0.0.0", 80, false},
    {"connect:*:*", 'c', "::", 80, false},
    {"connect:*:*", 'c', "::ffff:0.0.0.0", 80, false},
    {"connect:0.0.0.0/0:*", 'c', "127.0.0.1", 80, false},
    {"connect:[::/0]:*", 'c', "::1", 80, false},
    {"connect:[::/0]:*", 'c', "::", 80, false},
    {"connect:0.0.0.0:80", 'c', "127.0.0.1", 80, false},
    {"connect:127.0.0.0/8:80", 'c', "127.0.0.1", 80, true},
    {"connect:127.0.0.1:80", 'c', "127.0.0.1", 80, true},
    {"connect:127.0.0.1:80", 'c', "127.0.0.2", 80, false},
    {"connect:127.0.0.1:80", 'c', "0.0.0.0", 80, true},
    {"connect:127.0.0.2:80", 'c', "0.0.0.0", 80, false},
    {"connect:[::1]:80", 'c', "::", 80, true},
    {"connect:[::1]:80", 'c', "127.0.0.1", 80, false},
    {"connect:localhost:80", 'c', "127.0.0.1", 80, true},
    {"connect:localhost:80", 'c', "::1", 80, true},
    {"connect:loopback:80", 'c', "192.0.2.1", 80, false},
    {"connect:126.0.0.0/7:80", 'c', "127.0.0.1", 80, false},
    {"connect:126.0.0.0/7:80", 'c', "126.0.0.1", 80, true},
    {"connect:*:*", 'c', "0.1.2.3", 80, false},
    // Link-local and metadata addresses.
    {"connect:*:*", 'c', "169.254.1.1", 80, false},
    {"connect:*:*", 'c', "169.254.169.254", 80, false},
    {"connect:169.254.0.0/16:80", 'c', "169.254.1.1", 80, true},
    {"connect:169.254.0.0/16:80", 'c', "169.254.169.254", 80, false},
    {"connect:169.254.169.0/24:80", 'c', "169.254.169.254", 80, false},
    {"connect:link-local:80", 'c', "169.254.169.254", 80, false},
    {"connect:link-local:80", 'c', "fe80::1", 80, true},
    {"connect:169.254.169.254:80", 'c', "169.254.169.254", 80, true},
    {"connect:metadata:80", 'c', "169.254.169.254", 80, true},
    {"connect:metadata:80", 'c', "fd00:ec2::254", 80, true},
    {"connect:metadata:80", 'c', "169.254.1.1", 80, false},
    {"connect:[fd00::/8]:80", 'c', "fd00:ec2::254", 80, false},
    {"connect:[fd00::/8]:80", 'c', "fd00:ec2::255", 80, true},
    {"connect:100.64.0.0/10:80", 'c', "100.100.100.200", 80, false},
    {"connect:*:*", 'c', "168.63.129.16", 80, false},
    {"connect:*:*", 'c', "fe80::1", 80, false},
    {"connect:*:*", 'c', "febf::1", 80, false},
    {"connect:*:*", 'c', "fec0::1", 80, true},
    // IPv4 inside IPv6, for a gateway to take out.
    {"connect:*:*", 'c', "64:ff9b::7f00:1", 80, false},
    {"connect:[::/0]:*", 'c', "64:ff9b::a9fe:a9fe", 80, false},
    {"connect:[64:ff9b::/96]:*", 'c', "64:ff9b::a9fe:a9fe", 80, true},
    {"connect:*:*", 'c', "2002:7f00:1::", 80, false},
    {"connect:*:*", 'c', "::127.0.0.1", 80, false},
    {"connect:*:*", 'c', "::ffff:0:127.0.0.1", 80, false},
    // Groups and everybody.
    {"connect:udp:*:*", 's', "224.0.0.251", 5353, false},
    {"connect:udp:*:*", 's', "255.255.255.255", 67, false},
    {"connect:udp:*:*", 's', "ff02::1", 5353, false},
    {"connect:udp:multicast:5353", 's', "ff02::fb", 5353, true},
    {"connect:udp:255.255.255.255:67", 's', "255.255.255.255", 67, true},
    // Private addresses are ordinary, but not public.
    {"connect:*:*", 'c', "10.0.0.1", 80, true},
    {"connect:public:*", 'c', "10.0.0.1", 80, false},
    {"connect:public:*", 'c', "192.168.1.1", 80, false},
    {"connect:public:*", 'c', "100.64.0.1", 80, false},
    {"connect:public:*", 'c', "fd12::1", 80, false},
    {"connect:public:*", 'c', "127.0.0.1", 80, false},
    {"connect:public:*", 'c', "192.0.3.1", 80, true},
    {"connect:private:*", 'c', "172.31.255.255", 80, true},
    {"connect:private:*", 'c', "172.32.0.0", 80, false},
    // Where to listen: any address includes all others, and no other includes it.
    {"listen:127.0.0.1:80", 'l', "0.0.0.0", 80, false},
    {"listen:127.0.0.1:80", 'l', "::", 80, false},
    {"listen:loopback:80", 'l', "127.0.0.1", 80, true},
    {"listen:loopback:80", 'l', "::1", 80, true},
    {"listen:loopback:80", 'l', "0.0.0.0", 80, false},
    {"listen:0.0.0.0:80", 'l', "0.0.0.0", 80, true},
    {"listen:0.0.0.0:80", 'l', "127.0.0.1", 80, true},
    {"listen:0.0.0.0:80", 'l', "192.0.2.1", 80, true},
    {"listen:0.0.0.0:80", 'l', "::", 80, false},
    {"listen:0.0.0.0:80", 'l', "::1", 80, false},
    {"listen:0.0.0.0/8:80", 'l', "0.0.0.0", 80, false},
    {"listen:[::]:80", 'l', "::", 80, true},
    {"listen:[::]:80", 'l', "0.0.0.0", 80, true},
    {"listen:[::]:80", 'l', "::1", 80, true},
    {"listen:[::/8]:80", 'l', "::", 80, false},
    {"listen:*:80", 'l', "127.0.0.1", 80, true},
    {"listen:*:80", 'l', "127.0.0.1", 81, false},
    {"listen:10.0.0.0/8:80", 'l', "10.0.0.1", 80, true},
    {"listen:public:80", 'l', "0.0.0.0", 80, false},
    // A name without an answer covers nothing.
    {"connect:example.com:443", 'c', "192.0.2.1", 443, false},
    // Any rule is enough; comments and empty lines are none.
    {"# all of it\n\nconnect:192.0.2.1:1  # one\n  connect:192.0.2.1:2\n", 'c', "192.0.2.1", 2, true},
    {"#connect:192.0.2.1:1", 'c', "192.0.2.1", 1, false},
};

class Addresses : public testing::TestWithParam<AddressCase> {};

TEST_P(Addresses, AreCovered) {
  const AddressCase& c = GetParam();
  const NetworkPolicy policy(rules(c.rules));
  const Protocol protocol = c.what == 'c' || c.what == 'l' ? Protocol::kTcp : Protocol::kUdp;
  const bool listens = c.what == 'l' || c.what == 'd';
  const SocketAddress address = at(c.ip, c.port);
  const Verdict verdict = listens ? policy.may_listen(protocol, address) : policy.may_connect(protocol, address, 0);
  EXPECT_EQ(static_cast<bool>(verdict), c.allowed) << verdict.why();
}

INSTANTIATE_TEST_SUITE_P(NetworkPolicy, Addresses, testing::ValuesIn(kAddressCases));

struct PathCase {
  std::string_view rules;
  char what;  ///< c: connect, l: listen
  std::string_view path;
  bool allowed;
};
void PrintTo(const PathCase& c, std::ostream* out) { *out << c.rules << " | " << c.what << ' ' << c.path; }

using namespace std::string_view_literals;
constexpr PathCase kPathCases[] = {
    {"", 'c', "/run/a", false},
    {"connect:*:*", 'c', "/run/a", false},
    {"connect:unix:/run/a", 'c', "/run/a", true},
    {"connect:unix:/run/a", 'l', "/run/a", false},
    {"listen:unix:/run/a", 'l', "/run/a", true},
    {"connect:unix:/run/a", 'c', "/run/ab", false},
    {"connect:unix:/run/a", 'c', "/run/a/b", false},
    {"connect:unix:/run/a", 'c', "/run//a", false},
    {"connect:unix:/run/a", 'c', "/run/./a", false},
    {"connect:unix:/run/a", 'c', "/run/b/../a", false},
    {"connect:unix:/run/a", 'c', "run/a", false},
    {"connect:unix:/run/a", 'c', "", false},
    {"connect:unix:/run/a", 'c', "\0/run/a"sv, false},
    {"connect:unix:/run/d/*", 'c', "/run/d/a", true},
    {"connect:unix:/run/d/*", 'c', "/run/d/a/b", false},
    {"connect:unix:/run/d/*", 'c', "/run/d/", false},
    {"connect:unix:/run/d/*", 'c', "/run/d/..", false},
    {"connect:unix:/run/d/*", 'c', "/run/d/../docker.sock", false},
    {"connect:unix:/run/d/*", 'c', "/run/dd", false},
    {"connect:unix:/*", 'c', "/a", true},
    {"connect:unix:/*", 'c', "/a/b", false},
    {"connect:unix:@a", 'c', "\0a"sv, true},
    {"connect:unix:@a", 'c', "\0ab"sv, false},
    {"connect:unix:@a", 'c', "@a", false},
    {"connect:unix:@a*", 'c', "\0ab"sv, true},
    {"connect:unix:/run/d/*", 'c', "\0x"sv, false},
};

class Paths : public testing::TestWithParam<PathCase> {};

TEST_P(Paths, AreCovered) {
  const PathCase& c = GetParam();
  const NetworkPolicy policy(rules(c.rules));
  const SocketAddress address = SocketAddress::of_path(std::string(c.path));
  const Verdict verdict =
      c.what == 'l' ? policy.may_listen(Protocol::kUnix, address) : policy.may_connect(Protocol::kUnix, address, 0);
  EXPECT_EQ(static_cast<bool>(verdict), c.allowed);
}

INSTANTIATE_TEST_SUITE_P(NetworkPolicy, Paths, testing::ValuesIn(kPathCases));

struct NameCase {
  std::string_view rules;
  std::string_view name;
  bool allowed;
};
constexpr NameCase kNameCases[] = {
    {"", "example.com", false},
    {"connect:192.0.2.0/24:*", "example.com", false},
    {"listen:*:*", "example.com", false},
    {"connect:unix:/run/a", "example.com", false},
    {"resolve:example.com", "example.com", true},
    {"resolve:example.com", "www.example.com", false},
    {"resolve:Example.COM.", "example.com", true},
    {"resolve:*.example.com", "www.example.com", true},
    {"resolve:*.example.com", "a.b.example.com", true},
    {"resolve:*.example.com", "example.com", false},
    {"resolve:*.example.com", "badexample.com", false},
    {"resolve:*", "example.com", true},
    {"connect:tcp:example.com:443", "example.com", true},
    {"connect:tcp:*:443", "example.com", true},
    {"connect:tcp:localhost:443", "localhost", true},
    {"connect:tcp:loopback:443", "localhost", false},
};

TEST(NetworkPolicy, SaysWhichNamesMayBeResolved) {
  for (const NameCase& c : kNameCases) {
    EXPECT_EQ(static_cast<bool>(NetworkPolicy(rules(c.rules)).may_resolve(c.name)), c.allowed) << c.rules << c.name;
  }
}

struct AnswerCase {
  std::string_view rules;
  std::string_view name, answer;
  bool admitted;
};
constexpr AnswerCase kAnswerCases[] = {
    // By name: only public addresses, unless the rule says which.
    {"connect:tcp:a.test:80", "a.test", "203.0.114.1", true},
    {"connect:tcp:a.test:80", "a.test", "127.0.0.1", false},
    {"connect:tcp:a.test:80", "a.test", "0.0.0.0", false},
    {"connect:tcp:a.test:80", "a.test", "169.254.169.254", false},
    {"connect:tcp:a.test:80", "a.test", "10.0.0.1", false},
    {"connect:tcp:a.test:80", "a.test", "::ffff:10.0.0.1", false},
    {"connect:tcp:a.test:80", "a.test", "::1", false},
    {"connect:tcp:a.test:80", "a.test", "fd00::1", false},
    {"connect:tcp:a.test:80", "b.test", "203.0.114.1", false},
    {"connect:tcp:a.test@10.0.0.0/8:80", "a.test", "10.0.0.1", true},
    {"connect:tcp:a.test@10.0.0.0/8:80", "a.test", "203.0.114.1", false},
    {"connect:tcp:a.test@private:80", "a.test", "192.168.0.1", true},
    {"connect:tcp:a.test@*:80", "a.test", "10.0.0.1", true},
    {"connect:tcp:a.test@*:80", "a.test", "127.0.0.1", false},
    {"connect:tcp:a.test@loopback:80", "a.test", "127.0.0.1", true},
    {"connect:tcp:*.a.test:80", "x.a.test", "203.0.114.1", true},
    // By address: what the guest could connect to anyway.
    {"resolve:*\nconnect:tcp:10.0.0.0/8:80", "a.test", "10.0.0.1", true},
    {"resolve:*\nconnect:tcp:10.0.0.0/8:80", "a.test", "11.0.0.1", false},
    {"resolve:*", "a.test", "203.0.114.1", false},
    {"connect:tcp:*:80", "a.test", "10.0.0.1", true},
    {"connect:tcp:*:80", "a.test", "127.0.0.1", false},
    {"connect:tcp:localhost:80", "localhost", "127.0.0.1", true},
    {"listen:*:80\nresolve:*", "a.test", "203.0.114.1", false},
};

TEST(NetworkPolicy, ChecksAnswers) {
  for (const AnswerCase& c : kAnswerCases) {
    NetworkPolicy policy(rules(c.rules));
    EXPECT_EQ(static_cast<bool>(policy.admit_answer(c.name, *IpAddress::parse(c.answer), kSecond, 0)), c.admitted)
        << c.rules << ' ' << c.name << ' ' << c.answer;
    EXPECT_EQ(static_cast<bool>(policy.may_connect(Protocol::kTcp, at(c.answer, 80), 1)), c.admitted)
        << c.rules << ' ' << c.name << ' ' << c.answer;
  }
}

TEST(NetworkPolicy, RemembersAnswersForAsLongAsTheyAreValid) {
  NetworkPolicy policy(rules("connect:tcp:a.test:80\nconnect:udp:b.test:53"));
  const SocketAddress web = at("203.0.114.1", 80);
  const auto connect = [&](const SocketAddress& to, uint64_t now, Protocol protocol = Protocol::kTcp) {
    return static_cast<bool>(policy.may_connect(protocol, to, now));
  };
  EXPECT_FALSE(connect(web, 0));
  ASSERT_TRUE(policy.admit_answer("a.test", web.ip, 100 * kSecond, 10 * kSecond));
  EXPECT_TRUE(connect(web, 10 * kSecond));
  EXPECT_TRUE(connect(web, 110 * kSecond - 1));
  EXPECT_FALSE(connect(web, 110 * kSecond));
  // Only what the rule by that name says: its port and its protocol.
  EXPECT_FALSE(connect(at("203.0.114.1", 443), 10 * kSecond));
  EXPECT_FALSE(connect(at("203.0.114.1", 53), 10 * kSecond, Protocol::kUdp));
  ASSERT_TRUE(policy.admit_answer("b.test", web.ip, kSecond, 10 * kSecond));
  EXPECT_TRUE(connect(at("203.0.114.1", 53), 10 * kSecond, Protocol::kUdp));
  // However short the answer's time, a guest has a minute to connect; however long, an hour.
  EXPECT_TRUE(connect(at("203.0.114.1", 53), 69 * kSecond, Protocol::kUdp));
  ASSERT_TRUE(policy.admit_answer("a.test", web.ip, uint64_t{1} << 63, 0));
  EXPECT_TRUE(connect(web, 3599 * kSecond));
  EXPECT_FALSE(connect(web, 3600 * kSecond));
  // In the mapped form, too.
  EXPECT_TRUE(connect(at("::ffff:203.0.114.1", 80), 0));
}

TEST(NetworkPolicy, ForgetsWhenThereAreTooManyAnswers) {
  NetworkPolicy policy(rules("connect:tcp:a.test@*:80"));
  ASSERT_TRUE(policy.admit_answer("a.test", IpAddress::v4(10, 9, 9, 9), 1000 * kSecond, 0));
  ASSERT_TRUE(policy.admit_answer("a.test", IpAddress::v4(10, 9, 9, 8), 60 * kSecond, 0));
  for (size_t i = 0; i < NetworkPolicy::kMaxPins - 1; ++i) {
    const auto high = static_cast<uint8_t>(i >> 8), low = static_cast<uint8_t>(i);
    ASSERT_TRUE(policy.admit_answer("a.test", IpAddress::v4(11, 0, high, low), 100 * kSecond, 0));
  }
  EXPECT_TRUE(policy.may_connect(Protocol::kTcp, at("10.9.9.9", 80), 1));
  EXPECT_FALSE(policy.may_connect(Protocol::kTcp, at("10.9.9.8", 80), 1));
}

TEST(NetworkRule, IsNothingElse) {
  constexpr std::string_view kWrong[] = {
      "connect",
      "connect:",
      "connect:tcp",
      "connect:tcp:",
      "allow:tcp:192.0.2.1:80",
      "connect:192.0.2.1",
      "connect:192.0.2.1:",
      "connect:192.0.2.1:http",
      "connect:192.0.2.1:65536",
      "connect:192.0.2.1:-1",
      "connect:192.0.2.1:080",
      "connect:192.0.2.1:90-80",
      "connect:192.0.2.1:80-",
      "connect:192.0.2.1:80,",
      "connect:192.0.2.1:80:81",
      "connect:192.0.2.1 :80",
      "connect: 192.0.2.1:80",
      "connect:\t192.0.2.1:80",
      "connect:tcp:192.0.2.1:80 connect:tcp:192.0.2.2:80",
      // Addresses in forms that some take for addresses.
      "connect:0177.0.0.1:80",
      "connect:127.1:80",
      "connect:2130706433:80",
      "connect:0x7f000001:80",
      "connect:0x7f.0.0.1:80",
      "connect:192.0.2.256:80",
      "connect:192.0.2.01:80",
      "connect:192.0.2.1.:80",
      "connect:1.2.3:80",
      // Ranges.
      "connect:10.0.0.1/8:80",
      "connect:10.0.0.0/33:80",
      "connect:10.0.0.0/08:80",
      "connect:10.0.0.0/:80",
      "connect:10.0.0.0/-1:80",
      "connect:[2001:db8::1/64]:80",
      "connect:[2001:db8::/129]:80",
      "connect:[::ffff:10.0.0.0/104]:80",
      "connect:2001:db8::1:80",
      "connect:::1:80",
      "connect:[2001:db8::1:80",
      "connect:[2001:db8::1]80",
      "connect:[192.0.2.1]:80",
      "connect:[fe80::1%eth0]:80",
      // Names.
      "connect:exam ple.com:80",
      "connect:*example.com:80",
      "connect:www.*.com:80",
      "connect:.example.com:80",
      "connect:a..b:80",
      "connect:-a.com:80",
      "connect:ünï.com:80",
      "connect:*@10.0.0.0/8:80",
      "connect:a.test@:80",
      "connect:a.test@b.test:80",
      "connect:@10.0.0.0/8:80",
      "resolve:",
      "resolve:192.0.2.1",
      "resolve:example.com:80",
      "resolve:tcp:example.com",
      "listen:example.com:80",
      "listen:a.test@10.0.0.0/8:80",
      // Paths.
      "connect:unix:",
      "connect:unix:run/a",
      "connect:unix:/run/../a",
      "connect:unix:/run//a",
      "connect:unix:/run/a/",
      "connect:unix:/",
      "connect:unix:/run/a*",
      "connect:unix:/*/a",
      "connect:unix:@",
  };
  for (const std::string_view text : kWrong) {
    const auto rule = NetworkRule::parse(text);
    ASSERT_FALSE(rule) << text;
    EXPECT_EQ(rule.error().code, ErrorCode::kSyntax);
    EXPECT_LE(rule.error().offset, text.size());
  }
  EXPECT_FALSE(NetworkRule::parse(std::string_view("connect:a\0b:80", 14)));
  EXPECT_FALSE(NetworkRule::parse("connect:" + std::string(2000, 'a') + ":80"));
  const auto lines = NetworkRule::parse_lines("connect:*:80\n\n # \n connect:x\r\n");
  ASSERT_FALSE(lines);
  EXPECT_EQ(lines.error().message, "line 4: network rule 'connect:x': ':PORTS' is missing; ':*' is every port");
}

TEST(HostNames, HaveOneForm) {
  EXPECT_EQ(normal_host_name("WWW.Example.com."), "www.example.com");
  EXPECT_EQ(normal_host_name("_srv.a-b.c1"), "_srv.a-b.c1");
  EXPECT_EQ(normal_host_name("1.2.3.4.in-addr.arpa"), "1.2.3.4.in-addr.arpa");
  for (const std::string_view text : {"", ".", "a..b", ".a", "a b", "a/b", "a:b", "127.1", "0177.0.0.1", "0x7f.1", "0x",
                                      "017700000001", "2130706433", "1.2.3.0xff", "a.1", "ä", "a\n", "*.a"}) {
    EXPECT_EQ(normal_host_name(text), std::nullopt) << text;
  }
  EXPECT_TRUE(normal_host_name(std::string(63, 'a')));
  EXPECT_FALSE(normal_host_name(std::string(64, 'a')));
  std::string longest;
  while (longest.size() < 252) longest += "a.";
  EXPECT_TRUE(normal_host_name(longest + "b"));
  EXPECT_FALSE(normal_host_name(longest + "bc"));
}

TEST(Addresses, HaveOneTextEach) {
  for (const std::string_view text :
       {"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1"}) {
    EXPECT_EQ(IpAddress::parse(text)->to_string(), text);
  }
  EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1")->to_string(), "192.0.2.1");
  EXPECT_EQ(IpAddress::parse("::ffff:c000:201"), IpAddress::v4(192, 0, 2, 1));
  for (const std::string_view text :
       {"", "1", "1.2", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.-4", " 1.2.3.4", "1.2.3.4 ", "0x1.2.3.4",
        ":", ":::", "1::2::3", "12345::", "::1%lo", "::ffff:1.2.3", "[::1]", "1.2.3.4/8"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)));
  EXPECT_EQ(SocketAddress::of_path(std::string("\0a b\n", 5)).to_string(), "unix:@a?b?");
}

}  // namespace
}  // namespace wherry::wasi::host
