#include "wasm/text/module_scope.h"

#include <cassert>

#include "base/utf8.h"
#include "wasm/text/number.h"

namespace wherry::wasm::text {
namespace {

/// What a word means as a type; nothing is both a value type and a heap type.
struct TypeWord {
  enum class Kind : uint8_t { kNone, kNumber, kPacked, kHeap, kReference } kind = Kind::kNone;
  uint8_t code = 0;
};

constexpr auto kTypeWords = [] {
  std::array<TypeWord, kWordCount> words{};
  for (size_t i = 0; i < kWordCount; ++i) {
    for (const HeapTypeInfo& row : kHeapTypes) {
      if (kWordTexts[i] == row.name) words[i] = {TypeWord::Kind::kHeap, row.code};
      if (kWordTexts[i] == row.ref_name) words[i] = {TypeWord::Kind::kReference, row.code};
    }
  }
  const auto set = [&](Word w, TypeWord::Kind kind, uint8_t code) { words[static_cast<size_t>(w)] = {kind, code}; };
  set(Word::kI32, TypeWord::Kind::kNumber, type_code::kI32);
  set(Word::kI64, TypeWord::Kind::kNumber, type_code::kI64);
  set(Word::kF32, TypeWord::Kind::kNumber, type_code::kF32);
  set(Word::kF64, TypeWord::Kind::kNumber, type_code::kF64);
  set(Word::kV128, TypeWord::Kind::kNumber, type_code::kV128);
  set(Word::kI8, TypeWord::Kind::kPacked, type_code::kI8);
  set(Word::kI16, TypeWord::Kind::kPacked, type_code::kI16);
  return words;
}();

TypeWord type_word(const Token& t) { return t.kind == TokenKind::kWord ? kTypeWords[t.value] : TypeWord{}; }

std::string as_string(const Encoder& e) {
  return std::string(reinterpret_cast<const char*>(e.view().data()), e.size());
}

}  // namespace

uint32_t ModuleScope::bind(Space s) {
  IndexSpace& to = space(s);
  const Token& at = cursor_.peek();
  const LocalName name = local_name(kSpaceNames[static_cast<size_t>(s)]);
  if (name.id && !to.by_symbol.try_emplace(*name.id, to.count).second) {
    cursor_.fail(
        "duplicate " + std::string(kSpaceNames[static_cast<size_t>(s)]) + " " + std::string(cursor_.text_of(at)), at);
  }
  if (!name.name.empty()) to.names.emplace_back(to.count, name.name);
  return to.count++;
}

LocalName ModuleScope::local_name(std::string_view what) {
  const uint32_t offset = cursor_.peek().offset;
  const std::optional<Symbol> id = cursor_.take_id();
  return {id, name_annotation(id, what), offset};
}

std::string_view ModuleScope::name_annotation(std::optional<Symbol> id, std::string_view what) {
  std::string_view name = id ? cursor_.text().symbols[*id] : std::string_view{};
  if (const Annotation* a = annotations_.claim(cursor_.position(), "name")) {
    std::string bytes = annotations_.strings(cursor_, *a, 0);
    if (annotations_.content(*a).size() != 1) annotations_.fail(cursor_, *a, "unexpected token");
    if (!base::is_utf8(bytes)) annotations_.fail(cursor_, *a, "malformed UTF-8 encoding");
    name = annotated_names_.emplace_back(std::move(bytes));
  }
  if (const Annotation* a = annotations_.claim(cursor_.position(), "name")) {
    annotations_.fail(cursor_, *a, "multiple " + std::string(what) + " names");
  }
  return name;
}

uint32_t ModuleScope::resolve(const std::unordered_map<Symbol, uint32_t>& names, std::string_view what) {
  const Token& at = cursor_.peek();
  if (at.kind != TokenKind::kId) return cursor_.u32();
  const auto found = names.find(at.value);
  if (found == names.end()) {
    cursor_.fail("unknown " + std::string(what) + " " + std::string(cursor_.text_of(at)), at);
    return 0;
  }
  cursor_.take();
  return found->second;
}

uint32_t ModuleScope::index(Space s) { return resolve(space(s).by_symbol, kSpaceNames[static_cast<size_t>(s)]); }

uint32_t ModuleScope::field_index(uint32_t type) {
  const Token& at = cursor_.peek();
  if (at.kind != TokenKind::kId) return cursor_.u32();
  const auto found = fields_.find(uint64_t{type} << 32 | at.value);
  if (found == fields_.end()) {
    cursor_.fail("unknown field " + std::string(cursor_.text_of(at)), at);
    return 0;
  }
  cursor_.take();
  return found->second;
}

void ModuleScope::value_type(Encoder& out) {
  if (const TypeWord word = type_word(cursor_.peek()); word.kind == TypeWord::Kind::kNumber) {
    cursor_.take();
    out.byte(word.code);
  } else {
    reference_type(out);
  }
}

void ModuleScope::reference_type(Encoder& out) {
  if (const TypeWord word = type_word(cursor_.peek()); word.kind == TypeWord::Kind::kReference) {
    cursor_.take();
    out.byte(word.code);
    return;
  }
  Encoder heap;
  const bool nullable = nullable_reference_type(heap);
  const bool is_abstract = heap.size() == 1 && heap_type_by_code(heap.view()[0]).has_value();
  if (!nullable || !is_abstract) out.byte(nullable ? type_code::kRefNull : type_code::kRef);
  out.bytes(heap.view());
}

bool ModuleScope::nullable_reference_type(Encoder& heap) {
  if (const TypeWord word = type_word(cursor_.peek()); word.kind == TypeWord::Kind::kReference) {
    cursor_.take();
    heap.byte(word.code);
    return true;
  }
  if (!cursor_.take_list(Word::kRef)) {
    cursor_.unexpected();
    return false;
  }
  const bool nullable = cursor_.take_if(Word::kNull);
  heap_type(heap);
  cursor_.expect_right();
  return nullable;
}

void ModuleScope::heap_type(Encoder& out) {
  if (const TypeWord word = type_word(cursor_.peek()); word.kind == TypeWord::Kind::kHeap) {
    cursor_.take();
    out.byte(word.code);
  } else {
    out.s64(index(Space::kType));
  }
}

void ModuleScope::field_type(Encoder& out) {
  const bool is_mutable = cursor_.take_list(Word::kMut);
  if (const TypeWord word = type_word(cursor_.peek()); word.kind == TypeWord::Kind::kPacked) {
    cursor_.take();
    out.byte(word.code);
  } else {
    value_type(out);
  }
  if (is_mutable) cursor_.expect_right();
  out.byte(is_mutable ? 1 : 0);
}

void ModuleScope::struct_type(Encoder& out, uint32_t index) {
  VectorSection fields;
  NameList names;
  while (cursor_.take_list(Word::kField)) {
    const Token& at = cursor_.peek();
    const LocalName name = local_name("field");
    if (name.id && !fields_.try_emplace(uint64_t{index} << 32 | *name.id, fields.count).second) {
      cursor_.fail("duplicate field " + std::string(cursor_.text_of(at)), at);
    }
    if (!name.name.empty()) {
      names.emplace_back(fields.count, name.name);
      field_type(fields.add());
    } else {
      while (!cursor_.at(TokenKind::kRight) && !cursor_.at_end()) field_type(fields.add());
    }
    cursor_.expect_right();
  }
  out.u32(fields.count);
  out.bytes(fields.items.view());
  if (!names.empty()) field_names_.push_back({index, std::move(names)});
}

void ModuleScope::define_type(Encoder& out, uint32_t index, bool alone) {
  bool is_final = true;
  VectorSection supers;
  const bool has_sub = cursor_.take_list(Word::kSub);
  if (has_sub) {
    is_final = cursor_.take_if(Word::kFinal);
    while (cursor_.at_index()) supers.add().u32(this->index(Space::kType));
  }
  const bool plain = is_final && supers.count == 0;
  if (!plain) {
    out.byte(is_final ? type_code::kSubFinal : type_code::kSub);
    out.u32(supers.count);
    out.bytes(supers.items.view());
  }
  DefinedType type;
  if (cursor_.take_list(Word::kFunc)) {
    std::vector<LocalName> ignored;
    type.is_function = true;
    type.signature = inline_signature(&ignored).signature();
    out.byte(type_code::kFunc);
    out.bytes({reinterpret_cast<const uint8_t*>(type.signature.bytes.data()), type.signature.bytes.size()});
    if (plain && alone) plain_types_.try_emplace(type.signature.bytes, index);
  } else if (cursor_.take_list(Word::kStruct)) {
    out.byte(type_code::kStruct);
    struct_type(out, index);
  } else if (cursor_.take_list(Word::kArray)) {
    out.byte(type_code::kArray);
    field_type(out);
  } else {
    cursor_.unexpected();
  }
  cursor_.expect_right();
  if (has_sub) cursor_.expect_right();
  if (defined_.size() <= index) defined_.resize(index + 1);
  defined_[index] = std::move(type);
}

ModuleScope::Signature ModuleScope::InlineSignature::signature() const {
  Encoder all;
  all.u32(param_count);
  all.bytes(params.view());
  all.u32(result_count);
  all.bytes(results.view());
  return {as_string(all), param_count};
}

ModuleScope::InlineSignature ModuleScope::inline_signature(std::vector<LocalName>* params) {
  InlineSignature written;
  while (cursor_.take_list(Word::kParam)) {
    if (params != nullptr && cursor_.at(TokenKind::kId)) {
      params->push_back(local_name());
      value_type(written.params);
      ++written.param_count;
    } else {
      while (!cursor_.at(TokenKind::kRight) && !cursor_.at_end()) {
        if (params != nullptr) params->push_back(local_name());
        value_type(written.params);
        ++written.param_count;
      }
    }
    cursor_.expect_right();
  }
  while (cursor_.take_list(Word::kResult)) {
    while (!cursor_.at(TokenKind::kRight) && !cursor_.at_end()) {
      value_type(written.results);
      ++written.result_count;
    }
    cursor_.expect_right();
  }
  if (cursor_.at_list(Word::kParam)) cursor_.unexpected();
  return written;
}

std::optional<uint32_t> ModuleScope::explicit_type() {
  if (!cursor_.take_list(Word::kType)) return std::nullopt;
  const uint32_t type = index(Space::kType);
  cursor_.expect_right();
  return type;
}

uint32_t ModuleScope::type_of(std::optional<uint32_t> explicit_type, const InlineSignature& written, const Token& at) {
  if (!explicit_type) return implicit_type(written.signature());
  if (written.param_count != 0 || written.result_count != 0) {
    if (*explicit_type >= defined_.size()) {
      cursor_.fail("unknown type " + std::to_string(*explicit_type), at);
    } else if (const DefinedType& type = defined_[*explicit_type];
               !type.is_function || type.signature.bytes != written.signature().bytes) {
      cursor_.fail("inline function type differs from type " + std::to_string(*explicit_type), at);
    }
  }
  return *explicit_type;
}

uint32_t ModuleScope::type_use(std::vector<LocalName>* params) {
  const Token& at = cursor_.peek();
  const std::optional<uint32_t> type = explicit_type();
  return type_of(type, inline_signature(params), at);
}

void ModuleScope::block_type(Encoder& out) {
  const Token& at = cursor_.peek();
  const std::optional<uint32_t> type = explicit_type();
  const InlineSignature written = inline_signature(nullptr);
  if (type || written.param_count != 0 || written.result_count > 1) {
    out.s64(type_of(type, written, at));
  } else if (written.result_count == 1) {
    out.bytes(written.results.view());
  } else {
    out.byte(type_code::kEmptyBlock);
  }
}

uint32_t ModuleScope::implicit_type(Signature signature) {
  const auto [found, is_new] = plain_types_.try_emplace(signature.bytes, space(Space::kType).count);
  if (is_new) {
    Encoder& out = types_.add();
    out.byte(type_code::kFunc);
    out.bytes({reinterpret_cast<const uint8_t*>(signature.bytes.data()), signature.bytes.size()});
    defined_.resize(found->second);
    defined_.push_back({true, std::move(signature)});
    ++space(Space::kType).count;
  }
  return found->second;
}

uint32_t ModuleScope::param_count(uint32_t type) const {
  return type < defined_.size() && defined_[type].is_function ? defined_[type].signature.params : 0;
}

}  // namespace wherry::wasm::text
