// The translator's control: structures, branches, calls, returns, exceptions.
#include <algorithm>
#include <cassert>

#include "interp/translator.h"

namespace wherry::interp {

namespace {

uint32_t all_slots(std::span<const ValType> types) {
  uint32_t slots = 0;
  for (ValType type : types) slots += type.slots();
  return slots;
}

/// The integer compare that is true where this one is not; floats have none.
constexpr Op inverted(Op op) {
  constexpr std::pair<Op, Op> kPairs[] = {
      {Op::kI32Eq, Op::kI32Ne},   {Op::kI32LtS, Op::kI32GeS}, {Op::kI32LtU, Op::kI32GeU}, {Op::kI32GtS, Op::kI32LeS},
      {Op::kI32GtU, Op::kI32LeU}, {Op::kI64Eq, Op::kI64Ne},   {Op::kI64LtS, Op::kI64GeS}, {Op::kI64LtU, Op::kI64GeU},
      {Op::kI64GtS, Op::kI64LeS}, {Op::kI64GtU, Op::kI64LeU},
  };
  for (auto [x, y] : kPairs) {
    if (op == x) return y;
    if (op == y) return x;
  }
  return op;
}

}  // namespace

// Labels and patches.

Translator::Label& Translator::label(uint32_t depth) { return labels_[reader_->label(depth).sink_data]; }

/// Begins a structure, whose parameters are on the stack, settled and at home.
Translator::Label& Translator::open(wasm::Control& control) {
  const auto parameters = static_cast<uint32_t>(control.params().size());
  settle();
  send_top_home(parameters);
  const auto entries = static_cast<uint32_t>(entries_.size()) - parameters;
  control.sink_data = labels_.size();
  labels_.push_back({.entries = entries, .base = parameters == 0 ? next_home_ : entries_[entries].home});
  return labels_.back();
}

/// How many values a branch carries.
uint32_t Translator::carried(uint32_t depth) {
  return static_cast<uint32_t>(reader_->label(depth).label_types().size());
}

/// Whether the homes of the top `count` entries are where the label wants its values.
bool Translator::in_place(const Label& target, uint32_t count) {
  return count == 0 || top(count - 1).home == target.base;
}

void Translator::move_values(const Label& target, uint32_t count) {
  const auto size = static_cast<uint32_t>(entries_.size());
  uint32_t to = target.base;
  for (uint32_t i = size - count; i < size; ++i) {
    store_entry(i, to);
    to += slots_of(entries_[i].cls);
  }
}

void Translator::add_patch(uint32_t& list, Patch patch) {
  patch.next = list;
  list = static_cast<uint32_t>(patches_.size());
  patches_.push_back(patch);
}

/// Binds what was to be patched to the place here.
void Translator::place(uint32_t& list) {
  for (uint32_t i = list; i != kNone; i = patches_[i].next) resolve(patches_[i], here());
  list = kNone;
  boundary_ = here();
  forget_mirrors();
}

void Translator::resolve(const Patch& patch, uint32_t target) {
  const auto displacement = static_cast<uint32_t>(target - patch.from);
  switch (patch.kind) {
    case Patch::Kind::kBranch:
      code_[patch.at] = (code_[patch.at] & 0xFFFFFFFF) | Word{displacement} << 32;
      break;
    case Patch::Kind::kTableEntry:
      code_[patch.at] |= Word{displacement} << (32 * patch.half);
      break;
    case Patch::Kind::kCatch:
      catches_[patch.at].target = target;
      break;
  }
}

/// Binds a patch to a label: now, if it stands already (a loop), or later.
void Translator::refer(Label& target, Patch patch) {
  if (target.target != kNone) {
    resolve(patch, target.target);
  } else {
    add_patch(target.patches, patch);
  }
}

// Branches.

/// Emits a branch; its displacement is to be patched.
Translator::Patch Translator::emit_branch(const Condition& condition, bool sense) {
  charge();
  switch (condition.kind) {
    case Condition::Kind::kCompare: {
      const Compare& c = condition.compare;
      // Of integers, one sense is enough: fusions need only know that.
      const bool holds = sense == c.sense;
      const Op inverse = inverted(c.row->op);
      const OpRow& row = holds || inverse == c.row->op ? *c.row : op_row(inverse);
      const Handler handler = row.branches[c.form * 2 + (holds || &row != c.row ? 1 : 0)];
      const bool first_in_acc = c.form == kAS || c.form == kAI;
      emit(handler, first_in_acc ? 0 : c.first, c.form == kAS ? c.first : c.second);
      if (c.form == kAI || c.form == kSI) emit_word(static_cast<Word>(c.bits));
      break;
    }
    case Condition::Kind::kAcc:
      emit((sense ? kControl.jump_if : kControl.jump_unless)[0]);
      break;
    case Condition::Kind::kSlot:
      emit((sense ? kControl.jump_if : kControl.jump_unless)[1], condition.slot);
      break;
    case Condition::Kind::kNull:
      emit(sense ? kControl.jump_if_null : kControl.jump_if_not_null, condition.slot);
      break;
    case Condition::Kind::kCast:
      emit(sense ? kControl.jump_if_cast : kControl.jump_if_not_cast, condition.slot);
      emit_word(condition.type_bits);
      forget_mirrors();
      break;
  }
  return {.kind = Patch::Kind::kBranch, .at = last_ + 1, .from = last_};
}

Translator::Patch Translator::emit_jump() {
  charge();
  emit(kControl.jump);
  return {.kind = Patch::Kind::kBranch, .at = last_ + 1, .from = last_};
}

/// Pops an i32 to branch on. A compare that was emitted just for it is taken back: it becomes part of the branch.
Translator::Condition Translator::take_condition() {
  const bool compare = is_compare(top());
  const Entry e = pop();
  if (compare) {
    take_back(compare_.at);
    accs_[0].mirror = compare_.mirror;
    return {.kind = Condition::Kind::kCompare, .compare = compare_};
  }
  if (e.kind == Entry::Kind::kAcc || mirrored(e)) return {.kind = Condition::Kind::kAcc};
  return {.kind = Condition::Kind::kSlot, .slot = to_slot(e)};
}

/// Leaves for a label with its values, for good.
void Translator::jump_to(uint32_t depth) {
  Label& target = label(depth);
  if (target.is_function) return emit_return();
  move_values(target, carried(depth));
  refer(target, emit_jump());
}

/// Branches to a label with its values if the condition is `sense`. On the other way the stack stays as it is.
void Translator::conditional(uint32_t depth, const Condition& condition, bool sense) {
  Label& target = label(depth);
  const uint32_t count = carried(depth);
  if (in_place(target, count)) {
    send_top_home(count);
    refer(target, emit_branch(condition, sense));
    return;
  }
  uint32_t skip = kNone;
  add_patch(skip, emit_branch(condition, !sense));
  if (target.is_function && count == 1) {
    emit_return();
  } else {
    move_values(target, count);
    refer(target, emit_jump());
  }
  place(skip);
}

void Translator::br(uint32_t depth) {
  tick();
  charge();
  jump_to(depth);
}

void Translator::br_if(uint32_t depth) {
  tick();
  const Condition condition = take_condition();
  conditional(depth, condition, true);
}

void Translator::br_on_null(uint32_t depth) {
  tick();
  const Entry ref = pop();
  const uint32_t slot = to_slot(ref);
  conditional(depth, {.kind = Condition::Kind::kNull, .slot = slot}, true);
  push_slot(Class::kInt, slot);
}

void Translator::br_on_non_null(uint32_t depth) {
  tick();
  send_top_home(1);
  conditional(depth, {.kind = Condition::Kind::kNull, .slot = top().slot}, false);
  pop();
}

void Translator::br_on_cast(uint32_t depth, ValType type, bool on_failure) {
  tick();
  send_top_home(1);
  spill_all();
  conditional(depth, {.kind = Condition::Kind::kCast, .slot = top().slot, .type_bits = type.bits()}, !on_failure);
}

void Translator::br_table(std::span<const uint32_t> depths) {
  tick();
  const Entry index = pop();
  const bool in_acc = index.kind == Entry::Kind::kAcc || mirrored(index);
  const uint32_t slot = in_acc ? 0 : to_slot(index);
  const uint32_t count = carried(depths.back());
  send_top_home(count);
  charge();
  const uint32_t at = emit_imm(kControl.table[in_acc ? 0 : 1], slot, 0, static_cast<int32_t>(depths.size() - 1));
  code_.resize(code_.size() + (depths.size() + 1) / 2);
  // Labels that want the values elsewhere are reached through code that moves them, once for each.
  constexpr uint32_t kDirect = kNone - 1;
  std::vector<uint32_t> detours(reader_->depth(), kDirect);
  for (size_t i = 0; i < depths.size(); ++i) {
    const Patch patch{.kind = Patch::Kind::kTableEntry,
                      .at = at + 2 + static_cast<uint32_t>(i / 2),
                      .half = static_cast<uint32_t>(i % 2),
                      .from = at};
    Label& target = label(depths[i]);
    if (in_place(target, count)) {
      refer(target, patch);
    } else {
      uint32_t& detour = detours[depths[i]];
      if (detour == kDirect) detour = kNone;
      add_patch(detour, patch);
    }
  }
  for (uint32_t depth = 0; depth < detours.size(); ++depth) {
    if (detours[depth] == kDirect) continue;
    place(detours[depth]);
    move_values(label(depth), count);
    refer(label(depth), emit_jump());
  }
}

void Translator::return_() {
  tick();
  charge();
  emit_return();
}

/// Returns the values on top, which stay where they are as far as the stack goes.
void Translator::emit_return() {
  const std::span<const ValType> results = type_of_self().results;
  const auto count = static_cast<uint32_t>(results.size());
  charge();
  if (count == 0) {
    emit(kControl.return_none, link_);
    return;
  }
  if (count > 1) {
    send_top_home(count);
    emit_imm(kControl.return_many, link_, top(count - 1).home, static_cast<int32_t>(all_slots(results)));
    return;
  }
  const Entry& value = top();
  const auto c = static_cast<int>(value.cls);
  if (value.kind == Entry::Kind::kAcc || mirrored(value)) {
    emit(kControl.return_acc[c], link_);
  } else if (value.kind == Entry::Kind::kSlot) {
    emit(kControl.return_slot[c], link_, value.slot);
  } else if (value.cls == Class::kInt && value.bits == static_cast<int32_t>(value.bits)) {
    emit_imm(kControl.return_constant, link_, 0, static_cast<int32_t>(value.bits));
  } else {
    store_constant(value.cls, value.home, value.bits);
    emit(kControl.return_slot[c], link_, value.home);
  }
}

void Translator::unreachable() {
  tick();
  charge();
  emit_imm(kControl.trap, 0, 0, static_cast<int32_t>(TrapKind::kUnreachable));
}

// Structures.

void Translator::block(wasm::Control& control) {
  tick();
  open(control);
}

void Translator::loop(wasm::Control& control) {
  tick();
  charge();
  Label& label = open(control);
  label.target = here();
  place(label.patches);
}

void Translator::if_(wasm::Control& control) {
  tick();
  const Condition condition = take_condition();
  Label& label = open(control);
  add_patch(label.else_patch, emit_branch(condition, false));
}

/// The stack as a label finds it: its values at home.
void Translator::reset(const Label& label, std::span<const ValType> values) {
  truncate(label.entries);
  next_home_ = label.base;
  for (ValType type : values) push_home(class_of(type));
  forget_mirrors();
  boundary_ = here();
}

void Translator::else_(wasm::Control& control, bool falls_in) {
  Label& label = labels_[control.sink_data];
  if (falls_in) {
    move_values(label, static_cast<uint32_t>(control.results().size()));
    add_patch(label.patches, emit_jump());
  }
  pending_fuel_ = 0;
  place(label.else_patch);
  reset(label, control.params());
}

void Translator::end(wasm::Control& control, bool falls_in) {
  if (control.kind == wasm::ControlKind::kFunction) {
    if (falls_in) emit_return();
    return;
  }
  Label& label = labels_[control.sink_data];
  if (label.try_begin != kNone) close_try(label);
  // Nothing joins at the end of a loop, nor of a block that no branch names: the stack may stay as it is.
  const bool joins = label.patches != kNone || label.else_patch != kNone || !falls_in ||
                     control.kind == wasm::ControlKind::kCatch || control.kind == wasm::ControlKind::kCatchAll;
  if (joins) {
    if (falls_in) {
      move_values(label, static_cast<uint32_t>(control.results().size()));
      charge();
    }
    pending_fuel_ = 0;
    place(label.else_patch);
    place(label.patches);
    reset(label, control.results());
  }
  labels_.pop_back();
}

void Translator::finish() {
  // Branches to the function's label, and exceptions caught there, find its results at home.
  Label& label = labels_.front();
  if (label.patches == kNone) return;
  place(label.patches);
  reset(label, type_of_self().results);
  emit_return();
}

// Calls.

/// Sends the arguments home, but for up to three that the call copies itself, and spills the accumulators.
void Translator::call_direct(Function* callee, const wasm::TypeDef& type) {
  const auto count = static_cast<uint32_t>(type.params.size());
  uint32_t copies = 0;
  uint32_t from[3] = {};
  if (count <= 3) {
    bool whole = true;
    for (uint32_t i = 0; i < count; ++i) {
      const Entry& e = top(count - 1 - i);
      whole = whole && (e.cls == Class::kInt || e.cls == Class::kF64);
      if (e.kind == Entry::Kind::kSlot && e.slot != e.home) copies = i + 1;
    }
    if (!whole) copies = 0;
    for (uint32_t i = 0; i < copies; ++i) {
      const auto index = static_cast<uint32_t>(entries_.size()) - count + i;
      if (entries_[index].kind != Entry::Kind::kSlot) send_home(index);
      from[i] = entries_[index].slot;
    }
  }
  for (uint32_t i = copies; i < count; ++i) send_home(static_cast<uint32_t>(entries_.size()) - count + i);
  spill_all();
  charge();
  const uint32_t base = count == 0 ? next_home_ : top(count - 1).home;
  emit(kControl.call[copies], base, from[0], from[1], from[2]);
  emit_word(reinterpret_cast<Word>(callee));
  emit_word(self_word());
  push_results(type);
}

void Translator::push_results(const wasm::TypeDef& type) {
  truncate(static_cast<uint32_t>(entries_.size() - type.params.size()));
  for (ValType result : type.results) push_home(class_of(result));
  forget_mirrors();
  if (type.results.size() == 1) accs_[static_cast<int>(top().cls)].mirror = top().slot;
  boundary_ = here();
}

/// Prepares a call whose callee is found at run time: arguments at home. Returns where they begin.
uint32_t Translator::arguments_home(const wasm::TypeDef& type) {
  const auto count = static_cast<uint32_t>(type.params.size());
  send_top_home(count);
  spill_all();
  charge();
  return count == 0 ? next_home_ : top(count - 1).home;
}

/// Ends such a call.
void Translator::finish_call(const wasm::TypeDef& type) {
  emit_word(self_word());
  emit(kControl.restore, link_ + kLinkContext);
  emit_word(self_word());
  push_results(type);
}

void Translator::tail(const wasm::TypeDef& type, Handler handler, uint32_t b, Word target, bool is64) {
  const uint32_t base = arguments_home(type);
  emit(handler, base, b, link_, type.param_slots);
  emit_word(target);
  emit_word(Word{type_of_self().result_slots} | Word{is64 ? 1u : 0u} << 32);
  emit_word(self_word());
}

const wasm::TypeDef& Translator::type_of_self() const { return module_.function_type(reader_->function_index()); }

void Translator::call(uint32_t function, bool tail_call) {
  tick();
  const wasm::TypeDef& type = module_.function_type(function);
  const bool imported = function < module_.imported_functions;
  Function* callee = imported ? nullptr : &functions_[function - module_.imported_functions];
  if (tail_call) {
    if (imported) {
      tail(type, kControl.tail_import, 0, function, false);
    } else {
      tail(type, kControl.tail_call, 0, reinterpret_cast<Word>(callee), false);
    }
  } else if (imported) {
    const uint32_t base = arguments_home(type);
    emit_imm(kControl.call_import, base, 0, static_cast<int32_t>(function));
    finish_call(type);
  } else {
    call_direct(callee, type);
  }
}

void Translator::call_indirect(uint32_t table, TypeId type_id, bool tail_call) {
  tick();
  const wasm::TypeDef& type = reader_->types().get(type_id);
  const bool is64 = module_.tables[table].type.is64;
  const Word target = Word{table} | Word{type_id} << 32;
  const Entry index = pop();
  const bool in_acc = !is64 && !tail_call && (index.kind == Entry::Kind::kAcc || mirrored(index));
  // Sending arguments home leaves the accumulator alone, but not the index's own home, if that is where it is.
  const uint32_t slot = in_acc ? 0 : to_slot(index);
  if (tail_call) {
    tail(type, kControl.tail_indirect, slot, target, is64);
    return;
  }
  const uint32_t base = arguments_home(type);
  emit(kControl.call_indirect[in_acc ? 0 : 1], base, slot, 0, is64 ? 1 : 0);
  emit_word(target);
  finish_call(type);
}

void Translator::call_ref(TypeId type_id, bool tail_call) {
  tick();
  const wasm::TypeDef& type = reader_->types().get(type_id);
  const uint32_t slot = to_slot(pop());
  if (tail_call) {
    tail(type, kControl.tail_ref, slot, 0, false);
    return;
  }
  const uint32_t base = arguments_home(type);
  emit(kControl.call_ref, base, slot);
  finish_call(type);
}

// Exceptions.

void Translator::throw_(uint32_t tag) {
  tick();
  const uint32_t base = arguments_home(reader_->types().get(module_.tags[tag].type));
  emit_imm(kControl.throw_tag, base, 0, static_cast<int32_t>(tag));
  emit_word(self_word());
}

void Translator::throw_ref() {
  tick();
  const uint32_t slot = to_slot(pop());
  spill_all();
  charge();
  emit(kControl.throw_ref, slot);
  emit_word(self_word());
}

void Translator::try_table(wasm::Control& control, std::span<const wasm::CatchClause> clauses) {
  using wasm::CatchClause;
  tick();
  charge();
  Label& own = open(control);
  own.try_begin = here();
  own.first_clause = static_cast<uint32_t>(clauses_.size());
  for (const CatchClause& clause : clauses) {
    const bool tagged = clause.kind == CatchClause::Kind::kCatch || clause.kind == CatchClause::Kind::kCatchRef;
    const bool refs = clause.kind == CatchClause::Kind::kCatchRef || clause.kind == CatchClause::Kind::kCatchAllRef;
    const Label& target = label(clause.label + 1);
    const uint32_t arg_slots = tagged ? reader_->types().get(module_.tags[clause.tag].type).param_slots : 0;
    CatchEntry entry{.begin = own.try_begin, .tag = clause.tag};
    entry.kind = tagged ? CatchEntry::Kind::kTag : CatchEntry::Kind::kAll;
    entry.args = static_cast<uint16_t>(target.base);
    entry.arg_slots = static_cast<uint16_t>(arg_slots);
    entry.ref = refs ? static_cast<uint16_t>(target.base + arg_slots) : CatchEntry::kNoSlot;
    clauses_.push_back({entry, static_cast<uint32_t>(reader_->label(clause.label + 1).sink_data)});
    max_home_ = std::max(max_home_, target.base + arg_slots + 1);
  }
}

void Translator::try_(wasm::Control& control) {
  tick();
  charge();
  Label& own = open(control);
  own.try_begin = here();
  own.is_legacy_try = true;
}

/// The code of a try_table, or of a legacy try up to its first handler, ends here: enters its handlers into the table,
/// after those of all that was within.
void Translator::close_try(Label& own) {
  const auto depth = static_cast<uint32_t>(&own - labels_.data());
  if (own.is_legacy_try) {
    own.try_end = here();
    return;
  }
  const auto first = own.first_clause;
  own.try_end = here();
  for (uint32_t i = first; i < clauses_.size(); ++i) {
    CatchEntry entry = clauses_[i].entry;
    entry.end = own.try_end;
    entry.depth = depth;
    catches_.push_back(entry);
    refer(labels_[clauses_[i].label],
          {.kind = Patch::Kind::kCatch, .at = static_cast<uint32_t>(catches_.size() - 1), .from = 0});
  }
  clauses_.resize(first);
  own.try_begin = kNone;
}

void Translator::begin_catch(wasm::Control& control, bool falls_in, uint32_t tag, bool all) {
  tick();
  Label& own = labels_[control.sink_data];
  if (falls_in) {
    move_values(own, static_cast<uint32_t>(control.results().size()));
    add_patch(own.patches, emit_jump());
  }
  if (own.try_end == kNone) own.try_end = here();
  pending_fuel_ = 0;
  reset(own, {});
  // The exception stays below the arm's operands, for rethrow.
  CatchEntry entry{.begin = own.try_begin, .end = own.try_end, .target = here(), .tag = tag};
  entry.kind = all ? CatchEntry::Kind::kAll : CatchEntry::Kind::kTag;
  entry.depth = static_cast<uint32_t>(control.sink_data);
  entry.ref = static_cast<uint16_t>(own.base);
  entry.args = static_cast<uint16_t>(own.base + 1);
  push_home(Class::kInt);
  if (!all) {
    const wasm::TypeDef& type = reader_->types().get(module_.tags[tag].type);
    entry.arg_slots = static_cast<uint16_t>(type.param_slots);
    for (ValType param : type.params) push_home(class_of(param));
  }
  catches_.push_back(entry);
}

void Translator::catch_(wasm::Control& control, uint32_t tag, bool falls_in) {
  begin_catch(control, falls_in, tag, false);
}

void Translator::catch_all(wasm::Control& control, bool falls_in) { begin_catch(control, falls_in, 0, true); }

void Translator::delegate(wasm::Control& control, uint32_t depth, bool falls_in) {
  Label& own = labels_[control.sink_data];
  CatchEntry entry{.begin = own.try_begin, .end = here()};
  entry.kind = CatchEntry::Kind::kDelegate;
  entry.depth = static_cast<uint32_t>(control.sink_data);
  entry.delegate_depth = static_cast<uint32_t>(reader_->label(depth + 1).sink_data);
  catches_.push_back(entry);
  end(control, falls_in);
}

void Translator::rethrow(uint32_t depth) {
  tick();
  spill_all();
  charge();
  emit(kControl.throw_ref, label(depth).base);
  emit_word(self_word());
}

}  // namespace wherry::interp
