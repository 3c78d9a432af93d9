// The `wasmedge` command, as functions over the C API.
#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "capi/wasmedge/values.h"

using namespace wherry::wasmedge;

namespace {

constexpr int kTrapExitCode = 128 + SIGABRT;

template <class T, void (*destroy)(T*) noexcept>
struct Deleter {
  void operator()(T* context) const { destroy(context); }
};
using Configure =
    std::unique_ptr<WasmEdge_ConfigureContext, Deleter<WasmEdge_ConfigureContext, WasmEdge_ConfigureDelete>>;
using Vm = std::unique_ptr<WasmEdge_VMContext, Deleter<WasmEdge_VMContext, WasmEdge_VMDelete>>;
using Compiler = std::unique_ptr<WasmEdge_CompilerContext, Deleter<WasmEdge_CompilerContext, WasmEdge_CompilerDelete>>;
using Async = std::unique_ptr<WasmEdge_Async, Deleter<WasmEdge_Async, WasmEdge_AsyncDelete>>;

/// What the command line says.
struct Options {
  Configure configure{WasmEdge_ConfigureCreate()};
  bool reactor = false;
  std::vector<std::string> directories;
  std::vector<std::string> environment;
  std::vector<std::string> modules;
  std::optional<uint64_t> time_limit;
  std::optional<uint64_t> gas_limit;
  bool statistics = false;
  /// The file, and what follows it.
  std::vector<std::string> arguments;
};

using Apply = bool (*)(Options& options, std::string_view value);

/// An option: its name, what its value is (null: it has none), and what it does; false: not a value for it.
struct Option {
  const char* name;
  const char* value;
  const char* what;
  Apply apply;
};

std::optional<uint64_t> number_of(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

template <WasmEdge_Proposal proposal, bool on>
bool proposal_option(Options& o, std::string_view) {
  (on ? WasmEdge_ConfigureAddProposal : WasmEdge_ConfigureRemoveProposal)(o.configure.get(), proposal);
  return true;
}
template <WasmEdge_Standard standard>
bool standard_option(Options& o, std::string_view) {
  WasmEdge_ConfigureSetWASMStandard(o.configure.get(), standard);
  return true;
}
bool enable_all(Options& o, std::string_view) {
  WasmEdge_ConfigureSetWASMStandard(o.configure.get(), WasmEdge_Standard_WASM_3);
  WasmEdge_ConfigureAddProposal(o.configure.get(), WasmEdge_Proposal_Threads);
  return true;
}
bool count_instructions(Options& o, std::string_view) {
  WasmEdge_ConfigureStatisticsSetInstructionCounting(o.configure.get(), true);
  return o.statistics = true;
}
bool measure_gas(Options& o, std::string_view) {
  WasmEdge_ConfigureStatisticsSetCostMeasuring(o.configure.get(), true);
  return o.statistics = true;
}
bool measure_time(Options& o, std::string_view) {
  WasmEdge_ConfigureStatisticsSetTimeMeasuring(o.configure.get(), true);
  return o.statistics = true;
}
bool run_mode(Options& o, std::string_view value) {
  constexpr struct {
    std::string_view name;
    WasmEdge_RunMode mode;
  } kModes[] = {{"interpreter", WasmEdge_RunMode_Interpreter},
                {"jit", WasmEdge_RunMode_JIT},
                {"aot", WasmEdge_RunMode_AOT},
                {"lazyjit", WasmEdge_RunMode_LazyJIT}};
  const auto row = std::ranges::find(kModes, value, [](const auto& mode) { return mode.name; });
  if (row == std::end(kModes)) return false;
  WasmEdge_ConfigureSetRunMode(o.configure.get(), row->mode);
  return true;
}
bool log_level(Options&, std::string_view value) {
  constexpr std::string_view kLevels[] = {"trace", "debug", "info", "warning", "error", "fatal"};
  if (value == "off") {
    WasmEdge_LogOff();
    return true;
  }
  const auto level = std::ranges::find(kLevels, value);
  if (level == std::end(kLevels)) return false;
  WasmEdge_LogSetLevel(static_cast<WasmEdge_LogLevel>(level - std::begin(kLevels)));
  return true;
}
bool optimize(Options& o, std::string_view value) {
  constexpr std::string_view kLevels = "0123sz";
  if (value.size() != 1 || !kLevels.contains(value[0])) return false;
  WasmEdge_ConfigureCompilerSetOptimizationLevel(
      o.configure.get(), static_cast<WasmEdge_CompilerOptimizationLevel>(kLevels.find(value[0])));
  return true;
}
bool memory_limit(Options& o, std::string_view value) {
  const std::optional<uint64_t> pages = number_of(value);
  if (pages.has_value()) WasmEdge_ConfigureSetMaxMemoryPage(o.configure.get(), *pages);
  return pages.has_value();
}
template <std::vector<std::string> Options::* list>
bool append(Options& o, std::string_view value) {
  (o.*list).emplace_back(value);
  return true;
}
template <std::optional<uint64_t> Options::* limit>
bool set_limit(Options& o, std::string_view value) {
  return (o.*limit = number_of(value)).has_value();
}
bool accept(Options&, std::string_view) { return true; }

#define WHERRY_PROPOSAL(name, proposal)                                                                        \
  {"disable-" name, nullptr, "turn the proposal off", proposal_option<WasmEdge_Proposal_##proposal, false>}, { \
    "enable-" name, nullptr, "turn the proposal on", proposal_option<WasmEdge_Proposal_##proposal, true>       \
  }

constexpr Option kLanguage[] = {
    {"wasm-1", nullptr, "WebAssembly 1.0", standard_option<WasmEdge_Standard_WASM_1>},
    {"wasm-2", nullptr, "WebAssembly 2.0", standard_option<WasmEdge_Standard_WASM_2>},
    {"wasm-3", nullptr, "WebAssembly 3.0 (default)", standard_option<WasmEdge_Standard_WASM_3>},
    WHERRY_PROPOSAL("import-export-mut-globals", ImportExportMutGlobals),
    WHERRY_PROPOSAL("non-trap-float-to-int", NonTrapFloatToIntConversions),
    WHERRY_PROPOSAL("sign-extension-operators", SignExtensionOperators),
    WHERRY_PROPOSAL("multi-value", MultiValue),
    WHERRY_PROPOSAL("bulk-memory", BulkMemoryOperations),
    WHERRY_PROPOSAL("reference-types", ReferenceTypes),
    WHERRY_PROPOSAL("simd", SIMD),
    WHERRY_PROPOSAL("tail-call", TailCall),
    WHERRY_PROPOSAL("extended-const", ExtendedConst),
    WHERRY_PROPOSAL("function-reference", FunctionReferences),
    WHERRY_PROPOSAL("gc", GC),
    WHERRY_PROPOSAL("multi-memory", MultiMemories),
    WHERRY_PROPOSAL("relaxed-simd", RelaxSIMD),
    WHERRY_PROPOSAL("exception-handling", ExceptionHandling),
    WHERRY_PROPOSAL("memory64", Memory64),
    WHERRY_PROPOSAL("threads", Threads),
    WHERRY_PROPOSAL("component", Component),
    {"enable-all", nullptr, "all of them", enable_all},
    {"log-level", "LEVEL", "off, trace, debug, info, warning, error or fatal", log_level},
};
#undef WHERRY_PROPOSAL

constexpr Option kMeasuring[] = {
    {"enable-instruction-count", nullptr, "count instructions", count_instructions},
    {"enable-gas-measuring", nullptr, "measure costs", measure_gas},
    {"enable-time-measuring", nullptr, "measure time", measure_time},
    {"enable-all-statistics", nullptr, "all three",
     [](Options& o, std::string_view v) {
       return count_instructions(o, v) && measure_gas(o, v) && measure_time(o, v);
     }},
};

constexpr Option kRunning[] = {
    {"reactor", nullptr, "call the function that the first argument names",
     [](Options& o, std::string_view) { return o.reactor = true; }},
    {"dir", "[GUEST:]HOST[:readonly]", "a directory for the guest", append<&Options::directories>},
    {"env", "NAME=VALUE", "an environment variable for the guest", append<&Options::environment>},
    {"module", "NAME:PATH", "another module, to link with", append<&Options::modules>},
    {"memory-page-limit", "PAGES", "the most pages of a memory", memory_limit},
    {"time-limit", "MS", "milliseconds that the guest may run", set_limit<&Options::time_limit>},
    {"gas-limit", "COST", "the most that the guest may cost",
     [](Options& o, std::string_view value) {
       return measure_gas(o, value) && set_limit<&Options::gas_limit>(o, value);
     }},
    {"run-mode", "MODE", "interpreter, jit, aot or lazyjit", run_mode},
    {"force-interpreter", nullptr, "--run-mode interpreter",
     [](Options& o, std::string_view) { return run_mode(o, "interpreter"); }},
    {"enable-jit", nullptr, "--run-mode jit", [](Options& o, std::string_view) { return run_mode(o, "jit"); }},
    {"allow-af-unix", nullptr, "Unix sockets",
     [](Options& o, std::string_view) {
       WasmEdge_ConfigureSetAllowAFUNIX(o.configure.get(), true);
       return true;
     }},
    {"forbidden-plugin", "NAME", "accepted; plugins are loaded by name only", accept},
};

constexpr Option kCompiling[] = {
    {"optimize", "0|1|2|3|s|z", "how hard to try", optimize},
    {"generic-binary", nullptr, "for any processor of this kind",
     [](Options& o, std::string_view) {
       WasmEdge_ConfigureCompilerSetGenericBinary(o.configure.get(), true);
       return true;
     }},
    {"interruptible", nullptr, "accepted: all code can be interrupted", accept},
    {"dump", nullptr, "accepted", accept},
};

/// A command: its options, and what it does with them.
struct Command {
  const char* name;
  const char* usage;
  const char* what;
  std::vector<std::span<const Option>> options;
  int (*run)(const Options& options);
};

WasmEdge_String wrap(const std::string& text) {
  return WasmEdge_StringWrap(text.data(), static_cast<uint32_t>(text.size()));
}

std::vector<const char*> pointers(const std::vector<std::string>& strings) {
  std::vector<const char*> pointers;
  for (const std::string& string : strings) pointers.push_back(string.c_str());
  return pointers;
}

int exit_code(WasmEdge_Result result) { return WasmEdge_ResultOK(result) ? EXIT_SUCCESS : EXIT_FAILURE; }

std::optional<WasmEdge_Value> parse(const std::string& text, const WasmEdge_ValType& type) {
  char* end = nullptr;
  WasmEdge_Value value{};
  if (WasmEdge_ValTypeIsI32(type)) {
    value = WasmEdge_ValueGenI32(static_cast<int32_t>(std::strtoll(text.c_str(), &end, 0)));
  } else if (WasmEdge_ValTypeIsI64(type)) {
    const bool negative = text.starts_with('-');
    value = WasmEdge_ValueGenI64(negative ? std::strtoll(text.c_str(), &end, 0)
                                          : static_cast<int64_t>(std::strtoull(text.c_str(), &end, 0)));
  } else if (WasmEdge_ValTypeIsF32(type)) {
    value = WasmEdge_ValueGenF32(std::strtof(text.c_str(), &end));
  } else if (WasmEdge_ValTypeIsF64(type)) {
    value = WasmEdge_ValueGenF64(std::strtod(text.c_str(), &end));
  } else {
    return std::nullopt;
  }
  return text.empty() || *end != 0 ? std::nullopt : std::optional(value);
}

void print(const WasmEdge_Value& value) {
  if (WasmEdge_ValTypeIsI32(value.Type)) {
    std::printf("%d\n", WasmEdge_ValueGetI32(value));
  } else if (WasmEdge_ValTypeIsI64(value.Type)) {
    std::printf("%lld\n", static_cast<long long>(WasmEdge_ValueGetI64(value)));
  } else if (WasmEdge_ValTypeIsF32(value.Type)) {
    std::printf("%.9g\n", static_cast<double>(WasmEdge_ValueGetF32(value)));
  } else if (WasmEdge_ValTypeIsF64(value.Type)) {
    std::printf("%.17g\n", WasmEdge_ValueGetF64(value));
  } else if (WasmEdge_ValTypeIsV128(value.Type)) {
    auto bits = static_cast<uint128_t>(WasmEdge_ValueGetV128(value));
    std::string digits;
    do {
      digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(bits % 10)));
      bits /= 10;
    } while (bits != 0);
    std::printf("%s\n", digits.c_str());
  } else {
    std::printf("%s\n", WasmEdge_ValueIsNullRef(value) ? "null" : "reference");
  }
}

