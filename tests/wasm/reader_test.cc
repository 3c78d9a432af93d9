// The module reader on hand-made bytes: each class of error, with its place; hostile counts; what a Module holds.
#include <gtest/gtest.h>

#include "module_bytes.h"
#include "wasm/limits.h"

namespace wherry::wasm {
namespace {

constexpr auto kMalformed = ErrorCode::kMalformed;
constexpr auto kInvalid = ErrorCode::kInvalid;
constexpr auto kUnsupported = ErrorCode::kUnsupported;
constexpr auto kLimit = ErrorCode::kLimit;

const ByteList kFuncType = section(1, {1, 0x60, 0, 0});

TEST(Reader, ReadsTheEmptyModule) { EXPECT_ACCEPTED(module_of({})); }

TEST(Reader, RejectsOtherHeaders) {
  EXPECT_REJECTED(kMalformed, "unexpected end", {});
  EXPECT_REJECTED(kMalformed, "magic header not detected", {'a', 's', 'm', 0, 1, 0, 0, 0});
  EXPECT_REJECTED(kMalformed, "unexpected end", {0, 'a', 's', 'm', 1});
  EXPECT_REJECTED(kMalformed, "unknown binary version", {0, 'a', 's', 'm', 13, 0, 1, 0});
}

TEST(Reader, ChecksSections) {
  EXPECT_REJECTED(kMalformed, "malformed section id", module_of({section(14, {})}));
  EXPECT_REJECTED(kMalformed, "unexpected content after last section", module_of({section(3, {0}), section(1, {0})}));
  EXPECT_REJECTED(kMalformed, "unexpected content after last section", module_of({section(1, {0}), section(1, {0})}));
  EXPECT_REJECTED(kMalformed, "section size mismatch", module_of({section(1, {0, 0})}));
  EXPECT_REJECTED(kMalformed, "length out of bounds", module_of({{1, 100, 0}}));
  EXPECT_REJECTED(kMalformed, "unexpected end", module_of({section(1, {1, 0x60, 0})}));
  // The tag section stands between memories and globals, the data count before code.
  EXPECT_ACCEPTED(module_of({kFuncType, section(5, {0}), section(13, {1, 0, 0}), section(6, {0}), section(12, {0}),
                             section(10, {0}), section(11, {0})}));
  EXPECT_REJECTED(kMalformed, "unexpected content", module_of({kFuncType, section(6, {0}), section(13, {1, 0, 0})}));
}

TEST(Reader, ErrorsHaveOffsets) {
  const Error error = check(module_of({kFuncType, section(3, {1, 7})}));
  EXPECT_EQ(error.message, "unknown type 7");
  EXPECT_EQ(error.offset, 8u + 6u + 3u);
}

TEST(Reader, KeepsCustomSections) {
  const ByteList bytes = module_of({section(0, {1, 'a', 42}), kFuncType, section(0, {1, 'b'})});
  TypeRegistry types;
  const auto module = read_module(bytes, Features::all(), types);
  ASSERT_TRUE(module);
  ASSERT_EQ((*module)->customs.size(), 2u);
  EXPECT_EQ((*module)->customs[0].name, "a");
  EXPECT_EQ((*module)->customs[0].bytes.size(), 1u);
  EXPECT_EQ((*module)->customs[0].after_section, 0);
  EXPECT_EQ((*module)->customs[1].after_section, 1);
  EXPECT_REJECTED(kMalformed, "malformed UTF-8 encoding", module_of({section(0, {1, 0xFF})}));
  EXPECT_REJECTED(kMalformed, "unexpected end", module_of({section(0, {})}));
}

TEST(Reader, HugeCountsCostNothing) {
  const ByteList huge = {0xFF, 0xFF, 0xFF, 0xFF, 0x0F};
  for (uint8_t id : {1, 2, 3, 4, 5, 6, 7, 9, 11, 13}) {
    EXPECT_REJECTED(kMalformed, "length out of bounds", module_of({section(id, huge)}));
  }
  EXPECT_REJECTED(kMalformed, "length out of bounds", module_of({section(1, cat({{1, 0x60}, huge}))}));
  EXPECT_REJECTED(kMalformed, "length out of bounds", module_of({section(1, cat({{1, 0x4E}, huge}))}));
  EXPECT_REJECTED(kMalformed, "function and code section have inconsistent lengths", module_of({section(10, huge)}));
  EXPECT_REJECTED(kLimit, "too many", module_of({section(12, huge)}));
  EXPECT_REJECTED(kMalformed, "unexpected end", with_function({}, {}, huge));
  EXPECT_REJECTED(kMalformed, "unexpected end", with_function({}, {}, code(cat({{0x41, 0, 0x0E}, huge}))));
}

TEST(Reader, LimitsParametersAndFields) {
  EXPECT_REJECTED(kLimit, "too many parameters",
                  module_of({section(1, cat({{1, 0x60}, leb(1001), ByteList(1001, 0x7F), {0}}))}));
  ByteList fields;
  for (int i = 0; i < 10'001; ++i) append(fields, {0x7F, 0});
  EXPECT_REJECTED(kLimit, "too many fields", module_of({section(1, cat({{1, 0x5F}, leb(10'001), fields}))}));
}

TEST(Reader, MatchesFunctionsAndCode) {
  constexpr char kMessage[] = "function and code section have inconsistent lengths";
  EXPECT_REJECTED(kMalformed, kMessage, module_of({kFuncType, section(3, {1, 0})}));
  EXPECT_REJECTED(kMalformed, kMessage, module_of({section(10, {1, 2, 0, 0x0B})}));
  EXPECT_REJECTED(kMalformed, "data count and data section have inconsistent lengths", module_of({section(12, {1})}));
  EXPECT_REJECTED(kMalformed, "data count and data section have inconsistent lengths",
                  module_of({section(12, {0}), section(11, {1, 1, 0})}));
}

TEST(Reader, ChecksMemoriesAndTables) {
  EXPECT_ACCEPTED(module_of({section(5, {1, 1, 1, 2})}));
  EXPECT_REJECTED(kInvalid, "size minimum must not be greater than maximum", module_of({section(5, {1, 1, 2, 1})}));
  EXPECT_REJECTED(kInvalid, "memory size must be at most 65536 pages (4GiB)",
                  module_of({section(5, {1, 0, 0x81, 0x80, 0x04})}));
  EXPECT_ACCEPTED(module_of({section(5, {1, 4, 0x81, 0x80, 0x04})}));
  EXPECT_REJECTED(kInvalid, "shared memory must have maximum", module_of({section(5, {1, 2, 1})}));
  EXPECT_REJECTED(kInvalid, "invalid custom page size", module_of({section(5, {1, 8, 1, 3})}));
  EXPECT_ACCEPTED(module_of({section(5, {1, 8, 1, 0})}));
  EXPECT_REJECTED(kMalformed, "malformed limits flags", module_of({section(5, {1, 16, 1})}));
  EXPECT_REJECTED(kMalformed, "malformed limits flags", module_of({section(4, {1, 0x70, 2, 1})}));
  EXPECT_REJECTED(kInvalid, "type mismatch", module_of({section(4, {1, 0x64, 0x70, 0, 1})}));
  EXPECT_ACCEPTED(module_of({kFuncType, section(3, {1, 0}), section(4, {1, 0x40, 0, 0x64, 0x70, 0, 1, 0xD2, 0, 0x0B}),
                             section(10, cat({{1}, sized(code({}))}))}));
}

TEST(Reader, ChecksExportsAndStart) {
  EXPECT_REJECTED(kInvalid, "duplicate export name",
                  module_of({section(5, {1, 0, 1}), section(7, {2, 1, 'm', 2, 0, 1, 'm', 2, 0})}));
  EXPECT_REJECTED(kInvalid, "unknown memory 0", module_of({section(7, {1, 1, 'm', 2, 0})}));
  EXPECT_REJECTED(kMalformed, "malformed export kind", module_of({section(7, {1, 1, 'm', 9, 0})}));
  EXPECT_REJECTED(kInvalid, "start function",
                  module_of({section(1, {1, 0x60, 1, 0x7F, 0}), section(2, {1, 0, 0, 0, 0}), section(8, {0})}));
  EXPECT_REJECTED(kInvalid, "unknown function 1", module_of({kFuncType, section(2, {1, 0, 0, 0, 0}), section(8, {1})}));
  EXPECT_REJECTED(kMalformed, "malformed import kind", module_of({section(2, {1, 0, 0, 5, 0})}));
}

TEST(Reader, FindsExports) {
  const ByteList bytes = module_of({section(5, {1, 0, 1}), section(6, {1, 0x7F, 0, 0x41, 0, 0x0B}),
                                    section(7, {3, 1, 'z', 2, 0, 1, 'a', 3, 0, 0, 2, 0})});
  TypeRegistry types;
  const auto module = read_module(bytes, Features::all(), types);
  ASSERT_TRUE(module);
  EXPECT_EQ((*module)->find_export("a")->kind, ExternKind::kGlobal);
  EXPECT_EQ((*module)->find_export("z")->kind, ExternKind::kMemory);
  EXPECT_EQ((*module)->find_export("")->kind, ExternKind::kMemory);
  EXPECT_EQ((*module)->find_export("b"), nullptr);
}

TEST(Reader, ValidatesConstantExpressions) {
  const auto global = [](const ByteList& init) { return module_of({section(6, cat({{1, 0x7F, 0}, init}))}); };
  EXPECT_ACCEPTED(global({0x41, 1, 0x41, 2, 0x6A, 0x0B}));
  EXPECT_REJECTED(kInvalid, "constant expression required", global({0x41, 1, 0x45, 0x0B}));
  EXPECT_REJECTED(kInvalid, "type mismatch", global({0x42, 1, 0x0B}));
  EXPECT_REJECTED(kInvalid, "type mismatch", global({0x0B}));
  EXPECT_REJECTED(kInvalid, "type mismatch", global({0x41, 1, 0x41, 1, 0x0B}));
  EXPECT_REJECTED(kInvalid, "unknown global 0", global({0x23, 0, 0x0B}));  // not itself
  EXPECT_REJECTED(kMalformed, "unexpected end", global({0x41, 1}));
  EXPECT_REJECTED(kInvalid, "constant expression required",
                  module_of({section(6, {2, 0x7F, 1, 0x41, 0, 0x0B, 0x7F, 0, 0x23, 0, 0x0B})}));
  EXPECT_REJECTED(kUnsupported, "requires the feature extended-const", global({0x41, 1, 0x41, 2, 0x6A, 0x0B}),
                  Features().set(Feature::kExtendedConst, false));
}

TEST(Reader, ReadsAllElementForms) {
  const auto elements = [](const ByteList& segment) {
    return module_of({kFuncType, section(3, {1, 0}), section(4, {1, 0x70, 0, 9}), section(9, cat({{1}, segment})),
                      section(10, cat({{1}, sized(code({}))}))});
  };
  EXPECT_ACCEPTED(elements({0, 0x41, 0, 0x0B, 1, 0}));
  EXPECT_ACCEPTED(elements({1, 0, 1, 0}));
  EXPECT_ACCEPTED(elements({2, 0, 0x41, 0, 0x0B, 0, 1, 0}));
  EXPECT_ACCEPTED(elements({3, 0, 1, 0}));
  EXPECT_ACCEPTED(elements({4, 0x41, 0, 0x0B, 1, 0xD2, 0, 0x0B}));
  EXPECT_ACCEPTED(elements({5, 0x70, 1, 0xD0, 0x70, 0x0B}));
  EXPECT_ACCEPTED(elements({6, 0, 0x41, 0, 0x0B, 0x70, 1, 0xD2, 0, 0x0B}));
  EXPECT_ACCEPTED(elements({7, 0x70, 0}));
  EXPECT_REJECTED(kMalformed, "malformed elements segment kind", elements({8, 0}));
  EXPECT_REJECTED(kInvalid, "unknown table 1", elements({2, 1, 0x41, 0, 0x0B, 0, 0}));
  EXPECT_REJECTED(kInvalid, "unknown function 1", elements({0, 0x41, 0, 0x0B, 1, 1}));
  EXPECT_REJECTED(kInvalid, "type mismatch", elements({6, 0, 0x41, 0, 0x0B, 0x6F, 0}));
}

TEST(Reader, NamesTheFeatureThatIsOff) {
  const auto without = [](Feature feature) { return Features::all().set(feature, false); };
  EXPECT_REJECTED(kUnsupported, "requires the feature simd, which is off",
                  module_of({section(1, {1, 0x60, 1, 0x7B, 0})}), without(Feature::kSimd));
  EXPECT_REJECTED(kUnsupported, "requires the feature multi-value",
                  module_of({section(1, {1, 0x60, 0, 2, 0x7F, 0x7F})}), without(Feature::kMultiValue));
  EXPECT_REJECTED(kUnsupported, "requires the feature memory64", module_of({section(5, {1, 4, 1})}),
                  without(Feature::kMemory64));
  EXPECT_REJECTED(kUnsupported, "requires the feature sign-extension",
                  with_function({0x7F}, {0x7F}, code({0x20, 0, 0xC0})), without(Feature::kSignExtension));
  EXPECT_REJECTED(kInvalid, "multiple memories", module_of({section(5, {2, 0, 1, 0, 1})}),
                  without(Feature::kMultiMemory));
  EXPECT_ACCEPTED(with_function({0x7F}, {0x7F}, code({0x20, 0, 0x41, 1, 0x6A})), Features::none());
}

TEST(Reader, DecodesNames) {
  const ByteList names = cat({sized({'n', 'a', 'm', 'e'}), {0, 2, 1, 'M'}, {1, 7, 2, 0, 1, 'f', 5, 1, 'g'}});
  const auto read = [](const ByteList& bytes) {
    TypeRegistry types;
    return (*read_module(bytes, Features::all(), types))->names();
  };
  const ByteList bytes = module_of({section(0, names)});
  const NameMap map = read(bytes);
  EXPECT_EQ(map.module_name, "M");
  EXPECT_EQ(map.function_name(0), "f");
  EXPECT_EQ(map.function_name(5), "g");
  EXPECT_EQ(map.function_name(3), "");
  // A malformed name section is no error, and gives no names.
  ByteList broken = names;
  broken.back() = 0xFF;
  const ByteList broken_bytes = module_of({section(0, broken)});
  EXPECT_EQ(read(broken_bytes).module_name, "");
}

}  // namespace
}  // namespace wherry::wasm
