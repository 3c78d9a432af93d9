// wherry run FILE [ARG...]: runs a WASI program, or calls an exported function.
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "api/engine_state.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/directory_option.h"
#include "cli/engine_options.h"
#include "cli/module_file.h"
#include "cli/network_options.h"
#include "cli/values.h"
#include "platform/process.h"
#include "wherry/wasi.h"
#include "wherry/wasi_threads.h"
#include "wherry/wherry.h"

namespace wherry::cli {
namespace {

struct Options {
  EngineOptions engine;
  NetworkOptions network;
  std::vector<std::string> directories, environment, modules;
  std::string invoke, argv0, time_limit, stdin_file, stdout_file, stderr_file;
  std::string max_output, stats;
  std::optional<uint64_t> fuel;
  std::optional<uint32_t> max_open_files, max_threads;
  bool reactor = false, no_cache = false;
  /// The file, and the guest's arguments.
  std::vector<std::string> words;
};

/// NAME=FILE as its two parts.
std::pair<std::string, std::string> split_module_option(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    throw UsageError{fmt::format("--module: '{}' is not NAME=FILE", text)};
  }
  return {text.substr(0, equals), text.substr(equals + 1)};
}

/// A run of one module, from loading to the exit code.
class Runner {
 public:
  explicit Runner(const Options& options)
      : options_(options), engine_(config(options)), store_(engine_), linker_(engine_) {
    if (!options.time_limit.empty()) {
      threads_.time_limit = std::chrono::nanoseconds(parse_duration("--time-limit", options.time_limit));
      store_.set_time_limit(threads_.time_limit);
    }
    if (options.fuel) store_.set_fuel(*options.fuel);
    if (options.max_threads) threads_.max_threads = *options.max_threads;
    store_.measure_time(!options.stats.empty());
  }

  /// Whether a compilation is under way that would end with this process.
  bool leaves_work() const { return detail::EngineState::of(engine_).is_compiling(); }

  int run() {
    const int code = run_program();
    if (options_.stats == "text") fmt::print(stderr, "{}", to_text(store_.stats()));
    if (options_.stats == "prometheus") fmt::print(stderr, "{}", to_prometheus(store_.stats()));
    return code;
  }

 private:
  int run_program() {
    const std::string& file = options_.words[0];
    // Mistakes on the command line come before anything is loaded.
    std::vector<std::pair<std::string, std::string>> libraries;
    for (const std::string& text : options_.modules) libraries.push_back(split_module_option(text));

    if (int code = grant_wasi(); code != 0) return code;
    for (const auto& [name, path] : libraries) {
      if (int code = add_library(name, path); code != 0) return code;
    }
    const auto module = load_module(engine_, file);
    if (!module) return kExitError;
    std::optional<Instance> instance;
    if (int code = instantiate(*module, file, &instance); !instance) return code;

    if (!options_.invoke.empty()) {
      return initialize_and_invoke(*instance, options_.invoke, {options_.words.begin() + 1, options_.words.end()});
    }
    if (options_.reactor || !instance->func("_start").has_value()) {
      if (options_.words.size() < 2) {
        if (options_.reactor) return initialize(*instance);
        complain(fmt::format("{}: it exports no _start; name a function to call: --invoke NAME", file));
        return kExitError;
      }
      return initialize_and_invoke(*instance, options_.words[1], {options_.words.begin() + 2, options_.words.end()});
    }
    auto start = instance->func<void()>("_start");
    if (!start.has_value()) return report(file, start.error());
    return finish(call_main([&start] { return (*start)(); }));
  }

  /// Calls into the program, with threads if it has them.
  CallResult<> call_main(const std::function<CallResult<>()>& main) {
    return group_ ? group_->run(*program_, store_, main) : main();
  }

  static Config config(const Options& options) {
    Config config = options.engine.config();
    config.fuel = options.fuel.has_value();
    config.use_user_directories();
    config.compile_in_background = !config.cache_directory.empty();
    if (options.no_cache) {
      config.cache_directory.clear();
      config.compile_in_background = false;
    }
    return config;
  }

