// Three sorts of the same numbers: quicksort, heapsort, bottom-up merge sort.
#include <stdio.h>
#include <string.h>

#include "guest.h"

static void swap(uint32_t* a, uint32_t* b) {
  uint32_t t = *a;
  *a = *b;
  *b = t;
}

static void quick_sort(uint32_t* v, int low, int high) {
  while (low < high) {
    uint32_t pivot = v[low + (high - low) / 2];
    int i = low, j = high;
    while (i <= j) {
      while (v[i] < pivot) i++;
      while (v[j] > pivot) j--;
      if (i <= j) swap(&v[i++], &v[j--]);
    }
    if (j - low < high - i) {
      quick_sort(v, low, j);
      low = i;
    } else {
      quick_sort(v, i, high);
      high = j;
    }
  }
}

static void sift_down(uint32_t* v, int root, int size) {
  for (int child; (child = 2 * root + 1) < size; root = child) {
    if (child + 1 < size && v[child + 1] > v[child]) child++;
    if (v[root] >= v[child]) return;
    swap(&v[root], &v[child]);
  }
}

static void heap_sort(uint32_t* v, int size) {
  for (int i = size / 2 - 1; i >= 0; i--) sift_down(v, i, size);
  for (int end = size - 1; end > 0; end--) {
    swap(&v[0], &v[end]);
    sift_down(v, 0, end);
  }
}

static void merge_sort(uint32_t* v, uint32_t* spare, int size) {
  for (int width = 1; width < size; width *= 2) {
    for (int low = 0; low < size; low += 2 * width) {
      int mid = low + width < size ? low + width : size;
      int high = low + 2 * width < size ? low + 2 * width : size;
      int i = low, j = mid;
      for (int k = low; k < high; k++) spare[k] = i < mid && (j >= high || v[i] <= v[j]) ? v[i++] : v[j++];
    }
    memcpy(v, spare, (size_t)size * sizeof *v);
  }
}

int main(int argc, char** argv) {
  int size = (int)scale_argument(argc, argv, 100000);
  size_t bytes = (size_t)size * sizeof(uint32_t);
  uint32_t *input = malloc(bytes), *v = malloc(bytes), *spare = malloc(bytes);
  uint32_t seed = 123456789, hash[3] = {1, 1, 1};
  for (int i = 0; i < size; i++) input[i] = next_random(&seed);
  for (int method = 0; method < 3; method++) {
    memcpy(v, input, bytes);
    if (method == 0) quick_sort(v, 0, size - 1);
    if (method == 1) heap_sort(v, size);
    if (method == 2) merge_sort(v, spare, size);
    for (int i = 0; i < size; i++) hash[method] = mix(hash[method], v[i]);
  }
  printf("sort %08x %s\n", hash[0], hash[0] == hash[1] && hash[1] == hash[2] ? "agree" : "differ");
  return 0;
}
