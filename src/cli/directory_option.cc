#include "cli/directory_option.h"

#include <fmt/core.h>

#include "cli/command.h"

namespace wherry::cli {

WasiPreopen parse_directory(std::string_view text) {
  const std::string_view whole = text;
  WasiPreopen preopen;
  for (std::string_view suffix : {":ro", ":readonly"}) {
    if (text.ends_with(suffix)) {
      text.remove_suffix(suffix.size());
      preopen.read_only = true;
      break;
    }
  }
  if (const size_t at = text.find("::"); at != std::string_view::npos) {
    preopen.host = text.substr(0, at);
    preopen.guest = text.substr(at + 2);
  } else if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    preopen.guest = text.substr(0, colon);
    preopen.host = text.substr(colon + 1);
  } else {
    preopen.host = preopen.guest = text;
  }
  if (preopen.host.empty() || preopen.guest.empty()) {
    throw UsageError{fmt::format("--dir: '{}' is not HOST, HOST::GUEST or GUEST:HOST", whole)};
  }
  return preopen;
}

}  // namespace wherry::cli
