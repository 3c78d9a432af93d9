// Module: WebAssembly code, read, validated and ready to be instantiated any number of times.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wherry/engine.h"
#include "wherry/extern_type.h"
#include "wherry/features.h"
#include "wherry/result.h"

namespace [[gnu::visibility("default")]] wherry {

namespace engine {
class CompiledModule;
}

/// What a module does with the bytes it is made from.
enum class BytesUse : uint8_t {
  kCopy,
  kBorrow,  ///< The embedder keeps them, unchanged, until the last handle and instance of the module is gone.
};

struct CustomSectionView {
  std::string_view name;
  std::span<const uint8_t> bytes;
};

/// A cheap handle, shared by copies. Immutable and thread-safe.
class Module {
 public:
  // All of these read and validate the whole module, large ones on Config::validation_threads threads. Errors:
  // kMalformed, kInvalid, kUnsupported, kLimit (with the offset in the module); kSyntax (with the offset in the text);
  // kIo.
  static Result<Module> from_binary(const Engine& engine, std::span<const uint8_t> bytes,
                                    BytesUse use = BytesUse::kCopy);
  static Result<Module> from_wat(const Engine& engine, std::string_view text);
  /// The file is mapped, not read: it must not be truncated while the module lives. Its content says whether it is a
  /// binary or text. Native code in it, or in the cache, is used if the configuration allows.
  static Result<Module> from_file(const Engine& engine, const std::string& path);

  const Engine& engine() const { return engine_; }
  /// From the name section, or empty.
  std::string_view name() const;
  std::vector<ImportType> imports() const;
  std::vector<ExportType> exports() const;
  /// The type of one export.
  std::optional<ExternType> export_type(std::string_view name) const;
  std::vector<CustomSectionView> custom_sections() const;
  /// Why native code that the file has is not used: "its native code is for other processors: aarch64". Empty if it is, or
  /// there is none.
  std::string_view native_code_refusal() const;
  /// The binary.
  std::span<const uint8_t> bytes() const;
  /// The features without which the module would not be valid. Takes several times the time of validation.
  Features features_used() const;

  /// For Wherry's own rooms.
  const std::shared_ptr<const engine::CompiledModule>& impl() const { return impl_; }

 private:
  Module(Engine engine, std::shared_ptr<const engine::CompiledModule> impl);
  Engine engine_;
  std::shared_ptr<const engine::CompiledModule> impl_;
};

}  // namespace wherry
