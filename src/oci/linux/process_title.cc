#include "oci/linux/process_title.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace wherry::oci {
namespace {

// The one piece of memory of the process that is what it is about.
char* title = nullptr;
size_t title_size = 0;

}  // namespace

void keep_process_title(int argc, char** argv) {
  if (argc == 0) return;
  title = argv[0];
  char* end = argv[argc - 1] + std::strlen(argv[argc - 1]) + 1;
  // The environment follows the arguments.
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (*variable == end) end += std::strlen(*variable) + 1;
  }
  title_size = static_cast<size_t>(end - title);
}

void set_process_title(const std::vector<std::string>& args) {
  if (title == nullptr || args.empty()) return;
  environ[0] = nullptr;
  std::memset(title, 0, title_size);
  size_t at = 0;
  for (const std::string& arg : args) {
    const size_t size = std::min(arg.size() + 1, title_size - at);
    std::memcpy(title + at, arg.c_str(), size);
    at += size;
  }
  title[title_size - 1] = 0;
  const size_t slash = args[0].rfind('/');
  prctl(PR_SET_NAME, args[0].c_str() + (slash == std::string::npos ? 0 : slash + 1), 0, 0, 0);
}

}  // namespace wherry::oci
