// What the generator makes is valid, and contains what the op table has.
#include "module_generator.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "wasm/decoder.h"
#include "wasm/module.h"
#include "wasm/ops.h"
#include "wasm/type_registry.h"

namespace wherry::fuzz {
namespace {

std::vector<uint8_t> random_seed(uint32_t number, size_t size) {
  std::mt19937 random(number);
  std::vector<uint8_t> seed(size);
  for (uint8_t& byte : seed) byte = static_cast<uint8_t>(random());
  return seed;
}

/// Adds the ops of all bodies; says what is wrong with the module, or nothing.
std::string check(const GeneratedModule& generated, std::set<wasm::Op>& ops) {
  wasm::TypeRegistry types;
  auto module = wasm::read_module(generated.binary, Features::all(), types);
  if (!module.has_value()) return module.error().message + " at " + std::to_string(module.error().offset);
  const wasm::Module& m = **module;
  const auto count = static_cast<uint32_t>(m.functions.size());
  if (auto valid = wasm::validate_functions(m, 0, count); !valid.has_value()) {
    return valid.error().message + " at " + std::to_string(valid.error().offset);
  }
  for (const wasm::FunctionDecl& function : m.functions) {
    wasm::Decoder body(m.bytes.subspan(function.body_offset, function.body_size));
    uint32_t groups = 0, n = 0;
    body.u32(groups);
    for (; groups > 0; --groups) {
      ValType type;
      body.u32(n);
      body.value_type(type);
    }
    wasm::Op op;
    wasm::Imm imm;
    while (!body.at_end() && body.next(op, imm)) ops.insert(op);
  }
  return {};
}

TEST(ModuleGenerator, AnyBytesMakeAValidModule) {
  std::set<wasm::Op> ops;
  for (uint32_t number = 0; number < 1500; ++number) {
    const GeneratedModule module = generate_module(random_seed(number, number % 50 * 60));
    ASSERT_EQ(check(module, ops), "") << "seed " << number;
  }
  // What takes for ever, or is a matter of the text format only, is not made.
  const std::set<wasm::Op> never = {wasm::Op::kMemoryAtomicWait32, wasm::Op::kMemoryAtomicWait64,
                                    wasm::Op::kArrayNewElem, wasm::Op::kArrayInitElem};
  for (const wasm::OpInfo& row : wasm::kOpTable) {
    EXPECT_EQ(ops.contains(row.op), !never.contains(row.op)) << row.text;
  }
}

TEST(ModuleGenerator, TheSameBytesMakeTheSameModule) {
  EXPECT_EQ(generate_module(random_seed(1, 500)).binary, generate_module(random_seed(1, 500)).binary);
  EXPECT_NE(generate_module(random_seed(1, 500)).binary, generate_module(random_seed(2, 500)).binary);
}

}  // namespace
}  // namespace wherry::fuzz
