#include "llvm/object.h"

#include <llvm/BinaryFormat/ELF.h>
#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Support/DataExtractor.h>
#include <llvm/Support/LEB128.h>

#include <algorithm>
#include <optional>

#include "llvm/emit.h"
#include "llvm/precompiled.h"

namespace wherry::compiler {

namespace {

using object::ELFObjectFileBase;
using object::ELFSectionRef;
using object::ELFSymbolRef;
using object::RelocationRef;
using object::SectionRef;

std::unexpected<Error> unsupported(std::string what) { return fail(ErrorCode::kUnsupported, "code: " + what); }

template <class T>
Result<T> taken(Expected<T> value) {
  if (value) return std::move(*value);
  return unsupported(toString(value.takeError()));
}

/// The slot through which .eh_frame refers to the personality function, as LLVM names it.
constexpr StringLiteral kPersonalityReference = "DW.ref.wherry_personality";

std::optional<Symbol> parse_symbol(StringRef name) {
  Symbol symbol;
  if (name.consume_front("enter")) {
    symbol.kind = Symbol::Kind::kEnter;
  } else if (name.consume_front("leave")) {
    symbol.kind = Symbol::Kind::kLeave;
  } else if (name.consume_front("f")) {
    symbol.kind = Symbol::Kind::kFunction;
  } else if (name == kPersonalityReference) {
    symbol.kind = Symbol::Kind::kPersonalitySlot;
    return symbol;
  } else {
    return std::nullopt;
  }
  if (name.getAsInteger(10, symbol.index)) return std::nullopt;
  return symbol;
}

class ObjectReader {
 public:
  ObjectReader(const ELFObjectFileBase& file, const wasm::Module& module) : file_(file), module_(module) {}

  Result<ShardObject> read() {
    WHERRY_CHECK(read_sections());
    WHERRY_CHECK(read_symbols());
    WHERRY_CHECK(read_fixups());
    WHERRY_CHECK(read_frame_sizes());
    read_locations();
    return std::move(object_);
  }

 private:
  struct Placement {
    Part part;
    uint32_t offset;
  };
  /// Instructions from text offset `code` on come from module offset `place`.
  struct Run {
    uint32_t code;
    uint32_t place;
    size_t order;  ///< In which the rows came.
  };

  Result<> read_sections() {
    placements_.resize(std::distance(file_.section_begin(), file_.section_end()) + 1);
    for (const SectionRef section : file_.sections()) {
      WHERRY_TRY(const StringRef name, taken(section.getName()));
      const uint64_t flags = ELFSectionRef(section).getFlags();
      if (name == ".stack_sizes") stack_sizes_.push_back(section);
      if ((flags & ELF::SHF_ALLOC) == 0 || section.getSize() == 0) continue;
      std::optional<Part> part;
      if (name == ".eh_frame") {
        part = Part::kEhFrame;
      } else if (name.starts_with(".gcc_except_table")) {
        part = Part::kEhTable;
      } else if ((flags & ELF::SHF_EXECINSTR) != 0) {
        part = Part::kText;
      } else if (name.ends_with(kPersonalityReference)) {
        continue;
      } else if ((flags & ELF::SHF_WRITE) == 0) {
        part = Part::kRodata;
      } else {
        return unsupported("section " + name.str());
      }
      WHERRY_TRY(const StringRef contents, taken(section.getContents()));
      std::vector<uint8_t>& bytes = object_.parts[static_cast<size_t>(*part)];
      const uint64_t alignment = section.getAlignment().value();
      const uint64_t offset = alignTo(bytes.size(), alignment);
      if (offset + contents.size() > UINT32_MAX) return unsupported("a shard of more than 4 GiB");
      bytes.resize(offset, 0);
      bytes.insert(bytes.end(), contents.bytes_begin(), contents.bytes_end());
      uint32_t& most = object_.alignments[static_cast<size_t>(*part)];
      most = std::max(most, static_cast<uint32_t>(alignment));
      placements_[section.getIndex()] = Placement{*part, static_cast<uint32_t>(offset)};
    }
    return {};
  }

