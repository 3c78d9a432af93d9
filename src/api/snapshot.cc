#include "wherry/snapshot.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/byte_reader.h"
#include "runtime/instance.h"
#include "runtime/memory.h"
#include "runtime/table.h"
#include "wasm/encoder.h"

namespace wherry {
namespace {

using wasm::Bytes;
using wasm::Encoder;
using wasm::SectionId;
using wasm::SegmentMode;
using wasm::VectorSection;

constexpr uint8_t kI32Const = 0x41, kI64Const = 0x42, kF32Const = 0x43, kF64Const = 0x44, kRefNull = 0xD0;
constexpr uint8_t kRefFunc = 0xD2, kSimdPrefix = 0xFD, kV128Const = 0x0C, kGcPrefix = 0xFB, kRefI31 = 0x1C;
constexpr uint8_t kEnd = 0x0B;

/// Writes the sections that hold state. What they say besides is the module's.
class SnapshotWriter {
 public:
  SnapshotWriter(runtime::Instance& instance, const SnapshotOptions& options)
      : instance_(instance), module_(instance.module()), options_(options) {}

  Result<std::vector<uint8_t>> write() {
    WHERRY_CHECK(check_imports());
    std::map<SectionId, Bytes> original = original_sections();
    Encoder module;
    module.bytes(wasm::kModuleHeader);
    append_customs(module, 0);
    const uint32_t new_data = data_segments();
    for (const wasm::SectionInfo& section : wasm::kSectionOrder) {
      switch (section.id) {
        case SectionId::kStart:
          break;
        case SectionId::kTable:
          append_section(module, section.id, tables());
          break;
        case SectionId::kMemory:
          append_section(module, section.id, memories());
          break;
        case SectionId::kGlobal: {
          WHERRY_TRY(const VectorSection globals, this->globals());
          append_section(module, section.id, globals);
          break;
        }
        case SectionId::kExport: {
          WHERRY_TRY(const VectorSection exports, this->exports());
          append_section(module, section.id, exports);
          break;
        }
        case SectionId::kElement: {
          WHERRY_TRY(const VectorSection elements, this->elements());
          append_section(module, section.id, elements);
          break;
        }
        case SectionId::kDataCount:
          if (module_.has_data_count) {
            Encoder count;
            count.u32(new_data);
            append_section(module, section.id, count.view());
          }
          break;
        case SectionId::kData:
          append_section(module, section.id, data_);
          break;
        default:
          if (const auto found = original.find(section.id); found != original.end()) {
            append_section(module, section.id, found->second);
          }
          break;
      }
      append_customs(module, static_cast<uint8_t>(section.id));
    }
    return module.take();
  }

 private:
  static std::unexpected<Error> cannot(std::string what) {
    return fail(ErrorCode::kUnsupported, "snapshot: " + std::move(what));
  }

  Result<> check_imports() const {
    for (const wasm::Import& import : module_.imports) {
      const std::string name = std::string(import.module) + "." + std::string(import.name);
      if (import.kind == ExternKind::kMemory) return cannot("the memory " + name + " is imported");
      if (import.kind == ExternKind::kTable) return cannot("the table " + name + " is imported");
      if (import.kind == ExternKind::kGlobal && module_.globals[import.index].type.is_mutable) {
        return cannot("the mutable global " + name + " is imported");
      }
    }
    return {};
  }

  std::map<SectionId, Bytes> original_sections() const {
    std::map<SectionId, Bytes> sections;
    // The module was read before: nothing here can fail.
    base::ByteReader reader(module_.bytes.subspan(sizeof wasm::kModuleHeader));
    uint8_t id = 0;
    uint32_t size = 0;
    Bytes content;
    while (reader.u8(id) && reader.u32(size) && reader.bytes(size, content)) {
      if (const auto section = static_cast<SectionId>(id); section != SectionId::kCustom) sections[section] = content;
    }
    return sections;
  }

