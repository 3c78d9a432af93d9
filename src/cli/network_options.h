// The options that give a guest the network.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "wherry/wasi.h"

namespace wherry::cli {

class NetworkOptions {
 public:
  /// --net, --net-rules, --dns, --tcplisten, --socket-activation.
  void add_to(CLI::App& app);
  /// Grants what they ask for. What the policy refuses later is told on stderr. Throws UsageError for what is wrong on
  /// the command line; false, having complained, if a file cannot be read or an address cannot be listened on.
  bool apply(WasiConfig& config) const;

 private:
  std::vector<std::string> rules_, rule_files_, name_servers_, listen_;
  bool socket_activation_ = false;
};

}  // namespace wherry::cli
