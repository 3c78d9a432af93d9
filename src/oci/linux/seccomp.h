// System-call filters.
#pragma once

#include <linux/filter.h>

#include <string>
#include <vector>

#include "oci/config.h"
#include "oci/linux/system.h"
#include "wherry/result.h"

namespace wherry::oci {

/// A filter ready to be installed.
struct SeccompFilter {
  std::vector<sock_filter> program;
  unsigned flags = 0;  ///< SECCOMP_FILTER_FLAG_*
  bool notifies = false;
};

/// Errors: kInvalid (an action or operator that does not exist), kIo.
Result<SeccompFilter> compile_seccomp(const SeccompConfig& config);

/// Installs it in this thread for good. Returns the listener's descriptor if it notifies.
Result<Fd> install_seccomp(const SeccompFilter& filter);

/// Names of what compile_seccomp knows, for `features`.
std::vector<std::string> seccomp_actions();
std::vector<std::string> seccomp_operators();
std::vector<std::string> seccomp_architectures();
std::vector<std::string> seccomp_flags();

}  // namespace wherry::oci
