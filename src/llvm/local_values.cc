#include "llvm/local_values.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "llvm/precompiled.h"

namespace wherry::compiler {

namespace {
constexpr uint32_t kNoJoin = ~uint32_t{0};
}

void LocalValues::begin(IRBuilderBase& builder, std::span<Value* const> initial, bool in_memory) {
  builder_ = &builder;
  in_memory_ = in_memory;
  types_.clear();
  cells_.clear();
  definitions_.clear();
  joins_.clear();
  assigned_.clear();
  last_seen_.assign(initial.size(), 0);
  stamp_ = 0;
  now_ = 0;
  for (std::vector<Event>& events : history_) events.clear();
  history_.resize(initial.size());
  for (uint32_t local = 0; local < initial.size(); ++local) {
    types_.push_back(initial[local]->getType());
    if (in_memory) {
      cells_.push_back(builder.CreateAlloca(types_.back()));
    } else {
      define(local, initial[local], kNoJoin);
    }
  }
  for (uint32_t local = 0; local < cells_.size(); ++local) builder.CreateStore(initial[local], cells_[local]);
}

Value* LocalValues::get(uint32_t local) {
  if (in_memory_) return builder_->CreateLoad(types_[local], cells_[local]);
  return value_of(local, history_[local].back().definition);
}

void LocalValues::set(uint32_t local, Value* value) {
  if (in_memory_) {
    builder_->CreateStore(value, cells_[local]);
    return;
  }
  ++now_;
  define(local, value, kNoJoin);
  assigned_.push_back(local);
}

LocalValues::Join LocalValues::make_join(BasicBlock* block) {
  joins_.push_back({.block = block, .edges = {}});
  return static_cast<Join>(joins_.size() - 1);
}

void LocalValues::add_edge(Join join, BasicBlock* from) {
  if (!in_memory_) joins_[join].edges.push_back({from, now_});
}

void LocalValues::enter(Join join, size_t since) {
  if (in_memory_) return;
  const std::span<const uint32_t> locals = unique_since(since);
  if (joins_[join].edges.size() == 1) return restore(joins_[join].edges[0].time, since);
  ++now_;
  for (uint32_t local : locals) define(local, nullptr, join);
}

void LocalValues::enter_loop(Join join, std::span<const uint32_t> assigned) {
  if (in_memory_) return;
  joins_[join].is_loop = joins_[join].is_open = true;
  ++now_;
  for (uint32_t local : assigned) {
    // What code that is not reached names need not exist.
    if (local >= history_.size()) continue;
    define(local, nullptr, join);
    assigned_.push_back(local);
  }
}

void LocalValues::close_loop(Join join) {
  if (in_memory_) return;
  joins_[join].is_open = false;
  for (const Unfilled& phi : joins_[join].unfilled) closed_.push_back({phi, join});
  joins_[join].unfilled.clear();
  fill_closed();
}

void LocalValues::restore(Time time, size_t since) {
  if (in_memory_) return;
  ++now_;
  for (uint32_t local : unique_since(since)) {
    history_[local].push_back({now_, definition_at(local, time)});
  }
}

void LocalValues::define(uint32_t local, Value* value, Join join) {
  history_[local].push_back({now_, static_cast<Definition>(definitions_.size())});
  definitions_.push_back({value, join});
}

LocalValues::Definition LocalValues::definition_at(uint32_t local, Time time) const {
  const std::vector<Event>& events = history_[local];
  const auto after =
      std::upper_bound(events.begin(), events.end(), time, [](Time t, const Event& event) { return t < event.time; });
  assert(after != events.begin());
  return std::prev(after)->definition;
}

Value* LocalValues::value_of(uint32_t local, Definition definition) {
  if (Value* value = definitions_[definition].value) return value;
  Value* const value = resolve(local, definition);
  fill_closed();
  return value;
}

PHINode* LocalValues::make_phi(uint32_t local, const JoinData& join) {
  const IRBuilderBase::InsertPointGuard guard(*builder_);
  builder_->SetInsertPoint(join.block, join.block->begin());
  return builder_->CreatePHI(types_[local], static_cast<unsigned>(join.edges.size()));
}

/// Finds the value without recursion: joins may be chained by the thousand.
Value* LocalValues::resolve(uint32_t local, Definition wanted) {
  pending_.assign(1, wanted);
  while (!pending_.empty()) {
    const Definition definition = pending_.back();
    DefinitionData& data = definitions_[definition];
    if (data.value != nullptr) {
      pending_.pop_back();
      continue;
    }
    JoinData& join = joins_[data.join];
    if (join.is_loop) {
      PHINode* const phi = make_phi(local, join);
      data.value = phi;
      if (join.is_open) {
        join.unfilled.push_back({phi, local});
      } else {
        closed_.push_back({{phi, local}, data.join});
      }
      continue;
    }
    bool known = true;
    Value* common = nullptr;
    bool differs = false;
    for (const Edge& edge : join.edges) {
      const Definition incoming = definition_at(local, edge.time);
      Value* const value = definitions_[incoming].value;
      if (value == nullptr) {
        pending_.push_back(incoming);
        known = false;
      }
      differs = differs || (common != nullptr && value != common);
      common = value;
    }
    if (!known) continue;
    if (differs) {
      PHINode* const phi = make_phi(local, join);
      for (const Edge& edge : join.edges) {
        phi->addIncoming(definitions_[definition_at(local, edge.time)].value, edge.from);
      }
      common = phi;
    }
    definitions_[definition].value = common != nullptr ? common : PoisonValue::get(types_[local]);
  }
  return definitions_[wanted].value;
}

/// Gives phis of loops whose edges are all known their values.
void LocalValues::fill_closed() {
  while (!closed_.empty()) {
    const ClosedPhi next = closed_.back();
    closed_.pop_back();
    const uint32_t local = next.phi.local;
    for (size_t i = 0; i < joins_[next.join].edges.size(); ++i) {
      const Edge edge = joins_[next.join].edges[i];
      const Definition incoming = definition_at(local, edge.time);
      Value* value = definitions_[incoming].value;
      if (value == nullptr) value = resolve(local, incoming);
      next.phi.phi->addIncoming(value, edge.from);
    }
  }
}

std::span<const uint32_t> LocalValues::unique_since(size_t since) {
  ++stamp_;
  const auto first = assigned_.begin() + static_cast<ptrdiff_t>(since);
  assigned_.erase(std::remove_if(first, assigned_.end(),
                                 [&](uint32_t local) { return std::exchange(last_seen_[local], stamp_) == stamp_; }),
                  assigned_.end());
  return std::span<const uint32_t>(assigned_).subspan(since);
}

}  // namespace wherry::compiler
