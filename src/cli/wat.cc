// wherry wat2wasm and wherry wasm2wat: the text format, both ways.
#include "wasm/text/wat.h"

#include <memory>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/engine_options.h"
#include "cli/module_file.h"

namespace wherry::cli {
namespace {

struct Options {
  EngineOptions engine;
  std::string input, output;
  bool no_check = false, no_names = false, folded = false;
};

std::span<const uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

int write_output(const std::string& path, std::span<const uint8_t> bytes) {
  auto written = write_file(path, bytes);
  return written.has_value() ? 0 : report(path, written.error());
}

/// "dir/app.wat" with "wasm" is "app.wasm"; standard input goes to standard output.
std::string default_output(const std::string& input, std::string_view extension) {
  if (input == "-") return "-";
  std::string name = input.substr(input.rfind('/') + 1);
  if (const size_t dot = name.rfind('.'); dot != std::string::npos && dot != 0) name.resize(dot);
  return name + "." + std::string(extension);
}

int run_wat2wasm(const Options& options) {
  auto text = read_file(options.input);
  if (!text.has_value()) return report(options.input, text.error());
  auto wasm = wasm::parse_wat(*text, {.names = !options.no_names});
  if (!wasm.has_value()) return report(options.input, wasm.error(), *text);
  if (!options.no_check) {
    auto module = Module::from_binary(Engine(options.engine.config()), *wasm, BytesUse::kBorrow);
    if (!module.has_value()) return report(options.input, module.error());
  }
  return write_output(options.output.empty() ? default_output(options.input, "wasm") : options.output, *wasm);
}

int run_wasm2wat(const Options& options) {
  auto bytes = read_file(options.input);
  if (!bytes.has_value()) return report(options.input, bytes.error());
  // The printer wants a valid module.
  auto module = Module::from_binary(Engine(options.engine.config()), as_bytes(*bytes), BytesUse::kBorrow);
  if (!module.has_value()) return report(options.input, module.error());
  auto text = wasm::print_wat(as_bytes(*bytes), {.folded = options.folded, .names = !options.no_names});
  if (!text.has_value()) return report(options.input, text.error());
  return write_output(options.output.empty() ? "-" : options.output, as_bytes(*text));
}

std::shared_ptr<Options> common_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILE", options->input, "The input; - for standard input")->required();
  app.add_option("-o,--output", options->output, "The output; - for standard output")->type_name("FILE");
  options->engine.add_to(app, false);
  return options;
}

std::function<int()> configure_wat2wasm(CLI::App& app) {
  auto options = common_options(app);
  app.add_flag("--no-check", options->no_check, "Do not validate the result");
  app.add_flag("--no-names", options->no_names, "Leave identifiers out of the result");
  return [options] { return run_wat2wasm(*options); };
}

std::function<int()> configure_wasm2wat(CLI::App& app) {
  auto options = common_options(app);
  app.add_flag("--fold", options->folded, "Write expressions folded");
  app.add_flag("--no-names", options->no_names, "Write indices, not names");
  return [options] { return run_wasm2wat(*options); };
}

}  // namespace

const Command kWat2WasmCommand = {
    "wat2wasm",
    "[OPTIONS] FILE",
    "text format to binary",
    "Without -o the result is named after the input, in the current directory. It is written whole or not at all.\n\n"
    "Example:\n  wherry wat2wasm app.wat -o app.wasm\n",
    configure_wat2wasm,
};

const Command kWasm2WatCommand = {
    "wasm2wat",
    "[OPTIONS] FILE",
    "binary to text format",
    "Without -o the text goes to standard output.\n\nExample:\n  wherry wasm2wat --fold app.wasm -o app.wat\n",
    configure_wasm2wat,
};

}  // namespace wherry::cli
