#include "oci/linux/cgroup_settings.h"

#include <algorithm>

namespace wherry::oci {
namespace {

std::string number(int64_t value) { return std::to_string(value); }
std::string number(uint64_t value) { return std::to_string(value); }
/// cgroup v2 says "max" where the specification has -1.
std::string or_max(int64_t value) { return value < 0 ? "max" : std::to_string(value); }
std::string device(const ThrottleDevice& item) { return number(item.major) + ':' + number(item.minor); }

/// v1's cpu.shares (2..262144) as v2's cpu.weight (1..10000), as systemd and runc convert it.
uint64_t weight_from_shares(uint64_t shares) {
  shares = std::clamp<uint64_t>(shares, 2, 262144);
  return 1 + (shares - 2) * 9999 / 262142;
}

/// v1's blkio.weight (10..1000) as v2's io.weight (1..10000).
uint64_t io_weight(uint64_t weight) {
  weight = std::clamp<uint64_t>(weight, 10, 1000);
  return 1 + (weight - 10) * 9999 / 990;
}

void add_throttle(std::vector<CgroupSetting>& list, const std::vector<ThrottleDevice>& devices, const char* v1_file,
                  const char* v2_key) {
  for (const ThrottleDevice& item : devices) {
    if (v2_key == nullptr) {
      list.push_back({"blkio", v1_file, device(item) + ' ' + number(item.value)});
    } else {
      list.push_back({"io", "io.max", device(item) + ' ' + v2_key + '=' + number(item.value)});
    }
  }
}

}  // namespace

std::vector<CgroupSetting> v1_settings(const Resources& resources) {
  std::vector<CgroupSetting> list;
  const auto& memory = resources.memory;
  // Zero means nothing, as engines write it for "not set".
  const auto add_bytes = [&list](const char* file, std::optional<int64_t> bytes, bool optional = false) {
    if (bytes.value_or(0) != 0) list.push_back({"memory", file, number(*bytes), "", optional});
  };
  add_bytes("memory.limit_in_bytes", memory.limit);
  add_bytes("memory.memsw.limit_in_bytes", memory.swap, memory.swap.value_or(0) < 0);
  add_bytes("memory.soft_limit_in_bytes", memory.reservation);
  add_bytes("memory.kmem.limit_in_bytes", memory.kernel, true);
  add_bytes("memory.kmem.tcp.limit_in_bytes", memory.kernel_tcp, true);
  if (memory.swappiness) list.push_back({"memory", "memory.swappiness", number(*memory.swappiness)});
  if (memory.disable_oom_killer) list.push_back({"memory", "memory.oom_control", "1"});

  const auto& cpu = resources.cpu;
  if (cpu.shares.value_or(0) != 0) list.push_back({"cpu", "cpu.shares", number(*cpu.shares)});
  if (cpu.period.value_or(0) != 0) list.push_back({"cpu", "cpu.cfs_period_us", number(*cpu.period)});
  if (cpu.quota.value_or(0) != 0) list.push_back({"cpu", "cpu.cfs_quota_us", number(*cpu.quota)});
  if (cpu.burst) list.push_back({"cpu", "cpu.cfs_burst_us", number(*cpu.burst)});
  if (cpu.realtime_period.value_or(0) != 0) {
    list.push_back({"cpu", "cpu.rt_period_us", number(*cpu.realtime_period)});
  }
  if (cpu.realtime_runtime.value_or(0) != 0) {
    list.push_back({"cpu", "cpu.rt_runtime_us", number(*cpu.realtime_runtime)});
  }
  if (cpu.idle) list.push_back({"cpu", "cpu.idle", number(*cpu.idle)});
  if (!cpu.cpus.empty()) list.push_back({"cpuset", "cpuset.cpus", cpu.cpus});
  if (!cpu.mems.empty()) list.push_back({"cpuset", "cpuset.mems", cpu.mems});

  if (resources.pids_limit.value_or(0) != 0) list.push_back({"pids", "pids.max", or_max(*resources.pids_limit)});

  const auto& block = resources.block_io;
  if (block.weight.value_or(0) != 0) {
    list.push_back({"blkio", "blkio.weight", number(*block.weight), "blkio.bfq.weight"});
  }
  if (block.leaf_weight.value_or(0) != 0) list.push_back({"blkio", "blkio.leaf_weight", number(*block.leaf_weight)});
  for (const ThrottleDevice& item : block.weight_device) {
    list.push_back(
        {"blkio", "blkio.weight_device", device(item) + ' ' + number(item.value), "blkio.bfq.weight_device"});
  }
  add_throttle(list, block.read_bps, "blkio.throttle.read_bps_device", nullptr);
  add_throttle(list, block.write_bps, "blkio.throttle.write_bps_device", nullptr);
  add_throttle(list, block.read_iops, "blkio.throttle.read_iops_device", nullptr);
  add_throttle(list, block.write_iops, "blkio.throttle.write_iops_device", nullptr);

  for (const auto& [size, limit] : resources.hugepage_limits) {
    list.push_back({"hugetlb", "hugetlb." + size + ".limit_in_bytes", number(limit)});
  }
  if (resources.network_class.value_or(0) != 0) {
    list.push_back({"net_cls", "net_cls.classid", number(*resources.network_class)});
  }
  for (const auto& [interface, priority] : resources.network_priorities) {
    list.push_back({"net_prio", "net_prio.ifpriomap", interface + ' ' + number(priority)});
  }
  for (const auto& [name, limit] : resources.rdma) list.push_back({"rdma", "rdma.max", name + limit});
  if (!resources.devices.empty()) {
    for (const DeviceRule& rule : with_default_devices(resources.devices)) {
      list.push_back({"devices", rule.allow ? "devices.allow" : "devices.deny", device_rule_text(rule)});
    }
  }
  return list;
}

std::vector<CgroupSetting> v2_settings(const Resources& resources) {
  std::vector<CgroupSetting> list;
  const auto& memory = resources.memory;
  if (memory.limit.value_or(0) != 0) list.push_back({"memory", "memory.max", or_max(*memory.limit)});
  if (const int64_t swap = memory.swap.value_or(0); swap != 0) {
    // v1 counts memory and swap together, v2 swap alone.
    const int64_t limit = memory.limit.value_or(0);
    const int64_t alone = swap < 0 ? -1 : limit > 0 ? std::max<int64_t>(swap - limit, 0) : swap;
    list.push_back({"memory", "memory.swap.max", or_max(alone), "", alone <= 0});
  }
  if (memory.reservation.value_or(0) != 0) list.push_back({"memory", "memory.low", or_max(*memory.reservation)});

  const auto& cpu = resources.cpu;
  if (cpu.shares.value_or(0) != 0) list.push_back({"cpu", "cpu.weight", number(weight_from_shares(*cpu.shares))});
  if (cpu.quota.value_or(0) != 0 || cpu.period.value_or(0) != 0) {
    list.push_back({"cpu", "cpu.max",
                    (cpu.quota.value_or(0) > 0 ? number(*cpu.quota) : "max") + ' ' +
                        number(cpu.period.value_or(0) != 0 ? *cpu.period : uint64_t{100'000})});
  }
  if (cpu.burst) list.push_back({"cpu", "cpu.max.burst", number(*cpu.burst)});
  if (cpu.idle) list.push_back({"cpu", "cpu.idle", number(*cpu.idle)});
  if (!cpu.cpus.empty()) list.push_back({"cpuset", "cpuset.cpus", cpu.cpus});
  if (!cpu.mems.empty()) list.push_back({"cpuset", "cpuset.mems", cpu.mems});
  if (resources.pids_limit.value_or(0) != 0) list.push_back({"pids", "pids.max", or_max(*resources.pids_limit)});

  const auto& block = resources.block_io;
  if (block.weight.value_or(0) != 0) {
    list.push_back({"io", "io.weight", "default " + number(io_weight(*block.weight)), "io.bfq.weight"});
  }
  for (const ThrottleDevice& item : block.weight_device) {
    list.push_back({"io", "io.weight", device(item) + ' ' + number(io_weight(item.value)), "io.bfq.weight"});
  }
  add_throttle(list, block.read_bps, "", "rbps");
  add_throttle(list, block.write_bps, "", "wbps");
  add_throttle(list, block.read_iops, "", "riops");
  add_throttle(list, block.write_iops, "", "wiops");
  for (const auto& [size, limit] : resources.hugepage_limits) {
    list.push_back({"hugetlb", "hugetlb." + size + ".max", number(limit)});
  }
  for (const auto& [name, limit] : resources.rdma) list.push_back({"rdma", "rdma.max", name + limit});
  for (const auto& [file, value] : resources.unified) {
    list.push_back({file.starts_with("cgroup.") ? "" : file.substr(0, file.find('.')), file, value});
  }
  return list;
}

std::vector<DeviceRule> with_default_devices(const std::vector<DeviceRule>& rules) {
  std::vector<DeviceRule> all = rules;
  const auto allow = [&all](char type, std::optional<int64_t> major, std::optional<int64_t> minor, const char* access) {
    all.push_back({true, type, major, minor, access});
  };
  allow('c', {}, {}, "m");
  allow('b', {}, {}, "m");
  for (const int64_t minor : {3, 5, 7, 8, 9}) allow('c', 1, minor, "rwm");  // null, zero, full, random, urandom
  allow('c', 5, 0, "rwm");                                                  // tty
  allow('c', 5, 1, "rwm");                                                  // console
  allow('c', 5, 2, "rwm");                                                  // ptmx
  allow('c', 136, {}, "rwm");                                               // pts
  return all;
}

std::string device_rule_text(const DeviceRule& rule) {
  const auto part = [](std::optional<int64_t> value) { return value ? std::to_string(*value) : "*"; };
  return std::string(1, rule.type) + ' ' + part(rule.major) + ':' + part(rule.minor) + ' ' + rule.access;
}

std::vector<bpf_insn> device_program(const std::vector<DeviceRule>& rules) {
  // The context (struct bpf_cgroup_dev_ctx): type in the low half of the first word and access in its high half, then
  // major, minor. Kept in r2, r3, r4, r5; the answer is r0.
  const auto op = [](uint8_t code, uint8_t to, uint8_t from, int16_t offset, int32_t value) {
    return bpf_insn{.code = code,
                    .dst_reg = static_cast<uint8_t>(to & 15),
                    .src_reg = static_cast<uint8_t>(from & 15),
                    .off = offset,
                    .imm = value};
  };
  constexpr uint8_t kLoad = BPF_LDX | BPF_MEM | BPF_W, kAnd = BPF_ALU | BPF_AND | BPF_K,
                    kMove = BPF_ALU | BPF_MOV | BPF_K;
  constexpr uint8_t kCopy = BPF_ALU | BPF_MOV | BPF_X, kShift = BPF_ALU | BPF_RSH | BPF_K;
  constexpr uint8_t kUnequal = BPF_JMP | BPF_JNE | BPF_K, kEqual = BPF_JMP | BPF_JEQ | BPF_K,
                    kExit = BPF_JMP | BPF_EXIT;
  std::vector<bpf_insn> program = {op(kLoad, 2, 1, 0, 0),   op(kAnd, 2, 0, 0, 0xffff), op(kLoad, 3, 1, 0, 0),
                                   op(kShift, 3, 0, 0, 16), op(kLoad, 4, 1, 4, 0),     op(kLoad, 5, 1, 8, 0)};
  for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule) {
    std::vector<bpf_insn> test;  // Jumps go to the next rule; their distance is filled in below.
    if (rule->type != 'a') {
      test.push_back(op(kUnequal, 2, 0, 0, rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR));
    }
    int32_t access = 0;
    for (const char letter : rule->access) {
      access |= letter == 'r' ? BPF_DEVCG_ACC_READ : letter == 'w' ? BPF_DEVCG_ACC_WRITE : BPF_DEVCG_ACC_MKNOD;
    }
    constexpr int32_t kAll = BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD;
    if (access != kAll) {
      // Allowed if all that is asked for is; denied if any of it is.
      test.push_back(op(kCopy, 1, 3, 0, 0));
      test.push_back(op(kAnd, 1, 0, 0, rule->allow ? kAll & ~access : access));
      test.push_back(op(rule->allow ? kUnequal : kEqual, 1, 0, 0, 0));
    }
    if (rule->major) test.push_back(op(kUnequal, 4, 0, 0, static_cast<int32_t>(*rule->major)));
    if (rule->minor) test.push_back(op(kUnequal, 5, 0, 0, static_cast<int32_t>(*rule->minor)));
    test.push_back(op(kMove, 0, 0, 0, rule->allow ? 1 : 0));
    test.push_back(op(kExit, 0, 0, 0, 0));
    const bool unconditional = test.size() == 2;
    for (size_t i = 0; i + 2 < test.size(); ++i) {
      if (test[i].code == kUnequal || test[i].code == kEqual) test[i].off = static_cast<int16_t>(test.size() - i - 1);
    }
    program.insert(program.end(), test.begin(), test.end());
    if (unconditional) return program;  // Nothing comes after it, and the kernel refuses code that is never reached.
  }
  program.push_back(op(kMove, 0, 0, 0, 1));
  program.push_back(op(kExit, 0, 0, 0, 0));
  return program;
}

}  // namespace wherry::oci
