#include "api/background_compiler.h"

#include <algorithm>

#include "engine/native_image.h"
#include "platform/clock.h"
#include "platform/watchdog.h"

namespace wherry::detail {

namespace {

/// Another process may be compiling the same module: how often to look whether it is done.
constexpr uint64_t kLookEvery = 100'000'000;
/// The compiler gives way to whatever else runs.
constexpr int32_t kNice = 10;

}  // namespace

BackgroundCompiler::~BackgroundCompiler() {
  stop_ = true;
  ++news_;
  platform::wake(news_);
  if (thread_) thread_->join();
}

void BackgroundCompiler::add(const std::shared_ptr<const engine::CompiledModule>& module, artifact::ModuleFile file) {
  const uint64_t due = platform::monotonic_ns() + uint64_t{config_.background_delay_ms} * 1'000'000;
  const std::lock_guard lock(mutex_);
  jobs_.push_back({module, std::move(file), due});
  ++news_;
  if (!thread_) {
    thread_ = platform::Thread::start([](void* self) { static_cast<BackgroundCompiler*>(self)->work(); }, this);
  } else {
    platform::wake(news_);
  }
}

std::optional<BackgroundCompiler::Job> BackgroundCompiler::next() {
  while (!stop_) {
    const uint32_t seen = news_;
    uint64_t due = platform::kNever;
    {
      const std::lock_guard lock(mutex_);
      if (!jobs_.empty()) due = jobs_.front().due;
      if (due <= platform::monotonic_ns()) {
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        return job;
      }
    }
    platform::sleep_on(news_, seen, due);
  }
  return std::nullopt;
}

void BackgroundCompiler::work() {
  while (std::optional<Job> job = next()) {
    if (const auto module = job->module.lock()) {
      busy_ = true;
      compile(*module, job->file);
      busy_ = false;
    }
  }
}

void BackgroundCompiler::compile(const engine::CompiledModule& module, const artifact::ModuleFile& file) {
  // The file could change at any time; the code must be that of the module as it was read.
  const wasm::Bytes mapped = module.module().bytes;
  const std::vector<uint8_t> bytes(mapped.begin(), mapped.end());
  if (!file.is_unchanged()) return;
  const artifact::Digest digest = artifact::digest_of(bytes);

  platform::FileLock lock;
  while (!stop_) {
    if (auto image = depot_.find(digest, &file)) {
      (void)module.code()->attach(std::move(*image));
      return;
    }
    if (!depot_.has_cache()) break;
    lock = depot_.lock(digest);
    if (lock) break;
    platform::sleep_on(news_, news_, platform::monotonic_ns() + kLookEvery);
  }
  auto image = compiler_.compile({
      .flags = engine::image_flags(config_),
      .threads = std::max(1u, platform::processor_count() - 1),
      .features = config_.features.bits(),
      .module = bytes.data(),
      .module_size = bytes.size(),
      .progress = [](void* self, uint64_t, uint64_t) { return static_cast<BackgroundCompiler*>(self)->stop_ ? 0 : 1; },
      .user = this,
      .nice = kNice,
  });
  // A module that cannot be compiled goes on as it is.
  if (!image.has_value()) return;
  if (module.code()->attach(*image).has_value()) (void)depot_.store(digest, image->bytes, &file);
}

}  // namespace wherry::detail
