// The emitter: every op of the table is known to it, and every module of the spec suite becomes IR that LLVM's verifier
// accepts.
#include "llvm/emit.h"

#include <gtest/gtest.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/raw_ostream.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <variant>

#include "wasm/text/wast.h"
#include "wasm/text/wat.h"

namespace wherry::compiler {
namespace {

const char kX86Layout[] = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128";
const char kAarch64Layout[] =
    "e-m:e-p270:32:32-p271:32:32-p272:64:64-i8:8:32-i16:16:32-i64:64-i128:128-n32:64-S128-Fn32";

/// Both machines, both bounds strategies, and everything that adds code once off and once on.
std::vector<EmitOptions> all_options() {
  EmitOptions plain{.triple = "x86_64-unknown-linux-gnu", .data_layout = kX86Layout};
  EmitOptions full{.triple = "aarch64-unknown-linux-gnu", .data_layout = kAarch64Layout};
  full.bounds = BoundsStrategy::kChecks;
  full.relaxed_simd_deterministic = true;
  full.canonical_nan = true;
  full.fuel = true;
  return {plain, full};
}

/// What is wrong with the IR of a module, or nothing.
std::string problem_of(std::span<const uint8_t> wasm) {
  wasm::TypeRegistry types;
  auto module = wasm::read_module(wasm, Features::all(), types);
  if (!module) return {};
  const uint32_t imported = (*module)->imported_functions;
  if (!wasm::validate_functions(**module, imported, static_cast<uint32_t>((*module)->functions.size()))) return {};
  std::vector<uint32_t> functions((*module)->functions.size() - imported);
  std::iota(functions.begin(), functions.end(), imported);
  for (const EmitOptions& options : all_options()) {
    // All functions, and then the first half with thunks for the others.
    for (const size_t compiled : {functions.size(), functions.size() / 2}) {
      const auto all = std::span<const uint32_t>(functions);
      llvm::LLVMContext context;
      auto ir = emit_shard(context, **module, all.first(compiled), true, options, all.subspan(compiled));
      if (!ir) return "not emitted";
      std::string problem;
      llvm::raw_string_ostream stream(problem);
      if (llvm::verifyModule(**ir, &stream)) return problem;
    }
  }
  return {};
}

TEST(Emit, SpecSuiteVerifies) {
  const char* set = std::getenv("WHERRY_TESTSUITE");
  const std::filesystem::path core =
      std::filesystem::path(set != nullptr ? set : WHERRY_SOURCE_DIR "/../shared/testsuite") / "core";
  if (!std::filesystem::exists(core)) GTEST_SKIP() << "no spec suite at " << core;
  const char* filter = std::getenv("WHERRY_FILTER");
  size_t modules = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(core)) {
    if (entry.path().extension() != ".wast") continue;
    if (filter != nullptr && entry.path().stem() != filter) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    auto script = wasm::wast::parse_wast(text);
    ASSERT_TRUE(script) << entry.path();
    for (const wasm::wast::Command& command : *script) {
      const auto* definition = std::get_if<wasm::wast::ModuleCommand>(&command.what);
      if (definition == nullptr || !definition->module.wasm) continue;
      ++modules;
      EXPECT_EQ(problem_of(*definition->module.wasm), "") << entry.path() << ": module " << modules;
    }
  }
  EXPECT_GT(modules, filter != nullptr ? 0u : 1000u);
}

}  // namespace
}  // namespace wherry::compiler
