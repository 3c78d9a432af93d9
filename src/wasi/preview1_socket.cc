// Functions on sockets: the four of the standard, and WasmEdge's extension. Where guests depend on how WasmEdge does
// it, so it is done here; docs/sockets.md lists those places.
#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "wasi/host/network.h"
#include "wasi/host/services.h"
#include "wasi/preview1_util.h"

namespace wherry::wasi {

using host::AddressFamily;
using host::DescriptorFlags;
using host::Errno;
using host::error;
using host::HostResult;
using host::IpAddress;
using host::Socket;
using host::SocketAddress;
using host::SocketKind;
using host::TableEntry;

namespace {

/// How the extension passes an address: bytes in network order without a port, of IPv4 or IPv6, or a GuestStorage.
struct GuestAddress {
  uint32_t buffer;
  uint32_t size;
};
static_assert(sizeof(GuestAddress) == 8);

struct GuestStorage {
  uint16_t family;
  uint8_t bytes[126];  ///< The address, or a path that ends with a NUL.
};
static_assert(sizeof(GuestStorage) == 128);

constexpr uint32_t kIpv4Size = 4, kIpv6Size = 16;

struct GuestAddrinfo {
  uint16_t flags;
  uint8_t family;
  uint8_t kind;
  uint8_t protocol;
  uint8_t padding[3];
  uint32_t address_size;
  uint32_t address;  ///< Of a GuestSockaddr.
  uint32_t canonical_name;
  uint32_t canonical_name_size;
  uint32_t next;
};
static_assert(sizeof(GuestAddrinfo) == 28);

struct GuestSockaddr {
  uint8_t family;
  uint8_t padding[3];
  uint32_t size;
  uint32_t bytes;  ///< What follows the family in the system's struct sockaddr_in or sockaddr_in6.
};
static_assert(sizeof(GuestSockaddr) == 12);

struct AddrinfoFlags {
  static constexpr uint16_t kPassive = 1, kCanonicalName = 2, kNumericHost = 4, kNumericService = 8, kAll = 127;
};

/// The socket `fd`. That it is none comes before any lack of rights.
HostResult<TableEntry> find_socket(const host::DescriptorTable& table, uint32_t fd, uint64_t rights) {
  WHERRY_TRY(const TableEntry any, table.get(fd));
  if (any.descriptor->as_socket() == nullptr) return error(Errno::kNotsock);
  return find(table, fd, rights);
}

HostResult<> insert_socket(Call& call, host::DescriptorTable& table, std::shared_ptr<Socket> socket, uint32_t fd_out) {
  TableEntry entry;
  entry.descriptor = std::move(socket);
  entry.rights = entry.inheriting = Rights::kSocket;
  WHERRY_TRY(const uint32_t number, table.insert(std::move(entry)));
  return call.memory.store(fd_out, number);
}

IpAddress ip_address(std::span<const uint8_t> bytes, AddressFamily family) {
  return family == AddressFamily::kIpv4 ? IpAddress::v4(bytes.first<kIpv4Size>())
                                        : IpAddress::v6(bytes.first<kIpv6Size>());
}

/// A path in a buffer: up to its NUL; a name of the abstract namespace, which begins with one, up to its padding.
std::string unix_path(std::span<const uint8_t> bytes) {
  std::string path(bytes.begin(), bytes.end());
  if (path.starts_with('\0')) {
    path.resize(path.find_last_not_of('\0') + 1);
  } else {
    path.resize(std::min(path.size(), path.find('\0')));
  }
  return path;
}

HostResult<SocketAddress> load_address(const Call& call, uint32_t at, uint32_t port_number) {
  const auto port = static_cast<uint16_t>(port_number);
  WHERRY_TRY(const GuestAddress guest, call.memory.load<GuestAddress>(at));
  WHERRY_TRY(const auto bytes, call.memory.range(guest.buffer, guest.size));
  uint8_t copy[kIpv6Size];
  switch (guest.size) {
    case kIpv4Size:
    case kIpv6Size: {
      std::ranges::copy(bytes, copy);
      const AddressFamily family = guest.size == kIpv4Size ? AddressFamily::kIpv4 : AddressFamily::kIpv6;
      return SocketAddress::of_ip(family, ip_address(copy, family), port);
    }
    case sizeof(GuestStorage): {
      WHERRY_TRY(const auto storage, call.memory.load<GuestStorage>(guest.buffer));
      const auto family = static_cast<AddressFamily>(storage.family);
      if (storage.family == static_cast<uint16_t>(AddressFamily::kUnix))
        return SocketAddress::of_path(unix_path(storage.bytes));
      if (storage.family != static_cast<uint16_t>(AddressFamily::kIpv4) &&
          storage.family != static_cast<uint16_t>(AddressFamily::kIpv6))
        return error(Errno::kInval);
      return SocketAddress::of_ip(family, ip_address(storage.bytes, family), port);
    }
    default:
      return error(Errno::kInval);
  }
}

/// The bytes of the address alone. kNomem if the buffer is too short for them.
HostResult<> store_plain_address(const Call& call, const GuestAddress& guest, const SocketAddress& address) {
  const bool four = address.family == AddressFamily::kIpv4;
  if (!four && address.family != AddressFamily::kIpv6) return error(Errno::kAfnosupport);
  if (guest.size < (four ? kIpv4Size : kIpv6Size)) return error(Errno::kNomem);
  const std::span<const uint8_t> bytes = four ? std::span<const uint8_t>(address.ip.v4_bytes()) : address.ip.v6_bytes();
  return call.memory.write(guest.buffer, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

HostResult<> store_storage(const Call& call, const GuestAddress& guest, const SocketAddress& address) {
  GuestStorage storage = {.family = static_cast<uint16_t>(address.family), .bytes = {}};
  if (address.family == AddressFamily::kIpv4) {
    std::ranges::copy(address.ip.v4_bytes(), storage.bytes);
  } else if (address.family == AddressFamily::kIpv6) {
    std::ranges::copy(address.ip.v6_bytes(), storage.bytes);
  } else {
    const size_t size = std::min(address.path.size(), sizeof storage.bytes - 1);
    std::copy_n(address.path.begin(), size, storage.bytes);
  }
  return call.memory.store(guest.buffer, storage);
}

/// The first versions of sock_getlocaladdr and sock_getpeeraddr.
HostResult<> store_address_v1(const Call& call, const HostResult<SocketAddress>& address, uint32_t address_out,
                              uint32_t type_out, uint32_t port_out) {
  if (!address) return error(address.error());
  WHERRY_TRY(const GuestAddress guest, call.memory.load<GuestAddress>(address_out));
  if (guest.size != kIpv4Size && guest.size != kIpv6Size) return error(Errno::kInval);
  WHERRY_CHECK(call.memory.range(guest.buffer, guest.size));
  WHERRY_CHECK(store_plain_address(call, guest, *address));
  // Not the number of the family: WasmEdge says 4 and 6 here, and guests know.
  WHERRY_CHECK(call.memory.store(type_out, uint32_t{address->family == AddressFamily::kIpv4 ? 4u : 6u}));
  return call.memory.store(port_out, uint32_t{address->port});
}

/// The second versions.
HostResult<> store_address_v2(const Call& call, const HostResult<SocketAddress>& address, uint32_t address_out,
                              uint32_t port_out) {
  if (!address) return error(address.error());
  WHERRY_TRY(const GuestAddress guest, call.memory.load<GuestAddress>(address_out));
  if (guest.size != sizeof(GuestStorage)) return error(Errno::kInval);
  WHERRY_CHECK(store_storage(call, guest, *address));
  return call.memory.store(port_out, uint32_t{address->port});
}

struct ReceivedFrom {
  GuestAddress buffer;
  SocketAddress sender;
};

/// What both versions of sock_recv_from have in common: all but how the sender is reported.
HostResult<ReceivedFrom> receive_from(Call& call, const host::DescriptorTable& table, uint32_t fd, uint32_t iovs,
                                      uint32_t iovs_len, uint32_t address_out, uint32_t receive_flags,
                                      uint32_t size_out, uint32_t flags_out) {
  WHERRY_TRY(const TableEntry entry, find_socket(table, fd, Rights::kFdRead));
  if ((receive_flags & ~uint32_t{Socket::kPeek | Socket::kWaitAll}) != 0) return error(Errno::kInval);
  WHERRY_TRY(const IoVectors vectors, call.memory.io_vectors(iovs, iovs_len));
  WHERRY_TRY(const GuestAddress buffer, call.memory.load<GuestAddress>(address_out));
  WHERRY_CHECK(call.memory.range(buffer.buffer, buffer.size));
  WHERRY_CHECK(call.memory.range(size_out, sizeof(uint32_t)));
  WHERRY_CHECK(call.memory.range(flags_out, sizeof(uint16_t)));
  SocketAddress sender;
  WHERRY_TRY(const Socket::Received received,
             entry.descriptor->as_socket()->receive(vectors.span(), static_cast<uint16_t>(receive_flags), call.waiter,
                                                    &sender));
  WHERRY_CHECK(call.memory.store(size_out, static_cast<uint32_t>(received.bytes)));
  WHERRY_CHECK(call.memory.store(flags_out, static_cast<uint16_t>(received.truncated)));
  return ReceivedFrom{buffer, std::move(sender)};
}

HostResult<host::SocketOption> socket_option(uint32_t level, uint32_t option) {
  constexpr uint32_t kSocketLevel = 0;
  if (level != kSocketLevel || option > static_cast<uint32_t>(host::SocketOption::kBindToDevice))
    return error(Errno::kInval);
  return static_cast<host::SocketOption>(option);
}

/// A string that may end before its length with a NUL, as C programs pass it.
HostResult<std::string> load_c_string(const Call& call, uint32_t at, uint32_t size) {
  constexpr uint64_t kMost = 1024;
  WHERRY_TRY(std::string text, call.memory.string(at, size, kMost));
  text.resize(std::min(text.size(), text.find('\0')));
  return text;
}

/// Writes one result into the next of the guest's nodes, and returns where the node after it is.
HostResult<uint32_t> store_addrinfo(const Call& call, uint32_t at, SocketKind kind, const SocketAddress& address,
                                    std::string_view canonical_name) {
  WHERRY_TRY(GuestAddrinfo node, call.memory.load<GuestAddrinfo>(at));
  WHERRY_TRY(GuestSockaddr sockaddr, call.memory.load<GuestSockaddr>(node.address));
  WHERRY_TRY(const host::HostAddress system, host::HostAddress::from(address));
  // The guest gives room for either family, whatever sockaddr.size says: wasmedge_wasi_socket always says 14.
  const std::string_view whole(reinterpret_cast<const char*>(system.get()), system.size());
  const std::string_view bytes = whole.substr(sizeof(sa_family_t));
  WHERRY_CHECK(call.memory.write(sockaddr.bytes, bytes));
  sockaddr.family = static_cast<uint8_t>(address.family);
  sockaddr.size = static_cast<uint32_t>(bytes.size());
  WHERRY_CHECK(call.memory.store(node.address, sockaddr));
  if (canonical_name.empty() || node.canonical_name_size == 0) {
    node.canonical_name_size = 0;
  } else {
    const std::string name(canonical_name.substr(0, node.canonical_name_size - 1));
    WHERRY_CHECK(call.memory.write(node.canonical_name, std::string_view(name.c_str(), name.size() + 1)));
    node.canonical_name_size = static_cast<uint32_t>(name.size());
  }
  constexpr uint8_t kTcp = 1, kUdp = 2, kDatagram = 1, kStream = 2;
  node.flags = 0;
  node.family = static_cast<uint8_t>(address.family);
  node.kind = kind == SocketKind::kStream ? kStream : kDatagram;
  node.protocol = kind == SocketKind::kStream ? kTcp : kUdp;
  node.address_size = system.size();
  WHERRY_CHECK(call.memory.store(at, node));
  return node.next;
}

/// What a guest gets that names no host: where to listen, or itself.
std::vector<host::Answer> local_answers(AddressFamily family, bool passive) {
  std::vector<host::Answer> answers;
  if (family != AddressFamily::kIpv6)
    answers.push_back({passive ? IpAddress::v4(0, 0, 0, 0) : IpAddress::v4(127, 0, 0, 1)});
  if (family != AddressFamily::kIpv4)
    answers.push_back({passive ? IpAddress() : IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 1})});
  return answers;
}

}  // namespace

HostResult<> Preview1::sock_accept(Call& call, uint32_t fd, uint32_t flags, uint32_t fd_out) {
  WHERRY_TRY(const TableEntry entry, find_socket(context_.table, fd, Rights::kSockAccept));
  if ((flags & ~uint32_t{DescriptorFlags::kNonblock}) != 0) return error(Errno::kInval);
  WHERRY_CHECK(call.memory.range(fd_out, sizeof(uint32_t)));
  WHERRY_TRY(auto accepted, entry.descriptor->as_socket()->accept(static_cast<uint16_t>(flags), call.waiter));
  return insert_socket(call, context_.table, std::move(accepted), fd_out);
}

HostResult<> Preview1::sock_accept_v1(Call& call, uint32_t fd, uint32_t fd_out) {
  return sock_accept(call, fd, 0, fd_out);
}

HostResult<> Preview1::sock_recv(Call& call, uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint32_t receive_flags,
                                 uint32_t size_out, uint32_t flags_out) {
  WHERRY_TRY(const TableEntry entry, find_socket(context_.table, fd, Rights::kFdRead));
  if ((receive_flags & ~uint32_t{Socket::kPeek | Socket::kWaitAll}) != 0) return error(Errno::kInval);
  WHERRY_TRY(const IoVectors vectors, call.memory.io_vectors(iovs, iovs_len));
  WHERRY_CHECK(call.memory.range(size_out, sizeof(uint32_t)));
  WHERRY_CHECK(call.memory.range(flags_out, sizeof(uint16_t)));
  WHERRY_TRY(const Socket::Received received,
             entry.descriptor->as_socket()->receive(vectors.span(), static_cast<uint16_t>(receive_flags), call.waiter));
  WHERRY_CHECK(call.memory.store(size_out, static_cast<uint32_t>(received.bytes)));
  return call.memory.store(flags_out, static_cast<uint16_t>(received.truncated));
}

HostResult<> Preview1::sock_recv_from_v1(Call& call, uint32_t fd, uint32_t iovs, uint32_t iovs_len,
                                         uint32_t address_out, uint32_t receive_flags, uint32_t size_out,
                                         uint32_t flags_out) {
  WHERRY_TRY(const ReceivedFrom from,
             receive_from(call, context_.table, fd, iovs, iovs_len, address_out, receive_flags, size_out, flags_out));
  // A sender that does not fit, or is none, is left out.
  (void)store_plain_address(call, from.buffer, from.sender);
  return {};
}

HostResult<> Preview1::sock_recv_from(Call& call, uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint32_t address_out,
                                      uint32_t receive_flags, uint32_t port_out, uint32_t size_out,
                                      uint32_t flags_out) {
  WHERRY_CHECK(call.memory.range(port_out, sizeof(uint16_t)));
  WHERRY_TRY(const ReceivedFrom from,
             receive_from(call, context_.table, fd, iovs, iovs_len, address_out, receive_flags, size_out, flags_out));
  if (from.buffer.size == sizeof(GuestStorage)) {
    WHERRY_CHECK(store_storage(call, from.buffer, from.sender));
  } else {
    (void)store_plain_address(call, from.buffer, from.sender);
  }
  // Two bytes, as in WasmEdge; but not in network order, which WasmEdge took over from the system by mistake.
  return call.memory.store(port_out, from.sender.port);
}

HostResult<> Preview1::sock_send(Call& call, uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint32_t send_flags,
                                 uint32_t size_out) {
  WHERRY_TRY(const TableEntry entry, find_socket(context_.table, fd, Rights::kFdWrite));
  if (send_flags != 0) return error(Errno::kInval);
  WHERRY_TRY(const IoVectors vectors, call.memory.io_vectors(iovs, iovs_len));
  WHERRY_CHECK(call.memory.range(size_out, sizeof(uint32_t)));
  WHERRY_TRY(const size_t sent, entry.descriptor->write(vectors.span(), call.waiter));
  return call.memory.store(size_out, static_cast<uint32_t>(sent));
}

HostResult<> Preview1::sock_send_to(Call& call, uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint32_t address,
                                    uint32_t port, uint32_t send_flags, uint32_t size_out) {
  WHERRY_TRY(const TableEntry entry, find_socket(context_.table, fd, Rights::kFdWrite));
  if (send_flags != 0) return error(Errno::kInval);
  WHERRY_TRY(const IoVectors vectors, call.memory.io_vectors(iovs, iovs_len));
  WHERRY_TRY(const SocketAddress to, load_address(call, address, port));
  WHERRY_CHECK(call.memory.range(size_out, sizeof(uint32_t)));
  WHERRY_TRY(const size_t sent,
             context_.network->send(*entry.descriptor->as_socket(), vectors.span(), to, call.waiter));
  return call.memory.store(size_out, static_cast<uint32_t>(sent));
}

HostResult<> Preview1::sock_shutdown(Call&, uint32_t fd, uint32_t how) {
  constexpr uint32_t kReading = 1, kWriting = 2;
  WHERRY_TRY(const TableEntry entry, find_socket(context_.table, fd, Rights::kSockShutdown));
  if ((how & ~(kReading | kWriting)) != 0) return error(Errno::kInval);
  return entry.descriptor->as_socket()->shut_down((how & kReading) != 0, (how & kWriting) != 0);
}

HostResult<> Preview1::sock_open(Call& call, uint32_t family, uint32_t kind, uint32_t fd_out) {
  constexpr uint32_t kDatagram = 1, kStream = 2;
  if (family < static_cast<uint32_t>(AddressFamily::kIpv4) || family > static_cast<uint32_t>(AddressFamily::kUnix))
    return error(Errno::kInval);
  if (kind != kDatagram && kind != kStream) return error(Errno::kInval);
  WHERRY_CHECK(call.memory.range(fd_out, sizeof(uint32_t)));
  WHERRY_TRY(auto socket, context_.network->open(static_cast<AddressFamily>(family),
                                                 kind == kStream ? SocketKind::kStream : SocketKind::kDatagram));
  return insert_socket(call, context_.table, std::move(socket), fd_out);
}

HostResult<> Preview1::sock_bind(Call& call, uint32_t fd, uint32_t address, uint32_t port) {
  WHERRY_TRY(const TableEntry entry, find_socket(context_.table, fd, 0));
  WHERRY_TRY(const SocketAddress at, load_address(call, address, port));
  return context_.network->bind(*entry.descriptor->as_socket(), at);
}

HostResult<> Preview1::sock_listen(Call&, uint32_t fd, uint32_t backlog) {
  WHERRY_TRY(const TableEntry entry, find_socket(context_.table, fd, Rights::kSockAccept));
  return context_.network->listen(*entry.descriptor->as_socket(), static_cast<int>(backlog));
}

HostResult<> Preview1::sock_connect(Call& call, uint32_t fd, uint32_t address, uint32_t port) {
  WHERRY_TRY(const TableEntry entry, find_socket(context_.table, fd, 0));
  WHERRY_TRY(const SocketAddress to, load_address(call, address, port));
  return context_.network->connect(*entry.descriptor->as_socket(), to, call.waiter);
}

HostResult<> Preview1::sock_getlocaladdr_v1(Call& call, uint32_t fd, uint32_t address_out, uint32_t type_out,
                                            uint32_t port_out) {
  WHERRY_TRY(const TableEntry entry, find_socket(context_.table, fd, 0));
  return store_address_v1(call, entry.descriptor->as_socket()->local_address(), address_out, type_out, port_out);
}

HostResult<> Preview1::sock_getlocaladdr(Call& call, uint32_t fd, uint32_t address_out, uint32_t port_out) {
  WHERRY_TRY(const TableEntry entry, find_socket(context_.table, fd, 0));
  return store_address_v2(call, entry.descriptor->as_socket()->local_address(), address_out, port_out);
}

HostResult<> Preview1::sock_getpeeraddr_v1(Call& call, uint32_t fd, uint32_t address_out, uint32_t type_out,
                                           uint32_t port_out) {
  WHERRY_TRY(const TableEntry entry, find_socket(context_.table, fd, 0));
  return store_address_v1(call, entry.descriptor->as_socket()->peer_address(), address_out, type_out, port_out);
}

HostResult<> Preview1::sock_getpeeraddr(Call& call, uint32_t fd, uint32_t address_out, uint32_t port_out) {
  WHERRY_TRY(const TableEntry entry, find_socket(context_.table, fd, 0));
  return store_address_v2(call, entry.descriptor->as_socket()->peer_address(), address_out, port_out);
}

HostResult<> Preview1::sock_getsockopt(Call& call, uint32_t fd, uint32_t level, uint32_t option, uint32_t value_out,
                                       uint32_t size_in_out) {
  WHERRY_TRY(const TableEntry entry, find_socket(context_.table, fd, 0));
  WHERRY_TRY(const host::SocketOption name, socket_option(level, option));
  WHERRY_TRY(const uint32_t room, call.memory.load<uint32_t>(size_in_out));
  WHERRY_TRY(const auto value, call.memory.range(value_out, room));
  WHERRY_TRY(const size_t size, entry.descriptor->as_socket()->get_option(name, value));
  return call.memory.store(size_in_out, static_cast<uint32_t>(size));
}

HostResult<> Preview1::sock_setsockopt(Call& call, uint32_t fd, uint32_t level, uint32_t option, uint32_t value,
                                       uint32_t size) {
  WHERRY_TRY(const TableEntry entry, find_socket(context_.table, fd, 0));
  WHERRY_TRY(const host::SocketOption name, socket_option(level, option));
  WHERRY_TRY(const auto bytes, call.memory.range(value, size));
  return entry.descriptor->as_socket()->set_option(name, bytes);
}

HostResult<> Preview1::sock_getaddrinfo(Call& call, uint32_t node, uint32_t node_len, uint32_t service,
                                        uint32_t service_len, uint32_t hints, uint32_t results, uint32_t most,
                                        uint32_t count_out) {
  constexpr uint8_t kAnyKind = 0, kDatagram = 1, kStream = 2, kAnyProtocol = 0, kTcp = 1, kUdp = 2;
  WHERRY_TRY(const std::string host, load_c_string(call, node, node_len));
  WHERRY_TRY(const std::string port_name, load_c_string(call, service, service_len));
  WHERRY_TRY(const auto hint, call.memory.load<GuestAddrinfo>(hints));
  WHERRY_TRY(uint32_t at, call.memory.load<uint32_t>(results));
  WHERRY_CHECK(call.memory.range(count_out, sizeof(uint32_t)));
  if (host.empty() && port_name.empty()) return error(Errno::kAiNoname);
  if (most == 0) return error(Errno::kAiMemory);
  if ((hint.flags & ~AddrinfoFlags::kAll) != 0) return error(Errno::kAiBadflag);
  if ((hint.flags & AddrinfoFlags::kCanonicalName) != 0 && host.empty()) return error(Errno::kAiBadflag);
  if (hint.family > static_cast<uint8_t>(AddressFamily::kIpv6)) return error(Errno::kAiFamily);
  if (hint.kind > kStream || hint.protocol > kUdp) return error(Errno::kAiSocktype);
  std::vector<SocketKind> kinds;
  if (hint.kind != kDatagram && hint.protocol != kUdp) kinds.push_back(SocketKind::kStream);
  if (hint.kind != kStream && hint.protocol != kTcp) kinds.push_back(SocketKind::kDatagram);
  static_assert(kAnyKind == 0 && kAnyProtocol == 0);
  if (kinds.empty()) return error(Errno::kAiSocktype);

  WHERRY_TRY(const uint16_t port, host::service_port(port_name, (hint.flags & AddrinfoFlags::kNumericService) != 0));
  const auto family = static_cast<AddressFamily>(hint.family);
  host::Answers found;
  if (host.empty()) {
    found.answers = local_answers(family, (hint.flags & AddrinfoFlags::kPassive) != 0);
  } else {
    if ((hint.flags & AddrinfoFlags::kNumericHost) != 0 && !IpAddress::parse(host)) return error(Errno::kAiNoname);
    WHERRY_TRY(found, context_.network->resolve(host, family, call.waiter));
  }
  if ((hint.flags & AddrinfoFlags::kCanonicalName) == 0) found.canonical_name.clear();

  uint32_t count = 0;
  for (const host::Answer& answer : found.answers) {
    const AddressFamily answer_family = answer.address.is_v4() ? AddressFamily::kIpv4 : AddressFamily::kIpv6;
    for (const SocketKind kind : kinds) {
      if (count == most) break;
      WHERRY_TRY(at, store_addrinfo(call, at, kind, SocketAddress::of_ip(answer_family, answer.address, port),
                                    count == 0 ? found.canonical_name : std::string_view()));
      ++count;
    }
  }
  return call.memory.store(count_out, count);
}

}  // namespace wherry::wasi
