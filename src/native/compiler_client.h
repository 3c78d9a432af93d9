// Reaches the compiler: the plugin, in this process, or the helper process. See engine/compiler_abi.h.
#pragma once

#include <memory>
#include <string>

#include "engine/compiler.h"

namespace wherry::native {

/// `path`: of the plugin (NAME.so) or of the helper program; "": looks beside this library and program, and where they
/// are installed; the plugin if this process can open libraries, else the program. Nothing is opened or started before
/// it is needed, and what is not found is an error then.
std::unique_ptr<const engine::NativeCompiler> find_compiler(const std::string& path);

}  // namespace wherry::native
