// Two hash tables: open addressing with 64-bit keys, and chained buckets of short strings. Memory at random.
#include <stdio.h>
#include <string.h>

#include "guest.h"

typedef struct {
  uint64_t key;
  uint32_t count;
} Slot;

enum { kSlotBits = 17, kBucketBits = 14 };
static Slot slots[1 << kSlotBits];

static Slot* find_slot(uint64_t key) {
  uint32_t i = (uint32_t)(key * 0x9e3779b97f4a7c15u >> (64 - kSlotBits));
  while (slots[i].key != 0 && slots[i].key != key) i = (i + 1) & ((1 << kSlotBits) - 1);
  slots[i].key = key;
  return &slots[i];
}

typedef struct Word {
  struct Word* next;
  uint32_t count;
  char text[12];
} Word;

static Word* buckets[1 << kBucketBits];

static Word* find_word(const char* text) {
  uint32_t hash = 2166136261u;
  for (const char* p = text; *p; p++) hash = (hash ^ (uint8_t)*p) * 16777619u;
  Word** bucket = &buckets[hash >> (32 - kBucketBits)];
  for (Word* w = *bucket; w; w = w->next) {
    if (strcmp(w->text, text) == 0) return w;
  }
  Word* w = calloc(1, sizeof *w);
  strcpy(w->text, text);
  w->next = *bucket;
  return *bucket = w;
}

int main(int argc, char** argv) {
  uint32_t operations = scale_argument(argc, argv, 1000000);
  uint32_t seed = 362436069, hash = 1, words = 0;
  for (uint32_t i = 0; i < operations; i++) {
    uint32_t r = next_random(&seed);
    find_slot((uint64_t)(r % 60000 + 1) * 0x10001u)->count += r >> 28;
    if (i % 4) continue;
    char text[12];
    uint32_t word = next_random(&seed) % 20000;
    int length = 0;
    for (uint32_t x = word * 40503u; length < 10 && (x || length < 3); x /= 26) text[length++] = (char)('a' + x % 26);
    text[length] = 0;
    words += find_word(text)->count++ == 0;
  }
  for (uint32_t i = 0; i < 1 << kSlotBits; i++) hash = mix(hash, slots[i].count);
  printf("hash %08x %u\n", hash, words);
  return 0;
}
