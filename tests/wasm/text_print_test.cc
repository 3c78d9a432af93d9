// print_wat: what the text looks like, and what must survive the way there and back.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "wasm/encoder.h"
#include "wasm/text/wat.h"

namespace wherry::wasm {
namespace {

std::string reprint(std::string_view text, const PrintOptions& options = {}) {
  const Result<std::vector<uint8_t>> wasm = parse_wat(text);
  if (!wasm) return wasm.error().message;
  const Result<std::string> printed = print_wat(*wasm, options);
  return printed ? *printed : printed.error().message;
}

/// Prints to the text given, which is its own print.
void expect_print(std::string_view text, const PrintOptions& options = {}) { EXPECT_EQ(reprint(text, options), text); }

TEST(Print, FlatAndFolded) {
  constexpr std::string_view kFlat = R"((module $m
  (type (;0;) (func (param i32) (result i32)))
  (func $fac (;0;) (type 0) (param $n i32) (result i32)
    (local i64 i64) (local $"a b" f32)
    block $out (result i32)
      local.get $n
      i32.eqz
      if
        i32.const 1
        br $out
      end
      local.get $n
      local.get $n
      i32.const 1
      i32.sub
      call $fac
      i32.mul
    end)
  (export "fac" (func $fac)))
)";
  expect_print(kFlat);
  constexpr std::string_view kFolded = R"((module $m
  (type (;0;) (func (param i32) (result i32)))
  (func $fac (;0;) (type 0) (param $n i32) (result i32)
    (local i64 i64) (local $"a b" f32)
    (block $out (result i32)
      (if
        (i32.eqz
          (local.get $n))
        (then
          (i32.const 1)
          (br $out)))
      (i32.mul
        (local.get $n)
        (call $fac
          (i32.sub
            (local.get $n)
            (i32.const 1))))))
  (export "fac" (func $fac)))
)";
  EXPECT_EQ(reprint(kFlat, {.folded = true}), kFolded);
  expect_print(kFolded, {.folded = true});
}

TEST(Print, EveryKindOfField) {
  expect_print(R"((module
  (rec
    (type $a (;0;) (sub (struct (field $next (ref null $b)) (field (mut i8)))))
    (type $b (;1;) (sub final $a (struct (field (ref null $b)) (field (mut i8)) (field f64)))))
  (type (;2;) (array (mut i16)))
  (type (;3;) (func))
  (type (;4;) (func (param i32)))
  (import "m" "f" (func (;0;) (type 3)))
  (import "m" "t" (table (;0;) i64 1 2 externref))
  (import "m" "m" (memory (;0;) 1 2 shared))
  (import "m" "g" (global (;0;) (mut i64)))
  (import "m" "e" (tag (;0;) (type 4) (param i32)))
  (func $f (;1;) (type 3))
  (table (;1;) 3 (ref func) (ref.func $f))
  (memory (;1;) i64 1 (pagesize 1))
  (tag $tag (;1;) (type 3))
  (global (;1;) i32 i32.const 1 i32.const 2 i32.add)
  (export "\"\09" (memory 1))
  (start $f)
  (elem (;0;) (table 1) (i32.const 0) func 0 $f)
  (elem (;1;) declare func $f)
  (elem (;2;) funcref (ref.null func) (ref.func $f))
  (data (;0;) (memory 1) (offset i64.const 1 i64.const 2 i64.add) "a\"\00\ff")
  (data $d (;1;) "")
  (@custom "first" (before first) "1")
  (@custom "x" (after memory) "2"))
)");
}

TEST(Print, LegacyAndNewExceptions) {
  constexpr std::string_view kText = R"((module
  (type (;0;) (func))
  (func (;0;) (type 0)
    (block $l
      (try_table (catch $e $l) (catch_all $l)
        (throw $e)))
    (try
      (do
        (nop))
      (catch $e
        (rethrow 0))
      (catch_all))
    (block $m
      (try
        (do)
        (delegate $m))))
  (tag $e (;0;) (type 0)))
)";
  expect_print(kText, {.folded = true});
}

