// Doubly recursive Fibonacci: nothing but direct calls.
#include <stdio.h>

#include "guest.h"

__attribute__((noinline)) static uint32_t fib(uint32_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

int main(int argc, char** argv) {
  uint32_t n = scale_argument(argc, argv, 30);
  printf("fib %u\n", fib(n));
  return 0;
}
