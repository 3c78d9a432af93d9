#include "wasm/text/module_parser.h"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/byte_reader.h"
#include "base/utf8.h"
#include "wasm/text/annotations.h"
#include "wasm/text/module_scope.h"
#include "wasm/text/name_section.h"

namespace wherry::wasm::text {
namespace {

/// First pass: find the fields and bind their identifiers. Second pass: encode the types, since all else refers to
/// them. Third pass: encode the other fields in their order.
class ModuleParser {
 public:
  ModuleParser(const TokenizedText& text, uint32_t first, uint32_t last, SymbolTable& symbols,
               const WatOptions& options)
      : cursor_(text, first, last),
        annotations_(text, first, last),
        scope_(cursor_, annotations_),
        expressions_(scope_, symbols),
        options_(options),
        first_(first),
        last_(last) {}

  Result<std::vector<uint8_t>> run() {
    declare_fields();
    for (const Field& field : fields_) {
      if (field.kind == Word::kType || field.kind == Word::kRec) define_types(field);
    }
    for (const Field& field : fields_) encode_field(field);
    if (const Annotation* a = annotations_.unclaimed(first_, last_ + 1, "")) misplaced(*a);
    if (cursor_.failed()) return std::unexpected(cursor_.error());
    return assemble();
  }

 private:
  struct Field {
    Word kind;
    uint32_t position;  ///< Of the token after `(kind`.
    uint32_t index = 0;
    bool imported = false;    ///< With an inline import.
    uint32_t group_size = 0;  ///< kRec
  };
  struct CustomSection {
    size_t slot;  ///< Place in kSectionOrder that it stands before or after.
    bool before;
    std::string name;
    std::string bytes;
  };
  struct CodeMetadataEntry {
    uint32_t function;
    ExpressionParser::CodeMetadata data;
  };

  // First pass.

  void declare_fields() {
    const LocalName name = scope_.local_name("module");
    names_.module = name.name;
    bool seen_definition[kSpaceCount] = {};
    while (true) {
      annotations_.claim_all(cursor_.position(), "custom", [&](const Annotation& a) { custom_section(a); });
      if (cursor_.at_end()) return;
      cursor_.expect_left();
      if (!cursor_.at(TokenKind::kWord)) return cursor_.unexpected();
      const Token& word = cursor_.take();
      declare_field({static_cast<Word>(word.value), cursor_.position()}, word, seen_definition);
    }
  }

  void declare_field(Field field, const Token& word, bool (&seen_definition)[kSpaceCount]) {
    switch (field.kind) {
      case Word::kType:
        field.index = scope_.bind(Space::kType);
        break;
      case Word::kRec:
        field.index = scope_.space(Space::kType).count;
        while (cursor_.take_list(Word::kType)) {
          scope_.bind(Space::kType);
          cursor_.skip_list();
          ++field.group_size;
        }
        break;
      case Word::kImport: {
        check_import(seen_definition, word);
        cursor_.move_to(cursor_.position() + 2);  // its two names
        cursor_.expect_left();
        const std::optional<Space> space = extern_space(cursor_.peek());
        if (!space) return cursor_.unexpected();
        cursor_.take();
        field.index = scope_.bind(*space);
        cursor_.skip_list();
        break;
      }
      case Word::kFunc:
      case Word::kTable:
      case Word::kMemory:
      case Word::kGlobal:
      case Word::kTag: {
        const Space space = *extern_space(word);
        field.index = scope_.bind(space);
        while (cursor_.take_list(Word::kExport)) cursor_.skip_list();
        field.imported = cursor_.at_list(Word::kImport);
        if (field.imported) {
          check_import(seen_definition, cursor_.peek(1));
        } else {
          seen_definition[static_cast<size_t>(space)] = true;
        }
        declare_inline_segment(field);
        break;
      }
      case Word::kElem:
        field.index = scope_.bind(Space::kElem);
        break;
      case Word::kData:
        field.index = scope_.bind(Space::kData);
        break;
      case Word::kExport:
      case Word::kStart:
        break;
      default:
        cursor_.move_to(field.position - 1);
        return cursor_.unexpected();
    }
    cursor_.skip_list();
    fields_.push_back(field);
  }

