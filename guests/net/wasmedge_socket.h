// The functions of WasmEdge's socket extension that these samples use, as C declares an import. Every function returns
// a WASI errno. docs/sockets.md describes them all.
#ifndef WHERRY_GUESTS_NET_WASMEDGE_SOCKET_H_
#define WHERRY_GUESTS_NET_WASMEDGE_SOCKET_H_

#include <stdint.h>

#define WASI_IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name))) extern

enum { WASI_INET4 = 1, WASI_INET6 = 2, WASI_DATAGRAM = 1, WASI_STREAM = 2, WASI_NONBLOCK = 4, WASI_SHUT_WRITE = 2 };
enum { WASI_CLOCK = 0, WASI_FD_READ = 1, WASI_FD_WRITE = 2, WASI_MONOTONIC = 1 };

/// 4 bytes of IPv4, 16 of IPv6, or a wasi_storage; without a port, which is passed beside it.
typedef struct {
  void* buffer;
  uint32_t size;
} wasi_address;

typedef struct {
  uint16_t family;
  uint8_t bytes[126];
} wasi_storage;

typedef struct {
  void* buffer;
  uint32_t size;
} wasi_iovec;

typedef struct {
  uint8_t family;
  uint32_t size;
  uint8_t* bytes;  ///< What follows the family in struct sockaddr_in (14 bytes) or sockaddr_in6 (26).
} wasi_sockaddr;

typedef struct wasi_addrinfo {
  uint16_t flags;
  uint8_t family, kind, protocol;
  uint32_t address_size;
  wasi_sockaddr* address;
  char* canonical_name;
  uint32_t canonical_name_size;
  struct wasi_addrinfo* next;
} wasi_addrinfo;

typedef struct {
  uint64_t userdata;
  uint8_t type;
  _Alignas(8) uint32_t id;  ///< The descriptor or clock.
  uint64_t timeout, precision;
  uint16_t flags;
} wasi_subscription;

typedef struct {
  uint64_t userdata;
  uint16_t error;
  uint8_t type;
  uint64_t bytes;
  uint16_t flags;
} wasi_event;

_Static_assert(sizeof(wasi_addrinfo) == 28 && sizeof(wasi_sockaddr) == 12, "as the runtime has them");
_Static_assert(sizeof(wasi_subscription) == 48 && sizeof(wasi_event) == 32, "as the runtime has them");

WASI_IMPORT(sock_open) uint32_t wasi_sock_open(uint32_t family, uint32_t kind, uint32_t* fd);
WASI_IMPORT(sock_bind) uint32_t wasi_sock_bind(uint32_t fd, const wasi_address* address, uint32_t port);
WASI_IMPORT(sock_listen) uint32_t wasi_sock_listen(uint32_t fd, uint32_t backlog);
WASI_IMPORT(sock_accept) uint32_t wasi_sock_accept(uint32_t fd, uint32_t flags, uint32_t* accepted);
WASI_IMPORT(sock_connect) uint32_t wasi_sock_connect(uint32_t fd, const wasi_address* address, uint32_t port);
WASI_IMPORT(sock_recv)
uint32_t wasi_sock_recv(uint32_t fd, const wasi_iovec* to, uint32_t count, uint32_t flags, uint32_t* size,
                        uint16_t* flags_out);
WASI_IMPORT(sock_send)
uint32_t wasi_sock_send(uint32_t fd, const wasi_iovec* from, uint32_t count, uint32_t flags, uint32_t* size);
WASI_IMPORT(sock_recv_from)
uint32_t wasi_sock_recv_from(uint32_t fd, const wasi_iovec* to, uint32_t count, wasi_address* from, uint32_t flags,
                             uint32_t* port, uint32_t* size, uint16_t* flags_out);
WASI_IMPORT(sock_send_to)
uint32_t wasi_sock_send_to(uint32_t fd, const wasi_iovec* from, uint32_t count, const wasi_address* to, uint32_t port,
                           uint32_t flags, uint32_t* size);
WASI_IMPORT(sock_shutdown) uint32_t wasi_sock_shutdown(uint32_t fd, uint32_t how);
WASI_IMPORT(sock_getlocaladdr)
uint32_t wasi_sock_getlocaladdr(uint32_t fd, const wasi_address* address, uint32_t* port);
WASI_IMPORT(sock_getaddrinfo)
uint32_t wasi_sock_getaddrinfo(const char* node, uint32_t node_size, const char* service, uint32_t service_size,
                               const wasi_addrinfo* hints, wasi_addrinfo** results, uint32_t most, uint32_t* count);
WASI_IMPORT(epoll_oneoff)
uint32_t wasi_epoll_oneoff(const wasi_subscription* subscriptions, wasi_event* events, uint32_t count,
                           uint32_t* event_count);

#endif  // WHERRY_GUESTS_NET_WASMEDGE_SOCKET_H_
