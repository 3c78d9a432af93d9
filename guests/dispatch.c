// Small functions reached through tables of pointers: indirect calls of several types.
#include <stdio.h>

#include "guest.h"

typedef uint32_t (*Unary)(uint32_t);
typedef uint32_t (*Binary)(uint32_t, uint32_t);
typedef double (*Real)(double);

static uint32_t increment(uint32_t x) { return x + 1; }
static uint32_t twice(uint32_t x) { return x * 2; }
static uint32_t flip(uint32_t x) { return ~x; }
static uint32_t turn(uint32_t x) { return x << 7 | x >> 25; }
static uint32_t sum(uint32_t x, uint32_t y) { return x + y; }
static uint32_t difference(uint32_t x, uint32_t y) { return x - y; }
static uint32_t product(uint32_t x, uint32_t y) { return x * y; }
static uint32_t exclusive(uint32_t x, uint32_t y) { return x ^ y; }
static double half(double x) { return x * 0.5; }
static double square(double x) { return x * x; }
static double shift(double x) { return x + 1.25; }
static double invert(double x) { return 1 / (x + 2); }

static const Unary kUnary[] = {increment, twice, flip, turn};
static const Binary kBinary[] = {sum, difference, product, exclusive};
static const Real kReal[] = {half, square, shift, invert};

int main(int argc, char** argv) {
  uint32_t rounds = scale_argument(argc, argv, 2000000);
  uint32_t x = 1, seed = 2463534242u;
  double r = 0.5;
  for (uint32_t i = 0; i < rounds; i++) {
    uint32_t choice = next_random(&seed);
    x = kUnary[choice & 3](x);
    x = kBinary[choice >> 2 & 3](x, i);
    if (choice & 16) r = kReal[choice >> 5 & 3](r);
    if (r > 100) r = 0.5;
  }
  printf("dispatch %08x %.9f\n", x, r);
  return 0;
}
