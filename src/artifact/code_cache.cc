#include "artifact/code_cache.h"

#include <algorithm>

#include "platform/clock.h"

namespace wherry::artifact {

namespace {

constexpr std::string_view kEntrySuffix = ".code";
constexpr std::string_view kLockSuffix = ".lock";

/// A temporary or lock file so old has no owner any more.
constexpr uint64_t kAbandoned = 3600'000'000'000;

}  // namespace

Digest CodeKey::digest() const {
  struct {
    Digest module;
    engine::CpuFeatureSet cpu;
    engine::ImageArch arch;
    uint32_t flags, features, image_version;
  } const text = {module, needs.cpu, needs.arch, needs.flags, needs.features.bits(), engine::kImageVersion};
  return digest_of(bytes_of(text));
}

std::string CodeCache::path(const CodeKey& key, std::string_view suffix) const {
  return directory_ + "/" + to_hex(key.digest()) + std::string(suffix);
}

std::optional<NativeContent> CodeCache::find(const CodeKey& key) {
  if (directory_.empty()) return std::nullopt;
  const std::string name = path(key, kEntrySuffix);
  const auto file = platform::File::open(name);
  if (!file.has_value()) return std::nullopt;
  const platform::FileFacts facts = file->facts();
  const auto seal = read_seal(*file, facts.size);
  if (seal && seal->claim.key == key.digest()) {
    auto content = trust_.open(*file, facts, *seal, key.needs);
    if (content.has_value()) {
      trust_.stamps().note_use(facts);
      return std::move(*content);
    }
  }
  platform::remove_file(name);
  return std::nullopt;
}

Result<> CodeCache::store(const CodeKey& key, std::span<const uint8_t> image, Features features) {
  if (directory_.empty()) return fail(ErrorCode::kIo, "there is no cache directory");
  WHERRY_TRY(const SecretKey* own, trust_.keys().own_key_or_make());
  WHERRY_CHECK(platform::make_directories(directory_, 0700));
  WHERRY_TRY(const platform::File file,
             write_entry(path(key, kEntrySuffix), image, features, key.digest(), {.own = own}));
  trust_.remember(file);
  prune(limit_);
  return {};
}

platform::FileLock CodeCache::lock(const CodeKey& key) {
  if (directory_.empty() || !platform::make_directories(directory_, 0700)) return {};
  return platform::FileLock::try_lock(path(key, kLockSuffix));
}

std::vector<CacheEntry> CodeCache::list() const {
  std::vector<CacheEntry> entries;
  for (const platform::DirectoryEntry& file : platform::list_files(directory_)) {
    if (!file.name.ends_with(kEntrySuffix)) continue;
    entries.push_back({file.name.substr(0, file.name.size() - kEntrySuffix.size()), file.facts.size,
                       std::max(file.facts.modified_ns, trust_.stamps().used_ns(file.facts))});
  }
  std::ranges::sort(entries, std::ranges::greater(), &CacheEntry::used_ns);
  return entries;
}

uint64_t CodeCache::prune(uint64_t limit) {
  uint64_t kept = 0, removed = 0;
  for (const CacheEntry& entry : list()) {
    if (kept + entry.size <= limit) {
      kept += entry.size;
    } else if (platform::remove_file(directory_ + "/" + entry.name + std::string(kEntrySuffix))) {
      removed += entry.size;
    }
  }
  const uint64_t now = platform::realtime_ns();
  for (const platform::DirectoryEntry& file : platform::list_files(directory_)) {
    if (!file.name.ends_with(kEntrySuffix) && file.facts.modified_ns + kAbandoned < now &&
        platform::remove_file(directory_ + "/" + file.name)) {
      removed += file.facts.size;
    }
  }
  trust_.stamps().prune();
  return removed;
}

}  // namespace wherry::artifact
