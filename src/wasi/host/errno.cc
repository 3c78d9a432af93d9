#include "wasi/host/errno.h"

namespace wherry::wasi::host {

Errno errno_from_host(int code) {
  switch (code) {
    case 0:
      return Errno::kSuccess;
#define WHERRY_WASI_ERRNO(id, number, posix) \
  case posix:                                \
    return Errno::id;
#include "wasi/host/errno.inc"
#undef WHERRY_WASI_ERRNO
    default:
      return Errno::kIo;
  }
}

}  // namespace wherry::wasi::host
