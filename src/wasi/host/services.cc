#include "wasi/host/services.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

namespace wherry::wasi::host {

namespace {

struct Service {
  std::string_view name;
  uint16_t port;
};

/// For containers that have no /etc/services.
constexpr Service kServices[] = {{"ftp", 21},  {"ssh", 22},  {"smtp", 25},   {"domain", 53},
                                 {"http", 80}, {"ntp", 123}, {"https", 443}, {"imaps", 993}};

/// A whole number at the start of `text`.
bool read_port(std::string_view text, uint16_t& port, std::string_view& rest) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  rest = text.substr(static_cast<size_t>(end - text.data()));
  return failure == std::errc();
}

/// The next word of a line, which then begins behind it; empty at the end and before a comment.
std::string_view next_word(std::string_view& line) {
  constexpr std::string_view kSpace = " \t\n";
  line.remove_prefix(std::min(line.size(), line.find_first_not_of(kSpace)));
  const std::string_view word = line.substr(0, line.find_first_of(" \t\n#"));
  line.remove_prefix(word.size());
  return word;
}

/// The port in a line of /etc/services, "NAME PORT/PROTOCOL ALIAS... # comment", if it is about `service`. A name has
/// the same port in all protocols.
std::optional<uint16_t> port_in_line(std::string_view line, std::string_view service) {
  bool found = next_word(line) == service;
  const std::string_view number = next_word(line);
  for (std::string_view alias = next_word(line); !alias.empty(); alias = next_word(line)) found |= alias == service;
  uint16_t port = 0;
  std::string_view rest;
  if (!found || !read_port(number, port, rest) || !rest.starts_with('/')) return std::nullopt;
  return port;
}

}  // namespace

HostResult<uint16_t> service_port(std::string_view service, bool numeric) {
  if (service.empty()) return 0;
  uint16_t port = 0;
  std::string_view rest;
  if (read_port(service, port, rest) && rest.empty()) return port;
  if (numeric) return error(Errno::kAiNoname);
  for (const Service& known : kServices) {
    if (known.name == service) return known.port;
  }
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/etc/services", "re"), std::fclose);
  if (file == nullptr) return error(Errno::kAiService);
  char* line = nullptr;
  size_t room = 0;
  std::optional<uint16_t> found;
  while (!found) {
    const ssize_t size = getline(&line, &room, file.get());
    if (size < 0) break;
    found = port_in_line({line, static_cast<size_t>(size)}, service);
  }
  std::free(line);
  if (found) return *found;
  return error(Errno::kAiService);
}

}  // namespace wherry::wasi::host
