// Memories, tables, globals, tags, values and references made and used by the host.
#include <cmath>
#include <cstring>

#include "api_util.h"

namespace wherry {
namespace {

using ObjectsTest = ApiTest;

TEST_F(ObjectsTest, MemoryAccessIsBounded) {
  const Memory memory = must(Memory::make(store, {.limits = {1, 3}}));
  EXPECT_EQ(memory.pages(), 1u);
  EXPECT_EQ(memory.data().size(), 65536u);
  EXPECT_TRUE(memory.store<uint32_t>(65532, 0x11223344));
  EXPECT_FALSE(memory.store<uint32_t>(65533, 0));
  EXPECT_EQ(memory.load<uint32_t>(65532), 0x11223344u);
  EXPECT_EQ(memory.load<uint8_t>(65535), 0x11);
  EXPECT_FALSE(memory.load<uint8_t>(65536).has_value());
  EXPECT_FALSE(memory.load<uint64_t>(~uint64_t{0}).has_value());
  EXPECT_TRUE(memory.write(0, {reinterpret_cast<const uint8_t*>("hello"), 5}));
  EXPECT_EQ(memory.read_string(0, 5), "hello");
  EXPECT_FALSE(memory.read_string(65535, 2).has_value());
  EXPECT_EQ(memory.read_string(65536, 0), "");
  EXPECT_EQ(must(memory.grow(2)), 1u);
  EXPECT_EQ(memory.load<uint32_t>(65532), 0x11223344u);
  EXPECT_EQ(memory.load<uint8_t>(3 * 65536 - 1), 0);
  EXPECT_FALSE(memory.grow(1).has_value());
  EXPECT_EQ(memory.type().limits, (Limits{3, 3}));
}

TEST_F(ObjectsTest, MemoriesOfEveryType) {
  EXPECT_TRUE(Memory::make(store, {.limits = {1, {}}, .is64 = true}).has_value());
  const Memory shared = must(Memory::make(store, {.limits = {1, 2}, .shared = true}));
  EXPECT_TRUE(shared.shared().has_value());
  EXPECT_EQ(Memory::use(store, *shared.shared()).data().data(), shared.data().data());
  const Memory bytes = must(Memory::make(store, {.limits = {100, 200}, .page_size_log2 = 0}));
  EXPECT_EQ(bytes.data().size(), 100u);
  EXPECT_FALSE(bytes.shared().has_value());

  auto code = [&](const MemoryType& type) { return Memory::make(store, type).error().code; };
  EXPECT_EQ(code({.limits = {2, 1}}), ErrorCode::kInvalid);
  EXPECT_EQ(code({.limits = {65537, {}}}), ErrorCode::kInvalid);
  EXPECT_EQ(code({.limits = {1, {}}, .shared = true}), ErrorCode::kInvalid);
  EXPECT_EQ(code({.limits = {1, {}}, .page_size_log2 = 12}), ErrorCode::kInvalid);
  EXPECT_EQ(code({.limits = {uint64_t{1} << 48, {}}, .is64 = true}), ErrorCode::kLimit);
  EXPECT_EQ(SharedMemory::make(engine, {.limits = {1, 2}}).error().code, ErrorCode::kInvalid);
}

TEST_F(ObjectsTest, Tables) {
  const Func f = Func::wrap(store, [] { return 5; });
  const Table table = must(Table::make(store, {.element = ValType::funcref(), .limits = {2, 4}}, f));
  EXPECT_EQ(must(table.get(1)).func(), f);
  EXPECT_TRUE(table.set(0, Func()).has_value());
  EXPECT_TRUE(must(table.get(0)).is_null());
  EXPECT_EQ(table.get(2).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(table.set(2, f).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(table.set(0, ExternRef()).error().code, ErrorCode::kType);
  EXPECT_EQ(must(table.grow(2, f)), 2u);
  EXPECT_EQ(must(table.get(3)).func(), f);
  EXPECT_EQ(table.grow(1, f).error().code, ErrorCode::kLimit);
  EXPECT_EQ(table.type().limits.min, 4u);
  EXPECT_TRUE(Table::make(store, {.element = ValType::externref(), .limits = {1, {}}, .is64 = true}, ExternRef()));
  EXPECT_EQ(Table::make(store, {.limits = {2, 1}}, Func()).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(Table::make(store, {.element = ValType::kI32, .limits = {1, 1}}, Func()).error().code, ErrorCode::kInvalid);
  const ValType nonnull = ValType::ref(HeapType::kFunc, false);
  EXPECT_EQ(Table::make(store, {.element = nonnull, .limits = {1, 1}}, Func()).error().code, ErrorCode::kType);
}

TEST_F(ObjectsTest, GlobalsOfEveryType) {
  const V128 vector = V128::from_halves(1, 2);
  const ExternRef ref = must(ExternRef::make(store, 8));
  const std::pair<ValType, Value> cases[] = {
      {ValType::kI32, -1},
      {ValType::kI64, int64_t{1} << 40},
      {ValType::kF32, 1.5f},
      {ValType::kF64, -2.5},
      {ValType::kV128, vector},
      {ValType::externref(), ref},
      {ValType::funcref(), Func::wrap(store, [] {})},
      {ValType::ref(HeapType::kI31, true), AnyRef::i31(-5)},
      {ValType::exnref(), ExnRef()},
  };
  for (const auto& [type, value] : cases) {
    const Global global = must(Global::make(store, {type, true}, value));
    store.collect();
    EXPECT_EQ(global.get().to_string(), value.to_string());
    EXPECT_EQ(global.type(), (GlobalType{type, true}));
    EXPECT_TRUE(global.set(value).has_value());
    EXPECT_FALSE(Global::make(store, {type, false}, value)->set(value).has_value());
  }
  EXPECT_EQ(Global::make(store, {ValType::kI32}, 1.0).error().message, "expected i32, found f64");
  EXPECT_EQ(must(Global::make(store, {ValType::kV128}, vector)).get().v128(), vector);
}

TEST_F(ObjectsTest, GlobalsOfGuestsAreLive) {
  const Instance instance = instantiate(R"((module (global (export "g") (mut i64) (i64.const 3))
    (func (export "get") (result i64) (global.get 0)) (func (export "set") (param i64) (global.set 0 (local.get 0)))))");
  const Global global = must(instance.global("g"));
  must(global.set(int64_t{9}));
  EXPECT_EQ(must(must(instance.func<int64_t()>("get"))()), 9);
  must(must(instance.func<void(int64_t)>("set"))(10));
  EXPECT_EQ(global.get().i64(), 10);
}

TEST_F(ObjectsTest, ExportsByNameAndKind) {
  const Instance instance = instantiate(R"((module (func (export "f")) (memory (export "m") 1)))");
  EXPECT_EQ(instance.memory("f").error().message, "export \"f\" is a func, not a memory");
  EXPECT_EQ(instance.func("x").error().message, "no export \"x\"");
  EXPECT_FALSE(instance.get_export("x").has_value());
  EXPECT_EQ(kind(*instance.get_export("m")), ExternKind::kMemory);
  const auto exports = instance.exports();
  ASSERT_EQ(exports.size(), 2u);
  EXPECT_EQ(exports[0].first, "f");
  EXPECT_EQ(engine.to_string(type_of(exports[1].second)), "memory 1");
}

TEST_F(ObjectsTest, StructsAndArrays) {
  const Instance instance = instantiate(R"((module
    (type $s (struct (field i8) (field i64) (field (mut v128)) (field externref)))
    (type $a (array i16))
    (func (export "s") (param externref) (result anyref)
      (struct.new $s (i32.const 0x1FF) (i64.const -2) (v128.const i64x2 5 6) (local.get 0)))
    (func (export "a") (result anyref) (array.new_fixed $a 3 (i32.const 1) (i32.const 0x12345) (i32.const -1)))
    (func (export "i31") (result anyref) (ref.i31 (i32.const -7)))))");
  const ExternRef ref = must(ExternRef::make(store, 4));
  const AnyRef s = must(must(instance.func<AnyRef(ExternRef)>("s"))(ref));
  EXPECT_TRUE(s.is_struct());
  EXPECT_FALSE(s.is_array());
  EXPECT_EQ(s.size(store), 4u);
  EXPECT_EQ(must(s.get(store, 0)).i32(), 0xFF);
  EXPECT_EQ(must(s.get(store, 1)).i64(), -2);
  EXPECT_EQ(must(s.get(store, 2)).v128(), V128::from_halves(5, 6));
  EXPECT_EQ(must(s.get(store, 3)).externref(), ref);
  const AnyRef a = must(must(instance.func<AnyRef()>("a"))());
  EXPECT_TRUE(a.is_array());
  EXPECT_EQ(a.size(store), 3u);
  EXPECT_EQ(must(a.get(store, 1)).i32(), 0x2345);
  EXPECT_EQ(must(a.get(store, 2)).i32(), 0xFFFF);
  EXPECT_EQ(a.get(store, 3).error().code, ErrorCode::kNotFound);
  const AnyRef i31 = must(must(instance.func<AnyRef()>("i31"))());
  EXPECT_TRUE(i31.is_i31());
  EXPECT_EQ(i31.i31_value(), -7);
  EXPECT_EQ(i31, AnyRef::i31(-7));
  EXPECT_EQ(i31.get(store, 0).error().code, ErrorCode::kType);
  EXPECT_FALSE(AnyRef().is_i31());
}

TEST(ValueTest, ToString) {
  EXPECT_EQ(Value(-3).to_string(), "-3");
  EXPECT_EQ(Value(uint64_t{1} << 63).to_string(), "-9223372036854775808");
  EXPECT_EQ(Value(0.1f).to_string(), "0.1");
  EXPECT_EQ(Value(1e300).to_string(), "1e+300");
  EXPECT_EQ(Value(-INFINITY).to_string(), "-inf");
  EXPECT_EQ(Value(std::bit_cast<float>(0x7FC00000u)).to_string(), "nan");
  EXPECT_EQ(Value(std::bit_cast<float>(0xFFA00000u)).to_string(), "-nan:0x200000");
  EXPECT_EQ(Value(V128::from_lanes<uint32_t, 4>({1, 2, 0xABCD, 0xFFFFFFFF})).to_string(),
            "i32x4 0x00000001 0x00000002 0x0000abcd 0xffffffff");
  EXPECT_EQ(Value(ExternRef()).to_string(), "null");
  EXPECT_EQ(Value(Func()).to_string(), "null");
  EXPECT_EQ(Value(AnyRef::i31(-1)).to_string(), "i31 -1");
}

}  // namespace
}  // namespace wherry
