#include <stdlib.h>

#include "net.h"

int net_parse(const char* text, NetAddress* address) {
  char* end = (char*)text;
  for (int i = 0; i < 4; ++i) {
    const char* start = end;
    const unsigned long number = strtoul(start, &end, 10);
    if (end == start || number > 255 || *end != (i == 3 ? ':' : '.')) return 0;
    address->ip[i] = (uint8_t)number;
    ++end;
  }
  const char* start = end;
  const unsigned long port = strtoul(start, &end, 10);
  address->port = (uint16_t)port;
  return end != start && *end == '\0' && port <= 0xffff;
}
