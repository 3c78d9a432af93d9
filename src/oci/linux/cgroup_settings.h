// Resources as control groups take them: which file gets which text.
#pragma once

#include <linux/bpf.h>

#include <string>
#include <vector>

#include "oci/config.h"

namespace wherry::oci {

struct CgroupSetting {
  std::string controller;  ///< "memory", "cpu"; empty: cgroup v2's own files.
  std::string file;
  std::string value;
  std::string other_file = {};  ///< Where it goes if the kernel has no `file`.
  bool optional = false;        ///< No harm if neither is there.
};

std::vector<CgroupSetting> v1_settings(const Resources& resources);
std::vector<CgroupSetting> v2_settings(const Resources& resources);

/// Rules for all devices that a container gets beside those it asks for.
std::vector<DeviceRule> with_default_devices(const std::vector<DeviceRule>& rules);
/// "c 1:3 rwm"
std::string device_rule_text(const DeviceRule& rule);
/// The program that decides on a device for cgroup v2: the last rule that fits counts.
std::vector<bpf_insn> device_program(const std::vector<DeviceRule>& rules);

}  // namespace wherry::oci