/// Calls an export, within the time limit.
WasmEdge_Result call(const Options& options, WasmEdge_VMContext* vm, const std::string& function,
                     const std::vector<WasmEdge_Value>& params, std::vector<WasmEdge_Value>& returns) {
  const Async async(WasmEdge_VMAsyncExecute(vm, wrap(function), params.data(), static_cast<uint32_t>(params.size())));
  if (async == nullptr) return WasmEdge_Result_Fail;
  if (options.time_limit.has_value() && !WasmEdge_AsyncWaitFor(async.get(), *options.time_limit)) {
    WasmEdge_AsyncCancel(async.get());
  }
  returns.resize(WasmEdge_AsyncGetReturnsLength(async.get()));
  return WasmEdge_AsyncGet(async.get(), returns.data(), static_cast<uint32_t>(returns.size()));
}

int call_function(const Options& options, WasmEdge_VMContext* vm) {
  if (options.arguments.size() < 2) {
    std::fprintf(stderr, "A function name is required when reactor mode is enabled.\n");
    return EXIT_FAILURE;
  }
  std::vector<WasmEdge_Value> returns;
  const std::string initialize = "_initialize";
  if (WasmEdge_VMGetFunctionType(vm, wrap(initialize)) != nullptr) {
    const WasmEdge_Result result = call(options, vm, initialize, {}, returns);
    if (!WasmEdge_ResultOK(result)) return kTrapExitCode;
  }
  const std::string& name = options.arguments[1];
  const WasmEdge_FunctionTypeContext* type = WasmEdge_VMGetFunctionType(vm, wrap(name));
  if (type == nullptr) {
    std::fprintf(stderr, "The module has no function \"%s\".\n", name.c_str());
    return EXIT_FAILURE;
  }
  std::vector<WasmEdge_Value> params;
  for (size_t i = 2; i < options.arguments.size(); ++i) {
    const WasmEdge_ValType wanted = i - 2 < type->params.size() ? type->params[i - 2] : WasmEdge_ValTypeGenI64();
    const std::optional<WasmEdge_Value> value = parse(options.arguments[i], wanted);
    if (!value.has_value()) {
      std::fprintf(stderr, "\"%s\" is no value for argument %zu.\n", options.arguments[i].c_str(), i - 1);
      return EXIT_FAILURE;
    }
    params.push_back(*value);
  }
  if (params.size() < type->params.size()) {
    std::fprintf(stderr, "The function \"%s\" takes %zu arguments.\n", name.c_str(), type->params.size());
    return EXIT_FAILURE;
  }
  const WasmEdge_Result result = call(options, vm, name, params, returns);
  if (!WasmEdge_ResultOK(result)) return kTrapExitCode;
  std::ranges::for_each(returns, print);
  return EXIT_SUCCESS;
}

