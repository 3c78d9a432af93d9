// Linux containers: handed to crun or runc, with the same state root, so that whose a container is can be told from the
// files there.
#pragma once

#include <string>
#include <vector>

#include "oci/container.h"
#include "wherry/result.h"

namespace wherry::oci {

enum class Owner : uint8_t { kNobody, kWherry, kCrun, kRunc };
/// Whose container ROOT/ID is. Half made ones are wherry's.
Owner owner_of(const std::string& root, const std::string& id);

/// The global options of a command line, as far as other runtimes have them.
struct DelegateOptions {
  Settings settings;
  std::string log, log_format, rootless;
  bool debug = false;
};

/// The runtime for a new container: crun, or runc where crun would refuse (both versions of cgroups in use at once) or
/// is missing. WHERRY_OCI_DELEGATE names another one. Error: kNotFound.
Result<Owner> choose_delegate();

/// Becomes the runtime, for a command and its words. Returns only with an error.
std::unexpected<Error> become_delegate(Owner owner, const DelegateOptions& options,
                                       const std::vector<std::string>& words);
/// Runs it, and returns what it prints. Error: also if it fails.
Result<std::string> ask_delegate(Owner owner, const DelegateOptions& options, const std::vector<std::string>& words);

}  // namespace wherry::oci
