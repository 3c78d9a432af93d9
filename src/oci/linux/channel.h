// The line between a command and the process that it makes: short messages, and descriptors.
#pragma once

#include <string>
#include <string_view>

#include "oci/linux/system.h"
#include "wherry/result.h"

namespace wherry::oci {

enum class Message : char {
  kGo = 'G',     ///< To the process: what it waits for is done.
  kHooks = 'H',  ///< From it: run the hooks of the runtime's side now.
  kReady = 'R',  ///< From it: all that can fail is done.
  kError = 'E',  ///< From it: it gives up; with an ErrorCode and text.
};

/// One end. A closed other end is an error of kIo: whoever reads it gives up.
class Channel {
 public:
  static Result<std::pair<Channel, Channel>> make();
  explicit Channel(Fd fd) : fd_(std::move(fd)) {}

  Result<> send(Message message) const;
  void send_error(const Error& error) const;
  /// The next message; kError is returned as that error.
  Result<Message> receive() const;
  /// Waits for one message, and no other.
  Result<> expect(Message message) const;

  int fd() const { return fd_.get(); }

 private:
  Fd fd_;
};

/// Sends a descriptor over a socket, with a text that tells what it is.
Result<> send_descriptor(int socket, int fd, std::string_view text);
Result<Fd> receive_descriptor(int socket);
/// Connects to a Unix socket in the file system.
Result<Fd> connect_unix(const std::string& path);

}  // namespace wherry::oci
