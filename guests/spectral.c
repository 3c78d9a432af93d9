// Spectral norm of the infinite matrix A(i,j) = 1 / ((i+j)(i+j+1)/2 + i + 1), by power iteration: calls and divisions.
#include <math.h>
#include <stdio.h>

#include "guest.h"

static double element(uint32_t i, uint32_t j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }

static void multiply(uint32_t n, const double* v, double* out, int transposed) {
  for (uint32_t i = 0; i < n; i++) {
    double sum = 0;
    for (uint32_t j = 0; j < n; j++) sum += (transposed ? element(j, i) : element(i, j)) * v[j];
    out[i] = sum;
  }
}

int main(int argc, char** argv) {
  uint32_t n = scale_argument(argc, argv, 300);
  double *u = malloc(n * sizeof *u), *v = malloc(n * sizeof *v), *w = malloc(n * sizeof *w);
  for (uint32_t i = 0; i < n; i++) u[i] = 1;
  for (int k = 0; k < 10; k++) {
    multiply(n, u, w, 0), multiply(n, w, v, 1);
    multiply(n, v, w, 0), multiply(n, w, u, 1);
  }
  double uv = 0, vv = 0;
  for (uint32_t i = 0; i < n; i++) uv += u[i] * v[i], vv += v[i] * v[i];
  printf("spectral %.9f\n", sqrt(uv / vv));
  return 0;
}
