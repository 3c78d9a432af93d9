// A Lisp interpreter inside Wasm: reader, environments as association lists, closures; it runs four small programs.
#include <stdio.h>
#include <string.h>

#include "guest.h"

typedef enum { kInteger, kSymbol, kPair, kPrimitive, kClosure } Kind;

typedef struct Object {
  Kind kind;
  union {
    int32_t integer;
    const char* name;
    struct {
      struct Object *head, *tail;
    } pair;
    struct Object* (*primitive)(struct Object* arguments);
    struct {
      struct Object *parameters, *body, *scope;
    } closure;
  };
} Object;

// Objects live until the arena is reset, which happens between programs.
enum { kArena = 1 << 20 };
static Object *arena, *symbols[64];
static uint32_t used, symbol_count;

static Object *nil, *truth, *quote, *if_word, *lambda, *define, *globals;

static Object* allocate(Kind kind) {
  if (used == kArena) {
    printf("lisp: out of memory\n");
    exit(1);
  }
  Object* o = &arena[used++];
  o->kind = kind;
  return o;
}

static Object* integer(int32_t value) {
  Object* o = allocate(kInteger);
  o->integer = value;
  return o;
}

static Object* cons(Object* head, Object* tail) {
  Object* o = allocate(kPair);
  o->pair.head = head, o->pair.tail = tail;
  return o;
}

static Object* intern(const char* name, size_t size) {
  for (uint32_t i = 0; i < symbol_count; i++) {
    if (strncmp(symbols[i]->name, name, size) == 0 && symbols[i]->name[size] == 0) return symbols[i];
  }
  char* copy = malloc(size + 1);
  memcpy(copy, name, size);
  copy[size] = 0;
  Object* o = malloc(sizeof *o);
  o->kind = kSymbol, o->name = copy;
  return symbols[symbol_count++] = o;
}

static Object* symbol(const char* name) { return intern(name, strlen(name)); }

static Object* head(Object* o) { return o->pair.head; }
static Object* tail(Object* o) { return o->pair.tail; }
static Object* second(Object* o) { return head(tail(o)); }

static Object* read(const char** at) {
  while (**at == ' ' || **at == '\n') ++*at;
  if (**at == '(') {
    ++*at;
    Object *list = nil, *last = nil;
    for (;;) {
      while (**at == ' ' || **at == '\n') ++*at;
      if (**at == ')') return ++*at, list;
      Object* cell = cons(read(at), nil);
      if (list == nil)
        list = cell;
      else
        last->pair.tail = cell;
      last = cell;
    }
  }
  const char* start = *at;
  while (**at && !strchr(" \n()", **at)) ++*at;
  if (*start >= '0' && *start <= '9') return integer((int32_t)strtol(start, 0, 10));
  return intern(start, (size_t)(*at - start));
}

static Object* lookup(Object* name, Object* scope) {
  for (Object* s = scope; s != nil; s = tail(s)) {
    if (head(head(s)) == name) return tail(head(s));
  }
  for (Object* s = globals; s != nil; s = tail(s)) {
    if (head(head(s)) == name) return tail(head(s));
  }
  printf("lisp: unbound %s\n", name->name);
  exit(1);
}

static Object* evaluate(Object* o, Object* scope);

static Object* evaluate_list(Object* list, Object* scope) {
  if (list == nil) return nil;
  Object* first = evaluate(head(list), scope);
  return cons(first, evaluate_list(tail(list), scope));
}

static Object* evaluate(Object* o, Object* scope) {
  for (;;) {
    if (o == nil || o->kind == kInteger) return o;
    if (o->kind == kSymbol) return lookup(o, scope);
    Object* first = head(o);
    if (first == quote) return second(o);
    if (first == if_word) {
      o = evaluate(second(o), scope) != nil ? second(tail(o)) : second(tail(tail(o)));
      continue;
    }
    if (first == lambda) {
      Object* closure = allocate(kClosure);
      closure->closure.parameters = second(o), closure->closure.body = second(tail(o)), closure->closure.scope = scope;
      return closure;
    }
    if (first == define) {
      globals = cons(cons(second(o), evaluate(second(tail(o)), scope)), globals);
      return nil;
    }
    Object* function = evaluate(first, scope);
    Object* arguments = evaluate_list(tail(o), scope);
    if (function->kind == kPrimitive) return function->primitive(arguments);
    scope = function->closure.scope;
    for (Object* p = function->closure.parameters; p != nil; p = tail(p), arguments = tail(arguments)) {
      scope = cons(cons(head(p), head(arguments)), scope);
    }
    o = function->closure.body;
  }
}

