// The translator's symbolic stack, and ops that compute and move. Control is in translator_control.cc.
#include "interp/translator.h"

#include <algorithm>
#include <cassert>

#include "interp/fusions.h"
#include "runtime/memory.h"

namespace wherry::interp {

namespace {

Word word_of(Handler handler) { return reinterpret_cast<Word>(handler); }

constexpr bool fits_32(int64_t bits) { return bits == static_cast<int32_t>(bits); }

constexpr Word operands(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return Word{a & 0xFFFF} | Word{b & 0xFFFF} << 16 | Word{c & 0xFFFF} << 32 | Word{d & 0xFFFF} << 48;
}

constexpr Op other_of(std::span<const std::pair<Op, Op>> pairs, Op op) {
  for (auto [x, y] : pairs) {
    if (op == x) return y;
    if (op == y) return x;
  }
  return op;
}

/// The same compare with its operands exchanged.
constexpr Op exchanged(Op op) {
  constexpr std::pair<Op, Op> kPairs[] = {
      {Op::kI32LtS, Op::kI32GtS}, {Op::kI32LtU, Op::kI32GtU}, {Op::kI32LeS, Op::kI32GeS}, {Op::kI32LeU, Op::kI32GeU},
      {Op::kI64LtS, Op::kI64GtS}, {Op::kI64LtU, Op::kI64GtU}, {Op::kI64LeS, Op::kI64GeS}, {Op::kI64LeU, Op::kI64GeU},
      {Op::kF32Lt, Op::kF32Gt},   {Op::kF32Le, Op::kF32Ge},   {Op::kF64Lt, Op::kF64Gt},   {Op::kF64Le, Op::kF64Ge},
  };
  return other_of(kPairs, op);
}

}  // namespace

Translator::Translator(const wasm::Module& module, const Config& config, Function* functions, Function* self,
                       bool record_offsets)
    : module_(module), config_(config), functions_(functions), self_(self), record_offsets_(record_offsets) {}

void Translator::begin(wasm::FunctionReaderBase& reader) {
  reader_ = &reader;
  uint32_t slot = 0;
  for (ValType type : reader.locals()) {
    if (local_slots_.size() == reader.param_count()) param_slots_ = slot;
    local_slots_.push_back(slot);
    slot += type.slots();
  }
  if (reader.param_count() == reader.locals().size()) param_slots_ = slot;
  link_ = slot;
  local_uses_.assign(slot, 0);
  next_home_ = max_home_ = link_ + kLinkSlots;
  labels_.push_back({.entries = 0, .base = next_home_, .is_function = true});
}

bool Translator::take(Translation& out) {
  const uint32_t zero_groups = (link_ - param_slots_ + 3) / 4;
  // A frame has room for whatever the groups of zeros overshoot, and for a call's copies of arguments.
  const uint32_t frame_slots = max_home_ + 4;
  if (frame_slots > 0xFFFF) return false;
  fuse();
  out.code = std::move(code_);
  out.catches = std::move(catches_);
  out.offsets = std::move(offsets_);
  out.frame_slots = frame_slots;
  out.link = static_cast<uint16_t>(link_);
  out.zero_begin = static_cast<uint16_t>(param_slots_);
  out.zero_groups = static_cast<uint16_t>(zero_groups);
  return true;
}

// Entries.

void Translator::push(Entry entry) {
  entry.home = next_home_;
  next_home_ += slots_of(entry.cls);
  max_home_ = std::max(max_home_, next_home_);
  entries_.push_back(entry);
}

void Translator::push_slot(Class cls, uint32_t slot) {
  push({.kind = Entry::Kind::kSlot, .cls = cls, .slot = slot, .home = 0});
  if (slot < link_) ++local_uses_[slot];
}

void Translator::push_home(Class cls) { push_slot(cls, next_home_); }

void Translator::push_constant(Class cls, int64_t bits) {
  push({.kind = Entry::Kind::kConstant, .cls = cls, .home = 0, .bits = bits});
}

Translator::Entry Translator::pop() {
  const Entry entry = entries_.back();
  entries_.pop_back();
  next_home_ = entry.home;
  if (entry.kind == Entry::Kind::kAcc) accs_[static_cast<int>(entry.cls)].entry = kNone;
  if (entry.kind == Entry::Kind::kSlot && entry.slot < link_) --local_uses_[entry.slot];
  settled_ = std::min(settled_, static_cast<uint32_t>(entries_.size()));
  return entry;
}

void Translator::truncate(uint32_t entries) {
  while (entries_.size() > entries) pop();
}

/// Moves an entry to its home.
void Translator::send_home(uint32_t index) {
  Entry& entry = entries_[index];
  switch (entry.kind) {
    case Entry::Kind::kAcc:
      spill(entry.cls);
      return;
    case Entry::Kind::kConstant:
      store_constant(entry.cls, entry.home, entry.bits);
      break;
    case Entry::Kind::kSlot:
      if (entry.slot == entry.home) return;
      copy_slot(entry.cls, entry.home, entry.slot);
      --local_uses_[entry.slot];
      break;
  }
  entry.kind = Entry::Kind::kSlot;
  entry.slot = entry.home;
}

void Translator::send_top_home(uint32_t count) {
  const auto size = static_cast<uint32_t>(entries_.size());
  for (uint32_t i = size - count; i < size; ++i) send_home(i);
}

/// A slot that holds the value of an entry that was popped: the local's, or its former home.
uint32_t Translator::to_slot(const Entry& entry) {
  if (entry.kind == Entry::Kind::kSlot) return entry.slot;
  if (entry.kind == Entry::Kind::kConstant) {
    store_constant(entry.cls, entry.home, entry.bits);
    return entry.home;
  }
  Acc& acc = accs_[static_cast<int>(entry.cls)];
  code_[acc.producer] = word_of(acc.pair->slot);
  set_a(acc.producer, entry.home);
  wrote(entry.home, entry.cls);
  acc.mirror = entry.home;
  return entry.home;
}

/// Moves home what a control structure may change underneath: names of locals, and accumulators.
void Translator::settle() {
  for (auto i = settled_; i < entries_.size(); ++i) {
    if (entries_[i].kind != Entry::Kind::kConstant) send_home(i);
  }
  settled_ = static_cast<uint32_t>(entries_.size());
}

/// Moves the entry in an accumulator home, by telling the instruction that produced it to write there too.
void Translator::spill(Class cls) {
  Acc& acc = accs_[static_cast<int>(cls)];
  if (acc.entry == kNone) return;
  Entry& entry = entries_[acc.entry];
  code_[acc.producer] = word_of(acc.pair->slot);
  set_a(acc.producer, entry.home);
  entry.kind = Entry::Kind::kSlot;
  entry.slot = entry.home;
  wrote(entry.home, cls);
  acc.entry = kNone;
  acc.mirror = entry.home;
}

void Translator::spill_all() {
  for (uint32_t c = 0; c < kClasses; ++c) spill(static_cast<Class>(c));
}

void Translator::forget_mirrors() {
  for (Acc& acc : accs_) acc.mirror = kNone;
}

/// Notes that a slot was written: no accumulator mirrors what was there.
void Translator::wrote(uint32_t slot, Class cls) {
  for (uint32_t c = 0; c < kClasses; ++c) {
    const uint32_t mirror = accs_[c].mirror;
    if (mirror == kNone) continue;
    if (mirror < slot + slots_of(cls) && slot < mirror + slots_of(static_cast<Class>(c))) accs_[c].mirror = kNone;
  }
}

/// Sends entries that name a local home, before it is written. True if that took instructions.
bool Translator::release_local(uint32_t slot) {
  if (local_uses_[slot] == 0) return false;
  for (auto i = settled_; i < entries_.size(); ++i) {
    if (entries_[i].kind == Entry::Kind::kSlot && entries_[i].slot == slot) send_home(i);
  }
  return true;
}

bool Translator::mirrored(const Entry& entry) const {
  return entry.kind == Entry::Kind::kSlot && accs_[static_cast<int>(entry.cls)].mirror == entry.slot;
}

// Code.

uint32_t Translator::emit(Handler handler, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  assert(handler != nullptr);
  last_ = here();
  starts_.push_back(last_);
  if (record_offsets_) offsets_.emplace_back(last_, static_cast<uint32_t>(reader_->op_offset()));
  code_.push_back(word_of(handler));
  code_.push_back(operands(a, b, c, d));
  return last_;
}

uint32_t Translator::emit_imm(Handler handler, uint32_t a, uint32_t b, int32_t imm) {
  const auto bits = static_cast<uint32_t>(imm);
  return emit(handler, a, b, bits, bits >> 16);
}

void Translator::set_a(uint32_t at, uint32_t a) { code_[at + 1] = (code_[at + 1] & ~Word{0xFFFF}) | (a & 0xFFFF); }

/// Emits an instruction whose result goes to the accumulator of its class, and pushes it.
void Translator::produce(Class cls, const HandlerPair& pair, uint32_t b, uint32_t c, uint32_t d) {
  spill(cls);
  produced(cls, pair, emit(pair.acc, 0, b, c, d));
}

void Translator::produce_imm(Class cls, const HandlerPair& pair, uint32_t b, int32_t imm) {
  spill(cls);
  produced(cls, pair, emit_imm(pair.acc, 0, b, imm));
}

void Translator::produced(Class cls, const HandlerPair& pair, uint32_t at) {
  push({.kind = Entry::Kind::kAcc, .cls = cls, .home = 0});
  accs_[static_cast<int>(cls)] = {
      .entry = static_cast<uint32_t>(entries_.size() - 1), .producer = at, .pair = &pair, .mirror = kNone};
}

/// Whether an entry in an accumulator was made by the last instruction, so that it may be given another destination.
bool Translator::is_last_producer(const Entry& entry) const {
  return entry.kind == Entry::Kind::kAcc && last_ != kNone && last_ >= boundary_ &&
         accs_[static_cast<int>(entry.cls)].producer == last_;
}

void Translator::copy_slot(Class cls, uint32_t to, uint32_t from) {
  wrote(to, cls);
  const bool whole = cls == Class::kInt || cls == Class::kF64;
  if (whole && last_ != kNone && last_ >= boundary_ && code_[last_] == word_of(kMove.slot_to_slot[0]) &&
      here() == last_ + 2) {
    code_[last_] = word_of(kMove.slots2);
    code_[last_ + 1] |= operands(0, 0, to, from);
    return;
  }
  emit(kMove.slot_to_slot[static_cast<int>(cls)], to, from);
}

void Translator::store_constant(Class cls, uint32_t to, int64_t bits) {
  wrote(to, cls);
  if (fits_32(bits)) {
    emit_imm(kMove.constant, to, 0, static_cast<int32_t>(bits));
  } else {
    emit(kMove.constant64, to);
    emit_word(static_cast<Word>(bits));
  }
}

/// Writes an entry's value to a slot that is not its home; the entry stays as it is.
void Translator::store_entry(uint32_t index, uint32_t to) {
  const Entry& entry = entries_[index];
  if (entry.home == to) return send_home(index);
  switch (entry.kind) {
    case Entry::Kind::kConstant:
      store_constant(entry.cls, to, entry.bits);
      break;
    case Entry::Kind::kSlot:
      copy_slot(entry.cls, to, entry.slot);
      break;
    case Entry::Kind::kAcc:
      if (is_last_producer(entry)) {
        const Acc& acc = accs_[static_cast<int>(entry.cls)];
        code_[acc.producer] = word_of(acc.pair->slot);
        set_a(acc.producer, to);
      } else {
        emit(kMove.acc_to_slot[static_cast<int>(entry.cls)], to);
      }
      wrote(to, entry.cls);
      break;
  }
}

/// Takes back the instructions from `at` on.
void Translator::take_back(uint32_t at) {
  code_.resize(at);
  while (!starts_.empty() && starts_.back() >= at) starts_.pop_back();
  while (!offsets_.empty() && offsets_.back().first >= at) offsets_.pop_back();
  last_ = kNone;
}

/// Lets handlers that do several instructions at once take the place of the first's. The others stay where they are, so
/// a branch may still go to them, and nothing moves. Chooses what takes the fewest dispatches from every instruction
/// on.
void Translator::fuse() {
  const Fusions& fusions = Fusions::get();
  const size_t count = starts_.size();
  std::vector<Word> handlers(count);
  for (size_t i = 0; i < count; ++i) handlers[i] = code_[starts_[i]];
  std::vector<uint32_t> dispatches(count + Fusion::kMost, 0);
  for (size_t i = count; i-- > 0;) {
    dispatches[i] = dispatches[i + 1] + 1;
    for (size_t n = 2; n <= Fusion::kMost && i + n <= count; ++n) {
      const Word fused = fusions.find(std::span(handlers).subspan(i, n));
      if (fused == 0 || dispatches[i + n] + 1 > dispatches[i]) continue;
      dispatches[i] = dispatches[i + n] + 1;
      code_[starts_[i]] = fused;
    }
  }
}

/// Fuel: what was executed since the last charge is paid before anything that can be observed.
void Translator::charge() {
  if (pending_fuel_ == 0) return;
  emit_imm(kControl.fuel, 0, 0, static_cast<int32_t>(pending_fuel_));
  pending_fuel_ = 0;
}

// Ops.

void Translator::plain(Op op, const wasm::Imm& imm) {
  const bool native = wasm::info(op).feature == Feature::kRelaxedSimd && !config_.relaxed_simd_deterministic;
  const OpRow& row = native ? native_op_row(op) : op_row(op);
  if (config_.fuel) {
    ++pending_fuel_;
    const wasm::Effect effect = wasm::info(op).effect;
    const bool local = op == Op::kLocalGet || op == Op::kLocalSet || op == Op::kLocalTee;
    if (effect != wasm::Effect::kPure && !local) charge();
  }
  switch (row.shape) {
    case Shape::kBinary:
      return binary(row);
    case Shape::kCompare:
      return compare(op);
    case Shape::kUnary:
      return unary(row, static_cast<int32_t>(imm.lane));
    case Shape::kLoad:
      return load(row, imm.mem);
    case Shape::kStore:
      return store(&row, imm.mem);
    case Shape::kLaned:
    case Shape::kTernary:
      vector_op(row, imm);
      return;
    case Shape::kNone:
      break;
  }
  switch (op) {
    case Op::kNop:
      return;
    case Op::kI32Const:
      return push_constant(Class::kInt, static_cast<int32_t>(imm.bits));
    case Op::kI64Const:
      return push_constant(Class::kInt, static_cast<int64_t>(imm.bits));
    case Op::kF32Const:
      return push_constant(Class::kF32, static_cast<int32_t>(imm.bits));
    case Op::kF64Const:
      return push_constant(Class::kF64, static_cast<int64_t>(imm.bits));
    case Op::kRefNull:
      return push_constant(Class::kInt, 0);
    case Op::kLocalGet:
      return push_slot(class_of(reader_->locals()[imm.index]), local_slots_[imm.index]);
    case Op::kLocalSet:
      return local_set(imm.index, false);
    case Op::kLocalTee:
      return local_set(imm.index, true);
    case Op::kGlobalGet:
      return global(imm.index, false);
    case Op::kGlobalSet:
      return global(imm.index, true);
    case Op::kI32Eqz:
      return eqz(Op::kI32Eq);
    case Op::kI64Eqz:
      return eqz(Op::kI64Eq);
    case Op::kRefIsNull:
      return eqz(Op::kI64Eq);
    case Op::kRefEq:
      return compare(Op::kI64Eq);
    case Op::kI32WrapI64: {
      // i32 values ignore the high half of their slot.
      Entry& entry = top();
      if (entry.kind == Entry::Kind::kConstant) entry.bits = static_cast<int32_t>(entry.bits);
      return;
    }
    case Op::kAnyConvertExtern:
    case Op::kExternConvertAny:
      return;
    default:
      break;
  }
  if (!runtime_op(op, imm)) {
    [[maybe_unused]] const bool known = atomic_op(op, imm) || vector_memory_op(op, imm);
    assert(known);
  }
}

void Translator::drop(ValType) {
  tick();
  pop();
}

void Translator::local_set(uint32_t index, bool tee) {
  const Class cls = class_of(reader_->locals()[index]);
  const uint32_t local = local_slots_[index];
  Acc& acc = accs_[static_cast<int>(cls)];
  const Entry value = pop();
  if (value.kind == Entry::Kind::kSlot && value.slot == local) {
    if (tee) push_slot(cls, local);
    return;
  }
  const bool released = release_local(local);
  bool in_local = true;
  switch (value.kind) {
    case Entry::Kind::kAcc:
      if (!released && is_last_producer(value)) {
        code_[acc.producer] = word_of(acc.pair->slot);
        set_a(acc.producer, local);
      } else {
        emit(kMove.acc_to_slot[static_cast<int>(cls)], local);
      }
      wrote(local, cls);
      acc.mirror = local;
      break;
    case Entry::Kind::kConstant:
      store_constant(cls, local, value.bits);
      in_local = false;
      break;
    case Entry::Kind::kSlot:
      if (mirrored(value)) {
        emit(kMove.acc_to_slot[static_cast<int>(cls)], local);
        wrote(local, cls);
      } else {
        copy_slot(cls, local, value.slot);
      }
      break;
  }
  if (!tee) return;
  if (in_local) {
    push_slot(cls, local);
  } else {
    push_constant(cls, value.bits);
  }
}

void Translator::binary(const OpRow& row) {
  using Kind = Entry::Kind;
  Entry r = pop();
  Entry l = pop();
  const bool commutative = row.pairs[kSA].acc == nullptr;
  auto in_acc = [&](const Entry& e) { return e.kind == Kind::kAcc || mirrored(e); };
  if (commutative) {
    const bool exchange = l.kind == Kind::kConstant
                              ? r.kind != Kind::kConstant
                              : r.kind == Kind::kAcc || (!in_acc(l) && in_acc(r) && l.kind != Kind::kAcc);
    if (exchange && r.kind != Kind::kConstant) std::swap(l, r);
  }
  auto immediate = [&](const Entry& e) {
    return e.kind == Kind::kConstant && (e.cls == Class::kF64 || fits_32(e.bits));
  };
  if (l.kind == Kind::kAcc && r.kind == Kind::kAcc) {
    r.slot = to_slot(r);
    r.kind = Kind::kSlot;
  }
  auto emit_form = [&](BinaryForm form, uint32_t b, uint32_t c) { produce(row.result, row.pairs[form], b, c, 0); };
  auto emit_immediate = [&](BinaryForm form, uint32_t b, const Entry& constant) {
    if (constant.cls == Class::kF64) {
      produce(row.result, row.pairs[form], b, 0, 0);
      emit_word(static_cast<Word>(constant.bits));
    } else {
      produce_imm(row.result, row.pairs[form], b, static_cast<int32_t>(constant.bits));
    }
  };
  if (immediate(r) && row.pairs[kSI].acc != nullptr) {
    if (in_acc(l)) return emit_immediate(kAI, 0, r);
    return emit_immediate(kSI, to_slot(l), r);
  }
  if (immediate(l) && row.pairs[kIS].acc != nullptr) {
    if (in_acc(r)) return emit_immediate(kIA, 0, l);
    return emit_immediate(kIS, to_slot(r), l);
  }
  if (r.kind != Kind::kAcc && in_acc(l)) return emit_form(kAS, to_slot(r), 0);
  if (in_acc(r) && row.pairs[kSA].acc != nullptr) return emit_form(kSA, to_slot(l), 0);
  const uint32_t first = to_slot(l);
  emit_form(kSS, first, to_slot(r));
}

/// Compares take their operands in either order, so the forms AS, SS, AI and SI are enough.
void Translator::compare(Op op) {
  using Kind = Entry::Kind;
  Entry r = pop();
  Entry l = pop();
  auto in_acc = [&](const Entry& e) { return e.kind == Kind::kAcc || mirrored(e); };
  const bool exchange = r.kind != Kind::kConstant && (l.kind == Kind::kConstant || (in_acc(r) && !in_acc(l)));
  if (exchange) {
    std::swap(l, r);
    op = exchanged(op);
  }
  const OpRow& row = op_row(op);
  Compare made{.row = &row, .mirror = accs_[0].mirror};
  const bool immediate = r.kind == Kind::kConstant && (r.cls == Class::kF64 || fits_32(r.bits));
  if (immediate) {
    made.bits = r.bits;
    made.form = in_acc(l) ? kAI : kSI;
    if (made.form == kSI) made.first = to_slot(l);
  } else if (in_acc(l)) {
    made.form = kAS;
    made.first = to_slot(r);
  } else {
    made.form = kSS;
    made.first = to_slot(l);
    made.second = to_slot(r);
  }
  const HandlerPair& pair = row.pairs[made.form];
  if (immediate && r.cls == Class::kF64) {
    produce(Class::kInt, pair, made.first, 0, 0);
    emit_word(static_cast<Word>(r.bits));
  } else if (immediate) {
    produce_imm(Class::kInt, pair, made.first, static_cast<int32_t>(r.bits));
  } else {
    produce(Class::kInt, pair, made.first, made.second, 0);
  }
  made.at = last_;
  made.end = here();
  compare_ = made;
}

/// A compare with zero; of a compare, it also turns the sense of a branch that may follow.
void Translator::eqz(Op equal) {
  const bool inverts = is_compare(top());
  const Compare inner = compare_;
  push_constant(Class::kInt, 0);
  compare(equal);
  if (inverts) {
    compare_ = inner;
    compare_.end = here();
    compare_.sense = !inner.sense;
  }
}

bool Translator::is_compare(const Entry& entry) const {
  return entry.kind == Entry::Kind::kAcc && entry.cls == Class::kInt && compare_.at != kNone &&
         compare_.end == here() && compare_.at >= boundary_ && accs_[0].producer == last_;
}

void Translator::unary(const OpRow& row, int32_t imm) {
  const Entry e = pop();
  const bool in_acc = e.kind == Entry::Kind::kAcc || mirrored(e);
  const uint32_t slot = in_acc ? 0 : to_slot(e);
  produce_imm(row.result, row.pairs[in_acc ? kA : kS], slot, imm);
}

bool Translator::is_guarded(uint32_t memory) const {
  return memory == 0 && runtime::Memory::is_guarded(module_.memories[0], config_.bounds);
}

/// How a checked access names its memory: see ops_memory.cc.
int32_t Translator::memory_word(uint32_t memory) const {
  return static_cast<int32_t>(memory | (module_.memories[memory].is64 ? uint32_t{1} << 31 : 0));
}

void Translator::load(const OpRow& row, const wasm::MemArg& mem) {
  const Entry e = pop();
  const bool in_acc = e.kind == Entry::Kind::kAcc || mirrored(e);
  const uint32_t slot = in_acc ? 0 : to_slot(e);
  const UnaryForm form = in_acc ? kA : kS;
  if (is_guarded(mem.memory)) {
    produce_imm(row.result, row.pairs[form], slot, static_cast<int32_t>(mem.offset));
  } else {
    produce_imm(row.result, row.pairs[kUnaryForms + form], slot, memory_word(mem.memory));
    emit_word(mem.offset);
  }
}

void Translator::store(const OpRow* row, const wasm::MemArg& mem) {
  using Kind = Entry::Kind;
  const Entry value = pop();
  const Entry address = pop();
  auto in_acc = [&](const Entry& e) { return e.kind == Kind::kAcc || mirrored(e); };
  const bool guarded = is_guarded(mem.memory);
  if (value.kind == Kind::kConstant && guarded) {
    if (row->rhs == Class::kF32) row = &op_row(Op::kI32Store);
    if (row->rhs == Class::kF64) row = &op_row(Op::kI64Store);
    const bool address_in_acc = in_acc(address);
    const uint32_t slot = address_in_acc ? 0 : to_slot(address);
    emit_imm(row->single[address_in_acc ? kAI : kSI], slot, 0, static_cast<int32_t>(mem.offset));
    emit_word(static_cast<Word>(value.bits));
    return;
  }
  BinaryForm form = kSS;
  uint32_t address_slot = 0;
  uint32_t value_slot = 0;
  if (value.kind == Kind::kAcc || (address.kind != Kind::kAcc && mirrored(value))) {
    form = kSA;
    address_slot = to_slot(address);
  } else {
    value_slot = to_slot(value);
    if (in_acc(address)) {
      form = kAS;
    } else {
      address_slot = to_slot(address);
    }
  }
  if (guarded) {
    emit_imm(row->single[form], address_slot, value_slot, static_cast<int32_t>(mem.offset));
  } else {
    emit_imm(row->single[kCheckedStores + form], address_slot, value_slot, memory_word(mem.memory));
    emit_word(mem.offset);
  }
}

void Translator::global(uint32_t index, bool set) {
  const Class cls = class_of(module_.globals[index].type.type);
  const auto c = static_cast<int>(cls);
  const bool far = index < module_.imported_globals;
  const auto imm = static_cast<int32_t>(far ? index : runtime::global_cell_offset(index - module_.imported_globals));
  if (!set) {
    produce_imm(cls, (far ? kMove.global_get_far : kMove.global_get)[c], 0, imm);
    return;
  }
  const Entry value = pop();
  const bool in_acc = value.kind == Entry::Kind::kAcc || mirrored(value);
  const uint32_t slot = in_acc ? 0 : to_slot(value);
  emit_imm((far ? kMove.global_set_far : kMove.global_set)[c][in_acc ? 0 : 1], 0, slot, imm);
}

void Translator::select(ValType type) {
  tick();
  const Class cls = class_of(type);
  const Entry condition = pop();
  const Entry second = pop();
  const Entry first = pop();
  const uint32_t first_slot = to_slot(first);
  const uint32_t second_slot = to_slot(second);
  const bool in_acc = condition.kind == Entry::Kind::kAcc || mirrored(condition);
  const uint32_t slot = in_acc ? 0 : to_slot(condition);
  produce(cls, kMove.select[static_cast<int>(cls)][in_acc ? 0 : 1], first_slot, second_slot, slot);
}

/// Emits an op whose operands lie in consecutive slots; its results go there too.
void Translator::stack_op(Handler handler, uint32_t operand_count, std::span<const Class> results, int32_t imm,
                          std::span<const Word> words) {
  send_top_home(operand_count);
  spill_all();
  truncate(static_cast<uint32_t>(entries_.size()) - operand_count);
  emit_imm(handler, next_home_, 0, imm);
  for (Word word : words) emit_word(word);
  for (Class cls : results) push_home(cls);
  forget_mirrors();
}

}  // namespace wherry::interp
