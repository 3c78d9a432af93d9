// Linked lists: chasing pointers through shuffled nodes, reversing, and sorting by merging.
#include <stdio.h>

#include "guest.h"

typedef struct Node {
  struct Node* next;
  uint32_t value;
} Node;

static Node* reverse(Node* list) {
  Node* done = 0;
  while (list) {
    Node* next = list->next;
    list->next = done;
    done = list;
    list = next;
  }
  return done;
}

static Node* merge(Node* a, Node* b) {
  Node head, *tail = &head;
  while (a && b) {
    Node** least = a->value <= b->value ? &a : &b;
    tail = tail->next = *least;
    *least = (*least)->next;
  }
  tail->next = a ? a : b;
  return head.next;
}

static Node* sort(Node* list) {
  if (!list || !list->next) return list;
  Node *slow = list, *fast = list->next;
  while (fast && fast->next) slow = slow->next, fast = fast->next->next;
  Node* second = slow->next;
  slow->next = 0;
  return merge(sort(list), sort(second));
}

int main(int argc, char** argv) {
  uint32_t rounds = scale_argument(argc, argv, 6);
  uint32_t size = 50000, seed = 521288629, hash = 1;
  Node* nodes = malloc(size * sizeof *nodes);
  uint32_t* order = malloc(size * sizeof *order);
  for (uint32_t round = 0; round < rounds; round++) {
    for (uint32_t i = 0; i < size; i++) order[i] = i;
    for (uint32_t i = size - 1; i > 0; i--) {
      uint32_t j = next_random(&seed) % (i + 1), t = order[i];
      order[i] = order[j], order[j] = t;
    }
    Node* list = 0;
    for (uint32_t i = 0; i < size; i++) {
      Node* n = &nodes[order[i]];
      n->value = next_random(&seed), n->next = list;
      list = n;
    }
    uint32_t sum = 0;
    for (int pass = 0; pass < 10; pass++) {
      for (Node* n = list; n; n = n->next) sum += n->value >> pass;
      list = reverse(list);
    }
    for (Node* n = sort(list); n; n = n->next) hash = mix(hash, n->value);
    hash = mix(hash, sum);
  }
  printf("list %08x\n", hash);
  return 0;
}
