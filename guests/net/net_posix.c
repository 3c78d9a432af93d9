#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

static struct sockaddr_in to_system(const NetAddress* address) {
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(address->port)};
  memcpy(&in.sin_addr, address->ip, sizeof address->ip);
  return in;
}

static int bound(NetAddress* address, int kind) {
  const int fd = socket(AF_INET, kind, 0);
  if (fd < 0) return -1;
  struct sockaddr_in in = to_system(address);
  socklen_t size = sizeof in;
  if (bind(fd, (struct sockaddr*)&in, size) != 0 || getsockname(fd, (struct sockaddr*)&in, &size) != 0) {
    close(fd);
    return -1;
  }
  address->port = ntohs(in.sin_port);
  return fd;
}

int net_listen(NetAddress* address, int backlog) {
  const int fd = bound(address, SOCK_STREAM | SOCK_NONBLOCK);
  if (fd >= 0 && listen(fd, backlog) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

int net_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_NONBLOCK); }

int net_connect(const char* host, uint16_t port) {
  char service[8];
  snprintf(service, sizeof service, "%u", port);
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  struct addrinfo* found;
  if (getaddrinfo(host, service, &hints, &found) != 0) {
    errno = EHOSTUNREACH;
    return -1;
  }
  int fd = -1;
  for (const struct addrinfo* one = found; one != NULL && fd < 0; one = one->ai_next) {
    fd = socket(one->ai_family, SOCK_STREAM, 0);
    if (fd >= 0 && connect(fd, one->ai_addr, one->ai_addrlen) != 0) {
      close(fd);
      fd = -1;
    }
  }
  freeaddrinfo(found);
  return fd;
}

int net_bind_datagram(NetAddress* address) { return bound(address, SOCK_DGRAM); }

long net_receive(int fd, void* to, size_t size) { return recv(fd, to, size, 0); }

long net_send(int fd, const void* header, size_t header_size, const void* body, size_t body_size) {
  struct iovec vectors[] = {{(void*)header, header_size}, {(void*)body, body_size}};
  const struct msghdr message = {.msg_iov = vectors, .msg_iovlen = body_size == 0 ? 1 : 2};
  return sendmsg(fd, &message, MSG_NOSIGNAL);
}

long net_receive_from(int fd, void* to, size_t size, NetAddress* from) {
  struct sockaddr_in in;
  socklen_t in_size = sizeof in;
  const long got = recvfrom(fd, to, size, 0, (struct sockaddr*)&in, &in_size);
  memcpy(from->ip, &in.sin_addr, sizeof from->ip);
  from->port = ntohs(in.sin_port);
  return got;
}

long net_send_to(int fd, const void* data, size_t size, const NetAddress* to) {
  const struct sockaddr_in in = to_system(to);
  return sendto(fd, data, size, 0, (const struct sockaddr*)&in, sizeof in);
}

void net_shut_down_write(int fd) { shutdown(fd, SHUT_WR); }
void net_close(int fd) { close(fd); }

struct NetLoop {
  struct pollfd* watched;
};

NetLoop* net_loop(size_t most) {
  NetLoop* loop = malloc(sizeof *loop);
  loop->watched = calloc(most, sizeof *loop->watched);
  return loop;
}

void net_watch(NetLoop* loop, size_t index, int fd, int event) {
  loop->watched[index] = (struct pollfd){.fd = fd, .events = event == NET_READABLE ? POLLIN : POLLOUT};
}

long net_wait(NetLoop* loop, size_t count, int milliseconds, uint32_t* indices) {
  const int ready = poll(loop->watched, count, milliseconds);
  if (ready < 0) return errno == EINTR ? 0 : -1;
  long found = 0;
  for (size_t i = 0; i < count && found < ready; ++i) {
    if (loop->watched[i].revents != 0) indices[found++] = (uint32_t)i;
  }
  return found;
}

uint64_t net_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
