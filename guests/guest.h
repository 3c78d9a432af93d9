// What the benchmark guests share: a scale taken from the command line, a random sequence that is the same everywhere,
// and a checksum. Every guest prints one line that depends on all the work it did and on nothing else.
#ifndef WHERRY_GUESTS_GUEST_H_
#define WHERRY_GUESTS_GUEST_H_

#include <stdint.h>
#include <stdlib.h>

static inline uint32_t scale_argument(int argc, char** argv, uint32_t fallback) {
  return argc > 1 ? (uint32_t)strtoul(argv[1], 0, 10) : fallback;
}

// xorshift32; the state must not be zero.
static inline uint32_t next_random(uint32_t* state) {
  uint32_t x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

// One step of FNV-1a over a whole word.
static inline uint32_t mix(uint32_t hash, uint32_t value) { return (hash ^ value) * 16777619u; }

#endif  // WHERRY_GUESTS_GUEST_H_
