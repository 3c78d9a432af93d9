#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net.h"
#include "wasmedge_socket.h"

static int result(uint32_t error, uint32_t value) {
  if (error == 0) return (int)value;
  errno = (int)error;
  return -1;
}

static wasi_address of_ip(const NetAddress* address) { return (wasi_address){(void*)address->ip, sizeof address->ip}; }

static uint16_t port_of(int fd) {
  wasi_storage storage;
  const wasi_address where = {&storage, sizeof storage};
  uint32_t port = 0;
  wasi_sock_getlocaladdr((uint32_t)fd, &where, &port);
  return (uint16_t)port;
}

static int bound(NetAddress* address, uint32_t kind) {
  uint32_t fd;
  uint32_t error = wasi_sock_open(WASI_INET4, kind, &fd);
  if (error != 0) return result(error, 0);
  const wasi_address at = of_ip(address);
  error = wasi_sock_bind(fd, &at, address->port);
  if (error == 0) {
    address->port = port_of((int)fd);
    return (int)fd;
  }
  close((int)fd);
  return result(error, 0);
}

static uint32_t set_nonblocking(int fd) {
  extern uint32_t wasi_fd_fdstat_set_flags(uint32_t, uint32_t) __attribute__((
      import_module("wasi_snapshot_preview1"), import_name("fd_fdstat_set_flags")));
  return wasi_fd_fdstat_set_flags((uint32_t)fd, WASI_NONBLOCK);
}

int net_listen(NetAddress* address, int backlog) {
  const int fd = bound(address, WASI_STREAM);
  if (fd < 0) return -1;
  uint32_t error = wasi_sock_listen((uint32_t)fd, (uint32_t)backlog);
  if (error == 0) error = set_nonblocking(fd);
  if (error == 0) return fd;
  close(fd);
  return result(error, 0);
}

int net_accept(int listener) {
  uint32_t fd;
  return result(wasi_sock_accept((uint32_t)listener, WASI_NONBLOCK, &fd), fd);
}

int net_connect(const char* host, uint16_t port) {
  enum { kMost = 8 };
  char service[8];
  snprintf(service, sizeof service, "%u", port);
  wasi_addrinfo nodes[kMost] = {0};
  wasi_sockaddr addresses[kMost] = {0};
  uint8_t bytes[kMost][26];
  for (int i = 0; i < kMost; ++i) {
    addresses[i] = (wasi_sockaddr){.size = sizeof bytes[i], .bytes = bytes[i]};
    nodes[i].address = &addresses[i];
    nodes[i].next = i + 1 < kMost ? &nodes[i + 1] : NULL;
  }
  const wasi_addrinfo hints = {.kind = WASI_STREAM};
  wasi_addrinfo* first = nodes;
  uint32_t count;
  uint32_t error = wasi_sock_getaddrinfo(host, strlen(host), service, strlen(service), &hints, &first, kMost, &count);
  for (uint32_t i = 0; error == 0 && i < count; ++i) {
    const int six = nodes[i].family == WASI_INET6;
    const wasi_address to = {bytes[i] + (six ? 6 : 2), six ? 16 : 4};
    uint32_t fd;
    error = wasi_sock_open(nodes[i].family, WASI_STREAM, &fd);
    if (error != 0) break;
    error = wasi_sock_connect(fd, &to, port);
    if (error == 0) return (int)fd;
    close((int)fd);
    if (i + 1 < count) error = 0;
  }
  return result(error, 0);
}

int net_bind_datagram(NetAddress* address) { return bound(address, WASI_DATAGRAM); }

long net_receive(int fd, void* to, size_t size) {
  const wasi_iovec vector = {to, size};
  uint32_t got = 0;
  uint16_t flags;
  return result(wasi_sock_recv((uint32_t)fd, &vector, 1, 0, &got, &flags), got);
}

long net_send(int fd, const void* header, size_t header_size, const void* body, size_t body_size) {
  const wasi_iovec vectors[] = {{(void*)header, header_size}, {(void*)body, body_size}};
  uint32_t sent = 0;
  return result(wasi_sock_send((uint32_t)fd, vectors, body_size == 0 ? 1 : 2, 0, &sent), sent);
}

long net_receive_from(int fd, void* to, size_t size, NetAddress* from) {
  const wasi_iovec vector = {to, size};
  wasi_storage storage;
  wasi_address sender = {&storage, sizeof storage};
  uint32_t port = 0, got = 0;
  uint16_t flags;
  const uint32_t error = wasi_sock_recv_from((uint32_t)fd, &vector, 1, &sender, 0, &port, &got, &flags);
  memcpy(from->ip, storage.bytes, sizeof from->ip);
  from->port = (uint16_t)port;
  return result(error, got);
}

long net_send_to(int fd, const void* data, size_t size, const NetAddress* to) {
  const wasi_iovec vector = {(void*)data, size};
  const wasi_address address = of_ip(to);
  uint32_t sent = 0;
  return result(wasi_sock_send_to((uint32_t)fd, &vector, 1, &address, to->port, 0, &sent), sent);
}

void net_shut_down_write(int fd) { wasi_sock_shutdown((uint32_t)fd, WASI_SHUT_WRITE); }
void net_close(int fd) { close(fd); }

struct NetLoop {
  wasi_subscription* watched;  ///< The last, behind those that are asked for, is the clock.
  wasi_event* events;
};

NetLoop* net_loop(size_t most) {
  NetLoop* loop = malloc(sizeof *loop);
  loop->watched = calloc(most + 1, sizeof *loop->watched);
  loop->events = calloc(most + 1, sizeof *loop->events);
  return loop;
}

void net_watch(NetLoop* loop, size_t index, int fd, int event) {
  loop->watched[index] = (wasi_subscription){
      .userdata = index, .type = event == NET_READABLE ? WASI_FD_READ : WASI_FD_WRITE, .id = (uint32_t)fd};
}

long net_wait(NetLoop* loop, size_t count, int milliseconds, uint32_t* indices) {
  const wasi_subscription behind = loop->watched[count];
  loop->watched[count] = (wasi_subscription){
      .type = WASI_CLOCK, .id = WASI_MONOTONIC, .timeout = (uint64_t)milliseconds * 1000000};
  uint32_t events = 0;
  const uint32_t error = wasi_epoll_oneoff(loop->watched, loop->events, count + 1, &events);
  loop->watched[count] = behind;
  if (error != 0) return result(error, 0);
  long found = 0;
  for (uint32_t i = 0; i < events; ++i) {
    if (loop->events[i].type != WASI_CLOCK) indices[found++] = (uint32_t)loop->events[i].userdata;
  }
  return found;
}

uint64_t net_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