void print_statistics(WasmEdge_VMContext* vm) {
  const WasmEdge_StatisticsContext* statistics = WasmEdge_VMGetStatisticsContext(vm);
  std::fprintf(stderr, "Executed wasm instructions count: %llu\nGas costs: %llu\nInstructions per second: %.0f\n",
               static_cast<unsigned long long>(WasmEdge_StatisticsGetInstrCount(statistics)),
               static_cast<unsigned long long>(WasmEdge_StatisticsGetTotalCost(statistics)),
               WasmEdge_StatisticsGetInstrPerSecond(statistics));
}

int run(const Options& options) {
  const std::filesystem::path file = options.arguments[0];
  WasmEdge_ConfigureAddHostRegistration(options.configure.get(), WasmEdge_HostRegistration_Wasi);
  const Vm vm(WasmEdge_VMCreate(options.configure.get(), nullptr));
  // The program's name is the file's, whatever its extension.
  std::vector<std::string> arguments = options.arguments;
  arguments[0] = std::filesystem::path(file).replace_extension(".wasm").string();
  const std::vector<const char*> args = pointers(arguments);
  const std::vector<const char*> envs = pointers(options.environment);
  const std::vector<const char*> dirs = pointers(options.directories);
  WasmEdge_ModuleInstanceContext* wasi = WasmEdge_VMGetImportModuleContext(vm.get(), WasmEdge_HostRegistration_Wasi);
  WasmEdge_ModuleInstanceInitWASI(wasi, args.data(), static_cast<uint32_t>(args.size()), envs.data(),
                                  static_cast<uint32_t>(envs.size()), dirs.data(), static_cast<uint32_t>(dirs.size()));
  if (options.gas_limit.has_value()) {
    WasmEdge_StatisticsSetCostLimit(WasmEdge_VMGetStatisticsContext(vm.get()), *options.gas_limit);
  }
  for (const std::string& module : options.modules) {
    const size_t colon = module.find(':');
    if (colon == std::string::npos) {
      std::fprintf(stderr, "--module NAME:PATH\n");
      return EXIT_FAILURE;
    }
    const std::string name = module.substr(0, colon);
    const WasmEdge_Result result = WasmEdge_VMRegisterModuleFromFile(vm.get(), wrap(name), module.c_str() + colon + 1);
    if (!WasmEdge_ResultOK(result)) return EXIT_FAILURE;
  }
  if (!WasmEdge_ResultOK(WasmEdge_VMLoadWasmFromFile(vm.get(), file.c_str())) ||
      !WasmEdge_ResultOK(WasmEdge_VMValidate(vm.get())) || !WasmEdge_ResultOK(WasmEdge_VMInstantiate(vm.get()))) {
    return EXIT_FAILURE;
  }
  const std::string start = "_start";
  const WasmEdge_FunctionTypeContext* type = WasmEdge_VMGetFunctionType(vm.get(), wrap(start));
  int code;
  if (options.reactor || type == nullptr || !type->params.empty() || !type->results.empty()) {
    code = call_function(options, vm.get());
  } else {
    std::vector<WasmEdge_Value> none;
    const WasmEdge_Result result = call(options, vm.get(), start, {}, none);
    code = WasmEdge_ResultOK(result) ? static_cast<int>(WasmEdge_ModuleInstanceWASIGetExitCode(wasi)) : kTrapExitCode;
  }
  if (options.statistics) print_statistics(vm.get());
  return code;
}

