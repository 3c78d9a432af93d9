#include "native/unwind_tables.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

#include "base/byte_reader.h"

namespace wherry::native {

using base::ByteReader;
using runtime::ThrowRegisters;

namespace {

// Pointer encodings: DW_EH_PE_*.
constexpr uint8_t kAbsolute = 0x00, kUleb128 = 0x01, kUdata4 = 0x03, kSdata4 = 0x0B, kSdata8 = 0x0C;
constexpr uint8_t kFormatMask = 0x0F, kPcRelative = 0x10, kRelationMask = 0x70, kOmitted = 0xFF;

/// What stands in the tables, before what it is relative to is added.
bool read_encoded(ByteReader& reader, uint8_t encoding, uint64_t& out) {
  const auto as = [&]<class T>(T value) {
    if (!reader.fixed(value)) return false;
    out = static_cast<uint64_t>(static_cast<int64_t>(value));
    return true;
  };
  switch (encoding & kFormatMask) {
    case kUleb128:
      return reader.u64(out);
    case kUdata4:
      return as(uint32_t{});
    case kSdata4:
      return as(int32_t{});
    case kAbsolute:
    case kSdata8:
      return as(int64_t{});
    default:
      return false;
  }
}

/// A pointer; 0 stays 0.
bool read_pointer(ByteReader& reader, uint8_t encoding, uintptr_t& out) {
  const auto here = reinterpret_cast<uintptr_t>(reader.position());
  if (!read_encoded(reader, encoding, out)) return false;
  if ((encoding & kRelationMask) == kPcRelative && out != 0) out += here;
  return true;
}

/// A common information entry.
struct Common {
  uint32_t code_alignment = 1;
  int32_t data_alignment = 1;
  uint8_t pointer_encoding = kAbsolute;
  uint8_t data_encoding = kOmitted;
  std::span<const uint8_t> instructions;
};

bool read_common(ByteReader reader, Common& out) {
  uint8_t version = 0;
  if (!reader.u8(version)) return false;
  std::string_view augmentation(reinterpret_cast<const char*>(reader.position()),
                                ::strnlen(reinterpret_cast<const char*>(reader.position()), reader.remaining()));
  std::span<const uint8_t> skipped;
  uint32_t return_register = 0;
  if (!reader.bytes(augmentation.size() + 1, skipped) || !reader.u32(out.code_alignment) ||
      !reader.s32(out.data_alignment) || !reader.u32(return_register)) {
    return false;
  }
  if (augmentation.starts_with('z')) {
    uint32_t size = 0;
    std::span<const uint8_t> data;
    if (!reader.u32(size) || !reader.bytes(size, data)) return false;
    ByteReader fields(data);
    for (const char field : augmentation.substr(1)) {
      uint8_t personality_encoding = 0;
      uint64_t personality = 0;
      if (field == 'R' && !fields.u8(out.pointer_encoding)) return false;
      if (field == 'L' && !fields.u8(out.data_encoding)) return false;
      if (field == 'P' &&
          (!fields.u8(personality_encoding) || !read_encoded(fields, personality_encoding, personality))) {
        return false;
      }
    }
  }
  return reader.bytes(reader.remaining(), out.instructions);
}

bool read_frame(ByteReader reader, const Common& common, UnwindTables::Frame& out) {
  uint64_t size = 0;
  uintptr_t data = 0;
  if (!read_pointer(reader, common.pointer_encoding, out.begin) ||
      !read_encoded(reader, common.pointer_encoding, size)) {
    return false;
  }
  out.end = out.begin + size;
  uint32_t augmentation_size = 0;
  std::span<const uint8_t> augmentation;
  if (!reader.u32(augmentation_size) || !reader.bytes(augmentation_size, augmentation)) return false;
  ByteReader fields(augmentation);
  if (common.data_encoding != kOmitted && !read_pointer(fields, common.data_encoding, data)) return false;
  out.data = reinterpret_cast<const uint8_t*>(data);
  out.common_instructions = common.instructions;
  out.code_alignment = common.code_alignment;
  out.data_alignment = common.data_alignment;
  return reader.bytes(reader.remaining(), out.instructions);
}

// Registers by their DWARF numbers.
#if defined(__x86_64__)
constexpr uint32_t kRegisters = 17;
constexpr uint32_t kStackPointer = 7, kReturnAddress = 16;
uintptr_t* register_of(ThrowRegisters& r, uint32_t number) {
  switch (number) {
    case 3:
      return &r.rbx;
    case 6:
      return &r.rbp;
    case kStackPointer:
      return &r.sp;
    case 12:
      return &r.r12;
    case 13:
      return &r.r13;
    case 14:
      return &r.r14;
    case 15:
      return &r.r15;
    case kReturnAddress:
      return &r.pc;
    default:
      return nullptr;
  }
}
#elif defined(__aarch64__)
constexpr uint32_t kRegisters = 96;
constexpr uint32_t kStackPointer = 31, kReturnAddress = 30;
uintptr_t* register_of(ThrowRegisters& r, uint32_t number) {
  if (number >= 19 && number <= 28) return &r.x19_to_x28[number - 19];
  if (number == 29) return &r.x29;
  if (number == kReturnAddress) return &r.pc;
  if (number == kStackPointer) return &r.sp;
  if (number >= 72 && number <= 79) return &r.d8_to_d15[number - 72];
  return nullptr;
}
#endif

/// The rules of a row: where the canonical frame address is, and what was saved relative to it.
struct Row {
  uint32_t cfa_register = kStackPointer;
  int64_t cfa_offset = 0;
  std::array<int32_t, kRegisters> saved{};  ///< Offsets from the frame address; 0: in its register still.
};

/// Executes instructions up to the row of `pc`.
class Interpreter {
 public:
  Interpreter(const UnwindTables::Frame& frame, uintptr_t pc) : frame_(frame), pc_(pc), at_(frame.begin) {}