  /// `(table reftype (elem ...))` and `(memory (data ...))` have a segment without identifier.
  void declare_inline_segment(const Field& field) {
    if (field.imported || (field.kind != Word::kTable && field.kind != Word::kMemory)) return;
    const uint32_t start = cursor_.position();
    size_t depth = 0;
    for (uint32_t i = 0;; ++i) {
      const Token& t = cursor_.peek(i);
      if (t.kind == TokenKind::kEnd || (t.kind == TokenKind::kRight && depth == 0)) break;
      if (depth == 1 && cursor_.peek(i - 1).kind == TokenKind::kLeft) {
        if (field.kind == Word::kTable && t.is(Word::kElem)) ++scope_.space(Space::kElem).count;
        if (field.kind == Word::kMemory && t.is(Word::kData)) ++scope_.space(Space::kData).count;
      }
      if (t.kind == TokenKind::kLeft) ++depth;
      if (t.kind == TokenKind::kRight) --depth;
    }
    cursor_.move_to(start);
  }

  void check_import(const bool (&seen_definition)[kSpaceCount], const Token& at) {
    constexpr std::pair<Space, const char*> kKinds[] = {{Space::kFunc, "import after function"},
                                                        {Space::kTable, "import after table"},
                                                        {Space::kMemory, "import after memory"},
                                                        {Space::kGlobal, "import after global"},
                                                        {Space::kTag, "import after tag"}};
    for (const auto& [space, phrase] : kKinds) {
      if (seen_definition[static_cast<size_t>(space)]) cursor_.fail(phrase, at);
    }
  }

  static std::optional<Space> extern_space(const Token& t) {
    if (t.is(Word::kFunc)) return Space::kFunc;
    if (t.is(Word::kTable)) return Space::kTable;
    if (t.is(Word::kMemory)) return Space::kMemory;
    if (t.is(Word::kGlobal)) return Space::kGlobal;
    if (t.is(Word::kTag)) return Space::kTag;
    return std::nullopt;
  }

  static ExternKind extern_kind(Space s) {
    switch (s) {
      case Space::kFunc:
        return ExternKind::kFunc;
      case Space::kTable:
        return ExternKind::kTable;
      case Space::kMemory:
        return ExternKind::kMemory;
      case Space::kGlobal:
        return ExternKind::kGlobal;
      default:
        return ExternKind::kTag;
    }
  }

  // Second pass.

  void define_types(const Field& field) {
    cursor_.move_to(field.position);
    if (field.kind == Word::kType) {
      skip_name();
      scope_.define_type(scope_.types().add(), field.index, true);
      return;
    }
    VectorSection group;
    uint32_t index = field.index;
    while (cursor_.take_list(Word::kType)) {
      skip_name();
      scope_.define_type(group.add(), index++, field.group_size == 1);
      cursor_.expect_right();
    }
    cursor_.expect_right();
    Encoder& out = scope_.types().add();
    out.byte(type_code::kRec);
    out.u32(group.count);
    out.bytes(group.items.view());
  }

  void skip_name() { cursor_.take_id(); }

  // Third pass.

  void encode_field(const Field& field) {
    cursor_.move_to(field.position);
    switch (field.kind) {
      case Word::kImport:
        import();
        break;
      case Word::kExport:
        export_();
        break;
      case Word::kStart:
        start(field);
        break;
      case Word::kElem:
        element();
        break;
      case Word::kData:
        data();
        break;
      case Word::kFunc:
        function(field);
        break;
      case Word::kTable:
        table(field);
        break;
      case Word::kMemory:
        memory(field);
        break;
      case Word::kGlobal:
        global(field);
        break;
      case Word::kTag:
        tag(field);
        break;
      default:
        return;  // types
    }
    cursor_.expect_right();
  }

  void import() {
    Encoder& out = imports_.add();
    out.name(cursor_.name());
    out.name(cursor_.name());
    cursor_.expect_left();
    const std::optional<Space> space = extern_space(cursor_.take());
    skip_name();
    if (space) extern_type(out, *space);
    cursor_.expect_right();
  }