int compile(const Options& options) {
  if (options.arguments.size() != 2) {
    std::fprintf(stderr, "compile WASM OUTPUT\n");
    return EXIT_FAILURE;
  }
  const std::string extension = std::filesystem::path(options.arguments[1]).extension().string();
  const bool library = extension == ".so" || extension == ".dylib" || extension == ".dll";
  WasmEdge_ConfigureCompilerSetOutputFormat(
      options.configure.get(), library ? WasmEdge_CompilerOutputFormat_Native : WasmEdge_CompilerOutputFormat_Wasm);
  const Compiler compiler(WasmEdge_CompilerCreate(options.configure.get()));
  return exit_code(
      WasmEdge_CompilerCompile(compiler.get(), options.arguments[0].c_str(), options.arguments[1].c_str()));
}

/// The steps up to one of them.
int load(const Options& options) {
  const Vm vm(WasmEdge_VMCreate(options.configure.get(), nullptr));
  return exit_code(WasmEdge_VMLoadWasmFromFile(vm.get(), options.arguments[0].c_str()));
}
int validate(const Options& options) {
  const Vm vm(WasmEdge_VMCreate(options.configure.get(), nullptr));
  const WasmEdge_Result loaded = WasmEdge_VMLoadWasmFromFile(vm.get(), options.arguments[0].c_str());
  return exit_code(WasmEdge_ResultOK(loaded) ? WasmEdge_VMValidate(vm.get()) : loaded);
}
int instantiate(const Options& options) {
  WasmEdge_ConfigureAddHostRegistration(options.configure.get(), WasmEdge_HostRegistration_Wasi);
  const Vm vm(WasmEdge_VMCreate(options.configure.get(), nullptr));
  const WasmEdge_Result loaded = WasmEdge_VMLoadWasmFromFile(vm.get(), options.arguments[0].c_str());
  const WasmEdge_Result valid = WasmEdge_ResultOK(loaded) ? WasmEdge_VMValidate(vm.get()) : loaded;
  return exit_code(WasmEdge_ResultOK(valid) ? WasmEdge_VMInstantiate(vm.get()) : valid);
}

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {
      {"run", "[OPTIONS] WASM [ARG...]", "run a program, or call a function", {kLanguage, kMeasuring, kRunning}, run},
      {"compile", "[OPTIONS] WASM OUTPUT", "compile ahead of time", {kLanguage, kMeasuring, kCompiling}, compile},
      {"parse", "[OPTIONS] WASM", "load a module", {kLanguage}, load},
      {"validate", "[OPTIONS] WASM", "load and validate a module", {kLanguage}, validate},
      {"instantiate", "[OPTIONS] WASM", "load, validate and instantiate a module", {kLanguage}, instantiate},
  };
  return all;
}

