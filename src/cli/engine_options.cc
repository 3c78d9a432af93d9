#include "cli/engine_options.h"

#include <fmt/core.h>

#include "cli/command.h"
#include "cli/console.h"

namespace wherry::cli {
namespace {

std::string feature_names() {
  std::string names;
  for (const FeatureInfo& row : kFeatureTable) {
    if (row.feature != Feature::kMvp) names += (names.empty() ? "" : ", ") + std::string(row.name);
  }
  return names;
}

void switch_features(Features& features, const std::vector<std::string>& names, std::string_view option, bool on) {
  for (const std::string& name : names) {
    if (name == "all") {
      for (const FeatureInfo& row : kFeatureTable) features.set(row.feature, on);
      continue;
    }
    const auto feature = feature_by_name(name);
    if (!feature)
      throw UsageError{fmt::format("{}: there is no feature '{}'; there are {}", option, name, feature_names())};
    features.set(*feature, on);
  }
}

}  // namespace

void EngineOptions::add_to(CLI::App& app, bool executes) {
  if (executes) {
    app.add_option("--tier", tier_,
                   "What executes the code: auto (the fastest there is), interp, or llvm (compile first)")
        ->check(CLI::IsMember({"auto", "interp", "llvm"}))
        ->type_name("TIER");
    app.add_option("--compiler", compiler_, "The compiler to use: libwherry-llvm.so or wherry-compiler")
        ->type_name("FILE");
    app.add_flag("--gdb", gdb_, "Tell gdb the names of compiled functions");
    app.add_flag("--perf-map", perf_map_, "Tell perf the names of compiled functions (/tmp/perf-PID.map)");
    app.add_option("--bounds", bounds_, "Keep memory accesses in bounds by guard pages (guard) or checks (checks)")
        ->check(CLI::IsMember({"guard", "checks"}))
        ->type_name("HOW");
    app.add_flag("--deterministic", deterministic_, "Relaxed SIMD gives the same results on every machine");
    app.add_option("--max-memory", max_memory_, "Most that one linear memory may grow to")->type_name("SIZE");
    app.add_option("--max-total-memory", max_total_memory_, "Most that all linear memories may grow to together")
        ->type_name("SIZE");
    app.add_option("--max-table", max_table_, "Most elements of one table")->type_name("COUNT");
    app.add_option("--max-gc-heap", max_gc_heap_, "Most that garbage-collected objects may take")->type_name("SIZE");
    app.add_option("--max-stack", max_stack_, "Stack for WebAssembly frames (default 8M)")->type_name("SIZE");
  }
  app.add_option("--enable", enable_, "Switch a language feature on (or `all`)")
      ->type_name("FEATURE")
      ->delimiter(',')
      ->expected(1)
      ->allow_extra_args(false);
  app.add_option("--disable", disable_, "Switch a language feature off")
      ->type_name("FEATURE")
      ->delimiter(',')
      ->expected(1)
      ->allow_extra_args(false);
}

Config EngineOptions::config() const {
  Config config;
  switch_features(config.features, enable_, "--enable", true);
  switch_features(config.features, disable_, "--disable", false);
  config.tier = tier_ == "interp" ? TierKind::kInterpreter : tier_ == "llvm" ? TierKind::kLlvm : TierKind::kAuto;
  config.compiler = compiler_;
  config.gdb = gdb_;
  config.perf_map = perf_map_;
  config.bounds = bounds_ == "checks" ? BoundsStrategy::kChecks : BoundsStrategy::kGuard;
  config.relaxed_simd_deterministic = deterministic_;
  if (!max_memory_.empty()) config.max_memory_bytes = parse_bytes("--max-memory", max_memory_);
  if (!max_total_memory_.empty()) {
    config.max_total_memory_bytes = parse_bytes("--max-total-memory", max_total_memory_);
  }
  if (!max_table_.empty()) config.max_table_elements = parse_bytes("--max-table", max_table_);
  if (!max_gc_heap_.empty()) config.max_gc_heap_bytes = parse_bytes("--max-gc-heap", max_gc_heap_);
  if (!max_stack_.empty()) config.stack_bytes = parse_bytes("--max-stack", max_stack_);
  return config;
}

std::vector<std::string> EngineOptions::code_arguments() const {
  std::vector<std::string> arguments = {"--bounds", bounds_};
  if (deterministic_) arguments.push_back("--deterministic");
  if (!compiler_.empty()) arguments.insert(arguments.end(), {"--compiler", compiler_});
  for (const std::string& name : enable_) arguments.insert(arguments.end(), {"--enable", name});
  for (const std::string& name : disable_) arguments.insert(arguments.end(), {"--disable", name});
  return arguments;
}

}  // namespace wherry::cli
