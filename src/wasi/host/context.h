// All that one guest may reach, as the embedder granted it. Previews are thin over this.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "wasi/host/clocks.h"
#include "wasi/host/descriptor_table.h"
#include "wasi/host/network.h"
#include "wasi/host/random.h"

namespace wherry::wasi::host {

/// Thread-safe once built: the threads of one guest share it.
struct Context {
  std::vector<std::string> args;
  std::vector<std::string> environment;  ///< `NAME=value` each.
  DescriptorTable table;
  std::unique_ptr<const Clocks> clocks = std::make_unique<SystemClocks>();
  std::unique_ptr<Random> random = std::make_unique<SystemRandom>();
  std::unique_ptr<Network> network =
      std::make_unique<Network>(std::vector<NetworkRule>(), ResolverOptions(), Network::Report());
};

}  // namespace wherry::wasi::host
