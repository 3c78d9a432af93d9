// Regular expressions: a parser to a small program and a lock-step simulation of its threads over generated log lines.
#include <stdio.h>
#include <string.h>

#include "guest.h"

typedef enum { kChar, kAny, kDigit, kWord, kSplit, kJump, kMatch } Op;

typedef struct {
  Op op;
  int32_t x, y;  // a character, or the targets of a jump or split
} Instruction;

enum { kMaxProgram = 128 };

typedef struct {
  Instruction code[kMaxProgram];
  int size;
  const char* pattern;
} Program;

static int emit(Program* p, Op op, int x, int y) {
  p->code[p->size] = (Instruction){op, x, y};
  return p->size++;
}

// Makes room for one instruction at position `at`; targets inside the moved part move with it.
static void insert(Program* p, int at, Op op) {
  memmove(&p->code[at + 1], &p->code[at], (size_t)(p->size - at) * sizeof p->code[0]);
  p->size++;
  for (int i = at + 1; i < p->size; i++) {
    if (p->code[i].op == kSplit) p->code[i].y++;
    if (p->code[i].op == kSplit || p->code[i].op == kJump) p->code[i].x++;
  }
  p->code[at] = (Instruction){op, 0, 0};
}

static void parse_alternatives(Program* p);

static void parse_atom(Program* p) {
  char c = *p->pattern++;
  if (c == '(') {
    parse_alternatives(p);
    p->pattern++;  // the closing parenthesis
  } else if (c == '.') {
    emit(p, kAny, 0, 0);
  } else if (c == '\\') {
    char escape = *p->pattern++;
    emit(p, escape == 'd' ? kDigit : escape == 'w' ? kWord : kChar, escape, 0);
  } else {
    emit(p, kChar, c, 0);
  }
}

static void parse_sequence(Program* p) {
  while (*p->pattern && *p->pattern != '|' && *p->pattern != ')') {
    int start = p->size;
    parse_atom(p);
    char suffix = *p->pattern;
    if (suffix == '*' || suffix == '?') {
      p->pattern++;
      insert(p, start, kSplit);
      if (suffix == '*') emit(p, kJump, start, 0);
      p->code[start].x = start + 1, p->code[start].y = p->size;
    } else if (suffix == '+') {
      p->pattern++;
      emit(p, kSplit, start, p->size + 1);
    }
  }
}

static void parse_alternatives(Program* p) {
  int start = p->size;
  parse_sequence(p);
  while (*p->pattern == '|') {
    p->pattern++;
    insert(p, start, kSplit);
    int jump = emit(p, kJump, 0, 0);
    p->code[start].x = start + 1, p->code[start].y = p->size;
    parse_sequence(p);
    p->code[jump].x = p->size;
  }
}

static void compile(Program* p, const char* pattern) {
  p->size = 0, p->pattern = pattern;
  parse_alternatives(p);
  emit(p, kMatch, 0, 0);
}

typedef struct {
  int32_t threads[kMaxProgram];
  uint32_t seen[kMaxProgram];
  int count;
} ThreadList;

static void follow(const Program* p, ThreadList* list, int pc, uint32_t step) {
  if (list->seen[pc] == step) return;
  list->seen[pc] = step;
  const Instruction* in = &p->code[pc];
  if (in->op == kJump) {
    follow(p, list, in->x, step);
  } else if (in->op == kSplit) {
    follow(p, list, in->x, step);
    follow(p, list, in->y, step);
  } else {
    list->threads[list->count++] = pc;
  }
}

static int accepts(const Instruction* in, char c) {
  switch (in->op) {
    case kChar:
      return c == in->x;
    case kAny:
      return c != '\n';
    case kDigit:
      return c >= '0' && c <= '9';
    case kWord:
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    default:
      return 0;
  }
}

// How many characters of the text are consumed when the first match anywhere ends; 0 if there is none.
static uint32_t search(const Program* p, const char* text, uint32_t* step) {
  static ThreadList lists[2];
  ThreadList *now = &lists[0], *next = &lists[1];
  now->count = 0;
  ++*step;
  for (const char* c = text;; c++) {
    follow(p, now, 0, *step);
    next->count = 0;
    uint32_t next_step = *step + 1;
    for (int i = 0; i < now->count; i++) {
      int pc = now->threads[i];
      if (p->code[pc].op == kMatch) return *step = next_step, (uint32_t)(c - text);
      if (*c && accepts(&p->code[pc], *c)) follow(p, next, pc + 1, next_step);
    }
    *step = next_step;
    if (!*c) return 0;
    ThreadList* t = now;
    now = next, next = t;
  }
}

static void write_line(char* line, uint32_t* seed) {
  static const char* kHosts[] = {"alpha", "beta-2", "gamma_x", "delta.example", "e"};
  static const char* kVerbs[] = {"GET", "POST", "PUT", "DELETE"};
  uint32_t r = next_random(seed);
  snprintf(line, 160, "10.%u.%u.%u %s [%02u:%02u] \"%s /item/%u?q=%x\" %u", r & 255, r >> 8 & 255, r >> 16 & 255,
           kHosts[r % 5], r >> 3 & 15, r >> 7 & 31, kVerbs[r >> 28 & 3], r >> 12, r * 2654435761u, 200 + r % 4 * 100);
}

int main(int argc, char** argv) {
  static const char* kPatterns[] = {"(GET|PUT) /item/\\d+\\?q=\\w*ff",
                                    "\\d+\\.\\d+\\.7\\d?\\.\\d+ (alpha|e|gamma_\\w) ", "(a|b|ab|ba)*-2 \\[0",
                                    "\".*9.*9.*9.*\" 500", "(DELETE|POST) .*(00|11|22)"};
  uint32_t lines = scale_argument(argc, argv, 1000);
  uint32_t seed = 22695477, step = 0, hash = 1, matches = 0;
  static Program programs[5];
  for (int i = 0; i < 5; i++) compile(&programs[i], kPatterns[i]);
  for (uint32_t n = 0; n < lines; n++) {
    char line[160];
    write_line(line, &seed);
    for (int i = 0; i < 5; i++) {
      uint32_t end = search(&programs[i], line, &step);
      matches += end != 0;
      hash = mix(hash, end);
    }
  }
  printf("regex %u %08x\n", matches, hash);
  return 0;
}