  /// The kind and type of an import.
  void extern_type(Encoder& out, Space space) {
    out.byte(static_cast<uint8_t>(extern_kind(space)));
    switch (space) {
      case Space::kFunc: {
        std::vector<LocalName> ignored;
        out.u32(scope_.type_use(&ignored));
        break;
      }
      case Space::kTable:
        table_type(out);
        break;
      case Space::kMemory:
        memory_type(out);
        break;
      case Space::kGlobal:
        global_type(out);
        break;
      default:
        tag_type(out);
        break;
    }
  }

  /// The exports and the import that may stand in a definition. True if it is imported, and nothing more follows.
  bool inline_names(const Field& field, Space space) {
    skip_name();
    while (cursor_.take_list(Word::kExport)) {
      add_export(cursor_.name(), space, field.index);
      cursor_.expect_right();
    }
    if (!cursor_.take_list(Word::kImport)) return false;
    Encoder& out = imports_.add();
    out.name(cursor_.name());
    out.name(cursor_.name());
    cursor_.expect_right();
    extern_type(out, space);
    return true;
  }

  void add_export(std::string_view name, Space space, uint32_t index) {
    Encoder& out = exports_.add();
    out.name(name);
    out.byte(static_cast<uint8_t>(extern_kind(space)));
    out.u32(index);
  }

  void export_() {
    const std::string name = cursor_.name();
    cursor_.expect_left();
    const std::optional<Space> space = extern_space(cursor_.peek());
    if (!space) return cursor_.unexpected();
    cursor_.take();
    add_export(name, *space, scope_.index(*space));
    cursor_.expect_right();
  }

  void start(const Field& field) {
    if (start_) cursor_.fail("multiple start sections", cursor_.text().tokens[field.position - 1]);
    start_ = scope_.index(Space::kFunc);
  }

  void function(const Field& field) {
    if (inline_names(field, Space::kFunc)) return;
    std::vector<LocalName> params;
    const uint32_t type = scope_.type_use(&params);
    functions_.add().u32(type);
    expressions_.begin_function();
    for (const LocalName& param : params) expressions_.bind_local(param);
    if (params.empty()) expressions_.add_locals(scope_.param_count(type));
    body_.clear();
    locals();
    expressions_.expression(body_);
    code_.add().sized(body_.view());

    if (!expressions_.local_names().empty()) names_.locals.push_back({field.index, expressions_.local_names()});
    if (!expressions_.label_names().empty()) names_.labels.push_back({field.index, expressions_.label_names()});
    for (ExpressionParser::CodeMetadata& entry : expressions_.code_metadata()) {
      code_metadata_[entry.section].push_back({field.index, std::move(entry)});
    }
    if (const Annotation* a = annotations_.unclaimed(field.position, cursor_.position() + 1, "metadata.code.")) {
      annotations_.fail(cursor_, *a, "invalid target");
    }
  }

  /// Locals, equal neighbours together.
  void locals() {
    VectorSection runs;
    Encoder last, next;
    uint32_t count = 0;
    const auto flush = [&] {
      if (count == 0) return;
      runs.add().u32(count);
      runs.items.bytes(last.view());
    };
    const auto one = [&](const LocalName& name) {
      expressions_.bind_local(name);
      next.clear();
      scope_.value_type(next);
      if (count != 0 && std::ranges::equal(last.view(), next.view())) {
        ++count;
        return;
      }
      flush();
      std::swap(last, next);
      count = 1;
    };
    while (cursor_.take_list(Word::kLocal)) {
      if (const LocalName name = scope_.local_name(); name.id || !name.name.empty()) {
        one(name);
      } else {
        while (!cursor_.at(TokenKind::kRight) && !cursor_.at_end()) one({std::nullopt, {}, 0});
      }
      cursor_.expect_right();
    }
    flush();
    body_.u32(runs.count);
    body_.bytes(runs.items.view());
  }

  void tag_type(Encoder& out) {
    std::vector<LocalName> ignored;
    out.byte(0);  // an exception
    out.u32(scope_.type_use(&ignored));
  }

  void tag(const Field& field) {
    if (!inline_names(field, Space::kTag)) tag_type(tags_.add());
  }

  void global_type(Encoder& out) {
    const bool is_mutable = cursor_.take_list(Word::kMut);
    scope_.value_type(out);
    if (is_mutable) cursor_.expect_right();
    out.byte(is_mutable ? 1 : 0);
  }

