#include "platform/entropy.h"

#include <errno.h>
#include <sys/random.h>

namespace wherry::platform {

bool fill_random(std::span<uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = getrandom(bytes.data(), bytes.size(), 0);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return true;
}

}  // namespace wherry::platform
