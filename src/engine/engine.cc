#include "engine/engine.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <vector>

#include "platform/threads.h"

namespace wherry::engine {
namespace {

/// Bytes of bodies that one thread takes at a time: some hundred microseconds of work. Less code than two of these is
/// not worth a second thread.
constexpr uint64_t kChunkBytes = 128 << 10;

/// The functions cut into chunks, which threads take in order.
struct ParallelValidation {
  struct Chunk {
    uint32_t first;
    uint32_t last;
    std::optional<Error> error;
  };
  const wasm::Module& module;
  std::vector<Chunk> chunks;
  std::atomic<uint32_t> next = 0;
  std::atomic<uint32_t> failed = ~uint32_t{0};  ///< The lowest chunk with an error; later ones need not be looked at.

  explicit ParallelValidation(const wasm::Module& m) : module(m) {
    const uint32_t end = static_cast<uint32_t>(module.functions.size());
    uint32_t first = module.imported_functions;
    uint64_t bytes = 0;
    for (uint32_t i = first; i < end; ++i) {
      bytes += module.functions[i].body_size;
      if (bytes >= kChunkBytes || i + 1 == end) {
        chunks.push_back({first, i + 1, std::nullopt});
        first = i + 1;
        bytes = 0;
      }
    }
  }

  void work() {
    for (uint32_t i = next++; i < chunks.size() && i < failed; i = next++) {
      Result<> result = wasm::validate_functions(module, chunks[i].first, chunks[i].last);
      if (result.has_value()) continue;
      chunks[i].error = std::move(result.error());
      uint32_t lowest = failed;
      while (i < lowest && !failed.compare_exchange_weak(lowest, i)) {
      }
    }
  }
};

}  // namespace

Result<> validate_all_functions(const wasm::Module& module, uint32_t threads) {
  ParallelValidation validation(module);
  if (threads == 0) threads = platform::processor_count();
  threads = static_cast<uint32_t>(std::min<size_t>(threads, validation.chunks.size()));
  platform::run_on_threads(threads, [](void* self) { static_cast<ParallelValidation*>(self)->work(); }, &validation);
  const uint32_t failed = validation.failed;
  if (failed < validation.chunks.size()) return std::unexpected(std::move(*validation.chunks[failed].error));
  return {};
}

Engine::Engine(const Config& config, std::unique_ptr<Tier> tier) : config_(config), tier_(std::move(tier)) {
  if (config.pool.memories != 0) pool_ = std::make_unique<runtime::MemoryPool>(config.pool, config.bounds);
}

Result<std::shared_ptr<CompiledModule>> Engine::load(wasm::Bytes bytes, std::shared_ptr<const wasm::ByteOwner> owner,
                                                     Validity validity) {
  WHERRY_TRY(std::shared_ptr<const wasm::Module> module,
             wasm::read_module(bytes, config_.features, types_, std::move(owner)));
  if (validity == Validity::kUnknown) WHERRY_CHECK(validate_all_functions(*module, config_.validation_threads));
  WHERRY_TRY(std::shared_ptr<const TierModule> code, tier_->compile(*module, config_));
  return std::make_shared<CompiledModule>(std::move(module), std::move(code));
}

}  // namespace wherry::engine