  void global(const Field& field) {
    if (inline_names(field, Space::kGlobal)) return;
    global_type(globals_.add());
    expressions_.begin_function();
    expressions_.expression(globals_.items);
  }

  /// An address type, which may be left out; true for i64.
  bool address_type() {
    if (cursor_.take_if(Word::kI32)) return false;
    return cursor_.take_if(Word::kI64);
  }

  struct WrittenLimits {
    uint8_t flags = 0;
    uint64_t min = 0;
    std::optional<uint64_t> max;
    uint32_t page_size_log2 = 16;
  };

  /// Numbers that are too large for an i32 are left to the validator, which has the better message.
  WrittenLimits limits(bool is64) {
    WrittenLimits written;
    if (is64) written.flags |= limits_flag::k64;
    written.min = cursor_.natural(UINT64_MAX, "i64 constant out of range");
    if (cursor_.at(TokenKind::kInt)) {
      written.flags |= limits_flag::kHasMax;
      written.max = cursor_.natural(UINT64_MAX, "i64 constant out of range");
    }
    return written;
  }

  static void encode(Encoder& out, const WrittenLimits& written) {
    out.byte(written.flags);
    out.u64(written.min);
    if (written.max) out.u64(*written.max);
    if ((written.flags & limits_flag::kPageSize) != 0) out.u32(written.page_size_log2);
  }

  void page_size(WrittenLimits& written) {
    if (!cursor_.take_list(Word::kPageSize)) return;
    const Token& at = cursor_.peek();
    const uint64_t size = cursor_.natural(UINT64_MAX, "invalid custom page size");
    if (!std::has_single_bit(size)) cursor_.fail("invalid custom page size", at);
    written.flags |= limits_flag::kPageSize;
    written.page_size_log2 = static_cast<uint32_t>(std::countr_zero(size));
    cursor_.expect_right();
  }

  void memory_type(Encoder& out) {
    WrittenLimits written = limits(address_type());
    if (cursor_.take_if(Word::kShared)) written.flags |= limits_flag::kShared;
    page_size(written);
    encode(out, written);
  }

  void memory(const Field& field) {
    if (inline_names(field, Space::kMemory)) return;
    const uint32_t start = cursor_.position();
    WrittenLimits written;
    const bool is64 = address_type();
    if (is64) written.flags |= limits_flag::k64;
    page_size(written);
    if (!cursor_.take_list(Word::kData)) {
      cursor_.move_to(start);
      return memory_type(memories_.add());
    }
    const std::string bytes = strings();
    cursor_.expect_right();
    written.min = bytes.size() >> written.page_size_log2;
    if ((written.min << written.page_size_log2) != bytes.size()) ++written.min;
    written.max = written.min;
    written.flags |= limits_flag::kHasMax;
    encode(memories_.add(), written);
    Encoder& out = data_.add();
    active_segment(out, field.index, 2);
    zero_offset(out, is64);
    out.name(bytes);
  }

  /// `explicit_flag`: the flag that says that an index follows; it does not for index 0.
  static void active_segment(Encoder& out, uint32_t index, uint32_t explicit_flag) {
    out.u32(index == 0 ? 0 : explicit_flag);
    if (index != 0) out.u32(index);
  }

  static void zero_offset(Encoder& out, bool is64) {
    out.opcode(info(is64 ? Op::kI64Const : Op::kI32Const).code);
    out.byte(0);
    out.opcode(info(Op::kEnd).code);
  }

  /// Concatenated.
  std::string strings() {
    std::string bytes;
    while (cursor_.at(TokenKind::kString)) append_string(cursor_.text_of(cursor_.take()), bytes);
    return bytes;
  }

  void table_type(Encoder& out) {
    const WrittenLimits written = limits(address_type());
    scope_.reference_type(out);
    encode(out, written);
  }

