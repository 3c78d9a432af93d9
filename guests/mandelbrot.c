// Mandelbrot set, escape counts in double precision.
#include <stdio.h>

#include "guest.h"

int main(int argc, char** argv) {
  uint32_t size = scale_argument(argc, argv, 300);
  uint32_t inside = 0, hash = 1;
  for (uint32_t row = 0; row < size; row++) {
    for (uint32_t column = 0; column < size; column++) {
      double cr = 3.0 * column / size - 2.25, ci = 2.5 * row / size - 1.25;
      double zr = 0, zi = 0;
      uint32_t n = 0;
      while (n < 120) {
        double zr2 = zr * zr, zi2 = zi * zi;
        if (zr2 + zi2 > 4.0) break;
        zi = 2 * zr * zi + ci;
        zr = zr2 - zi2 + cr;
        n++;
      }
      inside += n == 120;
      hash = mix(hash, n);
    }
  }
  printf("mandelbrot %u %08x\n", inside, hash);
  return 0;
}
