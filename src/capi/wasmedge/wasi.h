// WASI as a module instance that may be initialised again at any time.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "capi/wasmedge/world.h"
#include "wherry/wasi.h"

namespace wherry::wasmedge {

inline constexpr std::string_view kWasiModule = "wasi_snapshot_preview1";

/// What a WASI module grants, and the worlds that import it.
struct WasiState {
  WasiState();
  /// Directories that cannot be opened are left out, and logged.
  void initialize(const char* const* args, uint32_t arg_count, const char* const* envs, uint32_t env_count,
                  const char* const* preopens, uint32_t preopen_count, std::span<const int32_t, 3> fds);
  /// `world`'s functions serve this from now on.
  void enter(const WorldPtr& world);
  /// For calls from outside of any guest, and for the types of functions.
  WorldPtr own_world();

  Wasi wasi;
  uint32_t exit_code = 0;

 private:
  std::vector<std::weak_ptr<World>> worlds_;
  WorldPtr own_;
};

/// The names of WASI's functions, sorted.
std::span<const std::string> wasi_names();

}  // namespace wherry::wasmedge
