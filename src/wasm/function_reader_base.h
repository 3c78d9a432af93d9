// FunctionReaderBase: what is common to all function readers: the operand and control stacks and the typing rules.
// Spec: https://webassembly.github.io/spec/core/appendix/algorithm.html
#pragma once

#include <cstdint>
#include <span>
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
  explicit FunctionReaderBase(const Module& module) : Decoder(Bytes()), module_(module) {}

  const Module& module_;
  uint32_t function_index_ = kNoFunction;
  uint32_t param_count_ = 0;
  bool live_ = true;
  const uint8_t* op_start_ = nullptr;
  base::PodStack<ValType> operands_;
  base::PodStack<Control> controls_;
  base::PodStack<ValType> locals_;
};

}  // namespace wherry::wasm
