// wherry-oci: an OCI runtime. Finds the command, and whose container it is about: WebAssembly containers are run here,
// Linux ones by crun or runc, which this process becomes.
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "cli/oci_foreground.h"
#include "cli/oci_log.h"
#include "cli/oci_options.h"
#include "cli/version.h"
#include "oci/container.h"
#include "oci/delegate.h"
#include "oci/features.h"
#include "oci/guest.h"
#include "oci/linux/channel.h"
#include "oci/linux/process_title.h"
#include "oci/recognise.h"

namespace wherry::cli {
namespace {

using oci::Fd;
using oci::Json;
using oci::Owner;

constexpr OptionSpec kGlobalOptions[] = {
    {"root", 0, true, "directory for the state of containers"},
    {"log", 0, true, "file for errors, beside standard error"},
    {"log-format", 0, true, "text or json"},
    {"cgroup-manager", 0, true, "cgroupfs, systemd or disabled"},
    {"systemd-cgroup", 0, false, "the same as --cgroup-manager=systemd"},
    {"rootless", 0, true, "true, false or auto; taken as auto"},
    {"handler", 0, true, "wasm: take containers for WebAssembly unless they are native programs"},
    {"criu", 0, true, "for runc"},
    {"debug", 0, false, "for crun and runc"},
    {"version", 'v', false, "print the version"},
    {"help", 'h', false, "print this text"}};

constexpr OptionSpec kCreateOptions[] = {
    {"bundle", 'b', true},      {"config", 'f', true},     {"console-socket", 0, true}, {"pid-file", 0, true},
    {"pidfd-socket", 0, true},  {"preserve-fds", 0, true}, {"no-pivot", 0, false},      {"no-new-keyring", 0, false},
    {"no-subreaper", 0, false}, {"detach", 'd', false},    {"keep", 0, false}};
constexpr OptionSpec kExecOptions[] = {
    {"console-socket", 0, true}, {"cwd", 0, true},           {"env", 'e', true},
    {"tty", 't', false},         {"user", 'u', true},        {"additional-gids", 'g', true},
    {"process", 'p', true},      {"detach", 'd', false},     {"pid-file", 0, true},
    {"process-label", 0, true},  {"apparmor", 0, true},      {"no-new-privs", 0, false},
    {"cap", 'c', true},          {"preserve-fds", 0, true},  {"pidfd-socket", 0, true},
    {"cgroup", 0, true},         {"ignore-paused", 0, false}};
constexpr OptionSpec kKillOptions[] = {{"all", 'a', false}, {"regex", 'r', false}};
constexpr OptionSpec kDeleteOptions[] = {{"force", 'f', false}, {"regex", 'r', false}};
constexpr OptionSpec kListOptions[] = {{"format", 'f', true}, {"quiet", 'q', false}};
constexpr OptionSpec kPsOptions[] = {{"format", 'f', true}};
constexpr OptionSpec kEventsOptions[] = {{"stats", 0, false}, {"interval", 0, true}};
constexpr OptionSpec kSpecOptions[] = {{"bundle", 'b', true}, {"rootless", 0, false}};
constexpr OptionSpec kUpdateOptions[] = {
    {"resources", 'r', true},        {"blkio-weight", 0, true},      {"cpu-period", 0, true},
    {"cpu-quota", 0, true},          {"cpu-burst", 0, true},         {"cpu-share", 0, true},
    {"cpu-shares", 0, true},         {"cpu-rt-period", 0, true},     {"cpu-rt-runtime", 0, true},
    {"cpuset-cpus", 0, true},        {"cpuset-mems", 0, true},       {"cpu-idle", 0, true},
    {"kernel-memory", 0, true},      {"kernel-memory-tcp", 0, true}, {"memory", 0, true},
    {"memory-reservation", 0, true}, {"memory-swap", 0, true},       {"pids-limit", 0, true},
    {"l3-cache-schema", 0, true},    {"mem-bw-schema", 0, true}};

/// A run of the program.
struct Program {
  oci::DelegateOptions options;
  Log log;
  bool prefer_wasm = false;

