// WasmEdge's socket extension, over real sockets on the loopback.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "guest.h"
#include "wherry/engine.h"
#include "wherry/store.h"

namespace wherry::wasi {
namespace {

using namespace std::string_view_literals;

constexpr uint32_t kInet4 = 1, kInet6 = 2, kUnix = 3, kDatagram = 1, kStream = 2, kNonblock = 4;
constexpr uint32_t kReuseAddress = 0, kType = 1, kError = 2, kReceiveTimeout = 11, kAcceptsConnections = 13,
                   kBindToDevice = 14;

struct Storage {
  uint16_t family;
  char bytes[126];
};

/// A guest, and the extension's calls as guests make them.
class SocketGuest : public TestGuest {
 public:
  explicit SocketGuest(std::vector<std::string> rules, WasiConfig config = {})
      : TestGuest(configure(config, std::move(rules), refusals_)) {}

  /// Tells of no failure.
  uint32_t open(uint32_t family, uint32_t kind) {
    EXPECT_EQ(call("sock_open", family, kind, kOut), Errno::kSuccess);
    return get<uint32_t>();
  }
  uint32_t address(std::string_view bytes) {
    const uint32_t guest[] = {put(bytes), static_cast<uint32_t>(bytes.size())};
    return put(guest);
  }
  uint32_t storage(uint16_t family, std::string_view bytes) {
    Storage storage = {family, {}};
    memcpy(storage.bytes, bytes.data(), bytes.size());
    return address({reinterpret_cast<const char*>(&storage), sizeof storage});
  }
  Errno bind(uint32_t fd, std::string_view ip, uint32_t port) { return call("sock_bind", fd, address(ip), port); }
  Errno connect(uint32_t fd, std::string_view ip, uint32_t port) { return call("sock_connect", fd, address(ip), port); }
  Errno send_to(uint32_t fd, std::string_view ip, uint32_t port, std::string_view text) {
    const uint32_t vector[] = {put(text), static_cast<uint32_t>(text.size())};
    const uint32_t vectors = put(vector);
    return call("sock_send_to", fd, vectors, 1, address(ip), port, 0, kOut);
  }
  uint32_t port_of(uint32_t fd) {
    const uint32_t where[] = {kBuffer, 16};
    EXPECT_EQ(call("sock_getlocaladdr", fd, put(where), kOut, kOut + 4), Errno::kSuccess);
    return get<uint32_t>(kOut + 4);
  }
  /// Bound to 127.0.0.1 and listening; its port.
  uint32_t listening(uint32_t* fd) {
    *fd = open(kInet4, kStream);
    EXPECT_EQ(bind(*fd, kLoopback, 0), Errno::kSuccess);
    EXPECT_EQ(call("sock_listen", *fd, 16), Errno::kSuccess);
    return port_of(*fd);
  }
  Errno option(uint32_t fd, uint32_t name, int* value) {
    const uint32_t size = put(uint32_t{4});
    const Errno result = call("sock_getsockopt", fd, 0, name, kOut, size);
    *value = get<int>();
    return result;
  }

  static constexpr std::string_view kLoopback = "\x7f\0\0\x01"sv;
  const std::vector<std::string>& refusals() const { return refusals_; }

