// JSON: a document is written, parsed into a tree, walked, and written again; both texts must be equal.
#include <stdio.h>
#include <string.h>

#include "guest.h"

typedef enum { kNull, kFalse, kTrue, kNumber, kString, kArray, kObject } Kind;

// Members of an array or object are a chain through next; a member of an object has a key.
typedef struct Value {
  Kind kind;
  struct Value *next, *first;
  double number;
  const char *text, *key;
  uint32_t text_size, key_size;
} Value;

typedef struct {
  const char *at, *end;
  Value* free;
} Parser;

static void skip_space(Parser* p) {
  while (p->at < p->end && (*p->at == ' ' || *p->at == '\n' || *p->at == '\t')) p->at++;
}

static const char* parse_string(Parser* p, uint32_t* size) {
  const char* start = ++p->at;
  while (*p->at != '"') p->at += *p->at == '\\' ? 2 : 1;
  *size = (uint32_t)(p->at++ - start);
  return start;
}

static double parse_number(Parser* p) {
  double value = 0, scale = 1;
  int negative = *p->at == '-';
  p->at += negative;
  for (; *p->at >= '0' && *p->at <= '9'; p->at++) value = value * 10 + (*p->at - '0');
  if (*p->at == '.') {
    for (p->at++; *p->at >= '0' && *p->at <= '9'; p->at++) value = value * 10 + (*p->at - '0'), scale *= 10;
  }
  return (negative ? -value : value) / scale;
}

static Value* parse(Parser* p) {
  Value* v = p->free++;
  *v = (Value){.kind = kNull};
  skip_space(p);
  switch (*p->at) {
    case '"':
      v->kind = kString;
      v->text = parse_string(p, &v->text_size);
      break;
    case '[':
    case '{': {
      int is_object = *p->at++ == '{';
      v->kind = is_object ? kObject : kArray;
      Value** tail = &v->first;
      for (skip_space(p); *p->at != ']' && *p->at != '}'; skip_space(p)) {
        const char* key = 0;
        uint32_t key_size = 0;
        if (is_object) {
          key = parse_string(p, &key_size);
          skip_space(p);
          p->at++;  // the colon
        }
        Value* member = parse(p);
        member->key = key, member->key_size = key_size;
        *tail = member, tail = &member->next;
        skip_space(p);
        if (*p->at == ',') p->at++;
      }
      p->at++;
      break;
    }
    case 't':
      v->kind = kTrue, p->at += 4;
      break;
    case 'f':
      v->kind = kFalse, p->at += 5;
      break;
    case 'n':
      p->at += 4;
      break;
    default:
      v->kind = kNumber, v->number = parse_number(p);
      break;
  }
  return v;
}

typedef struct {
  char* at;
} Writer;

static void put(Writer* w, const char* text, uint32_t size) {
  memcpy(w->at, text, size);
  w->at += size;
}

static void put_quoted(Writer* w, const char* text, uint32_t size) {
  *w->at++ = '"';
  put(w, text, size);
  *w->at++ = '"';
}

// Numbers here have at most two decimals.
static void put_number(Writer* w, double number) {
  int64_t hundredths = (int64_t)(number * 100 + (number < 0 ? -0.5 : 0.5));
  if (hundredths < 0) *w->at++ = '-', hundredths = -hundredths;
  char digits[24];
  int n = 0;
  int64_t whole = hundredths / 100;
  do digits[n++] = (char)('0' + whole % 10);
  while (whole /= 10);
  while (n) *w->at++ = digits[--n];
  int rest = (int)(hundredths % 100);
  if (rest == 0) return;
  *w->at++ = '.';
  *w->at++ = (char)('0' + rest / 10);
  if (rest % 10) *w->at++ = (char)('0' + rest % 10);
}

static void write_value(Writer* w, const Value* v) {
  switch (v->kind) {
    case kNull:
      put(w, "null", 4);
      return;
    case kFalse:
      put(w, "false", 5);
      return;
    case kTrue:
      put(w, "true", 4);
      return;
    case kNumber:
      put_number(w, v->number);
      return;
    case kString:
      put_quoted(w, v->text, v->text_size);
      return;
    case kArray:
    case kObject:
      break;
  }
  *w->at++ = v->kind == kArray ? '[' : '{';
  for (const Value* member = v->first; member; member = member->next) {
    if (member != v->first) *w->at++ = ',';
    if (v->kind == kObject) {
      put_quoted(w, member->key, member->key_size);
      *w->at++ = ':';
    }
    write_value(w, member);
  }
  *w->at++ = v->kind == kArray ? ']' : '}';
}

static uint32_t checksum(const Value* v) {
  uint32_t hash = mix(2166136261u, v->kind);
  if (v->kind == kNumber) hash = mix(hash, (uint32_t)(int64_t)(v->number * 100));
  for (uint32_t i = 0; i < v->text_size; i++) hash = mix(hash, (uint8_t)v->text[i]);
  for (uint32_t i = 0; i < v->key_size; i++) hash = mix(hash, (uint8_t)v->key[i]);
  for (const Value* member = v->first; member; member = member->next) hash = mix(hash, checksum(member));
  return hash;
}

static void write_document(Writer* w, uint32_t records) {
  uint32_t seed = 1013904223;
  *w->at++ = '[';
  for (uint32_t i = 0; i < records; i++) {
    if (i) *w->at++ = ',';
    put(w, "{\"id\":", 6);
    put_number(w, i);
    put(w, ",\"name\":\"", 9);
    for (uint32_t k = 0; k < 4 + i % 9; k++) *w->at++ = (char)('a' + next_random(&seed) % 26);
    put(w, "\\\"\\n\",\"price\":", 14);
    put_number(w, (double)(int32_t)(next_random(&seed) % 200000 - 100000) / 100);
    put(w, ",\"tags\":[true,false,null,\"x\"],\"at\":{\"x\":", 40);
    put_number(w, next_random(&seed) % 1000);
    put(w, ",\"y\":[[],{}]}}", 14);
  }
  *w->at++ = ']';
}

int main(int argc, char** argv) {
  uint32_t rounds = scale_argument(argc, argv, 20);
  uint32_t records = 1000, hash = 1;
  char *text = malloc(records * 160), *copy = malloc(records * 160);
  Value* values = malloc(records * 16 * sizeof *values);
  Writer writer = {text};
  write_document(&writer, records);
  size_t size = (size_t)(writer.at - text);
  for (uint32_t round = 0; round < rounds; round++) {
    Parser parser = {text, text + size, values};
    const Value* root = parse(&parser);
    Writer again = {copy};
    write_value(&again, root);
    if ((size_t)(again.at - copy) != size || memcmp(text, copy, size) != 0) {
      printf("json mismatch\n");
      return 1;
    }
    hash = mix(hash, checksum(root));
  }
  printf("json %u %08x\n", (uint32_t)size, hash);
  return 0;
}