  std::optional<Placement> placement(const ELFSymbolRef& symbol) const {
    Expected<object::section_iterator> section = symbol.getSection();
    if (!section) {
      consumeError(section.takeError());
      return std::nullopt;
    }
    if (*section == file_.section_end()) return std::nullopt;
    return placements_[(*section)->getIndex()];
  }

  Result<> read_symbols() {
    for (const ELFSymbolRef symbol : file_.symbols()) {
      const std::optional<Placement> place = placement(symbol);
      if (!place || place->part != Part::kText || symbol.getELFType() != ELF::STT_FUNC) continue;
      WHERRY_TRY(const StringRef name, taken(symbol.getName()));
      const std::optional<Symbol> parsed = parse_symbol(name);
      if (!parsed) continue;
      WHERRY_TRY(const uint64_t value, taken(symbol.getValue()));
      const auto offset = static_cast<uint32_t>(place->offset + value);
      if (parsed->kind == Symbol::Kind::kFunction) {
        object_.functions.push_back({parsed->index, offset, static_cast<uint32_t>(symbol.getSize()), 0, 0});
      } else {
        object_.stubs.push_back({*parsed, offset});
      }
    }
    std::ranges::sort(object_.functions, {}, &ShardObject::Function::offset);
    return {};
  }

  Result<> read_fixups() {
    for (const SectionRef relocations : file_.sections()) {
      WHERRY_TRY(const auto target, taken(relocations.getRelocatedSection()));
      if (target == file_.section_end()) continue;
      const std::optional<Placement> place = placements_[target->getIndex()];
      if (!place) continue;
      for (const RelocationRef relocation : relocations.relocations()) {
        WHERRY_TRY(const Fixup fixup, read_fixup(relocation, *place));
        object_.fixups.push_back(fixup);
      }
    }
    return {};
  }

  Result<Fixup> read_fixup(const RelocationRef& relocation, Placement place) {
    WHERRY_TRY(const int64_t addend, taken(object::ELFRelocationRef(relocation).getAddend()));
    Fixup fixup{place.part,
                static_cast<uint32_t>(place.offset + relocation.getOffset()),
                static_cast<uint32_t>(relocation.getType()),
                {},
                addend};
    const ELFSymbolRef symbol = *relocation.getSymbol();
    WHERRY_TRY(const StringRef name, taken(symbol.getName()));
    // Functions by their names, even where this object has them: they may yet be left out of the image.
    const std::optional<Symbol> parsed = parse_symbol(name);
    if (!parsed) {
      const std::optional<Placement> defined = placement(symbol);
      if (!defined) return unsupported("reference to " + name.str());
      WHERRY_TRY(const uint64_t value, taken(symbol.getValue()));
      fixup.target.index = static_cast<uint32_t>(defined->part);
      fixup.addend += static_cast<int64_t>(defined->offset + value);
      return fixup;
    }
    fixup.target = *parsed;
    return fixup;
  }

  ShardObject::Function* function_at(uint64_t offset) {
    const auto it = std::ranges::lower_bound(object_.functions, offset, {}, &ShardObject::Function::offset);
    return it != object_.functions.end() && it->offset == offset ? &*it : nullptr;
  }

