// Five planets under gravity, symplectic steps: scalar double arithmetic with square roots.
#include <math.h>
#include <stdio.h>

#include "guest.h"

enum { kBodies = 5 };

typedef struct {
  double x, y, z, vx, vy, vz, mass;
} Body;

static Body bodies[kBodies];

// A sun and four planets on roughly circular orbits (radii, tilt and masses of our own choosing).
static void place_bodies(void) {
  static const double kRadius[kBodies] = {0, 1.5, 3.25, 6.5, 11.75};
  static const double kMass[kBodies] = {40, 0.04, 0.011, 0.0017, 0.002};
  for (int i = 0; i < kBodies; i++) {
    Body* b = &bodies[i];
    double speed = i == 0 ? 0 : sqrt(kMass[0] / kRadius[i]);
    *b = (Body){.x = kRadius[i], .z = 0.05 * i, .vy = speed, .vz = 0.01 * speed, .mass = kMass[i]};
    if (i % 2) b->x = -b->x, b->vy = -b->vy;
  }
}

static void advance(double dt) {
  for (int i = 0; i < kBodies; i++) {
    Body* a = &bodies[i];
    for (int j = i + 1; j < kBodies; j++) {
      Body* b = &bodies[j];
      double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      double d2 = dx * dx + dy * dy + dz * dz;
      double magnitude = dt / (d2 * sqrt(d2));
      a->vx -= dx * b->mass * magnitude, a->vy -= dy * b->mass * magnitude, a->vz -= dz * b->mass * magnitude;
      b->vx += dx * a->mass * magnitude, b->vy += dy * a->mass * magnitude, b->vz += dz * a->mass * magnitude;
    }
  }
  for (int i = 0; i < kBodies; i++) {
    Body* b = &bodies[i];
    b->x += dt * b->vx, b->y += dt * b->vy, b->z += dt * b->vz;
  }
}

static double energy(void) {
  double e = 0;
  for (int i = 0; i < kBodies; i++) {
    Body* a = &bodies[i];
    e += 0.5 * a->mass * (a->vx * a->vx + a->vy * a->vy + a->vz * a->vz);
    for (int j = i + 1; j < kBodies; j++) {
      Body* b = &bodies[j];
      double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      e -= a->mass * b->mass / sqrt(dx * dx + dy * dy + dz * dz);
    }
  }
  return e;
}

int main(int argc, char** argv) {
  uint32_t steps = scale_argument(argc, argv, 300000);
  place_bodies();
  for (uint32_t i = 0; i < steps; i++) advance(0.001);
  printf("nbody %.12f\n", energy());
  return 0;
}
