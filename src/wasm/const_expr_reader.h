// ConstExprReader: reads and validates the constant expressions of a module that is being read.
#pragma once

#include <memory>

#include "base/byte_reader.h"
#include "wasm/module.h"

namespace wherry::wasm {

class ConstExprReader {
 public:
  /// What `module` has so far is what expressions may name. Functions that they refer to become declared.
  explicit ConstExprReader(Module& module);
  ~ConstExprReader();

  /// Reads an expression of type `type`, with its `end`, from where `from` stands; leaves `from` alone.
  bool read(const base::ByteReader& from, ValType type, ConstExpr& out);
  Error take_error();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wherry::wasm
