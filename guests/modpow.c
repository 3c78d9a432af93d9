// Miller-Rabin primality of 32-bit numbers: 64-bit multiply and remainder.
#include <stdio.h>

#include "guest.h"

static uint64_t power_mod(uint64_t base, uint64_t exponent, uint64_t modulus) {
  uint64_t result = 1;
  for (base %= modulus; exponent; exponent >>= 1) {
    if (exponent & 1) result = result * base % modulus;
    base = base * base % modulus;
  }
  return result;
}

// Exact below 4,759,123,141 with the bases 2, 7 and 61.
static int is_prime(uint64_t n) {
  static const uint64_t kBases[] = {2, 7, 61};
  if (n < 2 || n % 2 == 0) return n == 2;
  uint64_t odd = n - 1;
  int twos = __builtin_ctzll(odd);
  odd >>= twos;
  for (int i = 0; i < 3; i++) {
    if (kBases[i] % n == 0) continue;
    uint64_t x = power_mod(kBases[i], odd, n);
    if (x == 1 || x == n - 1) continue;
    int k = 1;
    for (; k < twos; k++) {
      x = x * x % n;
      if (x == n - 1) break;
    }
    if (k >= twos) return 0;
  }
  return 1;
}

int main(int argc, char** argv) {
  uint32_t tests = scale_argument(argc, argv, 40000);
  uint32_t primes = 0;
  for (uint32_t i = 0; i < tests; i++) primes += (uint32_t)is_prime(4000000001u + 2u * i);
  printf("modpow %u primes of %u\n", primes, tests);
  return 0;
}
