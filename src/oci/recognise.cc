#include "oci/recognise.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "oci/linux/system.h"

namespace wherry::oci {
namespace {

bool is_wasm_name(std::string_view path) { return path.ends_with(".wasm") || path.ends_with(".wat"); }

/// Annotations by which engines mark a pod's own container.
bool is_sandbox(const Config& config) {
  return config.annotation("io.kubernetes.cri.container-type") == "sandbox" ||
         config.annotation("io.kubernetes.cri-o.ContainerType") == "sandbox" ||
         config.annotation("io.kubernetes.docker.type") == "podsandbox";
}

/// Annotations that say the container is WebAssembly, or is if its program is named like a module.
bool annotated(const Config& config, std::string_view program) {
  const std::string_view handler = config.annotation("run.oci.handler");
  const std::string_view variant = config.annotation("module.wasm.image/variant");
  for (const std::string_view name : {"wasm", "wherry", "wasmedge", "wasmtime", "wasmer", "wamr"}) {
    if (handler == name) return true;
  }
  if (variant == "compat" && handler.empty()) return true;
  return (handler == "wasm-smart" || variant == "compat-smart") && is_wasm_name(program);
}

FileKind kind_in(int root, std::string_view path) {
  // Not blocked by a pipe, and no terminal taken. The file is only read.
  auto file = open_in_root(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file.has_value()) return FileKind::kMissing;
  struct stat info = {};
  if (fstat(file->get(), &info) != 0 || !S_ISREG(info.st_mode)) return FileKind::kMissing;
  char head[8] = {};
  const ssize_t got = pread(file->get(), head, sizeof head, 0);
  return file_kind({head, got > 0 ? static_cast<size_t>(got) : 0});
}

/// Looks for an absolute path beneath the bind mount that covers it, else beneath the root.
FileKind kind_at(const Config& config, const std::string& bundle, const std::string& path) {
  for (auto mount = config.mounts.rbegin(); mount != config.mounts.rend(); ++mount) {
    const bool bind = mount->type == "bind" || std::ranges::any_of(mount->options, [](const std::string& option) {
                        return option == "bind" || option == "rbind";
                      });
    std::string destination = mount->destination;
    while (destination.size() > 1 && destination.ends_with('/')) destination.pop_back();
    if (!bind || !path.starts_with(destination)) continue;
    const std::string rest = path.substr(destination.size());
    if (!rest.empty() && rest[0] != '/' && destination != "/") continue;
    const std::string source = mount->source.starts_with('/') ? mount->source : bundle + '/' + mount->source;
    const Fd from(open(source.c_str(), O_PATH | O_CLOEXEC));
    if (!from.valid()) return FileKind::kMissing;
    if (!rest.empty()) return kind_in(from.get(), rest);
    const Fd file(open(fd_path(from.get()).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    char head[8] = {};
    const ssize_t got = file.valid() ? pread(file.get(), head, sizeof head, 0) : -1;
    return got < 0 ? FileKind::kMissing : file_kind({head, static_cast<size_t>(got)});
  }
  const Fd root(open(rootfs_path(config, bundle).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return root.valid() ? kind_in(root.get(), path) : FileKind::kMissing;
}

}  // namespace

FileKind file_kind(std::string_view head) {
  constexpr std::string_view kMagic("\0asm", 4);
  if (head.starts_with(kMagic)) {
    // The version's upper half tells the layer.
    return head.size() >= 8 && head.substr(6, 2) == std::string_view("\1\0", 2) ? FileKind::kComponent
                                                                                : FileKind::kModule;
  }
  if (head.starts_with("\x7f"
                       "ELF") ||
      head.starts_with("#!"))
    return FileKind::kNative;
  return FileKind::kOther;
}

EntryPoint parse_entry_point(std::string_view arg) {
  const size_t hash = arg.rfind('#');
  if (hash == arg.npos || arg.find('/', hash) != arg.npos) return {.path = std::string(arg)};
  EntryPoint entry{.path = std::string(arg.substr(0, hash))};
  if (hash + 1 < arg.size()) entry.function = arg.substr(hash + 1);
  return entry;
}

std::string rootfs_path(const Config& config, const std::string& bundle) {
  return config.root_path.starts_with('/') ? config.root_path : bundle + '/' + config.root_path;
}

std::vector<std::string> candidate_paths(const std::string& program, const ProcessConfig& process) {
  if (program.starts_with('/')) return {program};
  const std::string here = (process.cwd.ends_with('/') ? process.cwd : process.cwd + '/') + program;
  if (program.find('/') != program.npos) return {here};
  // A module needs no execute permission, so it is also looked for where it was most likely put: the directory in
  // which it is to run.
  std::vector<std::string> candidates;
  std::string_view path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  for (const std::string_view variable : process.env) {
    if (variable.starts_with("PATH=")) path = variable.substr(5);
  }
  while (!path.empty()) {
    const size_t colon = path.find(':');
    const std::string_view directory = path.substr(0, colon);
    if (directory.starts_with('/')) candidates.push_back(std::string(directory) + '/' + program);
    path.remove_prefix(colon == path.npos ? path.size() : colon + 1);
  }
  candidates.push_back(here);
  candidates.push_back('/' + program);
  return candidates;
}

FileKind entry_file_kind(const Config& config, const std::string& bundle) {
  if (config.process.args.empty()) return FileKind::kMissing;
  // A file whose name has a hash sign in it comes before an entry point.
  const std::string& arg = config.process.args[0];
  for (const std::string& program : {arg, parse_entry_point(arg).path}) {
    for (const std::string& path : candidate_paths(program, config.process)) {
      const FileKind kind = kind_at(config, bundle, path);
      if (kind != FileKind::kMissing) return kind;
    }
  }
  return FileKind::kMissing;
}

ContainerKind recognise(const Config& config, const std::string& bundle, bool prefer_wasm) {
  if (is_sandbox(config) || config.process.args.empty()) return ContainerKind::kLinux;
  switch (entry_file_kind(config, bundle)) {
    case FileKind::kModule:
    case FileKind::kComponent:
      return ContainerKind::kWasm;
    case FileKind::kNative:
      return ContainerKind::kLinux;
    case FileKind::kMissing:
    case FileKind::kOther:
      break;
  }
  const std::string program = parse_entry_point(config.process.args[0]).path;
  return prefer_wasm || is_wasm_name(program) || annotated(config, program) ? ContainerKind::kWasm
                                                                            : ContainerKind::kLinux;
}

}  // namespace wherry::oci
