#include "oci/delegate.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace wherry::oci {
namespace {

std::string find_program(const std::string& name) {
  for (const char* directory : {"/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"}) {
    if (access((directory + name).c_str(), X_OK) == 0) return directory + name;
  }
  return {};
}

const char* environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// The program for an owner: WHERRY_OCI_CRUN and WHERRY_OCI_RUNC say where it is, else the usual directories.
std::string program_of(Owner owner) {
  const std::string given = environment(owner == Owner::kCrun ? "WHERRY_OCI_CRUN" : "WHERRY_OCI_RUNC");
  return given.empty() ? find_program(owner == Owner::kCrun ? "crun" : "runc") : given;
}

/// crun refuses to run where the unified hierarchy has controllers beside v1's.
bool crun_refuses_cgroups() {
  auto hierarchies = find_hierarchies();
  if (!hierarchies.has_value() || hierarchies->size() < 2) return false;
  const auto unified = std::ranges::find(*hierarchies, "", &CgroupHierarchy::controllers);
  if (unified == hierarchies->end()) return false;
  return read_text(unified->mount + "/cgroup.controllers").value_or("").size() > 1;
}

std::vector<std::string> command_line(Owner owner, const std::string& program, const DelegateOptions& options,
                                      const std::vector<std::string>& words) {
  std::vector<std::string> line = {program, "--root", options.settings.root};
  if (!options.log.empty()) line.insert(line.end(), {"--log", options.log});
  if (!options.log_format.empty()) line.insert(line.end(), {"--log-format", options.log_format});
  if (options.debug) line.emplace_back("--debug");
  if (!options.rootless.empty()) line.push_back("--rootless=" + options.rootless);
  if (options.settings.cgroups == CgroupManager::kSystemd) line.emplace_back("--systemd-cgroup");
  if (options.settings.cgroups == CgroupManager::kDisabled && owner == Owner::kCrun) {
    line.emplace_back("--cgroup-manager=disabled");
  }
  line.insert(line.end(), words.begin(), words.end());
  return line;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

}  // namespace

Owner owner_of(const std::string& root, const std::string& id) {
  if (!valid_id(id)) return Owner::kNobody;
  const std::string directory = root + '/' + id;
  if (access((directory + '/' + StateDirectory::kStateFile).c_str(), F_OK) == 0) return Owner::kWherry;
  if (access((directory + "/status").c_str(), F_OK) == 0) return Owner::kCrun;
  if (access((directory + "/state.json").c_str(), F_OK) == 0) return Owner::kRunc;
  return access(directory.c_str(), F_OK) == 0 ? Owner::kWherry : Owner::kNobody;
}

Result<Owner> choose_delegate() {
  const std::string_view wanted = environment("WHERRY_OCI_DELEGATE");
  if (wanted == "crun") return Owner::kCrun;
  if (wanted == "runc") return Owner::kRunc;
  const bool crun = !program_of(Owner::kCrun).empty();
  const bool runc = !program_of(Owner::kRunc).empty();
  if (!crun && !runc) {
    return fail(ErrorCode::kNotFound, "a Linux container, and neither crun nor runc is installed to run it");
  }
  if (!runc) return Owner::kCrun;
  return crun && !crun_refuses_cgroups() ? Owner::kCrun : Owner::kRunc;
}

std::unexpected<Error> become_delegate(Owner owner, const DelegateOptions& options,
                                       const std::vector<std::string>& words) {
  const std::string program = program_of(owner);
  if (program.empty()) {
    return fail(ErrorCode::kNotFound,
                std::string(owner == Owner::kCrun ? "crun" : "runc") + ", whose container it is, is not installed");
  }
  const std::vector<std::string> line = command_line(owner, program, options, words);
  execv(program.c_str(), pointers(line).data());
  return system_error(program);
}

Result<std::string> ask_delegate(Owner owner, const DelegateOptions& options, const std::vector<std::string>& words) {
  const std::string program = program_of(owner);
  const std::vector<std::string> line = command_line(owner, program, options, words);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return system_error("pipe");
  const Fd from(ends[0]);
  Fd to(ends[1]);
  const auto args = pointers(line);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(to.get(), STDOUT_FILENO);
    execv(program.c_str(), args.data());
    _exit(127);
  }
  to = Fd();
  auto text = read_all(from.get(), size_t{16} << 20);
  int status = 0;
  while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (pid < 0 || status != 0) return fail(ErrorCode::kIo, program + " failed");
  return text;
}

}  // namespace wherry::oci
