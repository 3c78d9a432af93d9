#include "wherry/stats.h"

#include "api/store_state.h"

namespace wherry {
namespace {

struct Metric {
  std::string_view name;  ///< As StoreStats has it, and after "wherry_" in Prometheus.
  uint64_t StoreStats::* value;
  bool is_counter;  ///< Only rises, while the store lives.
  std::string_view help;
};

constexpr Metric kMetrics[] = {
    {"instances", &StoreStats::instances, true, "Instances made"},
    {"instantiate_nanoseconds", &StoreStats::instantiate_ns, true, "Time spent making instances"},
    {"calls", &StoreStats::calls, true, "Calls from outside"},
    {"run_nanoseconds", &StoreStats::run_ns, true, "Time spent in calls from outside"},
    {"traps", &StoreStats::traps, true, "Calls that ended with a trap"},
    {"interruptions", &StoreStats::interruptions, true, "Calls that were interrupted or out of time"},
    {"memories", &StoreStats::memories, false, "Linear memories"},
    {"memory_bytes", &StoreStats::memory_bytes, false, "Size of all linear memories"},
    {"tables", &StoreStats::tables, false, "Tables"},
    {"table_elements", &StoreStats::table_elements, false, "Elements of all tables"},
    {"gc_heap_bytes", &StoreStats::gc_heap_bytes, false, "Garbage-collected heap in use"},
    {"gc_collections", &StoreStats::gc_collections, true, "Garbage collections"},
    {"fuel", &StoreStats::fuel, false, "Fuel left"},
};

}  // namespace

std::string to_text(const StoreStats& stats) {
  std::string text;
  for (const Metric& metric : kMetrics) {
    text.append(metric.name).append(" ").append(std::to_string(stats.*metric.value)).append("\n");
  }
  return text;
}

std::string to_prometheus(const StoreStats& stats, std::string_view labels) {
  std::string text;
  for (const Metric& metric : kMetrics) {
    std::string name = "wherry_" + std::string(metric.name);
    if (metric.is_counter) name += "_total";
    text.append("# HELP ").append(name).append(" ").append(metric.help).append(".\n");
    text.append("# TYPE ").append(name).append(metric.is_counter ? " counter\n" : " gauge\n");
    text.append(name);
    if (!labels.empty()) text.append("{").append(labels).append("}");
    text.append(" ").append(std::to_string(stats.*metric.value)).append("\n");
  }
  return text;
}

void StoreRef::measure_time(bool measure) const { state_->measure_time(measure); }

StoreStats StoreRef::stats() const {
  const runtime::Store::Counters& counters = state_->counters();
  const runtime::Store::Sizes sizes = state_->sizes();
  const GcStats gc = gc_stats();
  return {.instances = counters.instances,
          .instantiate_ns = counters.instantiate_ns,
          .calls = counters.calls,
          .run_ns = counters.run_ns,
          .traps = counters.traps,
          .interruptions = counters.interruptions,
          .memories = sizes.memories,
          .memory_bytes = sizes.memory_bytes,
          .tables = sizes.tables,
          .table_elements = sizes.table_elements,
          .gc_heap_bytes = gc.heap_bytes,
          .gc_collections = gc.collections,
          .fuel = fuel()};
}

}  // namespace wherry
