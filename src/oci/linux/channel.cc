#include "oci/linux/channel.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace wherry::oci {
namespace {

constexpr size_t kMaxMessage = 4096;

}  // namespace

Result<std::pair<Channel, Channel>> Channel::make() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return system_error("socketpair");
  return std::pair(Channel(Fd(ends[0])), Channel(Fd(ends[1])));
}

Result<> Channel::send(Message message) const {
  const char byte = static_cast<char>(message);
  if (::send(fd(), &byte, 1, MSG_NOSIGNAL) != 1) return system_error("the container's process is gone");
  return {};
}

void Channel::send_error(const Error& error) const {
  std::string text = {static_cast<char>(Message::kError), static_cast<char>(error.code)};
  text += error.message.substr(0, kMaxMessage - text.size());
  ::send(fd(), text.data(), text.size(), MSG_NOSIGNAL);
}

Result<Message> Channel::receive() const {
  char buffer[kMaxMessage];
  ssize_t got;
  do {
    got = recv(fd(), buffer, sizeof buffer, 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return system_error("the container's process is gone");
  if (got == 0) return fail(ErrorCode::kIo, "the container's process is gone");
  const auto message = static_cast<Message>(buffer[0]);
  if (message != Message::kError) return message;
  const auto code = got > 1 ? static_cast<ErrorCode>(buffer[1]) : ErrorCode::kIo;
  return fail(code, got > 2 ? std::string(buffer + 2, static_cast<size_t>(got) - 2) : "unknown error");
}

Result<> Channel::expect(Message message) const {
  WHERRY_TRY(const Message got, receive());
  if (got != message) return fail(ErrorCode::kIo, "the container's process is out of step");
  return {};
}

Result<> send_descriptor(int socket, int fd, std::string_view text) {
  iovec part = {.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  if (sendmsg(socket, &message, MSG_NOSIGNAL) < 0) return system_error("cannot send a descriptor");
  return {};
}

Result<Fd> receive_descriptor(int socket) {
  char byte[256];
  iovec part = {.iov_base = byte, .iov_len = sizeof byte};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) <= 0) return system_error("cannot receive a descriptor");
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return fail(ErrorCode::kIo, "no descriptor came");
  int fd;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return Fd(fd);
}

Result<Fd> connect_unix(const std::string& path) {
  // Paths may be longer than an address has room for: the directory is entered by its descriptor.
  const size_t slash = path.rfind('/');
  const std::string directory = slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const Fd place(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!place.valid() || !fd.valid()) return system_error(path);
  const std::string name = fd_path(place.get()) + '/' + (slash == path.npos ? path : path.substr(slash + 1));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof address.sun_path) return fail(ErrorCode::kInvalid, path + ": the name is too long");
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return system_error(path);
  return fd;
}

}  // namespace wherry::oci
