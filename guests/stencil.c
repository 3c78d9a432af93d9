// Two stencils: a five-point Jacobi relaxation in two dimensions and a heat equation in three.
#include <stdio.h>

#include "guest.h"

enum { kSide = 128, kCube = 24 };

static double plane[2][kSide][kSide];
static double cube[2][kCube][kCube][kCube];

static void relax(int from) {
  double (*in)[kSide] = plane[from], (*out)[kSide] = plane[!from];
  for (int i = 1; i < kSide - 1; i++) {
    for (int j = 1; j < kSide - 1; j++) {
      out[i][j] = 0.2 * (in[i][j] + in[i][j - 1] + in[i][j + 1] + in[i - 1][j] + in[i + 1][j]);
    }
  }
}

static void heat(int from) {
  double (*in)[kCube][kCube] = cube[from], (*out)[kCube][kCube] = cube[!from];
  for (int i = 1; i < kCube - 1; i++) {
    for (int j = 1; j < kCube - 1; j++) {
      for (int k = 1; k < kCube - 1; k++) {
        double centre = in[i][j][k];
        out[i][j][k] = centre + 0.125 * (in[i + 1][j][k] - 2.0 * centre + in[i - 1][j][k]) +
                       0.125 * (in[i][j + 1][k] - 2.0 * centre + in[i][j - 1][k]) +
                       0.125 * (in[i][j][k + 1] - 2.0 * centre + in[i][j][k - 1]);
      }
    }
  }
}

int main(int argc, char** argv) {
  uint32_t steps = scale_argument(argc, argv, 100);
  for (int i = 0; i < kSide; i++) {
    for (int j = 0; j < kSide; j++) plane[0][i][j] = plane[1][i][j] = (double)(i * (j + 2) % 37) / 37;
  }
  for (int i = 0; i < kCube; i++) {
    for (int j = 0; j < kCube; j++) {
      for (int k = 0; k < kCube; k++) cube[0][i][j][k] = cube[1][i][j][k] = (double)((i * j + 5 * k) % 11);
    }
  }
  for (uint32_t step = 0; step < steps; step++) relax(step & 1), heat(step & 1);
  double sum = 0;
  for (int i = 0; i < kSide; i++) sum += plane[steps & 1][i][(i * 5) % kSide];
  for (int i = 0; i < kCube; i++) sum += cube[steps & 1][i][(i * 5) % kCube][(i * 3) % kCube];
  printf("stencil %.9f\n", sum);
  return 0;
}