  int grant_wasi() {
    WasiConfig config;
    config.arg(options_.argv0.empty() ? options_.words[0] : options_.argv0);
    // With a function to call, the words after the file are its arguments, not the program's.
    if (options_.invoke.empty()) {
      for (size_t i = 1; i < options_.words.size(); ++i) config.arg(options_.words[i]);
    }
    for (const std::string& variable : options_.environment) {
      if (const size_t at = variable.find('='); at != std::string::npos) {
        config.env(variable.substr(0, at), variable.substr(at + 1));
      } else if (const char* value = std::getenv(variable.c_str())) {
        config.env(variable, value);
      }
    }
    for (const std::string& text : options_.directories) {
      DirectoryGrant grant = parse_directory(text);
      config.preopen(std::move(grant.host), std::move(grant.guest), grant.access);
    }
    if (!options_.network.apply(config)) return kExitError;
    if (!redirect(options_.stdin_file, O_RDONLY, STDIN_FILENO) ||
        !redirect(options_.stdout_file, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO) ||
        !redirect(options_.stderr_file, O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO)) {
      return kExitError;
    }
    config.standard_input(WasiStream::inherit());
    config.standard_output(WasiStream::inherit());
    config.standard_error(WasiStream::inherit());
    if (options_.max_open_files) config.max_open_files(*options_.max_open_files);
    if (!options_.max_output.empty()) config.max_output_bytes(parse_bytes("--max-output", options_.max_output));
    auto wasi = Wasi::make(config);
    if (!wasi.has_value()) {
      complain(wasi.error().message);
      return kExitError;
    }
    wasi_ = std::move(*wasi);
    return 0;
  }

  /// The process' own stream becomes the file, and so the guest's.
  static bool redirect(const std::string& file, int flags, int to) {
    if (file.empty()) return true;
    const int fd = ::open(file.c_str(), flags | O_CLOEXEC, 0666);
    if (fd < 0) {
      complain(fmt::format("{}: cannot open: {}", file, std::strerror(errno)));
      return false;
    }
    ::dup2(fd, to);
    ::close(fd);
    return true;
  }

  int add_library(const std::string& name, const std::string& path) {
    const auto module = load_module(engine_, path);
    if (!module) return kExitError;
    std::optional<Instance> instance;
    if (int code = instantiate(*module, path, &instance); !instance) return code;
    if (int code = initialize(*instance); code != 0) return code;
    auto linked = linker_.instance(name, *instance);
    return linked.has_value() ? 0 : report(path, linked.error());
  }

  int instantiate(const Module& module, const std::string& file, std::optional<Instance>* instance) {
    if (auto added = add_wasi(linker_, *wasi_, module); !added.has_value()) return report(file, added.error());
    if (!group_ && WasiThreads::is_used_by(module)) {
      auto group = WasiThreads::add(linker_, module, threads_);
      if (!group.has_value()) return report(file, group.error());
      group_ = *group;
    }
    if (const auto missing = linker_.missing(module); !missing.empty()) {
      std::string list;
      for (const ImportType& import : missing) {
        list += fmt::format("\n  {}.{}  {}", import.module, import.name, engine_.to_string(import.type));
      }
      complain(fmt::format("{}: unknown import{}: give a module that exports {} with --module NAME=FILE{}", file,
                           missing.size() == 1 ? "" : "s", missing.size() == 1 ? "it" : "them", list));
      return kExitError;
    }
    auto program = linker_.prepare(module);
    if (!program.has_value()) return report(file, program.error());
    if (WasiThreads::is_used_by(module)) program_ = *program;
    auto made = program->instantiate(store_);
    if (made.has_value()) {
      *instance = *made;
      return 0;
    }
    if (made.error().trap) return finish(std::unexpected(*made.error().trap));
    return report(file, made.error());
  }

  /// A reactor's set-up function, if there is one.
  int initialize(const Instance& instance) {
    auto initialize = instance.func<void()>("_initialize");
    return initialize.has_value() ? finish((*initialize)()) : 0;
  }

  int initialize_and_invoke(const Instance& instance, const std::string& name, const std::vector<std::string>& words) {
    const auto func = instance.func(name);
    if (!func.has_value()) return report(options_.words[0], func.error());
    const FuncType type = func->type();
    if (words.size() != type.params.size()) {
      throw UsageError{fmt::format("{} takes {} argument{}, not {}: {}", name, type.params.size(),
                                   type.params.size() == 1 ? "" : "s", words.size(),
                                   engine_.to_string(ExternType(type)))};
    }
    std::vector<Value> args;
    for (size_t i = 0; i < words.size(); ++i) {
      auto value = parse_value(words[i], type.params[i]);
      if (!value.has_value()) throw UsageError{fmt::format("{}: argument {}: {}", name, i + 1, value.error().message)};
      args.push_back(std::move(*value));
    }
    if (int code = initialize(instance); code != 0) return code;
    std::vector<Value> results;
    const CallResult<> ended = call_main([&]() -> CallResult<> {
      auto called = func->call(args);
      if (!called.has_value()) return std::unexpected(std::move(called.error()));
      results = std::move(*called);
      return {};
    });
    if (!ended.has_value()) return finish(ended);
    for (const Value& value : results) fmt::print("{}\n", print_value(value));
    return 0;
  }

