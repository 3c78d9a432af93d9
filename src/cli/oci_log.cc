#include "cli/oci_log.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "oci/json.h"

namespace wherry::cli {
namespace {

void put(int fd, std::string_view text) {
  // One write a line: others append to the same file.
  if (::write(fd, text.data(), text.size()) < 0) return;
}

std::string time_text() {
  const time_t now = time(nullptr);
  tm parts;
  gmtime_r(&now, &parts);
  char text[32];
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace

void Log::open(std::string file, bool json) {
  json_ = json;
  if (file.starts_with("journald:") || file.starts_with("syslog:")) return;
  file_ = file.starts_with("file:") ? file.substr(5) : std::move(file);
}

void Log::write(std::string_view level, std::string_view message) const {
  if (!file_.empty() && file_ != "/dev/stderr") {
    std::string line;
    if (json_) {
      line = oci::to_text({{"level", level}, {"msg", message}, {"time", time_text()}}) + '\n';
    } else {
      line = "time=\"" + time_text() + "\" level=" + std::string(level) + " msg=" + oci::to_text(oci::Json(message)) +
             '\n';
    }
    const int fd = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
    if (fd >= 0) {
      put(fd, line);
      close(fd);
    }
  }
  put(STDERR_FILENO,
      "wherry-oci: " + (level == "error" ? "" : std::string(level) + ": ") + std::string(message) + '\n');
}

}  // namespace wherry::cli
