#include "wasi/host/socket.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <vector>

namespace wherry::wasi::host {

namespace {

constexpr int kOptionNames[] = {SO_REUSEADDR, SO_TYPE,     SO_ERROR,     SO_DONTROUTE,  SO_BROADCAST,
                                SO_SNDBUF,    SO_RCVBUF,   SO_KEEPALIVE, SO_OOBINLINE,  SO_LINGER,
                                SO_RCVLOWAT,  SO_RCVTIMEO, SO_SNDTIMEO,  SO_ACCEPTCONN, SO_BINDTODEVICE};
static_assert(std::size(kOptionNames) == static_cast<size_t>(SocketOption::kBindToDevice) + 1);

int option_name(SocketOption option) { return kOptionNames[static_cast<size_t>(option)]; }

msghdr message(std::span<const iovec> buffers) {
  msghdr header = {};
  header.msg_iov = const_cast<iovec*>(buffers.data());  // The kernel only reads it.
  header.msg_iovlen = buffers.size();
  return header;
}

/// `buffers` without their first `count` bytes.
std::vector<iovec> after(std::span<const iovec> buffers, size_t count) {
  std::vector<iovec> rest;
  for (iovec buffer : buffers) {
    const size_t skip = std::min(count, buffer.iov_len);
    count -= skip;
    buffer.iov_base = static_cast<char*>(buffer.iov_base) + skip;
    buffer.iov_len -= skip;
    if (buffer.iov_len != 0) rest.push_back(buffer);
  }
  return rest;
}

/// How long to wait; none is for ever.
std::optional<uint64_t> limit(uint64_t timeout) { return timeout == 0 ? std::nullopt : std::optional(timeout); }

}  // namespace

Socket::Socket(Fd fd, uint16_t flags, bool nonblocking)
    : Descriptor(flags), fd_(std::move(fd)), nonblocking_(nonblocking) {
  int kind = SOCK_STREAM;
  socklen_t size = sizeof kind;
  getsockopt(fd_.get(), SOL_SOCKET, SO_TYPE, &kind, &size);
  if (kind == SOCK_DGRAM) type_ = FileType::kSocketDgram;
}

template <class Call>
HostResult<size_t> Socket::attempt(short events, Waiter& waiter, Call call) {
  for (;;) {
    auto result = waiter.retry(call);
    if (result) return static_cast<size_t>(*result);
    if (result.error() != Errno::kAgain || (flags() & DescriptorFlags::kNonblock) != 0) return error(result.error());
    pollfd one[] = {{fd_.get(), events, 0}};
    WHERRY_TRY(const size_t ready, waiter.wait(one, limit(events == POLLIN ? receive_timeout_ : send_timeout_)));
    if (ready == 0) return error(Errno::kAgain);
  }
}

HostResult<std::shared_ptr<Socket>> Socket::accept(uint16_t flags, Waiter& waiter) {
  auto accept_one = [&] {
    // A listening socket may be shared with other processes; then its own O_NONBLOCK stays as it is.
    if (!nonblocking_) {
      pollfd one = {fd_.get(), POLLIN, 0};
      const int ready = poll(&one, 1, 0);
      if (ready == 0) errno = EAGAIN;
      if (ready <= 0) return -1;
    }
    return accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  };
  WHERRY_TRY(const size_t fd, attempt(POLLIN, waiter, accept_one));
  auto accepted = std::make_shared<Socket>(Fd(static_cast<int>(fd)), flags, true);
  std::lock_guard lock(mutex_);
  accepted->local_path_ = local_path_;
  return accepted;
}

HostResult<Socket::Received> Socket::receive(std::span<const iovec> to, uint16_t receive_flags, Waiter& waiter,
                                             SocketAddress* from) {
  const int peek = (receive_flags & kPeek) != 0 ? MSG_PEEK : 0;
  const bool all = (receive_flags & kWaitAll) != 0 && peek == 0 && type_ == FileType::kSocketStream;
  Received received = {0, false};
  std::vector<iovec> rest;
  for (;;) {
    msghdr header = message(to);
    HostAddress sender;
    if (from != nullptr) header.msg_name = sender.buffer();
    if (from != nullptr) header.msg_namelen = sender.size();
    auto got = attempt(POLLIN, waiter, [&] { return recvmsg(fd_.get(), &header, MSG_DONTWAIT | peek); });
    if (!got && received.bytes != 0) return received;
    if (!got) return error(got.error());
    received.bytes += *got;
    received.truncated = (header.msg_flags & MSG_TRUNC) != 0;
    if (from != nullptr) {
      sender.set_size(header.msg_namelen);
      WHERRY_TRY(*from, sender.to_address());
    }
    if (!all || *got == 0) return received;
    rest = after(to, *got);
    if (rest.empty()) return received;
    to = rest;
  }
}

HostResult<size_t> Socket::send(std::span<const iovec> buffers, Waiter& waiter, const HostAddress* to) {
  msghdr header = message(buffers);
  if (to != nullptr) {
    header.msg_name = const_cast<sockaddr*>(to->get());  // The kernel only reads it.
    header.msg_namelen = to->size();
  }
  return attempt(POLLOUT, waiter, [&] { return sendmsg(fd_.get(), &header, MSG_DONTWAIT | MSG_NOSIGNAL); });
}

HostResult<> Socket::shut_down(bool reading, bool writing) {
  if (!reading && !writing) return error(Errno::kInval);
  if (shutdown(fd_.get(), reading && writing ? SHUT_RDWR : reading ? SHUT_RD : SHUT_WR) != 0) return host_error();
  return {};
}

HostResult<> Socket::bind(const HostAddress& at) {
  if (::bind(fd_.get(), at.get(), at.size()) != 0) return host_error();
  return {};
}

HostResult<> Socket::listen(int backlog) {
  if (::listen(fd_.get(), backlog) != 0) return host_error();
  return {};
}

HostResult<> Socket::connect(const HostAddress& to, Waiter& waiter) {
  const bool blocks = (flags() & DescriptorFlags::kNonblock) == 0;
  while (::connect(fd_.get(), to.get(), to.size()) != 0) {
    // A Unix listener's queue is full, which no event tells the end of.
    if (errno == EAGAIN && blocks) {
      constexpr uint64_t kPause = 1'000'000;
      WHERRY_CHECK(waiter.wait({}, kPause));
      continue;
    }
    // One that a signal broke off goes on, too.
    if (errno != EINPROGRESS && errno != EINTR) return host_error();
    if (!blocks) return error(Errno::kInprogress);
    pollfd one[] = {{fd_.get(), POLLOUT, 0}};
    WHERRY_TRY(const size_t ready, waiter.wait(one, limit(send_timeout_)));
    if (ready == 0) return error(Errno::kInprogress);
    int failure = 0;
    socklen_t size = sizeof failure;
    if (getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &failure, &size) != 0) return host_error();
    if (failure != 0) return error(errno_from_host(failure));
    return {};
  }
  return {};
}

