#include "llvm/compile.h"

#include <llvm/Config/llvm-config.h>
#include <llvm/Support/SHA256.h>
#include <llvm/Target/TargetMachine.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <numeric>

#include "engine/native_image.h"
#include "llvm/codegen.h"
#include "llvm/emit.h"
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

struct Shard {
  std::vector<uint32_t> functions;
  uint64_t bytes = 0;
  bool with_stubs = false;
};

/// Neighbours stay together, as their producer put them; the largest shards come first, so that the last to end is
/// small.
std::vector<Shard> make_shards(const wasm::Module& module, std::span<const uint32_t> functions) {
  std::vector<Shard> shards(1);
  shards[0].with_stubs = true;
  for (uint32_t function : functions) {
    if (shards.back().bytes >= kShardBytes || shards.back().with_stubs) shards.emplace_back();
    shards.back().functions.push_back(function);
    shards.back().bytes += module.functions[function].body_size;
  }
  std::ranges::sort(shards, std::greater{}, &Shard::bytes);
  return shards;
}

ImageHeader describe(const wasm::Module& module, const CompileOptions& options, const Target& target) {
  ImageHeader header{};
  header.arch = target.arch;
  header.flags = (options.bounds == BoundsStrategy::kGuard ? engine::kImageGuarded : 0) |
                 (options.relaxed_simd_deterministic ? engine::kImageDeterministic : 0) |
                 (options.fuel ? engine::kImageFuel : 0) | (options.canonical_nan ? engine::kImageCanonicalNan : 0);
  header.cpu_features = target.required_features;
  header.module_hash = SHA256::hash(ArrayRef(module.bytes.data(), module.bytes.size()));
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
        shards_(make_shards(module, functions)),
        objects_(shards_.size()) {
    for (const Shard& shard : shards_) total_ += shard.bytes;
  }

  Result<std::vector<uint8_t>> run() {
    const uint32_t wanted = options_.threads != 0 ? options_.threads : platform::processor_count();
    const auto threads = static_cast<uint32_t>(std::min<uint64_t>(wanted, shards_.size()));
    platform::run_on_threads(threads, [](void* self) { static_cast<Compilation*>(self)->work(); }, this);
    if (error_) return std::unexpected(std::move(*error_));
    return link_image(describe(module_, options_, target_), module_, stub_types(module_), std::move(objects_));
  }

 private:
  void work() {
    const std::unique_ptr<TargetMachine> machine = make_machine(target_, options_.level);
    while (!stopped_.load(std::memory_order_relaxed)) {
      const size_t next = next_.fetch_add(1, std::memory_order_relaxed);
      if (next >= shards_.size()) return;
      if (Result<> result = compile_shard(next, *machine); !result) {
        const std::scoped_lock lock(mutex_);
        if (!error_ || result.error().offset < error_->offset) error_ = std::move(result.error());
        stopped_ = true;
      }
    }
  }

  Result<> compile_shard(size_t index, TargetMachine& machine) {
    const Shard& shard = shards_[index];
    LLVMContext context;
    EmitOptions emit_options;
    emit_options.triple = target_.triple;
    emit_options.data_layout = machine.createDataLayout().getStringRepresentation();
    emit_options.bounds = options_.bounds;
    emit_options.relaxed_simd_deterministic = options_.relaxed_simd_deterministic;
    emit_options.canonical_nan = options_.canonical_nan;
    emit_options.fuel = options_.fuel;
    WHERRY_TRY(const std::unique_ptr<Module> ir,
               emit_shard(context, module_, shard.functions, shard.with_stubs, emit_options));
    for (Function& function : *ir) prepare(function);
    optimize(*ir, machine, options_.level);
    lower_memory_accesses(*ir);
    SmallVector<char, 0> elf;
    WHERRY_CHECK(emit_object(*ir, machine, elf));
    WHERRY_TRY(objects_[index],
               read_object(std::span(reinterpret_cast<const uint8_t*>(elf.data()), elf.size()), module_));
    return report(shard.bytes);
  }

  /// Symbols are those of one image, and the machine is the target.
  void prepare(Function& function) const {
    if (function.isIntrinsic()) return;
    function.setVisibility(GlobalValue::HiddenVisibility);
    function.setDSOLocal(true);
    if (!function.isDeclaration()) function.addFnAttr("tune-cpu", target_.tune_cpu);
  }

  Result<> report(uint64_t bytes) {
    const std::scoped_lock lock(mutex_);
    done_ += bytes;
    if (progress_ != nullptr && !progress_->update(done_, total_)) {
      return fail(ErrorCode::kLimit, "compilation stopped");
    }
    return {};
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