  Result<int> create(const Words& words, bool run, const std::vector<std::string>& line);
  Result<int> start(const Words& words);
  Result<int> state(const Words& words);
  Result<int> kill(const Words& words);
  Result<int> remove(const Words& words);
  Result<int> list(const Words& words);
  Result<int> ps(const Words& words);
  Result<int> exec(const Words& words);
  Result<int> pause(const Words& words);
  Result<int> resume(const Words& words);
  Result<int> update(const Words& words);
  Result<int> events(const Words& words);
  Result<int> features(const Words& words);
  Result<int> spec(const Words& words);
};

Result<std::string> container_id(const Words& words, size_t others = 0) {
  if (words.words().empty()) return fail(ErrorCode::kInvalid, "the container's id is missing");
  if (words.words().size() > 1 + others)
    return fail(ErrorCode::kInvalid, "too many words: " + words.words()[1 + others]);
  return words.words()[0];
}

Result<int> number_option(const Words& words, std::string_view name) {
  const std::string text = words.text(name);
  if (text.empty()) return 0;
  char* end = nullptr;
  const long value = std::strtol(text.c_str(), &end, 10);
  if (*end != '\0' || value < 0 || value > 1 << 20)
    return fail(ErrorCode::kInvalid, "--" + std::string(name) + ": '" + text + "'");
  return static_cast<int>(value);
}

std::string absolute(const std::string& path) {
  char resolved[PATH_MAX];
  return realpath(path.empty() ? "." : path.c_str(), resolved) == nullptr ? path : resolved;
}

/// A terminal of the caller's own for a process that wants one: the other end goes to the process, which sends its
/// terminal through it.
struct OwnConsole {
  Fd ours, theirs;
};
Result<OwnConsole> own_console() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return oci::system_error("socketpair");
  return OwnConsole{Fd(ends[0]), Fd(ends[1])};
}

Result<int> Program::create(const Words& words, bool run, const std::vector<std::string>& line) {
  WHERRY_TRY(const std::string id, container_id(words));
  oci::CreateOptions create;
  create.id = id;
  create.bundle = absolute(words.text("bundle"));
  create.pid_file = words.text("pid-file");
  create.console_socket = words.text("console-socket");
  WHERRY_TRY(create.preserve_fds, number_option(words, "preserve-fds"));
  create.pivot = !words.has("no-pivot");
  create.new_keyring = !words.has("no-new-keyring");
  const std::string file = words.has("config") ? words.text("config") : create.bundle + "/config.json";
  WHERRY_TRY(const std::string text, oci::read_text(file));
  auto config = oci::parse_config(text);
  // What cannot be read here may still be a Linux container, and is judged by who runs those.
  if (!config.has_value() || oci::recognise(*config, create.bundle, prefer_wasm) == oci::ContainerKind::kLinux) {
    auto owner = oci::choose_delegate();
    if (!config.has_value() && !owner.has_value()) return std::unexpected(config.error());
    if (!owner.has_value()) return std::unexpected(owner.error());
    if (oci::owner_of(options.settings.root, id) == Owner::kWherry) {
      return fail(ErrorCode::kInvalid, "container '" + id + "' exists already");
    }
    return oci::become_delegate(*owner, options, line);
  }
  if (oci::owner_of(options.settings.root, id) != Owner::kNobody) {
    // A leftover without a state is taken over by create_container.
    if (oci::describe_container(options.settings, id).has_value()) {
      return fail(ErrorCode::kInvalid, "container '" + id + "' exists already");
    }
  }
  const bool detach = !run || words.has("detach");
  OwnConsole console;
  if (run && !detach && config->process.terminal && create.console_socket.empty()) {
    WHERRY_TRY(console, own_console());
  }
  WHERRY_TRY(const oci::State state,
             oci::create_container(options.settings, create, *config, text, std::move(console.theirs)));
  if (!run) return 0;
  Fd terminal;
  if (console.ours.valid()) {
    WHERRY_TRY(terminal, oci::receive_descriptor(console.ours.get()));
  }
  auto started = oci::start_container(options.settings, id);
  if (!started.has_value()) {
    auto deleted = oci::delete_container(options.settings, id, true);
    (void)deleted;
    return std::unexpected(started.error());
  }
  if (detach) return 0;
  const int code = attend(state.init.pid, std::move(terminal));
  if (!words.has("keep")) WHERRY_CHECK(oci::delete_container(options.settings, id, true));
  return code;
}

Result<int> Program::start(const Words& words) {
  WHERRY_TRY(const std::string id, container_id(words));
  WHERRY_CHECK(oci::start_container(options.settings, id));
  return 0;
}

Result<int> Program::state(const Words& words) {
  WHERRY_TRY(const std::string id, container_id(words));
  WHERRY_TRY(const oci::Description description, oci::describe_container(options.settings, id));
  Json json =
      oci::parse_json(description.state.to_oci_json(description.status, false), "state").value_or(Json::object());
  json["status"] = description.status_text;
  std::puts(oci::to_pretty_text(json).c_str());
  return 0;
}

Result<int> Program::kill(const Words& words) {
  WHERRY_TRY(const std::string id, container_id(words, 1));
  const std::string name = words.words().size() > 1 ? words.words()[1] : "SIGTERM";
  const auto signal = oci::parse_signal(name);
  if (!signal) return fail(ErrorCode::kInvalid, "'" + name + "' is no signal");
  WHERRY_CHECK(oci::kill_container(options.settings, id, *signal, words.has("all")));
  return 0;
}

Result<int> Program::remove(const Words& words) {
  WHERRY_TRY(const std::string id, container_id(words));
  WHERRY_CHECK(oci::delete_container(options.settings, id, words.has("force")));
  return 0;
}

Result<int> Program::list(const Words& words) {
  Json all = Json::array();
  for (const std::string& id : oci::list_ids(options.settings.root)) {
    const Owner owner = oci::owner_of(options.settings.root, id);
    Json json;
    if (owner == Owner::kWherry) {
      const auto description = oci::describe_container(options.settings, id);
      if (!description.has_value()) continue;  // Half made, or deleted meanwhile.
      json =
          oci::parse_json(description->state.to_oci_json(description->status, false), "state").value_or(Json::object());
      json["status"] = description->status_text;
    } else if (owner != Owner::kNobody) {
      auto text = oci::ask_delegate(owner, options, {"state", id});
      auto parsed = text.has_value() ? oci::parse_json(*text, "state") : Result<Json>(std::unexpected(text.error()));
      if (!parsed.has_value() || !parsed->is_object()) continue;
      json = std::move(*parsed);
    } else {
      continue;
    }
    all.push_back(std::move(json));
  }
  const auto text_of = [](const Json& json, const char* name) {
    const auto it = json.find(name);
    return it == json.end() ? std::string() : it->is_string() ? it->get<std::string>() : oci::to_text(*it);
  };
  if (words.has("quiet")) {
    for (const Json& json : all) std::puts(text_of(json, "id").c_str());
  } else if (words.text("format") == "json") {
    std::puts(oci::to_text(all).c_str());
  } else {
    size_t width = 10;
    for (const Json& json : all) width = std::max(width, text_of(json, "id").size());
    std::printf("%-*s %-8s %-8s %-40s %-30s %s\n", static_cast<int>(width), "ID", "PID", "STATUS", "BUNDLE", "CREATED",
                "OWNER");
    for (const Json& json : all) {
      std::printf("%-*s %-8s %-8s %-40s %-30s %s\n", static_cast<int>(width), text_of(json, "id").c_str(),
                  text_of(json, "pid").c_str(), text_of(json, "status").c_str(), text_of(json, "bundle").c_str(),
                  text_of(json, "created").c_str(), text_of(json, "owner").c_str());
    }
  }
  return 0;
}

Result<int> Program::ps(const Words& words) {
  WHERRY_TRY(const std::string id, container_id(words, 64));
  WHERRY_TRY(const std::vector<int> pids, oci::container_processes(options.settings, id));
  const std::string format = words.has("format") ? words.text("format") : "table";
  if (format == "json") {
    std::puts(oci::to_text(Json(pids)).c_str());
    return 0;
  }
  if (format != "table") return fail(ErrorCode::kInvalid, "--format: '" + format + "' is not table or json");
  std::printf("%-8s %s\n", "PID", "COMMAND");
  for (const int pid : pids) {
    std::string command = oci::read_text("/proc/" + std::to_string(pid) + "/cmdline").value_or("");
    while (!command.empty() && command.back() == '\0') command.pop_back();
    std::ranges::replace(command, '\0', ' ');
    std::printf("%-8d %s\n", pid, command.c_str());
  }
  return 0;
}

Result<> apply_user(const std::string& text, oci::User& user) {
  char* end = nullptr;
  user.uid = static_cast<uint32_t>(std::strtoul(text.c_str(), &end, 10));
  if (*end == ':') user.gid = static_cast<uint32_t>(std::strtoul(end + 1, &end, 10));
  if (*end != '\0' || text.empty()) return fail(ErrorCode::kInvalid, "--user: '" + text + "' is not UID[:GID]");
  return {};
}

Result<oci::ProcessConfig> exec_process(const oci::Settings& settings, const Words& words) {
  if (words.has("process")) {
    WHERRY_TRY(const std::string text, oci::read_text(words.text("process")));
    return oci::parse_process(text);
  }
  WHERRY_TRY(oci::ProcessConfig process, oci::container_process(settings, words.words()[0]));
  process.args.assign(words.words().begin() + 1, words.words().end());
  if (process.args.empty()) return fail(ErrorCode::kInvalid, "exec needs a program, or --process FILE");
  process.terminal = words.has("tty");
  if (words.has("cwd")) process.cwd = words.text("cwd");
  for (const std::string& variable : words.all("env")) process.env.push_back(variable);
  if (words.has("user")) WHERRY_CHECK(apply_user(words.text("user"), process.user));
  for (const std::string& gid : words.all("additional-gids")) {
    process.user.additional_gids.push_back(static_cast<uint32_t>(std::strtoul(gid.c_str(), nullptr, 10)));
  }
  if (words.has("no-new-privs")) process.no_new_privileges = true;
  if (words.has("apparmor")) process.apparmor_profile = words.text("apparmor");
  if (words.has("process-label")) process.selinux_label = words.text("process-label");
  for (const std::string& name : words.all("cap")) {
    const auto capability = oci::capability_number(name);
    if (!capability) return fail(ErrorCode::kInvalid, "--cap: '" + name + "' is no capability");
    if (!process.capabilities) process.capabilities.emplace();
    oci::Capabilities& set = *process.capabilities;
    for (uint64_t* mask : {&set.bounding, &set.effective, &set.permitted, &set.inheritable, &set.ambient}) {
      *mask |= uint64_t{1} << *capability;
    }
  }
  return process;
}

Result<int> Program::exec(const Words& words) {
  if (words.words().empty()) return fail(ErrorCode::kInvalid, "the container's id is missing");
  oci::ExecOptions exec;
  exec.id = words.words()[0];
  exec.pid_file = words.text("pid-file");
  exec.console_socket = words.text("console-socket");
  exec.cgroup = words.text("cgroup");
  WHERRY_TRY(exec.preserve_fds, number_option(words, "preserve-fds"));
  WHERRY_TRY(const oci::ProcessConfig process, exec_process(options.settings, words));
  const bool detach = words.has("detach");
  OwnConsole console;
  if (!detach && process.terminal && exec.console_socket.empty()) {
    WHERRY_TRY(console, own_console());
  }
  WHERRY_TRY(const oci::ProcessId pid,
             oci::exec_in_container(options.settings, exec, process, std::move(console.theirs)));
  if (detach) return 0;
  Fd terminal;
  if (console.ours.valid()) {
    WHERRY_TRY(terminal, oci::receive_descriptor(console.ours.get()));
  }
  return attend(pid.pid, std::move(terminal));
}

Result<int> Program::pause(const Words& words) {
  WHERRY_TRY(const std::string id, container_id(words));
  WHERRY_CHECK(oci::pause_container(options.settings, id, true));
  return 0;
}

Result<int> Program::resume(const Words& words) {
  WHERRY_TRY(const std::string id, container_id(words));
  WHERRY_CHECK(oci::pause_container(options.settings, id, false));
  return 0;
}

/// The options of update as the JSON that --resources takes: one reader for both.
Result<std::string> resources_text(const Words& words) {
  if (words.has("resources")) {
    const std::string file = words.text("resources");
    return file == "-" ? oci::read_all(STDIN_FILENO, size_t{1} << 20) : oci::read_text(file);
  }
  static constexpr struct {
    const char *option, *group, *member;
  } kRows[] = {{"cpu-period", "cpu", "period"},
               {"cpu-quota", "cpu", "quota"},
               {"cpu-burst", "cpu", "burst"},
               {"cpu-share", "cpu", "shares"},
               {"cpu-shares", "cpu", "shares"},
               {"cpu-rt-period", "cpu", "realtimePeriod"},
               {"cpu-rt-runtime", "cpu", "realtimeRuntime"},
               {"cpu-idle", "cpu", "idle"},
               {"kernel-memory", "memory", "kernel"},
               {"kernel-memory-tcp", "memory", "kernelTCP"},
               {"memory", "memory", "limit"},
               {"memory-reservation", "memory", "reservation"},
               {"memory-swap", "memory", "swap"},
               {"pids-limit", "pids", "limit"},
               {"blkio-weight", "blockIO", "weight"}};
  Json json = Json::object();
  for (const auto& row : kRows) {
    const std::string text = words.text(row.option);
    if (text.empty()) continue;
    char* end = nullptr;
    const long long value = std::strtoll(text.c_str(), &end, 10);
    if (*end != '\0')
      return fail(ErrorCode::kInvalid, "--" + std::string(row.option) + ": '" + text + "' is not a number");
    if (value >= 0) {
      json[row.group][row.member] = static_cast<uint64_t>(value);
    } else {
      json[row.group][row.member] = static_cast<int64_t>(value);
    }
  }
  for (const char* member : {"cpus", "mems"}) {
    const std::string text = words.text(std::string("cpuset-") + member);
    if (!text.empty()) json["cpu"][member] = text;
  }
  return oci::to_text(json);
}

Result<int> Program::update(const Words& words) {
  WHERRY_TRY(const std::string id, container_id(words));
  WHERRY_TRY(const std::string text, resources_text(words));
  WHERRY_TRY(const oci::Resources resources, oci::parse_resources(text));
  WHERRY_CHECK(oci::update_container(options.settings, id, resources));
  return 0;
}

Result<int> Program::events(const Words& words) {
  WHERRY_TRY(const std::string id, container_id(words));
  std::string interval = words.text("interval");
  if (interval.ends_with('s')) interval.pop_back();
  const int seconds = interval.empty() ? 5 : std::max(1, std::atoi(interval.c_str()));
  for (;;) {
    auto stats = oci::container_stats(options.settings, id);
    if (!stats.has_value()) return std::unexpected(stats.error());
    std::puts(stats->c_str());
    std::fflush(stdout);
    if (words.has("stats")) return 0;
    sleep(static_cast<unsigned>(seconds));
    const auto description = oci::describe_container(options.settings, id);
    if (!description.has_value() || description->status == oci::Status::kStopped) return 0;
  }
}

Result<int> Program::features(const Words&) {
  std::puts(oci::features_json(kVersion).c_str());
  return 0;
}

Result<int> Program::spec(const Words& words) {
  const std::string directory = words.has("bundle") ? words.text("bundle") : ".";
  WHERRY_CHECK(oci::write_spec(directory, words.has("rootless")));
  return 0;
}

using Method = Result<int> (Program::*)(const Words&);
struct CommandRow {
  std::string_view name;
  std::span<const OptionSpec> options;
  Method method;  ///< Null: create and run, or crun's and runc's alone.
  bool of_one;    ///< About one container, whose owner is asked.
  std::string_view help;
};

constexpr CommandRow kCommands[] = {
    {"create", kCreateOptions, nullptr, false, "create a container from a bundle; its process waits"},
    {"start", {}, &Program::start, true, "start a created container"},
    {"run", kCreateOptions, nullptr, false, "create, start, wait and delete"},
    {"state", {}, &Program::state, true, "print a container's state"},
    {"kill", kKillOptions, &Program::kill, true, "send a signal to a container"},
    {"delete", kDeleteOptions, &Program::remove, true, "delete a container"},
    {"exec", kExecOptions, &Program::exec, true, "run another program in a container: a module or a native one"},
    {"list", kListOptions, &Program::list, false, "list containers"},
    {"ps", kPsOptions, &Program::ps, true, "list a container's processes"},
    {"pause", {}, &Program::pause, true, "suspend a container"},
    {"resume", {}, &Program::resume, true, "resume a container"},
    {"update", kUpdateOptions, &Program::update, true, "change a container's limits"},
    {"events", kEventsOptions, &Program::events, true, "print what a container uses"},
    {"features", {}, &Program::features, false, "print what this runtime knows"},
    {"spec", kSpecOptions, &Program::spec, false, "write a config.json to begin with"},
    {"checkpoint", {}, nullptr, true, "Linux containers only"},
    {"restore", {}, nullptr, true, "Linux containers only"}};

void print_help(std::FILE* out) {
  std::fprintf(out,
               "wherry-oci %s: an OCI runtime for WebAssembly containers, and by crun or runc for Linux ones\n\n"
               "Usage: wherry-oci [GLOBAL OPTIONS] COMMAND [OPTIONS] CONTAINER ...\n\nCommands:\n",
               kVersion);
  for (const CommandRow& row : kCommands) {
    std::fprintf(out, "  %-12s %s\n", std::string(row.name).c_str(), std::string(row.help).c_str());
  }
  std::fprintf(out, "\nGlobal options:\n");
  for (const OptionSpec& row : kGlobalOptions) {
    std::fprintf(out, "  --%-18s %s\n", std::string(row.name).c_str(), std::string(row.help).c_str());
  }
}

Result<> read_globals(Program& program, const Words& globals) {
  auto& settings = program.options.settings;
  if (globals.has("root")) settings.root = globals.text("root");
  if (!settings.root.starts_with('/')) {
    WHERRY_CHECK(oci::make_directories(settings.root, 0700));
    settings.root = absolute(settings.root);
  }
  program.options.log = globals.text("log");
  program.options.log_format = globals.text("log-format");
  program.options.rootless = globals.text("rootless");
  program.options.debug = globals.has("debug");
  program.log.open(program.options.log, program.options.log_format == "json");
  const std::string manager = globals.has("systemd-cgroup") ? "systemd" : globals.text("cgroup-manager");
  if (manager == "systemd") {
    settings.cgroups = oci::CgroupManager::kSystemd;
  } else if (manager == "disabled") {
    settings.cgroups = oci::CgroupManager::kDisabled;
  } else if (!manager.empty() && manager != "cgroupfs") {
    return fail(ErrorCode::kInvalid, "--cgroup-manager: '" + manager + "' is not cgroupfs, systemd or disabled");
  }
  if (globals.has("handler")) program.prefer_wasm = true;
  return {};
}

Result<int> dispatch(Program& program, const std::vector<std::string>& args) {
  size_t used = 0;
  WHERRY_TRY(const Words globals, Words::parse(args, kGlobalOptions, true, &used));
  WHERRY_CHECK(read_globals(program, globals));
  if (globals.has("version")) {
    std::printf("wherry-oci version %s\nspec: 1.2.0\n", kVersion);
    return 0;
  }
  if (globals.has("help") || used == args.size()) {
    print_help(globals.has("help") ? stdout : stderr);
    return globals.has("help") ? 0 : 1;
  }
  const std::vector<std::string> line(args.begin() + static_cast<ptrdiff_t>(used), args.end());
  if (line.size() > 1 && (line[1] == "--help" || line[1] == "-h")) {
    print_help(stdout);
    return 0;
  }
  const auto* command = std::ranges::find(kCommands, line[0], &CommandRow::name);
  if (command == std::end(kCommands)) return fail(ErrorCode::kInvalid, "there is no command " + line[0]);
  const std::span rest = std::span(line).subspan(1);
  // The id is found with our options where they are the same, else by the look of it.
  auto words = Words::parse(rest, command->options, command->name == "exec");
  if (command->of_one) {
    for (const std::string& word : words.has_value() ? words->words() : line) {
      const Owner owner = oci::owner_of(program.options.settings.root, word);
      if (owner == Owner::kCrun || owner == Owner::kRunc) {
        return oci::become_delegate(owner, program.options, line);
      }
      if (words.has_value()) break;
    }
    if (command->method == nullptr) {
      if (command->name == "restore") {
        WHERRY_TRY(const Owner owner, oci::choose_delegate());
        return oci::become_delegate(owner, program.options, line);
      }
      return fail(ErrorCode::kUnsupported, "WebAssembly containers cannot be checkpointed");
    }
  }
  if (!words.has_value()) return std::unexpected(words.error());
  if (command->method == nullptr) return program.create(*words, command->name == "run", line);
  return (program.*command->method)(*words);
}

}  // namespace
}  // namespace wherry::cli

int main(int argc, char** argv) {
  using namespace wherry;
  oci::keep_process_title(argc, argv);
  cli::Program program;
  const std::string_view name = argv[0] == nullptr ? "" : argv[0];
  program.prefer_wasm = name.substr(name.rfind('/') + 1).find("wasm") != name.npos;
  const auto code = cli::dispatch(program, std::vector<std::string>(argv + 1, argv + argc));
  if (!code.has_value()) {
    program.log.error(code.error().message);
    return 1;
  }
  return std::fflush(stdout) == 0 ? *code : 1;
}
