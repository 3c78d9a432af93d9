// Ackermann's and Takeuchi's functions: deep recursion and calls with several arguments.
#include <stdio.h>

#include "guest.h"

__attribute__((noinline)) static int ackermann(int m, int n) {
  if (m == 0) return n + 1;
  if (n == 0) return ackermann(m - 1, 1);
  return ackermann(m - 1, ackermann(m, n - 1));
}

__attribute__((noinline)) static int takeuchi(int x, int y, int z) {
  if (y >= x) return z;
  return takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y));
}

int main(int argc, char** argv) {
  int rounds = (int)scale_argument(argc, argv, 10);
  int sum = 0;
  for (int i = 0; i < rounds; i++) sum += ackermann(2, 250 + i % 16) + takeuchi(14 + i % 2, 9, 3);
  printf("ackermann %d\n", sum);
  return 0;
}
