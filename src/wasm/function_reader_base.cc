#include "wasm/function_reader_base.h"

#include <algorithm>
#include <cassert>

#include "wasm/limits.h"

namespace wherry::wasm {

// ---- Errors.

bool FunctionReaderBase::fail_invalid(std::string_view message) {
  return fail(ErrorCode::kInvalid, message, op_offset());
}
bool FunctionReaderBase::fail_index(std::string_view what, uint32_t index) {
  return fail_invalid("unknown " + std::string(what) + " " + std::to_string(index));
}
bool FunctionReaderBase::fail_alignment(bool exact) {
  return fail_invalid(exact ? "atomic alignment must be natural" : "alignment must not be larger than natural");
}
bool FunctionReaderBase::fail_unset_local(uint32_t index) {
  return fail_invalid("uninitialized local " + std::to_string(index));
}
bool FunctionReaderBase::fail_lane(uint32_t lane) { return fail_invalid("invalid lane index " + std::to_string(lane)); }
bool FunctionReaderBase::fail_type(ValType expected, ValType actual) {
  return fail_invalid("type mismatch: expected " + types().to_string(expected) + ", got " + types().to_string(actual));
}

// ---- Beginning and end.

bool FunctionReaderBase::read_locals() {
  uint32_t groups;
  if (!u32(groups)) return false;
  if (groups > remaining()) return fail_end();
  uint64_t total = locals_.size();
  has_unset_locals_ = false;
  for (uint32_t i = 0; i < groups; ++i) {
    const uint64_t at = offset();
    uint32_t count;
    ValType type;
    if (!u32(count)) return false;
    total += count;
    if (!value_type(type)) return false;
    if (total > UINT32_MAX) return fail(ErrorCode::kMalformed, "too many locals", at);
    if (total > limits::kLocals) continue;  // a later group may yet make it malformed
    locals_.ensure(count);
    std::fill_n(locals_.end(), count, type);
    locals_.set_end(locals_.end() + count);
    has_unset_locals_ |= count != 0 && !type.is_defaultable();
  }
  if (total > limits::kLocals) return fail(ErrorCode::kLimit, "too many locals", op_offset());
  if (has_unset_locals_) {
    set_locals_.clear();
    local_is_set_.assign(locals_.size(), false);
    for (size_t i = 0; i < locals_.size(); ++i) local_is_set_[i] = i < param_count_ || locals_[i].is_defaultable();
  }
  return true;
}

bool FunctionReaderBase::begin_function(uint32_t index) {
  const FunctionDecl& function = module_.functions[index];
  reset(module_.bytes.subspan(function.body_offset, function.body_size), function.body_offset);
  function_index_ = index;
  op_start_ = pc_;
  const TypeDef& type = types().get(function.type);
  param_count_ = static_cast<uint32_t>(type.params.size());
  locals_.clear();
  locals_.ensure(param_count_);
  std::ranges::copy(type.params, locals_.end());
  locals_.set_end(locals_.end() + param_count_);
  if (!read_locals()) return false;

  operands_.clear();
  operands_.ensure(remaining() + kSlack);
  base_ = operands_.end();
  live_ = true;
  controls_.clear();
  controls_.push({.kind = ControlKind::kFunction,
                  .announced = true,
                  .unreachable = false,
                  .single = ValType::kBottom,
                  .height = 0,
                  .init_height = 0,
                  .type = &type,
                  .sink_data = 0});
  return true;
}

void FunctionReaderBase::begin_expression(const ByteReader& from, ValType type) {
  reset({from.position(), from.remaining()}, from.offset());
  function_index_ = kNoFunction;
  op_start_ = pc_;
  has_unset_locals_ = false;
  operands_.clear();
  operands_.ensure(kSlack);
  base_ = operands_.end();
  live_ = true;
  controls_.clear();
  controls_.push({.kind = ControlKind::kFunction,
                  .announced = true,
                  .unreachable = false,
                  .single = type,
                  .height = 0,
                  .init_height = 0,
                  .type = nullptr,
                  .sink_data = 0});
}

// ---- Operands.

bool FunctionReaderBase::make_room(size_t n) {
  if (operands_.size() + n > limits::kOperands) {
    return fail(ErrorCode::kLimit, "too many operands on the stack", op_offset());
  }
  operands_.ensure(n);
  base_ = operands_.begin() + controls_.back().height;
  return true;
}

bool FunctionReaderBase::push_all(std::span<const ValType> types) {
  const size_t room = types.size() + remaining() + kSlack;
  if (operands_.room() < room && !make_room(room)) return false;
  ValType* to = operands_.end();
  for (ValType type : types) *to++ = type;
  operands_.set_end(to);
  return true;
}

bool FunctionReaderBase::pop_slow(ValType expected) {
  if (operands_.end() == base_) {
    return controls_.back().unreachable ||
           fail_invalid("type mismatch: expected " + types().to_string(expected) + ", but the stack is empty");
  }
  const ValType actual = operands_.back();
  if (!match(actual, expected)) return fail_type(expected, actual);
  operands_.pop();
  return true;
}

bool FunctionReaderBase::pop_any_slow(ValType& out) {
  out = ValType::kBottom;
  return controls_.back().unreachable || fail_invalid("type mismatch: an operand is missing, the stack is empty");
}

bool FunctionReaderBase::apply_slow(const Signature& signature, ValType address) {
  const std::string_view params = signature.params;
  for (size_t i = params.size(); i-- > 0;) {
    if (!pop(letter_type(params[i], address))) return false;
  }
  for (const char* result = signature.results; *result != 0; ++result) push(letter_type(*result, address));
  return true;
}

bool FunctionReaderBase::pop_reference(ValType& out) {
  if (!pop_any(out)) return false;
  if (out == ValType::kBottom) {
    out = ValType::ref(TypeRegistry::kBottomHeap, false);
    return true;
  }
  return out.is_ref() || fail_invalid("type mismatch: expected a reference, got " + types().to_string(out));
}

bool FunctionReaderBase::pop_all(std::span<const ValType> types) {
  for (size_t i = types.size(); i-- > 0;) {
    if (!pop(types[i])) return false;
  }
  return true;
}

// ---- Structure.

bool FunctionReaderBase::push_control(ControlKind kind, BlockTypeKind block, ValType value, uint32_t type_index) {
  Control control{.kind = kind,
                  .announced = live_,
                  .unreachable = false,
                  .single = ValType::kBottom,
                  .height = 0,
                  .init_height = static_cast<uint32_t>(set_locals_.size()),
                  .type = nullptr,
                  .sink_data = 0};
  if (block == BlockTypeKind::kValue) {
    control.single = value;
  } else if (block == BlockTypeKind::kIndex) {
    if (!function_type(type_index, control.type)) return false;
    if (!pop_all(control.type->params)) return false;
  }
  control.height = height();
  controls_.push(control);
  base_ = operands_.end();
  return control.type == nullptr || push_all(control.type->params);
}

bool FunctionReaderBase::end_arm(const Control& control) {
  if (control.type == nullptr) {  // at most one result: the common case
    const size_t results = control.single == ValType::kBottom ? 0 : 1;
    if (static_cast<size_t>(operands_.end() - base_) == results && (results == 0 || operands_.back() == control.single))
        [[likely]] {
      operands_.set_end(base_);
      return true;
    }
  }
  if (!pop_all(control.results())) return false;
  if (operands_.end() != base_)
    return fail_invalid("type mismatch: values remaining on the stack at the end of a block");
  return true;
}

bool FunctionReaderBase::begin_arm(ControlKind kind, std::span<const ValType> params) {
  Control& control = controls_.back();
  control.kind = kind;
  control.unreachable = false;
  live_ = control.announced;
  if (has_unset_locals_) reset_locals(control.init_height);
  return push_all(params);
}

bool FunctionReaderBase::begin_else() {
  const Control& control = controls_.back();
  if (control.kind != ControlKind::kIf) return fail(ErrorCode::kMalformed, "else without if", op_offset());
  return end_arm(control) && begin_arm(ControlKind::kElse, control.params());
}

bool FunctionReaderBase::begin_catch(uint32_t tag) {
  const Control& control = controls_.back();
  if (control.kind != ControlKind::kTry && control.kind != ControlKind::kCatch) {
    return fail(ErrorCode::kMalformed, "catch without try", op_offset());
  }
  if (tag >= module_.tags.size()) return fail_index("tag", tag);
  return end_arm(control) && begin_arm(ControlKind::kCatch, types().get(module_.tags[tag].type).params);
}

bool FunctionReaderBase::begin_catch_all() {
  const Control& control = controls_.back();
  if (control.kind != ControlKind::kTry && control.kind != ControlKind::kCatch) {
    return fail(ErrorCode::kMalformed, "catch_all without try", op_offset());
  }
  return end_arm(control) && begin_arm(ControlKind::kCatchAll, {});
}

bool FunctionReaderBase::end_control() {
  const Control& control = controls_.back();
  if (!end_arm(control)) return false;
  if (control.kind == ControlKind::kIf) {  // the missing else passes its parameters on
    const auto params = control.params();
    const auto results = control.results();
    if (params.size() != results.size())
      return fail_invalid("type mismatch: if without else must not change the stack");
    for (size_t i = 0; i < params.size(); ++i) {
      if (!match(params[i], results[i])) return fail_type(results[i], params[i]);
    }
  }
  if (has_unset_locals_) reset_locals(control.init_height);
  if (control.type == nullptr) {
    if (control.single != ValType::kBottom) push(control.single);
    return true;
  }
  return push_all(control.type->results);
}

void FunctionReaderBase::pop_control() {
  controls_.pop();
  if (controls_.empty()) return;
  const Control& outer = controls_.back();
  base_ = operands_.begin() + outer.height;
  live_ = outer.announced && !outer.unreachable;
}

void FunctionReaderBase::note_set(uint32_t index) {
  if (local_is_set_[index]) return;
  local_is_set_[index] = true;
  set_locals_.push(index);
}

void FunctionReaderBase::reset_locals(uint32_t init_height) {
  while (set_locals_.size() > init_height) {
    local_is_set_[set_locals_.back()] = false;
    set_locals_.pop();
  }
}

// ---- Branches, calls, exceptions.

bool FunctionReaderBase::check_br_table() {
  if (!pop(ValType::kI32)) return false;
  const std::span<const uint32_t> all = labels();
  const uint32_t last = all.back();
  if (!check_label(last)) return false;
  const size_t arity = label(last).label_types().size();
  uint32_t checked = last;
  for (uint32_t depth : all) {
    if (depth == checked) continue;
    checked = depth;
    if (!check_label(depth)) return false;
    const std::span<const ValType> types = label(depth).label_types();
    if (types.size() != arity) return fail_invalid("type mismatch: br_table's labels differ in arity");
    // What is there must do for each label; it keeps its own type for the next.
    ValType* operand = operands_.end();
    for (size_t i = arity; i-- > 0;) {
      if (operand == base_) {
        if (!controls_.back().unreachable) return fail_invalid("type mismatch: br_table lacks operands for a label");
        break;
      }
      if (!match(*--operand, types[i])) return fail_type(types[i], *operand);
    }
  }
  return pop_all(label(last).label_types());
}

bool FunctionReaderBase::check_br_on_null(uint32_t depth) {
  ValType type;
  if (!check_label(depth) || !pop_reference(type) || !retype(label(depth).label_types())) return false;
  push(ValType::ref(type.heap(), false));
  return true;
}

bool FunctionReaderBase::check_br_on_non_null(uint32_t depth) {
  ValType type;
  if (!check_label(depth) || !pop_reference(type)) return false;
  const std::span<const ValType> target = label(depth).label_types();
  if (target.empty()) return fail_invalid("type mismatch: br_on_non_null's label takes no reference");
  push(ValType::ref(type.heap(), false));
  return pop(target.back()) && retype(target.first(target.size() - 1));
}

bool FunctionReaderBase::check_br_on_cast(uint32_t depth, ValType from, ValType to, bool on_fail) {
  if (!check_label(depth)) return false;
  if (!match(to, from)) return fail_type(from, to);
  const std::span<const ValType> target = label(depth).label_types();
  if (target.empty()) return fail_invalid("type mismatch: the label takes no reference");
  const ValType rest = to.is_nullable() ? ValType::ref(from.heap(), false) : from;
  if (!pop(from)) return false;
  push(on_fail ? rest : to);
  if (!pop(target.back()) || !retype(target.first(target.size() - 1))) return false;
  push(on_fail ? to : rest);
  return true;
}

bool FunctionReaderBase::function_type(uint32_t index, const TypeDef*& out) {
  if (index >= module_.types.size()) return fail_index("type", index);
  out = &types().get(module_.types[index]);
  return out->kind == CompositeKind::kFunc ||
         fail_invalid("type mismatch: type " + std::to_string(index) + " is not a function type");
}

bool FunctionReaderBase::check_call(const TypeDef& type, bool tail) {
  if (!pop_all(type.params)) return false;
  if (!tail) return push_all(type.results);
  const std::span<const ValType> results = controls_[0].results();
  if (results.size() != type.results.size()) return fail_invalid("type mismatch: the callee's results differ");
  for (size_t i = 0; i < results.size(); ++i) {
    if (!match(type.results[i], results[i])) return fail_type(results[i], type.results[i]);
  }
  return true;
}

bool FunctionReaderBase::check_call_indirect(uint32_t type_index, uint32_t table, bool tail, TypeId& out) {
  ValType address;
  const TypeDef* type;
  if (!check_table(table, address) || !function_type(type_index, type)) return false;
  if (!match(module_.tables[table].type.element, ValType::funcref())) {
    return fail_type(ValType::funcref(), module_.tables[table].type.element);
  }
  out = type->id;
  return pop(address) && check_call(*type, tail);
}

bool FunctionReaderBase::check_call_ref(uint32_t type_index, bool tail, TypeId& out) {
  const TypeDef* type;
  if (!function_type(type_index, type)) return false;
  out = type->id;
  return pop(ValType::ref(HeapType::defined(type->id), true)) && check_call(*type, tail);
}

bool FunctionReaderBase::check_throw(uint32_t tag) {
  if (tag >= module_.tags.size()) return fail_index("tag", tag);
  return pop_all(types().get(module_.tags[tag].type).params);
}

bool FunctionReaderBase::check_rethrow(uint32_t depth) {
  if (!check_label(depth)) return false;
  const ControlKind kind = label(depth).kind;
  return kind == ControlKind::kCatch || kind == ControlKind::kCatchAll || fail_invalid("invalid rethrow label");
}

bool FunctionReaderBase::check_delegate(uint32_t depth) {
  if (controls_.back().kind != ControlKind::kTry) {
    return fail(ErrorCode::kMalformed, "delegate without try", op_offset());
  }
  if (depth >= controls_.size() - 1) return fail_index("label", depth);
  return end_control();
}

bool FunctionReaderBase::check_catches() {
  for (const CatchClause& clause : catches()) {
    if (!check_label(clause.label)) return false;
    scratch_.clear();
    if (clause.kind == CatchClause::Kind::kCatch || clause.kind == CatchClause::Kind::kCatchRef) {
      if (clause.tag >= module_.tags.size()) return fail_index("tag", clause.tag);
      for (ValType type : types().get(module_.tags[clause.tag].type).params) scratch_.push(type);
    }
    if (clause.kind == CatchClause::Kind::kCatchRef || clause.kind == CatchClause::Kind::kCatchAllRef) {
      scratch_.push(ValType::ref(HeapType::kExn, false));
    }
    const std::span<const ValType> target = label(clause.label).label_types();
    if (target.size() != scratch_.size()) return fail_invalid("type mismatch: a catch's label differs in arity");
    for (size_t i = 0; i < target.size(); ++i) {
      if (!match(scratch_[i], target[i])) return fail_type(target[i], scratch_[i]);
    }
  }
  return true;
}

// ---- Ops with rules of their own.

bool FunctionReaderBase::check_select(ValType& type) {
  ValType first;
  ValType second;
  if (!pop(ValType::kI32) || !pop_any(second) || !pop_any(first)) return false;
  const auto plain = [](ValType t) { return t == ValType::kBottom || t.is_num() || t.is_vec(); };
  if (!plain(first) || !plain(second)) return fail_invalid("type mismatch: select of references needs a type");
  if (first != second && first != ValType::kBottom && second != ValType::kBottom) return fail_type(first, second);
  type = first == ValType::kBottom ? second : first;
  push(type);
  return true;
}

bool FunctionReaderBase::check_select_typed(ValType& type) {
  if (select_types().size() != 1) return fail_invalid("invalid result arity: select has one result");
  type = select_types()[0];
  if (!pop(ValType::kI32) || !pop(type) || !pop(type)) return false;
  push(type);
  return true;
}

bool FunctionReaderBase::check_constant_global(uint32_t index) {
  if (index >= module_.globals.size()) return true;
  if (module_.globals[index].type.is_mutable) return fail_invalid("constant expression required");
  return index < module_.imported_globals || require(Feature::kGc, op_offset());
}

bool FunctionReaderBase::check_data(uint32_t index) {
  if (!module_.has_data_count) return fail(ErrorCode::kMalformed, "data count section required", op_offset());
  return index < module_.data.size() || fail_index("data segment", index);
}
bool FunctionReaderBase::check_elem(uint32_t index) {
  return index < module_.elements.size() || fail_index("elem segment", index);
}

bool FunctionReaderBase::struct_type(uint32_t index, const TypeDef*& out) {
  if (index >= module_.types.size()) return fail_index("type", index);
  out = &types().get(module_.types[index]);
  return out->kind == CompositeKind::kStruct ||
         fail_invalid("type mismatch: type " + std::to_string(index) + " is not a structure type");
}
bool FunctionReaderBase::array_type(uint32_t index, const TypeDef*& out) {
  if (index >= module_.types.size()) return fail_index("type", index);
  out = &types().get(module_.types[index]);
  return out->kind == CompositeKind::kArray ||
         fail_invalid("type mismatch: type " + std::to_string(index) + " is not an array type");
}
bool FunctionReaderBase::struct_field(uint32_t index, uint32_t field_index, const TypeDef*& type,
                                      const FieldType*& field) {
  if (!struct_type(index, type)) return false;
  if (field_index >= type->fields.size()) return fail_index("field", field_index);
  field = &type->fields[field_index];
  return true;
}

bool FunctionReaderBase::check_special(Op op, uint32_t index, uint32_t index2, ValType type) {
  ValType address;
  switch (op) {
    case Op::kTableGet:
      if (!check_table(index, address) || !pop(address)) return false;
      push(module_.tables[index].type.element);
      return true;
    case Op::kTableSet:
      return check_table(index, address) && pop(module_.tables[index].type.element) && pop(address);
    case Op::kTableGrow:
      if (!check_table(index, address)) return false;
      if (!pop(address) || !pop(module_.tables[index].type.element)) return false;
      push(address);
      return true;
    case Op::kTableFill:
      if (!check_table(index, address)) return false;
      return pop(address) && pop(module_.tables[index].type.element) && pop(address);
    case Op::kTableInit: {
      if (!check_table(index2, address) || !check_elem(index)) return false;
      const ValType from = module_.elements[index].type;
      const ValType to = module_.tables[index2].type.element;
      if (!match(from, to)) return fail_type(to, from);
      return pop(ValType::kI32) && pop(ValType::kI32) && pop(address);
    }
    case Op::kTableCopy: {
      ValType from_address;
      if (!check_table(index, address) || !check_table(index2, from_address)) return false;
      const ValType to = module_.tables[index].type.element;
      const ValType from = module_.tables[index2].type.element;
      if (!match(from, to)) return fail_type(to, from);
      const ValType length = address == from_address ? address : ValType(ValType::kI32);
      return pop(length) && pop(from_address) && pop(address);
    }
    case Op::kMemoryCopy: {
      ValType from_address;
      if (!check_memory(index, address) || !check_memory(index2, from_address)) return false;
      const ValType length = address == from_address ? address : ValType(ValType::kI32);
      return pop(length) && pop(from_address) && pop(address);
    }
    case Op::kRefNull:
      push(type);
      return true;
    case Op::kRefIsNull:
      if (!pop_reference(type)) return false;
      push(ValType::kI32);
      return true;
    case Op::kRefFunc:
      if (index >= module_.functions.size()) return fail_index("function", index);
      if (function_index_ != kNoFunction && !module_.declared_refs[index]) {
        return fail_invalid("undeclared function reference");
      }
      push(ValType::ref(HeapType::defined(module_.functions[index].type), false));
      return true;
    case Op::kRefAsNonNull:
      if (!pop_reference(type)) return false;
      push(ValType::ref(type.heap(), false));
      return true;
    default:
      return check_gc(op, index, index2, type);
  }
}

bool FunctionReaderBase::check_cast(ValType target) { return pop(ValType::ref(top_of(target.heap(), types()), true)); }

bool FunctionReaderBase::check_gc(Op op, uint32_t index, uint32_t index2, ValType target) {
  const TypeDef* type = nullptr;
  const FieldType* field = nullptr;
  const auto reference = [](const TypeDef& def, bool nullable) {
    return ValType::ref(HeapType::defined(def.id), nullable);
  };
  const auto check_packing = [&](bool packed) {
    return field->type.is_packed() == packed ||
           fail_invalid(packed ? "type mismatch: the field is not packed" : "type mismatch: the field is packed");
  };
  // Array ops that write, and those that take raw bytes.
  const auto mutable_array = [&](uint32_t index) {
    if (!array_type(index, type)) return false;
    field = &type->fields[0];
    return field->is_mutable || fail_invalid("immutable array");
  };
  const auto plain_element = [&] {
    return !type->fields[0].type.is_ref() || fail_invalid("array type is not numeric or vector");
  };
  const auto element_segment = [&](uint32_t segment) {
    if (!check_elem(segment)) return false;
    const ValType from = module_.elements[segment].type;
    return match(from, type->fields[0].type) || fail_type(type->fields[0].type, from);
  };
  constexpr ValType kI32 = ValType::kI32;
  switch (op) {
    case Op::kRefEq: {
      const ValType eq = ValType::ref(HeapType::kEq, true);
      if (!pop(eq) || !pop(eq)) return false;
      push(kI32);
      return true;
    }
    case Op::kStructNew:
      if (!struct_type(index, type)) return false;
      for (size_t i = type->fields.size(); i-- > 0;) {
        if (!pop(type->fields[i].type.unpacked())) return false;
      }
      push(reference(*type, false));
      return true;
    case Op::kStructNewDefault:
      if (!struct_type(index, type)) return false;
      for (const FieldType& f : type->fields) {
        if (!f.type.is_defaultable()) return fail_invalid("field type is not defaultable");
      }
      push(reference(*type, false));
      return true;
    case Op::kStructGet:
    case Op::kStructGetS:
    case Op::kStructGetU:
      if (!struct_field(index, index2, type, field) || !check_packing(op != Op::kStructGet)) return false;
      if (!pop(reference(*type, true))) return false;
      push(field->type.unpacked());
      return true;
    case Op::kStructSet:
      if (!struct_field(index, index2, type, field)) return false;
      if (!field->is_mutable) return fail_invalid("immutable field");
      return pop(field->type.unpacked()) && pop(reference(*type, true));
    case Op::kArrayNew:
      if (!array_type(index, type) || !pop(kI32) || !pop(type->fields[0].type.unpacked())) return false;
      push(reference(*type, false));
      return true;
    case Op::kArrayNewDefault:
      if (!array_type(index, type)) return false;
      if (!type->fields[0].type.is_defaultable()) return fail_invalid("array type is not defaultable");
      if (!pop(kI32)) return false;
      push(reference(*type, false));
      return true;
    case Op::kArrayNewFixed:
      if (!array_type(index, type)) return false;
      if (index2 > limits::kArrayNewFixed) {
        return fail(ErrorCode::kLimit, "array.new_fixed has too many operands", op_offset());
      }
      for (uint32_t i = 0; i < index2; ++i) {
        if (!pop(type->fields[0].type.unpacked())) return false;
      }
      push(reference(*type, false));
      return true;
    case Op::kArrayNewData:
      if (!array_type(index, type) || !plain_element() || !check_data(index2)) return false;
      if (!pop(kI32) || !pop(kI32)) return false;
      push(reference(*type, false));
      return true;
    case Op::kArrayNewElem:
      if (!array_type(index, type) || !element_segment(index2)) return false;
      if (!pop(kI32) || !pop(kI32)) return false;
      push(reference(*type, false));
      return true;
    case Op::kArrayGet:
    case Op::kArrayGetS:
    case Op::kArrayGetU:
      if (!array_type(index, type)) return false;
      field = &type->fields[0];
      if (!check_packing(op != Op::kArrayGet) || !pop(kI32) || !pop(reference(*type, true))) return false;
      push(field->type.unpacked());
      return true;
    case Op::kArraySet:
      if (!mutable_array(index)) return false;
      return pop(field->type.unpacked()) && pop(kI32) && pop(reference(*type, true));
    case Op::kArrayLen:
      if (!pop(ValType::ref(HeapType::kArray, true))) return false;
      push(kI32);
      return true;
    case Op::kArrayFill:
      if (!mutable_array(index)) return false;
      return pop(kI32) && pop(field->type.unpacked()) && pop(kI32) && pop(reference(*type, true));
    case Op::kArrayCopy: {
      const TypeDef* from = nullptr;
      if (!mutable_array(index) || !array_type(index2, from)) return false;
      if (!match(from->fields[0].type, field->type)) return fail_invalid("array types do not match");
      return pop(kI32) && pop(kI32) && pop(reference(*from, true)) && pop(kI32) && pop(reference(*type, true));
    }
    case Op::kArrayInitData:
      if (!mutable_array(index) || !plain_element() || !check_data(index2)) return false;
      return pop(kI32) && pop(kI32) && pop(kI32) && pop(reference(*type, true));
    case Op::kArrayInitElem:
      if (!mutable_array(index) || !element_segment(index2)) return false;
      return pop(kI32) && pop(kI32) && pop(kI32) && pop(reference(*type, true));
    case Op::kRefTest:
    case Op::kRefTestNull:
      if (!check_cast(target)) return false;
      push(kI32);
      return true;
    case Op::kRefCast:
    case Op::kRefCastNull:
      if (!check_cast(target)) return false;
      push(target);
      return true;
    case Op::kAnyConvertExtern:
    case Op::kExternConvertAny: {
      const bool from_extern = op == Op::kAnyConvertExtern;
      ValType operand;
      if (!pop_reference(operand)) return false;
      const ValType from = ValType::ref(from_extern ? HeapType::kExtern : HeapType::kAny, true);
      if (!match(operand, from)) return fail_type(from, operand);
      push(ValType::ref(from_extern ? HeapType::kAny : HeapType::kExtern, operand.is_nullable()));
      return true;
    }
    case Op::kRefI31:
      if (!pop(kI32)) return false;
      push(ValType::ref(HeapType::kI31, false));
      return true;
    case Op::kI31GetS:
    case Op::kI31GetU:
      if (!pop(ValType::ref(HeapType::kI31, true))) return false;
      push(kI32);
      return true;
    default:
      assert(false && "an op of the table has no typing rule");
      return false;
  }
}

}  // namespace wherry::wasm
