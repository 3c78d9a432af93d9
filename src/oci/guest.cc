#include "oci/guest.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>
#include <variant>

#include "oci/recognise.h"
#include "wherry/wasi.h"
#include "wherry/wherry.h"

namespace wherry::oci {
namespace {

constexpr size_t kMaxModuleBytes = size_t{1} << 30;

struct Program {
  Fd file;
  std::string path;
  std::string function;
};

/// The first regular file that args[0] may name.
Result<Program> find_program(const ProcessConfig& process) {
  const Fd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (process.args.empty()) return fail(ErrorCode::kInvalid, "process.args is empty");
  const std::string& arg = process.args[0];
  for (const EntryPoint& entry : {EntryPoint{.path = arg}, parse_entry_point(arg)}) {
    for (const std::string& path : candidate_paths(entry.path, process)) {
      auto file = open_in_root(root.get(), path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
      struct stat info = {};
      if (file.has_value() && fstat(file->get(), &info) == 0 && S_ISREG(info.st_mode)) {
        return Program{std::move(*file), path, entry.function};
      }
    }
  }
  // Engines look for these words to tell their users.
  return fail(ErrorCode::kNotFound, "exec: \"" + arg + "\": no such file or directory");
}

std::string head_of(int file) {
  char head[8];
  const ssize_t got = pread(file, head, sizeof head, 0);
  return {head, got > 0 ? static_cast<size_t>(got) : 0};
}

int signal_exit_code(int signal) { return 128 + signal; }

/// Signals that by default end a process, and can be waited for.
sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal :
       {SIGHUP, SIGINT, SIGQUIT, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGPOLL, SIGSTKFLT, SIGPWR}) {
    sigaddset(&set, signal);
  }
  return set;
}

}  // namespace

struct Guest::State {
  Program program;
  std::optional<Wasi> wasi;
  std::string module_text;  ///< The module's bytes: a copy, since the guest may be able to write its file.
  std::optional<Engine> engine;
  std::optional<Module> module;
  std::optional<Linker> linker;
  std::optional<InstancePre> ready;
};

Guest::Guest(std::unique_ptr<State> state) : state_(std::move(state)) {}
Guest::Guest(Guest&&) noexcept = default;
Guest& Guest::operator=(Guest&&) noexcept = default;
Guest::~Guest() = default;

const std::string& Guest::module_path() const { return state_->program.path; }

bool Guest::is_native(const ProcessConfig& process) {
  const auto program = find_program(process);
  return program.has_value() && file_kind(head_of(program->file.get())) == FileKind::kNative;
}

Result<Guest> Guest::open(const ProcessConfig& process, const std::vector<int>& sockets,
                          const std::string& network_rules) {
  auto state = std::make_unique<State>();
  WHERRY_TRY(state->program, find_program(process));

  WasiConfig config;
  config.args(process.args);
  bool knows_directory = false;
  for (const std::string& variable : process.env) {
    const size_t equals = variable.find('=');
    if (equals == variable.npos || equals == 0) continue;
    config.env(variable.substr(0, equals), variable.substr(equals + 1));
    knows_directory |= variable.starts_with("PWD=");
  }
  // WASI has no working directory; some languages' libraries take it from here.
  if (!knows_directory) config.env("PWD", process.cwd);
  config.preopen("/", "/");
  config.standard_input(WasiStream::inherit());
  config.standard_output(WasiStream::inherit());
  config.standard_error(WasiStream::inherit());
  for (const int socket : sockets) config.socket(socket);
  config.network_rules(network_rules);
  WHERRY_TRY(state->wasi, Wasi::make(config));
  return Guest(std::move(state));
}

Result<> Guest::prepare() {
  State& state = *state_;
  const std::string& path = state.program.path;
  const auto about = [&](const Error& error) { return fail(error.code, path + ": " + error.message, error.offset); };
  auto bytes = read_all(state.program.file.get(), kMaxModuleBytes);
  if (!bytes.has_value()) return about(bytes.error());
  state.module_text = std::move(*bytes);
  state.program.file = Fd();

  wherry::Config config;
  // Threads are counted by the container's pids limit.
  config.validation_threads = 1;
  state.engine.emplace(config);
  Result<Module> module = fail(ErrorCode::kInvalid, "");
  switch (file_kind(std::string_view(state.module_text).substr(0, 8))) {
    case FileKind::kComponent:
      return fail(ErrorCode::kUnsupported, path + ": WebAssembly components cannot be run yet, only modules");
    case FileKind::kModule:
      module = Module::from_binary(
          *state.engine, {reinterpret_cast<const uint8_t*>(state.module_text.data()), state.module_text.size()},
          BytesUse::kBorrow);
      break;
    default:
      if (!path.ends_with(".wat")) return fail(ErrorCode::kMalformed, path + " is not WebAssembly");
      module = Module::from_wat(*state.engine, state.module_text);
  }
  if (!module.has_value()) return about(module.error());
  state.module = std::move(*module);
  state.linker.emplace(*state.engine);
  WHERRY_CHECK(add_wasi(*state.linker, *state.wasi, *state.module));
  auto ready = state.linker->prepare(*state.module);
  if (!ready.has_value()) return about(ready.error());
  state.ready = std::move(*ready);
  const auto type = state.module->export_type(state.program.function);
  if (!type || !std::holds_alternative<FuncType>(*type)) {
    return fail(ErrorCode::kNotFound, path + " exports no function " + state.program.function);
  }
  return {};
}

