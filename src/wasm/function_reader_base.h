// FunctionReaderBase: what is common to all function readers: the operand and control stacks and the typing rules.
// Spec: https://webassembly.github.io/spec/core/appendix/algorithm.html
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/pod_stack.h"
#include "wasm/decoder.h"
#include "wasm/module.h"

namespace wherry::wasm {

enum class ControlKind : uint8_t { kFunction, kBlock, kLoop, kIf, kElse, kTryTable, kTry, kCatch, kCatchAll };

/// An entry of the control stack: a label. Its address holds until the next structured instruction begins.
struct Control {
  ControlKind kind;      ///< kIf turns into kElse, kTry into kCatch and kCatchAll, as their arms come.
  bool announced;        ///< The sink knows of it.
  bool unreachable;      ///< The rest of the current arm cannot be reached.
  ValType single;        ///< If `type` is null: the one result, or kBottom for none.
  uint32_t height;       ///< Operands below it (below its parameters).
  uint32_t init_height;  ///< Of the stack of locals that were set, for non-defaultable locals.
  const TypeDef* type;   ///< Parameters and results, or null.
  /// For the sink's use: reader leaves it alone (index of a patch list, a block number, ...). Zero at first.
  uint64_t sink_data;

  std::span<const ValType> params() const { return type != nullptr ? type->params : std::span<const ValType>(); }
  std::span<const ValType> results() const {
    if (type != nullptr) return type->results;
    return {&single, single == ValType::kBottom ? size_t{0} : size_t{1}};
  }
  /// What a branch to it carries.
  std::span<const ValType> label_types() const { return kind == ControlKind::kLoop ? params() : results(); }
};

class FunctionReaderBase : protected Decoder {
 public:
  const Module& module() const { return module_; }
  const TypeRegistry& types() const { return *module_.registry; }
  /// In the function index space; kNoFunction while reading a constant expression.
  uint32_t function_index() const { return function_index_; }
  static constexpr uint32_t kNoFunction = ~uint32_t{0};

  /// Parameters, then locals.
  std::span<const ValType> locals() const { return locals_.span(); }
  uint32_t param_count() const { return param_count_; }

  /// The structure that a branch to `depth` names; 0 is the innermost, depth() - 1 the function.
  Control& label(uint32_t depth) { return controls_.end()[-1 - static_cast<ptrdiff_t>(depth)]; }
  uint32_t depth() const { return static_cast<uint32_t>(controls_.size()); }

  /// The operand stack, of all open structures, bottom first.
  std::span<const ValType> operands() const { return operands_.span(); }
  uint32_t height() const { return static_cast<uint32_t>(operands_.size()); }
  ValType operand(uint32_t from_top) const { return operands_.end()[-1 - static_cast<ptrdiff_t>(from_top)]; }

  /// Whether hooks are being called here.
  bool reachable() const { return live_; }

  /// Byte offsets in the module: of the op being read, and of the first byte after what has been read.
  uint64_t op_offset() const { return offset_of(op_start_); }
  uint64_t next_offset() const { return offset(); }

  /// The error, if reading returned false.
  using Decoder::error;
  using Decoder::take_error;

 protected:
  explicit FunctionReaderBase(const Module& module)
      : Decoder(Bytes(), 0, &module.types, module.features), module_(module) {}

  /// Opens a body: reads the locals and pushes the function's label.
  bool begin_function(uint32_t index);
  /// Opens a constant expression of one result, at the cursor of `from`.
  void begin_expression(const ByteReader& from, ValType type);

  static constexpr size_t kSlack = 16;

