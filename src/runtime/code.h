// What the runtime asks of the tier that executes a store's code. engine/tier.h extends both interfaces.
#pragma once

#include <utility>

#include "runtime/vmcontext.h"

namespace wherry::runtime {

/// The executable form of a module, shared by its instances. Immutable to its users, thread-safe.
class CodeBinder {
 public:
  virtual ~CodeBinder() = default;
  /// Fills `entry` and `code` of a defined function; `context`, `type` and `index` are set. May be called for the same
  /// function of many instances. Cheap: no translation happens here.
  virtual void bind(Func& func) const = 0;
};

/// A frame of running WebAssembly: the tier's record of its module, which understands the rest.
struct TrapFrame {
  const CodeBinder* code;
  const void* function;
  uintptr_t pc;
};

struct ThrowRegisters;

/// Knows the stacks of running code.
class StackScanner {
 public:
  virtual ~StackScanner() = default;
  /// Calls `visit(arg, first, last)` for every range of slots of `exec`'s wasm stack that may hold references: the
  /// collector scans them conservatively.
  virtual void visit_roots(const ExecState& exec, void (*visit)(void* arg, const Slot* first, const Slot* last),
                           void* arg) const = 0;
  /// Goes on where ExecState::exception is caught, out from the call in compiled code that `at` tells of: in compiled
  /// code, or in who called it. Tiers that compile nothing are not asked.
  [[noreturn]] virtual void throw_exception(ExecState& exec, const ThrowRegisters& at) const { std::unreachable(); }
};

}  // namespace wherry::runtime
