// Control groups that systemd makes: transient scopes, asked for over D-Bus.
#pragma once

#include <string>

#include "oci/config.h"
#include "wherry/result.h"

namespace wherry::oci {

/// `linux.cgroupsPath` as engines write it for systemd: "SLICE:PREFIX:NAME".
struct SystemdPlace {
  std::string slice;
  std::string unit;  ///< "PREFIX-NAME.scope"
};
Result<SystemdPlace> parse_systemd_place(const std::string& cgroups_path, const std::string& id);

/// Starts the scope with the process in it, and waits until it is there. Returns the unit's name.
Result<std::string> start_systemd_unit(const Config& config, const std::string& id, int pid);
/// Best effort: a scope goes by itself when its last process is gone.
void stop_systemd_unit(const std::string& unit);

}  // namespace wherry::oci
