// The translator: a sink of the function reader that turns a body into the interpreter's code.
//
// It keeps a symbolic operand stack. An entry says where its value is: in a slot (a local's, or its home), in the
// accumulator of its class, or nowhere yet, being a constant. The home of an entry is the slot at its height in the
// frame; wasm's validation makes heights agree wherever control joins, so values that must be somewhere definite are
// moved home.
//
// Invariants
// - At most one entry per class is in the accumulator, and the instruction that produced it is known, so that it can
// still
//   be told to write a slot too: moving such an entry home costs no instruction.
// - An accumulator may also *mirror* a slot: both hold the same value, and an instruction may read either.
// - Entries that name a local are moved home before the local is written ("settled"), and before control structures
// begin,
//   since the local may be written inside on one path only.
// - Instructions emitted since `boundary_` are executed one after the other: only these may be changed or taken back.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "interp/frame.h"
#include "interp/handlers.h"
#include "wasm/function_reader.h"
#include "wherry/config.h"

namespace wherry::interp {

/// What a translation gives.
struct Translation {
  std::vector<Word> code;
  std::vector<CatchEntry> catches;
  /// If asked for: for every instruction its position in `code` and the offset of its op in the module, ascending.
  std::vector<std::pair<uint32_t, uint32_t>> offsets;
  uint32_t frame_slots = 0;
  uint16_t link = 0;
  uint16_t zero_begin = 0;
  uint16_t zero_groups = 0;
};

class Translator {
 public:
  /// `functions`: the module's defined functions. `self` is the one to translate.
  Translator(const wasm::Module& module, const Config& config, Function* functions, Function* self,
             bool record_offsets);

  /// Call after the reader has finished. False: the function needs more slots than instructions can name.
  bool take(Translation& out);

  // The sink's hooks.
  void begin(wasm::FunctionReaderBase& reader);
  template <Op op>
  void on(const wasm::Imm& imm) {
    plain(op, imm);
  }
  void drop(ValType type);
  void select(ValType type);
  void block(wasm::Control& control);
  void loop(wasm::Control& control);
  void if_(wasm::Control& control);
  void else_(wasm::Control& control, bool falls_in);
  void end(wasm::Control& control, bool falls_in);
  void try_table(wasm::Control& control, std::span<const wasm::CatchClause> clauses);
  void try_(wasm::Control& control);
  void catch_(wasm::Control& control, uint32_t tag, bool falls_in);
  void catch_all(wasm::Control& control, bool falls_in);
  void delegate(wasm::Control& control, uint32_t depth, bool falls_in);
  void rethrow(uint32_t depth);
  void br(uint32_t depth);
  void br_if(uint32_t depth);
  void br_table(std::span<const uint32_t> depths);
  void br_on_null(uint32_t depth);
  void br_on_non_null(uint32_t depth);
  void br_on_cast(uint32_t depth, ValType type, bool on_failure);
  void return_();
  void unreachable();
  void call(uint32_t function, bool tail);
  void call_indirect(uint32_t table, TypeId type, bool tail);
  void call_ref(TypeId type, bool tail);
  void throw_(uint32_t tag);
  void throw_ref();
  void finish();

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};

  struct Entry {
    enum class Kind : uint8_t { kSlot, kAcc, kConstant };
    Kind kind;
    Class cls;
    uint32_t slot = kNone;  ///< kSlot
    uint32_t home;
    int64_t bits = 0;  ///< kConstant; i32 sign-extended.
  };

  struct Acc {
    uint32_t entry = kNone;             ///< Index of the entry that is in it.
    uint32_t producer = kNone;          ///< Position of the instruction that produced it,
    const HandlerPair* pair = nullptr;  ///< and its handlers.
    uint32_t mirror = kNone;            ///< Slot of the same value.
  };

  /// A compare that was just emitted and may become part of the branch that uses it.
  struct Compare {
    uint32_t at = kNone;
    uint32_t end = kNone;
    const OpRow* row = nullptr;
    BinaryForm form = kSS;
    uint32_t first = 0, second = 0;
    int64_t bits = 0;
    bool sense = true;
    uint32_t mirror = kNone;  ///< Of the int accumulator, before it.
  };

  /// What a conditional branch depends on.
  struct Condition {
    enum class Kind : uint8_t { kCompare, kAcc, kSlot, kNull, kCast };
    Kind kind;
    uint32_t slot = 0;
    uint32_t type_bits = 0;
    Compare compare = {};
  };

  struct Label {
    uint32_t target = kNone;      ///< Of loops.
    uint32_t entries;             ///< Height in entries, without parameters.
    uint32_t base;                ///< Home of the first value that a branch carries.
    uint32_t patches = kNone;     ///< Head of a list in patches_.
    uint32_t else_patch = kNone;  ///< kIf: the branch to the else-arm, as a list.
    bool is_function = false;
    // Of try_table and legacy try: the code that their handlers cover.
    bool is_legacy_try = false;
    uint32_t try_begin = kNone;
    uint32_t try_end = kNone;
    uint32_t first_clause = 0;  ///< In clauses_.
  };

  /// A clause of a try_table that has not ended.
  struct Clause {
    CatchEntry entry;
    uint32_t label;
  };

  struct Patch {
    enum class Kind : uint8_t { kBranch, kTableEntry, kCatch };
    Kind kind;
    uint32_t at;        ///< Word of the branch; or of the table's entry; or index of the catch entry.
    uint32_t half = 0;  ///< kTableEntry: which half of the word.
    uint32_t from;      ///< Word that displacements count from.
    uint32_t next = kNone;
  };