  void append_customs(Encoder& to, uint8_t after) const {
    for (const wasm::CustomSection& custom : module_.customs) {
      // Native code and the like belong to the module as it was.
      if (custom.after_section != after || custom.name.starts_with("wherry")) continue;
      append_custom_section(to, custom.name, custom.bytes);
    }
  }

  Bytes raw(const wasm::ConstExpr& expression) const {
    return module_.bytes.subspan(expression.offset, expression.size);
  }

  // Types.

  void heap_type(Encoder& to, HeapType type) const {
    if (type.is_abstract()) return to.byte(wasm::info(type.abstract()).code);
    const auto found = std::ranges::find(module_.types, type.type_id());
    to.s64(found - module_.types.begin());
  }
  void value_type(Encoder& to, ValType type) const {
    switch (type.kind()) {
      case ValType::kI32:
        return to.byte(wasm::type_code::kI32);
      case ValType::kI64:
        return to.byte(wasm::type_code::kI64);
      case ValType::kF32:
        return to.byte(wasm::type_code::kF32);
      case ValType::kF64:
        return to.byte(wasm::type_code::kF64);
      case ValType::kV128:
        return to.byte(wasm::type_code::kV128);
      default:
        // The short form, where there is one, needs no feature beyond the module's own.
        if (type.is_nullable() && type.heap().is_abstract()) return heap_type(to, type.heap());
        to.byte(type.is_nullable() ? wasm::type_code::kRefNull : wasm::type_code::kRef);
        return heap_type(to, type.heap());
    }
  }
  static void limits(Encoder& to, uint64_t min, const Limits& declared, uint8_t flags) {
    to.byte(declared.max ? flags | wasm::limits_flag::kHasMax : flags);
    to.u64(min);
    if (declared.max) to.u64(*declared.max);
  }

  // Values.

  /// The index of a function of this instance, imported ones included.
  std::optional<uint32_t> index_of(runtime::Ref ref) const {
    const auto* func = reinterpret_cast<const runtime::Func*>(ref);
    const runtime::VMContext* context = instance_.context();
    if (func->context == context) return func->index;
    const auto imported = std::span(context->funcs, module_.imported_functions);
    const auto found = std::ranges::find(imported, func);
    if (found == imported.end()) return std::nullopt;
    return static_cast<uint32_t>(found - imported.begin());
  }

  Result<> reference(Encoder& to, runtime::Ref ref, ValType type, const std::string& where) const {
    if (ref == 0) {
      to.byte(kRefNull);
      heap_type(to, type.heap());
    } else if (wasm::top_of(type.heap(), *module_.registry) == HeapType(HeapType::kFunc)) {
      const std::optional<uint32_t> index = index_of(ref);
      if (!index) return cannot(where + " holds a function of another instance");
      to.byte(kRefFunc);
      to.u32(*index);
    } else if (runtime::is_i31(ref)) {
      to.byte(kI32Const);
      to.s32(runtime::i31_get_s(ref));
      to.byte(kGcPrefix);
      to.byte(kRefI31);
    } else {
      return cannot(where + " holds a reference to an object");
    }
    return {};
  }

  Result<> constant(Encoder& to, const runtime::Slot* slots, ValType type, const std::string& where) const {
    switch (type.kind()) {
      case ValType::kI32:
        to.byte(kI32Const);
        to.s32(static_cast<int32_t>(slots[0]));
        break;
      case ValType::kI64:
        to.byte(kI64Const);
        to.s64(static_cast<int64_t>(slots[0]));
        break;
      case ValType::kF32:
        to.byte(kF32Const);
        to.fixed(static_cast<uint32_t>(slots[0]));
        break;
      case ValType::kF64:
        to.byte(kF64Const);
        to.fixed(slots[0]);
        break;
      case ValType::kV128:
        to.byte(kSimdPrefix);
        to.byte(kV128Const);
        to.v128(V128::from_halves(slots[0], slots[1]));
        break;
      default:
        WHERRY_CHECK(reference(to, slots[0], type, where));
        break;
    }
    to.byte(kEnd);
    return {};
  }

