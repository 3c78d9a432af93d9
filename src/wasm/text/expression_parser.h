// Instructions, folded or not, to bytes. Nesting lives on a stack of its own, so that its depth is bounded by memory
// and not by the native stack. Typing is not looked at.
// Spec: https://webassembly.github.io/spec/core/text/instructions.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/encoder.h"
#include "wasm/text/module_scope.h"

namespace wherry::wasm::text {

/// What identifiers mean within the current function. One for a whole text, which may have many modules: it is as large
/// as the text has identifiers, and never needs to be cleared.
struct SymbolTable {
  explicit SymbolTable(const TokenizedText& text) : locals(text.symbols.size()), labels(text.symbols.size()) {}

  struct Local {
    uint32_t function = 0;  ///< It is a local if this is `function` below.
    uint32_t index = 0;
  };
  std::vector<Local> locals;     ///< By symbol.
  std::vector<uint32_t> labels;  ///< By symbol: its place among the labels in scope, plus one; 0 for none.
  uint32_t function = 0;         ///< Number of the current function in the text.
};

class ExpressionParser {
 public:
  /// What a @metadata.code annotation said of an instruction.
  struct CodeMetadata {
    std::string_view section;
    uint32_t offset;  ///< Of the instruction, in the output.
    std::string bytes;
  };

  ExpressionParser(ModuleScope& scope, SymbolTable& symbols)
      : scope_(scope), cursor_(scope.cursor()), symbols_(symbols) {}

  /// Begins a function, forgetting the one before.
  void begin_function();
  /// Adds a parameter or local.
  void bind_local(const LocalName& name);
  /// Adds parameters that have no names.
  void add_locals(uint32_t count) { local_count_ += count; }

  /// Instructions up to a ")" that is not theirs, which stays, with the final `end`.
  void expression(Encoder& out);
  /// One folded instruction, with the final `end`.
  void folded_expression(Encoder& out);

  /// Of the function begun last.
  const NameList& local_names() const { return local_names_; }
  const NameList& label_names() const { return label_names_; }
  std::vector<CodeMetadata>& code_metadata() { return metadata_; }

 private:
  struct Frame {
    enum class Kind : uint8_t {
      kSequence,   ///< The whole expression.
      kSingle,     ///< The whole expression, if it must be one folded instruction.
      kOperator,   ///< (op ...: operands follow, the op itself waits in pending_.
      kBlock,      ///< (block ... or another that ends with `end` and has instructions in it
      kIf,         ///< (if ...: the condition follows, the op waits in pending_.
      kIfThen,     ///< (if ... (then ...): maybe (else ...) follows.
      kIfElse,     ///< (if ... (then ...) (else ...)
      kTry,        ///< (try ...: (do ...) follows.
      kTryDone,    ///< (try (do ...): (catch ...)*, (catch_all ...) or (delegate ...) follows.
      kTryCatch,   ///< (try (do ...) (catch ...): (catch ...)* or (catch_all ...) follows.
      kTryEnd,     ///< (try ...: nothing follows but ")".
      kDelegated,  ///< (try (do ...) (delegate ...)
      kArm,        ///< (then ..., (else ..., (do ..., (catch ...
      // Not folded; they end with the word `end`.
      kFlatBlock,
      kFlatIf,
      kFlatElse,
      kFlatTry,
      kFlatCatch,
      kFlatCatchAll,
    };
    Kind kind;
    size_t pending = 0;                          ///< kOperator, kIf: where in pending_ the op begins.
    Op op = Op::kNop;                            ///< kOperator, kIf
    uint32_t position = 0;                       ///< kOperator, kIf: the token where it begins.
    std::optional<Symbol> label = std::nullopt;  ///< kIf: not in scope of the condition.
  };
  struct Label {
    std::optional<Symbol> symbol;
    uint32_t shadowed;  ///< What the symbol meant before, as in SymbolTable::labels.
  };

  void run(Encoder& out, Frame::Kind base);
  bool accepts_instructions() const;
  void open_list(Encoder& out);
  void open_folded(Encoder& out, const Token& op);
  void open_part(Encoder& out);
  void close_list(Encoder& out);
  void flat_instruction(Encoder& out);

  void structured(Encoder& out, Op op, Frame::Kind kind);
  void push_label(std::optional<Symbol> symbol);
  void pop_label();
  void matching_label();
  void take_catches(Encoder& out);

  void instruction(Encoder& out, Op op);
  void immediates(Encoder& out, Op op);
  void mem_arg(Encoder& out, Op op, bool lane_follows);
  void index_pair(Encoder& out, Space first, Space second);
  void optional_index(Encoder& out, Space s);
  void label_index(Encoder& out);
  void local_index(Encoder& out);
  void integer(Encoder& out, unsigned bits);
  void number(Encoder& out, ImmKind kind);
  void vector_constant(Encoder& out);
  void lanes16(Encoder& out);
  void lane(Encoder& out);
  void br_on_cast(Encoder& out);
  void typed_reference(Encoder& out, Op op);

  void take_metadata(uint32_t position, Op op, size_t offset);

  ModuleScope& scope_;
  Cursor& cursor_;
  SymbolTable& symbols_;
  std::vector<Frame> frames_;
  Encoder pending_;
  std::vector<Label> labels_;
  uint32_t local_count_ = 0;
  uint32_t label_count_ = 0;  ///< Of the function, in the order of their instructions.
  NameList local_names_, label_names_;
  std::vector<CodeMetadata> metadata_;
};

}  // namespace wherry::wasm::text
