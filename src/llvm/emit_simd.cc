// Vectors. Where an op is one LLVM operation on lanes, a row of a table says which; where LLVM does not find the
// machine's instruction by itself, its intrinsic is used. Meaning: src/wasm/semantics_simd.h.
#include <llvm/IR/IntrinsicsAArch64.h>
#include <llvm/IR/IntrinsicsX86.h>

#include <array>

#include "llvm/function_emitter.h"

namespace wherry::compiler {

namespace {

enum class Shape : uint8_t {
  kNone,
  kBinary,       ///< A binary instruction on integer lanes.
  kFloatBinary,  ///< On float lanes.
  kIntrinsic,    ///< One operand, integer lanes: an intrinsic.
  kIntrinsic2,   ///< Two operands.
  kAbs,          ///< One operand, integer lanes.
  kNeg,
  kFloatUnary,  ///< One operand, float lanes: an intrinsic whose NaNs count as arithmetic.
  kCompare,     ///< A predicate on integer lanes.
  kFloatCompare,
  kShift,  ///< By an i32.
  kAllTrue,
  kBitmask,
  kSplat,  ///< Of an integer.
  kFloatSplat,
  kReplaceLane,
  kFloatReplaceLane,
  kExtractLane,  ///< operation: how to extend it to i32, or nothing.
  kFloatExtractLane,
  kExtendLow,  ///< bits: of the operand's lanes; operation: SExt or ZExt.
  kExtendHigh,
  kMultiplyLow,
  kMultiplyHigh,
};

struct Row {
  Shape shape = Shape::kNone;
  uint8_t bits = 0;
  uint32_t operation = 0;
};

constexpr auto kRows = [] {
  using enum Shape;
  std::array<Row, wasm::kOpCount> rows{};
  const auto set = [&](Op op, Shape shape, uint8_t bits, uint32_t operation = 0) {
    rows[static_cast<size_t>(op)] = {shape, bits, operation};
  };
  // Ops for lanes of 8, 16, 32, 64 bits, in this order; kNop where there is none.
  const auto each = [&](std::array<Op, 4> ops, Shape shape, uint32_t operation = 0) {
    for (size_t i = 0; i < 4; ++i) {
      if (ops[i] != Op::kNop) set(ops[i], shape, static_cast<uint8_t>(8u << i), operation);
    }
  };
  const auto floats = [&](Op f32, Op f64, Shape shape, uint32_t operation = 0) {
    set(f32, shape, 32, operation);
    set(f64, shape, 64, operation);
  };
  each({Op::kI8x16Add, Op::kI16x8Add, Op::kI32x4Add, Op::kI64x2Add}, kBinary, Instruction::Add);
  each({Op::kI8x16Sub, Op::kI16x8Sub, Op::kI32x4Sub, Op::kI64x2Sub}, kBinary, Instruction::Sub);
  each({Op::kNop, Op::kI16x8Mul, Op::kI32x4Mul, Op::kI64x2Mul}, kBinary, Instruction::Mul);
  set(Op::kV128And, kBinary, 64, Instruction::And);
  set(Op::kV128Or, kBinary, 64, Instruction::Or);
  set(Op::kV128Xor, kBinary, 64, Instruction::Xor);
  each({Op::kI8x16AddSatS, Op::kI16x8AddSatS, Op::kNop, Op::kNop}, kIntrinsic2, Intrinsic::sadd_sat);
  each({Op::kI8x16AddSatU, Op::kI16x8AddSatU, Op::kNop, Op::kNop}, kIntrinsic2, Intrinsic::uadd_sat);
  each({Op::kI8x16SubSatS, Op::kI16x8SubSatS, Op::kNop, Op::kNop}, kIntrinsic2, Intrinsic::ssub_sat);
  each({Op::kI8x16SubSatU, Op::kI16x8SubSatU, Op::kNop, Op::kNop}, kIntrinsic2, Intrinsic::usub_sat);
  each({Op::kI8x16MinS, Op::kI16x8MinS, Op::kI32x4MinS, Op::kNop}, kIntrinsic2, Intrinsic::smin);
  each({Op::kI8x16MinU, Op::kI16x8MinU, Op::kI32x4MinU, Op::kNop}, kIntrinsic2, Intrinsic::umin);
  each({Op::kI8x16MaxS, Op::kI16x8MaxS, Op::kI32x4MaxS, Op::kNop}, kIntrinsic2, Intrinsic::smax);
  each({Op::kI8x16MaxU, Op::kI16x8MaxU, Op::kI32x4MaxU, Op::kNop}, kIntrinsic2, Intrinsic::umax);
  each({Op::kI8x16Abs, Op::kI16x8Abs, Op::kI32x4Abs, Op::kI64x2Abs}, kAbs);
  each({Op::kI8x16Neg, Op::kI16x8Neg, Op::kI32x4Neg, Op::kI64x2Neg}, kNeg);
  set(Op::kI8x16Popcnt, kIntrinsic, 8, Intrinsic::ctpop);
  each({Op::kI8x16Eq, Op::kI16x8Eq, Op::kI32x4Eq, Op::kI64x2Eq}, kCompare, CmpInst::ICMP_EQ);
  each({Op::kI8x16Ne, Op::kI16x8Ne, Op::kI32x4Ne, Op::kI64x2Ne}, kCompare, CmpInst::ICMP_NE);
  each({Op::kI8x16LtS, Op::kI16x8LtS, Op::kI32x4LtS, Op::kI64x2LtS}, kCompare, CmpInst::ICMP_SLT);
  each({Op::kI8x16GtS, Op::kI16x8GtS, Op::kI32x4GtS, Op::kI64x2GtS}, kCompare, CmpInst::ICMP_SGT);
  each({Op::kI8x16LeS, Op::kI16x8LeS, Op::kI32x4LeS, Op::kI64x2LeS}, kCompare, CmpInst::ICMP_SLE);
  each({Op::kI8x16GeS, Op::kI16x8GeS, Op::kI32x4GeS, Op::kI64x2GeS}, kCompare, CmpInst::ICMP_SGE);
  each({Op::kI8x16LtU, Op::kI16x8LtU, Op::kI32x4LtU, Op::kNop}, kCompare, CmpInst::ICMP_ULT);
  each({Op::kI8x16GtU, Op::kI16x8GtU, Op::kI32x4GtU, Op::kNop}, kCompare, CmpInst::ICMP_UGT);
  each({Op::kI8x16LeU, Op::kI16x8LeU, Op::kI32x4LeU, Op::kNop}, kCompare, CmpInst::ICMP_ULE);
  each({Op::kI8x16GeU, Op::kI16x8GeU, Op::kI32x4GeU, Op::kNop}, kCompare, CmpInst::ICMP_UGE);
  each({Op::kI8x16Shl, Op::kI16x8Shl, Op::kI32x4Shl, Op::kI64x2Shl}, kShift, Instruction::Shl);
  each({Op::kI8x16ShrS, Op::kI16x8ShrS, Op::kI32x4ShrS, Op::kI64x2ShrS}, kShift, Instruction::AShr);
  each({Op::kI8x16ShrU, Op::kI16x8ShrU, Op::kI32x4ShrU, Op::kI64x2ShrU}, kShift, Instruction::LShr);
  each({Op::kI8x16AllTrue, Op::kI16x8AllTrue, Op::kI32x4AllTrue, Op::kI64x2AllTrue}, kAllTrue);
  each({Op::kI8x16Bitmask, Op::kI16x8Bitmask, Op::kI32x4Bitmask, Op::kI64x2Bitmask}, kBitmask);
  each({Op::kI8x16Splat, Op::kI16x8Splat, Op::kI32x4Splat, Op::kI64x2Splat}, kSplat);
  each({Op::kI8x16ReplaceLane, Op::kI16x8ReplaceLane, Op::kI32x4ReplaceLane, Op::kI64x2ReplaceLane}, kReplaceLane);
  each({Op::kI8x16ExtractLaneS, Op::kI16x8ExtractLaneS, Op::kNop, Op::kNop}, kExtractLane, Instruction::SExt);
  each({Op::kI8x16ExtractLaneU, Op::kI16x8ExtractLaneU, Op::kNop, Op::kNop}, kExtractLane, Instruction::ZExt);
  each({Op::kNop, Op::kNop, Op::kI32x4ExtractLane, Op::kI64x2ExtractLane}, kExtractLane);
  each({Op::kI16x8ExtendLowI8x16S, Op::kI32x4ExtendLowI16x8S, Op::kI64x2ExtendLowI32x4S, Op::kNop}, kExtendLow,
       Instruction::SExt);
  each({Op::kI16x8ExtendLowI8x16U, Op::kI32x4ExtendLowI16x8U, Op::kI64x2ExtendLowI32x4U, Op::kNop}, kExtendLow,
       Instruction::ZExt);
  each({Op::kI16x8ExtendHighI8x16S, Op::kI32x4ExtendHighI16x8S, Op::kI64x2ExtendHighI32x4S, Op::kNop}, kExtendHigh,
       Instruction::SExt);
  each({Op::kI16x8ExtendHighI8x16U, Op::kI32x4ExtendHighI16x8U, Op::kI64x2ExtendHighI32x4U, Op::kNop}, kExtendHigh,
       Instruction::ZExt);
  each({Op::kI16x8ExtmulLowI8x16S, Op::kI32x4ExtmulLowI16x8S, Op::kI64x2ExtmulLowI32x4S, Op::kNop}, kMultiplyLow,
       Instruction::SExt);
  each({Op::kI16x8ExtmulLowI8x16U, Op::kI32x4ExtmulLowI16x8U, Op::kI64x2ExtmulLowI32x4U, Op::kNop}, kMultiplyLow,
       Instruction::ZExt);
  each({Op::kI16x8ExtmulHighI8x16S, Op::kI32x4ExtmulHighI16x8S, Op::kI64x2ExtmulHighI32x4S, Op::kNop}, kMultiplyHigh,
       Instruction::SExt);
  each({Op::kI16x8ExtmulHighI8x16U, Op::kI32x4ExtmulHighI16x8U, Op::kI64x2ExtmulHighI32x4U, Op::kNop}, kMultiplyHigh,
       Instruction::ZExt);
  floats(Op::kF32x4Add, Op::kF64x2Add, kFloatBinary, Instruction::FAdd);
  floats(Op::kF32x4Sub, Op::kF64x2Sub, kFloatBinary, Instruction::FSub);
  floats(Op::kF32x4Mul, Op::kF64x2Mul, kFloatBinary, Instruction::FMul);
  floats(Op::kF32x4Div, Op::kF64x2Div, kFloatBinary, Instruction::FDiv);
  floats(Op::kF32x4Ceil, Op::kF64x2Ceil, kFloatUnary, Intrinsic::ceil);
  floats(Op::kF32x4Floor, Op::kF64x2Floor, kFloatUnary, Intrinsic::floor);
  floats(Op::kF32x4Trunc, Op::kF64x2Trunc, kFloatUnary, Intrinsic::trunc);
  floats(Op::kF32x4Nearest, Op::kF64x2Nearest, kFloatUnary, Intrinsic::roundeven);
  floats(Op::kF32x4Sqrt, Op::kF64x2Sqrt, kFloatUnary, Intrinsic::sqrt);
  floats(Op::kF32x4Eq, Op::kF64x2Eq, kFloatCompare, CmpInst::FCMP_OEQ);
  floats(Op::kF32x4Ne, Op::kF64x2Ne, kFloatCompare, CmpInst::FCMP_UNE);
  floats(Op::kF32x4Lt, Op::kF64x2Lt, kFloatCompare, CmpInst::FCMP_OLT);
  floats(Op::kF32x4Gt, Op::kF64x2Gt, kFloatCompare, CmpInst::FCMP_OGT);
  floats(Op::kF32x4Le, Op::kF64x2Le, kFloatCompare, CmpInst::FCMP_OLE);
  floats(Op::kF32x4Ge, Op::kF64x2Ge, kFloatCompare, CmpInst::FCMP_OGE);
  floats(Op::kF32x4Splat, Op::kF64x2Splat, kFloatSplat);
  floats(Op::kF32x4ReplaceLane, Op::kF64x2ReplaceLane, kFloatReplaceLane);
  floats(Op::kF32x4ExtractLane, Op::kF64x2ExtractLane, kFloatExtractLane);
  return rows;
}();

}  // namespace

/// Lanes 0 to N/2 - 1, or the others.
Value* FunctionEmitter::half(Value* vector, bool high) {
  const unsigned count = cast<FixedVectorType>(vector->getType())->getNumElements();
  SmallVector<int, 8> mask;
  for (unsigned i = 0; i < count / 2; ++i) mask.push_back(static_cast<int>(i + (high ? count / 2 : 0)));
  return b_.CreateShuffleVector(vector, mask);
}

/// Every second lane, from lane `first` on.
Value* FunctionEmitter::every_other(Value* vector, unsigned first) {
  const unsigned count = cast<FixedVectorType>(vector->getType())->getNumElements();
  SmallVector<int, 8> mask;
  for (unsigned i = first; i < count; i += 2) mask.push_back(static_cast<int>(i));
  return b_.CreateShuffleVector(vector, mask);
}

/// A vector of conditions as the low bits of a word.
Value* FunctionEmitter::bits_to_i32(Value* mask) {
  const unsigned count = cast<FixedVectorType>(mask->getType())->getNumElements();
  return b_.CreateZExt(b_.CreateBitCast(mask, b_.getIntNTy(count)), shard_.i32);
}

/// Half of the operand's lanes, made twice as wide.
Value* FunctionEmitter::extend_half(unsigned from_bits, bool high, bool is_signed) {
  FixedVectorType* const to = lanes(from_bits * 2);
  Value* const lanes_of_half = half(pop_as(lanes(from_bits)), high);
  return is_signed ? b_.CreateSExt(lanes_of_half, to) : b_.CreateZExt(lanes_of_half, to);
}

Value* FunctionEmitter::swizzle(Value* bytes, Value* chosen) {
  if (!shard_.is_x86()) {
    return b_.CreateIntrinsic(Intrinsic::aarch64_neon_tbl1, {lanes(8)}, {bytes, chosen});
  }
  // pshufb gives zero where bit 7 is set: so it is for lanes of 16 and more.
  Value* const beyond = ConstantInt::get(lanes(8), 0x70);
  return b_.CreateIntrinsic(Intrinsic::x86_ssse3_pshuf_b_128, {},
                            {bytes, b_.CreateBinaryIntrinsic(Intrinsic::uadd_sat, chosen, beyond)});
}

/// The operands' lanes, of `from_bits`, saturated to half the width.
Value* FunctionEmitter::narrow(unsigned from_bits, bool is_signed) {
  Value* const b = pop_as(lanes(from_bits));
  Value* const a = pop_as(lanes(from_bits));
  if (shard_.is_x86()) {
    const Intrinsic::ID pack = from_bits == 16
                                   ? (is_signed ? Intrinsic::x86_sse2_packsswb_128 : Intrinsic::x86_sse2_packuswb_128)
                                   : (is_signed ? Intrinsic::x86_sse2_packssdw_128 : Intrinsic::x86_sse41_packusdw);
    return b_.CreateIntrinsic(pack, {}, {a, b});
  }
  const unsigned to_bits = from_bits / 2;
  SmallVector<int, 16> mask;
  for (unsigned i = 0; i < 128 / to_bits; ++i) mask.push_back(static_cast<int>(i));
  Value* const all = b_.CreateShuffleVector(a, b, mask);
  Type* const type = all->getType();
  const APInt least = is_signed ? APInt::getSignedMinValue(to_bits).sext(from_bits) : APInt(from_bits, 0);
  const APInt most =
      is_signed ? APInt::getSignedMaxValue(to_bits).sext(from_bits) : APInt::getMaxValue(to_bits).zext(from_bits);
  Value* const clamped = b_.CreateBinaryIntrinsic(
      Intrinsic::smin, b_.CreateBinaryIntrinsic(Intrinsic::smax, all, ConstantInt::get(type, least)),
      ConstantInt::get(type, most));
  return b_.CreateTrunc(clamped, lanes(to_bits));
}

/// The lanes, then as many zeroes.
Value* FunctionEmitter::with_zeroes(Value* low) {
  const unsigned count = cast<FixedVectorType>(low->getType())->getNumElements();
  SmallVector<int, 4> mask;
  for (unsigned i = 0; i < 2 * count; ++i) mask.push_back(static_cast<int>(i));
  return b_.CreateShuffleVector(low, Constant::getNullValue(low->getType()), mask);
}

bool FunctionEmitter::simd_op(Op op, const wasm::Imm& imm) {
  const Row row = kRows[static_cast<size_t>(op)];
  const auto give = [&](Value* vector) {
    push_vector(vector);
    return true;
  };
  const auto give_scalar = [&](Value* value) {
    push(value);
    return true;
  };
  const auto mask_of = [&](CmpInst::Predicate predicate, FixedVectorType* type) {
    Value* const b = pop_as(type);
    Value* const a = pop_as(type);
    return give(b_.CreateSExt(b_.CreateCmp(predicate, a, b), lanes(row.bits)));
  };
  switch (row.shape) {
    case Shape::kNone:
      break;
    case Shape::kBinary: {
      Value* const b = pop_as(lanes(row.bits));
      Value* const a = pop_as(lanes(row.bits));
      return give(b_.CreateBinOp(static_cast<Instruction::BinaryOps>(row.operation), a, b));
    }
    case Shape::kFloatBinary: {
      Value* const b = pop_as(float_lanes(row.bits));
      Value* const a = pop_as(float_lanes(row.bits));
      return give(float_arithmetic(static_cast<Instruction::BinaryOps>(row.operation), a, b));
    }
    case Shape::kIntrinsic:
      return give(unary(row.operation, pop_as(lanes(row.bits))));
    case Shape::kIntrinsic2: {
      Value* const b = pop_as(lanes(row.bits));
      Value* const a = pop_as(lanes(row.bits));
      return give(b_.CreateBinaryIntrinsic(row.operation, a, b));
    }
    case Shape::kAbs:
      return give(b_.CreateBinaryIntrinsic(Intrinsic::abs, pop_as(lanes(row.bits)), b_.getFalse()));
    case Shape::kNeg:
      return give(b_.CreateNeg(pop_as(lanes(row.bits))));
    case Shape::kFloatUnary:
      return give(canonical(unary(row.operation, pop_as(float_lanes(row.bits)))));
    case Shape::kCompare:
      return mask_of(static_cast<CmpInst::Predicate>(row.operation), lanes(row.bits));
    case Shape::kFloatCompare:
      return mask_of(static_cast<CmpInst::Predicate>(row.operation), float_lanes(row.bits));
    case Shape::kShift: {
      Value* const amount = b_.CreateZExtOrTrunc(b_.CreateAnd(pop(), row.bits - 1), b_.getIntNTy(row.bits));
      Value* const vector = pop_as(lanes(row.bits));
      return give(b_.CreateBinOp(static_cast<Instruction::BinaryOps>(row.operation), vector,
                                 b_.CreateVectorSplat(128 / row.bits, amount)));
    }
    case Shape::kAllTrue: {
      Value* const vector = pop_as(lanes(row.bits));
      push_bool(b_.CreateIsNull(bits_to_i32(b_.CreateIsNull(vector))));
      return true;
    }
    case Shape::kBitmask: {
      Value* const vector = pop_as(lanes(row.bits));
      return give_scalar(bits_to_i32(b_.CreateICmpSLT(vector, Constant::getNullValue(vector->getType()))));
    }
    case Shape::kSplat:
      return give(b_.CreateVectorSplat(128 / row.bits, b_.CreateZExtOrTrunc(pop(), b_.getIntNTy(row.bits))));
    case Shape::kFloatSplat:
      return give(b_.CreateVectorSplat(128 / row.bits, pop()));
    case Shape::kReplaceLane: {
      Value* const value = b_.CreateZExtOrTrunc(pop(), b_.getIntNTy(row.bits));
      return give(b_.CreateInsertElement(pop_as(lanes(row.bits)), value, imm.lane));
    }
    case Shape::kFloatReplaceLane: {
      Value* const value = pop();
      return give(b_.CreateInsertElement(pop_as(float_lanes(row.bits)), value, imm.lane));
    }
    case Shape::kExtractLane: {
      Value* const lane = b_.CreateExtractElement(pop_as(lanes(row.bits)), imm.lane);
      if (row.operation == 0) return give_scalar(lane);
      return give_scalar(b_.CreateCast(static_cast<Instruction::CastOps>(row.operation), lane, shard_.i32));
    }
    case Shape::kFloatExtractLane:
      return give_scalar(b_.CreateExtractElement(pop_as(float_lanes(row.bits)), imm.lane));
    case Shape::kExtendLow:
    case Shape::kExtendHigh:
      return give(extend_half(row.bits, row.shape == Shape::kExtendHigh, row.operation == Instruction::SExt));
    case Shape::kMultiplyLow:
    case Shape::kMultiplyHigh: {
      const bool high = row.shape == Shape::kMultiplyHigh;
      Value* const b = extend_half(row.bits, high, row.operation == Instruction::SExt);
      Value* const a = extend_half(row.bits, high, row.operation == Instruction::SExt);
      return give(b_.CreateMul(a, b));
    }
  }

  const auto trunc_sat = [&](FixedVectorType* from, bool is_signed) {
    Value* const value = pop_as(from);
    FixedVectorType* const to = FixedVectorType::get(shard_.i32, from->getNumElements());
    return b_.CreateIntrinsic(is_signed ? Intrinsic::fptosi_sat : Intrinsic::fptoui_sat, {to, from}, {value});
  };
  const auto pseudo_min_max = [&](unsigned bits, bool is_min) {
    Value* const b = pop_as(float_lanes(bits));
    Value* const a = pop_as(float_lanes(bits));
    return give(b_.CreateSelect(is_min ? b_.CreateFCmpOLT(b, a) : b_.CreateFCmpOLT(a, b), b, a));
  };
  const auto vector_min_max = [&](unsigned bits, bool is_min) {
    Value* const b = pop_as(float_lanes(bits));
    Value* const a = pop_as(float_lanes(bits));
    return give(min_max(a, b, is_min));
  };
  const auto average = [&](unsigned bits) {
    FixedVectorType* const wide = FixedVectorType::get(b_.getIntNTy(bits * 2), 128 / bits);
    Value* const b = b_.CreateZExt(pop_as(lanes(bits)), wide);
    Value* const a = b_.CreateZExt(pop_as(lanes(bits)), wide);
    Value* const sum = b_.CreateAdd(b_.CreateAdd(a, b), ConstantInt::get(wide, 1));
    return give(b_.CreateTrunc(b_.CreateLShr(sum, ConstantInt::get(wide, 1)), lanes(bits)));
  };
  const auto bit_select = [&] {
    Value* const mask = pop();
    Value* const b = pop();
    Value* const a = pop();
    return give(b_.CreateOr(b_.CreateAnd(a, mask), b_.CreateAnd(b, b_.CreateNot(mask))));
  };
  switch (op) {
    case Op::kI8x16Shuffle: {
      Value* const b = pop_as(lanes(8));
      Value* const a = pop_as(lanes(8));
      SmallVector<int, 16> mask;
      for (uint8_t lane : imm.v128.bytes) mask.push_back(lane);
      return give(b_.CreateShuffleVector(a, b, mask));
    }
    case Op::kI8x16Swizzle:
    case Op::kI8x16RelaxedSwizzle: {
      Value* const chosen = pop_as(lanes(8));
      return give(swizzle(pop_as(lanes(8)), chosen));
    }
    case Op::kV128Not:
      return give(b_.CreateNot(pop()));
    case Op::kV128Andnot: {
      Value* const b = pop();
      return give(b_.CreateAnd(pop(), b_.CreateNot(b)));
    }
    case Op::kV128Bitselect:
    case Op::kI8x16RelaxedLaneselect:
    case Op::kI16x8RelaxedLaneselect:
    case Op::kI32x4RelaxedLaneselect:
    case Op::kI64x2RelaxedLaneselect:
      return bit_select();
    case Op::kV128AnyTrue:
      push_bool(b_.CreateIsNotNull(b_.CreateBitCast(pop(), b_.getInt128Ty())));
      return true;
    case Op::kI8x16NarrowI16x8S:
    case Op::kI8x16NarrowI16x8U:
      return give(narrow(16, op == Op::kI8x16NarrowI16x8S));
    case Op::kI16x8NarrowI32x4S:
    case Op::kI16x8NarrowI32x4U:
      return give(narrow(32, op == Op::kI16x8NarrowI32x4S));
    case Op::kI8x16AvgrU:
      return average(8);
    case Op::kI16x8AvgrU:
      return average(16);
    case Op::kI16x8ExtaddPairwiseI8x16S:
    case Op::kI16x8ExtaddPairwiseI8x16U:
    case Op::kI32x4ExtaddPairwiseI16x8S:
    case Op::kI32x4ExtaddPairwiseI16x8U: {
      const bool bytes = op == Op::kI16x8ExtaddPairwiseI8x16S || op == Op::kI16x8ExtaddPairwiseI8x16U;
      const bool is_signed = op == Op::kI16x8ExtaddPairwiseI8x16S || op == Op::kI32x4ExtaddPairwiseI16x8S;
      return give(add_pairs(pop_as(lanes(bytes ? 8 : 16)), is_signed));
    }
    case Op::kI32x4DotI16x8S: {
      Value* const b = pop_as(lanes(16));
      Value* const a = pop_as(lanes(16));
      if (shard_.is_x86()) return give(b_.CreateIntrinsic(Intrinsic::x86_sse2_pmadd_wd, {}, {a, b}));
      FixedVectorType* const wide = FixedVectorType::get(shard_.i32, 8);
      Value* const products = b_.CreateMul(b_.CreateSExt(a, wide), b_.CreateSExt(b, wide));
      return give(b_.CreateAdd(every_other(products, 0), every_other(products, 1)));
    }
    case Op::kI16x8Q15mulrSatS:
    case Op::kI16x8RelaxedQ15mulrS: {
      Value* const b = pop_as(lanes(16));
      Value* const a = pop_as(lanes(16));
      if (!shard_.is_x86()) {
        return give(b_.CreateIntrinsic(Intrinsic::aarch64_neon_sqrdmulh, {lanes(16)}, {a, b}));
      }
      // pmulhrsw does not saturate the one product that is too large: of -32768 with itself, which gives 0x8000.
      Value* const product = b_.CreateIntrinsic(Intrinsic::x86_ssse3_pmul_hr_sw_128, {}, {a, b});
      Value* const too_large = b_.CreateICmpEQ(product, ConstantInt::get(lanes(16), 0x8000));
      return give(b_.CreateXor(product, b_.CreateSExt(too_large, lanes(16))));
    }
    case Op::kF32x4Abs:
      return give(unary(Intrinsic::fabs, pop_as(float_lanes(32))));
    case Op::kF64x2Abs:
      return give(unary(Intrinsic::fabs, pop_as(float_lanes(64))));
    case Op::kF32x4Neg:
      return give(b_.CreateFNeg(pop_as(float_lanes(32))));
    case Op::kF64x2Neg:
      return give(b_.CreateFNeg(pop_as(float_lanes(64))));
    case Op::kF32x4Min:
    case Op::kF32x4Max:
      return vector_min_max(32, op == Op::kF32x4Min);
    case Op::kF64x2Min:
    case Op::kF64x2Max:
      return vector_min_max(64, op == Op::kF64x2Min);
    case Op::kF32x4Pmin:
    case Op::kF32x4Pmax:
      return pseudo_min_max(32, op == Op::kF32x4Pmin);
    case Op::kF64x2Pmin:
    case Op::kF64x2Pmax:
      return pseudo_min_max(64, op == Op::kF64x2Pmin);
    case Op::kF32x4RelaxedMin:
    case Op::kF32x4RelaxedMax: {
      const bool is_min = op == Op::kF32x4RelaxedMin;
      return shard_.options().relaxed_simd_deterministic ? vector_min_max(32, is_min) : pseudo_min_max(32, is_min);
    }
    case Op::kF64x2RelaxedMin:
    case Op::kF64x2RelaxedMax: {
      const bool is_min = op == Op::kF64x2RelaxedMin;
      return shard_.options().relaxed_simd_deterministic ? vector_min_max(64, is_min) : pseudo_min_max(64, is_min);
    }
    case Op::kF32x4RelaxedMadd:
    case Op::kF32x4RelaxedNmadd:
      return give(multiply_add(32, op == Op::kF32x4RelaxedNmadd));
    case Op::kF64x2RelaxedMadd:
    case Op::kF64x2RelaxedNmadd:
      return give(multiply_add(64, op == Op::kF64x2RelaxedNmadd));
    case Op::kI16x8RelaxedDotI8x16I7x16S:
      return give(relaxed_dot());
    case Op::kI32x4RelaxedDotI8x16I7x16AddS: {
      Value* const addend = pop_as(lanes(32));
      return give(b_.CreateAdd(add_pairs(relaxed_dot(), true), addend));
    }
    case Op::kI32x4TruncSatF32x4S:
    case Op::kI32x4RelaxedTruncF32x4S:
      return give(trunc_sat(float_lanes(32), true));
    case Op::kI32x4TruncSatF32x4U:
    case Op::kI32x4RelaxedTruncF32x4U:
      return give(trunc_sat(float_lanes(32), false));
    case Op::kI32x4TruncSatF64x2SZero:
    case Op::kI32x4RelaxedTruncF64x2SZero:
      return give(with_zeroes(trunc_sat(float_lanes(64), true)));
    case Op::kI32x4TruncSatF64x2UZero:
    case Op::kI32x4RelaxedTruncF64x2UZero:
      return give(with_zeroes(trunc_sat(float_lanes(64), false)));
    case Op::kF32x4ConvertI32x4S:
      return give(b_.CreateSIToFP(pop_as(lanes(32)), float_lanes(32)));
    case Op::kF32x4ConvertI32x4U:
      return give(b_.CreateUIToFP(pop_as(lanes(32)), float_lanes(32)));
    case Op::kF64x2ConvertLowI32x4S:
      return give(b_.CreateSIToFP(half(pop_as(lanes(32)), false), float_lanes(64)));
    case Op::kF64x2ConvertLowI32x4U:
      return give(b_.CreateUIToFP(half(pop_as(lanes(32)), false), float_lanes(64)));
    case Op::kF32x4DemoteF64x2Zero: {
      Value* value = pop_as(float_lanes(64));
      // LLVM would take the demotion of a promotion for the operand.
      if (isa<FPExtInst>(value)) value = b_.CreateUnaryIntrinsic(Intrinsic::canonicalize, value);
      return give(with_zeroes(canonical(b_.CreateFPTrunc(value, FixedVectorType::get(shard_.f32, 2)))));
    }
    case Op::kF64x2PromoteLowF32x4:
      return give(canonical(b_.CreateFPExt(half(pop_as(float_lanes(32)), false), float_lanes(64))));
    default:
      return false;
  }
}

/// Sums of neighbouring lanes, twice as wide.
Value* FunctionEmitter::add_pairs(Value* vector, bool is_signed) {
  const unsigned bits = vector->getType()->getScalarSizeInBits();
  FixedVectorType* const wide = lanes(bits * 2);
  if (!shard_.is_x86()) {
    const Intrinsic::ID add = is_signed ? Intrinsic::aarch64_neon_saddlp : Intrinsic::aarch64_neon_uaddlp;
    return b_.CreateIntrinsic(add, {wide, vector->getType()}, {vector});
  }
  if (bits == 8) {
    // The first factors are unsigned, the second signed.
    Value* const ones = ConstantInt::get(lanes(8), 1);
    return b_.CreateIntrinsic(Intrinsic::x86_ssse3_pmadd_ub_sw_128, {},
                              {is_signed ? ones : vector, is_signed ? vector : ones});
  }
  if (is_signed) {
    return b_.CreateIntrinsic(Intrinsic::x86_sse2_pmadd_wd, {}, {vector, ConstantInt::get(lanes(16), 1)});
  }
  Value* const pairs = b_.CreateBitCast(vector, wide);
  return b_.CreateAdd(b_.CreateAnd(pairs, ConstantInt::get(wide, 0xFFFF)),
                      b_.CreateLShr(pairs, ConstantInt::get(wide, 16)));
}

/// a * b + c, or c - a * b: fused where the machine always can, and results may depend on it.
Value* FunctionEmitter::multiply_add(unsigned bits, bool negate) {
  FixedVectorType* const type = float_lanes(bits);
  Value* const c = pop_as(type);
  Value* const b = pop_as(type);
  Value* a = pop_as(type);
  if (negate) a = b_.CreateFNeg(a);
  if (!shard_.is_x86() && !shard_.options().relaxed_simd_deterministic) {
    return canonical(b_.CreateIntrinsic(Intrinsic::fma, {type}, {a, b, c}));
  }
  return float_arithmetic(Instruction::FAdd, float_arithmetic(Instruction::FMul, a, b), c);
}

Value* FunctionEmitter::relaxed_dot() {
  FixedVectorType* const wide = FixedVectorType::get(shard_.i16, 16);
  Value* const b = b_.CreateSExt(pop_as(lanes(8)), wide);
  Value* const products = b_.CreateMul(b_.CreateSExt(pop_as(lanes(8)), wide), b);
  return b_.CreateBinaryIntrinsic(Intrinsic::sadd_sat, every_other(products, 0), every_other(products, 1));
}

bool FunctionEmitter::simd_memory_op(Op op, const wasm::Imm& imm) {
  const auto give = [&](Value* vector) {
    push_vector(vector);
    return true;
  };
  const auto extending_load = [&](unsigned bits, bool is_signed) {
    Value* const packed = load(imm.mem, pop(), shard_.i64);
    Value* const vector = b_.CreateBitCast(packed, FixedVectorType::get(b_.getIntNTy(bits), 64 / bits));
    FixedVectorType* const wide = lanes(bits * 2);
    return give(is_signed ? b_.CreateSExt(vector, wide) : b_.CreateZExt(vector, wide));
  };
  const auto lane_bits = 8u << (wasm::info(op).access & 3);
  switch (op) {
    case Op::kV128Load8x8S:
    case Op::kV128Load8x8U:
      return extending_load(8, op == Op::kV128Load8x8S);
    case Op::kV128Load16x4S:
    case Op::kV128Load16x4U:
      return extending_load(16, op == Op::kV128Load16x4S);
    case Op::kV128Load32x2S:
    case Op::kV128Load32x2U:
      return extending_load(32, op == Op::kV128Load32x2S);
    case Op::kV128Load8Splat:
    case Op::kV128Load16Splat:
    case Op::kV128Load32Splat:
    case Op::kV128Load64Splat:
      return give(b_.CreateVectorSplat(128 / lane_bits, load(imm.mem, pop(), b_.getIntNTy(lane_bits))));
    case Op::kV128Load32Zero:
    case Op::kV128Load64Zero: {
      Value* const value = load(imm.mem, pop(), b_.getIntNTy(lane_bits));
      return give(b_.CreateInsertElement(Constant::getNullValue(lanes(lane_bits)), value, uint64_t{0}));
    }
    case Op::kV128Load8Lane:
    case Op::kV128Load16Lane:
    case Op::kV128Load32Lane:
    case Op::kV128Load64Lane: {
      Value* const vector = pop_as(lanes(lane_bits));
      Value* const value = load(imm.mem, pop(), b_.getIntNTy(lane_bits));
      return give(b_.CreateInsertElement(vector, value, imm.lane));
    }
    case Op::kV128Store8Lane:
    case Op::kV128Store16Lane:
    case Op::kV128Store32Lane:
    case Op::kV128Store64Lane: {
      Value* const value = b_.CreateExtractElement(pop_as(lanes(lane_bits)), imm.lane);
      Value* const address = pop();
      store(imm.mem, address, value);
      return true;
    }
    default:
      return false;
  }
}

}  // namespace wherry::compiler
