// wherry-compiler: the helper process of engine/compiler_abi.h.
#include <fcntl.h>
#include <llvm/Support/ErrorHandling.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/compiler_abi.h"
#include "platform/files.h"

namespace {

using namespace wherry;          // NOLINT
using namespace wherry::engine;  // NOLINT

struct Arguments {
  CompileRequest request;
  int module = -1;
  int image = -1;
  int progress = -1;
  int functions = -1;
  uint64_t memory_limit = 0;
  int nice = 0;
};

int progress_descriptor = -1;

void say(const std::string& line) {
  if (progress_descriptor >= 0) {
    [[maybe_unused]] const ssize_t written = ::write(progress_descriptor, line.data(), line.size());
  }
}

[[noreturn]] void give_up(std::string message) {
  for (char& c : message) {
    if (c == '\n') c = ' ';
  }
  say("error " + message + "\n");
  std::_Exit(1);
}

template <class T>
bool parse_number(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

/// The position of `text` among `names`, as the value of an enum.
template <class E>
bool parse_choice(std::string_view text, std::initializer_list<std::string_view> names, E& value) {
  uint32_t index = 0;
  for (std::string_view name : names) {
    if (name == text) {
      value = static_cast<E>(index);
      return true;
    }
    ++index;
  }
  return false;
}

bool parse_option(std::string_view name, std::string_view value, Arguments& arguments) {
  CompileRequest& request = arguments.request;
  if (name == "--module") return parse_number(value, arguments.module);
  if (name == "--image") return parse_number(value, arguments.image);
  if (name == "--progress") return parse_number(value, arguments.progress);
  if (name == "--functions") return parse_number(value, arguments.functions);
  if (name == "--flags") return parse_number(value, request.flags);
  if (name == "--features") return parse_number(value, request.features);
  if (name == "--threads") return parse_number(value, request.threads);
  if (name == "--memory-limit") return parse_number(value, arguments.memory_limit);
  if (name == "--nice") return parse_number(value, arguments.nice);
  if (name == "--target") return parse_choice(value, {"host", "x86_64", "aarch64"}, request.target);
  if (name == "--cpu") return parse_choice(value, {"host", "baseline"}, request.cpu);
  if (name == "--level") return parse_choice(value, {"fast", "default", "max"}, request.level);
  return false;
}

platform::FileBytes open_descriptor(int descriptor) {
  auto bytes = platform::FileBytes::open("/proc/self/fd/" + std::to_string(descriptor), uint64_t{1} << 32);
  if (!bytes) give_up(bytes.error().message);
  return std::move(*bytes);
}

/// Ends the process when the other end of the progress pipe is closed: whoever asked is gone.
void* watch_parent(void*) {
  pollfd watched{progress_descriptor, 0, 0};
  while (::poll(&watched, 1, -1) <= 0 || (watched.revents & (POLLERR | POLLHUP)) == 0) {
  }
  std::_Exit(1);
}

void limit_resources(const Arguments& arguments) {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  if (arguments.memory_limit != 0) {
    const rlimit memory{arguments.memory_limit, arguments.memory_limit};
    ::setrlimit(RLIMIT_DATA, &memory);
  }
  if (arguments.nice != 0) ::setpriority(PRIO_PROCESS, 0, arguments.nice);
}

void write_image(int descriptor, const uint8_t* bytes, uint64_t size) {
  while (size > 0) {
    const ssize_t written = ::write(descriptor, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) give_up(std::string("cannot write the image: ") + std::strerror(errno));
    bytes += written;
    size -= static_cast<uint64_t>(written);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 >= argc || !parse_option(argv[i], argv[i + 1], arguments)) {
      std::fprintf(stderr, "wherry-compiler: bad option %s; this program is started by wherry\n", argv[i]);
      return 2;
    }
  }
  progress_descriptor = arguments.progress;
  ::signal(SIGPIPE, SIG_IGN);
  limit_resources(arguments);
  llvm::install_fatal_error_handler([](void*, const char* reason, bool) { give_up(reason); });
  if (progress_descriptor >= 0) {
    pthread_t watcher;
    ::pthread_create(&watcher, nullptr, &watch_parent, nullptr);
  }

  CompileRequest& request = arguments.request;
  const platform::FileBytes module = open_descriptor(arguments.module);
  request.module = module.bytes().data();
  request.module_size = module.bytes().size();
  platform::FileBytes functions;
  if (arguments.functions >= 0) {
    functions = open_descriptor(arguments.functions);
    request.functions = reinterpret_cast<const uint32_t*>(functions.bytes().data());
    request.function_count = functions.bytes().size() / sizeof(uint32_t);
  }
  request.progress = [](void*, uint64_t done, uint64_t total) {
    say("progress " + std::to_string(done) + " " + std::to_string(total) + "\n");
    return 1;
  };
  CompileResponse response;
  if (wherry_llvm_compile(&request, &response) != 0) give_up(response.error);
  write_image(arguments.image, response.image, response.image_size);
  say("done\n");
  std::_Exit(0);  // what the image is made of need not be taken apart
}
