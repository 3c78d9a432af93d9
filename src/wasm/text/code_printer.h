// Types, instructions and bodies as text. Decoders here give canonical types.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "wasm/decoder.h"
#include "wasm/module.h"
#include "wasm/text/identifiers.h"
#include "wasm/text/wat.h"

namespace wherry::wasm::text {

/// Types as the text format writes them, by the type indices of a module.
class TypePrinter {
 public:
  TypePrinter(const Module& module, const Identifiers& ids);

  void value_type(ValType type, std::string& out) const;
  void heap_type(HeapType type, std::string& out) const;
  /// " (what t ...)": types that have no name together, the others each for itself. They are numbered from `first`.
  void named_types(std::string_view what, std::span<const ValType> types, const IdMap& names, uint32_t first,
                   std::string& out) const;
  /// " (type n) (param ...) (result ...)".
  void type_use(TypeId type, const IdMap& names, std::string& out) const;
  /// The type section, on lines of its own.
  void definitions(std::string& out);

 private:
  /// The type index for a canonical type.
  uint32_t index_of(TypeId type) const;
  void definition(uint32_t index, std::string& out) const;
  void signature(const TypeDef& type, const IdMap& names, std::string& out) const;
  void fields(const TypeDef& type, const IdMap& names, std::string& out) const;
  void storage_type(const FieldType& field, std::string& out) const;

  const Module& module_;
  const Identifiers& ids_;
  std::unordered_map<TypeId, uint32_t> first_index_;
  /// While a group is printed, references to its members are to its own and not to those of an equal group before it.
  TypeId group_first_ = 0;
  uint32_t group_size_ = 0;
  uint32_t group_index_ = 0;
};

/// Metadata of one instruction: the annotation's name, and its bytes.
struct InstructionMetadata {
  std::string_view name;
  Bytes bytes;
};
/// By offset from the beginning of the body.
using FunctionMetadata = std::multimap<uint32_t, InstructionMetadata>;

/// Bodies and constant expressions, which must be valid.
class CodePrinter {
 public:
  CodePrinter(const Module& module, const Identifiers& ids, const TypePrinter& types, const PrintOptions& options)
      : module_(module), ids_(ids), types_(types), options_(options) {}

  /// The locals and instructions of a defined function, on lines of their own.
  void body(uint32_t function, const FunctionMetadata* metadata, std::string& out);
  /// " (op ...)" if it is one instruction, else " (wrapper op ... op ...)", or without the parentheses if there is no
  /// wrapper.
  void expression(const ConstExpr& expr, std::string_view wrapper, std::string& out);

  /// Whether an instruction printed so far names a data segment.
  bool used_data_index() const { return used_data_index_; }

 private:
  /// An instruction in folded form. Operands come before their operator; a subtree is the nodes [first, itself].
  struct Node {
    size_t text_begin, text_end;  ///< In node_text_, from the parenthesis on.
    size_t annotations_begin;     ///< In node_text_, up to text_begin.
    size_t first;
  };
  struct Block {
    std::string_view label;
    size_t levels;  ///< Of parentheses, when folded.
  };
  /// What is plain from an op and its immediates about its operands.
  struct Arity {
    uint32_t operands = 0;
    bool is_operand = false;  ///< Has exactly one result, so that it may be folded into what takes it.
  };

  void locals(uint32_t function, Decoder& head, std::string& out);
  void instruction(const Decoder& code, Op op, const Imm& imm, std::string& out);
  void immediates(const Decoder& code, Op op, const Imm& imm, std::string& out);
  void block_header(const Decoder& code, Op op, const Imm& imm, std::string& out);
  void catches(const Decoder& code, std::string& out);
  void index(Space s, uint32_t index, std::string& out) const;
  /// Nothing for index 0, which need not be written.
  void optional_index(Space s, uint32_t index, std::string& out) const;
  void label(uint32_t depth, std::string& out) const;
  void mem_arg(Op op, const MemArg& mem, std::string& out) const;
  void annotations(Op op, std::string& out) const;

  void flat(const Decoder& code, Op op, const Imm& imm, std::string& out);
  void folded(const Decoder& code, Op op, const Imm& imm, std::string& out);
  void folded_if(const Decoder& code, const Imm& imm, std::string& out);
  void folded_arm(std::string_view head, std::string& out);
  void add_node(const Decoder& code, Op op, const Imm& imm);
  void print_tree(size_t root, size_t depth, std::string& out) const;
  void flush_nodes(std::string& out);
  Arity arity(Op op, const Imm& imm) const;
  Arity call_arity(TypeId type, uint32_t more) const;
  /// Counts the label of the structured instruction and enters it.
  void push_block(size_t levels);
  void pop_block();
  static void new_line(size_t depth, std::string& out);

  const Module& module_;
  const Identifiers& ids_;
  const TypePrinter& types_;
  const PrintOptions& options_;
  bool used_data_index_ = false;

  uint32_t function_ = 0;
  const FunctionMetadata* metadata_ = nullptr;
  uint32_t op_offset_ = 0;  ///< Of the current op, from the beginning of the body.
  uint32_t label_count_ = 0;
  std::vector<Block> blocks_;
  size_t depth_ = 0;  ///< Of indentation.
  std::string node_text_;
  std::vector<Node> nodes_;
  std::vector<size_t> roots_;
  size_t ready_ = 0;  ///< How many of the last roots are operands.
};

}  // namespace wherry::wasm::text
