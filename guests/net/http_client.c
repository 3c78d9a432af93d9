// Fetches a page and prints it: http_client HOST [PORT] [PATH]. Exit code 1 if there is no answer, 22 if it is an error.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: http_client HOST [PORT] [PATH]\n");
    return 2;
  }
  const char* host = argv[1];
  const char* path = argc > 3 ? argv[3] : "/";
  const int fd = net_connect(host, (uint16_t)(argc > 2 ? strtoul(argv[2], NULL, 10) : 80));
  if (fd < 0) {
    perror(host);
    return 1;
  }
  char request[1024];
  const int size =
      snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, host);
  if (size >= (int)sizeof request || net_send(fd, request, (size_t)size, NULL, 0) != size) {
    fprintf(stderr, "cannot send the request\n");
    return 1;
  }
  net_shut_down_write(fd);  // The answer still comes.
  char* answer = NULL;
  size_t room = 0, filled = 0;
  for (;;) {
    if (filled + 1 >= room) answer = realloc(answer, room = room * 2 + 4096);
    const long got = net_receive(fd, answer + filled, room - filled - 1);
    if (got < 0) perror("cannot receive");
    if (got <= 0) break;
    filled += (size_t)got;
  }
  net_close(fd);
  answer[filled] = '\0';
  const char* body = strstr(answer, "\r\n\r\n");
  if (body == NULL || strncmp(answer, "HTTP/1.", 7) != 0) return 1;
  body += 4;
  fwrite(body, 1, filled - (size_t)(body - answer), stdout);
  return answer[9] == '2' ? 0 : 22;
}
