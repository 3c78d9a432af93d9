#include "capi/wasmedge/configure.h"

#include <algorithm>
#include <mutex>

using namespace wherry;
using namespace wherry::wasmedge;

namespace {

/// The features a proposal stands for here.
struct ProposalRow {
  WasmEdge_Proposal proposal;
  std::initializer_list<Feature> features;
};
const ProposalRow kProposals[] = {
    {WasmEdge_Proposal_ImportExportMutGlobals, {Feature::kMutableGlobals}},
    {WasmEdge_Proposal_NonTrapFloatToIntConversions, {Feature::kSaturatingFloatToInt}},
    {WasmEdge_Proposal_SignExtensionOperators, {Feature::kSignExtension}},
    {WasmEdge_Proposal_MultiValue, {Feature::kMultiValue}},
    {WasmEdge_Proposal_BulkMemoryOperations, {Feature::kBulkMemory}},
    {WasmEdge_Proposal_ReferenceTypes, {Feature::kReferenceTypes}},
    {WasmEdge_Proposal_SIMD, {Feature::kSimd}},
    {WasmEdge_Proposal_TailCall, {Feature::kTailCall}},
    {WasmEdge_Proposal_ExtendedConst, {Feature::kExtendedConst}},
    {WasmEdge_Proposal_FunctionReferences, {Feature::kFunctionReferences}},
    {WasmEdge_Proposal_GC, {Feature::kGc}},
    {WasmEdge_Proposal_MultiMemories, {Feature::kMultiMemory}},
    {WasmEdge_Proposal_RelaxSIMD, {Feature::kRelaxedSimd}},
    {WasmEdge_Proposal_Annotations, {}},
    // Toolchains still emit the older form too.
    {WasmEdge_Proposal_ExceptionHandling, {Feature::kExceptions, Feature::kLegacyExceptions}},
    {WasmEdge_Proposal_Memory64, {Feature::kMemory64}},
    {WasmEdge_Proposal_Threads, {Feature::kThreads}},
    {WasmEdge_Proposal_Component, {}},
};

constexpr uint32_t bit(int number) { return number < 0 || number > 31 ? 0 : uint32_t{1} << number; }
constexpr uint32_t below(int number) { return bit(number) - 1; }

}  // namespace

void WasmEdge_ConfigureContext::set_standard(WasmEdge_Standard standard) {
  switch (standard) {
    case WasmEdge_Standard_WASM_1:
      proposals = below(WasmEdge_Proposal_NonTrapFloatToIntConversions);
      break;
    case WasmEdge_Standard_WASM_2:
      proposals = below(WasmEdge_Proposal_TailCall);
      break;
    case WasmEdge_Standard_WASM_3:
      proposals = below(WasmEdge_Proposal_Threads) & ~bit(WasmEdge_Proposal_Annotations);
      break;
  }
}

Features WasmEdge_ConfigureContext::features() const {
  Features features = Features::none();
  for (const ProposalRow& row : kProposals) {
    if ((proposals & bit(row.proposal)) == 0) continue;
    for (const Feature feature : row.features) features.set(feature);
  }
  return features;
}

EnginePtr wherry::wasmedge::engine_for(const WasmEdge_ConfigureContext& configure) {
  static std::mutex mutex;
  static std::vector<std::weak_ptr<const SharedEngine>> engines;
  const std::lock_guard lock(mutex);
  std::erase_if(engines, [](const auto& engine) { return engine.expired(); });
  auto engine_with = [&](TierKind tier) {
    Config config;
    config.features = configure.features();
    config.fuel = configure.is_metered();
    config.tier = tier;
    config.max_instances = UINT64_MAX;
    for (const auto& weak : engines) {
      const auto engine = weak.lock();
      if (engine == nullptr) continue;
      const Config& other = engine->engine.config();
      if (other.features == config.features && other.fuel == config.fuel && other.tier == tier) return engine;
    }
    auto made = std::make_shared<SharedEngine>(config);
    engines.push_back(made);
    return std::shared_ptr<const SharedEngine>(made);
  };
  if (configure.force_interpreter) return engine_with(TierKind::kInterpreter);
  EnginePtr plain = engine_with(TierKind::kAuto);
  const bool compile = configure.run_mode == WasmEdge_RunMode_JIT || configure.run_mode == WasmEdge_RunMode_LazyJIT;
  if (!compile) return plain;
  EnginePtr compiling = engine_with(TierKind::kLlvm);
  if (compiling->without_compiler == nullptr) {
    const_cast<SharedEngine&>(*compiling).without_compiler = std::move(plain);
  }
  return compiling;
}

WasmEdge_ConfigureContext* WasmEdge_ConfigureCreate() noexcept { return new WasmEdge_ConfigureContext; }
void WasmEdge_ConfigureDelete(WasmEdge_ConfigureContext* configure) noexcept { delete configure; }

