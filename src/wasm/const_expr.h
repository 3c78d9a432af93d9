// Constant expressions: evaluation while a module is instantiated. They are validated by the module reader, with the
// same FunctionReader as bodies. Spec:
// https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions
#pragma once

#include <cstdint>
#include <expected>
#include <span>

#include "wasm/module.h"
#include "wherry/trap.h"

namespace wherry::wasm {

/// A value: its bits as in the runtime's slots (i32 and f32 zero-extended; a reference is a word, null is 0), v128 in
/// both.
struct ConstValue {
  uint64_t low = 0;
  uint64_t high = 0;
};

/// What an evaluation asks of the instance. References held by the evaluation are not visible to a collector: the host
/// must keep what it allocates here alive until evaluate() returns.
class ConstHost {
 public:
  virtual ~ConstHost() = default;
  /// Of an imported global, or of an earlier one of the module.
  virtual ConstValue global(uint32_t index) = 0;
  virtual uint64_t ref_func(uint32_t index) = 0;
  virtual uint64_t ref_i31(uint32_t value) = 0;
  virtual uint64_t any_convert_extern(uint64_t ref) = 0;
  virtual uint64_t extern_convert_any(uint64_t ref) = 0;
  /// One value a field.
  virtual std::expected<uint64_t, TrapKind> new_struct(TypeId type, std::span<const ConstValue> fields) = 0;
  virtual std::expected<uint64_t, TrapKind> new_array(TypeId type, ConstValue element, uint32_t length) = 0;
  virtual std::expected<uint64_t, TrapKind> new_array_fixed(TypeId type, std::span<const ConstValue> elements) = 0;
};

/// The value of a constant expression that belongs to `module`. The one-instruction forms of ConstExpr::Kind cost
/// nothing.
std::expected<ConstValue, TrapKind> evaluate(const Module& module, const ConstExpr& expr, ConstHost& host);

}  // namespace wherry::wasm
