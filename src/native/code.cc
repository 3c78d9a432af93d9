#include "native/code.h"

#include <algorithm>

#include "base/byte_reader.h"
#include "native/machine.h"
#include "platform/faults.h"
#include "platform/memory.h"

namespace wherry::native {

using engine::ImageFunction;
using engine::ImageHeader;
using engine::ImageType;
using engine::ImageView;

namespace {

std::unexpected<Error> unfit(std::string_view why) {
  return fail(ErrorCode::kUnsupported, "native image: " + std::string(why));
}

Result<> check_fits(const ImageHeader& header, const wasm::Module& module, const Config& config) {
  if (header.arch != kArch) return unfit("for another architecture");
  if (!engine::covers(machine_features(), header.cpu_features)) return unfit("needs features this processor lacks");
  if (header.function_count != module.functions.size() - module.imported_functions ||
      header.type_count != module.types.size()) {
    return unfit("of another module");
  }
  constexpr uint32_t kExact = engine::kImageGuarded | engine::kImageFuel;
  const uint32_t wanted = engine::image_flags(config);
  // Determinism is no harm.
  if ((header.flags & kExact) != (wanted & kExact) || (wanted & ~header.flags) != 0) {
    return unfit("compiled for another configuration");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<const Code>> Code::make(engine::NativeImage image, const wasm::Module& module,
                                               const Config& config) {
  WHERRY_TRY(const ImageView view, engine::view_image(image.bytes));
  WHERRY_CHECK(check_fits(*view.header, module, config));
  if (!view.text.empty() && !platform::make_executable(view.text.data(), view.text.size())) {
    return fail(ErrorCode::kLimit, "native image: the operating system does not allow its execution");
  }
  return std::unique_ptr<const Code>(new Code(std::move(image), view, module));
}

Code::Code(engine::NativeImage image, const ImageView& view, const wasm::Module& module)
    : image_(std::move(image)), view_(view), module_(module) {
  for (uint32_t i = 0; i < view_.types.size(); ++i) {
    if (view_.types[i].enter != engine::kNoCode) enters_.emplace_back(module.types[i], view_.types[i].enter);
  }
  std::ranges::sort(enters_);
  platform::add_code_range(text(), text_end());
}

Code::~Code() { platform::remove_code_range(text()); }

const uint8_t* Code::enter(TypeId type) const {
  const auto found = std::ranges::lower_bound(enters_, type, {}, &std::pair<TypeId, uint32_t>::first);
  return found == enters_.end() || found->first != type ? nullptr : text() + found->second;
}

std::optional<uint32_t> Code::function_at(uint32_t offset) const {
  const auto code_of = [this](uint32_t function) { return view_.functions[function].code; };
  std::call_once(sorted_, [&] {
    for (uint32_t i = 0; i < view_.functions.size(); ++i) {
      if (code_of(i) != engine::kNoCode) by_address_.push_back(i);
    }
    std::ranges::sort(by_address_, {}, code_of);
  });
  const auto after = std::ranges::upper_bound(by_address_, offset, {}, code_of);
  if (after == by_address_.begin()) return std::nullopt;
  const uint32_t function = *std::prev(after);
  if (offset - code_of(function) >= view_.functions[function].code_size) return std::nullopt;
  return function;
}

std::optional<Code::Place> Code::locate(uintptr_t pc) const {
  const auto offset = static_cast<uint32_t>(pc - reinterpret_cast<uintptr_t>(text()));
  const std::optional<uint32_t> number = function_at(offset);
  if (!number) return std::nullopt;
  const ImageFunction& function = view_.functions[*number];
  Place place{*number, module_.functions[module_.imported_functions + *number].body_offset};
  base::ByteReader stream(view_.locations.subspan(function.locations));
  uint64_t run = function.code;
  for (bool first = true;; first = false) {
    uint64_t distance = 0;
    int64_t difference = 0;
    if (!stream.u64(distance) || (distance == 0 && !first) || !stream.s64(difference)) return place;
    run += distance;
    if (run > offset) return place;
    place.offset += static_cast<uint64_t>(difference);
  }
}

const UnwindTables& Code::unwind_tables() const {
  std::call_once(unwinds_, [this] { unwind_tables_.emplace(view_); });
  return *unwind_tables_;
}

}  // namespace wherry::native