  static void offset(Encoder& to, uint64_t value, bool is64) {
    to.byte(is64 ? kI64Const : kI32Const);
    if (is64) {
      to.s64(static_cast<int64_t>(value));
    } else {
      to.s32(static_cast<int32_t>(value));
    }
    to.byte(kEnd);
  }

  // Sections.

  VectorSection memories() const {
    VectorSection section;
    for (size_t i = 0; i < module_.memories.size(); ++i) {
      const MemoryType& type = module_.memories[i];
      uint8_t flags = 0;
      if (type.shared) flags |= wasm::limits_flag::kShared;
      if (type.is64) flags |= wasm::limits_flag::k64;
      if (type.page_size_log2 != 16) flags |= wasm::limits_flag::kPageSize;
      limits(section.add(), instance_.memory(static_cast<uint32_t>(i))->pages(), type.limits, flags);
      if (type.page_size_log2 != 16) section.items.u32(type.page_size_log2);
    }
    return section;
  }

  VectorSection tables() const {
    VectorSection section;
    for (size_t i = 0; i < module_.tables.size(); ++i) {
      const wasm::TableDecl& table = module_.tables[i];
      Encoder& to = section.add();
      if (table.init) {
        to.byte(wasm::type_code::kTableWithInit);
        to.byte(0);
      }
      value_type(to, table.type.element);
      limits(to, instance_.table(static_cast<uint32_t>(i))->size(), table.type.limits,
             table.type.is64 ? wasm::limits_flag::k64 : uint8_t{0});
      if (table.init) to.bytes(raw(*table.init));
    }
    return section;
  }

  Result<VectorSection> globals() const {
    VectorSection section;
    for (size_t i = module_.imported_globals; i < module_.globals.size(); ++i) {
      const wasm::GlobalDecl& global = module_.globals[i];
      Encoder& to = section.add();
      value_type(to, global.type.type);
      to.byte(global.type.is_mutable ? 1 : 0);
      if (global.type.is_mutable) {
        WHERRY_CHECK(constant(to, instance_.context()->globals[i], global.type.type, "global " + std::to_string(i)));
      } else {
        to.bytes(raw(*global.init));
      }
    }
    return section;
  }

  Result<VectorSection> exports() const {
    for (const std::string& name : options_.drop_exports) {
      if (module_.find_export(name) == nullptr) return fail(ErrorCode::kNotFound, "no export \"" + name + "\"");
    }
    VectorSection section;
    for (const wasm::Export& item : module_.exports) {
      if (std::ranges::find(options_.drop_exports, item.name) != options_.drop_exports.end()) continue;
      Encoder& to = section.add();
      to.name(item.name);
      to.byte(static_cast<uint8_t>(item.kind));
      to.u32(item.index);
    }
    return section;
  }

  /// The module's segments, since code names them by number (those that are gone only declare their functions), and
  /// then what the tables hold.
  Result<VectorSection> elements() const {
    constexpr uint8_t kPassive = 1, kDeclarative = 3, kExpressions = 4;
    VectorSection section;
    for (size_t i = 0; i < module_.elements.size(); ++i) {
      const wasm::ElementSegment& segment = module_.elements[i];
      const bool is_gone = instance_.element_count(static_cast<uint32_t>(i)) == 0 && segment.size() != 0;
      const uint8_t mode = segment.mode == SegmentMode::kPassive && !is_gone ? kPassive : kDeclarative;
      Encoder& to = section.add();
      if (segment.expressions.empty()) {
        to.byte(mode);
        to.byte(0);
        to.u64(segment.functions.size());
        for (const uint32_t function : segment.functions) to.u32(function);
      } else {
        to.byte(mode | kExpressions);
        value_type(to, segment.type);
        to.u64(segment.expressions.size());
        for (const wasm::ConstExpr& expression : segment.expressions) to.bytes(raw(expression));
      }
    }
    for (size_t i = 0; i < module_.tables.size(); ++i) {
      WHERRY_CHECK(contents_of_table(section, static_cast<uint32_t>(i)));
    }
    return section;
  }