  /// .stack_sizes: for each function its address, relocated, and its frame's size as LEB128.
  Result<> read_frame_sizes() {
    for (const SectionRef& section : stack_sizes_) {
      WHERRY_TRY(const StringRef contents, taken(section.getContents()));
      std::vector<std::pair<uint64_t, uint64_t>> addresses;  // where in the section; what
      for (const SectionRef relocations : file_.sections()) {
        WHERRY_TRY(const auto target, taken(relocations.getRelocatedSection()));
        if (target == file_.section_end() || *target != section) continue;
        for (const RelocationRef relocation : relocations.relocations()) {
          const ELFSymbolRef symbol = *relocation.getSymbol();
          const std::optional<Placement> place = placement(symbol);
          if (!place) continue;
          WHERRY_TRY(const uint64_t value, taken(symbol.getValue()));
          WHERRY_TRY(const int64_t addend, taken(object::ELFRelocationRef(relocation).getAddend()));
          addresses.emplace_back(relocation.getOffset(), place->offset + value + static_cast<uint64_t>(addend));
        }
      }
      const DataExtractor data(contents, true, 8);
      for (const auto& [where, address] : addresses) {
        uint64_t position = where + 8;
        const uint64_t size = data.getULEB128(&position);
        if (ShardObject::Function* function = function_at(address)) function->frame_bytes = size;
      }
    }
    return {};
  }

  void read_locations() {
    const std::unique_ptr<DWARFContext> dwarf = DWARFContext::create(file_);
    std::vector<Run> runs;
    for (const auto& unit : dwarf->compile_units()) {
      const DWARFDebugLine::LineTable* const table = dwarf->getLineTableForUnit(unit.get());
      if (table == nullptr) continue;
      for (const DWARFDebugLine::Row& row : table->Rows) {
        if (row.EndSequence || row.Line == 0 || row.Address.SectionIndex >= placements_.size()) continue;
        const std::optional<Placement>& place = placements_[row.Address.SectionIndex];
        if (!place || place->part != Part::kText) continue;
        runs.push_back({static_cast<uint32_t>(place->offset + row.Address.Address), row.Line, runs.size()});
      }
    }
    std::ranges::sort(runs, {}, [](const Run& run) { return std::pair(run.code, run.order); });
    auto run = runs.begin();
    for (ShardObject::Function& function : object_.functions) {
      while (run != runs.end() && run->code < function.offset) ++run;
      auto last = run;
      while (last != runs.end() && last->code < function.offset + function.size) ++last;
      write_locations(function, std::span(run, last));
      run = last;
    }
  }

  /// Of several runs that begin at one place, the last counts.
  void write_locations(ShardObject::Function& function, std::span<const Run> runs) {
    function.locations = static_cast<uint32_t>(object_.locations.size());
    uint32_t code = function.offset;
    int64_t place = module_.functions[function.index].body_offset;
    bool first = true;
    for (size_t i = 0; i < runs.size(); ++i) {
      if (i + 1 < runs.size() && runs[i + 1].code == runs[i].code) continue;
      if (!first && runs[i].place == place) continue;
      write_unsigned(runs[i].code - code);
      write_signed(static_cast<int64_t>(runs[i].place) - place);
      code = runs[i].code;
      place = runs[i].place;
      first = false;
    }
    if (first) {
      write_unsigned(0);
      write_signed(0);
    }
    write_unsigned(0);
  }

  void write_unsigned(uint64_t value) {
    uint8_t bytes[10];
    object_.locations.insert(object_.locations.end(), bytes, bytes + encodeULEB128(value, bytes));
  }
  void write_signed(int64_t value) {
    uint8_t bytes[10];
    object_.locations.insert(object_.locations.end(), bytes, bytes + encodeSLEB128(value, bytes));
  }

  const ELFObjectFileBase& file_;
  const wasm::Module& module_;
  ShardObject object_;
  std::vector<std::optional<Placement>> placements_;  ///< By the index of the section.
  std::vector<SectionRef> stack_sizes_;
};

}  // namespace

Result<ShardObject> read_object(std::span<const uint8_t> elf, const wasm::Module& module) {
  const StringRef bytes(reinterpret_cast<const char*>(elf.data()), elf.size());
  WHERRY_TRY(const auto file, taken(object::ObjectFile::createELFObjectFile(MemoryBufferRef(bytes, "shard"))));
  return ObjectReader(*cast<ELFObjectFileBase>(file.get()), module).read();
}

}  // namespace wherry::compiler
