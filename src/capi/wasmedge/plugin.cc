#include "capi/wasmedge/plugin.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>

#include "capi/wasmedge/errors.h"
#include "capi/wasmedge/log.h"

struct WasmEdge_PluginContext {
  std::string path;
  const WasmEdge_PluginDescriptor* descriptor;

  std::span<const WasmEdge_ModuleDescriptor> modules() const {
    return {descriptor->ModuleDescriptions, descriptor->ModuleDescriptions == nullptr ? 0 : descriptor->ModuleCount};
  }
};

namespace wherry::wasmedge {
namespace {

/// The process's plugins. Contexts keep their addresses.
struct Plugins {
  std::mutex mutex;
  std::vector<std::unique_ptr<const WasmEdge_PluginContext>> loaded;

  static Plugins& all() {
    static Plugins plugins;
    return plugins;
  }
  const WasmEdge_PluginContext* find(std::string_view name) const {
    for (const auto& plugin : loaded) {
      if (plugin->descriptor->Name == name) return plugin.get();
    }
    return nullptr;
  }
};

using GetDescriptor = const WasmEdge_PluginDescriptor* (*)();

void load_library(const std::string& path) {
  void* const library = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) {
    log(WasmEdge_LogLevel_Error, std::string("load plugin failed: ") + dlerror());
    return;
  }
  const auto get = reinterpret_cast<GetDescriptor>(dlsym(library, "WasmEdge_Plugin_GetDescriptor"));
  const WasmEdge_PluginDescriptor* descriptor = get == nullptr ? nullptr : get();
  if (descriptor == nullptr || descriptor->Name == nullptr) {
    log(WasmEdge_LogLevel_Debug, path + " is no plugin in C");
    dlclose(library);
    return;
  }
  if (descriptor->APIVersion != WasmEdge_Plugin_CurrentAPIVersion) {
    log(WasmEdge_LogLevel_Error, "load plugin failed: " + path + " is for plugin API version " +
                                     std::to_string(descriptor->APIVersion) + ", this is " +
                                     std::to_string(WasmEdge_Plugin_CurrentAPIVersion));
    dlclose(library);
    return;
  }
  Plugins& plugins = Plugins::all();
  const std::lock_guard lock(plugins.mutex);
  if (plugins.find(descriptor->Name) != nullptr) return;
  plugins.loaded.emplace_back(new WasmEdge_PluginContext{path, descriptor});
}

/// A library, or all those beneath a directory.
void load_path(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    if (path.extension() == ".so" && std::filesystem::exists(path, error)) load_library(path.string());
    return;
  }
  std::filesystem::recursive_directory_iterator entries(path, error);
  for (; !error && entries != std::filesystem::recursive_directory_iterator(); entries.increment(error)) {
    if (entries->path().extension() == ".so" && entries->is_regular_file(error)) {
      load_library(entries->path().string());
    }
  }
}

/// Where plugins are if nobody says: beside this library.
std::filesystem::path default_path() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&default_path), &info) == 0 || info.dli_fname == nullptr) return {};
  std::error_code error;
  const std::filesystem::path library = std::filesystem::absolute(info.dli_fname, error);
  const std::filesystem::path directory = library.parent_path();
  const std::string text = directory.string();
  if (text.starts_with("/usr") || text.starts_with("/lib")) return directory / "wasmedge";
  return directory.parent_path() / "plugin";
}

/// A function of a stand-in: its name, and a letter a parameter (i: i32, I: i64, f: f32) and result after '-'.
struct StandIn {
  const char* plugin;
  const char* module;
  const char* name;
  const char* type;
};
constexpr StandIn kStandIns[] = {
#define WHERRY_STAND_IN(plugin, module, name, type) {plugin, module, name, type},
#include "capi/wasmedge/stand_ins.inc"
#undef WHERRY_STAND_IN
};

/// What each returns: WasmEdge's functions for plugins that are not installed do.
constexpr uint32_t kNotInstalled = 40;

WasmEdge_Result not_installed(void* data, const WasmEdge_CallingFrameContext*, const WasmEdge_Value*,
                              WasmEdge_Value* returns) {
  const auto& row = *static_cast<const StandIn*>(data);
  log(WasmEdge_LogLevel_Error, std::string(row.plugin) + " plugin not installed. Please install it and restart.");
  if (std::string_view(row.type).ends_with("-i")) returns[0] = WasmEdge_ValueGenI32(kNotInstalled);
  return kSuccess;
}

