// What wherry-oci tells of its work: errors and warnings, where engines look for them.
#pragma once

#include <string>
#include <string_view>

namespace wherry::cli {

/// Writes to standard error, and to a log file as lines of text or JSON (logrus's, as runc writes it).
class Log {
 public:
  /// `file` may be empty, "journald:..." or "syslog:..." (which are not supported: standard error then), or
  /// "file:PATH".
  void open(std::string file, bool json);
  void error(std::string_view message) const { write("error", message); }
  void warning(std::string_view message) const { write("warning", message); }

 private:
  void write(std::string_view level, std::string_view message) const;
  std::string file_;
  bool json_ = false;
};

}  // namespace wherry::cli