namespace {

void complain(const std::string& text) {
  const std::string line = text.ends_with('\n') ? text : text + '\n';
  const ssize_t ignored = write(STDERR_FILENO, line.data(), line.size());
  (void)ignored;
}

/// A guest that runs, in a thread of its own: the first thread of a process that came from clone(2) has a number in
/// glibc that is its parent's, so it cannot be interrupted by pthread_kill. The first thread waits for signals.
class Run {
 public:
  Run(const Guest::State& state, GuestStats* stats)
      : state_(state), stats_(stats), store_(*state.engine), interrupt_(store_.interrupt_handle()) {}

  [[noreturn]] void start() {
    sigset_t signals = ending_signals();
    sigaddset(&signals, SIGRTMIN + kStatsSignal);
    // Blocked in all threads, so that only the one that waits for them has them.
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, kStackBytes);
    pthread_t thread;
    const auto body = [](void* run) -> void* { _exit(static_cast<Run*>(run)->guest()); };
    if (pthread_create(&thread, &attributes, body, this) != 0) {
      // No thread to be had (a pids limit of 1): signals end the process as they did before.
      pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
      _exit(guest());
    }
    wait_for_signals(signals);
  }

 private:
  static constexpr size_t kStackBytes = size_t{8} << 20;

  [[noreturn]] void wait_for_signals(const sigset_t& signals) {
    for (;;) {
      siginfo_t info = {};
      const int signal = sigwaitinfo(&signals, &info);
      if (signal < 0) continue;
      if (signal == SIGRTMIN + kStatsSignal) {
        renew_stats();
        continue;
      }
      if (signal != SIGTERM && signal != SIGINT) _exit(signal_exit_code(signal));
      received_.store(signal);
      interrupt_.interrupt();
      // A call to the host that does not return, or another signal, ends the wait.
      const timespec grace = {.tv_sec = 2, .tv_nsec = 0};
      sigtimedwait(&signals, &info, &grace);
      _exit(signal_exit_code(signal));
    }
  }

  /// Reads of the memory's size race with the guest only in their moment, not in their meaning.
  void renew_stats() {
    if (stats_ == nullptr || !running_.load()) return;
    uint64_t bytes = 0;
    for (const ExportType& item : state_.module->exports()) {
      if (!std::holds_alternative<MemoryType>(item.type)) continue;
      if (const auto memory = instance_->memory(item.name); memory.has_value()) bytes += memory->data().size();
    }
    stats_->memory_bytes = bytes;
    stats_->module_bytes = state_.module->bytes().size();
    __atomic_add_fetch(&stats_->sequence, 1, __ATOMIC_RELEASE);
  }

  int finish(const Trap& trap) const {
    if (trap.kind == TrapKind::kExit) return static_cast<int>(trap.exit_code & 0xff);
    if (trap.kind == TrapKind::kInterrupted && received_.load() != 0) return signal_exit_code(received_.load());
    complain(trap.to_string());
    return kTrapExitCode;
  }

  int guest() {
    auto made = state_.ready->instantiate(store_);
    if (!made.has_value()) {
      if (made.error().trap) return finish(*made.error().trap);
      complain("wherry-oci: " + made.error().message);
      return kTrapExitCode;
    }
    instance_ = *made;
    running_.store(true);
    const std::string& name = state_.program.function;
    // A reactor is set up before one of its functions is called.
    if (name != "_start") {
      if (auto initialize = instance_->func<void()>("_initialize"); initialize.has_value()) {
        if (auto result = (*initialize)(); !result.has_value()) return finish(result.error());
      }
    }
    const auto function = instance_->func(name);
    if (!function.has_value() || !function->type().params.empty()) {
      complain("wherry-oci: " + name + " takes arguments: it cannot be an entry point");
      return kTrapExitCode;
    }
    auto results = function->call({});
    return results.has_value() ? 0 : finish(results.error());
  }

  const Guest::State& state_;
  GuestStats* const stats_;
  Store store_;
  const InterruptHandle interrupt_;  ///< Asked for before the guest runs: only then are its calls watched.
  std::optional<Instance> instance_;
  std::atomic<bool> running_ = false;
  std::atomic<int> received_ = 0;
};

}  // namespace

void Guest::run(GuestStats* stats) { Run(*state_, stats).start(); }

}  // namespace wherry::oci