static Object* boolean(int value) { return value ? truth : nil; }
static Object* primitive_add(Object* a) { return integer(head(a)->integer + second(a)->integer); }
static Object* primitive_subtract(Object* a) { return integer(head(a)->integer - second(a)->integer); }
static Object* primitive_multiply(Object* a) {
  return integer((int32_t)((uint32_t)head(a)->integer * (uint32_t)second(a)->integer));
}
static Object* primitive_less(Object* a) { return boolean(head(a)->integer < second(a)->integer); }
static Object* primitive_equal(Object* a) { return boolean(head(a)->integer == second(a)->integer); }
static Object* primitive_cons(Object* a) { return cons(head(a), second(a)); }
static Object* primitive_head(Object* a) { return head(head(a)); }
static Object* primitive_tail(Object* a) { return tail(head(a)); }
static Object* primitive_null(Object* a) { return boolean(head(a) == nil); }

static void bind(const char* name, Object* (*primitive)(Object*)) {
  Object* o = allocate(kPrimitive);
  o->primitive = primitive;
  globals = cons(cons(symbol(name), o), globals);
}

static int32_t run(const char* source) {
  used = 0, globals = nil;
  bind("+", primitive_add), bind("-", primitive_subtract), bind("*", primitive_multiply);
  bind("<", primitive_less), bind("=", primitive_equal), bind("null", primitive_null);
  bind("cons", primitive_cons), bind("head", primitive_head), bind("tail", primitive_tail);
  Object* result = nil;
  while (*source) {
    result = evaluate(read(&source), nil);
    while (*source == '\n' || *source == ' ') source++;
  }
  return result->integer;
}

static const char* kPrograms[] = {
    "(define fib (lambda (n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))))\n(fib 15)",
    "(define tak (lambda (x y z) (if (< y x) (tak (tak (- x 1) y z) (tak (- y 1) z x) (tak (- z 1) x y)) z)))\n"
    "(tak 9 6 2)",
    "(define range (lambda (a b) (if (< a b) (cons a (range (+ a 1) b)) (quote ()))))\n"
    "(define map (lambda (f l) (if (null l) l (cons (f (head l)) (map f (tail l))))))\n"
    "(define fold (lambda (f a l) (if (null l) a (fold f (f a (head l)) (tail l)))))\n"
    "(fold + 0 (map (lambda (x) (* x x)) (range 0 300)))",
    "(define safe (lambda (q d l) (if (null l) (= 0 0) (if (= (head l) q) (quote ()) (if (= (head l) (+ q d)) (quote "
    "())"
    " (if (= (head l) (- q d)) (quote ()) (safe q (+ d 1) (tail l))))))))\n"
    "(define place (lambda (n k l) (if (= k n) 1 (try n k l 0))))\n"
    "(define try (lambda (n k l q) (if (= q n) 0 (+ (if (safe q 1 l) (place n (+ k 1) (cons q l)) 0)"
    " (try n k l (+ q 1))))))\n(place 5 0 (quote ()))"};

int main(int argc, char** argv) {
  uint32_t rounds = scale_argument(argc, argv, 6);
  arena = malloc(kArena * sizeof *arena);
  nil = symbol("nil"), truth = symbol("t"), quote = symbol("quote"), if_word = symbol("if");
  lambda = symbol("lambda"), define = symbol("define");
  int32_t results[4] = {0};
  uint32_t hash = 1;
  for (uint32_t round = 0; round < rounds; round++) {
    for (int i = 0; i < 4; i++) hash = mix(hash, (uint32_t)(results[i] = run(kPrograms[i])) + used);
  }
  printf("lisp %d %d %d %d %08x\n", results[0], results[1], results[2], results[3], hash);
  return 0;
}
