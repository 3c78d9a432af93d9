// Accesses of linear memory that may fault, as the middle end sees them: calls of wherry.load.TYPE and
// wherry.store.TYPE, which read or write what their argument points to and may not return. So LLVM may merge equal
// ones, but removes none, and moves none past another effect. Late in the pipeline they become loads and stores
// (lower_memory_accesses).
//
// TYPE is i8, i16, i32, i64, f32, f64 or v128 (<2 x i64>). No alignment is implied.
#pragma once

namespace llvm {
class CallBase;
class Function;
class IRBuilderBase;
class Type;
class Value;
}  // namespace llvm

namespace wherry::compiler {

/// `address`: a pointer.
llvm::CallBase* emit_faulting_load(llvm::IRBuilderBase& builder, llvm::Type* type, llvm::Value* address);
llvm::CallBase* emit_faulting_store(llvm::IRBuilderBase& builder, llvm::Value* value, llvm::Value* address);

/// What a function is, if it is one of the pseudo-functions.
enum class FaultingAccess { kNone, kLoad, kStore };
FaultingAccess faulting_access(const llvm::Function& function);

}  // namespace wherry::compiler
