// A WebAssembly program as the process of a container. In steps, so that each is done with no more privileges than it
// needs: open (what must be opened, as the container's root), prepare (read and check the module, as its user, behind
// its system-call filter), run.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "oci/config.h"
#include "oci/linux/system.h"
#include "wherry/result.h"

namespace wherry::oci {

struct GuestStats;

class Guest {
 public:
  /// Finds process.args[0] and opens it, and the root of this process, which is the container's by now and which the
  /// guest is granted. `sockets`: descriptors that it inherits. `network_rules`: lines of docs/network.md. Errors:
  /// kNotFound ("exec: \"/app.wasm\": no such file or directory"), kInvalid.
  static Result<Guest> open(const ProcessConfig& process, const std::vector<int>& sockets,
                            const std::string& network_rules);
  /// Whether process.args[0] names a native program or script.
  static bool is_native(const ProcessConfig& process);

  Guest(Guest&&) noexcept;
  Guest& operator=(Guest&&) noexcept;
  ~Guest();

  /// Path of the module in the container.
  const std::string& module_path() const;

  /// Reads and validates the module and finds its imports. Runs no code of the guest. Errors: of the module.
  Result<> prepare();
  /// Runs it, and ends the process with the guest's exit code, 137 for a trap, 128 + n for a signal n. Signals end the
  /// guest; SIGTERM and SIGINT let a call to the host end first. `stats`, if not null, is kept up to date when
  /// asked for (kStatsSignal).
  [[noreturn]] void run(GuestStats* stats);

  struct State;

 private:
  explicit Guest(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What a guest's process tells others, in memory that they share: a file of the state directory.
struct GuestStats {
  uint64_t sequence;      ///< Counted up when the rest has been renewed.
  uint64_t memory_bytes;  ///< Of all linear memories.
  uint64_t module_bytes;
};

/// The real-time signal, counted from SIGRTMIN, that asks for stats.
inline constexpr int kStatsSignal = 3;

/// The code of a process whose guest trapped: as containerd's Wasm shims have it.
inline constexpr int kTrapExitCode = 137;

}  // namespace wherry::oci