std::vector<ValType> types_of(std::string_view letters) {
  std::vector<ValType> types;
  for (const char letter : letters) {
    types.push_back(letter == 'I' ? ValType::kI64 : letter == 'f' ? ValType::kF32 : ValType::kI32);
  }
  return types;
}

void fill_in(WasmEdge_ModuleInstanceContext& instance) {
  for (const StandIn& row : kStandIns) {
    if (row.module != instance.name) continue;
    const std::string_view type = row.type;
    const size_t dash = type.find('-');
    FuncType internal{types_of(type.substr(0, dash)), types_of(type.substr(dash + 1))};
    auto function = std::make_shared<WasmEdge_FunctionInstanceContext>(to_c(internal), internal, 0);
    function->plain = &not_installed;
    function->data = const_cast<StandIn*>(&row);
    instance.functions.emplace(row.name, std::move(function));
  }
}

}  // namespace

std::vector<std::unique_ptr<WasmEdge_ModuleInstanceContext>> plugin_modules() {
  std::vector<std::unique_ptr<WasmEdge_ModuleInstanceContext>> modules;
  Plugins& plugins = Plugins::all();
  const std::lock_guard lock(plugins.mutex);
  for (const auto& plugin : plugins.loaded) {
    for (const WasmEdge_ModuleDescriptor& descriptor : plugin->modules()) {
      if (descriptor.Create == nullptr) continue;
      if (WasmEdge_ModuleInstanceContext* made = descriptor.Create(&descriptor); made != nullptr) {
        modules.emplace_back(made);
      }
    }
  }
  std::string_view last;
  for (const StandIn& row : kStandIns) {
    if (last == row.module) continue;
    last = row.module;
    if (plugins.find(row.plugin) != nullptr) continue;
    modules.push_back(std::make_unique<WasmEdge_ModuleInstanceContext>(row.module));
    modules.back()->fill_in = &fill_in;
  }
  return modules;
}

}  // namespace wherry::wasmedge

using namespace wherry::wasmedge;

void WasmEdge_PluginLoadWithDefaultPaths() noexcept {
  const char* given = std::getenv("WASMEDGE_PLUGIN_PATH");
  if (given == nullptr) {
    load_path(default_path());
    return;
  }
  std::string_view rest = given;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(':'), rest.size());
    if (end != 0) load_path(std::string(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}
void WasmEdge_PluginLoadFromPath(const char* path) noexcept {
  if (path != nullptr) load_path(path);
}
uint32_t WasmEdge_PluginListPluginsLength() noexcept { return WasmEdge_PluginListPlugins(nullptr, 0); }
uint32_t WasmEdge_PluginListPlugins(WasmEdge_String* names, uint32_t length) noexcept {
  Plugins& plugins = Plugins::all();
  const std::lock_guard lock(plugins.mutex);
  return fill(plugins.loaded, names, length,
              [](const auto& plugin) { return to_c(std::string_view(plugin->descriptor->Name)); });
}
const WasmEdge_PluginContext* WasmEdge_PluginFind(WasmEdge_String name) noexcept {
  Plugins& plugins = Plugins::all();
  const std::lock_guard lock(plugins.mutex);
  return plugins.find(view(name));
}
WasmEdge_String WasmEdge_PluginGetPluginName(const WasmEdge_PluginContext* plugin) noexcept {
  return plugin == nullptr ? WasmEdge_String{0, nullptr} : to_c(std::string_view(plugin->descriptor->Name));
}
uint32_t WasmEdge_PluginListModuleLength(const WasmEdge_PluginContext* plugin) noexcept {
  return plugin == nullptr ? 0 : static_cast<uint32_t>(plugin->modules().size());
}
uint32_t WasmEdge_PluginListModule(const WasmEdge_PluginContext* plugin, WasmEdge_String* names,
                                   uint32_t length) noexcept {
  if (plugin == nullptr) return 0;
  return fill(plugin->modules(), names, length, [](const auto& module) { return to_c(std::string_view(module.Name)); });
}
WasmEdge_ModuleInstanceContext* WasmEdge_PluginCreateModule(const WasmEdge_PluginContext* plugin,
                                                            WasmEdge_String name) noexcept {
  if (plugin == nullptr) return nullptr;
  for (const WasmEdge_ModuleDescriptor& descriptor : plugin->modules()) {
    if (descriptor.Name == view(name) && descriptor.Create != nullptr) return descriptor.Create(&descriptor);
  }
  return nullptr;
}
void WasmEdge_PluginInitWASINN(const char* const*, uint32_t) noexcept {}
