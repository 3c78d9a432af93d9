#include "llvm/shard.h"

#include <llvm/TargetParser/Triple.h>

#include "runtime/vmcontext.h"

namespace wherry::compiler {

namespace {

struct LibcallRow {
  StringRef result;
  StringRef params;
};
constexpr LibcallRow kLibcalls[] = {
#define WHERRY_LIBCALL(name, result, ...) {#result, #__VA_ARGS__},
#include "runtime/libcalls.inc"
#undef WHERRY_LIBCALL
};

Type* libcall_value(const Shard& shard, StringRef name) {
  return StringSwitch<Type*>(name)
      .Case("ptr", shard.ptr)
      .Case("i32", shard.i32)
      .Case("i64", shard.i64)
      .Case("f32", shard.f32)
      .Case("f64", shard.f64)
      .Default(shard.none);
}

constexpr StringLiteral kRegionNames[] = {"memory", "context", "global", "table", "object"};
static_assert(std::size(kRegionNames) == static_cast<size_t>(Region::kCount));

}  // namespace

Shard::Shard(LLVMContext& context, const wasm::Module& module, const EmitOptions& options, bool uniform)
    : i1(IntegerType::getInt1Ty(context)),
      i8(IntegerType::getInt8Ty(context)),
      i16(IntegerType::getInt16Ty(context)),
      i32(IntegerType::getInt32Ty(context)),
      i64(IntegerType::getInt64Ty(context)),
      f32(Type::getFloatTy(context)),
      f64(Type::getDoubleTy(context)),
      v128(FixedVectorType::get(i64, 2)),
      ptr(PointerType::get(context, 0)),
      none(Type::getVoidTy(context)),
      context_(context),
      module_(module),
      options_(options),
      out_(std::make_unique<Module>("wasm", context)),
      uniform_(uniform),
      unwinds_(may_unwind(module)),
      empty_(MDNode::get(context, {})) {
  const Triple triple(options.triple);
  out_->setTargetTriple(triple);
  out_->setDataLayout(options.data_layout);
  out_->setPICLevel(PICLevel::BigPIC);
  is_x86_ = triple.getArch() == Triple::x86_64;
  registers_ = is_x86_ ? kRegistersX86_64 : kRegistersAarch64;
  stack_register_ =
      MetadataAsValue::get(context, MDNode::get(context, {MDString::get(context, is_x86_ ? "rsp" : "sp")}));

  MDBuilder metadata(context);
  MDNode* const root = metadata.createTBAARoot("wherry");
  for (size_t i = 0; i < tags_.size(); ++i) {
    MDNode* const type = metadata.createTBAAScalarTypeNode(kRegionNames[i], root);
    tags_[i] = metadata.createTBAAStructTagNode(type, type, 0);
  }
  unlikely_ = metadata.createUnlikelyBranchWeights();
  likely_ = metadata.createLikelyBranchWeights();

  for (const LibcallRow& row : kLibcalls) {
    SmallVector<Type*, 8> params;
    SmallVector<StringRef, 8> names;
    row.params.split(names, ',', -1, false);
    for (StringRef name : names) params.push_back(libcall_value(*this, name.trim()));
    libcall_types_.push_back(FunctionType::get(libcall_value(*this, row.result), params, false));
  }
  for (uint32_t index = 0; index < module.types.size(); ++index) type_indices_.try_emplace(module.types[index], index);
  stub_types_ = stub_types(module);

  if (options.locations) {
    out_->addModuleFlag(Module::Warning, "Debug Info Version", DEBUG_METADATA_VERSION);
    debug_ = std::make_unique<DIBuilder>(*out_);
    file_ = debug_->createFile("wasm", "");
    debug_->createCompileUnit(DISourceLanguageName(dwarf::DW_LANG_C), file_, "", true, "", 0, "",
                              DICompileUnit::LineTablesOnly);
    debug_type_ = debug_->createSubroutineType(debug_->getOrCreateTypeArray({}));
  }
}

Shard::~Shard() = default;

std::unique_ptr<Module> Shard::take() {
  if (debug_ != nullptr) debug_->finalize();
  return std::move(out_);
}

Type* Shard::type_of(ValType type) const {
  switch (type.kind()) {
    case ValType::kI32:
      return i32;
    case ValType::kF32:
      return f32;
    case ValType::kF64:
      return f64;
    case ValType::kV128:
      return v128;
    default:
      return i64;
  }
}

Type* Shard::result_type(const wasm::TypeDef& type) const {
  return type.results.size() == 1 ? type_of(type.results[0]) : none;
}

const Signature& Shard::signature(const wasm::TypeDef& type) {
  std::unique_ptr<Signature>& known = signatures_[type.id];
  if (known == nullptr) known = std::make_unique<Signature>(type, registers_);
  return *known;
}

FunctionType* Shard::function_type(const Signature& signature) const {
  SmallVector<Type*, 16> params = {ptr};
  if (uniform_) {
    params.append(registers_.ints - 1, i64);
    params.append(registers_.vectors, v128);
  } else {
    if (signature.has_results_pointer) params.push_back(ptr);
    if (signature.overflow_slots != 0) params.push_back(ptr);
    for (size_t i = 0; i < signature.params.size(); ++i) {
      if (signature.params[i].kind != Signature::Place::Kind::kOverflow) {
        params.push_back(type_of(signature.type.params[i]));
      }
    }
  }
  return FunctionType::get(result_type(signature.type), params, false);
}

SmallVector<Value*, 16> Shard::pass(IRBuilderBase& builder, const Signature& signature, Value* first, Value* results,
                                    Value* overflow, std::span<Value* const> args) const {
  using Kind = Signature::Place::Kind;
  SmallVector<Value*, 16> passed = {first};
  if (!uniform_) {
    if (signature.has_results_pointer) passed.push_back(results);
    if (signature.overflow_slots != 0) passed.push_back(overflow);
    for (size_t i = 0; i < args.size(); ++i) {
      if (signature.params[i].kind != Kind::kOverflow) passed.push_back(args[i]);
    }
    return passed;
  }
  passed.append(registers_.ints - 1, PoisonValue::get(i64));
  passed.append(registers_.vectors, PoisonValue::get(v128));
  uint32_t next = 1;
  if (signature.has_results_pointer) passed[next++] = builder.CreatePtrToInt(results, i64);
  if (signature.overflow_slots != 0) passed[next++] = builder.CreatePtrToInt(overflow, i64);
  for (size_t i = 0; i < args.size(); ++i) {
    const Signature::Place place = signature.params[i];
    if (place.kind == Kind::kInt) {
      passed[place.index] = builder.CreateZExt(args[i], i64);
    } else if (place.kind == Kind::kVector) {
      Value* value = args[i];
      if (!value->getType()->isVectorTy()) {
        const unsigned lanes = value->getType() == f32 ? 4 : 2;
        value = builder.CreateInsertElement(PoisonValue::get(FixedVectorType::get(value->getType(), lanes)), value,
                                            uint64_t{0});
        value = builder.CreateBitCast(value, v128);
      }
      passed[registers_.ints + place.index] = value;
    }
  }
  return passed;
}

void Shard::store_overflow(IRBuilderBase& builder, const Signature& signature, std::span<Value* const> args,
                           Value* overflow) const {
  for (size_t i = 0; i < args.size(); ++i) {
    const Signature::Place place = signature.params[i];
    if (place.kind == Signature::Place::Kind::kOverflow) store_slot(builder, args[i], overflow, place.index);
  }
}

Shard::Received Shard::receive(IRBuilderBase& builder, const Signature& signature, Function& function) const {
  using Kind = Signature::Place::Kind;
  Received received{.first = function.getArg(0), .results = nullptr, .args = {}};
  unsigned next = 1;
  const auto pointer = [&] {
    Value* const arg = function.getArg(next++);
    return uniform_ ? builder.CreateIntToPtr(arg, ptr) : arg;
  };
  if (signature.has_results_pointer) received.results = pointer();
  Value* const overflow = signature.overflow_slots != 0 ? pointer() : nullptr;
  for (size_t i = 0; i < signature.params.size(); ++i) {
    const Signature::Place place = signature.params[i];
    const ValType type = signature.type.params[i];
    if (place.kind == Kind::kOverflow) {
      received.args.push_back(load_slot(builder, type, overflow, place.index));
    } else if (!uniform_) {
      received.args.push_back(function.getArg(next++));
    } else if (place.kind == Kind::kInt) {
      received.args.push_back(builder.CreateTrunc(function.getArg(place.index), type_of(type)));
    } else {
      Value* value = function.getArg(registers_.ints + place.index);
      if (type.kind() != ValType::kV128) {
        const unsigned lanes = type.kind() == ValType::kF32 ? 4 : 2;
        value = builder.CreateBitCast(value, FixedVectorType::get(type_of(type), lanes));
        value = builder.CreateExtractElement(value, uint64_t{0});
      }
      received.args.push_back(value);
    }
  }
  return received;
}

Value* Shard::slot_address(IRBuilderBase& builder, Value* slots, uint32_t index) const {
  return index == 0 ? slots : builder.CreateConstInBoundsGEP1_64(i64, slots, index);
}

Value* Shard::load_slot(IRBuilderBase& builder, ValType type, Value* slots, uint32_t index) const {
  return builder.CreateAlignedLoad(type_of(type), slot_address(builder, slots, index), Align(8));
}

void Shard::store_slot(IRBuilderBase& builder, Value* value, Value* slots, uint32_t index) const {
  builder.CreateAlignedStore(value, slot_address(builder, slots, index), Align(8));
}

Function* Shard::function(uint32_t index) {
  Function*& known = functions_[index];
  if (known == nullptr) {
    known = Function::Create(function_type(signature(module_.function_type(index))), GlobalValue::ExternalLinkage,
                             function_symbol(index), *out_);
    set_attributes(*known);
  }
  return known;
}

Function* Shard::enter_stub(uint32_t type) {
  Function* const stub = Function::Create(FunctionType::get(i32, {ptr, ptr}, false), GlobalValue::ExternalLinkage,
                                          enter_symbol(type), *out_);
  set_attributes(*stub);
  return stub;
}

Function* Shard::leave_stub(const wasm::TypeDef& type) {
  const std::string name = leave_symbol(stub_types_[type_index(type.id)]);
  if (Function* known = out_->getFunction(name)) return known;
  Function* const stub = Function::Create(function_type(signature(type)), GlobalValue::ExternalLinkage, name, *out_);
  set_attributes(*stub);
  return stub;
}

Constant* Shard::personality() {
  return cast<Constant>(out_->getOrInsertFunction(kPersonality, FunctionType::get(i32, {}, true)).getCallee());
}

void Shard::set_attributes(Function& function) const {
  function.setDSOLocal(true);
  function.setVisibility(GlobalValue::HiddenVisibility);
  function.addFnAttr("frame-pointer", "all");
  function.addFnAttr("probe-stack", "inline-asm");
  function.addFnAttr(Attribute::NoInline);
  if (unwinds_) {
    function.setUWTableKind(UWTableKind::Sync);
  } else {
    function.setDoesNotThrow();
  }
}

LoadInst* Shard::invariant(LoadInst* load) const {
  load->setMetadata(LLVMContext::MD_invariant_load, empty_);
  return load;
}

DISubprogram* Shard::subprogram(uint32_t function) {
  if (debug_ == nullptr) return nullptr;
  const std::string name = function_symbol(function);
  DISubprogram* const subprogram = debug_->createFunction(file_, name, name, file_, 0, debug_type_, 0, DINode::FlagZero,
                                                          DISubprogram::SPFlagDefinition);
  return subprogram;
}

}  // namespace wherry::compiler
