// Sieve of Eratosthenes over bytes: tight loops of strided stores.
#include <stdio.h>
#include <string.h>

#include "guest.h"

static uint32_t count_primes(uint8_t* composite, uint32_t limit) {
  memset(composite, 0, limit);
  uint32_t count = 0;
  for (uint32_t i = 2; i < limit; i++) {
    if (composite[i]) continue;
    count++;
    for (uint64_t j = (uint64_t)i * i; j < limit; j += i) composite[j] = 1;
  }
  return count;
}

int main(int argc, char** argv) {
  uint32_t rounds = scale_argument(argc, argv, 4);
  uint32_t limit = 2000000;
  uint8_t* composite = malloc(limit);
  uint32_t hash = 1;
  for (uint32_t round = 0; round < rounds; round++) hash = mix(hash, count_primes(composite, limit - round * 1000));
  printf("sieve %08x\n", hash);
  return 0;
}
