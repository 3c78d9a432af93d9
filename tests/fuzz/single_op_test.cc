// Every op that is computed from its operands alone, on the tier against evaluate(): operands in locals, as constants,
// and as results of other ops, and results that are returned, kept in a local, or branched on. Tiers fold all of these
// differently.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "body_generator.h"
#include "wasm/binary_format.h"
#include "wasm/encoder.h"
#include "wasm/semantics_table.h"
#include "wherry/wherry.h"

namespace wherry::fuzz {
namespace {

using wasm::Encoder;
using wasm::ImmKind;
using wasm::Op;
using wasm::OpInfo;
using wasm::SectionId;
using wasm::VectorSection;
using wasm::semantics::Profile;

constexpr uint64_t kI32Values[] = {0,    1,      2,          31,         32,         0x7F,      0x80,
                                   0xFF, 0x8000, 0x12345678, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
constexpr uint64_t kI64Values[] = {0,
                                   1,
                                   63,
                                   64,
                                   0x80,
                                   0xFFFF,
                                   0x7FFFFFFF,
                                   0x80000000,
                                   0xFFFFFFFF,
                                   0xFFFFFFFF80000000,
                                   0x123456789ABCDEF0,
                                   0x7FFFFFFFFFFFFFFF,
                                   0x8000000000000000,
                                   0xFFFFFFFFFFFFFFFF};
constexpr uint64_t kF32Values[] = {0,          0x80000000, 0x3F800000, 0xBF800000, 0x3F000000, 0xBFC00000, 0x40200000,
                                   0x00000001, 0x4B000001, 0x4F000000, 0xCF000000, 0x4F800000, 0x5F000000, 0x5F800000,
                                   0x7F7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00000, 0x7FA00000};
constexpr uint64_t kF64Values[] = {0,
                                   0x8000000000000000,
                                   0x3FF0000000000000,
                                   0xBFF0000000000000,
                                   0x3FE0000000000000,
                                   0xBFF8000000000000,
                                   0x4004000000000000,
                                   0x0000000000000001,
                                   0x41DFFFFFFFC00000,
                                   0x41E0000000000000,
                                   0xC1E0000000200000,
                                   0x41F0000000000000,
                                   0x43E0000000000000,
                                   0xC3E0000000000000,
                                   0x43F0000000000000,
                                   0x47EFFFFFF0000000,
                                   0x7FF0000000000000,
                                   0xFFF0000000000000,
                                   0x7FF8000000000000,
                                   0x7FF4000000000000};
constexpr uint64_t kV128Words[] = {0,
                                   0xFFFFFFFFFFFFFFFF,
                                   0x80008000FF01807F,
                                   0x7FFFFFFF80000000,
                                   0x3F800000BFC00000,
                                   0x7F8000007FC00000,
                                   0x4F0000007FA00000,
                                   0x0102030405060708,
                                   0x0F1F101180FF0001,
                                   0x41E0000000000000,
                                   0x7FF4000000000000};

struct Operand {
  uint64_t slots[2];
};

std::vector<Operand> values_of(char type) {
  std::vector<Operand> values;
  auto all = [&](const auto& words) {
    for (uint64_t word : words) values.push_back({{word, 0}});
  };
  switch (type) {
    case 'i':
      all(kI32Values);
      break;
    case 'l':
      all(kI64Values);
      break;
    case 'f':
      all(kF32Values);
      break;
    case 'd':
      all(kF64Values);
      break;
    default:
      for (size_t i = 0; i < std::size(kV128Words); ++i) {
        values.push_back({{kV128Words[i], kV128Words[(i * 3 + 1) % std::size(kV128Words)]}});
      }
  }
  return values;
}

void emit(Encoder& out, Op op) { out.opcode(wasm::info(op).code); }
void emit_local(Encoder& out, Op op, size_t index) {
  emit(out, op);
  out.u32(static_cast<uint32_t>(index));
}
void emit_const(Encoder& out, char type, const Operand& value) {
  switch (type) {
    case 'i':
      emit(out, Op::kI32Const);
      return out.s32(static_cast<int32_t>(value.slots[0]));
    case 'l':
      emit(out, Op::kI64Const);
      return out.s64(static_cast<int64_t>(value.slots[0]));
    case 'f':
      emit(out, Op::kF32Const);
      return out.fixed(static_cast<uint32_t>(value.slots[0]));
    case 'd':
      emit(out, Op::kF64Const);
      return out.fixed(value.slots[0]);
    default:
      emit(out, Op::kV128Const);
      return out.v128(V128::from_halves(value.slots[0], value.slots[1]));
  }
}
/// Computes a parameter anew, bits unchanged, so that it is the result of an op.
void emit_computed(Encoder& out, char type, size_t param) {
  emit_local(out, Op::kLocalGet, param);
  switch (type) {
    case 'i':
      emit_const(out, 'i', {});
      return emit(out, Op::kI32Or);
    case 'l':
      emit_const(out, 'l', {});
      return emit(out, Op::kI64Or);
    case 'f':
      emit(out, Op::kF32Neg);
      return emit(out, Op::kF32Neg);
    case 'd':
      emit(out, Op::kF64Neg);
      return emit(out, Op::kF64Neg);
    default:
      emit(out, Op::kV128Not);
      return emit(out, Op::kV128Not);
  }
}

/// A way to write the op. Functions take all operands as parameters, also those they do not read.
struct Form {
  static constexpr int kAll = 15;
  int computed = 0;           ///< Bit i: operand i is computed.
  int constant_operand = -1;  ///< This one is a constant.
  Operand constant = {};
  enum class Use : uint8_t { kReturn, kLocal, kIf, kBrIfNot, kSelect } use = Use::kReturn;
};

struct Subject {
  const OpInfo& row;
  wasm::Imm imm;
  std::string_view params = row.signature.params;
  std::string_view results = row.signature.results;
};

std::vector<Form> forms_of(const Subject& op) {
  std::vector<Form> forms = {{}};
  for (int computed = 1; computed < 1 << op.params.size(); ++computed) forms.push_back({.computed = computed});
  forms.push_back({.use = Form::Use::kLocal});
  if (op.results == "i") {
    for (Form::Use use : {Form::Use::kIf, Form::Use::kBrIfNot, Form::Use::kSelect}) {
      forms.push_back({.use = use});
      forms.push_back({.computed = Form::kAll, .use = use});
    }
  }
  for (size_t i = 0; i < op.params.size(); ++i) {
    for (const Operand& value : values_of(op.params[i])) {
      forms.push_back({.constant_operand = static_cast<int>(i), .constant = value});
      forms.push_back({.computed = Form::kAll, .constant_operand = static_cast<int>(i), .constant = value});
      if (op.results == "i") {
        forms.push_back({.constant_operand = static_cast<int>(i), .constant = value, .use = Form::Use::kBrIfNot});
      }
    }
  }
  return forms;
}

/// Whether the function's one result says only whether the op's result is zero.
bool is_tested(const Form& form) { return form.use >= Form::Use::kIf; }

void emit_body(Encoder& out, const Subject& op, const Form& form) {
  out.u32(static_cast<uint32_t>(op.results.size()));  // a local for each result
  for (char type : op.results) {
    out.u32(1);
    write_type(out, type);
  }
  if (form.use == Form::Use::kBrIfNot) {
    emit(out, Op::kBlock);
    out.byte(wasm::type_code::kEmptyBlock);
  } else if (form.use == Form::Use::kSelect) {
    emit_const(out, 'i', {{1, 0}});
    emit_const(out, 'i', {{0, 0}});
  }
  for (size_t i = 0; i < op.params.size(); ++i) {
    if (static_cast<int>(i) == form.constant_operand) {
      emit_const(out, op.params[i], form.constant);
    } else if ((form.computed >> i & 1) != 0) {
      emit_computed(out, op.params[i], i);
    } else {
      emit_local(out, Op::kLocalGet, i);
    }
  }
  emit(out, op.row.op);
  if (op.row.imm == ImmKind::kLane) out.byte(static_cast<uint8_t>(op.imm.lane));
  if (op.row.imm == ImmKind::kLanes16) out.v128(op.imm.v128);
  switch (form.use) {
    case Form::Use::kReturn:
      break;
    case Form::Use::kLocal:
      for (size_t i = op.results.size(); i-- > 0;) emit_local(out, Op::kLocalSet, op.params.size() + i);
      for (size_t i = 0; i < op.results.size(); ++i) emit_local(out, Op::kLocalGet, op.params.size() + i);
      break;
    case Form::Use::kIf:
      emit(out, Op::kIf);
      write_type(out, 'i');
      emit_const(out, 'i', {{1, 0}});
      emit(out, Op::kElse);
      emit_const(out, 'i', {{0, 0}});
      emit(out, Op::kEnd);
      break;
    case Form::Use::kBrIfNot:
      emit(out, Op::kI32Eqz);
      emit_local(out, Op::kBrIf, 0);
      emit_const(out, 'i', {{1, 0}});
      emit(out, Op::kReturn);
      emit(out, Op::kEnd);
      emit_const(out, 'i', {{0, 0}});
      break;
    case Form::Use::kSelect:
      emit(out, Op::kSelect);
      break;
  }
  emit(out, Op::kEnd);
}

std::vector<uint8_t> module_of(const Subject& op, const std::vector<Form>& forms) {
  VectorSection types, functions, exports, code;
  Encoder& type = types.add();
  type.byte(wasm::type_code::kFunc);
  for (std::string_view letters : {op.params, op.results}) {
    type.u32(static_cast<uint32_t>(letters.size()));
    for (char letter : letters) write_type(type, letter);
  }
  for (size_t i = 0; i < forms.size(); ++i) {
    functions.add().u32(0);
    Encoder& out = exports.add();
    out.name("f" + std::to_string(i));
    out.byte(static_cast<uint8_t>(ExternKind::kFunc));
    out.u32(static_cast<uint32_t>(i));
    Encoder body;
    emit_body(body, op, forms[i]);
    code.add().sized(body.view());
  }
  Encoder module;
  module.bytes(wasm::kModuleHeader);
  append_section(module, SectionId::kType, types);
  append_section(module, SectionId::kFunction, functions);
  append_section(module, SectionId::kExport, exports);
  append_section(module, SectionId::kCode, code);
  return module.take();
}

template <class F>
bool same_lanes(const uint64_t* a, const uint64_t* b, size_t bytes) {
  for (size_t at = 0; at < bytes; at += sizeof(F)) {
    F x, y;
    std::memcpy(&x, reinterpret_cast<const char*>(a) + at, sizeof(F));
    std::memcpy(&y, reinterpret_cast<const char*>(b) + at, sizeof(F));
    if (std::memcmp(&x, &y, sizeof(F)) != 0 && !(x != x && y != y)) return false;
  }
  return true;
}

/// NaNs that an op computes may differ; NaNs that it moves may not.
bool same(const OpInfo& row, const uint64_t* a, const uint64_t* b) {
  const std::string_view results = row.signature.results;
  const size_t slots = results == "v" || results == "ll" ? 2 : 1;
  if (std::equal(a, a + slots, b)) return true;
  for (std::string_view exact : {"abs", "neg", "copysign", "reinterpret", "splat", "lane", ".pm"}) {
    if (row.text.find(exact) != row.text.npos) return false;
  }
  if (results == "f" || row.text.starts_with("f32x4")) return same_lanes<float>(a, b, results == "f" ? 4 : 16);
  if (results == "d" || row.text.starts_with("f64x2")) return same_lanes<double>(a, b, slots * 8);
  return false;
}

/// Calls `visit` with all combinations of operands, in slots.
template <class Visit>
void for_each_operands(std::string_view params, Visit visit) {
  std::vector<std::vector<Operand>> values;
  size_t combinations = 1;
  for (char type : params) {
    values.push_back(values_of(type));
    combinations *= values.back().size();
  }
  // Of three and more operands, a part: a stride that is prime to the numbers of values.
  const size_t stride = params.size() > 2 ? 37 : 1;
  for (size_t n = 0; n < combinations; n += stride) {
    std::array<uint64_t, 8> slots{};
    size_t rest = n, at = 0;
    for (size_t i = 0; i < params.size(); ++i) {
      const Operand& value = values[i][rest % values[i].size()];
      rest /= values[i].size();
      const bool is_half = params[i] == 'i' || params[i] == 'f';
      slots[at++] = value.slots[0] | (is_half ? 0xDEADBEEF00000000 : 0);
      if (params[i] == 'v') slots[at++] = value.slots[1];
    }
    visit(slots);
  }
}

size_t slot_of(std::string_view params, size_t operand) {
  size_t slot = 0;
  for (size_t i = 0; i < operand; ++i) slot += params[i] == 'v' ? 2 : 1;
  return slot;
}

void compare(const Engine& engine, const Subject& op, Profile profile) {
  const std::vector<Form> forms = forms_of(op);
  auto module = Module::from_binary(engine, module_of(op, forms));
  ASSERT_TRUE(module.has_value()) << op.row.text << ": " << module.error().message;
  Store store(engine);
  auto instance = Instance::make(store, *module);
  ASSERT_TRUE(instance.has_value()) << instance.error().message;
  for (size_t f = 0; f < forms.size(); ++f) {
    const Form& form = forms[f];
    const Func func = *instance->func("f" + std::to_string(f));
    for_each_operands(op.params, [&](const std::array<uint64_t, 8>& operands) {
      if (testing::Test::HasFatalFailure()) return;
      std::array<uint64_t, 8> used = operands, slots = operands;
      if (form.constant_operand >= 0) {
        const auto which = static_cast<size_t>(form.constant_operand);
        const size_t at = slot_of(op.params, which);
        used[at] = form.constant.slots[0];
        if (op.params[which] == 'v') used[at + 1] = form.constant.slots[1];
      }
      uint64_t expected[2] = {};
      const TrapKind trap = wasm::semantics::evaluate(op.row.op, used.data(), expected, op.imm, profile);
      if (is_tested(form)) expected[0] = expected[0] != 0;
      const auto called = func.call_raw(slots.data());
      ASSERT_EQ(called.has_value() ? TrapKind::kNone : called.error().kind, trap)
          << op.row.text << " form " << f << std::hex << " " << used[0] << " " << used[1];
      if (trap != TrapKind::kNone) return;
      if (op.results == "i" || op.results == "f") slots[0] &= 0xFFFFFFFF;  // the other half is not defined
      ASSERT_TRUE(same(op.row, slots.data(), expected))
          << op.row.text << " form " << f << std::hex << " of " << used[0] << " " << used[1] << " " << used[2] << " "
          << used[3] << ": " << slots[0] << " " << slots[1] << ", not " << expected[0] << " " << expected[1];
    });
    if (testing::Test::HasFatalFailure()) return;
  }
}

/// The op with each of its immediates, or some of them.
std::vector<Subject> subjects_of(const OpInfo& row) {
  std::vector<Subject> subjects;
  if (row.imm == ImmKind::kLane) {
    const size_t x = row.text.find('x');
    const uint32_t lanes = row.text[x + 1] == '1' ? 16 : static_cast<uint32_t>(row.text[x + 1] - '0');
    for (uint32_t lane = 0; lane < lanes; lane += lanes > 4 ? lanes / 2 - 1 : 1) {
      Subject& subject = subjects.emplace_back(Subject{.row = row, .imm = {}});
      subject.imm.lane = lane;
    }
  } else if (row.imm == ImmKind::kLanes16) {
    for (uint8_t first : {0, 7, 16}) {
      Subject subject{.row = row, .imm = {}};
      for (uint8_t i = 0; i < 16; ++i) subject.imm.v128.bytes[i] = static_cast<uint8_t>((first + i * 5) % 32);
      subjects.push_back(subject);
    }
  } else if (row.imm == ImmKind::kNone && row.op != Op::kNop) {
    subjects.push_back({.row = row, .imm = {}});
  }
  return subjects;
}

void compare_all(bool vectors, Profile profile) {
  Config config;
  config.features = Features::all();
  config.relaxed_simd_deterministic = profile == Profile::kDeterministic;
  const Engine engine(config);
  for (const OpInfo& row : wasm::kOpTable) {
    if (!wasm::semantics::is_evaluable(row.op) || (row.code >> 16 == 0xFD) != vectors) continue;
    if (profile == Profile::kNative && row.feature != Feature::kRelaxedSimd) continue;
    for (const Subject& subject : subjects_of(row)) compare(engine, subject, profile);
  }
}

TEST(SingleOp, Scalars) { compare_all(false, Profile::kDeterministic); }
TEST(SingleOp, Vectors) { compare_all(true, Profile::kDeterministic); }
TEST(SingleOp, RelaxedVectorsNatively) { compare_all(true, Profile::kNative); }

}  // namespace
}  // namespace wherry::fuzz
