#include "oci/linux/seccomp.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace wherry::oci {
namespace {

template <class T>
struct Named {
  std::string_view name;
  T value;
};

constexpr uint32_t kActionErrno = SCMP_ACT_ERRNO(0), kActionTrace = SCMP_ACT_TRACE(0);
constexpr Named<uint32_t> kActions[] = {
    {"SCMP_ACT_KILL", SCMP_ACT_KILL},  {"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
    {"SCMP_ACT_TRAP", SCMP_ACT_TRAP},  {"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
    {"SCMP_ACT_ERRNO", kActionErrno},  {"SCMP_ACT_TRACE", kActionTrace},
    {"SCMP_ACT_LOG", SCMP_ACT_LOG},    {"SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY},
    {"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW}};

constexpr Named<scmp_compare> kOperators[] = {{"SCMP_CMP_NE", SCMP_CMP_NE},
                                              {"SCMP_CMP_LT", SCMP_CMP_LT},
                                              {"SCMP_CMP_LE", SCMP_CMP_LE},
                                              {"SCMP_CMP_EQ", SCMP_CMP_EQ},
                                              {"SCMP_CMP_GE", SCMP_CMP_GE},
                                              {"SCMP_CMP_GT", SCMP_CMP_GT},
                                              {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ}};

constexpr Named<uint32_t> kArchitectures[] = {{"SCMP_ARCH_X86", SCMP_ARCH_X86},
                                              {"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
                                              {"SCMP_ARCH_X32", SCMP_ARCH_X32},
                                              {"SCMP_ARCH_ARM", SCMP_ARCH_ARM},
                                              {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64},
                                              {"SCMP_ARCH_MIPS", SCMP_ARCH_MIPS},
                                              {"SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64},
                                              {"SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32},
                                              {"SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL},
                                              {"SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64},
                                              {"SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32},
                                              {"SCMP_ARCH_PPC", SCMP_ARCH_PPC},
                                              {"SCMP_ARCH_PPC64", SCMP_ARCH_PPC64},
                                              {"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE},
                                              {"SCMP_ARCH_S390", SCMP_ARCH_S390},
                                              {"SCMP_ARCH_S390X", SCMP_ARCH_S390X},
                                              {"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64}};

constexpr Named<unsigned> kFlags[] = {{"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
                                      {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
                                      {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW}};

template <class T, size_t N>
Result<T> lookup(const Named<T> (&table)[N], std::string_view name, std::string_view what) {
  const auto* at = std::ranges::find(table, name, &Named<T>::name);
  if (at == std::end(table))
    return fail(ErrorCode::kInvalid, "seccomp: '" + std::string(name) + "' is no " + std::string(what));
  return at->value;
}

template <class T, size_t N>
std::vector<std::string> names(const Named<T> (&table)[N]) {
  std::vector<std::string> list;
  for (const auto& row : table) list.emplace_back(row.name);
  return list;
}

Result<uint32_t> action(const std::string& name, std::optional<uint32_t> errno_ret) {
  WHERRY_TRY(const uint32_t value, lookup(kActions, name, "action"));
  if (value == kActionErrno || value == kActionTrace) return value | errno_ret.value_or(EPERM);
  return value;
}

struct Release {
  void operator()(void* context) const { seccomp_release(context); }
};

Result<> add_rule(scmp_filter_ctx context, const SeccompRule& rule, uint32_t value) {
  std::vector<scmp_arg_cmp> args;
  for (const SeccompArg& arg : rule.args) {
    WHERRY_TRY(const scmp_compare op, lookup(kOperators, arg.op, "operator"));
    args.push_back({.arg = arg.index, .op = op, .datum_a = arg.value, .datum_b = arg.value_two});
  }
  // The library takes one condition for each argument; several on the same argument are alternatives, as runc has it.
  std::vector<unsigned> count(6, 0);
  for (const SeccompArg& arg : rule.args) ++count[arg.index];
  const bool alternatives = std::ranges::any_of(count, [](unsigned n) { return n > 1; });
  for (const std::string& name : rule.names) {
    const int number = seccomp_syscall_resolve_name(name.c_str());
    if (number == __NR_SCMP_ERROR) continue;  // A call that this library does not know falls to the default action.
    int code = 0;
    if (alternatives) {
      for (const scmp_arg_cmp& arg : args) {
        if (code = seccomp_rule_add_array(context, value, number, 1, &arg); code != 0) break;
      }
    } else {
      code = seccomp_rule_add_array(context, value, number, static_cast<unsigned>(args.size()), args.data());
    }
    if (code != 0 && code != -EEXIST) return system_error("seccomp: cannot add a rule for " + name, -code);
  }
  return {};
}

}  // namespace

Result<SeccompFilter> compile_seccomp(const SeccompConfig& config) {
  SeccompFilter filter;
  WHERRY_TRY(const uint32_t fallback, action(config.default_action, config.default_errno_ret));
  const std::unique_ptr<void, Release> context(seccomp_init(fallback));
  if (context == nullptr) return fail(ErrorCode::kIo, "seccomp: the library cannot be used");
  for (const std::string& name : config.architectures) {
    WHERRY_TRY(const uint32_t architecture, lookup(kArchitectures, name, "architecture"));
    const int code = seccomp_arch_add(context.get(), architecture);
    if (code != 0 && code != -EEXIST) return system_error("seccomp: cannot add " + name, -code);
  }
  for (const std::string& name : config.flags) {
    WHERRY_TRY(const unsigned flag, lookup(kFlags, name, "flag"));
    filter.flags |= flag;
  }
  for (const SeccompRule& rule : config.syscalls) {
    WHERRY_TRY(const uint32_t value, action(rule.action, rule.errno_ret));
    if (value == fallback) continue;
    filter.notifies |= value == SCMP_ACT_NOTIFY;
    WHERRY_CHECK(add_rule(context.get(), rule, value));
  }
  const Fd file(memfd_create("seccomp", MFD_CLOEXEC));
  if (!file.valid()) return system_error("memfd_create");
  if (const int code = seccomp_export_bpf(context.get(), file.get()); code != 0) {
    return system_error("seccomp: cannot compile the filter", -code);
  }
  const off_t size = lseek(file.get(), 0, SEEK_END);
  filter.program.resize(static_cast<size_t>(size) / sizeof(sock_filter));
  if (pread(file.get(), filter.program.data(), static_cast<size_t>(size), 0) != size) return system_error("seccomp");
  if (filter.program.size() > BPF_MAXINSNS) return fail(ErrorCode::kLimit, "seccomp: the filter is too long");
  return filter;
}

Result<Fd> install_seccomp(const SeccompFilter& filter) {
  const sock_fprog program = {.len = static_cast<unsigned short>(filter.program.size()),
                              .filter = const_cast<sock_filter*>(filter.program.data())};
  const unsigned flags = filter.flags | (filter.notifies ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0);
  const long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  if (result < 0) return system_error("cannot install the seccomp filter");
  return filter.notifies ? Fd(static_cast<int>(result)) : Fd();
}

std::vector<std::string> seccomp_actions() { return names(kActions); }
std::vector<std::string> seccomp_operators() { return names(kOperators); }
std::vector<std::string> seccomp_architectures() { return names(kArchitectures); }
std::vector<std::string> seccomp_flags() { return names(kFlags); }

}  // namespace wherry::oci
