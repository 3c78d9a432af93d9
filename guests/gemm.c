// Dense products: D = A * B * C in double, and an integer product beside it.
#include <stdio.h>

#include "guest.h"

static void multiply(int n, const double* a, const double* b, double* out) {
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) out[i * n + j] = 0;
    for (int k = 0; k < n; k++) {
      for (int j = 0; j < n; j++) out[i * n + j] += a[i * n + k] * b[k * n + j];
    }
  }
}

static uint32_t multiply_int(int n, const int32_t* a, const int32_t* b) {
  uint32_t hash = 1;
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      uint32_t sum = 0;
      for (int k = 0; k < n; k++) sum += (uint32_t)a[i * n + k] * (uint32_t)b[k * n + j];
      hash = mix(hash, sum);
    }
  }
  return hash;
}

int main(int argc, char** argv) {
  int n = (int)scale_argument(argc, argv, 160);
  size_t cells = (size_t)n * (size_t)n;
  double *a = malloc(cells * 8), *b = malloc(cells * 8), *c = malloc(cells * 8), *ab = malloc(cells * 8);
  int32_t *p = malloc(cells * 4), *q = malloc(cells * 4);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      int at = i * n + j;
      a[at] = (double)((i * j + 1) % n) / n;
      b[at] = (double)(i * (j + 1) % n) / n;
      c[at] = (double)((i + 2 * j) % 7) / 7;
      p[at] = i * 3 - j, q[at] = (i ^ j) + 1;
    }
  }
  multiply(n, a, b, ab);
  multiply(n, ab, c, a);
  double trace = 0;
  for (int i = 0; i < n; i++) trace += a[i * n + (i * 7) % n];
  printf("gemm %.6f %08x\n", trace, multiply_int(n, p, q));
  return 0;
}
