// wherry key: makes and shows signing keys.
#include <fmt/core.h>

#include <memory>

#include "artifact/keys.h"
#include "cli/command.h"
#include "cli/console.h"

namespace wherry::cli {
namespace {

struct Options {
  std::string action, file;
};

int generate(const std::string& name) {
  const auto key = artifact::generate_signing_key(name);
  if (!key.has_value()) {
    complain(key.error().message);
    return kExitError;
  }
  fmt::print(
      "{}.key   the secret: wherry compile --sign {}.key\n{}.pub   for those who should trust it: wherry trust add "
      "{}.pub\n",
      name, name, name, name);
  return 0;
}

int show(const std::string& file) {
  const auto seed = artifact::load_signing_key(file);
  if (!seed.has_value()) {
    complain(seed.error().message);
    return kExitError;
  }
  std::string name = file.substr(file.rfind('/') + 1);
  if (name.ends_with(".key")) name.resize(name.size() - 4);
  fmt::print("{}\n", artifact::to_line({artifact::public_key_of(*seed), name}));
  return 0;
}

std::function<int()> configure(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("ACTION", options->action, "generate, show")->required()->check(CLI::IsMember({"generate", "show"}));
  app.add_option("NAME", options->file, "generate: the files NAME.key and NAME.pub; show: a .key file")->required();
  return [options] { return options->action == "generate" ? generate(options->file) : show(options->file); };
}

}  // namespace

const Command kKeyCommand = {
    "key",
    "generate NAME | show FILE",
    "make a key to sign native code with",
    "What you compile for yourself needs no key: it is sealed with one of your own. A signing key is for those who "
    "shall "
    "run your native code on other machines. `show` prints the public key of a secret one.\n\n"
    "Example:\n"
    "  wherry key generate release\n"
    "  wherry compile --sign release.key app.wasm\n"
    "  wherry trust add release.pub                  where it shall run\n",
    configure,
};

}  // namespace wherry::cli
