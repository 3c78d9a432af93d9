// Keeps SIGPIPE from an embedder that did not ask for it.
#pragma once

#include <signal.h>

#include <cerrno>

namespace wherry::wasi::host {

/// While it stands, a write of this thread to a pipe or connection without a reader raises no SIGPIPE; note(EPIPE)
/// after one that may have.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoSigpipe() {
    if (sigismember(&before_, SIGPIPE) != 0) return;
    if (raised_) {
      const timespec now = {0, 0};
      while (sigtimedwait(&pipe_, nullptr, &now) < 0 && errno == EINTR) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  void note(int failure) { raised_ = failure == EPIPE; }

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool raised_ = false;
};

}  // namespace wherry::wasi::host
