// Structures and branches.
#include "llvm/function_emitter.h"

namespace wherry::compiler {

FunctionEmitter::Label& FunctionEmitter::open(wasm::Control& control) {
  control.sink_data = labels_.size();
  const size_t params = control.params().size();
  labels_.push_back({.height = static_cast<uint32_t>(stack_.size() - params),
                     .mark = locals_.mark(),
                     .scope = scope_,
                     .outer_scope = scope_});
  return labels_.back();
}

/// Makes the block that branches to a label go to, with phis for what they carry.
void FunctionEmitter::ensure_block(Label& label, std::span<const ValType> types) {
  if (label.block != nullptr) return;
  label.block = new_block();
  label.join = locals_.make_join(label.block);
  IRBuilder<> phis(label.block);
  for (ValType type : types) label.phis.push_back(phis.CreatePHI(shard_.type_of(type), 2));
}

BasicBlock* FunctionEmitter::edge_to(uint32_t depth) {
  const wasm::Control& control = reader_->label(depth);
  Label& target = label(depth);
  ensure_block(target, control.label_types());
  if (!target.is_loop) target.has_branches = true;
  BasicBlock* const from = b_.GetInsertBlock();
  const std::span<Value* const> values = top(target.phis.size());
  for (size_t i = 0; i < values.size(); ++i) target.phis[i]->addIncoming(values[i], from);
  locals_.add_edge(target.join, from);
  return target.block;
}

void FunctionEmitter::branch_to(uint32_t depth) {
  const wasm::Control& control = reader_->label(depth);
  if (control.kind == wasm::ControlKind::kFunction) return emit_return(top(control.results().size()));
  b_.CreateBr(edge_to(depth));
}

/// Leaves the arm that ends for the end of its structure.
void FunctionEmitter::join_own(Label& own, std::span<const ValType> results) {
  ensure_block(own, results);
  own.has_branches = true;
  BasicBlock* const from = b_.GetInsertBlock();
  const std::span<Value* const> values = top(results.size());
  for (size_t i = 0; i < values.size(); ++i) own.phis[i]->addIncoming(values[i], from);
  locals_.add_edge(own.join, from);
  b_.CreateBr(own.block);
}

void FunctionEmitter::conditional(uint32_t depth, Value* condition, bool unlikely) {
  const wasm::Control& control = reader_->label(depth);
  BasicBlock* const next = new_block();
  MDNode* const weights = unlikely ? shard_.unlikely() : nullptr;
  if (control.kind == wasm::ControlKind::kFunction) {
    BasicBlock* const leave = new_block();
    b_.CreateCondBr(condition, leave, next, weights);
    begin_block(leave);
    emit_return(top(control.results().size()));
  } else {
    BasicBlock* const target = edge_to(depth);
    b_.CreateCondBr(condition, target, next, weights);
  }
  begin_block(next);
}

void FunctionEmitter::reset(const Label& label, std::span<Value* const> values) {
  stack_.truncate(label.height);
  stack_.append(values.begin(), values.end());
}

/// What follows the end of a structure, where its label's branches arrive, if there are any.
void FunctionEmitter::begin_label_block(Label& own, std::span<const ValType> results) {
  ensure_block(own, results);
  begin_block(own.block);
  locals_.enter(own.join, own.mark);
  SmallVector<Value*, 4> values;
  for (PHINode* phi : own.phis) {
    values.push_back(phi->getNumIncomingValues() != 0 ? static_cast<Value*>(phi) : PoisonValue::get(phi->getType()));
  }
  reset(own, values);
  for (PHINode* phi : own.phis) {
    if (phi->getNumIncomingValues() == 0) phi->eraseFromParent();
  }
}

void FunctionEmitter::block(wasm::Control& control) {
  tick();
  open(control);
}

void FunctionEmitter::loop(wasm::Control& control) {
  tick();
  charge();
  Label& own = open(control);
  own.is_loop = true;
  ensure_block(own, control.params());
  const SmallVector<Value*, 8> params = pop_many(own.phis.size());
  BasicBlock* const from = b_.GetInsertBlock();
  for (size_t i = 0; i < params.size(); ++i) own.phis[i]->addIncoming(params[i], from);
  locals_.add_edge(own.join, from);
  b_.CreateBr(own.block);
  begin_block(own.block);
  while (scan_->loops[next_loop_].offset != reader_->op_offset()) ++next_loop_;
  locals_.enter_loop(own.join, scan_->assigned_in(scan_->loops[next_loop_]));
  stack_.append(own.phis.begin(), own.phis.end());
}

void FunctionEmitter::if_(wasm::Control& control) {
  tick();
  Value* const condition = pop_condition();
  charge();
  Label& own = open(control);
  const std::span<Value* const> params = top(control.params().size());
  own.params.assign(params.begin(), params.end());
  own.branch_time = locals_.now();
  own.else_block = new_block();
  BasicBlock* const then = new_block();
  b_.CreateCondBr(condition, then, own.else_block);
  begin_block(then);
}

void FunctionEmitter::else_(wasm::Control& control, bool falls_in) {
  Label& own = labels_[control.sink_data];
  if (falls_in) {
    charge();
    join_own(own, control.results());
  }
  pending_fuel_ = 0;
  begin_block(own.else_block);
  own.else_block = nullptr;
  locals_.restore(own.branch_time, own.mark);
  reset(own, own.params);
}

void FunctionEmitter::end(wasm::Control& control, bool falls_in) {
  using Kind = wasm::ControlKind;
  if (control.kind == Kind::kFunction) {
    if (!falls_in) return;
    charge();
    emit_return(top(control.results().size()));
    return;
  }
  Label& own = labels_[control.sink_data];
  const bool is_handler = control.kind == Kind::kCatch || control.kind == Kind::kCatchAll;
  if (control.kind == Kind::kIf) {
    if (falls_in) {
      charge();
      join_own(own, control.results());
    }
    begin_block(own.else_block);
    locals_.restore(own.branch_time, own.mark);
    reset(own, own.params);
    join_own(own, control.results());
    pending_fuel_ = 0;
    begin_label_block(own, control.results());
  } else if (own.is_loop) {
    locals_.close_loop(own.join);
    if (!falls_in) {
      // Nothing leads here.
      pending_fuel_ = 0;
      own.block = nullptr;
      own.phis.clear();
      begin_label_block(own, control.results());
    }
  } else {
    const bool joins = own.has_branches || !falls_in || is_handler;
    if (falls_in && joins) charge();
    if (control.kind == Kind::kTryTable || control.kind == Kind::kTry) {
      end_try_body(control, own, falls_in, own.outer_scope);
    } else if (is_handler) {
      if (falls_in) join_own(own, control.results());
      if (own.next_test != nullptr) {
        begin_block(own.next_test);
        locals_.restore(own.catch_time, own.mark);
        throw_to(own.outer_scope, own.exception);
      }
      begin_label_block(own, control.results());
    } else if (joins) {
      if (falls_in) join_own(own, control.results());
      begin_label_block(own, control.results());
    }
    if (joins) pending_fuel_ = 0;
  }
  labels_.pop_back();
}

void FunctionEmitter::br(uint32_t depth) {
  tick();
  charge();
  branch_to(depth);
}

void FunctionEmitter::br_if(uint32_t depth) {
  tick();
  Value* const condition = pop_condition();
  charge();
  conditional(depth, condition);
}

void FunctionEmitter::br_table(std::span<const uint32_t> depths) {
  tick();
  Value* const index = pop();
  charge();
  // A label that several entries name is reached through a block of its own, so that its phis stay small.
  struct Way {
    uint32_t entries = 0;
    BasicBlock* block = nullptr;
  };
  DenseMap<uint32_t, Way> ways;
  for (uint32_t depth : depths) ++ways[depth].entries;
  BasicBlock* const from = b_.GetInsertBlock();
  const auto way_to = [&](uint32_t depth) {
    Way& way = ways[depth];
    if (way.block != nullptr) return way.block;
    if (way.entries == 1 && reader_->label(depth).kind != wasm::ControlKind::kFunction) {
      way.block = edge_to(depth);
    } else {
      way.block = new_block();
      begin_block(way.block);
      branch_to(depth);
      begin_block(from);
    }
    return way.block;
  };
  const auto cases = static_cast<unsigned>(depths.size() - 1);
  BasicBlock* const otherwise = way_to(depths.back());
  SwitchInst* const branch = b_.CreateSwitch(index, otherwise, cases);
  for (uint32_t i = 0; i < cases; ++i) {
    BasicBlock* const target = way_to(depths[i]);
    if (target != otherwise) branch->addCase(cast<ConstantInt>(i32(i)), target);
  }
}

void FunctionEmitter::br_on_null(uint32_t depth) {
  tick();
  Value* const ref = pop();
  charge();
  conditional(depth, is_null(ref));
  push(ref);
}

void FunctionEmitter::br_on_non_null(uint32_t depth) {
  tick();
  charge();
  conditional(depth, b_.CreateIsNotNull(stack_.back()));
  pop();
}

void FunctionEmitter::br_on_cast(uint32_t depth, ValType type, bool on_failure) {
  tick();
  charge();
  locate();
  Value* const is_of_type = test_reference(stack_.back(), type);
  conditional(depth, on_failure ? b_.CreateNot(is_of_type) : is_of_type);
}

void FunctionEmitter::return_() {
  tick();
  charge();
  emit_return(top(type_of_self().results.size()));
}

void FunctionEmitter::emit_return(std::span<Value* const> values) {
  if (values.empty()) {
    b_.CreateRetVoid();
  } else if (values.size() == 1) {
    b_.CreateRet(values[0]);
  } else {
    uint32_t slot = 0;
    const std::span<const ValType> types = type_of_self().results;
    for (size_t i = 0; i < values.size(); ++i) {
      shard_.store_slot(b_, values[i], results_, slot);
      slot += types[i].slots();
    }
    b_.CreateRetVoid();
  }
}

void FunctionEmitter::unreachable() {
  tick();
  charge();
  locate();
  trap(TrapKind::kUnreachable);
}

}  // namespace wherry::compiler
