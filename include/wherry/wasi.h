// WASI: the part of the world that an embedder grants to a guest. Preview 1, also under its older name wasi_unstable.
//
//   WasiConfig config;
//   config.arg("app").env("LANG", "C").preopen("/srv/data", "/data", WasiAccess::kReadOnly);
//   config.standard_output(WasiStream::inherit());
//   auto wasi = Wasi::make(config);        // opens what is granted
//   add_wasi(linker, *wasi);               // then instantiate, and call "_start"
//
// A guest that calls proc_exit ends with a trap of kind kExit, whose exit_code is the guest's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wherry/linker.h"
#include "wherry/result.h"

namespace wherry::wasi::host {
class Descriptor;
struct Context;
}  // namespace wherry::wasi::host

namespace [[gnu::visibility("default")]] wherry {

/// Collects what a guest writes. Thread-safe.
class WasiBuffer {
 public:
  /// Beyond `limit` bytes writes fail (ENOSPC): the guest decides how much it writes.
  explicit WasiBuffer(size_t limit = size_t{64} << 20) : limit_(limit) {}

  std::string contents() const;
  /// The contents; the buffer is empty afterwards.
  std::string take();
  /// False, and nothing kept, beyond the limit.
  bool append(std::string_view bytes);

 private:
  mutable std::mutex mutex_;
  std::string bytes_;
  const size_t limit_;
};

/// What stands behind a guest's standard input, output or error. A value; copies stand for the same stream.
class WasiStream {
 public:
  /// Nothing: input is at its end, output is forgotten.
  WasiStream();
  /// The process's own stream of the same name.
  static WasiStream inherit();
  /// An open host descriptor (file, pipe, terminal, socket), which stays the embedder's and must stay open meanwhile.
  static WasiStream fd(int fd);

  /// Input from memory.
  static WasiStream bytes(std::string bytes);
  /// Input from a function, which fills at most the buffer and returns how many bytes; 0 at the end. Called on guest
  /// threads, by one at a time.
  static WasiStream source(std::function<size_t(std::span<char>)> source);

  /// Output into memory.
  static WasiStream buffer(std::shared_ptr<WasiBuffer> buffer);
  /// Output to a function, which returns false to refuse. Called on guest threads, by one at a time.
  static WasiStream sink(std::function<bool(std::string_view)> sink);

 private:
  friend class Wasi;
  std::shared_ptr<wasi::host::Descriptor> descriptor_;  ///< If none: a host descriptor.
  std::optional<int> fd_;                               ///< If none: inherited.
};

/// kReadOnly: the guest cannot make, change or remove anything beneath, whatever the host's permissions.
enum class WasiAccess : uint8_t { kReadWrite, kReadOnly };

enum class WasiClock : uint32_t { kRealtime, kMonotonic, kProcessCpu, kThreadCpu };

/// What to grant. At first nothing: no arguments, no environment, no directories, standard streams that lead nowhere;
/// only the system's clocks and random bytes. A value.
class WasiConfig {
 public:
  /// The first argument is the program's name.
  WasiConfig& arg(std::string value);
  WasiConfig& args(std::vector<std::string> values);
  /// Given again, a name has its last value.
  WasiConfig& env(std::string_view name, std::string_view value);
  /// All of the process's environment.
  WasiConfig& inherit_env();

  /// Grants the host's directory `host_path`, known to the guest as `guest_path`. The guest finds preopens in the order
  /// they were given, from descriptor 3 on. It cannot leave them.
  WasiConfig& preopen(std::string host_path, std::string guest_path, WasiAccess access = WasiAccess::kReadWrite);
  /// Grants an open socket, listening or connected, which stays the embedder's. Sockets follow the directories, in the
  /// order they were given.
  WasiConfig& socket(int fd);