  // Operands. The stack always has room for one more operand a byte that is left to read, so plain ops push unchecked.
  void push(ValType type) { operands_.push_unchecked(type); }
  bool push_all(std::span<const ValType> types);
  bool make_room(size_t n);
  bool pop(ValType expected) {
    if (operands_.end() != base_ && operands_.back() == expected) [[likely]] {
      operands_.pop();
      return true;
    }
    return pop_slow(expected);
  }
  /// Pops whatever is there; kBottom in unreachable code.
  bool pop_any(ValType& out) {
    if (operands_.end() != base_) [[likely]] {
      out = operands_.back();
      operands_.pop();
      return true;
    }
    return pop_any_slow(out);
  }
  /// Pops a reference, or kBottom.
  bool pop_reference(ValType& out);
  /// Pops `types`, the last one first.
  bool pop_all(std::span<const ValType> types);
  [[gnu::noinline]] bool pop_slow(ValType expected);
  [[gnu::noinline]] bool pop_any_slow(ValType& out);
  /// Pops and pushes what a signature says. `address`: what its p stands for.
  template <Signature kSignature>
  bool apply(ValType address);
  [[gnu::noinline]] bool apply_slow(const Signature& signature, ValType address);
  static constexpr ValType letter_type(char letter, ValType address) {
    switch (letter) {
      case 'i':
        return ValType::kI32;
      case 'l':
        return ValType::kI64;
      case 'f':
        return ValType::kF32;
      case 'd':
        return ValType::kF64;
      case 'v':
        return ValType::kV128;
      default:
        return address;
    }
  }
  /// Whether `types` are on top; leaves them, retyped as `types` (br_if).
  bool retype(std::span<const ValType> types) { return types.empty() || (pop_all(types) && push_all(types)); }

  // Structure.
  bool push_control(ControlKind kind, BlockTypeKind block, ValType value, uint32_t type_index);
  /// Checks that the current arm ends with `results` and nothing else, and cuts the stack to the control's height.
  bool end_arm(const Control& control);
  /// Begins another arm of the innermost control, as `kind`, with `params` on the stack.
  bool begin_arm(ControlKind kind, std::span<const ValType> params);
  bool begin_else();
  bool begin_catch(uint32_t tag);
  bool begin_catch_all();
  /// Ends the innermost arm, and replaces its operands by the results; the control stays until pop_control.
  bool end_control();
  void pop_control();
  void mark_unreachable() {
    operands_.set_end(base_);
    controls_.back().unreachable = true;
    live_ = false;
  }
  bool check_label(uint32_t depth) { return depth < controls_.size() || fail_index("label", depth); }
  void reset_locals(uint32_t init_height);

  // Typing of the ops that have a rule of their own.
  bool local_get(uint32_t index) {
    if (index >= locals_.size()) [[unlikely]]
      return fail_index("local", index);
    if (has_unset_locals_ && !local_is_set_[index]) [[unlikely]]
      return fail_unset_local(index);
    push(locals_[index]);
    return true;
  }
  bool local_set(uint32_t index) {
    if (index >= locals_.size()) [[unlikely]]
      return fail_index("local", index);
    if (has_unset_locals_) [[unlikely]]
      note_set(index);
    return pop(locals_[index]);
  }
  bool local_tee(uint32_t index) {
    if (index >= locals_.size()) [[unlikely]]
      return fail_index("local", index);
    if (has_unset_locals_) [[unlikely]]
      note_set(index);
    if (!pop(locals_[index])) return false;
    push(locals_[index]);
    return true;
  }
  /// Whether a constant expression may read the global; that it exists is global_get's business.
  bool check_constant_global(uint32_t index);
  bool global_get(uint32_t index) {
    if (index >= module_.globals.size()) [[unlikely]]
      return fail_index("global", index);
    push(module_.globals[index].type.type);
    return true;
  }
  bool global_set(uint32_t index) {
    if (index >= module_.globals.size()) [[unlikely]]
      return fail_index("global", index);
    if (!module_.globals[index].type.is_mutable) return fail_invalid("immutable global");
    return pop(module_.globals[index].type.type);
  }
  /// All other ops with signature.special that have no hook of their own, with Imm's members of these names.
  bool check_special(Op op, uint32_t index, uint32_t index2, ValType type);
  bool check_select(ValType& type);
  bool check_select_typed(ValType& type);
  bool check_call(const TypeDef& type, bool tail);
  /// Finds the function type that call_indirect and call_ref name.
  bool function_type(uint32_t index, const TypeDef*& out);
  bool check_call_indirect(uint32_t type, uint32_t table, bool tail, TypeId& out);
  bool check_call_ref(uint32_t type, bool tail, TypeId& out);
  bool check_br_table();
  bool check_br_on_null(uint32_t depth);
  bool check_br_on_non_null(uint32_t depth);
  bool check_br_on_cast(uint32_t depth, ValType from, ValType to, bool on_fail);
  bool check_throw(uint32_t tag);
  bool check_rethrow(uint32_t depth);
  bool check_catches();
  bool check_delegate(uint32_t depth);

