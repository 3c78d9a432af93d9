/* 128-bit integers, for v128 values. */
#ifndef WHERRY_WASMEDGE_INT128_H
#define WHERRY_WASMEDGE_INT128_H

#include <stdint.h>

#ifdef __SIZEOF_INT128__
typedef unsigned __int128 uint128_t;
typedef __int128 int128_t;
#else
typedef struct uint128_t {
  uint64_t Low;
  uint64_t High;
} uint128_t;
typedef struct int128_t {
  uint64_t Low;
  int64_t High;
} int128_t;
#endif

#endif