TEST(Print, HiddenLabelsAreNumbered) {
  const std::string text = reprint("(func block $l block $l br 0 br 1 br 2 end end)");
  EXPECT_NE(text.find("br $l\n      "), std::string::npos) << text;
  EXPECT_NE(text.find("br 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("br 2\n"), std::string::npos) << text;
}

TEST(Print, NamesThatAreNotUniqueAreKept) {
  const std::string text = reprint("(func (@name \"f\")) (func (@name \"f\") call 0 call 1)");
  EXPECT_NE(text.find("(func $f (;0;)"), std::string::npos) << text;
  EXPECT_NE(text.find("(func $f#1 (@name \"f\") (;1;)"), std::string::npos) << text;
  EXPECT_NE(text.find("call $f#1"), std::string::npos) << text;
  expect_print(text);
}

TEST(Print, WithoutNamesTheSectionIsKeptAsBytes) {
  const std::string text = reprint("(func $f (local $x i32))", {.names = false});
  EXPECT_EQ(text.find('$'), std::string::npos) << text;
  EXPECT_NE(text.find("(@custom \"name\" (after code) \"\\01\\04\\01\\00\\01f"), std::string::npos) << text;
  expect_print(text, {.names = false});
}

TEST(Print, BranchHintsStayWithTheirInstructions) {
  const std::string_view text =
      "(func (param i32) (@metadata.code.branch_hint \"\\01\") (if (local.get 0) (then (br_if 1 (local.get 0)))))";
  for (const bool folded : {false, true}) {
    const std::string printed = reprint(text, {.folded = folded});
    EXPECT_NE(
        printed.find(folded ? "(@metadata.code.branch_hint \"\\01\") (if" : "(@metadata.code.branch_hint \"\\01\") if"),
        std::string::npos)
        << printed;
    expect_print(printed, {.folded = folded});
  }
}

/// The second of two equal recursion groups refers to itself, not to the first.
TEST(Print, EqualGroupsStayEqual) {
  expect_print(R"((module
  (type (;0;) (struct (field (ref null 0))))
  (type (;1;) (struct (field (ref null 1))))
  (type (;2;) (func (param (ref 0)) (result (ref 0))))
  (func (;0;) (type 2) (param (ref 0)) (result (ref 0))
    local.get 0))
)");
}

TEST(Print, MalformedNameAndMetadataSectionsDoNoHarm) {
  for (const std::string_view name : {"name", "metadata.code.branch_hint", "metadata.code.other"}) {
    for (const std::vector<uint8_t>& bytes :
         {std::vector<uint8_t>{0xFF, 0xFF, 0xFF, 0xFF, 0x0F}, {1, 200, 1}, {1, 3, 0xFF, 0x7F, 0}, {1, 0, 1, 0, 1, 7}}) {
      Encoder module;
      module.bytes(kModuleHeader);
      append_custom_section(module, name, bytes);
      const Result<std::string> text = print_wat(module.view());
      ASSERT_TRUE(text) << text.error().message;
      expect_print(*text);
    }
  }
}

TEST(Print, InvalidModulesAreErrors) {
  const Result<std::vector<uint8_t>> wasm = parse_wat("(func i32.add)");
  const Result<std::string> text = print_wat(*wasm);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::kInvalid);
}

TEST(Print, TextThatOutgrowsItsModuleIsRefused) {
  Encoder locals;  // 50,000 of them in seven bytes of a body
  locals.u32(1);
  locals.u32(50'000);
  locals.byte(type_code::kI32);
  locals.byte(0x0B);
  constexpr uint32_t kFunctions = 2'000;
  VectorSection functions, code;
  for (uint32_t i = 0; i < kFunctions; ++i) {
    functions.add().u32(0);
    code.add().sized(locals.view());
  }
  Encoder module;
  module.bytes(kModuleHeader);
  append_section(module, SectionId::kType, std::vector<uint8_t>{1, type_code::kFunc, 0, 0});
  append_section(module, SectionId::kFunction, functions);
  append_section(module, SectionId::kCode, code);
  const Result<std::string> text = print_wat(module.view());
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::kLimit);
}

TEST(Print, DepthCostsNeitherStackNorItsSquare) {
  constexpr size_t kDepth = 100'000;
  std::string blocks = "(func ";
  std::string operators = "(func (drop ";
  for (size_t i = 0; i < kDepth; ++i) blocks += "block ";
  for (size_t i = 0; i < kDepth; ++i) operators += "(i32.eqz ";
  for (size_t i = 0; i < kDepth; ++i) blocks += "end ";
  operators += "(i32.const 0)" + std::string(kDepth, ')') + "))";
  for (const std::string& text : {blocks + ")", operators}) {
    for (const bool folded : {false, true}) EXPECT_LT(reprint(text, {.folded = folded}).size(), kDepth * 200);
  }
}

}  // namespace
}  // namespace wherry::wasm
