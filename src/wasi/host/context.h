// All that one guest may reach, as the embedder granted it. Previews are thin over this.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "wasi/host/clocks.h"
#include "wasi/host/descriptor_table.h"
#include "wasi/host/network.h"
#include "wasi/host/poll.h"
#include "wasi/host/random.h"

namespace wherry::wasi::host {

/// What a guest may still write. Thread-safe.
class OutputQuota {
 public:
  void set(uint64_t bytes) { left_ = bytes; }
  /// False if there is not so much left.
  bool take(uint64_t bytes) {
    uint64_t left = left_.load(std::memory_order_relaxed);
    while (bytes <= left) {
      if (left_.compare_exchange_weak(left, left - bytes, std::memory_order_relaxed)) return true;
    }
    return false;
  }
  void give_back(uint64_t bytes) { left_.fetch_add(bytes, std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> left_{~uint64_t{0}};
};

/// Thread-safe once built: the threads of one guest share it.
struct Context {
  std::vector<std::string> args;
  std::vector<std::string> environment;  ///< `NAME=value` each.
  DescriptorTable table;
  OutputQuota output;
  Pollers pollers;
  /// Sockets that the embedder handed over.
  std::vector<std::shared_ptr<Socket>> granted_sockets;
  std::unique_ptr<const Clocks> clocks = std::make_unique<SystemClocks>();
  std::unique_ptr<Random> random = std::make_unique<SystemRandom>();
  std::unique_ptr<Network> network =
      std::make_unique<Network>(std::vector<NetworkRule>(), ResolverOptions(), Network::Report());
};

}  // namespace wherry::wasi::host
