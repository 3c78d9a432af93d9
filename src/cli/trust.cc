// wherry trust: whose native code may run here.
#include <fmt/core.h>

#include <memory>

#include "artifact/keys.h"
#include "cli/command.h"
#include "cli/console.h"
#include "platform/storage.h"

namespace wherry::cli {
namespace {

struct Options {
  std::string action;
  std::vector<std::string> words;
};

/// A public key file, or the words of its line.
Result<artifact::TrustedKey> find_key(const std::vector<std::string>& words) {
  if (words.size() == 1) return artifact::load_public_key(words[0]);
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  return artifact::parse_key_line(line);
}

Result<> perform(const Options& options) {
  artifact::Keyring keys(platform::user_config_directory());
  if (options.action == "list") {
    WHERRY_TRY(const auto trusted, keys.trusted());
    for (const artifact::TrustedKey& key : trusted) fmt::print("{}\n", artifact::to_line(key));
    return {};
  }
  if (options.words.empty()) throw UsageError{fmt::format("trust {}: which key?", options.action)};
  if (options.action == "remove") {
    std::string name;
    for (const std::string& word : options.words) name += (name.empty() ? "" : " ") + word;
    return keys.remove(name);
  }
  WHERRY_TRY(const artifact::TrustedKey key, find_key(options.words));
  WHERRY_CHECK(keys.add(key));
  fmt::print("trusted: {}\n", artifact::to_line(key));
  return {};
}

int run(const Options& options) {
  const auto done = perform(options);
  if (done.has_value()) return 0;
  complain(done.error().message);
  return kExitError;
}

std::function<int()> configure(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("ACTION", options->action, "add, list, remove")
      ->required()
      ->check(CLI::IsMember({"add", "list", "remove"}));
  app.add_option("KEY", options->words, "add: a .pub file, or its line; remove: the name or the key in base 64");
  return [options] { return run(*options); };
}

}  // namespace

const Command kTrustCommand = {
    "trust",
    "add FILE | list | remove NAME",
    "choose whose native code may run here",
    "Native code can do anything that you can. Trust a key only if you trust its owner with your account.\n\n"
    "Examples:\n"
    "  wherry trust add release.pub\n"
    "  wherry trust add ed25519 mT3x...= release      the line of such a file\n"
    "  wherry trust remove release\n",
    configure,
};

}  // namespace wherry::cli
