#include "llvm/image.h"

#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Support/Endian.h>
#include <llvm/Support/MathExtras.h>

#include <algorithm>
#include <cstring>

#include "llvm/emit.h"
#include "llvm/precompiled.h"

namespace wherry::compiler {

namespace {

using engine::ImageArch;
using engine::ImageFunction;
using engine::ImageHeader;
using engine::ImageRange;
using engine::ImageType;
using engine::kNoCode;

namespace endian = support::endian;

std::unexpected<Error> unsupported(std::string what) { return fail(ErrorCode::kUnsupported, "code: " + what); }
std::unexpected<Error> too_far() { return unsupported("a reference does not reach"); }

/// Where symbols are, relative to the image; kNoCode if nowhere.
struct SymbolTable {
  std::vector<uint64_t> functions, enter, leave;
  uint64_t personality_slot = 0;
};

/// Replaces the bits of `mask` in the instruction at `place`.
void patch_instruction(uint8_t* place, uint32_t mask, uint32_t bits) {
  endian::write32le(place, (endian::read32le(place) & ~mask) | (bits & mask));
}

Result<> apply_x86(uint32_t type, uint8_t* place, uint64_t at, int64_t target) {
  const int64_t distance = target - static_cast<int64_t>(at);
  switch (type) {
    case ELF::R_X86_64_PC32:
    case ELF::R_X86_64_PLT32:
      if (!isInt<32>(distance)) return too_far();
      endian::write32le(place, static_cast<uint32_t>(distance));
      return {};
    case ELF::R_X86_64_PC64:
      endian::write64le(place, static_cast<uint64_t>(distance));
      return {};
    default:
      return unsupported("relocation " + std::to_string(type));
  }
}

Result<> apply_aarch64(uint32_t type, uint8_t* place, uint64_t at, int64_t target) {
  const int64_t distance = target - static_cast<int64_t>(at);
  // An offset within a page, scaled by the size of the access, in the immediate of an instruction.
  const auto low_bits = [&](unsigned scale) -> Result<> {
    const auto low = static_cast<uint32_t>(target & 0xFFF);
    if ((low & ((1u << scale) - 1)) != 0) return unsupported("a misaligned constant");
    patch_instruction(place, 0xFFFu << 10, (low >> scale) << 10);
    return {};
  };
  const auto page_or_address = [&](int64_t value) -> Result<> {
    if (!isInt<21>(value)) return too_far();
    const auto bits = static_cast<uint32_t>(value);
    patch_instruction(place, 0x3u << 29 | 0x7FFFFu << 5, (bits & 3) << 29 | (bits >> 2 & 0x7FFFF) << 5);
    return {};
  };
  const auto branch = [&](unsigned width, unsigned shift) -> Result<> {
    if (distance % 4 != 0 || !isIntN(width + 2, distance)) return too_far();
    patch_instruction(place, ((1u << width) - 1) << shift, static_cast<uint32_t>(distance >> 2) << shift);
    return {};
  };
  switch (type) {
    case ELF::R_AARCH64_CALL26:
    case ELF::R_AARCH64_JUMP26:
      return branch(26, 0);
    case ELF::R_AARCH64_CONDBR19:
    case ELF::R_AARCH64_LD_PREL_LO19:
      return branch(19, 5);
    case ELF::R_AARCH64_TSTBR14:
      return branch(14, 5);
    case ELF::R_AARCH64_ADR_PREL_LO21:
      return page_or_address(distance);
    case ELF::R_AARCH64_ADR_PREL_PG_HI21:
      return page_or_address((target >> 12) - static_cast<int64_t>(at >> 12));
    case ELF::R_AARCH64_ADD_ABS_LO12_NC:
    case ELF::R_AARCH64_LDST8_ABS_LO12_NC:
      return low_bits(0);
    case ELF::R_AARCH64_LDST16_ABS_LO12_NC:
      return low_bits(1);
    case ELF::R_AARCH64_LDST32_ABS_LO12_NC:
      return low_bits(2);
    case ELF::R_AARCH64_LDST64_ABS_LO12_NC:
      return low_bits(3);
    case ELF::R_AARCH64_LDST128_ABS_LO12_NC:
      return low_bits(4);
    case ELF::R_AARCH64_PREL32:
      if (!isInt<32>(distance)) return too_far();
      endian::write32le(place, static_cast<uint32_t>(distance));
      return {};
    case ELF::R_AARCH64_PREL64:
      endian::write64le(place, static_cast<uint64_t>(distance));
      return {};
    default:
      return unsupported("relocation " + std::to_string(type));
  }
}

class Linker {
 public:
  Linker(const ImageHeader& header, const wasm::Module& module, std::span<const uint32_t> stub_types,
         std::vector<ShardObject> objects)
      : header_(header), module_(module), stub_types_(stub_types), objects_(std::move(objects)) {}

