// A quantised neural layer with the 128-bit intrinsics: 16-bit dot products, saturation, and a float layer above it.
#include <stdio.h>
#include <wasm_simd128.h>

#include "guest.h"

enum { kInputs = 256, kHidden = 128, kOutputs = 64 };

static int16_t weights[kHidden][kInputs], input[kInputs];
static float upper[kOutputs][kHidden], hidden[kHidden], output[kOutputs];

static int32_t dot_int(const int16_t* a, const int16_t* b) {
  v128_t sum = wasm_i32x4_const_splat(0);
  for (int i = 0; i < kInputs; i += 8) {
    sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(wasm_v128_load(a + i), wasm_v128_load(b + i)));
  }
  sum = wasm_i32x4_add(sum, wasm_i32x4_shuffle(sum, sum, 2, 3, 0, 1));
  sum = wasm_i32x4_add(sum, wasm_i32x4_shuffle(sum, sum, 1, 0, 3, 2));
  return wasm_i32x4_extract_lane(sum, 0);
}

static float dot_float(const float* a, const float* b) {
  v128_t sum = wasm_f32x4_const_splat(0);
  for (int i = 0; i < kHidden; i += 4) {
    sum = wasm_f32x4_add(sum, wasm_f32x4_mul(wasm_v128_load(a + i), wasm_v128_load(b + i)));
  }
  return wasm_f32x4_extract_lane(sum, 0) + wasm_f32x4_extract_lane(sum, 1) + wasm_f32x4_extract_lane(sum, 2) +
         wasm_f32x4_extract_lane(sum, 3);
}

static void run_layers(void) {
  for (int h = 0; h < kHidden; h++) hidden[h] = (float)(dot_int(weights[h], input) >> 8);
  v128_t zero = wasm_f32x4_const_splat(0), ceiling = wasm_f32x4_const_splat(1000);
  for (int h = 0; h < kHidden; h += 4) {
    v128_t x = wasm_f32x4_min(wasm_f32x4_max(wasm_v128_load(&hidden[h]), zero), ceiling);
    wasm_v128_store(&hidden[h], x);
  }
  for (int o = 0; o < kOutputs; o++) output[o] = dot_float(upper[o], hidden);
}

int main(int argc, char** argv) {
  uint32_t rounds = scale_argument(argc, argv, 400);
  uint32_t seed = 1812433253, hash = 1;
  for (int h = 0; h < kHidden; h++) {
    for (int i = 0; i < kInputs; i++) weights[h][i] = (int16_t)(next_random(&seed) >> 22) - 512;
  }
  for (int o = 0; o < kOutputs; o++) {
    for (int h = 0; h < kHidden; h++) upper[o][h] = (float)((int32_t)(next_random(&seed) >> 24) - 128) / 64;
  }
  for (uint32_t round = 0; round < rounds; round++) {
    for (int i = 0; i < kInputs; i++) input[i] = (int16_t)(next_random(&seed) >> 23);
    run_layers();
    for (int o = 0; o < kOutputs; o++) hash = mix(hash, (uint32_t)(int32_t)output[o]);
  }
  printf("simd_dot %08x\n", hash);
  return 0;
}