void WasmEdge_ConfigureAddProposal(WasmEdge_ConfigureContext* configure, enum WasmEdge_Proposal proposal) noexcept {
  if (configure != nullptr) configure->proposals |= bit(proposal);
}
void WasmEdge_ConfigureRemoveProposal(WasmEdge_ConfigureContext* configure, enum WasmEdge_Proposal proposal) noexcept {
  if (configure != nullptr) configure->proposals &= ~bit(proposal);
}
bool WasmEdge_ConfigureHasProposal(const WasmEdge_ConfigureContext* configure,
                                   enum WasmEdge_Proposal proposal) noexcept {
  return configure != nullptr && (configure->proposals & bit(proposal)) != 0;
}
void WasmEdge_ConfigureSetWASMStandard(WasmEdge_ConfigureContext* configure, enum WasmEdge_Standard standard) noexcept {
  if (configure != nullptr) configure->set_standard(standard);
}
void WasmEdge_ConfigureAddHostRegistration(WasmEdge_ConfigureContext* configure,
                                           enum WasmEdge_HostRegistration host) noexcept {
  if (configure != nullptr) configure->hosts |= bit(host);
}
void WasmEdge_ConfigureRemoveHostRegistration(WasmEdge_ConfigureContext* configure,
                                              enum WasmEdge_HostRegistration host) noexcept {
  if (configure != nullptr) configure->hosts &= ~bit(host);
}
bool WasmEdge_ConfigureHasHostRegistration(const WasmEdge_ConfigureContext* configure,
                                           enum WasmEdge_HostRegistration host) noexcept {
  return configure != nullptr && configure->has(host);
}
bool WasmEdge_ConfigureIsForceInterpreter(const WasmEdge_ConfigureContext* configure) noexcept {
  return configure != nullptr && configure->run_mode == WasmEdge_RunMode_Interpreter;
}
void WasmEdge_ConfigureSetForceInterpreter(WasmEdge_ConfigureContext* configure, bool force) noexcept {
  if (configure == nullptr) return;
  configure->force_interpreter = force;
  if (force) configure->run_mode = WasmEdge_RunMode_Interpreter;
}
void WasmEdge_ConfigureSetRunMode(WasmEdge_ConfigureContext* configure, enum WasmEdge_RunMode mode) noexcept {
  if (configure == nullptr) return;
  configure->run_mode = mode;
  configure->force_interpreter = mode == WasmEdge_RunMode_Interpreter;
}

// Properties that are read and written as they are: GetX is Zero without a configuration.
#define WHERRY_DEFINE_PROPERTY(type, setter, getter, member, zero)                             \
  void WasmEdge_Configure##setter(WasmEdge_ConfigureContext* configure, type value) noexcept { \
    if (configure != nullptr) configure->member = value;                                       \
  }                                                                                            \
  type WasmEdge_Configure##getter(const WasmEdge_ConfigureContext* configure) noexcept {       \
    return configure == nullptr ? zero : configure->member;                                    \
  }
WHERRY_DEFINE_PROPERTY(uint64_t, SetMaxMemoryPage, GetMaxMemoryPage, max_memory_pages, 0)
WHERRY_DEFINE_PROPERTY(bool, SetAllowAFUNIX, IsAllowAFUNIX, allow_af_unix, false)
WHERRY_DEFINE_PROPERTY(WasmEdge_CompilerOptimizationLevel, CompilerSetOptimizationLevel, CompilerGetOptimizationLevel,
                       compiler.level, WasmEdge_CompilerOptimizationLevel_O0)
WHERRY_DEFINE_PROPERTY(WasmEdge_CompilerOutputFormat, CompilerSetOutputFormat, CompilerGetOutputFormat, compiler.format,
                       WasmEdge_CompilerOutputFormat_Wasm)
WHERRY_DEFINE_PROPERTY(bool, CompilerSetDumpIR, CompilerIsDumpIR, compiler.dump_ir, false)
WHERRY_DEFINE_PROPERTY(bool, CompilerSetGenericBinary, CompilerIsGenericBinary, compiler.generic, false)
WHERRY_DEFINE_PROPERTY(bool, CompilerSetInterruptible, CompilerIsInterruptible, compiler.interruptible, false)
WHERRY_DEFINE_PROPERTY(bool, StatisticsSetInstructionCounting, StatisticsIsInstructionCounting, count_instructions,
                       false)
WHERRY_DEFINE_PROPERTY(bool, StatisticsSetCostMeasuring, StatisticsIsCostMeasuring, measure_cost, false)
WHERRY_DEFINE_PROPERTY(bool, StatisticsSetTimeMeasuring, StatisticsIsTimeMeasuring, measure_time, false)

enum WasmEdge_RunMode WasmEdge_ConfigureGetRunMode(const WasmEdge_ConfigureContext* configure) noexcept {
  return configure == nullptr ? WasmEdge_RunMode_Interpreter : configure->run_mode;
}

WasmEdge_StatisticsContext* WasmEdge_StatisticsCreate() noexcept { return new WasmEdge_StatisticsContext; }
uint64_t WasmEdge_StatisticsGetInstrCount(const WasmEdge_StatisticsContext* statistics) noexcept {
  return statistics == nullptr ? 0 : statistics->instructions;
}
double WasmEdge_StatisticsGetInstrPerSecond(const WasmEdge_StatisticsContext* statistics) noexcept {
  if (statistics == nullptr || statistics->nanoseconds == 0) return 0;
  return static_cast<double>(statistics->instructions) / (static_cast<double>(statistics->nanoseconds) * 1e-9);
}
uint64_t WasmEdge_StatisticsGetTotalCost(const WasmEdge_StatisticsContext* statistics) noexcept {
  return statistics == nullptr ? 0 : statistics->cost;
}
void WasmEdge_StatisticsSetCostTable(WasmEdge_StatisticsContext* statistics, uint64_t* costs, uint32_t count) noexcept {
  if (statistics == nullptr) return;
  statistics->cost_table.clear();
  if (costs != nullptr) statistics->cost_table.assign(costs, costs + count);
}
void WasmEdge_StatisticsSetCostLimit(WasmEdge_StatisticsContext* statistics, uint64_t limit) noexcept {
  if (statistics != nullptr) statistics->cost_limit = limit;
}
void WasmEdge_StatisticsClear(WasmEdge_StatisticsContext* statistics) noexcept {
  if (statistics == nullptr) return;
  statistics->instructions = 0;
  statistics->cost = 0;
  statistics->nanoseconds = 0;
}
void WasmEdge_StatisticsDelete(WasmEdge_StatisticsContext* statistics) noexcept { delete statistics; }
