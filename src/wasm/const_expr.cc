#include "wasm/const_expr.h"


#include "base/pod_stack.h"
#include "wasm/const_expr_reader.h"
#include "wasm/function_reader.h"

namespace wherry::wasm {

namespace {

/// Constant expressions have few ops: all other hooks are never called.
struct ConstSink : NullSink {
  static constexpr bool kConstantExpressions = true;
};

/// Recognises the one-instruction forms, and notes the functions that are referred to.
struct Classifier : ConstSink {
  explicit Classifier(Module& module) : module(module) {}

  template <Op kOp>
  void on(const Imm& imm) {
    using enum ConstExpr::Kind;
    ++ops;
    if constexpr (kOp == Op::kI32Const) {
      set(kI32, imm.bits);
    } else if constexpr (kOp == Op::kI64Const) {
      set(kI64, imm.bits);
    } else if constexpr (kOp == Op::kF32Const) {
      set(kF32, imm.bits);
    } else if constexpr (kOp == Op::kF64Const) {
      set(kF64, imm.bits);
    } else if constexpr (kOp == Op::kRefNull) {
      set(kRefNull, 0);
    } else if constexpr (kOp == Op::kGlobalGet) {
      set(kGlobalGet, imm.index);
    } else if constexpr (kOp == Op::kRefFunc) {
      set(kRefFunc, imm.index);
      module.declare_ref(imm.index);
    } else {
      set(kExtended, 0);
    }
  }
  void set(ConstExpr::Kind k, uint64_t b) {
    kind = k;
    bits = b;
  }

  Module& module;
  uint32_t ops = 0;
  ConstExpr::Kind kind = ConstExpr::Kind::kExtended;
  uint64_t bits = 0;
};

/// Computes. Hooks cannot fail: the first trap stays, and what follows does nothing.
struct Evaluator : ConstSink {
  Evaluator(const Module& module, ConstHost& host) : module(module), host(host) {}

  template <Op kOp>
  void on(const Imm& imm) {
    if (trap != TrapKind::kNone) return;
    if constexpr (kOp == Op::kI32Const || kOp == Op::kI64Const || kOp == Op::kF32Const || kOp == Op::kF64Const) {
      stack.push({imm.bits, 0});
    } else if constexpr (kOp == Op::kV128Const) {
      stack.push({imm.v128.low(), imm.v128.high()});
    } else if constexpr (kOp == Op::kRefNull) {
      stack.push({});
    } else if constexpr (kOp == Op::kRefFunc) {
      stack.push({host.ref_func(imm.index), 0});
    } else if constexpr (kOp == Op::kGlobalGet) {
      stack.push(host.global(imm.index));
    } else if constexpr (kOp == Op::kRefI31) {
      stack.push({host.ref_i31(static_cast<uint32_t>(take().low)), 0});
    } else if constexpr (kOp == Op::kAnyConvertExtern) {
      stack.push({host.any_convert_extern(take().low), 0});
    } else if constexpr (kOp == Op::kExternConvertAny) {
      stack.push({host.extern_convert_any(take().low), 0});
    } else if constexpr (kOp == Op::kStructNew) {
      const TypeId type = module.types[imm.index];
      aggregate(module.registry->get(type).fields.size(),
                [&](std::span<const ConstValue> fields) { return host.new_struct(type, fields); });
    } else if constexpr (kOp == Op::kStructNewDefault) {
      const TypeId type = module.types[imm.index];
      const size_t fields = module.registry->get(type).fields.size();
      stack.ensure(fields);
      for (size_t i = 0; i < fields; ++i) stack.push({});
      aggregate(fields, [&](std::span<const ConstValue> values) { return host.new_struct(type, values); });
    } else if constexpr (kOp == Op::kArrayNew) {
      const uint32_t length = static_cast<uint32_t>(take().low);
      result(host.new_array(module.types[imm.index], take(), length));
    } else if constexpr (kOp == Op::kArrayNewDefault) {
      result(host.new_array(module.types[imm.index], {}, static_cast<uint32_t>(take().low)));
    } else if constexpr (kOp == Op::kArrayNewFixed) {
      aggregate(imm.index2, [&](std::span<const ConstValue> elements) {
        return host.new_array_fixed(module.types[imm.index], elements);
      });
    } else if constexpr (needs_extended_const(kOp)) {
      const uint64_t b = take().low;
      const uint64_t a = take().low;
      const uint64_t value = kOp == Op::kI32Add || kOp == Op::kI64Add   ? a + b
                             : kOp == Op::kI32Sub || kOp == Op::kI64Sub ? a - b
                                                                        : a * b;
      constexpr bool k32 = info(kOp).signature.results[0] == 'i';
      stack.push({k32 ? static_cast<uint32_t>(value) : value, 0});
    } else {
      static_assert(!is_constant(kOp), "a constant op is not evaluated");
    }
  }

