// Sockets that the embedder hands to a guest, and the connections accepted on them.
#pragma once

#include "wasi/host/descriptor.h"
#include "wasi/host/fd.h"

struct msghdr;

namespace wherry::wasi::host {

class Socket final : public Descriptor {
 public:
  Socket(Fd fd, uint16_t flags);

  struct Received {
    size_t bytes;
    bool truncated;  ///< A message was longer than the buffers.
  };
  enum ReceiveFlags : uint16_t { kPeek = 1, kWaitAll = 2 };

  HostResult<std::shared_ptr<Socket>> accept(uint16_t flags, Waiter& waiter);
  HostResult<Received> receive(std::span<const iovec> to, uint16_t receive_flags, Waiter& waiter);
  HostResult<> shut_down(bool reading, bool writing);

  FileType type() const override { return type_; }
  HostResult<size_t> read(std::span<const iovec> to, Waiter& waiter) override;
  HostResult<size_t> write(std::span<const iovec> from, Waiter& waiter) override;
  HostResult<FileStat> stat() const override;
  int poll_fd() const override { return fd_.get(); }
  uint64_t readable_bytes() const override;
  Socket* as_socket() override { return this; }

 private:
  /// Calls `call`, which must not block, until it does something else than fail with EAGAIN; waits for `events`
  /// between.
  template <class Call>
  HostResult<size_t> attempt(short events, Waiter& waiter, Call call);

  const Fd fd_;
  FileType type_ = FileType::kSocketStream;
};

}  // namespace wherry::wasi::host
