// What the WASI test guests share. A guest exits with 0 when all its checks hold.
#ifndef WHERRY_GUESTS_WASI_CHECK_H_
#define WHERRY_GUESTS_WASI_CHECK_H_

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                     \
  do {                                                                                                       \
    if (!(condition)) {                                                                                      \
      fprintf(stderr, "%s:%d: %s (errno %d: %s)\n", __FILE__, __LINE__, #condition, errno, strerror(errno)); \
      exit(1);                                                                                               \
    }                                                                                                        \
  } while (0)

#endif  // WHERRY_GUESTS_WASI_CHECK_H_
