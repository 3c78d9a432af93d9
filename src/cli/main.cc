// wherry: finds the command, parses its options, runs it.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "cli/command.h"
#include "cli/version.h"

namespace wherry::cli {
namespace {

constexpr const Command* kCommands[] = {&kRunCommand,      &kCompileCommand,  &kSnapshotCommand, &kValidateCommand,
                                        &kInspectCommand,  &kCacheCommand,    &kKeyCommand,      &kTrustCommand,
                                        &kWat2WasmCommand, &kWasm2WatCommand, &kWastCommand,     &kCompletionCommand};

/// CLI11's help with our usage line.
class HelpFormatter : public CLI::Formatter {
 public:
  explicit HelpFormatter(const Command& command) : command_(command) { column_width(34); }
  std::string make_usage(const CLI::App*, std::string) const override {
    return fmt::format("\nUsage: wherry {} {}\n", command_.name, command_.synopsis);
  }

 private:
  const Command& command_;
};

void print_help(std::FILE* out) {
  fmt::print(out,
             "wherry {}: a WebAssembly runtime\n\n"
             "Usage: wherry COMMAND [OPTIONS] ...\n"
             "       wherry [OPTIONS] FILE [ARG...]      the same as `wherry run`\n\nCommands:\n",
             kVersion);
  for (const Command* command : kCommands) fmt::print(out, "  {:<12} {}\n", command->name, command->summary);
  fmt::print(out,
             "  {:<12} {}\n  {:<12} {}\n\n"
             "`wherry COMMAND --help` explains a command. A guest gets nothing that is not granted:\n"
             "  wherry run app.wasm                          no files, no environment, standard streams only\n"
             "  wherry run --dir data::/data app.wasm        the guest sees ./data as /data\n"
             "  wherry run --invoke fib fib.wat 30           call an exported function\n",
             "help", "this text, or `wherry help COMMAND`", "version", "the version");
}

const Command* find(std::string_view name) {
  for (const Command* command : kCommands) {
    if (command->name == name) return command;
  }
  return nullptr;
}

int usage_error(std::string_view command, std::string_view message) {
  fmt::print(stderr, "wherry: {}\nTry `wherry{}{} --help`.\n", message, command.empty() ? "" : " ", command);
  return kExitUsage;
}

int run(const Command& command, std::vector<std::string> args) {
  std::function<int()> action;
  auto app = make_app(command, action);
  std::reverse(args.begin(), args.end());  // CLI11 takes them from the back
  try {
    app->parse(std::move(args));
    return action();
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app->help());
    return 0;
  } catch (const CLI::ParseError& error) {
    return usage_error(command.name, error.what());
  } catch (const UsageError& error) {
    return usage_error(command.name, error.message);
  }
}

int dispatch(std::vector<std::string> args) {
  if (args.empty()) {
    print_help(stderr);
    return kExitUsage;
  }
  const std::string first = args[0];
  if (first == "--help" || first == "-h" || (first == "help" && args.size() == 1)) {
    print_help(stdout);
    return 0;
  }
  if (first == "--version" || first == "-V" || first == "version") {
    fmt::print("wherry {}\n", kVersion);
    return 0;
  }
  if (first == "help") {
    const Command* command = find(args[1]);
    if (command == nullptr) return usage_error("", fmt::format("there is no command '{}'", args[1]));
    return run(*command, {"--help"});
  }
  if (const Command* command = find(first)) {
    args.erase(args.begin());
    return run(*command, std::move(args));
  }
  // A file (it has a dot or a slash) or options: an implied `run`.
  if (first.starts_with('-') || first.find_first_of("./") != std::string::npos)
    return run(kRunCommand, std::move(args));
  return usage_error("", fmt::format("there is no command '{}'", first));
}

}  // namespace

std::span<const Command> commands() {
  static const std::vector<Command> list = [] {
    std::vector<Command> all;
    for (const Command* command : kCommands) all.push_back(*command);
    return all;
  }();
  return list;
}

/// A full pipe or disk must not look like success.
int checked_exit_code(int code) {
  if (std::fflush(stdout) == 0 || code != 0) return code;
  std::fprintf(stderr, "wherry: cannot write to standard output\n");
  return kExitError;
}

void end_process(int code) { std::_Exit(checked_exit_code(code)); }

std::unique_ptr<CLI::App> make_app(const Command& command, std::function<int()>& action) {
  auto app = std::make_unique<CLI::App>(std::string(command.summary), "wherry " + std::string(command.name));
  app->formatter(std::make_shared<HelpFormatter>(command));
  app->footer(std::string(command.details));
  app->option_defaults()->always_capture_default(false);
  if (command.rest_is_guests) app->prefix_command();
  action = command.configure(*app);
  return app;
}

}  // namespace wherry::cli

int main(int argc, char** argv) {
  return wherry::cli::checked_exit_code(wherry::cli::dispatch(std::vector<std::string>(argv + 1, argv + argc)));
}
