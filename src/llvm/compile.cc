#include "llvm/compile.h"

#include <llvm/Config/llvm-config.h>
#include <llvm/Target/TargetMachine.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <mutex>
#include <numeric>

#include "engine/native_image.h"
#include "llvm/codegen.h"
#include "llvm/emit.h"
#include "llvm/heat.h"
#include "llvm/image.h"
#include "llvm/object.h"
#include "llvm/pipeline.h"
#include "llvm/precompiled.h"
#include "llvm/target.h"
#include "platform/threads.h"

namespace wherry::compiler {

namespace {

using engine::CompileLevel;
using engine::ImageHeader;

/// Bytes of bodies that share an LLVMContext: so many that declarations and set-up do not count, so few that memory
/// stays small and the cores end together.
constexpr uint64_t kShardBytes = 128 << 10;
/// At CompileLevel::kDefault, of larger modules only this much gets the full pipeline: what is guessed to be hot.
constexpr uint64_t kFullBytes = 3 << 20;
/// What the full pipeline costs, relative to the fast one.
constexpr uint64_t kFullCost = 9;
/// Functions beyond this size get the fast pipeline: it is linear.
constexpr uint64_t kLargestFull = 200 << 10;
/// Frames beyond this size might reach below what the stack check knows to be there. Such functions get no code.
constexpr uint64_t kLargestFrame = 24 << 10;

struct Shard {
  CompileLevel level;
  bool with_stubs = false;
  std::vector<uint32_t> functions = {};
  uint64_t bytes = 0;
};

/// Neighbours stay together, as their producer put them; the largest shards come first, so that the last to end is
/// small.
std::vector<Shard> make_shards(const wasm::Module& module, std::span<const uint32_t> functions, CompileLevel level) {
  uint64_t total = 0;
  for (uint32_t function : functions) total += module.functions[function].body_size;
  std::vector<bool> full(functions.size(), level != CompileLevel::kFast);
  if (level == CompileLevel::kDefault && total > kFullBytes) full = guess_hot(module, functions, kFullBytes);
  std::vector<Shard> shards = {{CompileLevel::kFast, true}};
  size_t open[2] = {0, 0};  // the shard that is being filled, by whether it is full
  for (size_t i = 0; i < functions.size(); ++i) {
    const uint64_t size = module.functions[functions[i]].body_size;
    const bool is_full = full[i] && size <= kLargestFull;
    size_t& current = open[is_full ? 1 : 0];
    if (current == 0 || shards[current].bytes >= kShardBytes) {
      current = shards.size();
      shards.push_back({is_full ? level : CompileLevel::kFast});
    }
    shards[current].functions.push_back(functions[i]);
    shards[current].bytes += size;
  }
  const auto cost = [](const Shard& shard) {
    return shard.bytes * (shard.level == CompileLevel::kFast ? 1 : kFullCost);
  };
  std::ranges::sort(shards, std::greater{}, cost);
  return shards;
}

ImageHeader describe(const CompileOptions& options, const Target& target) {
  ImageHeader header{};
  header.arch = target.arch;
  header.flags = (options.bounds == BoundsStrategy::kGuard ? engine::kImageGuarded : 0) |
                 (options.relaxed_simd_deterministic ? engine::kImageDeterministic : 0) |
                 (options.fuel ? engine::kImageFuel : 0) | (options.canonical_nan ? engine::kImageCanonicalNan : 0);
  header.cpu_features = target.required_features;
  constexpr const char* kLevels[] = {"fast", "default", "max"};
  const std::string compiler = std::string("llvm " LLVM_VERSION_STRING " ") + kLevels[static_cast<int>(options.level)];
  std::memcpy(header.compiler.data(), compiler.data(), std::min(compiler.size(), header.compiler.size()));
  return header;
}

class Compilation {
 public:
  Compilation(const wasm::Module& module, const CompileOptions& options, const Target& target, Progress* progress,
              std::span<const uint32_t> functions)
      : module_(module),
        options_(options),
        target_(target),
        progress_(progress),
        shards_(make_shards(module, functions, options.level)),
        objects_(shards_.size()) {
    for (const Shard& shard : shards_) total_ += shard.bytes;
  }

  Result<std::vector<uint8_t>> run() {
    const uint32_t wanted = options_.threads != 0 ? options_.threads : platform::processor_count();
    const auto threads = static_cast<uint32_t>(std::min<uint64_t>(wanted, shards_.size()));
    platform::run_on_threads(threads, [](void* self) { static_cast<Compilation*>(self)->work(); }, this);
    if (error_) return std::unexpected(std::move(*error_));
    WHERRY_CHECK(add_thunks());
    return link_image(describe(options_, target_), module_, stub_types(module_), std::move(objects_));
  }

