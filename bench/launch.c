// Runs one command and reports what it cost. Being small and static it adds almost nothing to what it measures; a child
// forked straight from Python would show Python's own resident set as its peak.
//
//   launch SECONDS COMMAND ARGUMENT...
//
// The command's standard output is passed on; the time of its first byte is noted. One line goes to descriptor 3:
//   status wall_ns first_output_ns user_us system_us peak_rss_kib
// status is the exit code, 128 + the signal's number, or 999 when the time limit ran out. first_output_ns is 0 when
// there was no output.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child;
static volatile sig_atomic_t timed_out;

static void on_alarm(int signal_number) {
  (void)signal_number;
  timed_out = 1;
  kill(child, SIGKILL);
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void pass_on(const char* data, ssize_t size) {
  while (size > 0) {
    ssize_t n = write(1, data, (size_t)size);
    if (n <= 0) return;
    data += n, size -= n;
  }
}

static int64_t micros(struct timeval t) {
  return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

int main(int argc, char** argv) {
  int output[2];
  if (argc < 3 || pipe(output) != 0) return 2;
  int64_t start = now(), first = 0;
  child = vfork();
  if (child == 0) {
    dup2(output[1], 1);
    close(output[0]);
    close(output[1]);
    close(3);
    execvp(argv[2], argv + 2);
    _exit(127);
  }
  if (child < 0) return 2;
  close(output[1]);
  signal(SIGALRM, on_alarm);
  alarm((unsigned)atoi(argv[1]));
  for (;;) {
    static char buffer[65536];
    ssize_t n = read(output[0], buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    if (!first) first = now() - start;
    pass_on(buffer, n);
  }
  int status;
  struct rusage usage;
  while (wait4(child, &status, 0, &usage) < 0) {
    if (errno != EINTR) return 2;
  }
  int64_t wall = now() - start;
  int code = timed_out ? 999 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  dprintf(3, "%d %lld %lld %lld %lld %ld\n", code, (long long)wall, (long long)first, (long long)micros(usage.ru_utime),
          (long long)micros(usage.ru_stime), usage.ru_maxrss);
  return 0;
}
