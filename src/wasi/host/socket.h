// Sockets: those that the embedder hands to a guest, those that the guest opens, and the connections accepted on them.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>

#include "wasi/host/address.h"
#include "wasi/host/descriptor.h"
#include "wasi/host/fd.h"

struct msghdr;

namespace wherry::wasi::host {

/// Options of sockets, numbered as in WasmEdge's socket extension. Values are the system's: an int, or as said.
enum class SocketOption : uint32_t {
  kReuseAddress,
  kType,   ///< 1: datagrams, 2: a stream.
  kError,  ///< An Errno. Reading it clears it.
  kDontRoute,
  kBroadcast,
  kSendBuffer,
  kReceiveBuffer,
  kKeepAlive,
  kOobInline,
  kLinger,  ///< struct linger
  kReceiveLowWater,
  kReceiveTimeout,  ///< struct timeval
  kSendTimeout,     ///< struct timeval
  kAcceptsConnections,
  kBindToDevice,
};

class Socket final : public Descriptor {
 public:
  /// `nonblocking`: whether the host's descriptor itself never blocks, and is shared with no other process.
  Socket(Fd fd, uint16_t flags, bool nonblocking = false);

  struct Received {
    size_t bytes;
    bool truncated;  ///< A message was longer than the buffers.
  };
  enum ReceiveFlags : uint16_t { kPeek = 1, kWaitAll = 2 };

  HostResult<std::shared_ptr<Socket>> accept(uint16_t flags, Waiter& waiter);
  /// `from`, if not null, becomes the sender's address; without a family on connections.
  HostResult<Received> receive(std::span<const iovec> to, uint16_t receive_flags, Waiter& waiter,
                               SocketAddress* from = nullptr);
  /// To the peer, or `to` an address if not null.
  HostResult<size_t> send(std::span<const iovec> buffers, Waiter& waiter, const HostAddress* to = nullptr);
  HostResult<> shut_down(bool reading, bool writing);

  HostResult<> bind(const HostAddress& at);
  HostResult<> listen(int backlog);
  /// kInprogress if the socket does not block: it becomes writable when it is connected, or has failed (kError).
  HostResult<> connect(const HostAddress& to, Waiter& waiter);
  HostResult<SocketAddress> local_address() const;
  /// Of a Unix socket: the path that its owner knows it by, if the system was given another.
  void set_local_path(std::string path);
  HostResult<SocketAddress> peer_address() const;
  AddressFamily family() const;

  /// The value, at most `most` bytes of it.
  HostResult<size_t> get_option(SocketOption option, std::span<uint8_t> value) const;
  HostResult<> set_option(SocketOption option, std::span<const uint8_t> value);

  FileType type() const override { return type_; }
  HostResult<size_t> read(std::span<const iovec> to, Waiter& waiter) override;
  HostResult<size_t> write(std::span<const iovec> from, Waiter& waiter) override { return send(from, waiter); }
  HostResult<FileStat> stat() const override;
  int poll_fd() const override { return fd_.get(); }
  int host_fd() const override { return fd_.get(); }
  uint64_t readable_bytes() const override;
  Socket* as_socket() override { return this; }

 private:
  /// Calls `call`, which must not block, until it does something else than fail with EAGAIN; waits for `events`
  /// between.
  template <class Call>
  HostResult<size_t> attempt(short events, Waiter& waiter, Call call);

  const Fd fd_;
  FileType type_ = FileType::kSocketStream;
  const bool nonblocking_;
  /// How long a blocking call waits at most, in nanoseconds; 0 is for ever. The system's own time limits do not count
  /// for calls that do not block, which all of ours are.
  std::atomic<uint64_t> receive_timeout_ = 0;
  std::atomic<uint64_t> send_timeout_ = 0;
  mutable std::mutex mutex_;
  std::string local_path_;
};

}  // namespace wherry::wasi::host
