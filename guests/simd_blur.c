// Image filters with the 128-bit intrinsics: a 3x3 binomial blur on bytes, a threshold, and a histogram check.
#include <stdio.h>
#include <wasm_simd128.h>

#include "guest.h"

enum { kWidth = 512, kHeight = 256 };

static uint8_t image[2][kHeight][kWidth + 32];

// (a + 2b + c + 2) / 4 in 16-bit lanes, eight pixels at once.
static v128_t blend(v128_t a, v128_t b, v128_t c) {
  v128_t sum = wasm_i16x8_add(wasm_i16x8_add(a, c), wasm_i16x8_add(wasm_i16x8_shl(b, 1), wasm_i16x8_const_splat(2)));
  return wasm_u16x8_shr(sum, 2);
}

static v128_t blur_row(const uint8_t* p) {
  v128_t low = blend(wasm_u16x8_load8x8(p - 1), wasm_u16x8_load8x8(p), wasm_u16x8_load8x8(p + 1));
  v128_t high = blend(wasm_u16x8_load8x8(p + 7), wasm_u16x8_load8x8(p + 8), wasm_u16x8_load8x8(p + 9));
  return wasm_u8x16_narrow_i16x8(low, high);
}

static void blur(int from) {
  for (int y = 1; y < kHeight - 1; y++) {
    for (int x = 16; x < kWidth; x += 16) {
      v128_t above = blur_row(&image[from][y - 1][x]), here = blur_row(&image[from][y][x]);
      v128_t below = blur_row(&image[from][y + 1][x]);
      v128_t mean = wasm_u8x16_avgr(wasm_u8x16_avgr(above, below), here);
      wasm_v128_store(&image[!from][y][x], mean);
    }
  }
}

static uint32_t bright_pixels(int from, uint8_t threshold) {
  uint32_t count = 0;
  v128_t limit = wasm_u8x16_splat(threshold);
  for (int y = 1; y < kHeight - 1; y++) {
    for (int x = 16; x < kWidth; x += 16) {
      v128_t above = wasm_u8x16_gt(wasm_v128_load(&image[from][y][x]), limit);
      count += (uint32_t)__builtin_popcount(wasm_i8x16_bitmask(above));
    }
  }
  return count;
}

int main(int argc, char** argv) {
  uint32_t rounds = scale_argument(argc, argv, 60);
  uint32_t seed = 2463534242u, hash = 1;
  for (int y = 0; y < kHeight; y++) {
    for (int x = 0; x < kWidth + 32; x++) image[0][y][x] = image[1][y][x] = (uint8_t)(next_random(&seed) >> 9);
  }
  for (uint32_t i = 0; i < rounds; i++) {
    blur(i & 1);
    hash = mix(hash, bright_pixels(!(i & 1), (uint8_t)(96 + i % 64)));
  }
  for (int x = 0; x < kWidth; x++) hash = mix(hash, image[rounds & 1][kHeight / 2][x]);
  printf("simd_blur %08x\n", hash);
  return 0;
}