 private:
  static WasiConfig configure(WasiConfig config, std::vector<std::string> rules, std::vector<std::string>& refusals) {
    for (std::string& rule : rules) config.network_rule(std::move(rule));
    config.on_network_refusal([&refusals](std::string_view line) { refusals.emplace_back(line); });
    return config;
  }
  std::vector<std::string> refusals_;
};
constexpr std::string_view SocketGuest::kLoopback;

const std::string kLoopback(SocketGuest::kLoopback.data(), 4);

TEST(SocketExtension, GivesNothingWithoutARule) {
  SocketGuest guest({});
  EXPECT_EQ(guest.call("sock_open", kInet4, kStream, TestGuest::kOut), Errno::kAcces);
  EXPECT_EQ(guest.call("sock_open", kInet6, kDatagram, TestGuest::kOut), Errno::kAcces);
  EXPECT_EQ(guest.call("sock_open", kUnix, kStream, TestGuest::kOut), Errno::kNosys);
  ASSERT_EQ(guest.refusals().size(), 3u);
  EXPECT_EQ(guest.refusals()[0], "network: refused a socket for tcp: no rule is about it");
}

TEST(SocketExtension, ChecksWhatItIsGiven) {
  SocketGuest guest({"listen:*:*", "connect:loopback:*", "connect:unix:/run/none"});
  EXPECT_EQ(guest.call("sock_open", 0, kStream, TestGuest::kOut), Errno::kInval);
  EXPECT_EQ(guest.call("sock_open", 4, kStream, TestGuest::kOut), Errno::kInval);
  EXPECT_EQ(guest.call("sock_open", kInet4, 0, TestGuest::kOut), Errno::kInval);
  EXPECT_EQ(guest.call("sock_open", kInet4, 3, TestGuest::kOut), Errno::kInval);
  EXPECT_EQ(guest.call("sock_open", kInet4, kStream, 0xffffffffu), Errno::kFault);
  const uint32_t fd = guest.open(kInet4, kStream);
  EXPECT_EQ(guest.bind(fd, "abc", 80), Errno::kInval);
  EXPECT_EQ(guest.call("sock_bind", fd, guest.storage(0, kLoopback), 0), Errno::kInval);
  EXPECT_EQ(guest.call("sock_bind", fd, guest.storage(0x101, kLoopback), 0), Errno::kInval);
  const uint32_t far[] = {0xfffffff0u, 16};
  EXPECT_EQ(guest.call("sock_bind", fd, guest.put(far), 0), Errno::kFault);
  EXPECT_EQ(guest.call("sock_bind", 0, guest.address(kLoopback), 0), Errno::kNotsock);
  EXPECT_EQ(guest.call("sock_bind", 77, guest.address(kLoopback), 0), Errno::kBadf);
  // Of another family than the socket.
  EXPECT_NE(guest.bind(fd, std::string(16, '\0'), 0), Errno::kSuccess);
  EXPECT_NE(guest.call("sock_connect", fd, guest.storage(kUnix, "/run/none"), 0), Errno::kSuccess);
  EXPECT_EQ(guest.call("sock_getsockopt", fd, 1, kType, TestGuest::kOut, guest.put(uint32_t{4})), Errno::kInval);
  EXPECT_EQ(guest.call("sock_getsockopt", fd, 0, 15, TestGuest::kOut, guest.put(uint32_t{4})), Errno::kInval);
  EXPECT_EQ(guest.call("sock_setsockopt", fd, 0, kReuseAddress, 0xfffffffeu, 4), Errno::kFault);
  EXPECT_EQ(guest.call("sock_setsockopt", fd, 0, kBindToDevice, guest.put(uint32_t{'o' << 8 | 'l'}), 3), Errno::kPerm);
}

TEST(SocketExtension, ConnectsTwoStreams) {
  SocketGuest guest({"listen:tcp:loopback:0", "connect:tcp:loopback:*"});
  uint32_t listener;
  const uint32_t port = guest.listening(&listener);
  ASSERT_NE(port, 0u);
  const uint32_t client = guest.open(kInet4, kStream);
  ASSERT_EQ(guest.connect(client, kLoopback, port), Errno::kSuccess);
  // The first version of sock_accept.
  ASSERT_EQ(guest.call("sock_accept", listener, TestGuest::kOut), Errno::kSuccess);
  const auto server = guest.get<uint32_t>();

  // Scattered, and larger than a socket's buffers.
  std::string much(3'000'000, 'x');
  for (size_t i = 0; i < much.size(); ++i) much[i] = static_cast<char>(i * 7919 >> 8);
  std::atomic<size_t> sent = 0;
  ASSERT_EQ(guest.call("fd_fdstat_set_flags", client, kNonblock), Errno::kSuccess);
  ASSERT_EQ(guest.call("fd_fdstat_set_flags", server, kNonblock), Errno::kSuccess);
  std::string got;
  while (got.size() != much.size()) {
    const std::string_view rest = std::string_view(much).substr(sent, 100'000);
    if (!rest.empty()) {
      const uint32_t half = static_cast<uint32_t>(rest.size() / 2), at = 0x20000;
      memcpy(guest.memory().data() + at, rest.data(), rest.size());
      const uint32_t vectors[] = {at, half, at, 0, at + half, static_cast<uint32_t>(rest.size()) - half};
      const Errno result = guest.call("sock_send", client, guest.put(vectors), 3, 0, TestGuest::kOut);
      ASSERT_TRUE(result == Errno::kSuccess || result == Errno::kAgain);
      if (result == Errno::kSuccess) sent += guest.get<uint32_t>();
    }
    const uint32_t vectors[] = {0x60000, 1, 0x60001, 70'000, 0xa0000, 1000};
    const Errno result =
        guest.call("sock_recv", server, guest.put(vectors), 3, 0, TestGuest::kOut, TestGuest::kOut + 8);
    if (result == Errno::kAgain) continue;
    ASSERT_EQ(result, Errno::kSuccess);
    const auto size = guest.get<uint32_t>();
    got += guest.text(0x60000, std::min(size, 70'001u));
    if (size > 70'001) got += guest.text(0xa0000, size - 70'001);
  }
  EXPECT_EQ(got, much);

  // Half-closed: the other direction goes on. With the functions of files, too.
  ASSERT_EQ(guest.call("sock_shutdown", client, 2), Errno::kSuccess);
  std::string text;
  EXPECT_EQ(guest.read(server, 10, &text), Errno::kSuccess);
  EXPECT_EQ(text, "");
  EXPECT_EQ(guest.write(server, "bye"), Errno::kSuccess);
  EXPECT_EQ(guest.read(client, 10, &text), Errno::kSuccess);
  EXPECT_EQ(text, "bye");
  EXPECT_EQ(guest.call("fd_close", server), Errno::kSuccess);
  EXPECT_EQ(guest.read(client, 10, &text), Errno::kSuccess);
  EXPECT_EQ(text, "");
  EXPECT_EQ(guest.write(client, "x"), Errno::kPipe);
}

TEST(SocketExtension, TellsAddressesInBothVersions) {
  SocketGuest guest({"listen:tcp:loopback:0", "connect:tcp:loopback:*"});
  uint32_t listener;
  const uint32_t port = guest.listening(&listener);
  const uint32_t client = guest.open(kInet4, kStream);
  ASSERT_EQ(guest.connect(client, kLoopback, port), Errno::kSuccess);
  const uint32_t plain[] = {TestGuest::kBuffer, 4}, wide[] = {TestGuest::kBuffer, 16}, storage[] = {0x9000, 128};
  for (const auto& where : {plain, wide}) {
    ASSERT_EQ(guest.call("sock_getpeeraddr", client, guest.put(*reinterpret_cast<const uint64_t*>(where)),
                         TestGuest::kOut, TestGuest::kOut + 4),
              Errno::kSuccess);
    EXPECT_EQ(guest.get<uint32_t>(), 4u);  // As WasmEdge has it, not the family's number.
    EXPECT_EQ(guest.get<uint32_t>(TestGuest::kOut + 4), port);
    EXPECT_EQ(guest.text(TestGuest::kBuffer, 4), kLoopback);
  }
  EXPECT_EQ(guest.call("sock_getpeeraddr", client, guest.put(storage), TestGuest::kOut, TestGuest::kOut + 4),
            Errno::kInval);
  ASSERT_EQ(guest.call("sock_getpeeraddr", client, guest.put(storage), TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(), port);
  EXPECT_EQ(guest.get<Storage>(0x9000).family, kInet4);
  EXPECT_EQ(guest.text(0x9002, 4), kLoopback);
  EXPECT_EQ(guest.call("sock_getlocaladdr", client, guest.put(wide), TestGuest::kOut), Errno::kInval);
  EXPECT_EQ(guest.call("sock_getpeeraddr", listener, guest.put(storage), TestGuest::kOut), Errno::kNotconn);
}

TEST(SocketExtension, SpeaksIpv6) {
  SocketGuest guest({"listen:tcp:loopback:0", "connect:tcp:loopback:*"});
  const std::string loopback = std::string(15, '\0') + '\1';
  const uint32_t listener = guest.open(kInet6, kStream);
  if (guest.bind(listener, loopback, 0) == Errno::kAddrnotavail) GTEST_SKIP() << "no IPv6 here";
  ASSERT_EQ(guest.call("sock_listen", listener, 1), Errno::kSuccess);
  const uint32_t wide[] = {TestGuest::kBuffer, 16}, plain[] = {TestGuest::kBuffer, 4};
  ASSERT_EQ(guest.call("sock_getlocaladdr", listener, guest.put(wide), TestGuest::kOut, TestGuest::kOut + 4),
            Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(), 6u);
  EXPECT_EQ(guest.text(TestGuest::kBuffer, 16), loopback);
  const auto port = guest.get<uint32_t>(TestGuest::kOut + 4);
  EXPECT_EQ(guest.call("sock_getlocaladdr", listener, guest.put(plain), TestGuest::kOut, TestGuest::kOut + 4),
            Errno::kNomem);
  const uint32_t client = guest.open(kInet6, kStream);
  EXPECT_EQ(guest.call("sock_connect", client, guest.storage(kInet6, loopback), port), Errno::kSuccess);
}

TEST(SocketExtension, ConnectsWithoutBlocking) {
  SocketGuest guest({"listen:tcp:loopback:0", "connect:tcp:loopback:*"});
  uint32_t listener;
  const uint32_t port = guest.listening(&listener);
  const uint32_t client = guest.open(kInet4, kStream);
  ASSERT_EQ(guest.call("fd_fdstat_set_flags", client, kNonblock), Errno::kSuccess);
  EXPECT_EQ(guest.connect(client, kLoopback, port), Errno::kInprogress);
  const uint64_t writable[] = {9, 2, client, 0, 0, 0};
  ASSERT_EQ(guest.call("epoll_oneoff", guest.put(writable), 0x8000, 1, TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(), 1u);
  int value = -1;
  EXPECT_EQ(guest.option(client, kError, &value), Errno::kSuccess);
  EXPECT_EQ(value, 0);
  EXPECT_EQ(guest.connect(client, kLoopback, port), Errno::kSuccess);  // Linux tells of the end once, ...
  EXPECT_EQ(guest.connect(client, kLoopback, port), Errno::kIsconn);

  // To where nobody listens: told by SO_ERROR, in WASI's numbers.
  ASSERT_EQ(guest.call("fd_close", listener), Errno::kSuccess);
  const uint32_t lost = guest.open(kInet4, kStream);
  EXPECT_EQ(guest.connect(lost, kLoopback, port), Errno::kConnrefused);
  const uint32_t late = guest.open(kInet4, kStream);
  ASSERT_EQ(guest.call("fd_fdstat_set_flags", late, kNonblock), Errno::kSuccess);
  ASSERT_EQ(guest.connect(late, kLoopback, port), Errno::kInprogress);
  const uint64_t either[] = {9, 2, late, 0, 0, 0};
  ASSERT_EQ(guest.call("poll_oneoff", guest.put(either), 0x8000, 1, TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.option(late, kError, &value), Errno::kSuccess);
  EXPECT_EQ(value, static_cast<int>(Errno::kConnrefused));
}

TEST(SocketExtension, SendsDatagrams) {
  SocketGuest guest({"listen:udp:loopback:0", "connect:udp:loopback:*"});
  const uint32_t server = guest.open(kInet4, kDatagram), client = guest.open(kInet4, kDatagram);
  ASSERT_EQ(guest.bind(server, kLoopback, 0), Errno::kSuccess);
  const uint32_t port = guest.port_of(server);
  ASSERT_EQ(guest.bind(client, std::string(4, '\0'), 0), Errno::kSuccess);  // Any address, any port: as unbound.
  const uint32_t client_port = guest.port_of(client);
  ASSERT_EQ(guest.send_to(client, kLoopback, port, "ping"), Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(), 4u);

  // The second version: 128 bytes of address, and the port.
  const uint32_t vector[] = {TestGuest::kBuffer, 100};
  const uint32_t vectors = guest.put(vector);
  const uint32_t storage[] = {0x9000, 128};
  guest.memory()[TestGuest::kOut + 2] = 0xee;
  ASSERT_EQ(guest.call("sock_recv_from", server, vectors, 1, guest.put(storage), 1 /* peek */, TestGuest::kOut,
                       TestGuest::kOut + 4, TestGuest::kOut + 8),
            Errno::kSuccess);
  EXPECT_EQ(guest.get<uint16_t>(), client_port);
  EXPECT_EQ(guest.memory()[TestGuest::kOut + 2], 0xee);  // Two bytes of port are written, as WasmEdge does.
  EXPECT_EQ(guest.get<uint32_t>(TestGuest::kOut + 4), 4u);
  EXPECT_EQ(guest.get<Storage>(0x9000).family, kInet4);
  EXPECT_EQ(guest.text(0x9002, 4), kLoopback);
  EXPECT_EQ(guest.text(TestGuest::kBuffer, 4), "ping");
  // The first: the address alone, in a buffer of any size; and a message cut short.
  const uint32_t short_vector[] = {TestGuest::kBuffer, 2}, plain[] = {0x9000, 4};
  const uint32_t short_vectors = guest.put(short_vector);
  guest.memory()[0x9000] = 0;
  ASSERT_EQ(
      guest.call("sock_recv_from", server, short_vectors, 1, guest.put(plain), 0, TestGuest::kOut, TestGuest::kOut + 8),
      Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(), 2u);
  EXPECT_EQ(guest.get<uint16_t>(TestGuest::kOut + 8), 1u);
  EXPECT_EQ(guest.text(0x9000, 4), kLoopback);

  // An empty one is a message as well.
  ASSERT_EQ(guest.connect(client, kLoopback, port), Errno::kSuccess);
  ASSERT_EQ(guest.call("sock_send", client, 0, 0, 0, TestGuest::kOut), Errno::kSuccess);
  ASSERT_EQ(guest.call("sock_recv_from", server, vectors, 1, guest.put(storage), 0, TestGuest::kOut,
                       TestGuest::kOut + 4, TestGuest::kOut + 8),
            Errno::kSuccess);
  EXPECT_EQ(guest.get<uint32_t>(TestGuest::kOut + 4), 0u);
}

TEST(SocketExtension, KeepsToThePolicy) {
  SocketGuest guest({"listen:tcp:127.0.0.1:0", "connect:tcp:loopback:1-65535", "connect:udp:192.0.2.1:53"});
  const std::string any(4, '\0');
  const uint32_t stream = guest.open(kInet4, kStream);
  EXPECT_EQ(guest.bind(stream, kLoopback, 8080), Errno::kAcces);
  EXPECT_EQ(guest.bind(stream, any, 8080), Errno::kAcces);
  // Without bind(), listen() binds to any address.
  EXPECT_EQ(guest.call("sock_listen", stream, 1), Errno::kAcces);
  ASSERT_EQ(guest.bind(stream, any, 0), Errno::kSuccess);
  EXPECT_EQ(guest.call("sock_listen", stream, 1), Errno::kAcces);
  EXPECT_EQ(guest.connect(stream, "\xc0\x00\x02\x01"sv, 80), Errno::kAcces);
  EXPECT_EQ(guest.connect(guest.open(kInet6, kStream),
                          std::string(10, '\0') + std::string("\xff\xff\xc0\x00\x02\x01", 6), 80),
            Errno::kAcces);
  EXPECT_EQ(guest.send_to(guest.open(kInet4, kDatagram), kLoopback, 53, "x"), Errno::kAcces);
  EXPECT_EQ(guest.connect(guest.open(kInet4, kDatagram), "\xc0\x00\x02\x01"sv, 54), Errno::kAcces);
  EXPECT_EQ(guest.connect(guest.open(kInet4, kDatagram), "\xc0\x00\x02\x01"sv, 53), Errno::kSuccess);
  EXPECT_EQ(guest.call("sock_open", kUnix, kStream, TestGuest::kOut), Errno::kNosys);
  ASSERT_EQ(guest.refusals().size(), 9u);
  EXPECT_EQ(guest.refusals()[0], "network: refused listen tcp 127.0.0.1:8080: no rule allows it");
  EXPECT_EQ(guest.refusals()[2], "network: refused listen tcp 0.0.0.0:0: no rule allows it");
}

TEST(SocketExtension, DoesNotListenWhereConnectingBoundIt) {
  SocketGuest guest({"listen:tcp:127.0.0.1:1", "connect:tcp:loopback:1-65535"});
  const uint32_t fd = guest.open(kInet4, kStream);
  EXPECT_EQ(guest.connect(fd, kLoopback, 1), Errno::kConnrefused);
  EXPECT_EQ(guest.call("sock_listen", fd, 1), Errno::kAcces);
}

TEST(SocketExtension, DoesNotFloodTheLog) {
  SocketGuest guest({"connect:tcp:192.0.2.1:80"});
  const uint32_t fd = guest.open(kInet4, kStream);
  for (uint32_t port = 0; port < 10'000; ++port) ASSERT_EQ(guest.connect(fd, kLoopback, port), Errno::kAcces);
  EXPECT_GE(guest.refusals().size(), 20u);
  EXPECT_LT(guest.refusals().size(), 40u);
}

TEST(SocketExtension, HasOptions) {
  SocketGuest guest({"listen:tcp:loopback:0"});
  uint32_t listener;
  guest.listening(&listener);
  int value = -1;
  EXPECT_EQ(guest.option(listener, kType, &value), Errno::kSuccess);
  EXPECT_EQ(value, 2);
  EXPECT_EQ(guest.option(listener, kAcceptsConnections, &value), Errno::kSuccess);
  EXPECT_EQ(value, 1);
  EXPECT_EQ(guest.call("sock_setsockopt", listener, 0, kReuseAddress, guest.put(int{1}), 4), Errno::kSuccess);
  EXPECT_EQ(guest.option(listener, kReuseAddress, &value), Errno::kSuccess);
  EXPECT_EQ(value, 1);
  // Blocking calls end after the time that was set, which is kept as the host's struct.
  const timeval set = {0, 30'000};
  ASSERT_EQ(guest.call("sock_setsockopt", listener, 0, kReceiveTimeout, guest.put(set), sizeof set), Errno::kSuccess);
  ASSERT_EQ(guest.call("sock_getsockopt", listener, 0, kReceiveTimeout, TestGuest::kOut, guest.put(uint32_t{16})),
            Errno::kSuccess);
  EXPECT_GE(guest.get<timeval>().tv_usec, 30'000);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(guest.call("sock_accept", listener, TestGuest::kOut), Errno::kAgain);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(30));
}

TEST(SocketExtension, SpeaksUnix) {
  TemporaryDirectory directory;
  const std::string path = std::filesystem::canonical(directory.path()) / "a.sock";
  const std::string all = std::filesystem::canonical(directory.path()).string() + "/*";
  SocketGuest guest({"listen:unix:" + path, "connect:unix:" + all});
  const uint32_t listener = guest.open(kUnix, kStream);
  EXPECT_EQ(guest.call("sock_bind", listener, guest.storage(kUnix, path + "b"), 0), Errno::kAcces);
  ASSERT_EQ(guest.call("sock_bind", listener, guest.storage(kUnix, path), 0), Errno::kSuccess);
  ASSERT_EQ(guest.call("sock_listen", listener, 4), Errno::kSuccess);
  const uint32_t storage[] = {0x9000, 128};
  ASSERT_EQ(guest.call("sock_getlocaladdr", listener, guest.put(storage), TestGuest::kOut), Errno::kSuccess);
  EXPECT_EQ(guest.get<Storage>(0x9000).family, kUnix);
  EXPECT_STREQ(guest.text(0x9002, 126).c_str(), path.c_str());

  const uint32_t client = guest.open(kUnix, kStream);
  ASSERT_EQ(guest.call("sock_connect", client, guest.storage(kUnix, path), 0), Errno::kSuccess);
  ASSERT_EQ(guest.call("sock_accept", listener, 0, TestGuest::kOut), Errno::kSuccess);
  const auto server = guest.get<uint32_t>();
  EXPECT_EQ(guest.write(client, "hi"), Errno::kSuccess);
  std::string text;
  EXPECT_EQ(guest.read(server, 10, &text), Errno::kSuccess);
  EXPECT_EQ(text, "hi");

  // A link that leads out of the directory leads nowhere.
  TemporaryDirectory outside;
  const std::string secret = outside / "secret";
  const int victim = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  strcpy(name.sun_path, secret.c_str());
  ASSERT_EQ(::bind(victim, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  ASSERT_EQ(::listen(victim, 1), 0);
  std::filesystem::create_symlink(secret, directory / "link");
  const uint32_t other = guest.open(kUnix, kStream);
  const std::string link = std::filesystem::canonical(directory.path()) / "link";
  EXPECT_EQ(guest.call("sock_connect", other, guest.storage(kUnix, link), 0), Errno::kAcces);
  EXPECT_EQ(guest.call("sock_connect", other, guest.storage(kUnix, secret), 0), Errno::kAcces);
  close(victim);
}

TEST(SocketExtension, SpeaksUnixWithoutAFile) {
  const std::string name = "wherry-test-" + std::to_string(getpid());
  SocketGuest guest({"listen:unix:@" + name, "connect:unix:@wherry-test-*"});
  const uint32_t listener = guest.open(kUnix, kStream), client = guest.open(kUnix, kStream);
  const std::string abstract = std::string(1, '\0') + name;
  ASSERT_EQ(guest.call("sock_bind", listener, guest.storage(kUnix, abstract), 0), Errno::kSuccess);
  ASSERT_EQ(guest.call("sock_listen", listener, 4), Errno::kSuccess);
  EXPECT_EQ(guest.call("sock_connect", client, guest.storage(kUnix, abstract), 0), Errno::kSuccess);
}

/// What sock_getaddrinfo fills: a list of `kNodes`, prepared as guests do.
class AddrinfoList {
 public:
  static constexpr uint32_t kNodes = 4, kAt = 0x10000, kSockaddrs = 0x10100, kBytes = 0x10200, kNames = 0x10300;
  struct Node {
    uint16_t flags = 0;
    uint8_t family = 0, kind = 0, protocol = 0, padding[3] = {};
    uint32_t address_size = 0, address = 0, name = 0, name_size = 0, next = 0;
  };
  static_assert(sizeof(Node) == 28);
  struct Sockaddr {
    uint8_t family, padding[3];
    uint32_t size, bytes;
  };

  explicit AddrinfoList(SocketGuest& guest, uint32_t name_size = 30) : guest_(guest) {
    for (uint32_t i = 0; i < kNodes; ++i) {
      const Node node = {
          0, 0, 0, 0, {}, 0, kSockaddrs + i * 12, kNames + i * 32, name_size, i + 1 == kNodes ? 0 : kAt + (i + 1) * 28};
      const Sockaddr sockaddr = {0, {}, 14, kBytes + i * 32};
      memcpy(guest.memory().data() + kAt + i * 28, &node, sizeof node);
      memcpy(guest.memory().data() + kSockaddrs + i * 12, &sockaddr, sizeof sockaddr);
    }
  }
  Errno ask(std::string_view host, std::string_view service, Node hint, uint32_t most = kNodes) {
    const uint32_t node = guest_.put(host), port = guest_.put(service), hints = guest_.put(hint),
                   first = guest_.put(kAt);
    return guest_.call("sock_getaddrinfo", node, host.size(), port, service.size(), hints, first, most,
                       TestGuest::kOut);
  }
  uint32_t count() const { return guest_.get<uint32_t>(); }
  Node node(uint32_t i) const { return guest_.get<Node>(kAt + i * 28); }
  Sockaddr sockaddr(uint32_t i) const { return guest_.get<Sockaddr>(kSockaddrs + i * 12); }
  std::string bytes(uint32_t i) const { return guest_.text(kBytes + i * 32, sockaddr(i).size); }
  std::string name(uint32_t i) const { return guest_.text(kNames + i * 32, node(i).name_size); }

 private:
  SocketGuest& guest_;
};

TEST(SocketExtension, LaysOutAddresses) {
  SocketGuest guest({});
  AddrinfoList list(guest);
  using Node = AddrinfoList::Node;
  // As wasmedge_wasi_socket calls it: NULs inside the lengths.
  ASSERT_EQ(list.ask(std::string_view("192.0.2.1\0", 10), std::string_view("8080\0", 5),
                     Node{.family = kInet4, .kind = kStream, .protocol = 1}),
            Errno::kSuccess);
  ASSERT_EQ(list.count(), 1u);
  EXPECT_EQ(list.node(0).family, kInet4);
  EXPECT_EQ(list.node(0).kind, kStream);
  EXPECT_EQ(list.node(0).protocol, 1);
  EXPECT_EQ(list.node(0).address_size, 16u);
  EXPECT_EQ(list.sockaddr(0).family, kInet4);
  EXPECT_EQ(list.bytes(0), std::string("\x1f\x90\xc0\x00\x02\x01\0\0\0\0\0\0\0\0", 14));
  // IPv6 takes 26 bytes, though the guest said 14.
  ASSERT_EQ(list.ask("2001:db8::1", "https", Node{.kind = kStream}), Errno::kSuccess);
  ASSERT_EQ(list.count(), 1u);
  EXPECT_EQ(list.node(0).address_size, 28u);
  EXPECT_EQ(list.bytes(0).size(), 26u);
  EXPECT_EQ(list.bytes(0).substr(0, 2), "\x01\xbb");
  EXPECT_EQ(list.bytes(0).substr(6, 4), std::string("\x20\x01\x0d\xb8"));
  // Each kind of socket, as far as there is room.
  ASSERT_EQ(list.ask("192.0.2.1", "80", Node{}), Errno::kSuccess);
  EXPECT_EQ(list.count(), 2u);
  EXPECT_EQ(list.node(1).kind, kDatagram);
  EXPECT_EQ(list.node(1).protocol, 2);
  ASSERT_EQ(list.ask("192.0.2.1", "80", Node{}, 1), Errno::kSuccess);
  EXPECT_EQ(list.count(), 1u);
  // Nobody: oneself, or where to listen.
  ASSERT_EQ(list.ask("", "80", Node{.kind = kStream}), Errno::kSuccess);
  ASSERT_EQ(list.count(), 2u);
  EXPECT_EQ(list.bytes(0).substr(2, 4), kLoopback);
  ASSERT_EQ(list.ask("", "80", Node{.flags = 1, .family = kInet4, .kind = kStream}), Errno::kSuccess);
  EXPECT_EQ(list.bytes(0).substr(2, 4), std::string(4, '\0'));
  // The name goes into the room there is.
  AddrinfoList narrow(guest, 5);
  ASSERT_EQ(narrow.ask("192.0.2.1", "80", Node{.flags = 2, .kind = kStream}), Errno::kSuccess);
  EXPECT_EQ(narrow.name(0), "192.");

  EXPECT_EQ(list.ask("", "", Node{}), Errno::kAiNoname);
  EXPECT_EQ(list.ask("192.0.2.1", "80", Node{}, 0), Errno::kAiMemory);
  EXPECT_EQ(list.ask("192.0.2.1", "80", Node{.flags = 128}), Errno::kAiBadflag);
  EXPECT_EQ(list.ask("", "80", Node{.flags = 2}), Errno::kAiBadflag);
  EXPECT_EQ(list.ask("192.0.2.1", "80", Node{.family = 3}), Errno::kAiFamily);
  EXPECT_EQ(list.ask("192.0.2.1", "80", Node{.kind = kStream, .protocol = 2}), Errno::kAiSocktype);
  EXPECT_EQ(list.ask("192.0.2.1", "no-such-service", Node{}), Errno::kAiService);
  EXPECT_EQ(list.ask("192.0.2.1", "http", Node{.flags = 8}), Errno::kAiNoname);
  EXPECT_EQ(list.ask("example.com", "80", Node{.flags = 4}), Errno::kAiNoname);
  EXPECT_EQ(list.ask("2001:db8::1", "80", Node{.family = kInet4}), Errno::kAiAddrfamily);
  // What inet_aton() would take for an address, and what the policy does not let through.
  for (const std::string_view host : {"0177.0.0.1", "2130706433", "0x7f.1", "127.1"})
    EXPECT_EQ(list.ask(host, "80", Node{}), Errno::kAiNoname) << host;
  EXPECT_TRUE(guest.refusals().empty());
  EXPECT_EQ(list.ask("example.com", "80", Node{}), Errno::kAcces);
  ASSERT_EQ(guest.refusals().size(), 1u);
  EXPECT_EQ(guest.refusals()[0], "network: refused resolve example.com: no rule allows it");
}

TEST(SocketExtension, ChoosesTheVersionByTheImportedType) {
  const Engine engine;
  const Wasi wasi = Wasi::make(WasiConfig{}).value();
  struct Import {
    std::string_view name;
    int parameters;
    bool found;
  };
  constexpr Import kImports[] = {
      {"sock_accept", 2, true},       {"sock_accept", 3, true},       {"sock_accept", 4, false},
      {"sock_accept_v2", 3, true},    {"sock_accept_v2", 2, false},   {"sock_recv_from", 7, true},
      {"sock_recv_from", 8, true},    {"sock_recv_from_v2", 8, true}, {"sock_recv_from_v2", 7, false},
      {"sock_getlocaladdr", 4, true}, {"sock_getlocaladdr", 3, true}, {"sock_getlocaladdr_v2", 3, true},
      {"sock_getpeeraddr", 4, true},  {"sock_getpeeraddr", 3, true},  {"sock_getpeeraddr_v2", 3, true},
      {"sock_open", 3, true},         {"sock_open_v2", 3, true},      {"sock_bind_v2", 3, true},
      {"sock_listen_v2", 2, true},    {"sock_connect_v2", 3, true},   {"sock_recv_v2", 6, true},
      {"sock_send_v2", 5, true},      {"sock_send_to_v2", 7, true},   {"sock_send_to", 7, true},
      {"sock_shutdown", 2, true},     {"sock_getsockopt", 5, true},   {"sock_setsockopt", 5, true},
      {"sock_getaddrinfo", 8, true},  {"epoll_oneoff", 4, true},      {"sock_open", 2, false},
      {"fd_write_v2", 4, false},      {"sock_none", 1, false},
  };
  for (const Import& import : kImports) {
    std::string text = "(module (import \"wasi_snapshot_preview1\" \"" + std::string(import.name) + "\" (func (param";
    for (int i = 0; i < import.parameters; ++i) text += " i32";
    text += ") (result i32))))";
    const auto module = Module::from_wat(engine, text);
    ASSERT_TRUE(module) << text;
    Linker linker(engine);
    ASSERT_TRUE(add_wasi(linker, wasi, *module));
    EXPECT_EQ(linker.prepare(*module).has_value(), import.found) << import.name << ' ' << import.parameters;
  }
  // A linker for all modules has one version of each name.
  Linker linker(engine);
  ASSERT_TRUE(add_wasi(linker));
  EXPECT_TRUE(linker.is_defined("wasi_snapshot_preview1", "sock_accept_v2"));
  EXPECT_TRUE(linker.is_defined("wasi_snapshot_preview1", "sock_getlocaladdr_v2"));
  EXPECT_FALSE(linker.is_defined("wasi_snapshot_preview1", "fd_read_v2"));
  EXPECT_FALSE(linker.is_defined("wasi_unstable", "sock_open"));
}

TEST(SocketExtension, TellsWhichRuleIsWrong) {
  const auto wasi = Wasi::make(WasiConfig().network_rule("connect:tcp:1.2.3:80"));
  ASSERT_FALSE(wasi);
  EXPECT_EQ(wasi.error().code, ErrorCode::kSyntax);
  EXPECT_NE(wasi.error().message.find("'connect:tcp:1.2.3:80'"), std::string::npos);
}

}  // namespace
}  // namespace wherry::wasi
