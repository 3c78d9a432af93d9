#include <cassert>

#include "wasm/binary_format.h"
#include "wasm/text/code_printer.h"

namespace wherry::wasm::text {
namespace {

constexpr std::string_view kNumberNames[] = {"", "i32", "i64", "f32", "f64", "v128", "i8", "i16"};

}  // namespace

TypePrinter::TypePrinter(const Module& module, const Identifiers& ids) : module_(module), ids_(ids) {
  for (uint32_t i = 0; i < module.types.size(); ++i) first_index_.try_emplace(module.types[i], i);
}

uint32_t TypePrinter::index_of(TypeId type) const {
  if (type - group_first_ < group_size_) return group_index_ + (type - group_first_);
  const auto found = first_index_.find(type);
  assert(found != first_index_.end() && "a type of another module");
  return found->second;
}

void TypePrinter::heap_type(HeapType type, std::string& out) const {
  if (type.is_abstract()) {
    out += info(type.abstract()).name;
  } else {
    ids_[Space::kType].append_reference(index_of(type.type_id()), out);
  }
}

void TypePrinter::value_type(ValType type, std::string& out) const {
  if (!type.is_ref()) {
    out += kNumberNames[type.kind()];
  } else if (type.is_nullable() && type.heap().is_abstract()) {
    out += info(type.heap().abstract()).ref_name;
  } else {
    out += type.is_nullable() ? "(ref null " : "(ref ";
    heap_type(type.heap(), out);
    out += ')';
  }
}

void TypePrinter::named_types(std::string_view what, std::span<const ValType> types, const IdMap& names, uint32_t first,
                              std::string& out) const {
  for (uint32_t i = 0; i < types.size();) {
    out += " (";
    out += what;
    if (names.contains(first + i)) {
      names.append_definition(first + i, out);
      out += ' ';
      value_type(types[i++], out);
    } else {
      for (; i < types.size() && !names.contains(first + i); ++i) {
        out += ' ';
        value_type(types[i], out);
      }
    }
    out += ')';
  }
}

void TypePrinter::signature(const TypeDef& type, const IdMap& names, std::string& out) const {
  static const IdMap kNoNames;
  named_types("param", type.params, names, 0, out);
  named_types("result", type.results, kNoNames, 0, out);
}

void TypePrinter::type_use(TypeId type, const IdMap& names, std::string& out) const {
  out += " (type ";
  ids_[Space::kType].append_reference(index_of(type), out);
  out += ')';
  signature(module_.registry->get(type), names, out);
}

void TypePrinter::storage_type(const FieldType& field, std::string& out) const {
  if (field.is_mutable) out += "(mut ";
  value_type(field.type, out);
  if (field.is_mutable) out += ')';
}

void TypePrinter::fields(const TypeDef& type, const IdMap& names, std::string& out) const {
  for (uint32_t i = 0; i < type.fields.size(); ++i) {
    out += " (field";
    names.append_definition(i, out);
    out += ' ';
    storage_type(type.fields[i], out);
    out += ')';
  }
}

void TypePrinter::definition(uint32_t index, std::string& out) const {
  const TypeDef& type = module_.registry->get(module_.types[index]);
  out += "(type";
  ids_[Space::kType].append_definition(index, out);
  out += " (;" + std::to_string(index) + ";) ";
  const bool has_sub = !type.is_final || type.super;
  if (has_sub) {
    out += type.is_final ? "(sub final " : "(sub ";
    if (type.super) {
      ids_[Space::kType].append_reference(index_of(*type.super), out);
      out += ' ';
    }
  }
  switch (type.kind) {
    case CompositeKind::kFunc: {
      static const IdMap kNoNames;
      out += "(func";
      signature(type, kNoNames, out);
      break;
    }
    case CompositeKind::kStruct:
      out += "(struct";
      fields(type, ids_.fields(index), out);
      break;
    case CompositeKind::kArray:
      out += "(array ";
      storage_type(type.fields[0], out);
      break;
  }
  out += has_sub ? ")))" : "))";
}

void TypePrinter::definitions(std::string& out) {
  for (uint32_t i = 0; i < module_.types.size(); i += group_size_) {
    const TypeDef& first = module_.registry->get(module_.types[i]);
    group_first_ = first.group_first;
    group_size_ = first.group_size;
    group_index_ = i;
    const bool is_group = group_size_ != 1;
    out += is_group ? "\n  (rec" : "";
    for (uint32_t member = i; member < i + group_size_; ++member) {
      out += is_group ? "\n    " : "\n  ";
      definition(member, out);
    }
    if (is_group) out += ')';
  }
  group_size_ = 0;
}

}  // namespace wherry::wasm::text