void print_help(const Command& command) {
  std::printf("Usage: wasmedge %s %s\n\n%s\n\nOptions:\n", command.name, command.usage, command.what);
  for (const std::span<const Option> options : command.options) {
    for (const Option& option : options) {
      const std::string name = std::string("--") + option.name + (option.value == nullptr ? "" : " ") +
                               (option.value == nullptr ? "" : option.value);
      std::printf("  %-36s %s\n", name.c_str(), option.what);
    }
  }
}

const Option* find_option(const Command& command, std::string_view name) {
  for (const std::span<const Option> options : command.options) {
    for (const Option& option : options) {
      if (option.name == name) return &option;
    }
  }
  return nullptr;
}

/// Runs a command with what follows its name.
int execute(const Command& command, std::span<const char* const> words) {
  Options options;
  size_t i = 0;
  for (; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "-h" || word == "--help") {
      print_help(command);
      return EXIT_SUCCESS;
    }
    if (word == "--") {
      ++i;
      break;
    }
    if (!word.starts_with("--")) break;
    const size_t equals = word.find('=');
    const Option* option = find_option(command, word.substr(2, equals == word.npos ? word.npos : equals - 2));
    if (option == nullptr) {
      std::fprintf(stderr, "unknown option: %s\n", words[i]);
      return EXIT_FAILURE;
    }
    std::string_view value;
    if (option->value != nullptr) {
      if (equals != word.npos) {
        value = word.substr(equals + 1);
      } else if (++i < words.size()) {
        value = words[i];
      }
    }
    if (!option->apply(options, value)) {
      std::fprintf(stderr, "not a value for --%s: %.*s\n", option->name, static_cast<int>(value.size()), value.data());
      return EXIT_FAILURE;
    }
  }
  for (; i < words.size(); ++i) {
    // `compile` takes its options anywhere.
    options.arguments.emplace_back(words[i]);
  }
  if (options.arguments.empty()) {
    print_help(command);
    return EXIT_FAILURE;
  }
  WasmEdge_PluginLoadWithDefaultPaths();
  return command.run(options);
}

