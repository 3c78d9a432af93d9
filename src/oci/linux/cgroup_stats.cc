#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "oci/linux/cgroup.h"
#include "oci/linux/system.h"

namespace wherry::oci {
namespace {

uint64_t number_in(const std::string& path) {
  return std::strtoull(read_text(path).value_or("0").c_str(), nullptr, 10);
}

/// A limit; none ("max", or v1's largest) is what runc prints for it.
uint64_t limit_in(const std::string& path) {
  const std::string text = read_text(path).value_or("0");
  return text.starts_with("max") ? ~uint64_t{0} : std::strtoull(text.c_str(), nullptr, 10);
}

/// A file of lines "name value".
std::map<std::string, uint64_t> numbers_in(const std::string& path) {
  std::map<std::string, uint64_t> result;
  std::istringstream lines(read_text(path).value_or(""));
  std::string name;
  uint64_t value;
  while (lines >> name >> value) result[name] = value;
  return result;
}

uint64_t field(const std::map<std::string, uint64_t>& numbers, const char* name) {
  const auto it = numbers.find(name);
  return it == numbers.end() ? 0 : it->second;
}

Json v1_memory(const std::string& path, const std::string& kind) {
  const std::string file = path + "/memory." + kind;
  return {{"limit", number_in(file + "limit_in_bytes")},
          {"usage", number_in(file + "usage_in_bytes")},
          {"max", number_in(file + "max_usage_in_bytes")},
          {"failcnt", number_in(file + "failcnt")}};
}

}  // namespace

Json Cgroup::stats() const {
  Json data = Json::object();
  if (const CgroupDirectory* group = find("cpuacct"); group != nullptr && !group->controllers.empty()) {
    const auto split = numbers_in(group->path + "/cpuacct.stat");
    const CgroupDirectory* cpu = find("cpu");
    const auto throttled = numbers_in(cpu->path + "/cpu.stat");
    constexpr uint64_t kTick = 10'000'000;  // USER_HZ is 100 on every architecture here.
    std::vector<uint64_t> each;
    std::istringstream processors(read_text(group->path + "/cpuacct.usage_percpu").value_or(""));
    for (uint64_t value; processors >> value;) each.push_back(value);
    data["cpu"] = {{"usage",
                    {{"total", number_in(group->path + "/cpuacct.usage")},
                     {"percpu", each},
                     {"kernel", field(split, "system") * kTick},
                     {"user", field(split, "user") * kTick}}},
                   {"throttling",
                    {{"periods", field(throttled, "nr_periods")},
                     {"throttledPeriods", field(throttled, "nr_throttled")},
                     {"throttledTime", field(throttled, "throttled_time")}}}};
  } else if (unified() != nullptr) {
    const auto cpu = numbers_in(unified()->path + "/cpu.stat");
    data["cpu"] = {{"usage",
                    {{"total", field(cpu, "usage_usec") * 1000},
                     {"kernel", field(cpu, "system_usec") * 1000},
                     {"user", field(cpu, "user_usec") * 1000}}},
                   {"throttling",
                    {{"periods", field(cpu, "nr_periods")},
                     {"throttledPeriods", field(cpu, "nr_throttled")},
                     {"throttledTime", field(cpu, "throttled_usec") * 1000}}}};
  }
  if (const CgroupDirectory* group = find("memory"); group != nullptr && !group->controllers.empty()) {
    const auto raw = numbers_in(group->path + "/memory.stat");
    data["memory"] = {{"cache", field(raw, "cache")},
                      {"usage", v1_memory(group->path, "")},
                      {"swap", v1_memory(group->path, "memsw.")},
                      {"kernel", v1_memory(group->path, "kmem.")},
                      {"kernelTCP", v1_memory(group->path, "kmem.tcp.")},
                      {"raw", raw}};
  } else if (group != nullptr) {
    const auto raw = numbers_in(group->path + "/memory.stat");
    data["memory"] = {{"cache", field(raw, "file")},
                      {"usage",
                       {{"limit", limit_in(group->path + "/memory.max")},
                        {"usage", number_in(group->path + "/memory.current")},
                        {"max", number_in(group->path + "/memory.peak")},
                        {"failcnt", field(numbers_in(group->path + "/memory.events"), "max")}}},
                      {"swap",
                       {{"limit", limit_in(group->path + "/memory.swap.max")},
                        {"usage", number_in(group->path + "/memory.swap.current")}}},
                      {"raw", raw}};
  }
  if (const CgroupDirectory* group = find("pids"); group != nullptr) {
    const uint64_t limit = limit_in(group->path + "/pids.max");
    data["pids"] = {{"current", number_in(group->path + "/pids.current")},
                    {"limit", limit == ~uint64_t{0} ? 0 : limit}};
  }
  return data;
}

}  // namespace wherry::oci