  void table(const Field& field) {
    if (inline_names(field, Space::kTable)) return;
    const uint32_t start = cursor_.position();
    const bool is64 = address_type();
    if (cursor_.at(TokenKind::kInt)) {
      cursor_.move_to(start);
      Encoder type;
      table_type(type);
      const bool has_init = !cursor_.at(TokenKind::kRight);
      Encoder& out = tables_.add();
      if (has_init) {
        out.byte(0x40);
        out.byte(0);
      }
      out.bytes(type.view());
      if (has_init) {
        expressions_.begin_function();
        expressions_.expression(out);
      }
      return;
    }
    ElementList list;
    scope_.reference_type(list.type);
    if (!cursor_.take_list(Word::kElem)) return cursor_.unexpected();
    if (cursor_.at_index()) {
      element_indices(list);
    } else {
      element_expressions(list);
    }
    cursor_.expect_right();
    Encoder& type = tables_.add();
    type.bytes(list.type.view());
    encode(type, {static_cast<uint8_t>((is64 ? limits_flag::k64 : 0) | limits_flag::kHasMax), list.items.count,
                  list.items.count});
    Encoder offset;
    zero_offset(offset, is64);
    encode_element(SegmentMode::kActive, field.index, offset, list);
  }

  // Element segments.

  enum class SegmentMode : uint8_t { kPassive, kActive, kDeclarative };
  struct ElementList {
    VectorSection items;
    bool expressions = false;
    /// A reference type; with indices `func`, which needs no bytes, unless an inline table says another.
    Encoder type;
  };

  void element_indices(ElementList& list) {
    while (cursor_.at_index()) list.items.add().u32(scope_.index(Space::kFunc));
  }

  void element_expressions(ElementList& list) {
    list.expressions = true;
    while (cursor_.at(TokenKind::kLeft)) {
      expressions_.begin_function();
      Encoder& out = list.items.add();
      if (cursor_.take_list(Word::kItem)) {
        expressions_.expression(out);
        cursor_.expect_right();
      } else {
        expressions_.folded_expression(out);
      }
    }
  }

  /// Whether a list's type is funcref, which the shorter encodings imply.
  static bool is_funcref(const ElementList& list) {
    return list.type.empty() || (list.type.size() == 1 && list.type.view()[0] == info(HeapType::kFunc).code);
  }

  /// Flags: bit 0 not active; bit 1 with an explicit table (active) or declarative; bit 2 expressions.
  void encode_element(SegmentMode mode, uint32_t table, const Encoder& offset, ElementList& list) {
    if (!list.expressions && !is_funcref(list)) to_expressions(list);
    const bool long_form = mode != SegmentMode::kActive || table != 0 || !is_funcref(list);
    uint32_t flags = list.expressions ? 4 : 0;
    if (mode != SegmentMode::kActive) flags |= 1;
    if (mode == SegmentMode::kDeclarative || (mode == SegmentMode::kActive && long_form)) flags |= 2;
    Encoder& out = elements_.add();
    out.u32(flags);
    if (mode == SegmentMode::kActive) {
      if (long_form) out.u32(table);
      out.bytes(offset.view());
    }
    if (long_form && list.expressions) out.bytes(list.type.view());
    if (long_form && !list.expressions) out.byte(0);  // elemkind: functions
    out.u32(list.items.count);
    out.bytes(list.items.items.view());
  }

  /// An inline table of another type than funcref may list function indices too; the binary has no such form.
  void to_expressions(ElementList& list) {
    base::ByteReader indices(list.items.items.view());
    VectorSection items;
    for (uint32_t index; !indices.at_end() && indices.u32(index);) {
      Encoder& out = items.add();
      out.opcode(info(Op::kRefFunc).code);
      out.u32(index);
      out.opcode(info(Op::kEnd).code);
    }
    list.items = std::move(items);
    list.expressions = true;
  }

  /// "(offset ...)", or one folded instruction.
  void offset_expression(Encoder& out) {
    expressions_.begin_function();
    if (cursor_.take_list(Word::kOffset)) {
      expressions_.expression(out);
      cursor_.expect_right();
    } else {
      expressions_.folded_expression(out);
    }
  }

  bool at_offset() const {
    return cursor_.at(TokenKind::kLeft) &&
           (cursor_.peek(1).is(Word::kOffset) || cursor_.peek(1).kind == TokenKind::kOp);
  }

  /// The index of a table or memory before an offset, as WebAssembly 1.0 wrote it.
  bool at_bare_index() const { return cursor_.at(TokenKind::kInt) && cursor_.peek(1).kind == TokenKind::kLeft; }

