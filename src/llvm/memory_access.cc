#include "llvm/memory_access.h"

#include "llvm/precompiled.h"

namespace wherry::compiler {

namespace {

constexpr StringLiteral kLoadPrefix = "wherry.load.";
constexpr StringLiteral kStorePrefix = "wherry.store.";

StringRef type_name(const Type* type) {
  switch (type->getTypeID()) {
    case Type::FloatTyID:
      return "f32";
    case Type::DoubleTyID:
      return "f64";
    case Type::IntegerTyID:
      switch (type->getIntegerBitWidth()) {
        case 8:
          return "i8";
        case 16:
          return "i16";
        case 32:
          return "i32";
        default:
          return "i64";
      }
    default:
      return "v128";
  }
}

Function* access_function(Module& module, FaultingAccess kind, Type* type) {
  const bool is_load = kind == FaultingAccess::kLoad;
  SmallString<32> name(is_load ? kLoadPrefix : kStorePrefix);
  name += type_name(type);
  if (Function* known = module.getFunction(name)) return known;
  LLVMContext& context = module.getContext();
  Type* const address = PointerType::get(context, 0);
  FunctionType* const signature = is_load ? FunctionType::get(type, {address}, false)
                                          : FunctionType::get(Type::getVoidTy(context), {address, type}, false);
  Function* function = Function::Create(signature, GlobalValue::ExternalLinkage, name, module);
  function->setMemoryEffects(MemoryEffects::argMemOnly(is_load ? ModRefInfo::Ref : ModRefInfo::Mod));
  function->setDoesNotThrow();
  function->addFnAttr(Attribute::NoCallback);
  function->addFnAttr(Attribute::NoSync);
  function->addFnAttr(Attribute::NoFree);
  function->addParamAttr(0, Attribute::getWithCaptureInfo(context, CaptureInfo::none()));
  return function;
}

}  // namespace

CallBase* emit_faulting_load(IRBuilderBase& builder, Type* type, Value* address) {
  Module& module = *builder.GetInsertBlock()->getModule();
  return builder.CreateCall(access_function(module, FaultingAccess::kLoad, type), {address});
}

CallBase* emit_faulting_store(IRBuilderBase& builder, Value* value, Value* address) {
  Module& module = *builder.GetInsertBlock()->getModule();
  return builder.CreateCall(access_function(module, FaultingAccess::kStore, value->getType()), {address, value});
}

FaultingAccess faulting_access(const Function& function) {
  const StringRef name = function.getName();
  if (name.starts_with(kLoadPrefix)) return FaultingAccess::kLoad;
  if (name.starts_with(kStorePrefix)) return FaultingAccess::kStore;
  return FaultingAccess::kNone;
}

}  // namespace wherry::compiler
