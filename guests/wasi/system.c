// Arguments, environment, clocks, random bytes, polling, descriptors and the exit code. Run with the arguments `one`
// and `two words`, the variable KEY=value=x, `input` on standard input, and no directory. Exits with 42.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

#include "check.h"

extern char** environ;

// Not in the C library any more, but in the interface.
__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_raise"))) int32_t
raise_signal(int32_t signal);

static int64_t nanoseconds(const struct timespec* t) { return t->tv_sec * INT64_C(1000000000) + t->tv_nsec; }

static void check_clocks(void) {
  const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC};
  for (int i = 0; i < 2; ++i) {
    struct timespec step, before, after;
    CHECK(clock_getres(clocks[i], &step) == 0 && nanoseconds(&step) > 0);
    CHECK(clock_gettime(clocks[i], &before) == 0);
    const struct timespec nap = {0, 20 * 1000 * 1000};
    CHECK(nanosleep(&nap, NULL) == 0);
    CHECK(clock_gettime(clocks[i], &after) == 0);
    CHECK(nanoseconds(&after) - nanoseconds(&before) >= 15 * 1000 * 1000);
    before.tv_sec -= 1;
    CHECK(clock_nanosleep(clocks[i], TIMER_ABSTIME, &before, NULL) == 0);
  }
  CHECK(time(NULL) > 1600000000);
}

static void check_polling(void) {
  struct pollfd fds[] = {{0, POLLIN, 0}, {1, POLLOUT, 0}, {99, POLLIN, 0}};
  CHECK(poll(fds, 2, 1000) >= 1);
  CHECK(poll(NULL, 0, 10) == 0);
  char buffer[16];
  CHECK(read(0, buffer, sizeof buffer) == 5 && memcmp(buffer, "input", 5) == 0);
  CHECK(read(0, buffer, sizeof buffer) == 0);
}

static void check_descriptors(void) {
  CHECK(!isatty(0) && !isatty(1));
  __wasi_prestat_t prestat;
  CHECK(__wasi_fd_prestat_get(3, &prestat) == __WASI_ERRNO_BADF);
  CHECK(__wasi_fd_renumber(1, 9) == __WASI_ERRNO_BADF);
  CHECK(shutdown(1, SHUT_RD) == -1 && errno == ENOTSOCK);
  CHECK(shutdown(3, SHUT_RD) == -1 && errno == EBADF);
  __wasi_fdstat_t stat;
  CHECK(__wasi_fd_fdstat_get(1, &stat) == 0 && (stat.fs_rights_base & __WASI_RIGHTS_FD_WRITE) != 0);
  CHECK(__wasi_fd_fdstat_set_rights(1, stat.fs_rights_base | __WASI_RIGHTS_FD_READ, 0) == __WASI_ERRNO_NOTCAPABLE);
  CHECK(__wasi_fd_renumber(2, 0) == 0 && fcntl(2, F_GETFL) == -1 && __wasi_fd_fdstat_get(0, &stat) == 0);
}

int main(int argc, char** argv) {
  CHECK(argc == 3 && strcmp(argv[1], "one") == 0 && strcmp(argv[2], "two words") == 0);
  CHECK(environ[0] != NULL && environ[1] == NULL && strcmp(getenv("KEY"), "value=x") == 0);
  uint8_t random[2][32];
  CHECK(getentropy(random[0], 32) == 0 && getentropy(random[1], 32) == 0 && memcmp(random[0], random[1], 32) != 0);
  CHECK(sched_yield() == 0);
  CHECK(raise_signal(0) == 0 && raise_signal(99) == __WASI_ERRNO_INVAL);
  check_clocks();
  check_polling();
  check_descriptors();
  puts("system ok");
  exit(42);
}
