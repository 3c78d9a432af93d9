// Names of ports.
#pragma once

#include <cstdint>
#include <string_view>

#include "wasi/host/errno.h"

namespace wherry::wasi::host {

/// The port that a service's name or number stands for; 0 for an empty one. kAiService if it is unknown, kAiNoname if
/// it is no number though it has to be.
HostResult<uint16_t> service_port(std::string_view service, bool numeric);

}  // namespace wherry::wasi::host
