// A small HTTP/1.1 server: one thread, one loop, keep-alive and pipelining.
//
//   http_server [ADDRESS:PORT] [SECONDS]
//
// GET / says hello; POST /echo gives back what it was sent; GET /big is a megabyte. A connection has SECONDS (10) to
// send a whole request, and as long again for each further one.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net.h"

enum { kMostConnections = 8192, kHeadRoom = 8192, kMostBody = 65536, kBigBody = 1 << 20, kAcceptAtOnce = 64 };

typedef struct {
  int fd;
  int writing;           ///< Waits until it can send the rest of a response.
  int closing;           ///< Closes after it.
  uint64_t deadline;     ///< Of the request that is being read or answered.
  char *in;              ///< What came and is not answered yet.
  size_t in_size, room, need;
  char *out;             ///< What could not be sent at once.
  size_t out_at, out_size;
} Connection;

typedef struct {
  const char* status;
  const char* body;
  size_t size;
} Response;

static Connection connections[kMostConnections];
static size_t connection_count;
static NetLoop* loop;
static uint64_t now, patience = 10000;
static char big[kBigBody];

static void watch(size_t i) {
  net_watch(loop, i + 1, connections[i].fd, connections[i].writing ? NET_WRITABLE : NET_READABLE);
}

static void drop(size_t i) {
  Connection* c = &connections[i];
  net_close(c->fd);
  free(c->in);
  free(c->out);
  *c = connections[--connection_count];
  if (i != connection_count) watch(i);
}

/// Sends a response, or keeps what does not go out yet. 0 if the connection is broken.
static int respond(Connection* c, Response response, int head_only) {
  char header[256];
  const int header_size =
      snprintf(header, sizeof header, "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n%s\r\n",
               response.status, response.size, c->closing ? "Connection: close\r\n" : "");
  const size_t body = head_only ? 0 : response.size, whole = (size_t)header_size + body;
  long sent = net_send(c->fd, header, (size_t)header_size, response.body, body);
  if (sent < 0 && errno != EAGAIN) return 0;
  if (sent < 0) sent = 0;
  if ((size_t)sent == whole) return 1;
  c->out = malloc(whole);
  memcpy(c->out, header, (size_t)header_size);
  if (body != 0) memcpy(c->out + header_size, response.body, body);
  c->out_at = (size_t)sent;
  c->out_size = whole;
  c->writing = 1;
  return 1;
}

/// The value of a header field between `at` and `end`, or null.
static const char* field(const char* at, const char* end, const char* name) {
  const size_t size = strlen(name);
  while (at < end) {
    if ((size_t)(end - at) > size && strncasecmp(at, name, size) == 0 && at[size] == ':') {
      for (at += size + 1; *at == ' '; ++at) {
      }
      return at;
    }
    const char* next = memchr(at, '\n', (size_t)(end - at));
    if (next == NULL) return NULL;
    at = next + 1;
  }
  return NULL;
}

static int is(const char* at, const char* end, const char* word) {
  const size_t size = strlen(word);
  return (size_t)(end - at) >= size && memcmp(at, word, size) == 0;
}

static const char* find_end(const char* at, size_t size) {
  const char* end = at + size;
  while ((at = memchr(at, '\r', (size_t)(end - at))) != NULL) {
    if (is(at, end, "\r\n\r\n")) return at + 4;
    ++at;
  }
  return NULL;
}

/// Answers the request at `start`, of which `size` bytes have come: how many bytes it was, 0 if it is not whole (then
/// `c->need` is how many it will be at least), -1 to drop the connection.
static long answer(Connection* c, const char* start, size_t size) {
  const char* end = find_end(start, size);
  if (end == NULL) {
    c->need = 0;
    if (size < kHeadRoom) return 0;
    c->closing = 1;
    return respond(c, (Response){"431 Request Header Fields Too Large", "", 0}, 0) ? (long)size : -1;
  }
  const char* length = field(start, end, "Content-Length");
  const size_t body = length == NULL ? 0 : strtoul(length, NULL, 10);
  const char* connection = field(start, end, "Connection");
  const char* line = memchr(start, '\r', size);
  const int old = line - start > 8 && memcmp(line - 8, "HTTP/1.0", 8) == 0;
  c->closing = connection != NULL ? strncasecmp(connection, "close", 5) == 0 : old;
  if (body > kMostBody) {
    c->closing = 1;
    return respond(c, (Response){"413 Content Too Large", "", 0}, 0) ? (long)size : -1;
  }
  const size_t head = (size_t)(end - start);
  if (head + body > size) {
    c->closing = 0;
    c->need = head + body;
    if (head == size && field(start, end, "Expect") != NULL) {
      static const char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";
      if (net_send(c->fd, kContinue, sizeof kContinue - 1, NULL, 0) < 0) return -1;
    }
    return 0;
  }
  static const char kHello[] = "Hello from Wherry!\n";
  const int head_only = is(start, end, "HEAD ");
  Response response = {"404 Not Found", "not here\n", 9};
  if (is(start, end, "GET / ") || is(start, end, "HEAD / "))
    response = (Response){"200 OK", kHello, sizeof kHello - 1};
  if (is(start, end, "GET /big ")) response = (Response){"200 OK", big, sizeof big};
  if (is(start, end, "POST /echo ")) response = (Response){"200 OK", end, body};
  return respond(c, response, head_only) ? (long)(head + body) : -1;
}

