// wherry wast FILE...: runs the scripts of WebAssembly's test suite.
#include <fmt/core.h>

#include <memory>
#include <set>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/engine_options.h"
#include "cli/wast_runner.h"

namespace wherry::cli {
namespace {

struct Options {
  EngineOptions engine;
  std::vector<std::string> files;
  std::string expected_failures;
  bool quiet = false;
};

/// The lines "file:line" of a list of expected failures; # begins a comment.
Result<std::set<std::string>> read_expected(const std::string& path) {
  std::set<std::string> expected;
  if (path.empty()) return expected;
  WHERRY_TRY(const std::string text, read_file(path));
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    line.resize(std::min(line.find('#'), line.size()));
    while (!line.empty() && line.back() == ' ') line.pop_back();
    if (!line.empty()) expected.insert(line);
    at = end + 1;
  }
  return expected;
}

/// The features a file of the suite is written for: the scripts of the threads proposal build on WebAssembly 1.0 and
/// assert that what came later is invalid.
Config config_for(const std::string& file, Config config) {
  if (file.find("proposals/threads/") != std::string::npos) {
    for (Feature later :
         {Feature::kMultiMemory, Feature::kReferenceTypes, Feature::kFunctionReferences, Feature::kGc}) {
      config.features.set(later, false);
    }
  }
  return config;
}

int run(const Options& options) {
  const Config config = options.engine.config();
  auto expected = read_expected(options.expected_failures);
  if (!expected.has_value()) return report(options.expected_failures, expected.error());

  uint64_t commands = 0, failures = 0, as_expected = 0, other_messages = 0;
  for (const std::string& file : options.files) {
    auto text = read_file(file);
    if (!text.has_value()) return report(file, text.error());
    auto result = run_script(*text, config_for(file, config));
    if (!result.has_value()) {
      report(file, result.error(), *text);
      ++failures;
      continue;
    }
    commands += result->commands;
    other_messages += result->other_messages;
    for (const ScriptFailure& failure : result->failures) {
      if (expected->erase(fmt::format("{}:{}", file, failure.line)) != 0) {
        ++as_expected;
        continue;
      }
      ++failures;
      fmt::print("{}:{}:{}: {}\n", file, failure.line, failure.column, failure.message);
    }
    if (!options.quiet)
      fmt::print("{}: {} of {} passed\n", file, result->commands - result->failures.size(), result->commands);
  }
  for (const std::string& unfulfilled : *expected) {
    fmt::print("{}: expected to fail, but passed; remove it from {}\n", unfulfilled, options.expected_failures);
    ++failures;
  }
  fmt::print("{} commands in {} files: {} passed, {} failed", commands, options.files.size(),
             commands - std::min(commands, failures + as_expected), failures);
  if (as_expected != 0) fmt::print(", {} failed as expected", as_expected);
  fmt::print(" ({} rejections with a message of our own)\n", other_messages);
  return failures == 0 ? 0 : kExitError;
}

std::function<int()> configure(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILE", options->files, "Scripts")->required();
  app.add_option("--expected-failures", options->expected_failures, "File of directives known to fail, file:line each")
      ->type_name("FILE");
  app.add_flag("-q,--quiet", options->quiet, "Print failures and the sum only");
  options->engine.add_to(app, true);
  return [options] { return run(*options); };
}

}  // namespace

const Command kWastCommand = {
    "wast",
    "[OPTIONS] FILE...",
    "run scripts of the WebAssembly test suite",
    "Every directive of a script is executed. Exits 1 if one fails.\n\n"
    "Example:\n  wherry wast --bounds checks testsuite/core/*.wast\n",
    configure,
};

}  // namespace wherry::cli
