#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "base/byte_reader.h"
#include "wasm/binary_format.h"
#include "wasm/module.h"
#include "wasm/text/code_printer.h"
#include "wasm/text/identifiers.h"
#include "wasm/text/lexer.h"
#include "wasm/text/wat.h"
#include "wasm/type_registry.h"

namespace wherry::wasm::text {
namespace {

constexpr std::string_view kCodeMetadata = "metadata.code.";

/// Code metadata by function. A section that does not parse is left to be printed as bytes.
class CodeMetadata {
 public:
  explicit CodeMetadata(const Module& module) {
    for (const CustomSection& section : module.customs) {
      if (section.name.starts_with(kCodeMetadata) && read(section)) understood_.insert(&section);
    }
  }

  bool understands(const CustomSection& section) const { return understood_.contains(&section); }
  const FunctionMetadata* of(uint32_t function) const {
    const auto found = functions_.find(function);
    return found == functions_.end() ? nullptr : &found->second;
  }

 private:
  bool read(const CustomSection& section) {
    base::ByteReader reader(section.bytes);
    std::map<uint32_t, FunctionMetadata> read;
    uint32_t functions = 0;
    if (!reader.u32(functions)) return false;
    for (uint32_t i = 0; i < functions; ++i) {
      uint32_t function = 0, count = 0;
      if (!reader.u32(function) || !reader.u32(count)) return false;
      for (uint32_t k = 0; k < count; ++k) {
        uint32_t offset = 0, size = 0;
        Bytes bytes;
        if (!reader.u32(offset) || !reader.u32(size) || !reader.bytes(size, bytes)) return false;
        read[function].emplace(offset, InstructionMetadata{section.name, bytes});
      }
    }
    if (!reader.at_end()) return false;
    for (auto& [function, metadata] : read) functions_[function].merge(metadata);
    return true;
  }

  std::map<uint32_t, FunctionMetadata> functions_;
  std::set<const CustomSection*> understood_;
};

class ModulePrinter {
 public:
  ModulePrinter(const Module& module, const PrintOptions& options)
      : module_(module),
        options_(options),
        ids_(options.names ? Identifiers(module) : Identifiers()),
        types_(module, ids_),
        code_(module, ids_, types_, options),
        metadata_(module) {}

  Result<std::string> run() {
    out_ += "(module";
    if (!ids_.module_name().empty()) {
      out_ += ' ';
      append_identifier(ids_.module_name(), out_);
    }
    types_.definitions(out_);
    for (const Import& import : module_.imports) {
      if (fits()) this->import(import);
    }
    for (uint32_t i = module_.imported_functions; i < module_.functions.size() && fits(); ++i) function(i);
    for (uint32_t i = module_.imported_tables; i < module_.tables.size(); ++i) table(i);
    for (uint32_t i = module_.imported_memories; i < module_.memories.size(); ++i) defined(Space::kMemory, i);
    for (uint32_t i = module_.imported_tags; i < module_.tags.size() && fits(); ++i) defined(Space::kTag, i);
    for (uint32_t i = module_.imported_globals; i < module_.globals.size(); ++i) global(i);
    for (const Export& e : module_.exports) export_(e);
    if (module_.start) {
      out_ += "\n  (start ";
      ids_[Space::kFunc].append_reference(*module_.start, out_);
      out_ += ')';
    }
    for (uint32_t i = 0; i < module_.elements.size(); ++i) element(i);
    for (uint32_t i = 0; i < module_.data.size(); ++i) data(i);
    for (const CustomSection& section : module_.customs) custom(section);
    if (!fits()) return fail(ErrorCode::kLimit, "text too large");
    out_ += ")\n";
    return std::move(out_);
  }

 private:
  static Space space_of(ExternKind kind) {
    switch (kind) {
      case ExternKind::kFunc:
        return Space::kFunc;
      case ExternKind::kTable:
        return Space::kTable;
      case ExternKind::kMemory:
        return Space::kMemory;
      case ExternKind::kGlobal:
        return Space::kGlobal;
      case ExternKind::kTag:
        break;
    }
    return Space::kTag;
  }

