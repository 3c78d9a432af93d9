// Particles in a box, four at a time, in portable vector C: the same source runs natively.
#include <stdio.h>

#include "guest.h"

typedef float Floats __attribute__((vector_size(16)));
typedef int32_t Ints __attribute__((vector_size(16)));

enum { kGroups = 256 };

static Floats position_x[kGroups], position_y[kGroups], speed_x[kGroups], speed_y[kGroups];

static Floats choose(Ints mask, Floats a, Floats b) { return (Floats)(((Ints)a & mask) | ((Ints)b & ~mask)); }

static Ints step(Floats* position, Floats* speed, Floats pull) {
  Floats moved = *position + *speed * 0.01f;
  Ints out = (moved < 0.0f) | (moved > 1.0f);
  *speed = choose(out, -*speed, *speed + pull);
  *position = choose(out, *position, moved);
  return out;
}

int main(int argc, char** argv) {
  uint32_t steps = scale_argument(argc, argv, 1500);
  uint32_t seed = 1664525;
  for (int g = 0; g < kGroups; g++) {
    for (int lane = 0; lane < 4; lane++) {
      position_x[g][lane] = (float)(next_random(&seed) >> 8) / 16777216;
      position_y[g][lane] = (float)(next_random(&seed) >> 8) / 16777216;
      speed_x[g][lane] = (float)(next_random(&seed) >> 8) / 8388608 - 1;
      speed_y[g][lane] = (float)(next_random(&seed) >> 8) / 8388608 - 1;
    }
  }
  Ints bounces = {0, 0, 0, 0};
  Floats none = {0, 0, 0, 0}, gravity = {-0.002f, -0.002f, -0.002f, -0.002f};
  for (uint32_t i = 0; i < steps; i++) {
    for (int g = 0; g < kGroups; g++) {
      bounces -= step(&position_x[g], &speed_x[g], none);
      bounces -= step(&position_y[g], &speed_y[g], gravity);
    }
  }
  double sum = 0;
  for (int g = 0; g < kGroups; g++) sum += (double)position_x[g][g & 3] + (double)position_y[g][g & 3];
  printf("simd_particles %d %.4f\n", bounces[0] + bounces[1] + bounces[2] + bounces[3], sum);
  return 0;
}
