// Sends every datagram back to where it came from: udp_echo [ADDRESS:PORT] [COUNT]. Ends after COUNT of them.
#include <stdio.h>
#include <stdlib.h>

#include "net.h"

int main(int argc, char** argv) {
  NetAddress address = {{127, 0, 0, 1}, 7777};
  if (argc > 1 && !net_parse(argv[1], &address)) {
    fprintf(stderr, "usage: udp_echo [ADDRESS:PORT] [COUNT]\n");
    return 2;
  }
  long left = argc > 2 ? atol(argv[2]) : -1;
  const int fd = net_bind_datagram(&address);
  if (fd < 0) {
    perror("cannot bind");
    return 1;
  }
  printf("listening on %u.%u.%u.%u:%u\n", address.ip[0], address.ip[1], address.ip[2], address.ip[3], address.port);
  fflush(stdout);
  static char datagram[65536];
  for (; left != 0; --left) {
    NetAddress from;
    const long size = net_receive_from(fd, datagram, sizeof datagram, &from);
    if (size < 0 || net_send_to(fd, datagram, (size_t)size, &from) < 0) {
      perror("cannot echo");
      return 1;
    }
  }
  net_close(fd);
  return 0;
}
