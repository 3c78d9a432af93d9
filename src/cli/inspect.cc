// wherry inspect FILE: what a module has, which features it uses, what it would need to be granted.
#include <fmt/core.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/engine_options.h"
#include "cli/module_file.h"
#include "wasi/preview1.h"

namespace wherry::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  EngineOptions engine;
  std::string file;
  bool json = false;
};

bool is_wasi(std::string_view module) {
  return module == wasi::module_name(wasi::Abi::kPreview1) || module == wasi::module_name(wasi::Abi::kUnstable);
}

/// What the user would have to grant for the WASI functions that a module imports to be of use.
std::vector<std::string> needs(const Module& module) {
  bool files = false, environment = false, arguments = false, sockets = false, network = false;
  std::vector<std::string> needs;
  for (const ImportType& import : module.imports()) {
    if (!is_wasi(import.module)) continue;
    files |= import.name.starts_with("path_") || import.name == "fd_prestat_get" || import.name == "fd_readdir";
    environment |= import.name == "environ_get";
    arguments |= import.name == "args_get";
    sockets |= import.name.starts_with("sock_");
    network |= import.name.starts_with("sock_open") || import.name == "sock_getaddrinfo";
  }
  if (arguments) needs.push_back("arguments: what stands after the file");
  if (environment) needs.push_back("environment variables: --env NAME=VALUE");
  if (files) needs.push_back("files: --dir HOST::GUEST");
  if (network) {
    needs.push_back("network: --net RULE");
  } else if (sockets) {
    needs.push_back("sockets: --tcplisten ADDRESS:PORT");
  }
  std::vector<std::string> modules;
  for (const ImportType& import : module.imports()) {
    std::string name(import.module);
    if (!is_wasi(name) && std::find(modules.begin(), modules.end(), name) == modules.end()) modules.push_back(name);
  }
  for (const std::string& name : modules) needs.push_back(fmt::format("module {}: --module {}=FILE", name, name));
  return needs;
}

std::vector<std::string_view> feature_names(const Module& module) {
  std::vector<std::string_view> names;
  const Features used = module.features_used();
  for (const FeatureInfo& row : kFeatureTable) {
    if (row.feature != Feature::kMvp && used.has(row.feature)) names.push_back(row.name);
  }
  return names;
}

void print_json(const Module& module, const std::string& file) {
  const Engine& engine = module.engine();
  Json json;
  json["file"] = file;
  json["bytes"] = module.bytes().size();
  if (!module.name().empty()) json["name"] = module.name();
  json["imports"] = Json::array();
  for (const ImportType& import : module.imports()) {
    json["imports"].push_back({{"module", import.module},
                               {"name", import.name},
                               {"kind", name(kind(import.type))},
                               {"type", engine.to_string(import.type)}});
  }
  json["exports"] = Json::array();
  for (const ExportType& item : module.exports()) {
    json["exports"].push_back(
        {{"name", item.name}, {"kind", name(kind(item.type))}, {"type", engine.to_string(item.type)}});
  }
  json["custom_sections"] = Json::array();
  for (const CustomSectionView& section : module.custom_sections()) {
    json["custom_sections"].push_back({{"name", section.name}, {"bytes", section.bytes.size()}});
  }
  json["features"] = feature_names(module);
  json["needs"] = needs(module);
  // Names are checked to be UTF-8 by the reader.
  fmt::print("{}\n", json.dump(2));
}

void print_text(const Module& module, const std::string& file) {
  const Engine& engine = module.engine();
  fmt::print("{}: {} bytes{}{}\n", file, module.bytes().size(), module.name().empty() ? "" : ", module ",
             module.name());
  const auto heading = [](std::string_view what, size_t count) { fmt::print("\n{} ({})\n", what, count); };

  const auto imports = module.imports();
  heading("imports", imports.size());
  for (const ImportType& import : imports) {
    fmt::print("  {}.{}  {}\n", import.module, import.name, engine.to_string(import.type));
  }
  const auto exports = module.exports();
  heading("exports", exports.size());
  for (const ExportType& item : exports) fmt::print("  {}  {}\n", item.name, engine.to_string(item.type));

  const auto sections = module.custom_sections();
  heading("custom sections", sections.size());
  for (const CustomSectionView& section : sections) fmt::print("  {}  {} bytes\n", section.name, section.bytes.size());

  const auto features = feature_names(module);
  heading("features used beyond WebAssembly 1.0", features.size());
  for (std::string_view feature : features) fmt::print("  {}\n", feature);

  const auto wants = needs(module);
  heading("would need to be granted", wants.size());
  for (const std::string& want : wants) fmt::print("  {}\n", want);
}

int run(const Options& options) {
  const Engine engine(options.engine.config());
  const auto module = load_module(engine, options.file);
  if (!module) return kExitError;
  options.json ? print_json(*module, options.file) : print_text(*module, options.file);
  return 0;
}

std::function<int()> configure(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILE", options->file, "The module: .wasm or .wat; - for standard input")->required();
  app.add_flag("--json", options->json, "Print JSON");
  options->engine.add_to(app, false);
  return [options] { return run(*options); };
}

}  // namespace

const Command kInspectCommand = {
    "inspect",
    "[OPTIONS] FILE",
    "show what a module has, uses and needs",
    "Examples:\n  wherry inspect app.wasm\n  wherry inspect --json app.wasm | jq .imports\n",
    configure,
};

}  // namespace wherry::cli
