#include "capi/wasmedge/wasi.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "capi/wasmedge/instances.h"
#include "capi/wasmedge/log.h"
#include "wasi/host/context.h"
#include "wasi/preview1.h"

namespace wherry::wasmedge {
namespace {

constexpr int32_t kStandardFds[] = {0, 1, 2};

/// WasmEdge has no policy for sockets. The addresses from which clouds hand out credentials stay closed.
constexpr const char* kNetworkRules[] = {"listen:*:*", "connect:*:*", "connect:localhost:*", "connect:link-local:*"};

Wasi make(const WasiConfig& config) {
  Result<Wasi> wasi = Wasi::make(config);
  if (wasi.has_value()) return std::move(*wasi);
  log(WasmEdge_LogLevel_Error, "    Failed to initialize WASI environment: " + wasi.error().message);
  return *Wasi::make(WasiConfig());
}

WasiStream stream(int32_t fd) { return fd < 0 ? WasiStream() : WasiStream::fd(fd); }

bool is_directory(const std::string& path) {
  const int fd = open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  close(fd);
  return true;
}

/// "guest:host", "directory", either with ":readonly".
void add_preopen(WasiConfig& config, std::string_view text) {
  constexpr std::string_view kReadOnly = ":readonly";
  WasiAccess access = WasiAccess::kReadWrite;
  if (text.ends_with(kReadOnly)) {
    access = WasiAccess::kReadOnly;
    text.remove_suffix(kReadOnly.size());
  }
  const size_t colon = text.find(':');
  std::string guest(text.substr(0, colon));
  std::string host(colon == std::string_view::npos ? text : text.substr(colon + 1));
  if (guest.empty()) guest = "/";
  if (host.empty()) host = ".";
  if (!is_directory(host)) {
    log(WasmEdge_LogLevel_Warn, "Bind guest directory failed: " + host);
    return;
  }
  config.preopen(host, guest, access);
}

}  // namespace

WasiState::WasiState() : wasi(make(WasiConfig())) { initialize(nullptr, 0, nullptr, 0, nullptr, 0, kStandardFds); }

void WasiState::initialize(const char* const* args, uint32_t arg_count, const char* const* envs, uint32_t env_count,
                           const char* const* preopens, uint32_t preopen_count, std::span<const int32_t, 3> fds) {
  WasiConfig config;
  // A guest always has the name of its program.
  if (args == nullptr || arg_count == 0) config.arg("");
  for (uint32_t i = 0; args != nullptr && i < arg_count; ++i) config.arg(args[i]);
  for (uint32_t i = 0; envs != nullptr && i < env_count; ++i) {
    const std::string_view text = envs[i];
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos && equals != 0) config.env(text.substr(0, equals), text.substr(equals + 1));
  }
  for (uint32_t i = 0; preopens != nullptr && i < preopen_count; ++i) add_preopen(config, preopens[i]);
  config.standard_input(stream(fds[0])).standard_output(stream(fds[1])).standard_error(stream(fds[2]));
  for (const char* rule : kNetworkRules) config.network_rule(rule);
  wasi = make(config);
  exit_code = 0;
  for (const std::weak_ptr<World>& weak : worlds_) {
    if (const WorldPtr world = weak.lock(); world != nullptr) world->store.emplace_data<Wasi>(wasi);
  }
}

void WasiState::enter(const WorldPtr& world) {
  world->store.emplace_data<Wasi>(wasi);
  std::erase_if(worlds_, [](const auto& weak) { return weak.expired(); });
  worlds_.push_back(world);
}

WorldPtr WasiState::own_world() {
  if (own_ == nullptr) {
    own_ = std::make_shared<World>(engine_for({}), WasmEdge_ConfigureContext());
    enter(own_);
  }
  return own_;
}

std::span<const std::string> wasi_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto table : {wherry::wasi::preview1_functions(), wherry::wasi::socket_functions()}) {
      for (const wherry::wasi::Preview1Function& function : table) {
        all.emplace_back(function.name);
        if (function.first_version) all.push_back(all.back() + "_v2");
      }
    }
    std::ranges::sort(all);
    all.erase(std::ranges::unique(all).begin(), all.end());
    return all;
  }();
  return names;
}

}  // namespace wherry::wasmedge

using namespace wherry::wasmedge;

WasmEdge_ModuleInstanceContext* WasmEdge_ModuleInstanceCreateWASI(const char* const* args, uint32_t arg_count,
                                                                  const char* const* envs, uint32_t env_count,
                                                                  const char* const* preopens,
                                                                  uint32_t preopen_count) noexcept {
  return WasmEdge_ModuleInstanceCreateWASIWithFds(args, arg_count, envs, env_count, preopens, preopen_count, 0, 1, 2);
}
WasmEdge_ModuleInstanceContext* WasmEdge_ModuleInstanceCreateWASIWithFds(const char* const* args, uint32_t arg_count,
                                                                         const char* const* envs, uint32_t env_count,
                                                                         const char* const* preopens,
                                                                         uint32_t preopen_count, int32_t in,
                                                                         int32_t out, int32_t error) noexcept {
  auto* module = new WasmEdge_ModuleInstanceContext(kWasiModule);
  module->wasi = std::make_shared<WasiState>();
  WasmEdge_ModuleInstanceInitWASIWithFds(module, args, arg_count, envs, env_count, preopens, preopen_count, in, out,
                                         error);
  return module;
}
void WasmEdge_ModuleInstanceInitWASI(WasmEdge_ModuleInstanceContext* module, const char* const* args,
                                     uint32_t arg_count, const char* const* envs, uint32_t env_count,
                                     const char* const* preopens, uint32_t preopen_count) noexcept {
  WasmEdge_ModuleInstanceInitWASIWithFds(module, args, arg_count, envs, env_count, preopens, preopen_count, 0, 1, 2);
}
void WasmEdge_ModuleInstanceInitWASIWithFds(WasmEdge_ModuleInstanceContext* module, const char* const* args,
                                            uint32_t arg_count, const char* const* envs, uint32_t env_count,
                                            const char* const* preopens, uint32_t preopen_count, int32_t in,
                                            int32_t out, int32_t error) noexcept {
  if (module == nullptr || module->wasi == nullptr) return;
  const int32_t fds[3] = {in, out, error};
  module->wasi->initialize(args, arg_count, envs, env_count, preopens, preopen_count, fds);
}
uint32_t WasmEdge_ModuleInstanceWASIGetExitCode(const WasmEdge_ModuleInstanceContext* module) noexcept {
  return module == nullptr || module->wasi == nullptr ? EXIT_FAILURE : module->wasi->exit_code;
}
uint32_t WasmEdge_ModuleInstanceWASIGetNativeHandler(const WasmEdge_ModuleInstanceContext* module, int32_t fd,
                                                     uint64_t* handler) noexcept {
  if (module == nullptr) return 1;
  if (module->wasi == nullptr || handler == nullptr || fd < 0) return 2;
  const auto entry = module->wasi->wasi.impl().table.get(static_cast<uint32_t>(fd));
  const int native = entry.has_value() ? entry->descriptor->host_fd() : -1;
  if (native < 0) return 2;
  *handler = static_cast<uint64_t>(native);
  return 0;
}
void WasmEdge_ModuleInstanceInitWasmEdgeProcess(const char* const*, uint32_t, bool) noexcept {}