  /// The exit code that a call's outcome stands for.
  static int finish(const CallResult<>& result) {
    if (result.has_value()) return 0;
    if (result.error().kind == TrapKind::kExit) return static_cast<int>(result.error().exit_code);
    return report(result.error());
  }

  const Options& options_;
  Engine engine_;
  Store store_;
  Linker linker_;
  std::optional<Wasi> wasi_;
  WasiThreadsOptions threads_;
  std::optional<WasiThreads> group_;  ///< If the program has threads.
  std::optional<InstancePre> program_;
};

/// Starts the compilation again, in a process of its own which ends soon: so that a program that runs for less time
/// than it takes to compile gets its native code for the next run.
void compile_afterwards(const Options& options) {
  std::vector<std::string> arguments = {"cache", "add", "--for", "10s"};
  const auto engine = options.engine.code_arguments();
  arguments.insert(arguments.end(), engine.begin(), engine.end());
  if (options.fuel) arguments.push_back("--fuel");
  arguments.push_back(options.words[0]);
  if (options.words[0] != "-") platform::start_detached("/proc/self/exe", arguments);
}

int run(const Options& options) {
  Runner runner(options);
  const int code = runner.run();
  if (!runner.leaves_work()) return code;
  // The engine would wait until the compiler has stopped.
  compile_afterwards(options);
  end_process(code);
}

std::function<int()> configure(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--dir", options->directories,
                 "Give the guest a directory: HOST, HOST::GUEST, GUEST:HOST; read-only with :ro")
      ->type_name("DIR")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--env", options->environment, "Give the guest an environment variable; NAME alone passes yours on")
      ->type_name("NAME[=VALUE]")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--invoke", options->invoke, "Call this export with the words after FILE, and print its results")
      ->type_name("NAME");
  app.add_flag("--reactor", options->reactor,
               "Do not run _start: call _initialize, then the export named by the word after FILE");
  app.add_option("--module", options->modules, "Instantiate another module first, for FILE to import from")
      ->type_name("NAME=FILE")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--argv0", options->argv0, "The program's name as the guest sees it (default: FILE)")
      ->type_name("NAME");
  app.add_option("--stdin", options->stdin_file, "Standard input from a file")->type_name("FILE");
  app.add_option("--stdout", options->stdout_file, "Standard output to a file")->type_name("FILE");
  app.add_option("--stderr", options->stderr_file, "Standard error to a file")->type_name("FILE");
  app.add_option("--time-limit", options->time_limit, "End the guest after this long: 500ms, 2s, 1m")
      ->type_name("TIME");
  app.add_option("--fuel", options->fuel, "End the guest after this many instructions")->type_name("COUNT");
  app.add_flag("--no-cache", options->no_cache, "Neither use nor make native code in the cache");
  options->network.add_to(app);
  app.add_option("--max-open-files", options->max_open_files, "Most files and sockets open at once")
      ->type_name("COUNT");
  app.add_option("--max-output", options->max_output, "Most that the guest may write, in all")->type_name("SIZE");
  app.add_option("--max-threads", options->max_threads, "Most threads of a program that uses wasi-threads")
      ->type_name("COUNT");
  app.add_flag("--stats{text}", options->stats,
               "At the end, say on standard error what was used; --stats=prometheus: in that form")
      ->check(CLI::IsMember({"text", "prometheus"}));
  options->engine.add_to(app, true);
  return [options, &app] {
    options->words = app.remaining();
    if (!options->words.empty() && options->words[0] == "--") options->words.erase(options->words.begin());
    if (options->words.empty()) throw UsageError{"FILE is missing: what should run?"};
    if (options->words[0].size() > 1 && options->words[0].starts_with('-')) {
      throw UsageError{fmt::format("there is no option {}", options->words[0])};
    }
    return run(*options);
  };
}

}  // namespace

const Command kRunCommand = {
    "run",
    "[OPTIONS] FILE [ARG...]",
    "run a program, or call a function of a module",
    "What stands after FILE belongs to the guest. The exit code is the guest's; a trap prints a backtrace and gives "
    "134.\n\n"
    "Examples:\n"
    "  wherry run app.wasm --its-own-option\n"
    "  wherry run --dir .::/work:ro --env HOME=/work app.wasm\n"
    "  wherry run --invoke fib fib.wat 30\n"
    "  wherry run --net listen:tcp:127.0.0.1:8080 server.wasm\n"
    "  wherry run --time-limit 2s --max-memory 64M untrusted.wasm\n"
    "  wherry run --module math=math.wasm app.wasm      app.wasm imports from \"math\"\n",
    configure,
    true,
};

}  // namespace wherry::cli
