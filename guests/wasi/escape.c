// Tries to leave its directory. Run with a directory as / whose parent holds a file `secret` and a directory `outside`
// with another; the argument is the directory's path on the host.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wasi/api.h>

#include "check.h"

enum { kRoot = 3 };

static const __wasi_rights_t kRead = __WASI_RIGHTS_FD_READ;

/// None of the calls may succeed on a path that leads out.
static void try_path(const char* path) {
  __wasi_fd_t fd;
  __wasi_filestat_t info;
  __wasi_size_t size;
  uint8_t buffer[64];
  for (int follow = 0; follow < 2; ++follow) {
    for (int flags = 0; flags < 16; ++flags) {
      CHECK(__wasi_path_open(kRoot, follow, path, flags, kRead, 0, 0, &fd) != 0);
      CHECK(__wasi_path_open(kRoot, follow, path, flags, kRead | __WASI_RIGHTS_FD_WRITE, 0, 0, &fd) != 0);
    }
    CHECK(__wasi_path_filestat_get(kRoot, follow, path, &info) != 0);
    CHECK(__wasi_path_filestat_set_times(kRoot, follow, path, 0, 0, __WASI_FSTFLAGS_MTIM_NOW) != 0);
    CHECK(__wasi_path_link(kRoot, follow, path, kRoot, "stolen") != 0);
  }
  CHECK(__wasi_path_readlink(kRoot, path, buffer, sizeof buffer, &size) != 0);
  CHECK(__wasi_path_create_directory(kRoot, path) != 0);
  CHECK(__wasi_path_remove_directory(kRoot, path) != 0);
  CHECK(__wasi_path_unlink_file(kRoot, path) != 0);
  CHECK(__wasi_path_rename(kRoot, path, kRoot, "stolen") != 0);
  CHECK(__wasi_path_rename(kRoot, "mine", kRoot, path) != 0);
  CHECK(__wasi_path_link(kRoot, 0, "mine", kRoot, path) != 0);
  CHECK(__wasi_path_symlink("mine", kRoot, path) != 0);
}

int main(int argc, char** argv) {
  CHECK(argc == 2);
  const char* host = argv[1];
  char absolute[4096];
  CHECK(mkdir("/sub", 0755) == 0 && close(open("/mine", O_CREAT | O_WRONLY, 0644)) == 0);
  // Links of its own making: the text may say anything relative, but leads nowhere.
  CHECK(symlink("..", "/up") == 0 && symlink("../..", "/sub/up-two") == 0 && symlink("../secret", "/to-secret") == 0);
  CHECK(symlink("/", "/absolute") == -1);
  const char* paths[] = {"..",
                         "../secret",
                         "../outside",
                         "../new",
                         "sub/../../secret",
                         "./../secret",
                         "sub/../..",
                         "up/secret",
                         "up/outside",
                         "sub/up-two/secret",
                         "up/new",
                         "up/..",
                         "up/outside/x",
                         "to-secret/",
                         "/",
                         "/etc",
                         "/etc/passwd",
                         "//",
                         "/proc/self/root",
                         "/dev/null",
                         "sub/up-two/",
                         "up/.",
                         "../up",
                         "sub/.././../secret"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; ++i) try_path(paths[i]);
  snprintf(absolute, sizeof absolute, "%s/mine", host);
  try_path(absolute);
  snprintf(absolute, sizeof absolute, "%s/../secret", host);
  try_path(absolute);

  __wasi_fd_t fd;
  CHECK(__wasi_path_open(kRoot, 1, "to-secret", 0, kRead, 0, 0, &fd) == __WASI_ERRNO_NOTCAPABLE);
  CHECK(__wasi_path_open(kRoot, 0, "to-secret", 0, kRead, 0, 0, &fd) == __WASI_ERRNO_LOOP);
  // A directory opened through another holds just as well.
  const __wasi_rights_t all = (UINT64_C(1) << 30) - 1;
  CHECK(__wasi_path_open(
            kRoot, 0, "sub", __WASI_OFLAGS_DIRECTORY,
            0x1fffffff & ~__WASI_RIGHTS_FD_WRITE & ~__WASI_RIGHTS_FD_ALLOCATE & ~__WASI_RIGHTS_FD_FILESTAT_SET_SIZE,
            all, 0, &fd) == 0);
  __wasi_fd_t other;
  CHECK(__wasi_path_open(fd, 0, "../mine", 0, kRead, 0, 0, &other) == __WASI_ERRNO_NOTCAPABLE);
  CHECK(__wasi_path_open(fd, 0, "..", 0, 0, 0, 0, &other) == __WASI_ERRNO_NOTCAPABLE);
  CHECK(chdir("..") == -1 || access("secret", F_OK) == -1);
  puts("escape ok");
}
