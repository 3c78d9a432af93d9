#include "artifact/depot.h"

namespace wherry::artifact {

namespace {

engine::NativeImage to_image(std::span<const uint8_t> image, std::shared_ptr<const void> owner) {
  return {image, std::move(owner)};
}

std::optional<engine::NativeImage> to_image(std::optional<NativeContent> content) {
  if (!content) return std::nullopt;
  const std::span<const uint8_t> image = content->image;
  return to_image(image, std::make_shared<const BytesOwner>(std::move(content->bytes)));
}

}  // namespace

Result<ModuleFile> Depot::open(const std::string& path, uint64_t max_size) {
  ModuleFile module;
  auto file = platform::File::open(path);
  const platform::FileFacts facts = file.has_value() ? file->facts() : platform::FileFacts();
  if (!file.has_value() || facts.size == 0 || facts.size > max_size) {
    // A pipe or the like, or an error.
    WHERRY_TRY(platform::FileBytes bytes, platform::FileBytes::open(path, max_size));
    module.owner = std::make_shared<const BytesOwner>(std::move(bytes));
    module.bytes = module.owner->bytes.bytes();
    return module;
  }

  const std::lock_guard lock(mutex_);
  if (const auto seal = read_seal(*file, facts.size); seal && seal->claim.module_size != 0) {
    auto content = trust_.open(*file, facts, *seal, needs_);
    if (content.has_value()) {
      module.bytes = content->module;
      const std::span<const uint8_t> image = content->image;
      module.owner = std::make_shared<const BytesOwner>(std::move(content->bytes));
      module.image = to_image(image, module.owner);
      return module;
    }
    module.refusal = std::move(content.error().message);
  }

  const bool shows_changes = facts.dated && platform::is_settled(facts);
  platform::FileBytes bytes = shows_changes ? file->map(0, facts.size) : file->copy(0, facts.size);
  if (bytes.bytes().empty()) {
    WHERRY_TRY(bytes, platform::FileBytes::open(path, max_size));
  }
  module.owner = std::make_shared<const BytesOwner>(std::move(bytes));
  module.bytes = module.owner->bytes.bytes();
  if (!shows_changes) return module;
  const auto finding = trust_.stamps().find(facts);
  if (finding && finding->kind == StampKind::kModule) {
    module.image = to_image(cache_.find({finding->digest, needs_}));
  }
  module.file = std::move(*file);
  module.facts = facts;
  return module;
}

void Depot::remember(const Digest& module, const ModuleFile* file) {
  if (file != nullptr && file->file && file->is_unchanged()) {
    trust_.stamps().store(file->facts, {StampKind::kModule, module, {}});
  }
}

std::optional<engine::NativeImage> Depot::find(const Digest& module, const ModuleFile* file) {
  const std::lock_guard lock(mutex_);
  auto image = to_image(cache_.find({module, needs_}));
  if (image) remember(module, file);
  return image;
}

Result<> Depot::store(const Digest& module, std::span<const uint8_t> image, const ModuleFile* file) {
  const std::lock_guard lock(mutex_);
  WHERRY_CHECK(cache_.store({module, needs_}, image, needs_.features));
  remember(module, file);
  return {};
}

platform::FileLock Depot::lock(const Digest& module) {
  const std::lock_guard guard(mutex_);
  return cache_.lock({module, needs_});
}

}  // namespace wherry::artifact
