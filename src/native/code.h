// An image that can run: mapped, checked against module, configuration and machine, its text executable; and what is
// known of its code when a program counter is given.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "engine/native_image.h"
#include "native/unwind_tables.h"
#include "wasm/module.h"
#include "wherry/config.h"
#include "wherry/result.h"

namespace wherry::native {

/// Immutable to its users, thread-safe.
class Code {
 public:
  /// Errors: those of engine::view_image(); kUnsupported: the image is not for this module, configuration or machine;
  /// kLimit: the operating system does not let it run.
  static Result<std::unique_ptr<const Code>> make(engine::NativeImage image, const wasm::Module& module,
                                                  const Config& config);
  ~Code();
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;

  const engine::ImageView& view() const { return view_; }
  const uint8_t* text() const { return view_.text.data(); }
  const uint8_t* text_end() const { return text() + view_.text.size(); }

  /// The code of a defined function, counted without imports; null: not compiled.
  const uint8_t* function(uint32_t number) const {
    const uint32_t code = view_.functions[number].code;
    return code == engine::kNoCode ? nullptr : text() + code;
  }
  /// The stub that enters functions of a type.
  const uint8_t* enter(TypeId type) const;

  /// A function, counted without imports, and a byte offset in the module.
  struct Place {
    uint32_t function;
    uint64_t offset;
  };
  /// Where an instruction comes from; nothing if it is a stub's. Slow.
  std::optional<Place> locate(uintptr_t pc) const;

  /// Of the module that may throw; made when first asked for.
  const UnwindTables& unwind_tables() const;

 private:
  Code(engine::NativeImage image, const engine::ImageView& view, const wasm::Module& module);
  std::optional<uint32_t> function_at(uint32_t offset) const;

  engine::NativeImage image_;
  engine::ImageView view_;
  const wasm::Module& module_;
  std::vector<std::pair<TypeId, uint32_t>> enters_;  ///< Sorted.

  mutable std::once_flag sorted_;
  mutable std::vector<uint32_t> by_address_;  ///< Compiled functions.
  mutable std::once_flag unwinds_;
  mutable std::optional<UnwindTables> unwind_tables_;
};

}  // namespace wherry::native