  Result<> contents_of_table(VectorSection& section, uint32_t index) const {
    constexpr uint8_t kActiveWithTable = 2, kExpressions = 4;
    const wasm::TableDecl& declared = module_.tables[index];
    runtime::Table& table = *instance_.table(index);
    // A table with an initial value of its own is written as a whole.
    const auto is_written = [&](uint64_t at) { return declared.init.has_value() || table.get(at) != 0; };
    for (uint64_t begin = 0; begin < table.size();) {
      if (!is_written(begin)) {
        ++begin;
        continue;
      }
      uint64_t end = begin + 1;
      while (end < table.size() && is_written(end)) ++end;
      Encoder& to = section.add();
      to.byte(kActiveWithTable | kExpressions);
      to.u32(index);
      offset(to, begin, declared.type.is64);
      value_type(to, declared.type.element);
      to.u64(end - begin);
      for (; begin < end; ++begin) {
        WHERRY_CHECK(reference(to, table.get(begin), declared.type.element, "table " + std::to_string(index)));
        to.byte(kEnd);
      }
    }
    return {};
  }

  /// Writes data_: the module's segments, if code names them, and then what the memories hold. How many there are.
  uint32_t data_segments() {
    constexpr uint8_t kPassive = 1;
    if (module_.has_data_count) {
      for (size_t i = 0; i < module_.data.size(); ++i) {
        const Bytes left = instance_.data(static_cast<uint32_t>(i));
        Encoder& to = data_.add();
        to.byte(kPassive);
        to.sized(module_.data[i].mode == SegmentMode::kPassive ? left : Bytes());
      }
    }
    for (size_t i = 0; i < module_.memories.size(); ++i) contents_of_memory(static_cast<uint32_t>(i));
    return data_.count;
  }

  void contents_of_memory(uint32_t index) {
    constexpr uint8_t kActive = 0, kActiveWithMemory = 2;
    constexpr size_t kMostSegments = 10'000;
    const Bytes contents = instance_.memory(index)->contents();
    // Gaps of zeroes shorter than this are not worth a segment, or would make too many of them.
    size_t least_gap = 32;
    std::vector<std::pair<size_t, size_t>> pieces = pieces_of(contents, least_gap);
    while (pieces.size() > kMostSegments) pieces = pieces_of(contents, least_gap *= 4);
    for (const auto& [begin, end] : pieces) {
      Encoder& to = data_.add();
      to.byte(index == 0 ? kActive : kActiveWithMemory);
      if (index != 0) to.u32(index);
      offset(to, begin, module_.memories[index].is64);
      to.sized(contents.subspan(begin, end - begin));
    }
  }

  /// What lies between gaps of at least so many zeroes.
  static std::vector<std::pair<size_t, size_t>> pieces_of(Bytes contents, size_t least_gap) {
    std::vector<std::pair<size_t, size_t>> pieces;
    const auto is_zero = [](uint8_t byte) { return byte == 0; };
    for (auto at = contents.begin();;) {
      const auto begin = std::find_if_not(at, contents.end(), is_zero);
      if (begin == contents.end()) return pieces;
      auto end = begin;
      for (at = begin; at != contents.end() && static_cast<size_t>(at - end) < least_gap;) {
        if (*at++ != 0) end = at;
      }
      pieces.emplace_back(begin - contents.begin(), end - contents.begin());
    }
  }

  runtime::Instance& instance_;
  const wasm::Module& module_;
  const SnapshotOptions& options_;
  VectorSection data_;
};

}  // namespace

Result<std::vector<uint8_t>> snapshot(const Instance& instance, const SnapshotOptions& options) {
  return SnapshotWriter(instance.impl(), options).write();
}

}  // namespace wherry
