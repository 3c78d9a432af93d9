// The C library's formatter: integers, strings, floating point in three notations, and reading them back.
#include <stdio.h>
#include <string.h>

#include "guest.h"

int main(int argc, char** argv) {
  uint32_t lines = scale_argument(argc, argv, 10000);
  uint32_t seed = 69069, hash = 1;
  double sum = 0;
  for (uint32_t i = 0; i < lines; i++) {
    uint32_t r = next_random(&seed);
    double x = (double)(int32_t)r / (1 << (r & 15));
    char line[256];
    int n = snprintf(line, sizeof line, "%8u|%-10d|%08x|%s|%.3f|%12.4e|%g|%c%%", r, (int32_t)r, r, &"text"[r & 3], x,
                     x * 1e-7, x / 3, 'a' + (int)(r % 26));
    for (int k = 0; k < n; k++) hash = mix(hash, (uint8_t)line[k]);
    sum += strtod(strchr(line, '.') - 1, 0);
  }
  printf("format %08x %.3f\n", hash, sum);
  return 0;
}
