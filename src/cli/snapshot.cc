// wherry snapshot FILE --init NAME -o OUT: runs a module's initialisation and keeps what came of it.
#include <fmt/core.h>

#include <memory>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/directory_option.h"
#include "cli/engine_options.h"
#include "cli/module_file.h"
#include "wherry/wasi.h"
#include "wherry/wherry.h"

namespace wherry::cli {
namespace {

constexpr std::string_view kReactorInit = "_initialize";

struct Options {
  EngineOptions engine;
  std::vector<std::string> directories, environment;
  std::string file, init, output, time_limit;
  bool keep_init = false;
};

Result<Wasi> make_world(const Options& options) {
  WasiConfig config;
  config.arg(options.file);
  for (const std::string& variable : options.environment) {
    const size_t at = variable.find('=');
    if (at == std::string::npos) throw UsageError{fmt::format("--env: '{}' is not NAME=VALUE", variable)};
    config.env(variable.substr(0, at), variable.substr(at + 1));
  }
  for (const std::string& text : options.directories) {
    DirectoryGrant grant = parse_directory(text);
    config.preopen(std::move(grant.host), std::move(grant.guest), grant.access);
  }
  config.standard_input(WasiStream::inherit());
  config.standard_output(WasiStream::inherit());
  config.standard_error(WasiStream::inherit());
  return Wasi::make(config);
}

int run(const Options& options) {
  const Engine engine(options.engine.config());
  const auto module = load_module(engine, options.file);
  if (!module) return kExitError;
  const auto wasi = make_world(options);
  if (!wasi.has_value()) return report(options.file, wasi.error());
  Linker linker(engine);
  if (auto added = add_wasi(linker, *wasi, *module); !added.has_value()) return report(options.file, added.error());

  Store store(engine);
  if (!options.time_limit.empty()) {
    store.set_time_limit(std::chrono::nanoseconds(parse_duration("--time-limit", options.time_limit)));
  }
  const auto instance = linker.instantiate(store, *module);
  if (!instance.has_value()) {
    return instance.error().trap ? report(*instance.error().trap) : report(options.file, instance.error());
  }
  const uint32_t granted = wasi->open_descriptors();

  // A reactor's own set-up comes first, and must not come again.
  std::vector<std::string> inits;
  if (options.init != kReactorInit && module->export_type(kReactorInit)) inits.emplace_back(kReactorInit);
  inits.push_back(options.init);
  for (const std::string& name : inits) {
    const auto init = instance->func<void()>(name);
    if (!init.has_value()) return report(options.file, init.error());
    if (const CallResult<> called = (*init)(); !called.has_value()) return report(called.error());
  }
  if (wasi->open_descriptors() != granted) {
    complain(fmt::format("{}: {} left files open (or closed what it was given), which a module cannot hold",
                         options.file, options.init));
    return kExitError;
  }
  if (options.keep_init) inits.pop_back();
  const auto bytes = snapshot(*instance, {.drop_exports = std::move(inits)});
  if (!bytes.has_value()) return report(options.file, bytes.error());
  const auto written = write_file(options.output, *bytes);
  return written.has_value() ? 0 : report(options.output, written.error());
}

std::function<int()> configure(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILE", options->file, "A module: .wasm or .wat; - for standard input")->required();
  app.add_option("--init", options->init, "The export to call, which takes and gives nothing")
      ->type_name("NAME")
      ->required();
  app.add_option("-o,--output", options->output, "Where the new module goes; - for standard output")
      ->type_name("FILE")
      ->required();
  app.add_flag("--keep-init", options->keep_init, "Leave the initialiser exported");
  app.add_option("--dir", options->directories, "Give the initialiser a directory, as `wherry run` does")
      ->type_name("DIR")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--env", options->environment, "Give the initialiser an environment variable")
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--time-limit", options->time_limit, "End the initialiser after this long: 500ms, 2s, 1m")
      ->type_name("TIME");
  options->engine.add_to(app, true);
  return [options] { return run(*options); };
}

}  // namespace

const Command kSnapshotCommand = {
    "snapshot",
    "[OPTIONS] FILE --init NAME -o OUT",
    "run a module's initialisation once and keep the result",
    "Calls NAME (of a reactor, _initialize first), and writes a module whose memories, tables and globals begin as "
    "they "
    "are then. It has no start function, and does not export the initialiser. What cannot be kept is an error: "
    "imported "
    "state, references to objects, open files.\n\n"
    "Example:\n"
    "  wherry snapshot --init warm_up app.wasm -o ready.wasm\n"
    "  wherry run ready.wasm\n",
    configure,
};

}  // namespace wherry::cli