  // Entries.
  void push_slot(Class cls, uint32_t slot);
  void push_home(Class cls);
  void push_constant(Class cls, int64_t bits);
  void push(Entry entry);
  Entry pop();
  void truncate(uint32_t entries);
  Entry& top(uint32_t from_top = 0) { return entries_[entries_.size() - 1 - from_top]; }
  void send_home(uint32_t index);
  void send_top_home(uint32_t count);
  uint32_t to_slot(const Entry& entry);
  void settle();
  void spill(Class cls);
  void spill_all();
  void forget_mirrors();
  void wrote(uint32_t slot, Class cls);
  bool release_local(uint32_t slot);
  bool mirrored(const Entry& entry) const;

  // Code.
  uint32_t here() const { return static_cast<uint32_t>(code_.size()); }
  uint32_t emit(Handler handler, uint32_t a = 0, uint32_t b = 0, uint32_t c = 0, uint32_t d = 0);
  uint32_t emit_imm(Handler handler, uint32_t a, uint32_t b, int32_t imm);
  void emit_word(Word word) { code_.push_back(word); }
  void set_a(uint32_t at, uint32_t a);
  void produce(Class cls, const HandlerPair& pair, uint32_t b, uint32_t c, uint32_t d);
  void produce_imm(Class cls, const HandlerPair& pair, uint32_t b, int32_t imm);
  void produced(Class cls, const HandlerPair& pair, uint32_t at);
  bool is_last_producer(const Entry& entry) const;
  void copy_slot(Class cls, uint32_t to, uint32_t from);
  void store_constant(Class cls, uint32_t to, int64_t bits);
  void store_entry(uint32_t index, uint32_t to);
  void take_back(uint32_t at);
  void fuse();
  void charge();
  void tick() { pending_fuel_ += config_.fuel ? 1 : 0; }

  // Ops.
  void plain(Op op, const wasm::Imm& imm);
  void local_set(uint32_t index, bool tee);
  void binary(const OpRow& row);
  void compare(Op op);
  void eqz(Op equal);
  bool is_compare(const Entry& entry) const;
  void unary(const OpRow& row, int32_t imm);
  void load(const OpRow& row, const wasm::MemArg& mem);
  void store(const OpRow* row, const wasm::MemArg& mem);
  void global(uint32_t index, bool set);
  bool is_guarded(uint32_t memory) const;
  int32_t memory_word(uint32_t memory) const;
  /// An op whose operands lie in consecutive slots, as do its results.
  void stack_op(Handler handler, uint32_t operands, std::span<const Class> results, int32_t imm,
                std::span<const Word> words = {});
  bool runtime_op(Op op, const wasm::Imm& imm);
  bool gc_op(Op op, const wasm::Imm& imm);
  bool atomic_op(Op op, const wasm::Imm& imm);
  bool vector_op(const OpRow& row, const wasm::Imm& imm);
  bool vector_memory_op(Op op, const wasm::Imm& imm);

  // Control.
  Label& label(uint32_t depth);
  Label& open(wasm::Control& control);
  uint32_t carried(uint32_t depth);
  bool in_place(const Label& target, uint32_t count);
  void move_values(const Label& target, uint32_t count);
  void add_patch(uint32_t& list, Patch patch);
  void place(uint32_t& list);
  void resolve(const Patch& patch, uint32_t target);
  void refer(Label& target, Patch patch);
  Patch emit_branch(const Condition& condition, bool sense);
  Patch emit_jump();
  Condition take_condition();
  void jump_to(uint32_t depth);
  void conditional(uint32_t depth, const Condition& condition, bool sense);
  void reset(const Label& label, std::span<const ValType> values);
  void emit_return();
  void call_direct(Function* callee, const wasm::TypeDef& type);
  void push_results(const wasm::TypeDef& type);
  uint32_t arguments_home(const wasm::TypeDef& type);
  void finish_call(const wasm::TypeDef& type);
  void tail(const wasm::TypeDef& type, Handler handler, uint32_t b, Word target, bool is64);
  const wasm::TypeDef& type_of_self() const;
  void close_try(Label& own);
  void begin_catch(wasm::Control& control, bool falls_in, uint32_t tag, bool all);
  Word self_word() const { return reinterpret_cast<Word>(self_); }

  const wasm::Module& module_;
  const Config& config_;
  Function* functions_;
  Function* self_;
  wasm::FunctionReaderBase* reader_ = nullptr;
  bool record_offsets_;

  std::vector<Word> code_;
  std::vector<uint32_t> starts_;  ///< Positions of the instructions in code_.
  std::vector<CatchEntry> catches_;
  std::vector<std::pair<uint32_t, uint32_t>> offsets_;
  std::vector<uint32_t> local_slots_;
  std::vector<uint32_t> local_uses_;  ///< By slot: how many entries name it.
  std::vector<Entry> entries_;
  std::vector<Label> labels_;
  std::vector<Patch> patches_;
  std::vector<Clause> clauses_;
  Acc accs_[kClasses];
  Compare compare_;
  uint32_t settled_ = 0;  ///< Entries below this are home or constant.
  uint32_t boundary_ = 0;
  uint32_t last_ = kNone;  ///< Position of the last instruction.
  uint32_t next_home_ = 0;
  uint32_t max_home_ = 0;
  uint32_t link_ = 0;
  uint32_t param_slots_ = 0;
  uint32_t pending_fuel_ = 0;
};

constexpr Class class_of(ValType type) {
  switch (type.kind()) {
    case ValType::kF32:
      return Class::kF32;
    case ValType::kF64:
      return Class::kF64;
    case ValType::kV128:
      return Class::kV128;
    default:
      return Class::kInt;
  }
}
constexpr uint32_t slots_of(Class cls) { return cls == Class::kV128 ? 2 : 1; }

}  // namespace wherry::interp
