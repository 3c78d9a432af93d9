// A bytecode machine with a stack, inside Wasm: its loop is one large switch, hence one br_table. It runs two programs:
// counting primes by trial division (variables and loops) and Fibonacci (calls).
#include <stdio.h>

#include "guest.h"

typedef enum {
  kPush,
  kLoad,
  kStore,
  kDup,
  kDrop,
  kAdd,
  kSub,
  kMul,
  kMod,
  kAnd,
  kShr,
  kLess,
  kEqual,
  kNot,
  kJump,
  kJumpIfZero,
  kCall,
  kReturn,
  kArgument,
  kPoke,
  kPeek,
  kHalt,
  kLabel
} Opcode;

typedef struct {
  int32_t *stack, *calls, variables[16], heap[64];
} Machine;

// Runs code from its start and returns the top of the stack at kHalt. Operands are 32-bit words after the opcode.
static int32_t run(Machine* m, const int32_t* code) {
  const int32_t* pc = code;
  int32_t *sp = m->stack, *rp = m->calls;
  for (;;) {
    switch ((Opcode)*pc++) {
      case kPush:
        *++sp = *pc++;
        break;
      case kLoad:
        *++sp = m->variables[*pc++];
        break;
      case kStore:
        m->variables[*pc++] = *sp--;
        break;
      case kDup:
        sp[1] = *sp;
        sp++;
        break;
      case kDrop:
        sp--;
        break;
      case kAdd:
        sp--;
        *sp = (int32_t)((uint32_t)sp[0] + (uint32_t)sp[1]);
        break;
      case kSub:
        sp--;
        *sp = (int32_t)((uint32_t)sp[0] - (uint32_t)sp[1]);
        break;
      case kMul:
        sp--;
        *sp = (int32_t)((uint32_t)sp[0] * (uint32_t)sp[1]);
        break;
      case kMod:
        sp--;
        *sp = sp[0] % sp[1];
        break;
      case kAnd:
        sp--;
        *sp = sp[0] & sp[1];
        break;
      case kShr:
        sp--;
        *sp = sp[0] >> sp[1];
        break;
      case kLess:
        sp--;
        *sp = sp[0] < sp[1];
        break;
      case kEqual:
        sp--;
        *sp = sp[0] == sp[1];
        break;
      case kNot:
        *sp = !*sp;
        break;
      case kJump:
        pc = code + *pc;
        break;
      case kJumpIfZero:
        pc = *sp-- == 0 ? code + *pc : pc + 1;
        break;
      case kCall:  // target: pushes the return address and the position of the one argument
        *++rp = (int32_t)(pc + 1 - code);
        *++rp = (int32_t)(sp - m->stack);
        pc = code + *pc;
        break;
      case kReturn: {  // the result takes the place of the argument
        int32_t result = *sp;
        sp = m->stack + *rp--;
        *sp = result;
        pc = code + *rp--;
        break;
      }
      case kArgument:
        *++sp = m->stack[*rp];
        break;
      case kPoke:
        m->heap[sp[0] & 63] = sp[-1];
        sp -= 2;
        break;
      case kPeek:
        *sp = m->heap[*sp & 63];
        break;
      case kHalt:
        return *sp;
      case kLabel:
        break;
    }
  }
}

static int has_operand(int32_t op) {
  return op == kPush || op == kLoad || op == kStore || op == kJump || op == kJumpIfZero || op == kCall;
}

// Removes the labels from a program that ends with kHalt, kLabel, -1 and turns jumps to them into positions.
static void assemble(const int32_t* source, int32_t* code) {
  int32_t positions[16], size = 0;
  for (const int32_t* p = source; p[0] != kLabel || p[1] >= 0;) {
    if (*p == kLabel) {
      positions[p[1]] = size;
      p += 2;
      continue;
    }
    code[size++] = *p++;
    if (has_operand(p[-1])) code[size++] = *p++;
  }
  for (int32_t i = 0; i < size; i += 1 + has_operand(code[i])) {
    if (code[i] == kJump || code[i] == kJumpIfZero || code[i] == kCall) code[i + 1] = positions[code[i + 1]];
  }
}

// Variables: 0 the limit, 1 the candidate, 2 its divisor, 3 how many primes there are.
static const int32_t kPrimes[] = {
    kPush, 2,      kStore, 1,     kPush,  0,           kStore, 3,     kLabel,      1,  // next candidate
    kLoad, 1,      kLoad,  0,     kLess,  kJumpIfZero, 5,      kPush, 2,           kStore,
    2,     kLabel, 2,  // next divisor
    kLoad, 1,      kLoad,  2,     kDup,   kMul,        kLess,  kNot,  kJumpIfZero, 3,
    kLoad, 1,      kLoad,  2,     kMod,   kJumpIfZero, 4,      kLoad, 2,           kPush,
    1,     kAdd,   kStore, 2,     kJump,  2,           kLabel, 3,  // it is prime
    kLoad, 3,      kPush,  1,     kAdd,   kStore,      3,      kLoad, 1,           kLoad,
    3,     kPoke,  kLabel, 4,  // it is not
    kLoad, 1,      kPush,  1,     kAdd,   kStore,      1,      kJump, 1,           kLabel,
    5,     kLoad,  3,      kPush, 16,     kMul,        kPush,  5,     kPeek,       kPush,
    15,    kAnd,   kAdd,   kHalt, kLabel, -1};

static const int32_t kFibonacci[] = {
    kLoad,       0,         kCall,     1,       kHalt,  kLabel, 1,         kArgument, kPush,   2,      kLess,
    kJumpIfZero, 2,         kArgument, kReturn, kLabel, 2,      kArgument, kPush,     1,       kSub,   kCall,
    1,           kArgument, kPush,     2,       kSub,   kCall,  1,         kAdd,      kReturn, kLabel, -1};

static int32_t execute(const int32_t* source, int32_t argument) {
  static int32_t stack[256], calls[256], code[256];
  assemble(source, code);
  Machine machine = {.stack = stack, .calls = calls, .variables = {argument}};
  return run(&machine, code);
}

int main(int argc, char** argv) {
  int32_t rounds = (int32_t)scale_argument(argc, argv, 10);
  uint32_t hash = 1;
  for (int32_t i = 0; i < rounds; i++) {
    hash = mix(hash, (uint32_t)execute(kPrimes, 5000 + i));
    hash = mix(hash, (uint32_t)execute(kFibonacci, 18 + i % 3));
  }
  printf("vm %d %d %08x\n", execute(kPrimes, 5000) / 16, execute(kFibonacci, 18), hash);
  return 0;
}