  void element() {
    skip_name();
    SegmentMode mode = SegmentMode::kPassive;
    uint32_t table = 0;
    Encoder offset;
    const bool has_table = cursor_.take_list(Word::kTable);
    if (has_table) {
      table = scope_.index(Space::kTable);
      cursor_.expect_right();
    } else if (at_bare_index()) {
      table = cursor_.u32();
    }
    if (has_table || at_offset()) {
      mode = SegmentMode::kActive;
      offset_expression(offset);
    } else if (cursor_.take_if(Word::kDeclare)) {
      mode = SegmentMode::kDeclarative;
    }
    ElementList list;
    const bool bare_indices =
        mode == SegmentMode::kActive && !has_table && (cursor_.at_index() || cursor_.at(TokenKind::kRight));
    if (bare_indices || cursor_.take_if(Word::kFunc)) {
      element_indices(list);
    } else {
      scope_.reference_type(list.type);
      element_expressions(list);
    }
    encode_element(mode, table, offset, list);
  }

  void data() {
    skip_name();
    Encoder& out = data_.add();
    const bool has_memory = cursor_.take_list(Word::kMemory);
    uint32_t memory = 0;
    if (has_memory) {
      memory = scope_.index(Space::kMemory);
      cursor_.expect_right();
    } else if (at_bare_index()) {
      memory = cursor_.u32();
    }
    if (has_memory || at_offset()) {
      active_segment(out, memory, 2);
      offset_expression(out);
    } else {
      out.u32(1);
    }
    out.name(strings());
  }

  // Annotations.

  void misplaced(const Annotation& a) {
    const std::string name(annotations_.name(a));
    if (name.starts_with("metadata.code.")) {
      annotations_.fail(cursor_, a, "not in a function");
    } else {
      cursor_.fail("misplaced @" + name + " annotation", a.offset);
    }
  }

  /// (@custom "name" ((before|after) section)? "bytes"*)
  void custom_section(const Annotation& a) {
    const std::span<const Token> content = annotations_.content(a);
    const auto text_at = [&](size_t i) {
      return i < content.size() ? cursor_.text_of(content[i]) : std::string_view{};
    };
    if (content.empty() || content[0].kind != TokenKind::kString) {
      return annotations_.fail(cursor_, a, "missing section name");
    }
    CustomSection section{std::size(kSectionOrder) - 1, false, {}, {}};
    append_string(text_at(0), section.name);
    if (!base::is_utf8(section.name)) return annotations_.fail(cursor_, a, "malformed UTF-8 encoding");
    size_t next = 1;
    if (next < content.size() && content[next].kind == TokenKind::kLeft) {
      section.before = text_at(next + 1) == "before";
      if (!section.before && text_at(next + 1) != "after") {
        return annotations_.fail(cursor_, a, "malformed placement");
      }
      const std::string_view place = text_at(next + 2);
      const auto* row = std::ranges::find(kSectionOrder, place, &SectionInfo::name);
      if (section.before && place == "first") row = std::begin(kSectionOrder);
      if (!section.before && place == "last") row = std::end(kSectionOrder) - 1;
      if (row == std::end(kSectionOrder)) return annotations_.fail(cursor_, a, "malformed section kind");
      if (text_at(next + 3) != ")") return annotations_.fail(cursor_, a, "unexpected token");
      section.slot = static_cast<size_t>(row - std::begin(kSectionOrder));
      next += 4;
    }
    section.bytes = annotations_.strings(cursor_, a, next);
    customs_.push_back(std::move(section));
  }

  // The binary.

  std::vector<uint8_t> assemble() {
    Encoder module;
    module.bytes(kModuleHeader);
    for (size_t slot = 0; slot < std::size(kSectionOrder); ++slot) {
      append_customs(module, slot, true);
      append_standard(module, kSectionOrder[slot].id);
      append_customs(module, slot, false);
    }
    if (options_.names) {
      const Encoder names = encode_names(names_, scope_);
      if (!names.empty()) append_custom_section(module, "name", names.view());
    }
    return module.take();
  }

  void append_customs(Encoder& module, size_t slot, bool before) {
    for (const CustomSection& custom : customs_) {
      if (custom.slot != slot || custom.before != before) continue;
      append_custom_section(module, custom.name,
                            {reinterpret_cast<const uint8_t*>(custom.bytes.data()), custom.bytes.size()});
    }
  }

