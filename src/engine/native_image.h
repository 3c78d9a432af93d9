// The format of native code at rest: what a compiler writes, an artefact or a cache keeps, and a process maps.
//
// An image is position-independent and is not relocated: text reaches read-only data relative to its program counter,
// and everything else through the VMContext it is given. It holds the code of one module for one architecture, bounds
// strategy and profile. All integers are little endian; offsets count from the image's first byte; sections follow each
// other in the order of ImageHeader, text on a page of its own (kImageAlignment), so that only text need be executable.
//
// An image is trusted as machine code is: whoever loads one has checked where it comes from (src/artifact). The checks
// of view() are against accidents, not against an enemy.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>

#include "wherry/config.h"
#include "wherry/result.h"

namespace wherry::engine {

inline constexpr std::array<char, 8> kImageMagic = {'w', 'h', 'r', 'y', 'i', 'm', 'g', '\0'};
/// Rises with every change of this file, of VMContext or of the libcalls that an older image would trip over.
inline constexpr uint32_t kImageVersion = 3;
/// Of the image in memory and in a file, and of its text: the largest page size of the machines it may meet.
inline constexpr uint64_t kImageAlignment = uint64_t{64} << 10;

enum class ImageArch : uint32_t { kX86_64 = 1, kAarch64 = 2 };

/// What the code of an image takes for granted (ImageHeader::flags).
enum ImageFlag : uint32_t {
  kImageGuarded = 1u << 0,        ///< 32-bit memories need no bounds checks (BoundsStrategy::kGuard).
  kImageDeterministic = 1u << 1,  ///< Config::relaxed_simd_deterministic.
  kImageFuel = 1u << 2,           ///< Config::fuel.
  kImageCanonicalNan = 1u << 3,   ///< Arithmetic gives canonical NaNs only.
};

/// A section of the image: [offset, offset + size).
struct ImageRange {
  uint64_t offset;
  uint64_t size;
};

struct ImageHeader {
  std::array<char, 8> magic;
  uint32_t version;
  ImageArch arch;
  uint32_t flags;           ///< ImageFlag.
  uint32_t function_count;  ///< Defined functions, in the order of the code section.
  uint32_t type_count;      ///< Of the module's type section.
  uint32_t reserved;
  std::array<uint64_t, 4> cpu_features;  ///< Bits that the machine must have: cpu_features.h.
  std::array<char, 32> compiler;         ///< Who wrote it, zero-padded: "llvm 22.1.8 O2".
  uint64_t image_size;
  ImageRange text;
  ImageRange rodata;
  ImageRange functions;  ///< ImageFunction[function_count].
  ImageRange types;      ///< ImageType[type_count].
  ImageRange locations;  ///< LEB128 streams that ImageFunction::locations points into.
  ImageRange eh_frame;   ///< Empty if no exception can pass through the code. See below.
  ImageRange eh_table;   ///< The language-specific data that eh_frame refers to.
};
static_assert(std::is_trivially_copyable_v<ImageHeader> && sizeof(ImageHeader) == 216);

/// A compiled function. `code` is relative to text; 0xFFFFFFFF: this function was not compiled (another tier runs it).
struct ImageFunction {
  uint32_t code;
  uint32_t code_size;
  /// Where, in the locations section, the function's stream begins: for every run of instructions that comes from one
  /// place of the module, in order of address, unsigned LEB128 of the distance in code bytes from the run before (the
  /// first: from `code`), and signed LEB128 of the difference in module byte offsets (the first: from the function
  /// body's first byte). A run lasts to the next; so a frame that called stands where its return address - 1 is. Only
  /// the first distance may be 0; any later 0 is the end of the stream. An empty stream is 0, 0, 0.
  uint32_t locations;
  uint32_t reserved;
};
static_assert(sizeof(ImageFunction) == 16);

/// The stubs of a function type, relative to text (types of equal signature share theirs; 0xFFFFFFFF for types that are
/// not function types).
struct ImageType {
  uint32_t enter;  ///< uint32_t(runtime::Func*, Slot*), C convention: from slots into compiled code.
  uint32_t leave;  ///< The type's own convention, with a runtime::Func* in place of the context: out to any function.
};

inline constexpr uint32_t kNoCode = 0xFFFFFFFF;

/// The section eh_frame begins with a slot of this many bytes for the address of the personality function, to which
/// the CIEs refer (indirectly, relative to their own address); whoever unwinds writes it into his private copy of the
/// page. After it come CIEs and FDEs as in .eh_frame, relative to their own addresses, and a zero word.
inline constexpr uint64_t kPersonalitySlotSize = 8;

/// An image in memory, its parts as spans. Refers to the bytes it was made from.
struct ImageView {
  const ImageHeader* header;
  std::span<const uint8_t> text;
  std::span<const uint8_t> rodata;
  std::span<const ImageFunction> functions;
  std::span<const ImageType> types;
  std::span<const uint8_t> locations;
  std::span<const uint8_t> eh_frame;
  std::span<const uint8_t> eh_table;
};

/// An image as it comes to those who run it: a private mapping of a file, or memory that nobody else writes; on a page
/// boundary. `owner` keeps it there. Whoever runs it may change how it is protected.
struct NativeImage {
  std::span<const uint8_t> bytes;
  std::shared_ptr<const void> owner;
};

/// The flags of images for engines of this configuration.
uint32_t image_flags(const Config& config);

/// Errors: kMalformed when magic, version, or any size or offset does not fit. `image` is aligned to 16 bytes.
Result<ImageView> view_image(std::span<const uint8_t> image);

}  // namespace wherry::engine