  /// Allows what a rule says, such as "connect:tcp:example.com:443" (docs/network.md has the language). Without a rule
  /// the guest reaches nothing; sockets granted with socket() need none.
  WasiConfig& network_rule(std::string rule);
  /// A text of rules, one a line, as files have them.
  WasiConfig& network_rules(std::string lines);
  /// Told, in a line of text, of each thing that was refused for want of a rule; at most one a second if there are
  /// many. Called on guest threads, by one at a time, and must not call the guest.
  WasiConfig& on_network_refusal(std::function<void(std::string_view line)> report);
  /// Name servers ("ADDRESS" or "ADDRESS:PORT") instead of those in /etc/resolv.conf.
  WasiConfig& name_servers(std::vector<std::string> servers);

  WasiConfig& standard_input(WasiStream stream);
  WasiConfig& standard_output(WasiStream stream);
  WasiConfig& standard_error(WasiStream stream);

  /// Other clocks than the system's: a function that gives a clock's time in nanoseconds, called on guest threads.
  /// Waiting still takes real time.
  WasiConfig& clocks(std::function<uint64_t(WasiClock)> read);
  /// Random bytes that repeat from run to run, unfit for secrets.
  WasiConfig& random_seed(uint64_t seed);

  /// Resolve paths without the kernel's help (openat2), as happens by itself where the kernel refuses it.
  WasiConfig& walk_paths(bool walk);

  // Limits.
  /// Descriptors that the guest may have open at once, granted ones included; beyond, it gets EMFILE.
  WasiConfig& max_open_files(uint32_t count);
  /// What the guest may write in all, to files and streams; beyond, it gets EDQUOT.
  WasiConfig& max_output_bytes(uint64_t bytes);

 private:
  friend class Wasi;
  struct Preopen {
    std::string host_path;
    std::string guest_path;
    WasiAccess access;
  };
  std::vector<std::string> args_;
  std::vector<std::pair<std::string, std::string>> environment_;
  std::vector<Preopen> preopens_;
  std::vector<int> sockets_;
  std::vector<std::string> network_rules_;  ///< Texts of one or more lines.
  std::function<void(std::string_view)> on_network_refusal_;
  std::vector<std::string> name_servers_;
  WasiStream standard_[3];
  std::function<uint64_t(WasiClock)> clocks_;
  std::optional<uint64_t> random_seed_;
  bool walk_paths_ = false;
  std::optional<uint32_t> max_open_files_;
  std::optional<uint64_t> max_output_bytes_;
};

/// One guest's world: open descriptors and all. A cheap handle; copies share it. The threads of one guest may use it at
/// once.
class Wasi {
 public:
  /// Opens what the config grants. Errors: kIo (a directory cannot be opened, a stream or socket is not open), kInvalid
  /// (a NUL in a string, `=` in a variable's name, too many preopens), kSyntax (a network rule).
  static Result<Wasi> make(const WasiConfig& config);

  /// How many descriptors the guest has open now, granted ones included.
  uint32_t open_descriptors() const;

  /// For Wherry's own rooms.
  wasi::host::Context& impl() const { return *context_; }

 private:
  explicit Wasi(std::shared_ptr<wasi::host::Context> context) : context_(std::move(context)) {}
  std::shared_ptr<wasi::host::Context> context_;
};

/// Defines WASI in a linker, under both module names. The functions serve `wasi`, whichever store calls them.
Result<> add_wasi(Linker& linker, const Wasi& wasi);
/// As above, but only what `module` imports and the linker does not define yet: quicker, for a linker that serves few
/// modules. Of a function that guests know in two versions (WasmEdge's sockets) the imported type chooses one. Sockets
/// that were granted are made non-blocking for a module made by Go, which expects it.
Result<> add_wasi(Linker& linker, const Wasi& wasi, const Module& module);
/// As above, but the functions serve the world that the calling store holds (`store.emplace_data<Wasi>(wasi)`), so that
/// one linker does for many guests. A call from a store that holds none traps.
Result<> add_wasi(Linker& linker);
/// One function of WASI without a linker: it serves the world that `store` holds. Of functions that share the name, the
/// one of `type`, if it is given and there is one. None if no function has the name.
std::optional<Func> wasi_function(StoreRef store, std::string_view module, std::string_view name,
                                  const FuncType* type = nullptr);

}  // namespace wherry
