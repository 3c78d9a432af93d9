// The locals of a function as SSA values, found while the code is emitted in its order.
//
// Every local has a history: the definitions that were current, one after the other. A definition is a value, or what
// control that meets at a join brings, which is found out only if it is asked for. So a phi exists only where a value
// is used, and what a structured instruction costs is in proportion to the locals that are assigned within it.
//
// A branch to a join remembers the time; the history says what the locals were then.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace llvm {
class BasicBlock;
class IRBuilderBase;
class PHINode;
class Type;
class Value;
}  // namespace llvm

namespace wherry::compiler {

class LocalValues {
 public:
  using Time = uint32_t;
  using Join = uint32_t;

  /// `in_memory`: the locals live in stack slots, and joins mean nothing; for functions where SSA form is too large.
  void begin(llvm::IRBuilderBase& builder, std::span<llvm::Value* const> initial, bool in_memory);

  llvm::Value* get(uint32_t local);
  void set(uint32_t local, llvm::Value* value);

  /// A point in the list of assignments, to name those since.
  size_t mark() const { return assigned_.size(); }
  Time now() const { return now_; }

  /// A block where control meets. Edges come from the block named, with the locals as they are now. All of them are
  /// added before it is entered, but for a loop's.
  Join make_join(llvm::BasicBlock* block);
  void add_edge(Join join, llvm::BasicBlock* from);
  /// The block begins here; `since`: where the structure began that ends or has another arm here.
  void enter(Join join, size_t since);
  /// The block is a loop's header, in which `assigned` are assigned.
  void enter_loop(Join join, std::span<const uint32_t> assigned);
  void close_loop(Join join);
  /// The locals are again as they were at `time`; `since`: as for enter().
  void restore(Time time, size_t since);

 private:
  using Definition = uint32_t;
  struct DefinitionData {
    llvm::Value* value;  ///< Null: not known yet, see `join`.
    Join join;
  };
  struct Event {
    Time time;
    Definition definition;
  };
  struct Edge {
    llvm::BasicBlock* from;
    Time time;
  };
  struct Unfilled {
    llvm::PHINode* phi;
    uint32_t local;
  };
  struct JoinData {
    llvm::BasicBlock* block;
    std::vector<Edge> edges;
    bool is_loop = false;
    bool is_open = false;
    std::vector<Unfilled> unfilled = {};  ///< Phis of a loop that is open.
  };
  struct ClosedPhi {
    Unfilled phi;
    Join join;
  };

  void define(uint32_t local, llvm::Value* value, Join join);
  Definition definition_at(uint32_t local, Time time) const;
  llvm::Value* value_of(uint32_t local, Definition definition);
  llvm::Value* resolve(uint32_t local, Definition definition);
  void fill_closed();
  llvm::PHINode* make_phi(uint32_t local, const JoinData& join);
  /// Leaves each local once in the list of assignments since.
  std::span<const uint32_t> unique_since(size_t since);

  llvm::IRBuilderBase* builder_ = nullptr;
  bool in_memory_ = false;
  std::vector<llvm::Type*> types_;
  std::vector<llvm::Value*> cells_;  ///< in_memory_
  std::vector<std::vector<Event>> history_;
  std::vector<DefinitionData> definitions_;
  std::vector<JoinData> joins_;
  std::vector<uint32_t> assigned_;
  std::vector<uint32_t> last_seen_;
  std::vector<Definition> pending_;
  std::vector<ClosedPhi> closed_;
  uint32_t stamp_ = 0;
  Time now_ = 0;
};

}  // namespace wherry::compiler
