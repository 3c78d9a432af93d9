// From function bodies to LLVM IR: the emitter is a sink of the one FunctionReader, and what comes out is a module that
// the rest of this room optimises, lowers and links. The conventions of compiled code:
//
// - A wasm function is `tailcc R f<index>(ptr context, args...)`. References are i64, v128 is <2 x i64>. Two and more
//   results go to an array of slots whose address follows the context, and R is void.
// - A function type has two stubs, named after a type of its shape (stub_types()): `enter<type>`, with the C convention
//   and the signature of FuncEntry, and `leave<type>`, with the type's convention and a runtime::Func* as context.
// - Everything of the runtime is reached through the context, but for the personality function of modules with
//   exceptions (kPersonality).
// - Accesses of linear memory that may fault are calls; see memory_access.h.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "wasm/module.h"
#include "wherry/config.h"
#include "wherry/result.h"

namespace llvm {
class LLVMContext;
class Module;
}  // namespace llvm

/// The room's namespace is not `llvm`, which would hide LLVM's own.
namespace wherry::compiler {

struct EmitOptions {
  std::string triple;       ///< Of the target machine: x86_64-... or aarch64-...
  std::string data_layout;  ///< Of the target machine.
  BoundsStrategy bounds = BoundsStrategy::kGuard;
  bool relaxed_simd_deterministic = false;
  bool canonical_nan = false;  ///< Arithmetic gives canonical NaNs only.
  bool fuel = false;
  /// Debug locations: line L of a function is byte L of the module.
  bool locations = true;
};

/// The IR of `functions` (indices in the function index space, all defined) and, if asked for, of the module's stubs.
/// For functions in `thunks` there is a function that calls whatever runs them, so that code may call them directly
/// though they have none. Whatever else the code refers to is declared: functions and stubs of other shards. Errors:
/// those of validation. Thread-safe as long as no two threads use one LLVMContext.
Result<std::unique_ptr<llvm::Module>> emit_shard(llvm::LLVMContext& context, const wasm::Module& module,
                                                 std::span<const uint32_t> functions, bool with_stubs,
                                                 const EmitOptions& options, std::span<const uint32_t> thunks = {});

std::string function_symbol(uint32_t function);
std::string enter_symbol(uint32_t type);
std::string leave_symbol(uint32_t type);
inline constexpr const char* kPersonality = "wherry_personality";

/// For every type of the module's type section the index of the type whose stubs serve it; kNoStub for types that are
/// not function types.
std::vector<uint32_t> stub_types(const wasm::Module& module);
inline constexpr uint32_t kNoStub = ~uint32_t{0};

/// Whether exceptions may pass through the module's code, so that it needs unwind tables: a feature of exceptions is
/// on. (Without tags of its own it may still be called by, and call, modules that have some.)
bool may_unwind(const wasm::Module& module);

}  // namespace wherry::compiler