/// Answers what came, one request after the other. 0 to drop the connection.
static int answer_all(Connection* c) {
  size_t done = 0;
  while (done != c->in_size && !c->writing && !c->closing) {
    const long one = answer(c, c->in + done, c->in_size - done);
    if (one < 0) return 0;
    if (one == 0) break;
    done += (size_t)one;
    c->deadline = now + patience;
  }
  c->in_size -= done;
  if (done != 0) memmove(c->in, c->in + done, c->in_size);
  if (c->need > c->room) {
    c->room = c->need;
    c->in = realloc(c->in, c->room);
  }
  return !c->closing || c->writing;
}

static int read_some(Connection* c) {
  const long got = net_receive(c->fd, c->in + c->in_size, c->room - c->in_size);
  if (got < 0) return errno == EAGAIN;
  if (got == 0) return 0;
  c->in_size += (size_t)got;
  return answer_all(c);
}

static int write_some(Connection* c) {
  const long sent = net_send(c->fd, c->out + c->out_at, c->out_size - c->out_at, NULL, 0);
  if (sent < 0) return errno == EAGAIN;
  c->out_at += (size_t)sent;
  c->deadline = now + patience;
  if (c->out_at != c->out_size) return 1;
  free(c->out);
  c->out = NULL;
  c->writing = 0;
  return !c->closing && answer_all(c);
}

static void accept_some(int listener) {
  for (int i = 0; i < kAcceptAtOnce; ++i) {
    const int fd = net_accept(listener);
    if (fd < 0) return;
    if (connection_count == kMostConnections) {
      net_close(fd);
      return;
    }
    connections[connection_count] =
        (Connection){.fd = fd, .deadline = now + patience, .in = malloc(kHeadRoom), .room = kHeadRoom};
    watch(connection_count++);
  }
}

int main(int argc, char** argv) {
  NetAddress address = {{127, 0, 0, 1}, 8080};
  if (argc > 1 && !net_parse(argv[1], &address)) {
    fprintf(stderr, "usage: http_server [ADDRESS:PORT] [SECONDS]\n");
    return 2;
  }
  if (argc > 2) patience = strtoul(argv[2], NULL, 10) * 1000;
  memset(big, 'x', sizeof big);
  const int listener = net_listen(&address, 4096);
  if (listener < 0) {
    perror("cannot listen");
    return 1;
  }
  printf("listening on %u.%u.%u.%u:%u\n", address.ip[0], address.ip[1], address.ip[2], address.ip[3], address.port);
  fflush(stdout);
  loop = net_loop(kMostConnections + 1);
  net_watch(loop, 0, listener, NET_READABLE);
  static uint32_t ready[kMostConnections + 1];
  uint64_t swept = net_now();
  for (;;) {
    const long count = net_wait(loop, connection_count + 1, 1000, ready);
    if (count < 0) {
      perror("cannot wait");
      return 1;
    }
    now = net_now();
    // From the last to the first, since a place that becomes free is filled with the last one.
    for (long i = count; i-- > 0;) {
      if (ready[i] == 0) {
        accept_some(listener);
        continue;
      }
      const size_t place = ready[i] - 1;
      Connection* c = &connections[place];
      const int was_writing = c->writing;
      if (!(was_writing ? write_some(c) : read_some(c))) {
        drop(place);
      } else if (c->writing != was_writing) {
        watch(place);
      }
    }
    if (now - swept < 1000) continue;
    swept = now;
    for (size_t i = connection_count; i-- > 0;) {
      if (connections[i].deadline < now) drop(i);
    }
  }
}
