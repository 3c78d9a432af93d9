#include "platform/process.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace wherry::platform {

namespace {

std::unexpected<Error> io_error(std::string_view what, int error) {
  return fail(ErrorCode::kIo, std::string(what) + ": " + std::strerror(error));
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

/// Where descriptors wait until they get their numbers in the helper: above all of those.
constexpr int kFirstFree = 16;
constexpr int kFirstPassed = 3;

/// A process about to be started: /dev/null for its standard streams, no signal blocked or handled.
class Spawn {
 public:
  Spawn() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    for (int standard = 0; standard < kFirstPassed; ++standard) {
      ::posix_spawn_file_actions_addopen(&actions_, standard, "/dev/null", standard == 0 ? O_RDONLY : O_WRONLY, 0);
    }
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
  }
  ~Spawn() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;

  /// Gives it our descriptor `file` as `number`.
  void pass(int file, int number) { ::posix_spawn_file_actions_adddup2(&actions_, file, number); }
  /// Leaves it no descriptor from `first` on.
  void close_from(int first) { ::posix_spawn_file_actions_addclosefrom_np(&actions_, first); }

  /// `flags`: of posix_spawnattr_setflags, besides those for signals. 0, or an errno value.
  int start(const std::string& program, const std::vector<std::string>& arguments, char** environment, int flags,
            pid_t* process) {
    ::posix_spawnattr_setflags(&attributes_,
                               static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | flags));
    std::vector<char*> argv{const_cast<char*>(program.c_str())};
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    return ::posix_spawn(process, program.c_str(), &actions_, &attributes_, argv.data(), environment);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

}  // namespace

std::string program_folder() {
  char path[4096];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  return size <= 0 ? "" : folder_of(std::string(path, static_cast<size_t>(size)));
}

std::string library_folder() {
  Dl_info info;
  if (::dladdr(reinterpret_cast<const void*>(&library_folder), &info) == 0 || info.dli_fname == nullptr) return "";
  const std::string path = info.dli_fname;
  // A program's own name is what it was called by.
  return path.starts_with('/') ? folder_of(path) : program_folder();
}

bool can_open_libraries() { return ::getauxval(AT_BASE) != 0; }

bool is_file(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

Result<void*> open_library(const std::string& path) {
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library != nullptr) return library;
  const char* why = ::dlerror();
  return fail(ErrorCode::kIo, why != nullptr ? why : path + ": cannot be opened");
}

void* find_symbol(void* library, const char* name) { return ::dlsym(library, name); }

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Result<Descriptor> make_memory_file(std::span<const uint8_t> contents) {
  Descriptor file(::memfd_create("wherry", MFD_CLOEXEC));
  if (file.number() < 0) return io_error("memory file", errno);
  for (size_t done = 0; done < contents.size();) {
    const ssize_t written = ::write(file.number(), contents.data() + done, contents.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return io_error("memory file", errno);
    done += static_cast<size_t>(written);
  }
  ::lseek(file.number(), 0, SEEK_SET);
  return file;
}

Result<FileCopy> copy_file(const Descriptor& file, uint64_t max_size) {
  struct stat info;
  if (::fstat(file.number(), &info) != 0) return io_error("memory file", errno);
  const auto size = static_cast<uint64_t>(info.st_size);
  if (size == 0 || size > max_size) return fail(ErrorCode::kLimit, "file is empty or too large");
  FileCopy copy{Reservation::make(size), size};
  if (!copy.memory || !copy.memory.commit(0, copy.memory.size()))
    return fail(ErrorCode::kLimit, "no memory for a file");
  for (uint64_t done = 0; done < size;) {
    const ssize_t got = ::pread(file.number(), copy.memory.base() + done, size - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return io_error("memory file", got == 0 ? EIO : errno);
    done += static_cast<uint64_t>(got);
  }
  return copy;
}

bool start_detached(const std::string& program, const std::vector<std::string>& arguments) {
  Spawn spawn;
  spawn.close_from(kFirstPassed);
  pid_t process = 0;
  return spawn.start(program, arguments, environ, POSIX_SPAWN_SETSID, &process) == 0;
}

void be_nice(int nice) { ::setpriority(PRIO_PROCESS, 0, nice); }

Result<HelperProcess> HelperProcess::start(const std::string& program, const std::vector<std::string>& arguments,
                                           std::span<const int> files) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return io_error("pipe", errno);
  Descriptor read_end(ends[0]);
  const Descriptor write_end(ends[1]);
  std::vector<int> passed(files.begin(), files.end());
  passed.push_back(write_end.number());
  std::vector<Descriptor> waiting;

  Spawn spawn;
  int number = kFirstPassed;
  int error = 0;
  for (const int file : passed) {
    waiting.emplace_back(::fcntl(file, F_DUPFD_CLOEXEC, kFirstFree));
    if (waiting.back().number() < 0) error = errno;
    spawn.pass(waiting.back().number(), number++);
  }
  spawn.close_from(number);
  char* environment[] = {nullptr};
  pid_t process = 0;
  if (error == 0) error = spawn.start(program, arguments, environment, 0, &process);
  if (error != 0) return io_error(program, error);
  return HelperProcess(process, std::move(read_end));
}

HelperProcess::~HelperProcess() {
  if (process_.value == 0) return;
  ::kill(process_.value, SIGKILL);
  while (::waitpid(process_.value, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::optional<std::string> HelperProcess::read_line(int milliseconds) {
  for (;;) {
    if (const size_t end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    constexpr size_t kLongest = size_t{64} << 10;
    if (at_end_ || buffer_.size() > kLongest) {
      at_end_ = true;
      return std::nullopt;
    }
    pollfd poll_end{pipe_.number(), POLLIN, 0};
    const int ready = ::poll(&poll_end, 1, milliseconds);
    if (ready <= 0) return std::nullopt;
    char chunk[1024];
    const ssize_t got = ::read(pipe_.number(), chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      at_end_ = true;
    } else {
      buffer_.append(chunk, static_cast<size_t>(got));
    }
  }
}

std::string HelperProcess::wait() {
  int status = 0;
  pid_t ended;
  do {
    ended = ::waitpid(process_.value, &status, 0);
  } while (ended < 0 && errno == EINTR);
  process_.value = 0;
  // Where children are reaped by others, nobody knows how it ended.
  if (ended < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) return "";
  if (WIFEXITED(status)) return "exit status " + std::to_string(WEXITSTATUS(status));
  return "signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")";
}

}  // namespace wherry::platform
