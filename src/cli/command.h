// What a command is, and the list of them. Every command builds its own option parser, and only the one that was asked
// for is built: parsing costs at start-up.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace wherry::cli {

/// Exit codes beyond the guest's own. 134 = 128 + SIGABRT, as shells report an abort.
inline constexpr int kExitError = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitTrap = 134;

struct Command {
  std::string_view name;
  /// What follows the name in the usage line: "[OPTIONS] FILE [ARG...]".
  std::string_view synopsis;
  /// One line for the list of commands.
  std::string_view summary;
  /// A few lines with examples, below the options in the command's help.
  std::string_view details;
  /// Adds the command's options to `app`; the result, called after parsing, runs it and gives the exit code.
  std::function<int()> (*configure)(CLI::App& app);
  /// The first word that is not an option is the file; everything after it belongs to the guest and is not parsed.
  bool rest_is_guests = false;
};

/// All commands, in the order of the help text.
std::span<const Command> commands();

extern const Command kRunCommand;
extern const Command kSnapshotCommand;
extern const Command kCompileCommand;
extern const Command kCacheCommand;
extern const Command kKeyCommand;
extern const Command kTrustCommand;
extern const Command kValidateCommand;
extern const Command kInspectCommand;
extern const Command kWat2WasmCommand;
extern const Command kWasm2WatCommand;
extern const Command kWastCommand;
extern const Command kCompletionCommand;

/// Thrown by a command that finds its arguments wrong after parsing; main reports it and exits with kExitUsage.
struct UsageError {
  std::string message;
};

/// Ends the process with this exit code at once, or another if standard output cannot be written. What other threads do is
/// cut off.
[[noreturn]] void end_process(int code);

/// A parser for `command`, with its options added; `action` is what to call after parsing.
std::unique_ptr<CLI::App> make_app(const Command& command, std::function<int()>& action);

}  // namespace wherry::cli
