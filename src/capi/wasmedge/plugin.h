// Plugins: process-wide, found once and never unloaded.
#pragma once

#include <memory>
#include <vector>

#include "capi/wasmedge/instances.h"

namespace wherry::wasmedge {

/// The module instances that every VM has besides WASI: those of the loaded plugins, and stand-ins for the plugins of
/// WasmEdge that are not there, whose functions fail.
std::vector<std::unique_ptr<WasmEdge_ModuleInstanceContext>> plugin_modules();

}  // namespace wherry::wasmedge
