// What stores have done and hold: for monitoring and for bills.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace [[gnu::visibility("default")]] wherry {

/// Since the store began; times in nanoseconds. Counting costs nothing; times are taken only when asked for (see
/// StoreRef::measure_time), for they cost each call from outside some 50 ns.
struct StoreStats {
  uint64_t instances = 0;
  uint64_t instantiate_ns = 0;  ///< Without start functions.
  uint64_t calls = 0;           ///< From outside, start functions included.
  uint64_t run_ns = 0;
  uint64_t traps = 0;          ///< Calls that ended with one, exits and the following ones included.
  uint64_t interruptions = 0;  ///< kInterrupted and kTimeLimit.
  // As of now:
  uint64_t memories = 0;
  uint64_t memory_bytes = 0;  ///< Of all linear memories, as the guests see them.
  uint64_t tables = 0;
  uint64_t table_elements = 0;
  uint64_t gc_heap_bytes = 0;
  uint64_t gc_collections = 0;
  uint64_t fuel = 0;  ///< Left.
};

/// "instances 1\ncalls 3\n...", for people.
std::string to_text(const StoreStats& stats);
/// The Prometheus text format, metrics wherry_*; `labels` go into each sample: `guest="app",node="3"`, or empty.
std::string to_prometheus(const StoreStats& stats, std::string_view labels = {});

}  // namespace wherry