  Result<std::vector<uint8_t>> link() {
    header_.magic = engine::kImageMagic;
    header_.version = engine::kImageVersion;
    header_.function_count = static_cast<uint32_t>(module_.functions.size() - module_.imported_functions);
    header_.type_count = static_cast<uint32_t>(module_.types.size());
    image_.resize(sizeof(ImageHeader));
    place_part(Part::kText, header_.text, engine::kImageAlignment);
    place_part(Part::kRodata, header_.rodata, engine::kImageAlignment);
    place_unwind_tables();
    if (header_.text.size > UINT32_MAX - 1) return unsupported("more than 4 GiB of code");
    place_symbols();
    WHERRY_CHECK(apply_fixups());
    place_locations();
    place_table(header_.functions, functions_);
    place_table(header_.types, types_);
    header_.image_size = image_.size();
    std::memcpy(image_.data(), &header_, sizeof header_);
    return std::move(image_);
  }

 private:
  /// Appends a part of all objects, and remembers where each is.
  void place_part(Part part, ImageRange& range, uint64_t alignment) {
    const auto p = static_cast<size_t>(part);
    image_.resize(alignTo(image_.size(), alignment));
    range.offset = image_.size();
    offsets_[p].resize(objects_.size());
    for (size_t i = 0; i < objects_.size(); ++i) {
      std::vector<uint8_t>& bytes = objects_[i].parts[p];
      image_.resize(alignTo(image_.size(), objects_[i].alignments[p]));
      offsets_[p][i] = image_.size();
      image_.insert(image_.end(), bytes.begin(), bytes.end());
      std::vector<uint8_t>().swap(bytes);
    }
    range.size = image_.size() - range.offset;
  }

  void place_unwind_tables() {
    const bool any =
        std::ranges::any_of(objects_, [](const auto& o) { return !o.parts[size_t(Part::kEhFrame)].empty(); });
    if (!any) {
      for (Part part : {Part::kEhFrame, Part::kEhTable}) offsets_[static_cast<size_t>(part)].resize(objects_.size());
      return;
    }
    image_.resize(alignTo(image_.size(), 8));
    symbols_.personality_slot = image_.size();
    image_.resize(image_.size() + engine::kPersonalitySlotSize);
    // Frames are read from one to the next: there is no gap but what each object's own section ends with.
    for (ShardObject& object : objects_) object.alignments[static_cast<size_t>(Part::kEhFrame)] = 1;
    place_part(Part::kEhFrame, header_.eh_frame, 1);
    image_.resize(image_.size() + 4);
    header_.eh_frame = {symbols_.personality_slot, image_.size() - symbols_.personality_slot};
    place_part(Part::kEhTable, header_.eh_table, 4);
  }

