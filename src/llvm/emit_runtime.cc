// Tables, references, and ops on memories and tables as a whole, which are the runtime's.
#include "llvm/function_emitter.h"
#include "runtime/vmcontext.h"

namespace wherry::compiler {

using runtime::TableView;
using runtime::VMContext;

bool FunctionEmitter::holds_functions(uint32_t table) const {
  return module_.registry->matches(module_.tables[table].type.element, ValType::funcref());
}

/// The address of an element. `index` is 64 bits.
Value* FunctionEmitter::table_cell(uint32_t table, Value* index, TrapKind out_of_bounds) {
  Value* const view = indexed(offsetof(VMContext, tables), table);
  Value* const size = field(shard_.i64, view, offsetof(TableView, size));
  trap_if(b_.CreateICmpUGE(index, size), out_of_bounds);
  Value* const elements = field(shard_.ptr, view, offsetof(TableView, elements));
  return b_.CreateInBoundsGEP(shard_.i64, elements, index);
}

/// An element; traps if it is null and `if_null` is a trap. A null one of functions may be one that was not made yet.
Value* FunctionEmitter::table_element(uint32_t table, Value* index, TrapKind out_of_bounds, TrapKind if_null) {
  Value* const cell = table_cell(table, index, out_of_bounds);
  Value* const ref = shard_.in(Region::kTable, b_.CreateLoad(shard_.i64, cell));
  if (!holds_functions(table)) {
    if (if_null != TrapKind::kNone) trap_if(is_null(ref), if_null);
    return ref;
  }
  BasicBlock* const from = b_.GetInsertBlock();
  BasicBlock* const absent = branch_unlikely(is_null(ref));
  BasicBlock* const next = b_.GetInsertBlock();
  begin_block(absent);
  Value* const made = libcall(Libcall::table_element, {context_, i32(table), index});
  if (if_null != TrapKind::kNone) trap_if(is_null(made), if_null);
  PHINode* const result = PHINode::Create(shard_.i64, 2);
  result->addIncoming(ref, from);
  result->addIncoming(made, b_.GetInsertBlock());
  b_.CreateBr(next);
  begin_block(next);
  b_.Insert(result);
  return result;
}

Value* FunctionEmitter::ref_func(uint32_t function) {
  Value* const funcs = context_field(shard_.ptr, offsetof(VMContext, funcs), true);
  Value* const known = field(shard_.i64, funcs, size_t{function} * sizeof(void*));
  if (function < module_.imported_functions) return known;
  BasicBlock* const from = b_.GetInsertBlock();
  BasicBlock* const absent = branch_unlikely(is_null(known));
  BasicBlock* const next = b_.GetInsertBlock();
  begin_block(absent);
  Value* const made = libcall(Libcall::ref_func, {context_, i32(function)});
  b_.CreateBr(next);
  begin_block(next);
  PHINode* const result = b_.CreatePHI(shard_.i64, 2);
  result->addIncoming(known, from);
  result->addIncoming(made, absent);
  return result;
}

bool FunctionEmitter::runtime_op(Op op, const wasm::Imm& imm) {
  const auto call = [&](Libcall callee, std::initializer_list<Value*> args) {
    libcall(callee, args);
    return true;
  };
  switch (op) {
    case Op::kRefNull:
      push(i64(0));
      return true;
    case Op::kRefFunc:
      push(ref_func(imm.index));
      return true;
    case Op::kRefAsNonNull:
      trap_if(is_null(stack_.back()), TrapKind::kNullReference);
      return true;
    case Op::kRefEq: {
      Value* const b = pop();
      push_bool(b_.CreateICmpEQ(pop(), b));
      return true;
    }
    case Op::kMemoryFill: {
      Value* const length = extended_address(pop());
      Value* const value = pop();
      Value* const to = extended_address(pop());
      return call(Libcall::memory_fill, {context_, i32(imm.index), to, value, length});
    }
    case Op::kMemoryCopy: {
      Value* const length = extended_address(pop());
      Value* const from = extended_address(pop());
      Value* const to = extended_address(pop());
      return call(Libcall::memory_copy, {context_, i32(imm.index), i32(imm.index2), to, from, length});
    }
    case Op::kMemoryInit: {
      Value* const length = pop();
      Value* const from = pop();
      Value* const to = extended_address(pop());
      return call(Libcall::memory_init, {context_, i32(imm.index), i32(imm.index2), to, from, length});
    }
    case Op::kDataDrop:
      return call(Libcall::data_drop, {context_, i32(imm.index)});
    case Op::kTableGet:
      push(table_element(imm.index, extended_address(pop()), TrapKind::kTableOutOfBounds));
      return true;
    case Op::kTableSet: {
      Value* const value = pop();
      if (holds_functions(imm.index)) {
        // The runtime's, because a null written over an element that was not made yet must stay.
        return call(Libcall::table_set, {context_, i32(imm.index), extended_address(pop()), value});
      }
      if (holds_functions(imm.index)) {
        libcall(Libcall::table_set, {context_, i32(imm.index), extended_address(pop()), value});
        return true;
      }
      Value* const cell = table_cell(imm.index, extended_address(pop()), TrapKind::kTableOutOfBounds);
      shard_.in(Region::kTable, b_.CreateStore(value, cell));
      return true;
    }
    case Op::kTableSize: {
      Value* const size = field(shard_.i64, indexed(offsetof(VMContext, tables), imm.index), offsetof(TableView, size));
      push(module_.tables[imm.index].type.is64 ? size : b_.CreateTrunc(size, shard_.i32));
      return true;
    }
    case Op::kTableGrow: {
      Value* const delta = extended_address(pop());
      Value* const size = libcall(Libcall::table_grow, {context_, i32(imm.index), pop(), delta});
      push(module_.tables[imm.index].type.is64 ? size : b_.CreateTrunc(size, shard_.i32));
      return true;
    }
    case Op::kTableFill: {
      Value* const length = extended_address(pop());
      Value* const value = pop();
      Value* const to = extended_address(pop());
      return call(Libcall::table_fill, {context_, i32(imm.index), to, value, length});
    }
    case Op::kTableCopy: {
      Value* const length = extended_address(pop());
      Value* const from = extended_address(pop());
      Value* const to = extended_address(pop());
      return call(Libcall::table_copy, {context_, i32(imm.index), i32(imm.index2), to, from, length});
    }
    case Op::kTableInit: {
      Value* const length = pop();
      Value* const from = pop();
      Value* const to = extended_address(pop());
      return call(Libcall::table_init, {context_, i32(imm.index), i32(imm.index2), to, from, length});
    }
    case Op::kElemDrop:
      return call(Libcall::elem_drop, {context_, i32(imm.index)});
    default:
      return false;
  }
}

}  // namespace wherry::compiler
