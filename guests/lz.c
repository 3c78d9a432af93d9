// A byte-oriented LZ77 compressor with a hash table, its decompressor, and a check that they agree.
#include <stdio.h>
#include <string.h>

#include "guest.h"

enum { kHashBits = 14, kMinMatch = 4, kWindow = 65535 };

static uint32_t hash_at(const uint8_t* p) {
  uint32_t x;
  memcpy(&x, p, 4);
  return x * 2654435761u >> (32 - kHashBits);
}

static uint8_t* put_length(uint8_t* out, uint32_t length) {
  for (; length >= 255; length -= 255) *out++ = 255;
  *out++ = (uint8_t)length;
  return out;
}

static const uint8_t* get_length(const uint8_t* in, uint32_t* length) {
  uint8_t byte;
  do {
    byte = *in++;
    *length += byte;
  } while (byte == 255);
  return in;
}

// The stream is a run of (literal count, literals, match length, distance in two bytes); the last match has length 0.
static uint32_t compress(const uint8_t* in, uint32_t size, uint8_t* out) {
  static uint32_t last_seen[1 << kHashBits];
  memset(last_seen, 0, sizeof last_seen);
  uint8_t* start = out;
  uint32_t literal = 0, i = 1;
  while (i + kMinMatch < size) {
    uint32_t hash = hash_at(in + i), candidate = last_seen[hash];
    last_seen[hash] = i;
    if (i - candidate > kWindow || memcmp(in + i, in + candidate, kMinMatch) != 0) {
      i++;
      continue;
    }
    uint32_t length = kMinMatch;
    while (i + length < size && in[i + length] == in[candidate + length]) length++;
    out = put_length(out, i - literal);
    memcpy(out, in + literal, i - literal);
    out += i - literal;
    out = put_length(out, length);
    *out++ = (uint8_t)(i - candidate);
    *out++ = (uint8_t)((i - candidate) >> 8);
    i += length;
    literal = i;
  }
  out = put_length(out, size - literal);
  memcpy(out, in + literal, size - literal);
  out += size - literal;
  out = put_length(out, 0);
  return (uint32_t)(out - start);
}

static uint32_t decompress(const uint8_t* in, uint8_t* out) {
  uint8_t* start = out;
  for (;;) {
    uint32_t literals = 0, length = 0;
    in = get_length(in, &literals);
    while (literals--) *out++ = *in++;
    in = get_length(in, &length);
    if (length == 0) return (uint32_t)(out - start);
    uint32_t distance = in[0] | (uint32_t)in[1] << 8;
    in += 2;
    for (; length; length--, out++) *out = out[-(int32_t)distance];
  }
}

// Words drawn unevenly from a small vocabulary: about as compressible as text.
static void write_text(uint8_t* text, uint32_t size) {
  uint32_t seed = 88172645;
  uint32_t i = 0;
  while (i < size) {
    uint32_t r = next_random(&seed);
    uint32_t word = (r & 255) * (r >> 8 & 255) >> 8;
    for (uint32_t k = 0; k < 2 + word % 7 && i < size; k++) text[i++] = (uint8_t)('a' + (word * 7 + k * k * 11) % 26);
    if (i < size) text[i++] = r >> 24 < 16 ? '\n' : ' ';
  }
}

int main(int argc, char** argv) {
  uint32_t rounds = scale_argument(argc, argv, 8);
  uint32_t size = 400000;
  uint8_t *text = malloc(size), *packed = malloc(size + size / 128 + 64), *unpacked = malloc(size + 16);
  write_text(text, size);
  uint32_t hash = 1, packed_size = 0;
  for (uint32_t round = 0; round < rounds; round++) {
    text[(round * 7919) % size] ^= 1;
    packed_size = compress(text, size, packed);
    uint32_t n = decompress(packed, unpacked);
    if (n != size || memcmp(text, unpacked, size) != 0) {
      printf("lz mismatch\n");
      return 1;
    }
    for (uint32_t i = 0; i < packed_size; i += 64) hash = mix(hash, packed[i]);
    hash = mix(hash, packed_size);
  }
  printf("lz %u -> %u %08x\n", size, packed_size, hash);
  return 0;
}