  void name(std::string_view s) {
    out_ += ' ';
    append_literal(s, true, out_);
  }
  void number(uint64_t n) {
    out_ += ' ';
    out_ += std::to_string(n);
  }
  void reference(Space s, uint32_t index) {
    out_ += " (";
    out_ += kSpaceNames[static_cast<size_t>(s)];
    out_ += ' ';
    ids_[s].append_reference(index, out_);
    out_ += ')';
  }

  /// "(kind $id (;index;)".
  void head(Space s, uint32_t index) {
    out_ += '(';
    out_ += kSpaceNames[static_cast<size_t>(s)];
    ids_[s].append_definition(index, out_);
    out_ += " (;" + std::to_string(index) + ";)";
  }

  void limits(const Limits& limits, bool is64) {
    if (is64) out_ += " i64";
    number(limits.min);
    if (limits.max) number(*limits.max);
  }

  /// The type of an import, or of a definition that is nothing more.
  void extern_type(Space s, uint32_t index) {
    static const IdMap kNoNames;
    switch (s) {
      case Space::kFunc:
        types_.type_use(module_.functions[index].type, ids_.locals(index), out_);
        break;
      case Space::kTable: {
        const TableType& type = module_.tables[index].type;
        limits(type.limits, type.is64);
        out_ += ' ';
        types_.value_type(type.element, out_);
        break;
      }
      case Space::kMemory: {
        const MemoryType& type = module_.memories[index];
        limits(type.limits, type.is64);
        if (type.shared) out_ += " shared";
        if (type.page_size_log2 != 16) out_ += " (pagesize " + std::to_string(type.page_size()) + ")";
        break;
      }
      case Space::kGlobal: {
        const GlobalType& type = module_.globals[index].type;
        out_ += type.is_mutable ? " (mut " : " ";
        types_.value_type(type.type, out_);
        if (type.is_mutable) out_ += ')';
        break;
      }
      default:
        types_.type_use(module_.tags[index].type, kNoNames, out_);
        break;
    }
  }

  /// Locals and types of functions are written out in full, so that a hostile module's text could grow without bounds.
  bool fits() const { return out_.size() <= (size_t{64} << 20) + module_.bytes.size() * 128; }

  void import(const Import& import) {
    out_ += "\n  (import";
    name(import.module);
    name(import.name);
    out_ += ' ';
    head(space_of(import.kind), import.index);
    extern_type(space_of(import.kind), import.index);
    out_ += "))";
  }

  void function(uint32_t index) {
    out_ += "\n  ";
    head(Space::kFunc, index);
    extern_type(Space::kFunc, index);
    code_.body(index, metadata_.of(index), out_);
    out_ += ')';
  }

  void defined(Space s, uint32_t index) {
    out_ += "\n  ";
    head(s, index);
    extern_type(s, index);
    out_ += ')';
  }

  void table(uint32_t index) {
    out_ += "\n  ";
    head(Space::kTable, index);
    extern_type(Space::kTable, index);
    if (module_.tables[index].init) code_.expression(*module_.tables[index].init, "", out_);
    out_ += ')';
  }

  void global(uint32_t index) {
    out_ += "\n  ";
    head(Space::kGlobal, index);
    extern_type(Space::kGlobal, index);
    code_.expression(*module_.globals[index].init, "", out_);
    out_ += ')';
  }

  void export_(const Export& e) {
    out_ += "\n  (export";
    name(e.name);
    reference(space_of(e.kind), e.index);
    out_ += ')';
  }

