#include "cli/directory_option.h"

#include <fmt/core.h>

#include "cli/command.h"

namespace wherry::cli {

DirectoryGrant parse_directory(std::string_view text) {
  const std::string_view whole = text;
  DirectoryGrant grant;
  for (std::string_view suffix : {":ro", ":readonly"}) {
    if (text.ends_with(suffix)) {
      text.remove_suffix(suffix.size());
      grant.access = WasiAccess::kReadOnly;
      break;
    }
  }
  if (const size_t at = text.find("::"); at != std::string_view::npos) {
    grant.host = text.substr(0, at);
    grant.guest = text.substr(at + 2);
  } else if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    grant.guest = text.substr(0, colon);
    grant.host = text.substr(colon + 1);
  } else {
    grant.host = grant.guest = text;
  }
  if (grant.host.empty() || grant.guest.empty()) {
    throw UsageError{fmt::format("--dir: '{}' is not HOST, HOST::GUEST or GUEST:HOST", whole)};
  }
  return grant;
}

}  // namespace wherry::cli