  void append_standard(Encoder& module, SectionId id) {
    switch (id) {
      case SectionId::kType:
        return append_section(module, id, scope_.types());
      case SectionId::kImport:
        return append_section(module, id, imports_);
      case SectionId::kFunction:
        return append_section(module, id, functions_);
      case SectionId::kTable:
        return append_section(module, id, tables_);
      case SectionId::kMemory:
        return append_section(module, id, memories_);
      case SectionId::kTag:
        return append_section(module, id, tags_);
      case SectionId::kGlobal:
        return append_section(module, id, globals_);
      case SectionId::kExport:
        return append_section(module, id, exports_);
      case SectionId::kElement:
        return append_section(module, id, elements_);
      case SectionId::kData:
        return append_section(module, id, data_);
      case SectionId::kCode:
        append_code_metadata(module);
        return append_section(module, id, code_);
      case SectionId::kStart:
        if (start_) append_number(module, id, *start_);
        return;
      case SectionId::kDataCount:
        if (scope_.uses_data_index) append_number(module, id, data_.count);
        return;
      case SectionId::kCustom:
        return;
    }
  }

  static void append_number(Encoder& module, SectionId id, uint32_t number) {
    Encoder content;
    content.u32(number);
    append_section(module, id, content.view());
  }

  /// vec(function, vec(offset, size, bytes)), both by rising index and offset.
  void append_code_metadata(Encoder& module) {
    for (const auto& [section, entries] : code_metadata_) {
      VectorSection functions;
      for (size_t i = 0; i < entries.size();) {
        const uint32_t function = entries[i].function;
        VectorSection hints;
        for (; i < entries.size() && entries[i].function == function; ++i) {
          hints.add().u32(entries[i].data.offset);
          hints.items.name(entries[i].data.bytes);
        }
        Encoder& out = functions.add();
        out.u32(function);
        out.u32(hints.count);
        out.bytes(hints.items.view());
      }
      Encoder content;
      content.u32(functions.count);
      content.bytes(functions.items.view());
      append_custom_section(module, section, content.view());
    }
  }

  Cursor cursor_;
  Annotations annotations_;
  ModuleScope scope_;
  ExpressionParser expressions_;
  const WatOptions& options_;
  const uint32_t first_, last_;
  std::vector<Field> fields_;
  ModuleNames names_;

  VectorSection imports_, functions_, tables_, memories_, tags_, globals_, exports_, elements_, code_, data_;
  std::optional<uint32_t> start_;
  std::vector<CustomSection> customs_;
  std::map<std::string_view, std::vector<CodeMetadataEntry>> code_metadata_;
  Encoder body_;
};

}  // namespace

Result<std::vector<uint8_t>> encode_module(const TokenizedText& text, uint32_t first, uint32_t last,
                                           SymbolTable& symbols, const WatOptions& options) {
  return ModuleParser(text, first, last, symbols, options).run();
}

}  // namespace wherry::wasm::text

namespace wherry::wasm {

Result<std::vector<uint8_t>> parse_wat(std::string_view source, const WatOptions& options) {
  WHERRY_TRY(const text::TokenizedText tokens, text::tokenize(source));
  text::SymbolTable symbols(tokens);
  const auto end = static_cast<uint32_t>(tokens.tokens.size() - 1);
  text::Cursor cursor(tokens, 0, end);
  if (!cursor.take_list(text::Word::kModule)) return text::encode_module(tokens, 0, end, symbols, options);
  const uint32_t first = cursor.position();
  cursor.skip_list();
  if (!cursor.at_end()) cursor.unexpected();
  if (cursor.failed()) return std::unexpected(cursor.error());
  return text::encode_module(tokens, first, end - 1, symbols, options);
}

TextPosition position_of(std::string_view source, uint64_t offset) {
  TextPosition position;
  const std::string_view before = source.substr(0, std::min<uint64_t>(offset, source.size()));
  position.line = static_cast<uint32_t>(1 + std::ranges::count(before, '\n'));
  position.column = static_cast<uint32_t>(before.size() - (before.rfind('\n') + 1) + 1);
  return position;
}

}  // namespace wherry::wasm
