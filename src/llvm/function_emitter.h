// FunctionEmitter: the sink that turns one body after the other into LLVM IR.
//
// It keeps the operand stack as LLVM values; locals are in LocalValues. Where control joins, block results are phis
// from the start, and locals become phis as they are asked for. A value is i32, i64 (references too), float, double, or
// <2 x i64>.
//
// Files: emit_control.cc (structures, branches), emit_exceptions.cc, emit_calls.cc, emit_numeric.cc, emit_simd.cc,
// emit_memory.cc, emit_runtime.cc (tables, references, bulk ops), emit_gc.cc.
#pragma once

#include <span>
#include <vector>

#include "llvm/body_scan.h"
#include "llvm/local_values.h"
#include "llvm/precompiled.h"
#include "llvm/shard.h"
#include "wasm/function_reader.h"
#include "wherry/trap.h"

namespace wherry::compiler {

using wasm::Op;

class FunctionEmitter {
 public:
  explicit FunctionEmitter(Shard& shard);

  /// Call before the reader reads the body.
  void start(uint32_t function, const BodyScan& scan);

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

  /// An open structure.
  struct Label {
    BasicBlock* block = nullptr;  ///< What branches go to; made by the first one (a loop's: at once).
    SmallVector<PHINode*, 1> phis = {};
    LocalValues::Join join = 0;
    uint32_t height = 0;  ///< Of the stack, below the parameters.
    size_t mark = 0;      ///< Of the locals' assignments, where it begins.
    bool is_loop = false;
    bool has_branches = false;  ///< As the interpreter's translator counts them, for fuel.
    // if: the other arm.
    BasicBlock* else_block = nullptr;
    LocalValues::Time branch_time = 0;
    SmallVector<Value*, 1> params = {};
    // try_table and legacy try.
    uint32_t scope = kNone;        ///< What catches exceptions in the arm that is open.
    uint32_t outer_scope = kNone;  ///< What does outside.
    uint32_t own_scope = kNone;    ///< What does in the body of a try.
    SmallVector<wasm::CatchClause, 2> clauses = {};
    Value* exception = nullptr;        ///< Legacy: the one caught.
    BasicBlock* next_test = nullptr;   ///< Legacy: where the next handler's test goes.
    LocalValues::Time catch_time = 0;  ///< Legacy: locals are as then at each handler's beginning.
  };

  /// Where exceptions thrown in some code go: to a landing pad, and on to the block that chooses a handler.
  struct Scope {
    BasicBlock* landing_pad = nullptr;
    LocalValues::Join landing_join = 0;
    BasicBlock* dispatch = nullptr;
    LocalValues::Join dispatch_join = 0;
    bool is_used() const { return dispatch != nullptr; }
  };

  /// Bytes of linear memory.
  struct MemoryPlace {
    Value* address;
    bool may_fault;
  };

  // The stack.
  void push(Value* value) { stack_.push_back(value); }
  Value* pop() { return stack_.pop_back_val(); }
  SmallVector<Value*, 8> pop_many(size_t count);
  std::span<Value* const> top(size_t count) const { return {stack_.end() - count, count}; }
  /// An operand as a condition, and a condition as an operand.
  Value* pop_condition();
  void push_bool(Value* condition) { push(b_.CreateZExt(condition, shard_.i32)); }

  // Constants and blocks.
  Value* i32(uint32_t value) const { return ConstantInt::get(shard_.i32, value); }
  Value* i64(uint64_t value) const { return ConstantInt::get(shard_.i64, value); }
  BasicBlock* new_block() { return BasicBlock::Create(shard_.context(), "", function_); }
  void begin_block(BasicBlock* block) { b_.SetInsertPoint(block); }
  /// Leaves to a new block, or to `block`, where the condition holds, which is not expected; goes on where it does not.
  BasicBlock* branch_unlikely(Value* condition, BasicBlock* block = nullptr);
  void trap(TrapKind kind);
  void trap_if(Value* condition, TrapKind kind);
  /// What follows in the code carries the op's position.
  void locate();