  bool run(Row& out) {
    if (!execute(frame_.common_instructions)) return false;
    initial_ = row_;
    if (!execute(frame_.instructions)) return false;
    out = row_;
    return true;
  }

 private:
  enum Instruction : uint8_t {
    kNop = 0x00,
    kAdvance1 = 0x02,
    kAdvance2 = 0x03,
    kAdvance4 = 0x04,
    kOffsetExtended = 0x05,
    kRestoreExtended = 0x06,
    kUndefined = 0x07,
    kSameValue = 0x08,
    kRememberState = 0x0A,
    kRestoreState = 0x0B,
    kDefCfa = 0x0C,
    kDefCfaRegister = 0x0D,
    kDefCfaOffset = 0x0E,
    kOffsetExtendedSigned = 0x11,
    kDefCfaSigned = 0x12,
    kDefCfaOffsetSigned = 0x13,
    kGnuArgsSize = 0x2E,
    // In the upper two bits, with an operand in the lower ones.
    kAdvance = 0x40,
    kOffset = 0x80,
    kRestore = 0xC0,
  };

  bool save(uint32_t reg, int64_t factored) {
    if (reg < kRegisters) row_.saved[reg] = static_cast<int32_t>(factored * frame_.data_alignment);
    return true;
  }
  bool restore(uint32_t reg) {
    if (reg < kRegisters) row_.saved[reg] = initial_.saved[reg];
    return true;
  }
  bool advance(uint64_t delta) {
    at_ += delta * frame_.code_alignment;
    return true;
  }
  template <class T>
  bool advance_by(ByteReader& reader) {
    T delta{};
    return reader.fixed(delta) && advance(delta);
  }

  bool execute(std::span<const uint8_t> instructions) {
    ByteReader reader(instructions);
    while (!reader.at_end() && at_ <= pc_) {
      uint8_t code = 0;
      if (!reader.u8(code) || !execute(reader, code)) return false;
    }
    return true;
  }

  bool execute(ByteReader& reader, uint8_t code) {
    const uint8_t operand = code & 0x3F;
    uint32_t reg = 0;
    uint64_t number = 0;
    int64_t signed_number = 0;
    switch (code & 0xC0) {
      case kAdvance:
        return advance(operand);
      case kOffset:
        return reader.u64(number) && save(operand, static_cast<int64_t>(number));
      case kRestore:
        return restore(operand);
      default:
        break;
    }
    switch (code) {
      case kNop:
        return true;
      case kAdvance1:
        return advance_by<uint8_t>(reader);
      case kAdvance2:
        return advance_by<uint16_t>(reader);
      case kAdvance4:
        return advance_by<uint32_t>(reader);
      case kOffsetExtended:
        return reader.u32(reg) && reader.u64(number) && save(reg, static_cast<int64_t>(number));
      case kOffsetExtendedSigned:
        return reader.u32(reg) && reader.s64(signed_number) && save(reg, signed_number);
      case kRestoreExtended:
        return reader.u32(reg) && restore(reg);
      case kUndefined:
      case kSameValue:
        return reader.u32(reg) && save(reg, 0);
      case kRememberState:
        remembered_.push_back(row_);
        return true;
      case kRestoreState:
        if (remembered_.empty()) return false;
        row_ = remembered_.back();
        remembered_.pop_back();
        return true;
      case kDefCfa:
        if (!reader.u32(row_.cfa_register) || !reader.u64(number)) return false;
        row_.cfa_offset = static_cast<int64_t>(number);
        return true;
      case kDefCfaSigned:
        if (!reader.u32(row_.cfa_register) || !reader.s64(signed_number)) return false;
        row_.cfa_offset = signed_number * frame_.data_alignment;
        return true;
      case kDefCfaRegister:
        return reader.u32(row_.cfa_register);
      case kDefCfaOffset:
        if (!reader.u64(number)) return false;
        row_.cfa_offset = static_cast<int64_t>(number);
        return true;
      case kDefCfaOffsetSigned:
        if (!reader.s64(signed_number)) return false;
        row_.cfa_offset = signed_number * frame_.data_alignment;
        return true;
      case kGnuArgsSize:  // Compiled code reserves the arguments' room once a function.
        return reader.u64(number);
      default:
        return false;
    }
  }

