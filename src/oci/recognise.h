// Whether a container is WebAssembly or Linux.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "oci/config.h"
#include "wherry/result.h"

namespace wherry::oci {

/// What a file is, by its first bytes.
enum class FileKind : uint8_t { kMissing, kNative, kModule, kComponent, kOther };
FileKind file_kind(std::string_view head);

/// args[0] as path and entry function: "app.wasm#run".
struct EntryPoint {
  std::string path;
  std::string function = "_start";
};
EntryPoint parse_entry_point(std::string_view arg);

enum class ContainerKind : uint8_t { kLinux, kWasm };

/// By every convention in use. A pod's sandbox is Linux, and so is what is a native program or a script, whatever
/// annotations say: pods hand their annotations to all their containers. `prefer_wasm`: this program was called by a
/// name that promises WebAssembly ("crun-wasm").
ContainerKind recognise(const Config& config, const std::string& bundle, bool prefer_wasm);
/// The kind of the file that `process.args[0]` names before the container's file system stands: looked for beneath
/// its bind mounts and its root.
FileKind entry_file_kind(const Config& config, const std::string& bundle);

/// The bundle's root file system, absolute.
std::string rootfs_path(const Config& config, const std::string& bundle);
/// The names under which a program may stand in the container: itself, or in each directory of PATH.
std::vector<std::string> candidate_paths(const std::string& program, const ProcessConfig& process);

}  // namespace wherry::oci