  // The context.
  Value* context_field(Type* type, size_t offset, bool invariant);
  Value* field(Type* type, Value* object, size_t offset);
  Value* invariant_field(Type* type, Value* object, size_t offset);
  Value* exec();
  /// An entry of one of the context's index spaces that never changes.
  Value* indexed(size_t table_offset, uint32_t index);
  Value* type_id(uint32_t module_index);
  CallBase* libcall(Libcall callee, std::initializer_list<Value*> args);
  void libcall_never(Libcall callee, std::initializer_list<Value*> args);
  Value* libcall_address(Value* context, Libcall callee);
  /// Slots on the native stack for arguments and results of one call at a time.
  Value* scratch(uint32_t slots);

  // Fuel, exactly as the interpreter's translator charges it.
  void tick() { pending_fuel_ += shard_.options().fuel ? 1 : 0; }
  void charge();

  // Ops, by family. False: not of this family.
  void plain(Op op, const wasm::Imm& imm);
  bool variable_op(Op op, const wasm::Imm& imm);
  bool numeric_op(Op op);
  bool conversion_op(Op op);
  bool memory_op(Op op, const wasm::Imm& imm);
  bool atomic_op(Op op, const wasm::Imm& imm);
  bool runtime_op(Op op, const wasm::Imm& imm);
  bool gc_op(Op op, const wasm::Imm& imm);
  bool simd_op(Op op, const wasm::Imm& imm);
  bool simd_memory_op(Op op, const wasm::Imm& imm);

  // Numeric.
  Value* canonical(Value* value);
  Value* float_arithmetic(Instruction::BinaryOps opcode, Value* a, Value* b);
  Value* min_max(Value* a, Value* b, bool is_min);
  Value* divide(Instruction::BinaryOps opcode, Value* a, Value* b);
  Value* truncate(Value* value, IntegerType* to, bool is_signed);
  Value* unary(Intrinsic::ID intrinsic, Value* value);

  // Vectors.
  Value* pop_as(FixedVectorType* type) { return b_.CreateBitCast(pop(), type); }
  void push_vector(Value* value) { push(b_.CreateBitCast(value, shard_.v128)); }
  FixedVectorType* lanes(unsigned bits) const {
    return FixedVectorType::get(IntegerType::get(shard_.context(), bits), 128 / bits);
  }
  FixedVectorType* float_lanes(unsigned bits) const {
    return FixedVectorType::get(bits == 32 ? shard_.f32 : shard_.f64, 128 / bits);
  }
  Value* half(Value* vector, bool high);
  Value* every_other(Value* vector, unsigned first);
  Value* bits_to_i32(Value* mask);
  Value* extend_half(unsigned from_bits, bool high, bool is_signed);
  Value* swizzle(Value* bytes, Value* lanes);
  Value* narrow(unsigned from_bits, bool is_signed);
  Value* with_zeroes(Value* half);
  Value* add_pairs(Value* vector, bool is_signed);
  Value* multiply_add(unsigned bits, bool negate);
  Value* relaxed_dot();

  // Memories.
  bool is_guarded(uint32_t memory) const;
  Value* memory_view(uint32_t memory);
  Value* memory_base(uint32_t memory);
  Value* memory_bytes(uint32_t memory);
  Value* extended_address(Value* operand) { return b_.CreateZExt(operand, shard_.i64); }
  MemoryPlace place(const wasm::MemArg& arg, Value* operand, uint32_t size, bool aligned = false);
  Value* load(const wasm::MemArg& arg, Value* operand, Type* type);
  void store(const wasm::MemArg& arg, Value* operand, Value* value);
  Value* effective_address(const wasm::MemArg& arg, Value* operand);
  void grow_result(uint32_t memory, Value* result);