void Socket::set_local_path(std::string path) {
  std::lock_guard lock(mutex_);
  local_path_ = std::move(path);
}

HostResult<SocketAddress> Socket::local_address() const {
  if (std::lock_guard lock(mutex_); !local_path_.empty()) return SocketAddress::of_path(local_path_);
  HostAddress address;
  socklen_t size = address.size();
  if (getsockname(fd_.get(), address.buffer(), &size) != 0) return host_error();
  address.set_size(size);
  return address.to_address();
}

HostResult<SocketAddress> Socket::peer_address() const {
  HostAddress address;
  socklen_t size = address.size();
  if (getpeername(fd_.get(), address.buffer(), &size) != 0) return host_error();
  address.set_size(size);
  return address.to_address();
}

AddressFamily Socket::family() const {
  int domain = 0;
  socklen_t size = sizeof domain;
  if (getsockopt(fd_.get(), SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0) return AddressFamily::kUnspecified;
  return domain == AF_INET    ? AddressFamily::kIpv4
         : domain == AF_INET6 ? AddressFamily::kIpv6
         : domain == AF_UNIX  ? AddressFamily::kUnix
                              : AddressFamily::kUnspecified;
}

HostResult<size_t> Socket::get_option(SocketOption option, std::span<uint8_t> value) const {
  auto size = static_cast<socklen_t>(value.size());
  if (getsockopt(fd_.get(), SOL_SOCKET, option_name(option), value.data(), &size) != 0) return host_error();
  int number = 0;
  if (size < sizeof number) return size;
  std::memcpy(&number, value.data(), sizeof number);
  if (option == SocketOption::kError) number = static_cast<int>(errno_from_host(number));
  if (option == SocketOption::kType) number = number == SOCK_DGRAM ? 1 : 2;
  std::memcpy(value.data(), &number, sizeof number);
  return size;
}

HostResult<> Socket::set_option(SocketOption option, std::span<const uint8_t> value) {
  // Another device would be another network, behind the same addresses that the policy knows.
  if (option == SocketOption::kBindToDevice) return error(Errno::kPerm);
  if (setsockopt(fd_.get(), SOL_SOCKET, option_name(option), value.data(), static_cast<socklen_t>(value.size())) != 0)
    return host_error();
  timeval time;
  if ((option == SocketOption::kReceiveTimeout || option == SocketOption::kSendTimeout) &&
      value.size() >= sizeof time) {
    constexpr uint64_t kNanosPerSecond = 1'000'000'000, kNanosPerMicro = 1000, kMostSeconds = 1'000'000'000;
    std::memcpy(&time, value.data(), sizeof time);
    auto& timeout = option == SocketOption::kReceiveTimeout ? receive_timeout_ : send_timeout_;
    // The system has taken it, so the microseconds are less than a second; a time before now is not to wait.
    timeout = time.tv_sec < 0 ? 1
                              : std::min(static_cast<uint64_t>(time.tv_sec), kMostSeconds) * kNanosPerSecond +
                                    static_cast<uint64_t>(time.tv_usec) * kNanosPerMicro;
  }
  return {};
}

HostResult<size_t> Socket::read(std::span<const iovec> to, Waiter& waiter) {
  WHERRY_TRY(const Received received, receive(to, 0, waiter));
  return received.bytes;
}

HostResult<FileStat> Socket::stat() const {
  struct stat info;
  if (fstat(fd_.get(), &info) != 0) return host_error();
  FileStat result = to_file_stat(info);
  result.type = type_;
  return result;
}

uint64_t Socket::readable_bytes() const {
  int count = 0;
  return ioctl(fd_.get(), FIONREAD, &count) == 0 && count > 0 ? static_cast<uint64_t>(count) : 0;
}

}  // namespace wherry::wasi::host