  // Indices and memory arguments. `address`: what an address in the memory or table is.
  bool check_memory(uint32_t index, ValType& address) {
    if (index >= module_.memories.size()) [[unlikely]]
      return fail_index("memory", index);
    address = module_.memories[index].is64 ? ValType::kI64 : ValType::kI32;
    return true;
  }
  bool check_table(uint32_t index, ValType& address) {
    if (index >= module_.tables.size()) [[unlikely]]
      return fail_index("table", index);
    address = module_.tables[index].type.is64 ? ValType::kI64 : ValType::kI32;
    return true;
  }
  bool check_mem_arg(const MemArg& arg, uint32_t natural_log2, bool exact, ValType& address) {
    if (!check_memory(arg.memory, address)) return false;
    if (arg.align_log2 > natural_log2 || (exact && arg.align_log2 != natural_log2)) [[unlikely]] {
      return fail_alignment(exact);
    }
    return arg.offset <= UINT32_MAX || address == ValType::kI64 || fail_invalid("offset out of range");
  }
  bool check_data(uint32_t index);
  bool check_elem(uint32_t index);

  [[gnu::cold, gnu::noinline]] bool fail_invalid(std::string_view message);
  [[gnu::cold, gnu::noinline]] bool fail_index(std::string_view what, uint32_t index);
  [[gnu::cold, gnu::noinline]] bool fail_alignment(bool exact);
  [[gnu::cold, gnu::noinline]] bool fail_unset_local(uint32_t index);
  [[gnu::cold, gnu::noinline]] bool fail_lane(uint32_t lane);

  const Module& module_;
  uint32_t function_index_ = kNoFunction;
  uint32_t param_count_ = 0;
  bool live_ = true;
  bool has_unset_locals_ = false;  // locals without a default value exist
  const uint8_t* op_start_ = nullptr;
  ValType* base_ = nullptr;  // the innermost control's operands begin here
  base::PodStack<ValType> operands_;
  base::PodStack<Control> controls_;
  base::PodStack<ValType> locals_;

 private:
  bool read_locals();
  void note_set(uint32_t index);
  bool struct_type(uint32_t index, const TypeDef*& out);
  bool array_type(uint32_t index, const TypeDef*& out);
  bool struct_field(uint32_t index, uint32_t field_index, const TypeDef*& type, const FieldType*& field);
  bool check_gc(Op op, uint32_t index, uint32_t index2, ValType type);
  bool check_cast(ValType target);
  bool match(ValType sub, ValType super) const { return types().matches(sub, super); }
  [[gnu::cold, gnu::noinline]] bool fail_type(ValType expected, ValType actual);

  std::vector<bool> local_is_set_;       // if has_unset_locals_
  base::PodStack<uint32_t> set_locals_;  // in the order they were set, to undo at the end of a block
  base::PodStack<ValType> scratch_;
};

template <Signature kSignature>
bool FunctionReaderBase::apply(ValType address) {
  constexpr std::string_view kParams = kSignature.params;
  constexpr std::string_view kResults = kSignature.results;
  if (static_cast<size_t>(operands_.end() - base_) < kParams.size()) [[unlikely]] {
    return apply_slow(kSignature, address);
  }
  ValType* const operands = operands_.end() - kParams.size();
  for (size_t i = 0; i < kParams.size(); ++i) {
    if (operands[i] != letter_type(kParams[i], address)) [[unlikely]]
      return apply_slow(kSignature, address);
  }
  for (size_t i = 0; i < kResults.size(); ++i) operands[i] = letter_type(kResults[i], address);
  operands_.set_end(operands + kResults.size());
  return true;
}

}  // namespace wherry::wasm