  ConstValue take() {
    const ConstValue value = stack.back();
    stack.pop();
    return value;
  }
  void result(std::expected<uint64_t, TrapKind> ref) {
    if (!ref) trap = ref.error();
    stack.push({ref.value_or(0), 0});
  }
  template <class Make>
  void aggregate(size_t size, Make make) {
    const auto ref = make(stack.span().last(size));
    stack.resize_down(stack.size() - size);
    result(ref);
  }

  const Module& module;
  ConstHost& host;
  TrapKind trap = TrapKind::kNone;
  base::PodStack<ConstValue> stack;
};

}  // namespace

struct ConstExprReader::Impl {
  explicit Impl(Module& module) : sink(module), reader(module, sink) {}
  Classifier sink;
  FunctionReader<Classifier> reader;
};

ConstExprReader::ConstExprReader(Module& module) : impl_(std::make_unique<Impl>(module)) {}
ConstExprReader::~ConstExprReader() = default;

bool ConstExprReader::read(const base::ByteReader& from, ValType type, ConstExpr& out) {
  Classifier& sink = impl_->sink;
  sink.ops = 0;
  if (!impl_->reader.read_expression(from, type)) return false;
  out.kind = sink.ops == 1 ? sink.kind : ConstExpr::Kind::kExtended;
  out.bits = sink.ops == 1 ? sink.bits : 0;
  out.type = type;
  out.offset = static_cast<uint32_t>(from.offset());
  out.size = static_cast<uint32_t>(impl_->reader.next_offset() - from.offset());
  return true;
}

Error ConstExprReader::take_error() { return impl_->reader.take_error(); }

std::expected<ConstValue, TrapKind> evaluate(const Module& module, const ConstExpr& expr, ConstHost& host) {
  switch (expr.kind) {
    case ConstExpr::Kind::kI32:
    case ConstExpr::Kind::kI64:
    case ConstExpr::Kind::kF32:
    case ConstExpr::Kind::kF64:
    case ConstExpr::Kind::kRefNull:
      return ConstValue{expr.bits, 0};
    case ConstExpr::Kind::kRefFunc:
      return ConstValue{host.ref_func(static_cast<uint32_t>(expr.bits)), 0};
    case ConstExpr::Kind::kGlobalGet:
      return host.global(static_cast<uint32_t>(expr.bits));
    case ConstExpr::Kind::kExtended:
      break;
  }
  Evaluator evaluator(module, host);
  FunctionReader<Evaluator> reader(module, evaluator);
  // It was validated when the module was read, but may lie in a file that has changed since.
  if (!reader.read_expression(base::ByteReader(module.bytes.subspan(expr.offset, expr.size), expr.offset), expr.type)) {
    return std::unexpected(TrapKind::kUnreachable);
  }
  if (evaluator.trap != TrapKind::kNone) return std::unexpected(evaluator.trap);
  return evaluator.take();
}

}  // namespace wherry::wasm
