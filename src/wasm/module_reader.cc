// The module reader: sections in, a Module out. Everything but function bodies is validated on the way.
// Spec: https://webassembly.github.io/spec/core/binary/modules.html and .../valid/modules.html
#include <algorithm>
#include <numeric>

#include "wasm/binary_format.h"
#include "wasm/const_expr_reader.h"
#include "wasm/decoder.h"
#include "wasm/limits.h"
#include "wasm/module.h"

namespace wherry::wasm {

namespace {

class ModuleReader : public Decoder {
 public:
  ModuleReader(Module& module, TypeRegistry& registry)
      : Decoder(module.bytes, 0, &module.types, module.features),
        module_(module),
        registry_(registry),
        expressions_(module) {}

  bool read();

 private:
  bool section(SectionId id);
  bool custom_section(uint8_t after);
  bool type_section();
  bool recursion_group();
  bool sub_type(SubType& type, uint32_t index);
  bool composite_type(SubType& type);
  bool value_types(std::vector<ValType>& types, uint32_t limit, std::string_view what);
  bool field_type(FieldType& field);
  bool check_super_type(uint32_t index, uint64_t at);
  bool import_section();
  bool function_section();
  bool table_section();
  bool memory_section();
  bool tag_section();
  bool global_section();
  bool export_section();
  bool start_section();
  bool element_section();
  bool element_segment(ElementSegment& segment);
  bool data_count_section();
  bool code_section();
  bool data_section();
  bool finish();

  bool function_type_index(TypeId& out);
  bool table_type(TableType& type);
  bool memory_type(MemoryType& type);
  bool global_type(GlobalType& type);
  bool tag_type(TagType& type);
  bool limits(uint8_t flags, Limits& limits);
  bool expression(ValType type, ConstExpr& out);
  bool add_table(const TableDecl& table, uint64_t at);
  bool add_memory(const MemoryType& memory, uint64_t at);

  /// Reads the length of a vector. Every element takes a byte at least, so that a length costs no more memory than the
  /// bytes that are there.
  bool count(uint32_t& out, uint32_t limit, std::string_view what);
  /// Reads an index and checks it against the size of its space.
  bool index(uint32_t& out, size_t size, std::string_view what);
  bool fail_invalid(std::string_view message, uint64_t at) { return fail(ErrorCode::kInvalid, message, at); }