const Command* find_command(std::string_view name) {
  const auto found = std::ranges::find(commands(), name, [](const Command& c) { return std::string_view(c.name); });
  return found == commands().end() ? nullptr : &*found;
}

std::span<const char* const> rest(int count, const char* words[]) {
  return count < 1 ? std::span<const char* const>() : std::span<const char* const>(words + 1, count - 1);
}

}  // namespace

int WasmEdge_Driver_Compiler(int count, const char* words[]) noexcept {
  return execute(*find_command("compile"), rest(count, words));
}
int WasmEdge_Driver_Tool(int count, const char* words[]) noexcept {
  return execute(*find_command("run"), rest(count, words));
}
int WasmEdge_Driver_UniTool(int count, const char* words[]) noexcept {
  const std::span<const char* const> all = rest(count, words);
  const std::string_view first = all.empty() ? "--help" : all[0];
  if (first == "-v" || first == "--version") {
    std::printf("wasmedge version %s\n", WasmEdge_VersionGet());
    return EXIT_SUCCESS;
  }
  if (first == "-h" || first == "--help") {
    std::printf("Usage: wasmedge [COMMAND] ...\n\nWithout a command: run.\n\nCommands:\n");
    for (const Command& command : commands()) std::printf("  %-14s %s\n", command.name, command.what);
    return all.empty() ? EXIT_FAILURE : EXIT_SUCCESS;
  }
  if (const Command* command = find_command(first); command != nullptr) return execute(*command, all.subspan(1));
  return execute(*find_command("run"), all);
}
