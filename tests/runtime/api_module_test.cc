// Modules: where they come from, what they say of themselves, and how large ones are validated.
#include <cstdio>
#include <fstream>

#include "api_util.h"
#include "wasm/text/wat.h"

namespace wherry {
namespace {

constexpr uint8_t kEmpty[] = {0, 'a', 's', 'm', 1, 0, 0, 0};

TEST(ModuleTest, FromBinary) {
  const Engine engine;
  EXPECT_TRUE(Module::from_binary(engine, kEmpty).has_value());
  const Module borrowed = must(Module::from_binary(engine, kEmpty, BytesUse::kBorrow));
  EXPECT_EQ(borrowed.bytes().data(), kEmpty);
  EXPECT_NE(must(Module::from_binary(engine, kEmpty)).bytes().data(), kEmpty);
  EXPECT_EQ(Module::from_binary(engine, {}).error().code, ErrorCode::kMalformed);
  const uint8_t bad[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 99, 0};
  const auto result = Module::from_binary(engine, bad);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kMalformed);
  EXPECT_EQ(result.error().offset, 8u);
}

TEST(ModuleTest, FromFile) {
  const Engine engine;
  const std::string path = testing::TempDir() + "wherry_api_module_test";
  auto load = [&](std::string_view content) {
    std::ofstream(path, std::ios::binary) << content;
    return Module::from_file(engine, path);
  };
  EXPECT_TRUE(load({reinterpret_cast<const char*>(kEmpty), sizeof kEmpty}).has_value());
  const auto text = load(" ;; a comment\n(module (func (export \"f\")))");
  ASSERT_TRUE(text.has_value()) << text.error().message;
  EXPECT_EQ(text->exports().size(), 1u);
  EXPECT_EQ(load("(module").error().code, ErrorCode::kSyntax);
  EXPECT_EQ(load("#!/bin/sh").error().code, ErrorCode::kMalformed);
  EXPECT_EQ(load("").error().code, ErrorCode::kMalformed);
  std::remove(path.c_str());
  const auto missing = Module::from_file(engine, path);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::kIo);
  EXPECT_NE(missing.error().message.find(path), std::string::npos);
}

TEST(ModuleTest, Inspection) {
  const Engine engine;
  const Module module = wat(engine, R"((module $name
    (import "a" "f" (func (param i32) (result i64 f32)))
    (import "a" "t" (table 1 2 externref))
    (import "b" "m" (memory 1))
    (import "b" "g" (global (mut v128)))
    (import "b" "e" (tag (param i32)))
    (@custom "extra" "bytes")
    (func (export "run") (result (ref null func)) (ref.null func))
    (memory (export "mem64") i64 1 5)
    (export "again" (func 0))))");
  EXPECT_EQ(module.name(), "name");
  std::vector<std::string> imports;
  for (const ImportType& import : module.imports()) {
    imports.push_back(std::string(import.module) + "." + std::string(import.name) + " " +
                      engine.to_string(import.type));
  }
  EXPECT_EQ(imports, (std::vector<std::string>{"a.f func [i32] -> [i64 f32]", "a.t table 1 2 externref", "b.m memory 1",
                                               "b.g global (mut v128)", "b.e tag [i32]"}));
  std::vector<std::string> exports;
  for (const ExportType& item : module.exports()) {
    exports.push_back(std::string(item.name) + " " + engine.to_string(item.type));
  }
  EXPECT_EQ(exports, (std::vector<std::string>{"run func [] -> [funcref]", "mem64 memory i64 1 5",
                                               "again func [i32] -> [i64 f32]"}));
  EXPECT_EQ(engine.to_string(*module.export_type("mem64")), "memory i64 1 5");
  EXPECT_FALSE(module.export_type("none").has_value());
  std::string custom;
  for (const CustomSectionView& section : module.custom_sections()) {
    if (section.name == "extra") custom.assign(section.bytes.begin(), section.bytes.end());
  }
  EXPECT_EQ(custom, "bytes");
}

TEST(ModuleTest, FeaturesUsed) {
  const Engine engine;
  auto used = [&](std::string_view text) {
    std::string names;
    const Features features = wat(engine, text).features_used();
    for (const FeatureInfo& row : kFeatureTable) {
      if (features.has(row.feature)) names += std::string(row.name) + " ";
    }
    return names;
  };
  EXPECT_EQ(used("(module (func))"), "mvp ");
  EXPECT_EQ(used("(module (func (result i32) (i32.extend8_s (i32.const 1))))"), "mvp sign-extension ");
  EXPECT_EQ(used("(module (func (return_call 0)) (memory i64 1))"), "mvp tail-call memory64 ");
}

TEST(ModuleTest, FeaturesMayBeSwitchedOff) {
  Config config;
  config.features.set(Feature::kSimd, false).set(Feature::kRelaxedSimd, false);
  const Engine engine(config);
  EXPECT_EQ(Module::from_wat(engine, "(module (global v128 (v128.const i64x2 0 0)))").error().code,
            ErrorCode::kUnsupported);
}

/// A module of 1,000 functions, of which those in `bad` are invalid; each body is 1,000 nops, and a drop too many.
std::vector<uint8_t> many_functions(std::initializer_list<int> bad) {
  std::string text = "(module ";
  for (int i = 0; i < 1000; ++i) {
    text += "(func ";
    for (int n = 0; n < 1000; ++n) text += "nop ";
    text += std::find(bad.begin(), bad.end(), i) != bad.end() ? "drop)" : ")";
  }
  return must(wasm::parse_wat(text + ")"));
}

TEST(ModuleTest, LargeModulesAreValidatedInParallelWithTheFirstError) {
  const std::vector<uint8_t> good = many_functions({});
  const std::vector<uint8_t> bad = many_functions({700, 701, 950});
  uint64_t expected = 0;
  for (uint32_t threads : {1u, 2u, 4u}) {
    Config config;
    config.validation_threads = threads;
    const Engine engine(config);
    EXPECT_TRUE(Module::from_binary(engine, good).has_value());
    for (int repeat = 0; repeat < 5; ++repeat) {
      const auto result = Module::from_binary(engine, bad);
      ASSERT_FALSE(result.has_value());
      EXPECT_EQ(result.error().code, ErrorCode::kInvalid);
      if (expected == 0) expected = result.error().offset;
      EXPECT_EQ(result.error().offset, expected);
    }
  }
}

TEST(EngineTest, Types) {
  const Engine engine;
  const FuncType type{{ValType::kI32, ValType::externref()}, {ValType::kV128}};
  const TypeId id = must(engine.intern(type));
  EXPECT_EQ(must(engine.intern(type)), id);
  EXPECT_EQ(engine.func_type(id), type);
  EXPECT_EQ(engine.to_string(type), "func [i32 externref] -> [v128]");
  EXPECT_EQ(engine.intern({{ValType::kI8}, {}}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(engine.tier(), "auto");
}

}  // namespace
}  // namespace wherry