  Module& module_;
  TypeRegistry& registry_;
  ConstExprReader expressions_;
  std::vector<uint8_t> subtype_depth_;  // of each of module_.types
  std::vector<SubType> group_;
  std::optional<uint32_t> data_count_;
  bool has_code_ = false;
};

bool ModuleReader::count(uint32_t& out, uint32_t limit, std::string_view what) {
  const uint64_t at = offset();
  if (!u32(out)) return false;
  if (out > remaining()) return fail(ErrorCode::kMalformed, "length out of bounds", at);
  return out <= limit || fail(ErrorCode::kLimit, "too many " + std::string(what), at);
}

bool ModuleReader::index(uint32_t& out, size_t size, std::string_view what) {
  const uint64_t at = offset();
  if (!u32(out)) return false;
  return out < size || fail_invalid("unknown " + std::string(what) + " " + std::to_string(out), at);
}

bool ModuleReader::read() {
  if (module_.bytes.size() > limits::kModuleSize) return fail(ErrorCode::kLimit, "module is too large", 0);
  if (remaining() < 4) return fail_end();
  if (!std::equal(pc_, pc_ + 4, kModuleHeader)) return fail_malformed("magic header not detected");
  if (remaining() < 8) return fail_end();
  if (!std::equal(pc_ + 4, pc_ + 8, kModuleHeader + 4)) {
    return fail(ErrorCode::kMalformed, "unknown binary version", 4);
  }
  pc_ += 8;

  const uint8_t* const module_end = end_;
  size_t order = 0;  // sections of kSectionOrder that may not come any more
  uint8_t last = 0;
  while (pc_ != module_end) {
    const uint64_t at = offset();
    uint8_t id;
    uint32_t size;
    if (!u8(id) || !u32(size)) return false;
    if (id > static_cast<uint8_t>(SectionId::kTag)) return fail(ErrorCode::kMalformed, "malformed section id", at);
    if (size > remaining()) return fail(ErrorCode::kMalformed, "length out of bounds", at + 1);
    end_ = pc_ + size;
    if (id == 0) {
      if (!custom_section(last)) return false;
    } else {
      const auto place = std::ranges::find(kSectionOrder, static_cast<SectionId>(id), &SectionInfo::id);
      const size_t position = static_cast<size_t>(place - kSectionOrder);
      if (position < order) return fail(ErrorCode::kMalformed, "unexpected content after last section", at);
      order = position + 1;
      last = id;
      if (!section(static_cast<SectionId>(id))) return false;
    }
    if (pc_ != end_) return fail_malformed("section size mismatch");
    end_ = module_end;
  }
  return finish();
}

bool ModuleReader::section(SectionId id) {
  switch (id) {
    case SectionId::kCustom:
      break;
    case SectionId::kType:
      return type_section();
    case SectionId::kImport:
      return import_section();
    case SectionId::kFunction:
      return function_section();
    case SectionId::kTable:
      return table_section();
    case SectionId::kMemory:
      return memory_section();
    case SectionId::kTag:
      return tag_section();
    case SectionId::kGlobal:
      return global_section();
    case SectionId::kExport:
      return export_section();
    case SectionId::kStart:
      return start_section();
    case SectionId::kElement:
      return element_section();
    case SectionId::kDataCount:
      return data_count_section();
    case SectionId::kCode:
      return code_section();
    case SectionId::kData:
      return data_section();
  }
  return false;
}

bool ModuleReader::finish() {
  const size_t defined = module_.functions.size() - module_.imported_functions;
  if (!has_code_ && defined != 0) {
    return fail_malformed("function and code section have inconsistent lengths");
  }
  if (data_count_.value_or(0) != module_.data.size() && data_count_) {
    return fail_malformed("data count and data section have inconsistent lengths");
  }
  module_.declared_refs.resize(module_.functions.size());
  return true;
}

bool ModuleReader::custom_section(uint8_t after) {
  if (module_.customs.size() >= limits::kCustomSections)
    return fail(ErrorCode::kLimit, "too many custom sections", offset());
  CustomSection custom;
  if (!name(custom.name)) return false;
  custom.offset = offset();
  custom.bytes = {pc_, remaining()};
  custom.after_section = after;
  pc_ = end_;
  module_.customs.push_back(custom);
  return true;
}

// ---- Types.

bool ModuleReader::type_section() {
  uint32_t groups;
  if (!count(groups, limits::kTypes, "types")) return false;
  module_.types.reserve(groups);
  for (uint32_t i = 0; i < groups; ++i) {
    if (!recursion_group()) return false;
  }
  return true;
}

bool ModuleReader::recursion_group() {
  uint32_t size = 1;
  if (pc_ != end_ && *pc_ == type_code::kRec) {
    const uint64_t at = offset();
    ++pc_;
    if (!require(Feature::kGc, at) || !count(size, limits::kTypes, "types")) return false;
  }
  const uint32_t first = static_cast<uint32_t>(module_.types.size());
  if (size > limits::kTypes - first) return fail(ErrorCode::kLimit, "too many types", offset());
  if (size == 0) return true;
  // While the group is read, its members are known by their positions in it.
  for (uint32_t i = 0; i < size; ++i) module_.types.push_back(SubType::kGroupMember + i);
  group_.assign(size, SubType());
  const uint64_t at = offset();
  for (uint32_t i = 0; i < size; ++i) {
    if (!sub_type(group_[i], first + i)) return false;
  }
  const Result<TypeId> id = registry_.intern(group_);
  if (!id) return fail(id.error().code, id.error().message, at);
  for (uint32_t i = 0; i < size; ++i) module_.types[first + i] = *id + i;
  for (uint32_t i = 0; i < size; ++i) {
    if (!check_super_type(first + i, at)) return false;
  }
  return true;
}

bool ModuleReader::sub_type(SubType& type, uint32_t index) {
  if (pc_ == end_) return fail_end();
  const uint64_t at = offset();
  uint8_t depth = 0;
  const uint8_t code = *pc_;
  if (code == type_code::kSub || code == type_code::kSubFinal) {
    ++pc_;
    type.is_final = code == type_code::kSubFinal;
    uint32_t supers;
    if (!require(Feature::kGc, at) || !u32(supers)) return false;
    if (supers > 1) return fail_invalid("sub type " + std::to_string(index) + " has more than one super type", at);
    if (supers == 1) {
      uint32_t super;
      if (!u32(super)) return false;
      if (super >= index) return fail_invalid("unknown type " + std::to_string(super), at);
      type.super = module_.types[super];
      depth = static_cast<uint8_t>(subtype_depth_[super] + 1);
      if (depth > limits::kSubtypeDepth) return fail(ErrorCode::kLimit, "too many super types", at);
    }
  }
  subtype_depth_.push_back(depth);
  return composite_type(type);
}

bool ModuleReader::composite_type(SubType& type) {
  const uint64_t at = offset();
  uint8_t code;
  if (!u8(code)) return false;
  switch (code) {
    case type_code::kFunc:
      type.kind = CompositeKind::kFunc;
      if (!value_types(type.params, limits::kParams, "parameters")) return false;
      if (!value_types(type.results, limits::kResults, "results")) return false;
      return type.results.size() <= 1 || require(Feature::kMultiValue, at);
    case type_code::kStruct: {
      type.kind = CompositeKind::kStruct;
      uint32_t fields;
      if (!require(Feature::kGc, at) || !count(fields, limits::kStructFields, "fields")) return false;
      type.fields.resize(fields);
      for (FieldType& field : type.fields) {
        if (!field_type(field)) return false;
      }
      return true;
    }
    case type_code::kArray:
      type.kind = CompositeKind::kArray;
      type.fields.resize(1);
      return require(Feature::kGc, at) && field_type(type.fields[0]);
    default:
      return fail(ErrorCode::kMalformed, "malformed type", at);
  }
}

bool ModuleReader::value_types(std::vector<ValType>& types, uint32_t limit, std::string_view what) {
  uint32_t size;
  if (!count(size, limit, what)) return false;
  types.resize(size);
  for (ValType& type : types) {
    if (!value_type(type)) return false;
  }
  return true;
}

bool ModuleReader::field_type(FieldType& field) {
  uint8_t mutability;
  if (!storage_type(field.type) || !u8(mutability)) return false;
  if (mutability > 1) return fail(ErrorCode::kMalformed, "malformed mutability", offset() - 1);
  field.is_mutable = mutability == 1;
  return true;
}

bool ModuleReader::check_super_type(uint32_t index, uint64_t at) {
  const TypeDef& sub = registry_.get(module_.types[index]);
  if (!sub.super) return true;
  const TypeDef& super = registry_.get(*sub.super);
  const auto matches = [this](ValType a, ValType b) { return registry_.matches(a, b); };
  const auto field_matches = [this](const FieldType& a, const FieldType& b) {
    return a.is_mutable == b.is_mutable && (a.is_mutable ? a.type == b.type : registry_.matches(a.type, b.type));
  };
  const bool ok = !super.is_final && sub.kind == super.kind && sub.fields.size() >= super.fields.size() &&
                  std::ranges::equal(super.params, sub.params, matches) &&
                  std::ranges::equal(sub.results, super.results, matches) &&
                  std::ranges::equal(sub.fields.first(super.fields.size()), super.fields, field_matches);
  return ok || fail_invalid("sub type " + std::to_string(index) + " does not match its super type", at);
}

bool ModuleReader::function_type_index(TypeId& out) {
  const uint64_t at = offset();
  uint32_t type;
  if (!index(type, module_.types.size(), "type")) return false;
  out = module_.types[type];
  return registry_.get(out).kind == CompositeKind::kFunc ||
         fail_invalid("type mismatch: type " + std::to_string(type) + " is not a function type", at);
}

bool ModuleReader::limits(uint8_t flags, Limits& limits) {
  const uint64_t at = offset();
  // Since memory64 the bounds of all memories and tables are numbers of 64 bits; that they fit is validation.
  const auto bound = [this](uint64_t& out) {
    if (has(Feature::kMemory64)) return u64(out);
    uint32_t value;
    if (!u32(value)) return false;
    out = value;
    return true;
  };
  if (!bound(limits.min)) return false;
  if ((flags & limits_flag::kHasMax) == 0) return true;
  uint64_t max;
  if (!bound(max)) return false;
  limits.max = max;
  return limits.min <= max || fail_invalid("size minimum must not be greater than maximum", at);
}

bool ModuleReader::table_type(TableType& type) {
  // funcref needs no feature here.
  if (pc_ != end_ && *pc_ == info(HeapType::kFunc).code) {
    ++pc_;
    type.element = ValType::funcref();
  } else if (!reference_type(type.element)) {
    return false;
  }
  const uint64_t at = offset();
  uint8_t flags;
  if (!u8(flags)) return false;
  if ((flags & ~(limits_flag::kHasMax | limits_flag::k64)) != 0) {
    return fail(ErrorCode::kMalformed, "malformed limits flags", at);
  }
  type.is64 = (flags & limits_flag::k64) != 0;
  if (type.is64 && !require(Feature::kMemory64, at)) return false;
  if (!limits(flags, type.limits)) return false;
  const uint64_t largest = std::max(type.limits.min, type.limits.max.value_or(0));
  return type.is64 || largest <= UINT32_MAX || fail_invalid("table size must be at most 2^32-1", at);
}

bool ModuleReader::memory_type(MemoryType& type) {
  const uint64_t at = offset();
  uint8_t flags;
  if (!u8(flags)) return false;
  if (flags >= 2 * limits_flag::kPageSize) return fail(ErrorCode::kMalformed, "malformed limits flags", at);
  type.is64 = (flags & limits_flag::k64) != 0;
  type.shared = (flags & limits_flag::kShared) != 0;
  if (type.is64 && !require(Feature::kMemory64, at)) return false;
  if (type.shared && !require(Feature::kThreads, at)) return false;
  if (!limits(flags, type.limits)) return false;
  if (type.shared && !type.limits.max) return fail_invalid("shared memory must have maximum", at);
  if ((flags & limits_flag::kPageSize) != 0) {
    uint32_t log2;
    if (!require(Feature::kCustomPageSizes, at) || !u32(log2)) return false;
    if (log2 >= 64) return fail(ErrorCode::kMalformed, "invalid custom page size", at);
    if (log2 != 0 && log2 != 16) return fail_invalid("invalid custom page size", at);
    type.page_size_log2 = static_cast<uint8_t>(log2);
  }
  // As many pages as the addresses reach; of one byte, as many as a size in that type can count.
  const unsigned address_bits = type.is64 ? 64 : 32;
  const uint64_t most = type.page_size_log2 == 0 ? ~uint64_t{0} >> (64 - address_bits)
                                                 : uint64_t{1} << (address_bits - type.page_size_log2);
  if (type.limits.min <= most && type.limits.max.value_or(0) <= most) return true;
  return fail_invalid(most == 65536 ? "memory size must be at most 65536 pages (4GiB)"
                                    : "memory size must be at most " + std::to_string(most) + " pages",
                      at);
}

bool ModuleReader::global_type(GlobalType& type) {
  uint8_t mutability;
  if (!value_type(type.type) || !u8(mutability)) return false;
  if (mutability > 1) return fail(ErrorCode::kMalformed, "malformed mutability", offset() - 1);
  type.is_mutable = mutability == 1;
  return true;
}

bool ModuleReader::tag_type(TagType& type) {
  const uint64_t at = offset();
  uint8_t attribute;
  if (!has(Feature::kLegacyExceptions) && !require(Feature::kExceptions, at)) return false;
  if (!u8(attribute)) return false;
  if (attribute != 0) return fail(ErrorCode::kMalformed, "malformed tag attribute", at);
  if (!function_type_index(type.type)) return false;
  return registry_.get(type.type).results.empty() || fail_invalid("non-empty tag result type", at);
}

// ---- Imports and definitions.

bool ModuleReader::import_section() {
  uint32_t size;
  if (!count(size, limits::kImports, "imports")) return false;
  module_.imports.reserve(size);
  for (uint32_t i = 0; i < size; ++i) {
    Import import;
    if (!name(import.module) || !name(import.name)) return false;
    const uint64_t at = offset();
    uint8_t kind;
    if (!u8(kind)) return false;
    if (kind > static_cast<uint8_t>(ExternKind::kTag)) return fail(ErrorCode::kMalformed, "malformed import kind", at);
    import.kind = static_cast<ExternKind>(kind);
    switch (import.kind) {
      case ExternKind::kFunc: {
        FunctionDecl function;
        if (!function_type_index(function.type)) return false;
        import.index = module_.imported_functions++;
        module_.functions.push_back(function);
        break;
      }
      case ExternKind::kTable: {
        TableDecl table;
        if (!table_type(table.type) || !add_table(table, at)) return false;
        import.index = module_.imported_tables++;
        break;
      }
      case ExternKind::kMemory: {
        MemoryType memory;
        if (!memory_type(memory) || !add_memory(memory, at)) return false;
        import.index = module_.imported_memories++;
        break;
      }
      case ExternKind::kGlobal: {
        GlobalDecl global;
        if (!global_type(global.type)) return false;
        if (global.type.is_mutable && !require(Feature::kMutableGlobals, at)) return false;
        import.index = module_.imported_globals++;
        module_.globals.push_back(global);
        break;
      }
      case ExternKind::kTag: {
        TagType tag;
        if (!tag_type(tag)) return false;
        import.index = module_.imported_tags++;
        module_.tags.push_back(tag);
        break;
      }
    }
    module_.imports.push_back(import);
  }
  return true;
}

bool ModuleReader::function_section() {
  uint32_t size;
  if (!count(size, limits::kFunctions - module_.imported_functions, "functions")) return false;
  module_.functions.reserve(module_.functions.size() + size);
  for (uint32_t i = 0; i < size; ++i) {
    FunctionDecl function;
    if (!function_type_index(function.type)) return false;
    module_.functions.push_back(function);
  }
  return true;
}

bool ModuleReader::add_table(const TableDecl& table, uint64_t at) {
  if (!module_.tables.empty() && !has(Feature::kReferenceTypes)) return fail_invalid("multiple tables", at);
  if (module_.tables.size() >= limits::kTables) return fail(ErrorCode::kLimit, "too many tables", at);
  module_.tables.push_back(table);
  return true;
}

bool ModuleReader::add_memory(const MemoryType& memory, uint64_t at) {
  if (!module_.memories.empty() && !has(Feature::kMultiMemory)) return fail_invalid("multiple memories", at);
  if (module_.memories.size() >= limits::kMemories) return fail(ErrorCode::kLimit, "too many memories", at);
  module_.memories.push_back(memory);
  return true;
}

bool ModuleReader::table_section() {
  uint32_t size;
  if (!count(size, limits::kTables, "tables")) return false;
  for (uint32_t i = 0; i < size; ++i) {
    const uint64_t at = offset();
    TableDecl table;
    const bool has_init = remaining() >= 2 && pc_[0] == type_code::kTableWithInit && pc_[1] == 0;
    if (has_init) {
      pc_ += 2;
      if (!require(Feature::kFunctionReferences, at)) return false;
    }
    if (!table_type(table.type)) return false;
    if (has_init) {
      ConstExpr init;
      if (!expression(table.type.element, init)) return false;
      table.init = init;
    } else if (!table.type.element.is_defaultable()) {
      return fail_invalid("type mismatch: a table of non-nullable references needs an initial value", at);
    }
    if (!add_table(table, at)) return false;
  }
  return true;
}

bool ModuleReader::memory_section() {
  uint32_t size;
  if (!count(size, limits::kMemories, "memories")) return false;
  for (uint32_t i = 0; i < size; ++i) {
    const uint64_t at = offset();
    MemoryType memory;
    if (!memory_type(memory) || !add_memory(memory, at)) return false;
  }
  return true;
}

bool ModuleReader::tag_section() {
  uint32_t size;
  if (!count(size, limits::kTags, "tags")) return false;
  for (uint32_t i = 0; i < size; ++i) {
    TagType tag;
    if (!tag_type(tag)) return false;
    module_.tags.push_back(tag);
  }
  return true;
}

bool ModuleReader::global_section() {
  uint32_t size;
  if (!count(size, limits::kGlobals, "globals")) return false;
  module_.globals.reserve(module_.globals.size() + size);
  for (uint32_t i = 0; i < size; ++i) {
    GlobalDecl global;
    ConstExpr init;
    // An initial value sees the globals before it.
    if (!global_type(global.type) || !expression(global.type.type, init)) return false;
    global.init = init;
    module_.globals.push_back(global);
  }
  return true;
}

bool ModuleReader::expression(ValType type, ConstExpr& out) {
  if (!expressions_.read(*this, type, out)) return fail(expressions_.take_error());
  pc_ += out.size;
  return true;
}

// ---- Exports, start.

bool ModuleReader::export_section() {
  const uint64_t start = offset();
  uint32_t size;
  if (!count(size, limits::kExports, "exports")) return false;
  module_.exports.reserve(size);
  for (uint32_t i = 0; i < size; ++i) {
    Export item;
    if (!name(item.name)) return false;
    const uint64_t at = offset();
    uint8_t kind;
    if (!u8(kind)) return false;
    if (kind > static_cast<uint8_t>(ExternKind::kTag)) return fail(ErrorCode::kMalformed, "malformed export kind", at);
    item.kind = static_cast<ExternKind>(kind);
    switch (item.kind) {
      case ExternKind::kFunc:
        if (!index(item.index, module_.functions.size(), "function")) return false;
        module_.declare_ref(item.index);
        break;
      case ExternKind::kTable:
        if (!index(item.index, module_.tables.size(), "table")) return false;
        break;
      case ExternKind::kMemory:
        if (!index(item.index, module_.memories.size(), "memory")) return false;
        break;
      case ExternKind::kGlobal:
        if (!index(item.index, module_.globals.size(), "global")) return false;
        if (module_.globals[item.index].type.is_mutable && !require(Feature::kMutableGlobals, at)) return false;
        break;
      case ExternKind::kTag:
        if (!index(item.index, module_.tags.size(), "tag")) return false;
        break;
    }
    module_.exports.push_back(item);
  }

  const auto by_name = [this](uint32_t i) { return module_.exports[i].name; };
  module_.exports_by_name.resize(size);
  std::iota(module_.exports_by_name.begin(), module_.exports_by_name.end(), 0);
  std::ranges::sort(module_.exports_by_name, {}, by_name);
  const auto twice = std::ranges::adjacent_find(module_.exports_by_name, {}, by_name);
  if (twice == module_.exports_by_name.end()) return true;
  return fail_invalid("duplicate export name \"" + std::string(by_name(*twice)) + "\"", start);
}

bool ModuleReader::start_section() {
  const uint64_t at = offset();
  uint32_t function;
  if (!index(function, module_.functions.size(), "function")) return false;
  const TypeDef& type = registry_.get(module_.functions[function].type);
  if (!type.params.empty() || !type.results.empty()) {
    return fail_invalid("start function must have no parameters and no results", at);
  }
  module_.start = function;
  return true;
}

// ---- Segments and code.

bool ModuleReader::element_section() {
  uint32_t size;
  if (!count(size, limits::kElementSegments, "element segments")) return false;
  for (uint32_t i = 0; i < size; ++i) {
    ElementSegment& segment = module_.elements.emplace_back();
    if (!element_segment(segment)) return false;
  }
  return true;
}

bool ModuleReader::element_segment(ElementSegment& segment) {
  // Flags: 1 = not active; 2 = with a table index, or declarative; 4 = expressions instead of function indices.
  const uint64_t at = offset();
  uint32_t flags;
  if (!u32(flags)) return false;
  if (flags > 7) return fail(ErrorCode::kMalformed, "malformed elements segment kind", at);
  if (flags != 0 && !has(Feature::kReferenceTypes) && !require(Feature::kBulkMemory, at)) return false;
  const bool active = (flags & 1) == 0;
  const bool expressions = (flags & 4) != 0;
  segment.mode = active ? SegmentMode::kActive : (flags & 2) != 0 ? SegmentMode::kDeclarative : SegmentMode::kPassive;
  if (active) {
    if ((flags & 2) != 0) {
      if (!index(segment.table, module_.tables.size(), "table")) return false;
    } else if (module_.tables.empty()) {
      return fail_invalid("unknown table 0", at);
    }
    const TableType& table = module_.tables[segment.table].type;
    if (!expression(table.is64 ? ValType::kI64 : ValType::kI32, segment.offset)) return false;
  }
  if ((flags & 3) == 0) {
    segment.type = ValType::funcref();
  } else if (expressions) {
    if (!reference_type(segment.type)) return false;
  } else {
    uint8_t kind;
    if (!u8(kind)) return false;
    if (kind != 0) return fail(ErrorCode::kMalformed, "malformed element kind", offset() - 1);
  }
  // Function indices make non-null references.
  if (!expressions) segment.type = ValType::ref(HeapType::kFunc, false);
  if (active && !registry_.matches(segment.type, module_.tables[segment.table].type.element)) {
    return fail_invalid("type mismatch: the segment's elements do not fit the table", at);
  }
  uint32_t size;
  if (!count(size, limits::kSegmentElements, "elements")) return false;
  if (expressions) {
    segment.expressions.resize(size);
    for (ConstExpr& item : segment.expressions) {
      if (!expression(segment.type, item)) return false;
    }
  } else {
    segment.functions.resize(size);
    for (uint32_t& item : segment.functions) {
      if (!index(item, module_.functions.size(), "function")) return false;
      module_.declare_ref(item);
    }
  }
  return true;
}

bool ModuleReader::data_count_section() {
  uint32_t size;
  if (!require(Feature::kBulkMemory, offset()) || !u32(size)) return false;
  if (size > limits::kDataSegments) return fail(ErrorCode::kLimit, "too many data segments", offset());
  data_count_ = size;
  module_.has_data_count = true;
  return true;
}

bool ModuleReader::code_section() {
  const uint64_t start = offset();
  has_code_ = true;
  uint32_t size;
  if (!u32(size)) return false;
  if (size != module_.functions.size() - module_.imported_functions) {
    return fail(ErrorCode::kMalformed, "function and code section have inconsistent lengths", start);
  }
  for (uint32_t i = 0; i < size; ++i) {
    FunctionDecl& function = module_.functions[module_.imported_functions + i];
    const uint64_t at = offset();
    Bytes body;
    if (!u32(function.body_size)) return false;
    if (function.body_size > limits::kFunctionSize) return fail(ErrorCode::kLimit, "function is too large", at);
    function.body_offset = static_cast<uint32_t>(offset());
    if (!bytes(function.body_size, body)) return false;
  }
  return true;
}

bool ModuleReader::data_section() {
  const uint64_t start = offset();
  uint32_t size;
  if (!count(size, limits::kDataSegments, "data segments")) return false;
  if (data_count_ && *data_count_ != size) {
    return fail(ErrorCode::kMalformed, "data count and data section have inconsistent lengths", start);
  }
  module_.data.reserve(size);
  for (uint32_t i = 0; i < size; ++i) {
    const uint64_t at = offset();
    DataSegment segment;
    uint32_t flags;
    if (!u32(flags)) return false;
    if (flags > 2) return fail(ErrorCode::kMalformed, "malformed data segment kind", at);
    if (flags != 0 && !require(Feature::kBulkMemory, at)) return false;
    if (flags != 1) {
      segment.mode = SegmentMode::kActive;
      if (flags == 2) {
        if (!index(segment.memory, module_.memories.size(), "memory")) return false;
      } else if (module_.memories.empty()) {
        return fail_invalid("unknown memory 0", at);
      }
      const MemoryType& memory = module_.memories[segment.memory];
      if (!expression(memory.is64 ? ValType::kI64 : ValType::kI32, segment.offset)) return false;
    }
    uint32_t length;
    if (!u32(length) || !bytes(length, segment.bytes)) return false;
    module_.data.push_back(segment);
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<Module>> read_module(Bytes bytes, const Features& features, TypeRegistry& registry,
                                            std::shared_ptr<const ByteOwner> owner) {
  auto module = std::make_unique<Module>();
  module->bytes = bytes;
  module->owner = std::move(owner);
  module->registry = &registry;
  module->features = features;
  ModuleReader reader(*module, registry);
  if (!reader.read()) return std::unexpected(reader.take_error());
  return module;
}

const Export* Module::find_export(std::string_view name) const {
  const auto by_name = [this](uint32_t i) { return exports[i].name; };
  const auto found = std::ranges::lower_bound(exports_by_name, name, {}, by_name);
  return found != exports_by_name.end() && by_name(*found) == name ? &exports[*found] : nullptr;
}

}  // namespace wherry::wasm
