// wherry cache: the code that was compiled before.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "api/engine_state.h"
#include "artifact/code_cache.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/engine_options.h"
#include "cli/module_file.h"
#include "platform/process.h"
#include "platform/storage.h"

namespace wherry::cli {
namespace {

/// Of what is compiled for later.
constexpr int kNice = 10;

struct Options {
  EngineOptions engine;
  std::string action, file, max_size, patience;
  bool fuel = false;
};

std::string date(uint64_t ns) {
  const std::time_t seconds = static_cast<std::time_t>(ns / 1'000'000'000);
  std::tm parts;
  char text[32];
  localtime_r(&seconds, &parts);
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  return text;
}

std::string size(uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  const char* unit = "KMGT";
  double value = static_cast<double>(bytes) / 1024;
  for (; value >= 1024 && unit[1] != '\0'; ++unit) value /= 1024;
  return fmt::format("{:.1f} {}iB", value, *unit);
}

/// Compiles a module into the cache, unless it is there or somebody is at it already.
int add(const Options& options) {
  Config config = options.engine.config();
  config.fuel = options.fuel;
  config.tier = TierKind::kLlvm;
  config.use_user_directories();
  if (!options.patience.empty()) {
    const uint64_t seconds = parse_duration("--for", options.patience) / 1'000'000'000;
    ::alarm(static_cast<unsigned>(std::clamp<uint64_t>(seconds, 1, 1'000'000)));  // which ends the process
    platform::be_nice(kNice);
  }
  const Engine engine(config);
  auto& state = detail::EngineState::of(engine);
  const auto file = state.open_module(options.file);
  if (!file.has_value()) {
    complain(file.error().message);
    return kExitError;
  }
  const platform::FileLock lock = state.depot().lock(artifact::digest_of(file->bytes));
  if (!lock) return 0;
  return load_module(engine, options.file) ? 0 : kExitError;
}

int run(const Options& options) {
  if (options.action == "add") {
    if (options.file.empty()) throw UsageError{"cache add: which file?"};
    return add(options);
  }
  const uint64_t limit =
      options.max_size.empty() ? artifact::kDefaultCacheBytes : parse_bytes("--max-size", options.max_size);
  const std::string directory = platform::user_cache_directory();
  if (directory.empty()) {
    complain("there is no cache: neither XDG_CACHE_HOME nor HOME is set");
    return kExitError;
  }
  if (options.action == "dir") {
    fmt::print("{}\n", directory);
    return 0;
  }
  artifact::Trust trust(platform::user_config_directory(), directory);
  artifact::CodeCache cache(directory, limit, trust);
  if (options.action == "list") {
    uint64_t total = 0;
    for (const artifact::CacheEntry& entry : cache.list()) {
      fmt::print("{}  {:>10}  {}\n", date(entry.used_ns), size(entry.size), entry.name);
      total += entry.size;
    }
    fmt::print("{} in {}\n", size(total), directory);
    return 0;
  }
  const uint64_t removed = cache.prune(options.action == "clear" ? 0 : limit);
  if (options.action == "clear") trust.stamps().clear();
  fmt::print("{} removed\n", size(removed));
  return 0;
}

std::function<int()> configure(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("ACTION", options->action, "list, dir, prune, clear, add")
      ->required()
      ->check(CLI::IsMember({"list", "dir", "prune", "clear", "add"}));
  app.add_option("FILE", options->file, "add: the module to compile");
  app.add_option("--max-size", options->max_size, "prune: how much may stay (default 2G)")->type_name("SIZE");
  app.add_option("--for", options->patience, "add: gently, and for so long at most")->type_name("TIME");
  app.add_flag("--fuel", options->fuel, "add: code that meters fuel");
  options->engine.add_to(app, true);
  return [options] { return run(*options); };
}

}  // namespace

const Command kCacheCommand = {
    "cache",
    "list | dir | prune | clear | add FILE",
    "look after the cache of compiled code",
    "`wherry run` keeps what it compiles, and removes what was not used for longest beyond 2 GiB. `list` shows when an "
    "entry was last used, how large it is, and its name. `clear` removes everything; `add` compiles a module now.\n\n"
    "Examples:\n"
    "  wherry cache add app.wasm                     wherry run app.wasm is fast from its first run\n"
    "  wherry cache prune --max-size 200M\n",
    configure,
};

}  // namespace wherry::cli
