// The options that every command which reads or executes modules has in common.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "wherry/config.h"

namespace wherry::cli {

class EngineOptions {
 public:
  /// --enable, --disable; with `executes`, also --tier, --bounds, --deterministic, --max-memory, --max-total-memory, --max-table,
  /// --max-gc-heap, --max-stack.
  void add_to(CLI::App& app, bool executes);
  /// The configuration they ask for; throws UsageError.
  Config config() const;
  /// Those of them that compiled code depends on, as another command takes them.
  std::vector<std::string> code_arguments() const;

 private:
  std::vector<std::string> enable_, disable_;
  std::string tier_ = "auto", bounds_ = "guard", compiler_, max_memory_, max_total_memory_, max_table_, max_gc_heap_,
      max_stack_;
  bool deterministic_ = false, gdb_ = false, perf_map_ = false;
};

}  // namespace wherry::cli
