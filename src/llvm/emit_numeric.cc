// Scalar arithmetic. Where an op is one LLVM operation, a row of a table says which. Meaning: src/wasm/semantics.h.
//
// Floating point is LLVM's default, whose results are WebAssembly's but for signalling NaNs: LLVM takes x * 1 for x,
// though the product of a signalling NaN is quiet. Operations with such a constant are emitted as llvm.canonicalize.
#include <array>
#include <optional>

#include "llvm/function_emitter.h"

namespace wherry::compiler {

namespace {

using BinaryOps = Instruction::BinaryOps;
using Predicate = CmpInst::Predicate;

enum class Shape : uint8_t {
  kNone,
  kBinary,     ///< Two operands: a binary instruction.
  kFloat,      ///< The same on floats.
  kShift,      ///< The same, the second operand modulo the width.
  kDivide,     ///< The same; may trap.
  kRotate,     ///< Two operands: a funnel shift.
  kCompare,    ///< Two operands: a predicate.
  kUnary,      ///< One operand: an intrinsic.
  kCountZero,  ///< One operand: an intrinsic that takes a flag.
  kRound,      ///< One operand: an intrinsic of a float, whose NaNs count as arithmetic.
};

struct Row {
  Shape shape = Shape::kNone;
  uint32_t operation = 0;
};

constexpr auto kRows = [] {
  std::array<Row, wasm::kOpCount> rows{};
  const auto set = [&](Op op, Shape shape, uint32_t operation) { rows[static_cast<size_t>(op)] = {shape, operation}; };
  struct Both {
    Op i32, i64;
  };
  const auto both = [&](Both ops, Shape shape, uint32_t operation) {
    set(ops.i32, shape, operation);
    set(ops.i64, shape, operation);
  };
  both({Op::kI32Add, Op::kI64Add}, Shape::kBinary, Instruction::Add);
  both({Op::kI32Sub, Op::kI64Sub}, Shape::kBinary, Instruction::Sub);
  both({Op::kI32Mul, Op::kI64Mul}, Shape::kBinary, Instruction::Mul);
  both({Op::kI32And, Op::kI64And}, Shape::kBinary, Instruction::And);
  both({Op::kI32Or, Op::kI64Or}, Shape::kBinary, Instruction::Or);
  both({Op::kI32Xor, Op::kI64Xor}, Shape::kBinary, Instruction::Xor);
  both({Op::kI32Shl, Op::kI64Shl}, Shape::kShift, Instruction::Shl);
  both({Op::kI32ShrS, Op::kI64ShrS}, Shape::kShift, Instruction::AShr);
  both({Op::kI32ShrU, Op::kI64ShrU}, Shape::kShift, Instruction::LShr);
  both({Op::kI32DivS, Op::kI64DivS}, Shape::kDivide, Instruction::SDiv);
  both({Op::kI32DivU, Op::kI64DivU}, Shape::kDivide, Instruction::UDiv);
  both({Op::kI32RemS, Op::kI64RemS}, Shape::kDivide, Instruction::SRem);
  both({Op::kI32RemU, Op::kI64RemU}, Shape::kDivide, Instruction::URem);
  both({Op::kI32Rotl, Op::kI64Rotl}, Shape::kRotate, Intrinsic::fshl);
  both({Op::kI32Rotr, Op::kI64Rotr}, Shape::kRotate, Intrinsic::fshr);
  both({Op::kI32Eq, Op::kI64Eq}, Shape::kCompare, CmpInst::ICMP_EQ);
  both({Op::kI32Ne, Op::kI64Ne}, Shape::kCompare, CmpInst::ICMP_NE);
  both({Op::kI32LtS, Op::kI64LtS}, Shape::kCompare, CmpInst::ICMP_SLT);
  both({Op::kI32LtU, Op::kI64LtU}, Shape::kCompare, CmpInst::ICMP_ULT);
  both({Op::kI32GtS, Op::kI64GtS}, Shape::kCompare, CmpInst::ICMP_SGT);
  both({Op::kI32GtU, Op::kI64GtU}, Shape::kCompare, CmpInst::ICMP_UGT);
  both({Op::kI32LeS, Op::kI64LeS}, Shape::kCompare, CmpInst::ICMP_SLE);
  both({Op::kI32LeU, Op::kI64LeU}, Shape::kCompare, CmpInst::ICMP_ULE);
  both({Op::kI32GeS, Op::kI64GeS}, Shape::kCompare, CmpInst::ICMP_SGE);
  both({Op::kI32GeU, Op::kI64GeU}, Shape::kCompare, CmpInst::ICMP_UGE);
  both({Op::kF32Eq, Op::kF64Eq}, Shape::kCompare, CmpInst::FCMP_OEQ);
  both({Op::kF32Ne, Op::kF64Ne}, Shape::kCompare, CmpInst::FCMP_UNE);
  both({Op::kF32Lt, Op::kF64Lt}, Shape::kCompare, CmpInst::FCMP_OLT);
  both({Op::kF32Gt, Op::kF64Gt}, Shape::kCompare, CmpInst::FCMP_OGT);
  both({Op::kF32Le, Op::kF64Le}, Shape::kCompare, CmpInst::FCMP_OLE);
  both({Op::kF32Ge, Op::kF64Ge}, Shape::kCompare, CmpInst::FCMP_OGE);
  both({Op::kI32Clz, Op::kI64Clz}, Shape::kCountZero, Intrinsic::ctlz);
  both({Op::kI32Ctz, Op::kI64Ctz}, Shape::kCountZero, Intrinsic::cttz);
  both({Op::kI32Popcnt, Op::kI64Popcnt}, Shape::kUnary, Intrinsic::ctpop);
  both({Op::kF32Add, Op::kF64Add}, Shape::kFloat, Instruction::FAdd);
  both({Op::kF32Sub, Op::kF64Sub}, Shape::kFloat, Instruction::FSub);
  both({Op::kF32Mul, Op::kF64Mul}, Shape::kFloat, Instruction::FMul);
  both({Op::kF32Div, Op::kF64Div}, Shape::kFloat, Instruction::FDiv);
  both({Op::kF32Abs, Op::kF64Abs}, Shape::kUnary, Intrinsic::fabs);
  both({Op::kF32Ceil, Op::kF64Ceil}, Shape::kRound, Intrinsic::ceil);
  both({Op::kF32Floor, Op::kF64Floor}, Shape::kRound, Intrinsic::floor);
  both({Op::kF32Trunc, Op::kF64Trunc}, Shape::kRound, Intrinsic::trunc);
  both({Op::kF32Nearest, Op::kF64Nearest}, Shape::kRound, Intrinsic::roundeven);
  both({Op::kF32Sqrt, Op::kF64Sqrt}, Shape::kRound, Intrinsic::sqrt);
  return rows;
}();

/// If x OP c is x or -x but for a signalling NaN: 1 or -1.
std::optional<int> sign_if_trivial(BinaryOps opcode, const APFloat& constant, bool constant_first) {
  switch (opcode) {
    case Instruction::FAdd:
      if (constant.isNegZero()) return 1;
      break;
    case Instruction::FSub:
      if (constant_first && constant.isNegZero()) return -1;
      if (!constant_first && constant.isPosZero()) return 1;
      break;
    case Instruction::FMul:
    case Instruction::FDiv:
      if (constant_first && opcode == Instruction::FDiv) break;
      if (constant.isExactlyValue(1.0)) return 1;
      if (constant.isExactlyValue(-1.0)) return -1;
      break;
    default:
      break;
  }
  return std::nullopt;
}

const APFloat* as_constant(Value* value) {
  auto* constant = dyn_cast<Constant>(value);
  if (constant != nullptr && constant->getType()->isVectorTy()) constant = constant->getSplatValue();
  const auto* number = dyn_cast_or_null<ConstantFP>(constant);
  return number == nullptr ? nullptr : &number->getValueAPF();
}

}  // namespace

/// A result of arithmetic, with its NaNs made canonical if that is asked for.
Value* FunctionEmitter::canonical(Value* value) {
  if (!shard_.options().canonical_nan) return value;
  Value* const is_nan = b_.CreateFCmpUNO(value, value);
  return b_.CreateSelect(is_nan, ConstantFP::getQNaN(value->getType()), value);
}

Value* FunctionEmitter::float_arithmetic(BinaryOps opcode, Value* a, Value* b) {
  const APFloat* constant = as_constant(b);
  const bool constant_first = constant == nullptr;
  if (constant_first) constant = as_constant(a);
  if (constant != nullptr) {
    Value* const other = constant_first ? b : a;
    if (const std::optional<int> sign = sign_if_trivial(opcode, *constant, constant_first)) {
      Value* const quiet = b_.CreateUnaryIntrinsic(Intrinsic::canonicalize, other);
      return canonical(*sign > 0 ? quiet : b_.CreateFNeg(quiet));
    }
  }
  return canonical(b_.CreateBinOp(opcode, a, b));
}

/// As semantics.h does it: x86-64's own minimum is `a < b ? a : b`.
Value* FunctionEmitter::min_max(Value* a, Value* b, bool is_min) {
  if (!shard_.is_x86()) {
    return canonical(b_.CreateBinaryIntrinsic(is_min ? Intrinsic::minimum : Intrinsic::maximum, a, b));
  }
  const Predicate predicate = is_min ? CmpInst::FCMP_OLT : CmpInst::FCMP_OGT;
  Type* const type = a->getType();
  Type* const bits = type->isVectorTy() ? static_cast<Type*>(lanes(type->getScalarSizeInBits()))
                                        : b_.getIntNTy(type->getScalarSizeInBits());
  Value* const one = b_.CreateBitCast(b_.CreateSelect(b_.CreateFCmp(predicate, a, b), a, b), bits);
  Value* const other = b_.CreateBitCast(b_.CreateSelect(b_.CreateFCmp(predicate, b, a), b, a), bits);
  Value* const ordered = b_.CreateBitCast(is_min ? b_.CreateOr(one, other) : b_.CreateAnd(one, other), type);
  return canonical(b_.CreateSelect(b_.CreateFCmpUNO(a, b), b_.CreateFAdd(a, b), ordered));
}

Value* FunctionEmitter::divide(BinaryOps opcode, Value* a, Value* b) {
  Type* const type = a->getType();
  trap_if(is_null(b), TrapKind::kIntegerDivideByZero);
  Value* const minus_one = ConstantInt::getAllOnesValue(type);
  if (opcode == Instruction::SDiv) {
    Value* const least = ConstantInt::get(type, APInt::getSignedMinValue(type->getIntegerBitWidth()));
    trap_if(b_.CreateAnd(b_.CreateICmpEQ(b, minus_one), b_.CreateICmpEQ(a, least)), TrapKind::kIntegerOverflow);
  } else if (opcode == Instruction::SRem) {
    b = b_.CreateSelect(b_.CreateICmpEQ(b, minus_one), ConstantInt::get(type, 1), b);
  }
  return b_.CreateBinOp(opcode, a, b);
}

Value* FunctionEmitter::unary(Intrinsic::ID intrinsic, Value* value) {
  return b_.CreateUnaryIntrinsic(intrinsic, value);
}

bool FunctionEmitter::numeric_op(Op op) {
  const Row row = kRows[static_cast<size_t>(op)];
  switch (row.shape) {
    case Shape::kNone:
      return false;
    case Shape::kBinary:
    case Shape::kFloat:
    case Shape::kShift:
    case Shape::kDivide: {
      const auto opcode = static_cast<BinaryOps>(row.operation);
      Value* b = pop();
      Value* const a = pop();
      if (row.shape == Shape::kFloat) {
        push(float_arithmetic(opcode, a, b));
      } else if (row.shape == Shape::kDivide) {
        push(divide(opcode, a, b));
      } else {
        if (row.shape == Shape::kShift) b = b_.CreateAnd(b, b->getType()->getIntegerBitWidth() - 1);
        push(b_.CreateBinOp(opcode, a, b));
      }
      return true;
    }
    case Shape::kRotate: {
      Value* const amount = pop();
      Value* const value = pop();
      push(b_.CreateIntrinsic(row.operation, {value->getType()}, {value, value, amount}));
      return true;
    }
    case Shape::kCompare: {
      Value* const b = pop();
      Value* const a = pop();
      push_bool(b_.CreateCmp(static_cast<Predicate>(row.operation), a, b));
      return true;
    }
    case Shape::kUnary:
      push(unary(row.operation, pop()));
      return true;
    case Shape::kCountZero:
      push(b_.CreateBinaryIntrinsic(row.operation, pop(), b_.getFalse()));
      return true;
    case Shape::kRound:
      push(canonical(unary(row.operation, pop())));
      return true;
  }
  return false;
}

/// The truncation of a float, or a trap. See semantics::detail::truncates_to.
Value* FunctionEmitter::truncate(Value* value, IntegerType* to, bool is_signed) {
  Type* const from = value->getType();
  const unsigned bits = to->getBitWidth();
  const bool exact = from == shard_.f64 && bits == 32;  // the bounds below and above are floats themselves
  const double end = is_signed ? (bits == 32 ? 0x1p31 : 0x1p63) : (bits == 32 ? 0x1p32 : 0x1p64);
  Value* const below_end = b_.CreateFCmpOLT(value, ConstantFP::get(from, end));
  Value* above_start;
  if (!is_signed) {
    above_start = b_.CreateFCmpOGT(value, ConstantFP::get(from, -1.0));
  } else if (exact) {
    above_start = b_.CreateFCmpOGT(value, ConstantFP::get(from, -end - 1));
  } else {
    above_start = b_.CreateFCmpOGE(value, ConstantFP::get(from, -end));
  }
  BasicBlock* const outside = branch_unlikely(b_.CreateNot(b_.CreateAnd(below_end, above_start)));
  {
    const IRBuilderBase::InsertPointGuard guard(b_);
    begin_block(outside);
    trap_if(b_.CreateFCmpUNO(value, value), TrapKind::kInvalidConversionToInteger);
    trap(TrapKind::kIntegerOverflow);
  }
  return is_signed ? b_.CreateFPToSI(value, to) : b_.CreateFPToUI(value, to);
}

bool FunctionEmitter::conversion_op(Op op) {
  const auto saturate = [&](IntegerType* to, bool is_signed) {
    Value* const value = pop();
    push(
        b_.CreateIntrinsic(is_signed ? Intrinsic::fptosi_sat : Intrinsic::fptoui_sat, {to, value->getType()}, {value}));
    return true;
  };
  const auto give = [&](Value* value) {
    push(value);
    return true;
  };
  const auto extend = [&](IntegerType* from) {
    Value* const value = pop();
    return give(b_.CreateSExt(b_.CreateTrunc(value, from), value->getType()));
  };
  const auto wide = [&](Value* low, Value* high) {
    IntegerType* const i128 = b_.getInt128Ty();
    return b_.CreateOr(b_.CreateShl(b_.CreateZExt(high, i128), 64), b_.CreateZExt(low, i128));
  };
  const auto give_wide = [&](Value* value) {
    push(b_.CreateTrunc(value, shard_.i64));
    push(b_.CreateTrunc(b_.CreateLShr(value, 64), shard_.i64));
    return true;
  };
  switch (op) {
    case Op::kI32Eqz:
    case Op::kI64Eqz:
    case Op::kRefIsNull:
      push_bool(b_.CreateNot(pop_condition()));
      return true;
    case Op::kF32Neg:
    case Op::kF64Neg:
      return give(b_.CreateFNeg(pop()));
    case Op::kF32Copysign:
    case Op::kF64Copysign: {
      Value* const sign = pop();
      return give(b_.CreateBinaryIntrinsic(Intrinsic::copysign, pop(), sign));
    }
    case Op::kF32Min:
    case Op::kF64Min:
    case Op::kF32Max:
    case Op::kF64Max: {
      Value* const b = pop();
      Value* const a = pop();
      return give(min_max(a, b, op == Op::kF32Min || op == Op::kF64Min));
    }
    case Op::kI32WrapI64:
      return give(b_.CreateTrunc(pop(), shard_.i32));
    case Op::kI64ExtendI32S:
      return give(b_.CreateSExt(pop(), shard_.i64));
    case Op::kI64ExtendI32U:
      return give(b_.CreateZExt(pop(), shard_.i64));
    case Op::kI32Extend8S:
    case Op::kI64Extend8S:
      return extend(shard_.i8);
    case Op::kI32Extend16S:
    case Op::kI64Extend16S:
      return extend(shard_.i16);
    case Op::kI64Extend32S:
      return extend(shard_.i32);
    case Op::kI32TruncF32S:
    case Op::kI32TruncF64S:
      return give(truncate(pop(), shard_.i32, true));
    case Op::kI32TruncF32U:
    case Op::kI32TruncF64U:
      return give(truncate(pop(), shard_.i32, false));
    case Op::kI64TruncF32S:
    case Op::kI64TruncF64S:
      return give(truncate(pop(), shard_.i64, true));
    case Op::kI64TruncF32U:
    case Op::kI64TruncF64U:
      return give(truncate(pop(), shard_.i64, false));
    case Op::kI32TruncSatF32S:
    case Op::kI32TruncSatF64S:
      return saturate(shard_.i32, true);
    case Op::kI32TruncSatF32U:
    case Op::kI32TruncSatF64U:
      return saturate(shard_.i32, false);
    case Op::kI64TruncSatF32S:
    case Op::kI64TruncSatF64S:
      return saturate(shard_.i64, true);
    case Op::kI64TruncSatF32U:
    case Op::kI64TruncSatF64U:
      return saturate(shard_.i64, false);
    case Op::kF32ConvertI32S:
    case Op::kF32ConvertI64S:
      return give(b_.CreateSIToFP(pop(), shard_.f32));
    case Op::kF32ConvertI32U:
    case Op::kF32ConvertI64U:
      return give(b_.CreateUIToFP(pop(), shard_.f32));
    case Op::kF64ConvertI32S:
    case Op::kF64ConvertI64S:
      return give(b_.CreateSIToFP(pop(), shard_.f64));
    case Op::kF64ConvertI32U:
    case Op::kF64ConvertI64U:
      return give(b_.CreateUIToFP(pop(), shard_.f64));
    case Op::kF32DemoteF64: {
      Value* value = pop();
      // LLVM would take the demotion of a promotion for the operand.
      if (isa<FPExtInst>(value)) value = b_.CreateUnaryIntrinsic(Intrinsic::canonicalize, value);
      return give(canonical(b_.CreateFPTrunc(value, shard_.f32)));
    }
    case Op::kF64PromoteF32:
      return give(canonical(b_.CreateFPExt(pop(), shard_.f64)));
    case Op::kI32ReinterpretF32:
      return give(b_.CreateBitCast(pop(), shard_.i32));
    case Op::kI64ReinterpretF64:
      return give(b_.CreateBitCast(pop(), shard_.i64));
    case Op::kF32ReinterpretI32:
      return give(b_.CreateBitCast(pop(), shard_.f32));
    case Op::kF64ReinterpretI64:
      return give(b_.CreateBitCast(pop(), shard_.f64));
    case Op::kI64Add128:
    case Op::kI64Sub128: {
      const SmallVector<Value*, 8> operands = pop_many(4);
      Value* const a = wide(operands[0], operands[1]);
      Value* const b = wide(operands[2], operands[3]);
      return give_wide(op == Op::kI64Add128 ? b_.CreateAdd(a, b) : b_.CreateSub(a, b));
    }
    case Op::kI64MulWideS: {
      Value* const b = b_.CreateSExt(pop(), b_.getInt128Ty());
      return give_wide(b_.CreateMul(b_.CreateSExt(pop(), b_.getInt128Ty()), b));
    }
    case Op::kI64MulWideU: {
      Value* const b = b_.CreateZExt(pop(), b_.getInt128Ty());
      return give_wide(b_.CreateMul(b_.CreateZExt(pop(), b_.getInt128Ty()), b));
    }
    default:
      return false;
  }
}

}  // namespace wherry::compiler
