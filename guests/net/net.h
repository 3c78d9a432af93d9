// What the samples need of a network: over WasmEdge's socket extension in WebAssembly (net_wasi.c), over POSIX natively
// (net_posix.c), so that one program can be built as both and compared. Failures are -1, with errno set.
#ifndef WHERRY_GUESTS_NET_NET_H_
#define WHERRY_GUESTS_NET_NET_H_

#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint8_t ip[4];
  uint16_t port;
} NetAddress;

/// "127.0.0.1:8080"; 0 if it is not of that form.
int net_parse(const char* text, NetAddress* address);

/// A socket that listens, and does not block. `address->port` becomes the one it has.
int net_listen(NetAddress* address, int backlog);
/// The next connection, which does not block; EAGAIN if there is none.
int net_accept(int listener);
/// A connection, which blocks, to the first address of a host that takes it.
int net_connect(const char* host, uint16_t port);
/// A socket for datagrams, which blocks.
int net_bind_datagram(NetAddress* address);

/// Of a stream: 0 at its end.
long net_receive(int fd, void* to, size_t size);
/// Header and body in one call; how much of both was sent.
long net_send(int fd, const void* header, size_t header_size, const void* body, size_t body_size);
long net_receive_from(int fd, void* to, size_t size, NetAddress* from);
long net_send_to(int fd, const void* data, size_t size, const NetAddress* to);
void net_shut_down_write(int fd);
void net_close(int fd);

/// What a server waits for: a row of descriptors, each for one kind of event.
typedef struct NetLoop NetLoop;
enum { NET_READABLE = 1, NET_WRITABLE = 2 };
NetLoop* net_loop(size_t most);
/// Sets place `index` of the row.
void net_watch(NetLoop* loop, size_t index, int fd, int event);
/// Waits until something happens at one of the first `count` places, or for `milliseconds`; `indices` become those
/// places, in order. Returns how many.
long net_wait(NetLoop* loop, size_t count, int milliseconds, uint32_t* indices);
/// Milliseconds that only grow.
uint64_t net_now(void);

#endif  // WHERRY_GUESTS_NET_NET_H_
