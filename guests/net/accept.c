// A server of standard WASI alone, as wasi-libc, Rust's std and Go have it: accept [DESCRIPTOR] accepts connections on a
// socket that listens already (--tcplisten), sends back in capitals what comes, and ends after one that says nothing.
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char** argv) {
  const int listener = argc > 1 ? atoi(argv[1]) : 3;
  for (;;) {
    const int fd = accept(listener, NULL, NULL);
    if (fd < 0) {
      perror("cannot accept");
      return 1;
    }
    char text[4096];
    ssize_t all = 0, got;
    while ((got = recv(fd, text, sizeof text, 0)) > 0) {
      all += got;
      for (ssize_t i = 0; i < got; ++i) text[i] = (char)toupper((unsigned char)text[i]);
      if (send(fd, text, (size_t)got, 0) != got) break;
    }
    shutdown(fd, SHUT_RDWR);
    close(fd);
    if (all == 0) return 0;
  }
}
