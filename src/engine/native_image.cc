#include "engine/native_image.h"

namespace wherry::engine {

namespace {

std::unexpected<Error> malformed(uint64_t offset, std::string_view what) {
  return fail(ErrorCode::kMalformed, "native image: " + std::string(what), offset);
}

/// The section as a span of T.
template <class T>
Result<std::span<const T>> section(std::span<const uint8_t> image, ImageRange range, std::string_view name) {
  if (range.size == 0) return std::span<const T>();
  if (range.offset > image.size() || range.size > image.size() - range.offset || range.offset % alignof(T) != 0 ||
      range.size % sizeof(T) != 0) {
    return malformed(range.offset, std::string(name) + " does not fit");
  }
  return std::span(reinterpret_cast<const T*>(image.data() + range.offset), range.size / sizeof(T));
}

}  // namespace

uint32_t image_flags(const Config& config) {
  uint32_t flags = 0;
  if (config.bounds == BoundsStrategy::kGuard) flags |= kImageGuarded;
  if (config.relaxed_simd_deterministic) flags |= kImageDeterministic;
  if (config.fuel) flags |= kImageFuel;
  return flags;
}

Result<ImageView> view_image(std::span<const uint8_t> image) {
  if (image.size() < sizeof(ImageHeader)) return malformed(image.size(), "cut short");
  const auto* header = reinterpret_cast<const ImageHeader*>(image.data());
  if (header->magic != kImageMagic) return malformed(0, "not one");
  if (header->version != kImageVersion) return malformed(offsetof(ImageHeader, version), "of another version");
  if (header->image_size != image.size()) return malformed(offsetof(ImageHeader, image_size), "cut short or grown");
  if (header->text.offset % kImageAlignment != 0) return malformed(offsetof(ImageHeader, text), "text is not aligned");

  ImageView view;
  view.header = header;
  WHERRY_TRY(view.text, section<uint8_t>(image, header->text, "text"));
  WHERRY_TRY(view.rodata, section<uint8_t>(image, header->rodata, "read-only data"));
  WHERRY_TRY(view.functions, section<ImageFunction>(image, header->functions, "function table"));
  WHERRY_TRY(view.types, section<ImageType>(image, header->types, "type table"));
  WHERRY_TRY(view.locations, section<uint8_t>(image, header->locations, "location table"));
  WHERRY_TRY(view.eh_frame, section<uint8_t>(image, header->eh_frame, "unwind table"));
  WHERRY_TRY(view.eh_table, section<uint8_t>(image, header->eh_table, "exception table"));
  if (view.functions.size() != header->function_count || view.types.size() != header->type_count) {
    return malformed(offsetof(ImageHeader, function_count), "tables are of other sizes than it says");
  }
  for (const ImageFunction& function : view.functions) {
    if (function.code == kNoCode) continue;
    if (function.code > view.text.size() || function.code_size > view.text.size() - function.code ||
        function.locations > view.locations.size()) {
      return malformed(header->functions.offset, "a function lies outside");
    }
  }
  for (const ImageType& type : view.types) {
    if ((type.enter != kNoCode && type.enter >= view.text.size()) ||
        (type.leave != kNoCode && type.leave >= view.text.size())) {
      return malformed(header->types.offset, "a stub lies outside");
    }
  }
  return view;
}

}  // namespace wherry::engine
