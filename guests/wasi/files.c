// Files and directories through the C library. Run with an empty directory as /.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"

static void check_reading_and_writing(void) {
  int fd = open("/file", O_RDWR | O_CREAT | O_EXCL, 0644);
  CHECK(fd >= 4);
  CHECK(open("/file", O_RDWR | O_CREAT | O_EXCL, 0644) == -1 && errno == EEXIST);
  struct iovec out[] = {{"hello", 5}, {"", 0}, {" world", 6}};
  CHECK(writev(fd, out, 3) == 11);
  CHECK(lseek(fd, 0, SEEK_CUR) == 11 && lseek(fd, -5, SEEK_END) == 6 && lseek(fd, 1, SEEK_SET) == 1);
  char buffer[32] = {0};
  CHECK(read(fd, buffer, 4) == 4 && memcmp(buffer, "ello", 4) == 0);
  CHECK(pread(fd, buffer, sizeof buffer, 6) == 5 && memcmp(buffer, "world", 5) == 0);
  CHECK(pwrite(fd, "W", 1, 6) == 1 && lseek(fd, 0, SEEK_CUR) == 5);
  CHECK(ftruncate(fd, 7) == 0);
  struct stat info;
  CHECK(fstat(fd, &info) == 0 && info.st_size == 7 && S_ISREG(info.st_mode));
  CHECK(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL) == 0);
  CHECK(fsync(fd) == 0 && fdatasync(fd) == 0);
  const struct timespec times[2] = {{1, 2}, {3, 4}};
  CHECK(futimens(fd, times) == 0 && fstat(fd, &info) == 0);
  CHECK(info.st_atim.tv_sec == 1 && info.st_atim.tv_nsec == 2 && info.st_mtim.tv_sec == 3 && info.st_mtim.tv_nsec == 4);
  CHECK(fcntl(fd, F_SETFL, O_APPEND) == 0 && (fcntl(fd, F_GETFL) & O_APPEND) != 0);
  CHECK(lseek(fd, 0, SEEK_SET) == 0 && write(fd, "!", 1) == 1 && lseek(fd, 0, SEEK_CUR) == 8);
  CHECK(close(fd) == 0 && close(fd) == -1 && errno == EBADF);
  CHECK(open("/none", O_RDONLY) == -1 && errno == ENOENT);
  CHECK(open("/file/", O_RDONLY) == -1 && errno == ENOTDIR);
}

static void check_streams(void) {
  FILE* file = fopen("/lines", "w");
  CHECK(file != NULL);
  for (int i = 0; i < 10000; ++i) CHECK(fprintf(file, "line %d\n", i) > 0);
  CHECK(fclose(file) == 0);
  file = fopen("/lines", "r");
  char line[64], expected[64];
  int count = 0;
  while (fgets(line, sizeof line, file) != NULL) {
    snprintf(expected, sizeof expected, "line %d\n", count++);
    CHECK(strcmp(line, expected) == 0);
  }
  CHECK(count == 10000 && feof(file));
  rewind(file);
  CHECK(fgetc(file) == 'l' && fclose(file) == 0);
  CHECK(unlink("/lines") == 0);
}

static void check_directories(void) {
  CHECK(mkdir("/dir", 0755) == 0 && mkdir("/dir", 0755) == -1 && errno == EEXIST);
  enum { kFiles = 300 };
  char name[64];
  for (int i = 0; i < kFiles; ++i) {
    snprintf(name, sizeof name, "/dir/a-rather-long-name-of-a-file-%d", i);
    const int fd = open(name, O_WRONLY | O_CREAT, 0644);
    CHECK(fd >= 0 && close(fd) == 0);
  }
  char seen[kFiles] = {0};
  DIR* dir = opendir("/dir");
  CHECK(dir != NULL);
  int count = 0;
  for (struct dirent* entry; (entry = readdir(dir)) != NULL;) {
    int number;
    if (sscanf(entry->d_name, "a-rather-long-name-of-a-file-%d", &number) != 1) continue;
    CHECK(number >= 0 && number < kFiles && !seen[number]);
    CHECK(entry->d_type == DT_REG);
    seen[number] = 1;
    ++count;
  }
  CHECK(count == kFiles);
  closedir(dir);
  CHECK(rmdir("/dir") == -1 && errno == ENOTEMPTY);
  for (int i = 0; i < kFiles; ++i) {
    snprintf(name, sizeof name, "/dir/a-rather-long-name-of-a-file-%d", i);
    CHECK(unlink(name) == 0);
  }
  CHECK(unlink("/dir") == -1 && errno == EISDIR);
  CHECK(rmdir("/dir") == 0 && access("/dir", F_OK) == -1 && errno == ENOENT);
}

static void check_links(void) {
  struct stat info;
  CHECK(link("/file", "/hard") == 0 && stat("/hard", &info) == 0 && info.st_nlink == 2);
  CHECK(symlink("file", "/soft") == 0);
  CHECK(lstat("/soft", &info) == 0 && S_ISLNK(info.st_mode));
  CHECK(stat("/soft", &info) == 0 && S_ISREG(info.st_mode));
  char target[16] = {0};
  CHECK(readlink("/soft", target, sizeof target) == 4 && strcmp(target, "file") == 0);
  CHECK(rename("/hard", "/renamed") == 0 && access("/hard", F_OK) == -1);
  CHECK(rename("/none", "/other") == -1 && errno == ENOENT);
  CHECK(unlink("/soft") == 0 && unlink("/renamed") == 0 && unlink("/file") == 0);
}

int main(void) {
  check_reading_and_writing();
  check_streams();
  check_directories();
  check_links();
  puts("files ok");
}
