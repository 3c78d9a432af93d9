// Configurations, statistics, and the engines they lead to.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "wasmedge/wasmedge.h"
#include "wherry/engine.h"

struct WasmEdge_ConfigureContext {
  uint32_t proposals;  ///< A bit each.
  uint32_t hosts = 0;  ///< A bit a host registration.
  uint64_t max_memory_pages = 65536;
  WasmEdge_RunMode run_mode = WasmEdge_RunMode_Interpreter;
  bool force_interpreter = false;
  bool allow_af_unix = false;
  bool count_instructions = false;
  bool measure_cost = false;
  bool measure_time = false;
  struct {
    WasmEdge_CompilerOptimizationLevel level = WasmEdge_CompilerOptimizationLevel_O3;
    WasmEdge_CompilerOutputFormat format = WasmEdge_CompilerOutputFormat_Wasm;
    bool dump_ir = false;
    bool generic = false;
    bool interruptible = false;
  } compiler;

  WasmEdge_ConfigureContext() { set_standard(WasmEdge_Standard_WASM_3); }
  void set_standard(WasmEdge_Standard standard);
  bool has(WasmEdge_HostRegistration host) const { return (hosts >> host & 1) != 0; }
  wherry::Features features() const;
  bool is_metered() const { return count_instructions || measure_cost; }
  uint64_t max_memory_bytes() const {
    return max_memory_pages > UINT64_MAX >> 16 ? UINT64_MAX : max_memory_pages << 16;
  }
};

/// Sums over runs, until cleared.
struct WasmEdge_StatisticsContext {
  uint64_t instructions = 0;
  uint64_t cost = 0;
  uint64_t nanoseconds = 0;  ///< In WebAssembly.
  uint64_t cost_limit = UINT64_MAX;
  std::vector<uint64_t> cost_table;  ///< Empty: each instruction costs 1.
};

namespace wherry::wasmedge {

/// An engine shared by all that is made with like configurations; freed with the last of them.
struct SharedEngine {
  explicit SharedEngine(const Config& config) : engine(config) {}
  const Engine engine;
  /// Of one that compiles what it loads: one that does not, for modules that cannot be compiled.
  std::shared_ptr<const SharedEngine> without_compiler;
};
using EnginePtr = std::shared_ptr<const SharedEngine>;

/// Thread-safe.
EnginePtr engine_for(const WasmEdge_ConfigureContext& configure);

}  // namespace wherry::wasmedge
