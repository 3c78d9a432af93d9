// The LLVM module that a shard becomes, and what the functions in it share: types, declarations, metadata.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "llvm/emit.h"
#include "llvm/precompiled.h"
#include "llvm/signature.h"
#include "runtime/libcalls.h"
#include "wasm/module.h"

namespace wherry::compiler {

using runtime::Libcall;

/// What an access may touch: kinds do not alias each other.
enum class Region : uint8_t { kMemory, kContext, kGlobal, kTable, kObject, kCount };

class Shard {
 public:
  /// `uniform`: all functions have the prototype that names every register, because some tail-call others, and LLVM
  /// wants the prototypes of both to be the same. To the machine that is no difference.
  Shard(LLVMContext& context, const wasm::Module& module, const EmitOptions& options, bool uniform);
  ~Shard();

  const wasm::Module& module() const { return module_; }
  const EmitOptions& options() const { return options_; }
  LLVMContext& context() const { return context_; }
  Module& out() { return *out_; }
  std::unique_ptr<Module> take();

  bool is_x86() const { return is_x86_; }
  /// The stack pointer's name, as metadata for llvm.read_register.
  Value* stack_register() const { return stack_register_; }

  IntegerType* const i1;
  IntegerType* const i8;
  IntegerType* const i16;
  IntegerType* const i32;
  IntegerType* const i64;
  Type* const f32;
  Type* const f64;
  FixedVectorType* const v128;  ///< <2 x i64>
  PointerType* const ptr;
  Type* const none;

  Type* type_of(ValType type) const;
  /// What comes back in a register: void unless there is one result.
  Type* result_type(const wasm::TypeDef& type) const;

  const Signature& signature(const wasm::TypeDef& type);
  FunctionType* function_type(const Signature& signature) const;
  /// A call's arguments. `first`: the context, or the callee's Func. `results` and `overflow` where the signature has
  /// them.
  SmallVector<Value*, 16> pass(IRBuilderBase& builder, const Signature& signature, Value* first, Value* results,
                               Value* overflow, std::span<Value* const> args) const;
  /// Stores those arguments that find no register.
  void store_overflow(IRBuilderBase& builder, const Signature& signature, std::span<Value* const> args,
                      Value* overflow) const;
  /// What pass() passed, in the callee.
  struct Received {
    Value* first;
    Value* results;
    SmallVector<Value*, 16> args;
  };
  Received receive(IRBuilderBase& builder, const Signature& signature, Function& function) const;

  /// A value in a slot array.
  Value* load_slot(IRBuilderBase& builder, ValType type, Value* slots, uint32_t index) const;
  void store_slot(IRBuilderBase& builder, Value* value, Value* slots, uint32_t index) const;
  Value* slot_address(IRBuilderBase& builder, Value* slots, uint32_t index) const;

  /// Declared when first asked for.
  Function* function(uint32_t index);
  Function* enter_stub(uint32_t type);
  Function* leave_stub(const wasm::TypeDef& type);
  Constant* personality();
  /// What every function of this module has.
  void set_attributes(Function& function) const;

  /// An index in the module's type section of a canonical type.
  uint32_t type_index(TypeId id) const { return type_indices_.at(id); }
  /// See stub_types().
  uint32_t stub_type(uint32_t index) const { return stub_types_[index]; }

  FunctionType* libcall_type(Libcall libcall) const { return libcall_types_[static_cast<uint32_t>(libcall)]; }

  /// Marks what an instruction reads or writes, and, `invariant`, that a load's value never changes.
  template <class Access>
  Access* in(Region region, Access* access) const {
    access->setMetadata(LLVMContext::MD_tbaa, tags_[static_cast<size_t>(region)]);
    return access;
  }
  LoadInst* invariant(LoadInst* load) const;

  MDNode* unlikely() const { return unlikely_; }
  MDNode* likely() const { return likely_; }

  /// The debug scope of a function; null if locations are not wanted.
  DISubprogram* subprogram(uint32_t function);

 private:
  LLVMContext& context_;
  const wasm::Module& module_;
  const EmitOptions& options_;
  std::unique_ptr<Module> out_;
  bool is_x86_;
  bool uniform_;
  bool unwinds_;
  Registers registers_;
  Value* stack_register_;
  std::array<MDNode*, static_cast<size_t>(Region::kCount)> tags_;
  MDNode* unlikely_;
  MDNode* likely_;
  MDNode* empty_;
  std::vector<FunctionType*> libcall_types_;
  std::unordered_map<TypeId, uint32_t> type_indices_;
  std::vector<uint32_t> stub_types_;
  std::unordered_map<TypeId, std::unique_ptr<Signature>> signatures_;
  std::unordered_map<uint32_t, Function*> functions_;
  std::unique_ptr<DIBuilder> debug_;
  DIFile* file_ = nullptr;
  DISubroutineType* debug_type_ = nullptr;
};

/// Emits the stubs of all function types of the module.
void emit_stubs(Shard& shard);
/// Emits, as a function's code, a call through its Func.
void emit_thunk(Shard& shard, uint32_t function);

}  // namespace wherry::compiler
