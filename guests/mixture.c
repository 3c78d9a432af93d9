// The kinds of work an embedded-processor benchmark mixes: list searches and sorts, small integer matrices, a state
// machine over text, and a CRC over every result.
#include <stdio.h>
#include <string.h>

#include "guest.h"

static uint16_t crc16(uint16_t crc, uint16_t data) {
  for (int i = 0; i < 16; i++) {
    uint16_t carry = (uint16_t)((crc ^ data) & 1);
    crc >>= 1, data >>= 1;
    if (carry) crc ^= 0xa001;
  }
  return crc;
}

// --- list ---

typedef struct Item {
  struct Item* next;
  int16_t key, index;
} Item;

enum { kItems = 120 };
static Item items[kItems];

static Item* build_list(uint32_t* seed) {
  for (int i = 0; i < kItems; i++) {
    items[i] = (Item){i + 1 < kItems ? &items[i + 1] : 0, (int16_t)(next_random(seed) & 0x7fff), (int16_t)i};
  }
  return items;
}

static int by_key(const Item* a, const Item* b) { return a->key - b->key; }
static int by_index(const Item* a, const Item* b) { return a->index - b->index; }

// Merge sort with runs that double, in place.
static Item* sort_list(Item* list, int (*compare)(const Item*, const Item*)) {
  for (int run = 1;; run *= 2) {
    Item *p = list, *last = 0;
    int merges = 0;
    list = 0;
    while (p) {
      merges++;
      Item* q = p;
      int p_left = 0, q_left = run;
      while (p_left < run && q) p_left++, q = q->next;
      while (p_left > 0 || (q_left > 0 && q)) {
        Item* least;
        if (p_left > 0 && (q_left == 0 || !q || compare(p, q) <= 0))
          least = p, p = p->next, p_left--;
        else
          least = q, q = q->next, q_left--;
        if (last)
          last->next = least;
        else
          list = least;
        last = least;
      }
      p = q;
    }
    last->next = 0;
    if (merges <= 1) return list;
  }
}

static uint16_t list_work(uint16_t crc, uint32_t* seed) {
  Item* list = build_list(seed);
  list = sort_list(list, by_key);
  for (int wanted = 0; wanted < 40; wanted++) {
    const Item* p = list;
    while (p && p->index != wanted * 3) p = p->next;
    if (p) crc = crc16(crc, (uint16_t)p->key);
  }
  list = sort_list(list, by_index);
  for (const Item* p = list; p; p = p->next) crc = crc16(crc, (uint16_t)p->key);
  return crc;
}

// --- matrix ---

enum { kSide = 12 };
static int16_t a[kSide][kSide], b[kSide][kSide];
static int32_t c[kSide][kSide];

static uint16_t matrix_work(uint16_t crc, uint32_t* seed) {
  for (int i = 0; i < kSide; i++) {
    for (int j = 0; j < kSide; j++) {
      a[i][j] = (int16_t)(next_random(seed) & 0xff), b[i][j] = (int16_t)(next_random(seed) & 0xff);
    }
  }
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < kSide; i++) {
      for (int j = 0; j < kSide; j++) {
        int32_t sum = 0;
        for (int k = 0; k < kSide; k++) sum += (int32_t)a[i][k] * b[k][j];
        c[i][j] = sum;
      }
    }
    int32_t total = 0, previous = 0;
    for (int i = 0; i < kSide; i++) {
      for (int j = 0; j < kSide; j++) {
        int32_t bits = (c[i][j] >> 2 & 15) * (c[i][j] >> 5 & 127);
        total += bits > previous ? 10 : bits & 1;
        previous = bits;
        a[i][j] = (int16_t)((a[i][j] + bits) & 0xff);
      }
    }
    crc = crc16(crc, (uint16_t)total);
  }
  return crc;
}

// --- state machine ---

typedef enum { kStart, kSign, kWhole, kPoint, kFraction, kExponent, kExponentSign, kScale, kInvalid, kStates } State;

static State next_state(State state, char ch) {
  int digit = ch >= '0' && ch <= '9', sign = ch == '+' || ch == '-';
  switch (state) {
    case kStart:
      return digit ? kWhole : sign ? kSign : ch == '.' ? kPoint : kInvalid;
    case kSign:
      return digit ? kWhole : ch == '.' ? kPoint : kInvalid;
    case kWhole:
      return digit ? kWhole : ch == '.' ? kPoint : ch == 'e' || ch == 'E' ? kExponent : kInvalid;
    case kPoint:
    case kFraction:
      return digit ? kFraction : ch == 'e' || ch == 'E' ? kExponent : kInvalid;
    case kExponent:
      return digit ? kScale : sign ? kExponentSign : kInvalid;
    case kExponentSign:
    case kScale:
      return digit ? kScale : kInvalid;
    default:
      return kInvalid;
  }
}

static uint16_t state_work(uint16_t crc, uint32_t* seed) {
  static const char* kWords[] = {"5012",   "+874",     "-122",     "35.54400", "-.1234500", "+0.64400",
                                 "5.5e+3", "-.123e-2", "+0.6e-12", "T0.3e-1F", "-T.T++Tq",  "34.0e-T^"};
  char text[400];
  int size = 0;
  while (size < 380) {
    const char* word = kWords[next_random(seed) % 12];
    while (*word) text[size++] = *word++;
    text[size++] = ',';
  }
  text[size] = 0;
  uint32_t finals[kStates] = {0}, visits[kStates] = {0};
  State state = kStart;
  for (const char* p = text; *p; p++) {
    if (*p == ',') {
      finals[state]++;
      state = kStart;
      continue;
    }
    if (state != kInvalid) state = next_state(state, *p);
    visits[state]++;
  }
  for (int i = 0; i < kStates; i++) crc = crc16(crc16(crc, (uint16_t)finals[i]), (uint16_t)visits[i]);
  return crc;
}

int main(int argc, char** argv) {
  uint32_t rounds = scale_argument(argc, argv, 1000);
  uint32_t seed = 2891336453u;
  uint16_t crc = 0;
  for (uint32_t i = 0; i < rounds; i++) crc = state_work(matrix_work(list_work(crc, &seed), &seed), &seed);
  printf("mixture %04x\n", crc);
  return 0;
}
