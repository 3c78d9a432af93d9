// parse_wat: bytes that the text must become, what it must refuse and where, and what it costs.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_reader.h"
#include "wasm/binary_format.h"
#include "wasm/ops.h"
#include "wasm/text/wat.h"

namespace wherry::wasm {
namespace {

using ByteVector = std::vector<uint8_t>;

ByteVector parse(std::string_view text, const WatOptions& options = {.names = false}) {
  Result<ByteVector> wasm = parse_wat(text, options);
  if (!wasm) {
    ADD_FAILURE() << wasm.error().message << " at " << wasm.error().offset << " in " << text.substr(0, 1000);
    return {};
  }
  return *wasm;
}

std::string error_of(std::string_view text) {
  const Result<ByteVector> wasm = parse_wat(text);
  if (wasm) return "none";
  EXPECT_EQ(wasm.error().code, ErrorCode::kSyntax);
  EXPECT_LE(wasm.error().offset, text.size());
  return wasm.error().message;
}

struct Section {
  uint8_t id;
  std::string name;  ///< Custom sections.
  ByteVector content;
};

std::vector<Section> sections(const ByteVector& module) {
  std::vector<Section> all;
  base::ByteReader reader(module);
  std::span<const uint8_t> content;
  reader.bytes(8, content);
  while (!reader.at_end()) {
    Section s;
    uint32_t size = 0;
    if (!reader.u8(s.id) || !reader.u32(size) || !reader.bytes(size, content)) {
      ADD_FAILURE() << "bad section";
      break;
    }
    base::ByteReader inner(content);
    std::string_view name;
    if (s.id == 0 && inner.name(name)) s.name = name;
    std::span<const uint8_t> rest;
    inner.bytes(inner.remaining(), rest);
    s.content.assign(rest.begin(), rest.end());
    all.push_back(std::move(s));
  }
  return all;
}

ByteVector section(const ByteVector& module, SectionId id, std::string_view custom_name = {}) {
  for (const Section& s : sections(module)) {
    if (s.id == static_cast<uint8_t>(id) && s.name == custom_name) return s.content;
  }
  return {};
}

/// The instructions of the one function, without its locals (none) and its `end`.
ByteVector body(std::string_view instructions, std::string_view before = {}) {
  const std::string text = "(module " + std::string(before) + "(func " + std::string(instructions) + "))";
  const ByteVector code = section(parse(text), SectionId::kCode);
  base::ByteReader reader(code);
  uint32_t count = 0, size = 0, locals = 0;
  std::span<const uint8_t> rest;
  if (!reader.u32(count) || !reader.u32(size) || !reader.u32(locals) || !reader.bytes(reader.remaining(), rest)) {
    ADD_FAILURE() << "no function: " << instructions;
    return {};
  }
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(locals, 0u);
  EXPECT_EQ(rest.back(), 0x0B);
  return {rest.begin(), rest.end() - 1};
}

TEST(Wat, EmptyModules) {
  const ByteVector empty = {0, 'a', 's', 'm', 1, 0, 0, 0};
  EXPECT_EQ(parse(""), empty);
  EXPECT_EQ(parse("(module)"), empty);
  EXPECT_EQ(parse(" ;; a comment\n(; another (; nested ;) ;)( module $name )"), empty);
}

TEST(Wat, FoldedAndFlatAreTheSame) {
  const ByteVector add = {0x41, 1, 0x41, 2, 0x6A, 0x1A};
  EXPECT_EQ(body("i32.const 1 i32.const 2 i32.add drop"), add);
  EXPECT_EQ(body("(drop (i32.add (i32.const 1) (i32.const 2)))"), add);
  EXPECT_EQ(body("(i32.const 1) i32.const 2 (drop (i32.add))"), add);

  const ByteVector branch = {0x41, 1, 0x04, 0x7F, 0x41, 2, 0x05, 0x41, 3, 0x0B, 0x1A};
  EXPECT_EQ(body("i32.const 1 if $x (result i32) i32.const 2 else $x i32.const 3 end $x drop"), branch);
  EXPECT_EQ(body("(drop (if (result i32) (i32.const 1) (then (i32.const 2)) (else (i32.const 3))))"), branch);

  const ByteVector legacy = {0x06, 0x40, 0x01, 0x07, 0x00, 0x01, 0x19, 0x0B};
  EXPECT_EQ(body("try nop catch $e nop catch_all end", "(tag $e)"), legacy);
  EXPECT_EQ(body("(try (do (nop)) (catch $e (nop)) (catch_all))", "(tag $e)"), legacy);
  const ByteVector delegated = {0x02, 0x40, 0x06, 0x40, 0x18, 0x00, 0x0B};
  EXPECT_EQ(body("block $l try delegate $l end"), delegated);
  EXPECT_EQ(body("(block $l (try (do) (delegate $l)))"), delegated);
}

TEST(Wat, LabelsCountFromInside) {
  EXPECT_EQ(body("(block $a (block $b (br $a) (br $b) (block $a (br $a) (br 3))))"),
            (ByteVector{0x02, 0x40, 0x02, 0x40, 0x0C, 1, 0x0C, 0, 0x02, 0x40, 0x0C, 0, 0x0C, 3, 0x0B, 0x0B, 0x0B}));
  // A condition does not see the label of its `if`; a try_table's clauses do not see that of the try_table.
  EXPECT_EQ(body("(block $l (if $l (br_if $l (i32.const 1)) (then (br $l))))"),
            (ByteVector{0x02, 0x40, 0x41, 1, 0x0D, 0, 0x04, 0x40, 0x0C, 0, 0x0B, 0x0B}));
  EXPECT_EQ(body("(block $l (try_table $l (catch_all $l) (catch $e 1) (br $l)))", "(tag $e)"),
            (ByteVector{0x02, 0x40, 0x1F, 0x40, 2, 2, 0, 0, 0, 1, 0x0C, 0, 0x0B, 0x0B}));
  EXPECT_EQ(body("(block $l (br_table 1 $l 0 (i32.const 0)))"),
            (ByteVector{0x02, 0x40, 0x41, 0, 0x0E, 2, 1, 0, 0, 0x0B}));
}

TEST(Wat, ImmediatesWithOptionalParts) {
  const char* env = "(memory 1) (memory $m 1) (table 1 funcref) (table $t 1 funcref) (data $d) (elem $e func) ";
  const auto in_env = [&](std::string_view code) { return body(code, env); };
  EXPECT_EQ(in_env("i32.load"), (ByteVector{0x28, 2, 0}));
  EXPECT_EQ(in_env("i32.load align=1"), (ByteVector{0x28, 0, 0}));
  EXPECT_EQ(in_env("i32.load $m offset=0x80 align=2"), (ByteVector{0x28, 0x41, 1, 0x80, 1}));
  EXPECT_EQ(in_env("v128.load8_lane 3"), (ByteVector{0xFD, 0x54, 0, 0, 3}));
  EXPECT_EQ(in_env("v128.load8_lane 1 3"), (ByteVector{0xFD, 0x54, 0x40, 1, 0, 3}));
  EXPECT_EQ(in_env("v128.load8_lane $m offset=1 3"), (ByteVector{0xFD, 0x54, 0x40, 1, 1, 3}));
  EXPECT_EQ(in_env("memory.init $d"), (ByteVector{0xFC, 8, 0, 0}));
  EXPECT_EQ(in_env("memory.init $m $d"), (ByteVector{0xFC, 8, 0, 1}));
  EXPECT_EQ(in_env("table.init $e"), (ByteVector{0xFC, 12, 0, 0}));
  EXPECT_EQ(in_env("table.init $t $e"), (ByteVector{0xFC, 12, 0, 1}));
  EXPECT_EQ(in_env("memory.copy"), (ByteVector{0xFC, 10, 0, 0}));
  EXPECT_EQ(in_env("memory.copy 0 $m"), (ByteVector{0xFC, 10, 0, 1}));
  EXPECT_EQ(in_env("table.size table.size $t"), (ByteVector{0xFC, 16, 0, 0xFC, 16, 1}));
  EXPECT_EQ(in_env("call_indirect call_indirect $t (type 0)"), (ByteVector{0x11, 0, 0, 0x11, 0, 1}));
  EXPECT_EQ(in_env("select select (result i32)"), (ByteVector{0x1B, 0x1C, 1, 0x7F}));
  EXPECT_EQ(in_env("ref.test (ref eq) ref.test (ref null eq) ref.cast eqref"),
            (ByteVector{0xFB, 0x14, 0x6D, 0xFB, 0x15, 0x6D, 0xFB, 0x17, 0x6D}));
  EXPECT_EQ(in_env("br_on_cast 0 anyref (ref i31)"), (ByteVector{0xFB, 0x18, 1, 0, 0x6E, 0x6C}));
}

TEST(Wat, TypeUses) {
  // The first final function type that stands alone serves; else one is added after all others.
  EXPECT_EQ(section(parse("(type (sub (func))) (rec (type (func)) (type (func))) (func) (func (param i32)) "
                          "(type $t (func)) (func (type $t)) (func (param $x i32))"),
                    SectionId::kFunction),
            (ByteVector{4, 3, 4, 3, 4}));
  EXPECT_EQ(section(parse("(func (block (param i32) (result i32 i32) unreachable))"), SectionId::kType),
            (ByteVector{2, 0x60, 0, 0, 0x60, 1, 0x7F, 2, 0x7F, 0x7F}));
  EXPECT_EQ(section(parse("(rec (type (func))) (func)"), SectionId::kFunction), (ByteVector{1, 0}));
  // Locals are numbered after the parameters, also of a type that is only referred to.
  EXPECT_EQ(section(parse("(func (type $t) (local $x i64) local.get $x drop) (type $t (func (param i32 i32)))"),
                    SectionId::kCode),
            (ByteVector{1, 7, 1, 1, 0x7E, 0x20, 2, 0x1A, 0x0B}));
}

TEST(Wat, RecursionGroupsAndFields) {
  const ByteVector module = parse(
      "(rec (type $a (sub (struct (field $next (ref null $b)) (field i8 (mut i16)))))"
      "     (type $b (sub final $a (struct (field (ref null $b)) (field i8) (field $last (mut i16))))))"
      "(type $v (array (mut f64)))"
      "(func (param (ref $b)) (struct.set $b $last (local.get 0) (i32.const 1)))");
  EXPECT_EQ(section(module, SectionId::kType),
            (ByteVector{3,    0x4E, 2,    0x50, 0, 0x5F, 3, 0x63, 1, 0,    0x78, 0, 0x77, 1, 0x4F, 1, 0,
                        0x5F, 3,    0x63, 1,    0, 0x78, 0, 0x77, 1, 0x5E, 0x7C, 1, 0x60, 1, 0x64, 1, 0}));
  EXPECT_EQ(section(module, SectionId::kCode), (ByteVector{1, 10, 0, 0x20, 0, 0x41, 1, 0xFB, 5, 1, 2, 0x0B}));
}

TEST(Wat, SegmentsAndInlineForms) {
  const ByteVector module = parse(
      "(func $f) (elem $e (ref null $t) (ref.func $f) (item ref.null $t)) (type $t (func))"
      "(table funcref (elem $f $f)) (elem declare func $f) (elem (table 0) (offset i32.const 1) func $f)"
      "(elem (i32.const 2) funcref (ref.null func)) (memory i64 (data \"a\" \"\\62\\u{20ac}\")) (data $p \"x\")"
      "(data (memory 0) (i64.const 1) \"y\")");
  EXPECT_EQ(section(module, SectionId::kElement),
            (ByteVector{5, 5, 0x63, 0, 2, 0xD2, 0, 0x0B, 0xD0, 0, 0x0B, 0,    0x41, 0,    0x0B, 2,    0,    0,
                        3, 0, 1,    0, 0, 0x41, 1, 0x0B, 1,    0, 4,    0x41, 2,    0x0B, 1,    0xD0, 0x70, 0x0B}));
  EXPECT_EQ(section(module, SectionId::kMemory), (ByteVector{1, 5, 1, 1}));
  EXPECT_EQ(section(module, SectionId::kData),
            (ByteVector{3, 0, 0x42, 0, 0x0B, 5, 'a', 'b', 0xE2, 0x82, 0xAC, 1, 1, 'x', 0, 0x42, 1, 0x0B, 1, 'y'}));
  EXPECT_TRUE(section(module, SectionId::kDataCount).empty());
  EXPECT_EQ(section(parse("(data) (func data.drop 0)"), SectionId::kDataCount), ByteVector{1});
}

TEST(Wat, ImportsAndExports) {
  const ByteVector module = parse(
      "(func $f (export \"a\") (export \"b\") (import \"m\" \"f\") (param i32))"
      "(import \"m\" \"t\" (table i64 1 2 externref)) (memory (import \"m\" \"m\") 1 2 shared)"
      "(import \"m\" \"g\" (global $g (mut i64))) (import \"m\" \"e\" (tag (param i32)))"
      "(memory (export \"m\") 3 (pagesize 1)) (export \"g\" (global $g))");
  EXPECT_EQ(section(module, SectionId::kImport),
            (ByteVector{5,   1, 'm', 1, 'f', 0, 0,   1, 'm', 1, 't',  1, 0x6F, 5,   1, 2,   1, 'm', 1,
                        'm', 2, 3,   1, 2,   1, 'm', 1, 'g', 3, 0x7E, 1, 1,    'm', 1, 'e', 4, 0,   0}));
  EXPECT_EQ(section(module, SectionId::kExport),
            (ByteVector{4, 1, 'a', 0, 0, 1, 'b', 0, 0, 1, 'm', 2, 1, 1, 'g', 3, 0}));
  EXPECT_EQ(section(module, SectionId::kMemory), (ByteVector{1, 8, 3, 0}));
}

TEST(Wat, NamesSection) {
  const ByteVector module = parse(
      "(module $mod (type $t (struct (field $x i32))) (func $f (param $a i32) (local i32) (local $\"b c\" i32)"
      " (block (loop $l))) (memory (@name \"mém\") 0))",
      {});
  const ByteVector expected = {0,   4, 3, 'm', 'o', 'd', 1,   4,    1,    0,   1,  'f', 2, 11,  1, 0, 2, 0,  1,
                               'a', 2, 3, 'b', ' ', 'c', 3,   6,    1,    0,   1,  1,   1, 'l', 4, 4, 1, 0,  1,
                               't', 6, 7, 1,   0,   4,   'm', 0xC3, 0xA9, 'm', 10, 6,   1, 0,   1, 0, 1, 'x'};
  EXPECT_EQ(section(module, SectionId::kCustom, "name"), expected);
  EXPECT_EQ(sections(module).back().name, "name");
  EXPECT_TRUE(section(parse("(module $mod (func $f))"), SectionId::kCustom, "name").empty());
}

TEST(Wat, CustomSectionsStandWhereTheyAreAsked) {
  const ByteVector module = parse(
      "(@custom \"last\") (func) (@custom \"a\" (after type) \"1\" \"2\") (@custom \"b\" (before code) \"3\")"
      "(@custom \"first\" (before first)) (memory 0)");
  std::string order;
  for (const Section& s : sections(module)) {
    order += s.id == 0 ? s.name : std::to_string(s.id);
    order += ' ';
  }
  EXPECT_EQ(order, "first 1 a 3 5 b 10 last ");
  EXPECT_EQ(section(module, SectionId::kCustom, "a"), (ByteVector{'1', '2'}));
}

TEST(Wat, BranchHints) {
  const ByteVector module = parse(
      "(func) (func (local i32) (@metadata.code.branch_hint \"\\01\") (if (local.get 0) (then))"
      " local.get 0 (@metadata.code.branch_hint \"\\00\") br_if 0)");
  // Function 1: `if` is at offset 5 of the body (locals 3 bytes, local.get 2), `br_if` at 10.
  EXPECT_EQ(section(module, SectionId::kCustom, "metadata.code.branch_hint"), (ByteVector{1, 1, 2, 5, 1, 1, 10, 1, 0}));
}

TEST(Wat, ErrorsNameTheirCause) {
  const std::pair<const char*, const char*> kCases[] = {
      {"(module", "unexpected token: end of text"},
      {"(module))", "unexpected token )"},
      {"(func i32.foo)", "unknown operator i32.foo"},
      {"(func (br 0drop))", "unknown operator 0drop"},
      {"(func (data\"a\"))", "unknown operator data\"a\""},
      {"(func i32.const 0x1_0000_0000)", "constant out of range"},
      {"(func i32.load align=3)", "alignment must be a power of two"},
      {"(func i32.load align=0)", "alignment must be a power of two"},
      {"(func br $l)", "unknown label $l"},
      {"(func call $f)", "unknown func $f"},
      {"(func local.get $x)", "unknown local $x"},
      {"(func (param $x i32) (local $x i32))", "duplicate local $x"},
      {"(func $f) (func $f)", "duplicate func $f"},
      {"(func $f) (func $\"f\")", "duplicate func $\"f\""},
      {"(type $t (func (param i32))) (func (type $t) (param i64))", "inline function type"},
      {"(func (type 3) (param i64))", "unknown type 3"},
      {"(func) (import \"\" \"\" (func))", "import after function"},
      {"(func block $a end $b)", "mismatching label $b"},
      {"(func end)", "unexpected token end"},
      {"(func else)", "unexpected token else"},
      {"(func (if (i32.const 1)))", "unexpected token )"},
      {"(func (i32.add nop))", "unexpected token nop"},
      {"(func block)", "unexpected token )"},
      {"(func v128.const i32x4 1 2 3)", "wrong number of lane literals"},
      {"(func i8x16.shuffle 1 2 3)", "invalid lane length"},
      {"(memory 1 (pagesize 3))", "invalid custom page size"},
      {"(func) (start 0) (start 0)", "multiple start sections"},
      {"(import \"\\ff\" \"\" (func))", "malformed UTF-8 encoding"},
      {"(func $)", "empty identifier"},
      {"(data \"a\nb\")", "unclosed string"},
      {"(data \"\\zz\")", "illegal escape"},
      {"(data \"\\u{d800}\")", "illegal escape"},
      {"(; ", "unclosed comment"},
      {"(@a (b)", "unclosed annotation"},
      {"(func \xC3\xA4)", "illegal character"},
      {"(func) \xFF", "malformed UTF-8 encoding"},
      {"(func (@custom \"x\"))", "misplaced @custom annotation"},
      {"(func (@metadata.code.branch_hint \"\\00\") nop)", "@metadata.code.branch_hint annotation: invalid target"},
  };
  for (const auto& [text, message] : kCases) {
    const std::string got = error_of(text);
    EXPECT_TRUE(got.starts_with(message)) << text << ": " << got;
  }
}

TEST(Wat, ErrorsHavePlaces) {
  const std::string_view text = "(module\n  (func\n    i32.cosnt 1))\n";
  const Result<ByteVector> wasm = parse_wat(text);
  ASSERT_FALSE(wasm);
  EXPECT_EQ(wasm.error().offset, text.find("i32.cosnt"));
  const TextPosition position = position_of(text, wasm.error().offset);
  EXPECT_EQ(position.line, 3u);
  EXPECT_EQ(position.column, 5u);
  EXPECT_EQ(position_of(text, text.size() + 100).line, 4u);
  EXPECT_EQ(parse_wat(";; \xC3\xA4 \xC3\xA4 \xC3 \xC3\xA4").error().offset, 9u);
}

TEST(Wat, NestingNeedsNoNativeStack) {
  constexpr size_t kDepth = 200'000;
  const auto nested = [](std::string_view open, std::string_view inside, std::string_view close) {
    std::string text = "(func ";
    for (size_t i = 0; i < kDepth; ++i) text += open;
    text += inside;
    for (size_t i = 0; i < kDepth; ++i) text += close;
    return text + ")";
  };
  EXPECT_GT(parse(nested("(block ", "", ")")).size(), kDepth * 3);
  EXPECT_GT(parse(nested("(i32.eqz ", "(i32.const 0)", ")")).size(), kDepth);
  EXPECT_GT(parse(nested("block $l ", "", "end $l ")).size(), kDepth * 3);
  EXPECT_GT(parse(nested("(if (i32.const 0) (then ", "", "))")).size(), kDepth * 3);
  EXPECT_GT(parse(nested("(try (do ", "", "))")).size(), kDepth * 3);
  EXPECT_EQ(error_of(std::string(kDepth, '(')), "unexpected token (");
  EXPECT_EQ(error_of(nested("(@a ", "", ")")), "none");
  EXPECT_EQ(error_of(nested("(; ", "", ";)")), "none");
  EXPECT_NE(error_of(nested("(ref ", "", ")")), "none");
}

/// What a parser needs to accept the op, with identifiers for all that it names.
std::string sample(const OpInfo& row) {
  switch (row.imm) {
    case ImmKind::kLabel:
      return "$l";
    case ImmKind::kLabelTable:
      return "$l 0";
    case ImmKind::kLocal:
      return "$p";
    case ImmKind::kGlobal:
      return "$g";
    case ImmKind::kFunc:
      return "$f";
    case ImmKind::kTable:
      return "$tab";
    case ImmKind::kMemory:
      return "$m";
    case ImmKind::kTag:
      return "$x";
    case ImmKind::kType:
      return "$a";
    case ImmKind::kElem:
      return "$e";
    case ImmKind::kData:
      return "$d";
    case ImmKind::kTypeTable:
      return "$tab (type $t)";
    case ImmKind::kElemTable:
      return "$tab $e";
    case ImmKind::kDataMemory:
      return "$m $d";
    case ImmKind::kTableTable:
      return "$tab $tab";
    case ImmKind::kMemoryMemory:
      return "$m $m";
    case ImmKind::kTypeField:
      return "$s $y";
    case ImmKind::kTypeType:
      return "$a $a";
    case ImmKind::kTypeData:
      return "$a $d";
    case ImmKind::kTypeElem:
      return "$a $e";
    case ImmKind::kTypeCount:
      return "$a 3";
    case ImmKind::kHeapType:
      return row.op == Op::kRefNull ? "func" : "(ref func)";
    case ImmKind::kBrOnCast:
      return "$l anyref eqref";
    case ImmKind::kI32:
    case ImmKind::kI64:
      return "-5";
    case ImmKind::kF32:
    case ImmKind::kF64:
      return "-0x1.8p3";
    case ImmKind::kV128:
      return "f64x2 1 nan";
    case ImmKind::kMemArg:
      return "$m offset=3 align=1";
    case ImmKind::kMemArgLane:
      return "$m offset=3 align=1 1";
    case ImmKind::kLane:
      return "1";
    case ImmKind::kLanes16:
      return "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15";
    default:
      return "";
  }
}

TEST(Wat, EveryOpOfTheTableIsUnderstood) {
  size_t tested = 0;
  for (const OpInfo& row : kOpTable) {
    if (row.text.find(' ') != std::string_view::npos) continue;  // a form of another op's mnemonic
    switch (row.op) {                                            // what needs more around it has tests of its own
      case Op::kElse:
      case Op::kEnd:
      case Op::kCatch:
      case Op::kCatchAll:
      case Op::kDelegate:
      case Op::kBlock:
      case Op::kLoop:
      case Op::kIf:
      case Op::kTry:
      case Op::kTryTable:
        continue;
      default:
        break;
    }
    const std::string text =
        "(module (type $t (func)) (type $s (struct (field $y i32))) (type $a (array i8)) (func $f) (global $g i32 "
        "(i32.const 0)) (table $tab 1 funcref) (memory $m 1) (tag $x) (elem $e func) (data $d) (func (param $p i32) "
        "(block $l (" +
        std::string(row.text) + " " + sample(row) + "))))";
    const Result<ByteVector> wasm = parse_wat(text);
    ASSERT_TRUE(wasm) << row.text << ": " << wasm.error().message;
    ++tested;
  }
  EXPECT_GT(tested, 560u);
}

}  // namespace
}  // namespace wherry::wasm