  // Globals, tables, references, objects.
  Value* global_cell(uint32_t index);
  bool holds_functions(uint32_t table) const;
  Value* table_cell(uint32_t table, Value* index, TrapKind out_of_bounds);
  Value* table_element(uint32_t table, Value* index, TrapKind out_of_bounds, TrapKind if_null = TrapKind::kNone);
  Value* ref_func(uint32_t function);
  Value* as_pointer(Value* ref) { return b_.CreateIntToPtr(ref, shard_.ptr); }
  Value* is_null(Value* ref) { return b_.CreateIsNull(ref); }
  Value* test_reference(Value* ref, ValType type);
  Value* test_object(Value* ref, ValType type);
  Value* has_kind(Value* ref, uint32_t first_kind, uint32_t last_kind);
  Value* object_header(Value* ref);
  Value* slots_of(std::span<Value* const> values);
  Value* field_address(Value* ref, uint64_t offset);
  Value* array_cell(Value* array, Value* index, ValType element);
  Value* load_field(Value* address, ValType type, bool sign_extend);
  void store_field(Value* address, ValType type, Value* value);
  const wasm::TypeDef& type_def(uint32_t module_index) const {
    return module_.registry->get(module_.types[module_index]);
  }

  // Control.
  Label& label(uint32_t depth) { return labels_[reader_->label(depth).sink_data]; }
  Label& open(wasm::Control& control);
  void ensure_block(Label& label, std::span<const ValType> types);
  /// Adds the way from the current block to a label's, with the values on top; the branch itself is the caller's.
  BasicBlock* edge_to(uint32_t depth);
  void branch_to(uint32_t depth);
  void join_own(Label& label, std::span<const ValType> results);
  void conditional(uint32_t depth, Value* condition, bool unlikely = false);
  void reset(const Label& label, std::span<Value* const> values);
  void begin_label_block(Label& label, std::span<const ValType> results);
  void emit_return(std::span<Value* const> values);

  // Calls.
  CallBase* emit_call(FunctionType* type, Value* callee, ArrayRef<Value*> args, bool may_unwind);
  void finish_call(const wasm::TypeDef& type, Value* callee, Value* first, bool tail);
  void call_through(const wasm::TypeDef& type, Value* func, bool tail);
  const wasm::TypeDef& type_of_self() const { return module_.function_type(index_); }

  // Exceptions.
  BasicBlock* landing_pad(uint32_t scope);
  void ensure_dispatch(Scope& scope);
  void open_scope(Label& own);
  Value* exception_cell();
  /// Begins the block that chooses a handler; the exception.
  Value* begin_dispatch(const Label& own);
  /// Throws to the handlers of a scope (kNone: out of the function).
  void throw_to(uint32_t scope, Value* exception);
  /// Goes on where an exception has the tag; else in the block that is returned.
  BasicBlock* test_tag(Value* exception, uint32_t tag);
  void push_arguments(Value* exception, uint32_t tag);
  Label& begin_handler(wasm::Control& control, bool falls_in);
  /// Ends the body of a try that has no handlers but those of try_table; `otherwise` gets what they do not catch.
  void end_try_body(const wasm::Control& control, Label& own, bool falls_in, uint32_t otherwise);

  Shard& shard_;
  const wasm::Module& module_;
  IRBuilder<> b_;
  IRBuilder<> entry_;  ///< Inserts what is computed once, before the body.
  LocalValues locals_;
  wasm::FunctionReaderBase* reader_ = nullptr;
  const BodyScan* scan_ = nullptr;
  size_t next_loop_ = 0;
  uint32_t index_ = 0;
  Function* function_ = nullptr;
  DISubprogram* subprogram_ = nullptr;
  Value* context_ = nullptr;
  Value* results_ = nullptr;
  Value* exec_ = nullptr;
  DenseMap<uint32_t, Value*> bases_;
  AllocaInst* scratch_ = nullptr;
  uint32_t scratch_slots_ = 0;
  bool calls_ = false;
  SmallVector<Value*, 32> stack_;
  std::vector<Label> labels_;
  std::vector<Scope> scopes_;
  uint32_t scope_ = kNone;  ///< The innermost one here.
  uint32_t pending_fuel_ = 0;
};

}  // namespace wherry::compiler
