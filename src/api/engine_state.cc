#include "api/engine_state.h"

#include <algorithm>

#include "interp/interp.h"
#include "native/compiler_client.h"
#include "native/machine.h"
#include "native/native_tier.h"
#include "platform/storage.h"

namespace wherry {

void Config::use_user_directories() {
  key_directory = platform::user_config_directory();
  cache_directory = platform::user_cache_directory();
}

namespace detail {

namespace {

/// What reading a file may take.
constexpr uint64_t kMaxFileBytes = uint64_t{4} << 30;

/// The one place that names the tiers.
std::unique_ptr<engine::Tier> make_tier(TierKind kind) {
  switch (kind) {
    case TierKind::kInterpreter:
      return interp::make_interpreter();
    case TierKind::kAuto:
    case TierKind::kLlvm:
      return native::make_native_tier(interp::make_interpreter());
  }
  __builtin_unreachable();
}

artifact::Needs needs_of(const Config& config) {
  return {native::kArch, engine::image_flags(config), native::machine_features(), config.features};
}

bool has_native_section(const wasm::Module& module) {
  return std::ranges::find(module.customs, artifact::kNativeSection, &wasm::CustomSection::name) !=
         module.customs.end();
}

}  // namespace

EngineState::EngineState(const Config& config)
    : engine::Engine(config, make_tier(config.tier)),
      depot_(config.key_directory, config.cache_directory, config.max_cache_bytes, needs_of(config)),
      compiler_(native::find_compiler(config.compiler)),
      background_(depot_, *compiler_, this->config()) {}

Result<artifact::ModuleFile> EngineState::open_module(const std::string& path) {
  if (runs_native_code()) return depot_.open(path, kMaxFileBytes);
  artifact::ModuleFile file;
  WHERRY_TRY(platform::FileBytes bytes, platform::FileBytes::open(path, kMaxFileBytes));
  file.owner = std::make_shared<const artifact::BytesOwner>(std::move(bytes));
  file.bytes = file.owner->bytes.bytes();
  return file;
}

Result<> EngineState::compile(const engine::CompiledModule& module, const std::optional<artifact::Digest>& digest,
                              const artifact::ModuleFile& file) {
  const wasm::Module& declared = module.module();
  if (declared.functions.size() == declared.imported_functions) return {};
  WHERRY_TRY(engine::NativeImage image, compiler_->compile({.flags = engine::image_flags(config()),
                                                            .features = config().features.bits(),
                                                            .module = declared.bytes.data(),
                                                            .module_size = declared.bytes.size()}));
  WHERRY_CHECK(module.code()->attach(image));
  if (digest) (void)depot_.store(*digest, image.bytes, &file);
  return {};
}

Result<std::shared_ptr<const engine::CompiledModule>> EngineState::load_module(
    wasm::Bytes bytes, std::shared_ptr<const wasm::ByteOwner> owner, artifact::ModuleFile file) {
  const bool compiles = config().tier == TierKind::kLlvm;
  const bool known_by_facts = file.image && file.file;
  std::optional<artifact::Digest> digest;
  if (!file.image && (compiles || !file.file)) {
    if (file.file) {
      // Compiled code must be that of the module as it is read, and a file could change between the two.
      auto copy = std::make_shared<const VectorOwner>(std::vector<uint8_t>(bytes.begin(), bytes.end()));
      bytes = copy->bytes;
      owner = std::move(copy);
    }
    if (runs_native_code() && depot_.has_cache()) {
      digest = artifact::digest_of(bytes);
      file.image = depot_.find(*digest, &file);
    }
  }

  WHERRY_TRY(auto module, load(bytes, owner, file.image ? engine::Validity::kKnown : engine::Validity::kUnknown));
  if (known_by_facts && !file.is_unchanged()) {
    file.image.reset();
    WHERRY_TRY(module, load(bytes, owner, engine::Validity::kUnknown));
  }
  module->set_refusal(std::move(file.refusal));
  if (!file.image && module->refusal().empty() && runs_native_code() && has_native_section(module->module())) {
    module->set_refusal("its native code is not used: it has no seal, or a damaged one");
  }
  if (file.image) {
    auto attached = module->code()->attach(std::move(*file.image));
    if (attached.has_value()) return module;
    module->set_refusal("its native code is not used: " + attached.error().message);
  }
  if (compiles) {
    WHERRY_CHECK(compile(*module, digest, file));
  } else if (runs_native_code() && config().compile_in_background) {
    background_.add(module, std::move(file));
  }
  return module;
}

}  // namespace detail
}  // namespace wherry