  const UnwindTables::Frame& frame_;
  uintptr_t pc_;
  uintptr_t at_;
  Row row_;
  Row initial_;
  std::vector<Row> remembered_;
};

}  // namespace

UnwindTables::UnwindTables(const engine::ImageView& image) {
  if (image.eh_frame.size() <= engine::kPersonalitySlotSize) return;
  read(image);
  std::ranges::sort(frames_, {}, &Frame::begin);
}

void UnwindTables::read(const engine::ImageView& image) {
  std::unordered_map<const uint8_t*, Common> commons;
  ByteReader section(image.eh_frame.subspan(engine::kPersonalitySlotSize));
  for (;;) {
    uint32_t size = 0;
    uint32_t id = 0;
    const uint8_t* start = section.position();
    std::span<const uint8_t> entry;
    if (!section.fixed(size) || size == 0 || !section.bytes(size, entry)) return;
    ByteReader reader(entry);
    const uint8_t* id_field = reader.position();
    if (!reader.fixed(id)) return;
    if (id == 0) {
      Common common;
      if (read_common(reader, common)) commons.emplace(start, common);
      continue;
    }
    const auto common = commons.find(id_field - id);
    Frame frame{};
    if (common != commons.end() && read_frame(reader, common->second, frame)) frames_.push_back(frame);
  }
}

const UnwindTables::Frame* UnwindTables::find(uintptr_t pc) const {
  const auto after = std::ranges::upper_bound(frames_, pc, {}, &Frame::begin);
  if (after == frames_.begin()) return nullptr;
  const Frame& frame = *std::prev(after);
  return pc < frame.end ? &frame : nullptr;
}

uintptr_t UnwindTables::landing_pad(const Frame& frame, uintptr_t pc) {
  if (frame.data == nullptr) return 0;
  // Of trusted tables that end by themselves.
  ByteReader reader({frame.data, size_t{1} << 30});
  uint8_t encoding = 0;
  uintptr_t base = frame.begin;
  if (!reader.u8(encoding)) return 0;
  if (encoding != kOmitted && !read_pointer(reader, encoding, base)) return 0;
  uint64_t skipped = 0;
  if (!reader.u8(encoding)) return 0;
  if (encoding != kOmitted && !reader.u64(skipped)) return 0;
  uint8_t site_encoding = 0;
  uint64_t size = 0;
  std::span<const uint8_t> table;
  if (!reader.u8(site_encoding) || !reader.u64(size) || !reader.bytes(size, table)) return 0;
  ByteReader sites(table);
  while (!sites.at_end()) {
    uint64_t begin = 0;
    uint64_t length = 0;
    uint64_t pad = 0;
    uint64_t action = 0;
    if (!read_encoded(sites, site_encoding, begin) || !read_encoded(sites, site_encoding, length) ||
        !read_encoded(sites, site_encoding, pad) || !sites.u64(action)) {
      return 0;
    }
    if (pc - frame.begin >= begin && pc - frame.begin - begin < length) return pad == 0 ? 0 : base + pad;
  }
  return 0;
}

bool UnwindTables::step(const Frame& frame, uintptr_t pc, ThrowRegisters& registers) {
  Row row;
  if (!Interpreter(frame, pc).run(row)) return false;
  const uintptr_t* base = register_of(registers, row.cfa_register);
  if (base == nullptr) return false;
  const uintptr_t cfa = *base + static_cast<uintptr_t>(row.cfa_offset);
  registers.sp = cfa;
  for (uint32_t i = 0; i < kRegisters; ++i) {
    uintptr_t* reg = register_of(registers, i);
    if (row.saved[i] != 0 && reg != nullptr) {
      *reg = *reinterpret_cast<const uintptr_t*>(cfa + static_cast<uintptr_t>(int64_t{row.saved[i]}));
    }
  }
  return true;
}

}  // namespace wherry::native