  void place_symbols() {
    symbols_.functions.assign(module_.functions.size(), kNoCode);
    symbols_.enter.assign(module_.types.size(), kNoCode);
    symbols_.leave.assign(module_.types.size(), kNoCode);
    functions_.assign(header_.function_count, {kNoCode, 0, 0, 0});
    types_.assign(header_.type_count, {kNoCode, kNoCode});
    uint64_t locations = 0;
    for (size_t i = 0; i < objects_.size(); ++i) {
      const uint64_t text = offsets_[static_cast<size_t>(Part::kText)][i];
      for (const ShardObject::Function& f : objects_[i].functions) {
        symbols_.functions[f.index] = text + f.offset;
        if (objects_[i].are_thunks) continue;
        functions_[f.index - module_.imported_functions] = {
            static_cast<uint32_t>(text + f.offset - header_.text.offset), f.size,
            static_cast<uint32_t>(locations + f.locations), 0};
      }
      for (const ShardObject::Stub& stub : objects_[i].stubs) {
        auto& table = stub.symbol.kind == Symbol::Kind::kEnter ? symbols_.enter : symbols_.leave;
        table[stub.symbol.index] = text + stub.offset;
      }
      locations += objects_[i].locations.size();
    }
    for (size_t type = 0; type < types_.size(); ++type) {
      const uint32_t stubs = stub_types_[type];
      if (stubs == kNoStub || symbols_.enter[stubs] == kNoCode || symbols_.leave[stubs] == kNoCode) continue;
      types_[type] = {static_cast<uint32_t>(symbols_.enter[stubs] - header_.text.offset),
                      static_cast<uint32_t>(symbols_.leave[stubs] - header_.text.offset)};
    }
  }

  Result<> apply_fixups() {
    for (size_t i = 0; i < objects_.size(); ++i) {
      for (const Fixup& fixup : objects_[i].fixups) {
        const uint64_t at = offsets_[static_cast<size_t>(fixup.part)][i] + fixup.offset;
        WHERRY_TRY(const uint64_t symbol, resolve(fixup.target, i));
        const int64_t target = static_cast<int64_t>(symbol) + fixup.addend;
        if (header_.arch == ImageArch::kX86_64) {
          WHERRY_CHECK(apply_x86(fixup.type, image_.data() + at, at, target));
        } else {
          WHERRY_CHECK(apply_aarch64(fixup.type, image_.data() + at, at, target));
        }
      }
      std::vector<Fixup>().swap(objects_[i].fixups);
    }
    return {};
  }

  Result<uint64_t> resolve(Symbol symbol, size_t object) const {
    uint64_t place = kNoCode;
    switch (symbol.kind) {
      case Symbol::Kind::kPart:
        return offsets_[symbol.index][object];
      case Symbol::Kind::kPersonalitySlot:
        return symbols_.personality_slot;
      case Symbol::Kind::kFunction:
        if (symbol.index < symbols_.functions.size()) place = symbols_.functions[symbol.index];
        break;
      case Symbol::Kind::kEnter:
        if (symbol.index < symbols_.enter.size()) place = symbols_.enter[symbol.index];
        break;
      case Symbol::Kind::kLeave:
        if (symbol.index < symbols_.leave.size()) place = symbols_.leave[symbol.index];
        break;
    }
    if (place == kNoCode) return unsupported("reference to code that was left out");
    return place;
  }

  void place_locations() {
    header_.locations.offset = image_.size();
    for (ShardObject& object : objects_) {
      image_.insert(image_.end(), object.locations.begin(), object.locations.end());
      std::vector<uint8_t>().swap(object.locations);
    }
    header_.locations.size = image_.size() - header_.locations.offset;
  }

  template <class T>
  void place_table(ImageRange& range, const std::vector<T>& rows) {
    image_.resize(alignTo(image_.size(), alignof(T)));
    range = {image_.size(), rows.size() * sizeof(T)};
    const auto* const bytes = reinterpret_cast<const uint8_t*>(rows.data());
    image_.insert(image_.end(), bytes, bytes + range.size);
  }

  ImageHeader header_;
  const wasm::Module& module_;
  std::span<const uint32_t> stub_types_;
  std::vector<ShardObject> objects_;
  std::vector<uint8_t> image_;
  std::array<std::vector<uint64_t>, kParts> offsets_;  ///< Of each object's parts in the image.
  SymbolTable symbols_;
  std::vector<ImageFunction> functions_;
  std::vector<ImageType> types_;
};

}  // namespace

Result<std::vector<uint8_t>> link_image(const ImageHeader& header, const wasm::Module& module,
                                        std::span<const uint32_t> stub_types, std::vector<ShardObject> objects) {
  return Linker(header, module, stub_types, std::move(objects)).link();
}

}  // namespace wherry::compiler
