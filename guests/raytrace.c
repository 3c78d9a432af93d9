// Spheres over a plane with shadows and one reflection, all in single precision.
#include <math.h>
#include <stdio.h>

#include "guest.h"

typedef struct {
  float x, y, z;
} Vec;

typedef struct {
  Vec centre;
  float radius, shade, mirror;
} Sphere;

enum { kSpheres = 6 };
static Sphere spheres[kSpheres];

static Vec add(Vec a, Vec b) { return (Vec){a.x + b.x, a.y + b.y, a.z + b.z}; }
static Vec scale(Vec a, float s) { return (Vec){a.x * s, a.y * s, a.z * s}; }
static Vec subtract(Vec a, Vec b) { return (Vec){a.x - b.x, a.y - b.y, a.z - b.z}; }
static float dot(Vec a, Vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static Vec normal(Vec a) { return scale(a, 1.0f / sqrtf(dot(a, a))); }

// The nearest sphere that the ray meets, its distance in *distance; -1 if none.
static int nearest(Vec origin, Vec direction, float* distance) {
  int hit = -1;
  *distance = 1e30f;
  for (int i = 0; i < kSpheres; i++) {
    Vec to = subtract(spheres[i].centre, origin);
    float along = dot(to, direction);
    float inside = spheres[i].radius * spheres[i].radius - (dot(to, to) - along * along);
    if (inside < 0) continue;
    float d = along - sqrtf(inside);
    if (d > 1e-3f && d < *distance) *distance = d, hit = i;
  }
  return hit;
}

static float trace(Vec origin, Vec direction, int depth) {
  static const Vec kLight = {0.48f, 0.8f, -0.36f};
  float distance;
  int hit = nearest(origin, direction, &distance);
  Vec at, up;
  float shade, mirror;
  if (hit >= 0) {
    at = add(origin, scale(direction, distance));
    up = normal(subtract(at, spheres[hit].centre));
    shade = spheres[hit].shade, mirror = spheres[hit].mirror;
  } else if (direction.y < -1e-3f) {
    at = add(origin, scale(direction, -(origin.y + 1) / direction.y));
    up = (Vec){0, 1, 0};
    shade = ((int)floorf(at.x) + (int)floorf(at.z)) & 1 ? 0.9f : 0.3f, mirror = 0.1f;
  } else {
    return 0.2f + 0.5f * direction.y;
  }
  float lit = dot(up, kLight);
  if (lit < 0 || nearest(at, kLight, &distance) >= 0) lit = 0;
  float colour = shade * (0.15f + 0.85f * lit);
  if (depth == 0) return colour;
  Vec reflected = subtract(direction, scale(up, 2 * dot(direction, up)));
  return colour * (1 - mirror) + mirror * trace(at, reflected, depth - 1);
}

int main(int argc, char** argv) {
  uint32_t size = scale_argument(argc, argv, 160);
  for (int i = 0; i < kSpheres; i++) {
    spheres[i] = (Sphere){{(float)(i % 3) * 1.7f - 1.7f, (float)(i / 3) * 1.2f - 0.3f, 4 + (float)i * 0.6f},
                          0.7f,
                          0.4f + 0.1f * (float)i,
                          0.3f};
  }
  uint32_t hash = 1;
  for (uint32_t y = 0; y < size; y++) {
    for (uint32_t x = 0; x < size; x++) {
      Vec direction = normal((Vec){2.0f * (float)x / (float)size - 1, 1 - 2.0f * (float)y / (float)size, 1.6f});
      float colour = trace((Vec){0, 0.5f, -1}, direction, 2);
      hash = mix(hash, (uint32_t)(colour * 255));
    }
  }
  printf("raytrace %08x\n", hash);
  return 0;
}
