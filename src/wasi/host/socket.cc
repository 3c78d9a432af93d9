#include "wasi/host/socket.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <vector>

namespace wherry::wasi::host {

namespace {

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

}  // namespace

Socket::Socket(Fd fd, uint16_t flags) : Descriptor(flags), fd_(std::move(fd)) {
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
    WHERRY_CHECK(waiter.wait_for(fd_.get(), events));
  }
}

HostResult<std::shared_ptr<Socket>> Socket::accept(uint16_t flags, Waiter& waiter) {
  // The listening socket may be shared with other processes, so its own O_NONBLOCK stays as it is.
  auto ready_then_accept = [&] {
    pollfd one = {fd_.get(), POLLIN, 0};
    const int ready = poll(&one, 1, 0);
    if (ready == 0) errno = EAGAIN;
    return ready <= 0 ? -1 : accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC);
  };
  WHERRY_TRY(const size_t fd, attempt(POLLIN, waiter, ready_then_accept));
  return std::make_shared<Socket>(Fd(static_cast<int>(fd)), flags);
}

HostResult<Socket::Received> Socket::receive(std::span<const iovec> to, uint16_t receive_flags, Waiter& waiter) {
  const int peek = (receive_flags & kPeek) != 0 ? MSG_PEEK : 0;
  Received received = {0, false};
  std::vector<iovec> rest(to.begin(), to.end());
  do {
    msghdr header = message(rest);
    auto got = attempt(POLLIN, waiter, [&] { return recvmsg(fd_.get(), &header, MSG_DONTWAIT | peek); });
    if (!got && received.bytes != 0) break;
    if (!got) return error(got.error());
    received.bytes += *got;
    received.truncated = (header.msg_flags & MSG_TRUNC) != 0;
    if (*got == 0) break;
    rest = after(rest, *got);
  } while ((receive_flags & kWaitAll) != 0 && peek == 0 && type_ == FileType::kSocketStream && !rest.empty());
  return received;
}

HostResult<> Socket::shut_down(bool reading, bool writing) {
  if (!reading && !writing) return error(Errno::kInval);
  if (shutdown(fd_.get(), reading && writing ? SHUT_RDWR : reading ? SHUT_RD : SHUT_WR) != 0) return host_error();
  return {};
}

HostResult<size_t> Socket::read(std::span<const iovec> to, Waiter& waiter) {
  WHERRY_TRY(const Received received, receive(to, 0, waiter));
  return received.bytes;
}

HostResult<size_t> Socket::write(std::span<const iovec> from, Waiter& waiter) {
  const msghdr header = message(from);
  return attempt(POLLOUT, waiter, [&] { return sendmsg(fd_.get(), &header, MSG_DONTWAIT | MSG_NOSIGNAL); });
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
