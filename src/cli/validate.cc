// wherry validate FILE...: reads and validates modules.
#include <memory>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/engine_options.h"
#include "cli/module_file.h"

namespace wherry::cli {
namespace {

struct Options {
  EngineOptions engine;
  std::vector<std::string> files;
};

int run(const Options& options) {
  const Engine engine(options.engine.config());
  int code = 0;
  for (const std::string& file : options.files) {
    if (!load_module(engine, file)) code = kExitError;
  }
  return code;
}

std::function<int()> configure(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILE", options->files, "Modules: .wasm or .wat; - for standard input")->required();
  options->engine.add_to(app, false);
  return [options] { return run(*options); };
}

}  // namespace

const Command kValidateCommand = {
    "validate",
    "[OPTIONS] FILE...",
    "check that modules are valid",
    "Says nothing of valid modules. Exits 1 if one is not valid, with the place and the reason.\n\n"
    "Examples:\n"
    "  wherry validate app.wasm\n"
    "  wherry validate --disable simd,threads app.wasm    would it run where these are missing?\n",
    configure,
};

}  // namespace wherry::cli
