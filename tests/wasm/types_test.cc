// The type registry: canonical identity, subtyping, layout; and the rules for type sections.
#include <gtest/gtest.h>

#include <thread>

#include "module_bytes.h"
#include "wasm/type_registry.h"

namespace wherry::wasm {
namespace {

SubType structure(std::vector<FieldType> fields) {
  SubType type;
  type.kind = CompositeKind::kStruct;
  type.fields = std::move(fields);
  return type;
}
ValType reference(TypeId id) { return ValType::ref(HeapType::defined(id), true); }

TEST(TypeRegistry, EqualTypesAreOne) {
  TypeRegistry types;
  const ValType i32 = ValType::kI32;
  const TypeId a = types.intern_func({{i32}}, {});
  EXPECT_EQ(types.intern_func({{i32}}, {}), a);
  EXPECT_NE(types.intern_func({}, {{i32}}), a);
  EXPECT_EQ(types.get(a).params[0], i32);
}

TEST(TypeRegistry, RecursionIsByShape) {
  TypeRegistry types;
  // (type $t (struct (ref null $t))), twice.
  const SubType self = structure({{reference(SubType::kGroupMember)}});
  const TypeId t = *types.intern({&self, 1});
  EXPECT_EQ(*types.intern({&self, 1}), t);
  EXPECT_EQ(types.get(t).fields[0].type, reference(t));
  // (type $u (struct (ref null $t))) refers to another group: not the same type.
  const SubType other = structure({{reference(t)}});
  const TypeId u = *types.intern({&other, 1});
  EXPECT_NE(u, t);
  // A group of two is not two groups of one.
  const std::vector<SubType> pair = {self, structure({{reference(SubType::kGroupMember + 1)}})};
  const TypeId p = *types.intern(pair);
  EXPECT_NE(p, t);
  EXPECT_EQ(types.get(p + 1).group_first, p);
  EXPECT_EQ(types.get(p + 1).group_size, 2u);
}

TEST(TypeRegistry, LaysOutFields) {
  TypeRegistry types;
  const SubType type =
      structure({{ValType::kI8}, {ValType::kI32}, {ValType::kI16}, {ValType::kV128}, {ValType::externref()}});
  const TypeDef& def = types.get(*types.intern({&type, 1}));
  EXPECT_EQ(std::vector<uint32_t>(def.field_offsets.begin(), def.field_offsets.end()),
            (std::vector<uint32_t>{0, 4, 8, 16, 32}));
  EXPECT_EQ(def.payload_size, 40u);
  EXPECT_TRUE(def.has_references);
}

TEST(TypeRegistry, MatchesHeapTypes) {
  TypeRegistry types;
  const SubType s = structure({});
  const HeapType defined_struct = HeapType::defined(*types.intern({&s, 1}));
  const HeapType func = HeapType::defined(types.intern_func({}, {}));
  EXPECT_TRUE(types.matches(defined_struct, HeapType::kStruct));
  EXPECT_TRUE(types.matches(defined_struct, HeapType::kEq));
  EXPECT_TRUE(types.matches(defined_struct, HeapType::kAny));
  EXPECT_FALSE(types.matches(defined_struct, HeapType::kArray));
  EXPECT_FALSE(types.matches(defined_struct, HeapType::kFunc));
  EXPECT_TRUE(types.matches(HeapType::kNone, defined_struct));
  EXPECT_FALSE(types.matches(HeapType::kNoFunc, defined_struct));
  EXPECT_TRUE(types.matches(HeapType::kNoFunc, func));
  EXPECT_TRUE(types.matches(HeapType::kI31, HeapType::kEq));
  EXPECT_FALSE(types.matches(HeapType::kAny, HeapType::kEq));
  EXPECT_FALSE(types.matches(HeapType::kExtern, HeapType::kAny));
  EXPECT_TRUE(types.matches(HeapType::kNoExn, HeapType::kExn));
  EXPECT_FALSE(types.matches(ValType::funcref(), ValType::ref(HeapType::kFunc, false)));
  EXPECT_TRUE(types.matches(ValType(ValType::kBottom), ValType(ValType::kI32)));
}

TEST(TypeRegistry, IsSharedByThreads) {
  TypeRegistry types;
  constexpr int kTypes = 500;
  std::vector<TypeId> ids[4];
  std::vector<std::thread> threads;
  for (auto& mine : ids) {
    threads.emplace_back([&types, &mine] {
      for (int i = 0; i < kTypes; ++i) {
        const std::vector<ValType> params(static_cast<size_t>(i), ValType::kI64);
        mine.push_back(types.intern_func(params, {}));
        EXPECT_EQ(types.get(mine.back()).params.size(), static_cast<size_t>(i));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : ids) EXPECT_EQ(mine, ids[0]);
}

TEST(TypeSection, ChecksSuperTypes) {
  const auto types = [](const ByteList& contents) { return module_of({section(1, contents)}); };
  // (sub (struct)), (sub 0 (struct (field i32)))
  EXPECT_ACCEPTED(types({2, 0x50, 0, 0x5F, 0, 0x50, 1, 0, 0x5F, 1, 0x7F, 0}));
  EXPECT_REJECTED(ErrorCode::kInvalid, "sub type", types({2, 0x5F, 0, 0x50, 1, 0, 0x5F, 1, 0x7F, 0}));  // 0 is final
  EXPECT_REJECTED(ErrorCode::kInvalid, "sub type", types({2, 0x50, 0, 0x5F, 1, 0x7F, 0, 0x50, 1, 0, 0x5F, 0}));
  EXPECT_REJECTED(ErrorCode::kInvalid, "sub type", types({2, 0x50, 0, 0x5F, 0, 0x50, 1, 0, 0x5E, 0x7F, 0}));
  EXPECT_REJECTED(ErrorCode::kInvalid, "unknown type 0", types({1, 0x50, 1, 0, 0x5F, 0}));           // not itself
  EXPECT_REJECTED(ErrorCode::kInvalid, "unknown type 1", types({2, 0x5F, 1, 0x63, 1, 0, 0x5F, 0}));  // not yet there
  EXPECT_ACCEPTED(types({1, 0x4E, 2, 0x5F, 1, 0x63, 1, 0, 0x5F, 0}));  // but within a group
}

TEST(TypeSection, LimitsTheDepthOfSubtyping) {
  ByteList contents = {65, 0x50, 0, 0x5F, 0};
  for (uint8_t i = 0; i < 64; ++i) append(contents, {0x50, 1, i, 0x5F, 0});
  EXPECT_REJECTED(ErrorCode::kLimit, "too many super types", module_of({section(1, contents)}));
  contents[0] = 64;
  contents.resize(contents.size() - 5);
  EXPECT_ACCEPTED(module_of({section(1, contents)}));
}

}  // namespace
}  // namespace wherry::wasm