  void element(uint32_t index) {
    const ElementSegment& segment = module_.elements[index];
    out_ += "\n  ";
    head(Space::kElem, index);
    if (segment.mode == SegmentMode::kDeclarative) out_ += " declare";
    if (segment.mode == SegmentMode::kActive) {
      if (segment.table != 0) reference(Space::kTable, segment.table);
      code_.expression(segment.offset, "offset", out_);
    }
    // `func` means non-null references; funcref's lists of indices are written so too, since the binary has no other
    // form.
    const bool is_func = segment.expressions.empty() && segment.type.heap() == HeapType(HeapType::kFunc);
    out_ += ' ';
    if (is_func) {
      out_ += "func";
    } else {
      types_.value_type(segment.type, out_);
    }
    for (const uint32_t function : segment.functions) {
      out_ += is_func ? " " : " (ref.func ";
      ids_[Space::kFunc].append_reference(function, out_);
      if (!is_func) out_ += ')';
    }
    for (const ConstExpr& expr : segment.expressions) code_.expression(expr, "item", out_);
    out_ += ')';
  }

  void data(uint32_t index) {
    const DataSegment& segment = module_.data[index];
    out_ += "\n  ";
    head(Space::kData, index);
    if (segment.mode == SegmentMode::kActive) {
      if (segment.memory != 0) reference(Space::kMemory, segment.memory);
      code_.expression(segment.offset, "offset", out_);
    }
    out_ += ' ';
    append_literal({reinterpret_cast<const char*>(segment.bytes.data()), segment.bytes.size()}, false, out_);
    out_ += ')';
  }

  void custom(const CustomSection& section) {
    if (metadata_.understands(section) || (options_.names && section.name == "name")) return;
    out_ += "\n  (@custom";
    name(section.name);
    out_ += placement(section);
    out_ += ' ';
    append_literal({reinterpret_cast<const char*>(section.bytes.data()), section.bytes.size()}, false, out_);
    out_ += ')';
  }

  /// Where the section stands, by the last one before it that parse_wat will write: it leaves empty ones out.
  std::string placement(const CustomSection& section) const {
    const auto* const begin = std::begin(kSectionOrder);
    const auto* row = std::find_if(begin, std::end(kSectionOrder), [&](const SectionInfo& s) {
      return static_cast<uint8_t>(s.id) == section.after_section;
    });
    if (row == std::end(kSectionOrder)) return " (before first)";
    while (!is_present(row->id)) {
      if (row == begin) return " (before first)";
      --row;
    }
    return " (after " + std::string(row->name) + ")";
  }

  bool is_present(SectionId id) const {
    switch (id) {
      case SectionId::kType:
        return !module_.types.empty();
      case SectionId::kImport:
        return !module_.imports.empty();
      case SectionId::kFunction:
      case SectionId::kCode:
        return module_.functions.size() > module_.imported_functions;
      case SectionId::kTable:
        return module_.tables.size() > module_.imported_tables;
      case SectionId::kMemory:
        return module_.memories.size() > module_.imported_memories;
      case SectionId::kTag:
        return module_.tags.size() > module_.imported_tags;
      case SectionId::kGlobal:
        return module_.globals.size() > module_.imported_globals;
      case SectionId::kExport:
        return !module_.exports.empty();
      case SectionId::kStart:
        return module_.start.has_value();
      case SectionId::kElement:
        return !module_.elements.empty();
      case SectionId::kDataCount:
        return code_.used_data_index();
      case SectionId::kData:
        return !module_.data.empty();
      case SectionId::kCustom:
        break;
    }
    return false;
  }

  const Module& module_;
  const PrintOptions& options_;
  Identifiers ids_;
  TypePrinter types_;
  CodePrinter code_;
  CodeMetadata metadata_;
  std::string out_;
};

}  // namespace
}  // namespace wherry::wasm::text

namespace wherry::wasm {

Result<std::string> print_wat(std::span<const uint8_t> bytes, const PrintOptions& options) {
  TypeRegistry registry;
  WHERRY_TRY(const std::unique_ptr<Module> module, read_module(bytes, Features::all(), registry));
  WHERRY_CHECK(
      validate_functions(*module, module->imported_functions, static_cast<uint32_t>(module->functions.size())));
  return text::ModulePrinter(*module, options).run();
}

}  // namespace wherry::wasm