 private:
  /// The code generators of one thread, made when first needed.
  class Machines {
   public:
    explicit Machines(const Target& target) : target_(target) {}
    TargetMachine& get(CompileLevel level) {
      std::unique_ptr<TargetMachine>& machine = machines_[static_cast<size_t>(level)];
      if (machine == nullptr) machine = make_machine(target_, level);
      return *machine;
    }

   private:
    const Target& target_;
    std::array<std::unique_ptr<TargetMachine>, 3> machines_;
  };

  void work() {
    Machines machines(target_);
    while (!stopped_.load(std::memory_order_relaxed)) {
      const size_t next = next_.fetch_add(1, std::memory_order_relaxed);
      if (next >= shards_.size()) return;
      Result<ShardObject> object = compile_shard(shards_[next], {}, machines);
      if (object) {
        objects_[next] = std::move(*object);
        report(shards_[next].bytes);
      } else {
        const std::scoped_lock lock(mutex_);
        if (!error_ || object.error().offset < error_->offset) error_ = std::move(object.error());
        stopped_ = true;
      }
    }
  }

  Result<ShardObject> compile_shard(const Shard& shard, std::span<const uint32_t> thunks, Machines& machines) const {
    TargetMachine& machine = machines.get(shard.level);
    LLVMContext context;
    EmitOptions emit_options;
    emit_options.triple = target_.triple;
    emit_options.data_layout = machine.createDataLayout().getStringRepresentation();
    emit_options.bounds = options_.bounds;
    emit_options.relaxed_simd_deterministic = options_.relaxed_simd_deterministic;
    emit_options.canonical_nan = options_.canonical_nan;
    emit_options.fuel = options_.fuel;
    WHERRY_TRY(const std::unique_ptr<Module> ir,
               emit_shard(context, module_, shard.functions, shard.with_stubs, emit_options, thunks));
    for (Function& function : *ir) prepare(function);
    optimize(*ir, machine, shard.level);
    lower_memory_accesses(*ir);
    SmallVector<char, 0> elf;
    WHERRY_CHECK(emit_object(*ir, machine, elf));
    WHERRY_TRY(ShardObject object,
               read_object(std::span(reinterpret_cast<const uint8_t*>(elf.data()), elf.size()), module_));
    std::erase_if(object.functions, [](const auto& function) { return function.frame_bytes > kLargestFrame; });
    return object;
  }

  /// Stands in for functions that code calls directly but that have none.
  Result<> add_thunks() {
    std::vector<bool> known(module_.functions.size(), false);
    for (const ShardObject& object : objects_) {
      for (const ShardObject::Function& function : object.functions) known[function.index] = true;
    }
    std::vector<uint32_t> missing;
    for (const ShardObject& object : objects_) {
      for (const Fixup& fixup : object.fixups) {
        const Symbol target = fixup.target;
        if (target.kind != Symbol::Kind::kFunction || known[target.index]) continue;
        known[target.index] = true;
        missing.push_back(target.index);
      }
    }
    if (missing.empty()) return {};
    Machines machines(target_);
    WHERRY_TRY(ShardObject thunks, compile_shard({CompileLevel::kFast}, missing, machines));
    thunks.are_thunks = true;
    objects_.push_back(std::move(thunks));
    return {};
  }

  /// Symbols are those of one image, and the machine is the target.
  void prepare(Function& function) const {
    if (function.isIntrinsic()) return;
    function.setVisibility(GlobalValue::HiddenVisibility);
    function.setDSOLocal(true);
    if (!function.isDeclaration()) function.addFnAttr("tune-cpu", target_.tune_cpu);
  }

  void report(uint64_t bytes) {
    const std::scoped_lock lock(mutex_);
    done_ += bytes;
    if (progress_ != nullptr && !stopped_ && !progress_->update(done_, total_)) {
      error_ = Error(ErrorCode::kLimit, "compilation stopped");
      stopped_ = true;
    }
  }

  const wasm::Module& module_;
  const CompileOptions& options_;
  const Target& target_;
  Progress* const progress_;
  const std::vector<Shard> shards_;
  std::vector<ShardObject> objects_;
  uint64_t total_ = 0;
  std::atomic<size_t> next_ = 0;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;  ///< Guards what follows.
  uint64_t done_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<std::vector<uint8_t>> compile_module(const wasm::Module& module, const CompileOptions& options,
                                            Progress* progress) {
  WHERRY_TRY(const Target target, make_target(options.target, options.cpu));
  std::vector<uint32_t> all;
  if (!options.functions) {
    all.resize(module.functions.size() - module.imported_functions);
    std::iota(all.begin(), all.end(), module.imported_functions);
  }
  return Compilation(module, options, target, progress, options.functions.value_or(std::span<const uint32_t>(all)))
      .run();
}

}  // namespace wherry::compiler
