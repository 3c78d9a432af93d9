// wasm.h: what its own examples do not show.
#include "wasm.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "wherry/wherry.h"

namespace {

constexpr char kText[] = R"((module
  (import "m" "f" (func $f (param i32 externref) (result i32 externref)))
  (memory (export "memory") 1 2)
  (table (export "table") 2 4 funcref)
  (global (export "global") (mut i64) (i64.const 7))
  (func (export "call") (param i32 externref) (result i32 externref)
    local.get 0
    local.get 1
    call $f)
  (func (export "fail") unreachable)
  (func (export "store") (param i32)
    local.get 0
    i32.const 42
    i32.store8)))";

/// One of everything. (wasm.h does not read text.)
const std::vector<uint8_t>& module_bytes() {
  static const std::vector<uint8_t> bytes = [] {
    const auto module = wherry::Module::from_wat(wherry::Engine(), kText);
    const auto read = module->bytes();
    return std::vector<uint8_t>(read.begin(), read.end());
  }();
  return bytes;
}

class WasmCApi : public testing::Test {
 protected:
  WasmCApi() : engine_(wasm_engine_new()), store_(wasm_store_new(engine_)) {
    wasm_byte_vec_t binary;
    wasm_byte_vec_new(&binary, module_bytes().size(), reinterpret_cast<const char*>(module_bytes().data()));
    module_ = wasm_module_new(store_, &binary);
    wasm_byte_vec_delete(&binary);
  }
  ~WasmCApi() override {
    wasm_module_delete(module_);
    wasm_store_delete(store_);
    wasm_engine_delete(engine_);
  }

  wasm_func_t* host_func(wasm_func_callback_with_env_t callback, void* env, void (*finalizer)(void*) = nullptr) {
    wasm_functype_t* type = wasm_functype_new_2_2(wasm_valtype_new_i32(), wasm_valtype_new_externref(),
                                                  wasm_valtype_new_i32(), wasm_valtype_new_externref());
    wasm_func_t* func = wasm_func_new_with_env(store_, type, callback, env, finalizer);
    wasm_functype_delete(type);
    return func;
  }
  wasm_instance_t* instantiate(wasm_func_t* func, wasm_trap_t** trap = nullptr) {
    wasm_extern_t* externs[] = {wasm_func_as_extern(func)};
    const wasm_extern_vec_t imports = WASM_ARRAY_VEC(externs);
    return wasm_instance_new(store_, module_, &imports, trap);
  }

  wasm_engine_t* engine_;
  wasm_store_t* store_;
  wasm_module_t* module_ = nullptr;
};

/// Adds one, and returns the reference it was given.
wasm_trap_t* add_one(void*, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  results->data[0].kind = WASM_I32;
  results->data[0].of.i32 = args->data[0].of.i32 + 1;
  wasm_val_copy(&results->data[1], &args->data[1]);
  return nullptr;
}

std::string message_of(const wasm_trap_t* trap) {
  wasm_message_t message;
  wasm_trap_message(trap, &message);
  EXPECT_EQ(message.data[message.size - 1], 0);
  std::string text(message.data);
  wasm_byte_vec_delete(&message);
  return text;
}

TEST_F(WasmCApi, DescribesModules) {
  ASSERT_NE(module_, nullptr);
  wasm_importtype_vec_t imports;
  wasm_module_imports(module_, &imports);
  ASSERT_EQ(imports.size, 1u);
  const wasm_functype_t* type = wasm_externtype_as_functype_const(wasm_importtype_type(imports.data[0]));
  ASSERT_NE(type, nullptr);
  EXPECT_EQ(wasm_valtype_kind(wasm_functype_params(type)->data[1]), WASM_EXTERNREF);
  EXPECT_EQ(wasm_externtype_as_globaltype_const(wasm_importtype_type(imports.data[0])), nullptr);
  wasm_importtype_vec_delete(&imports);

  wasm_exporttype_vec_t exports;
  wasm_module_exports(module_, &exports);
  ASSERT_EQ(exports.size, 6u);
  EXPECT_EQ(std::string(wasm_exporttype_name(exports.data[0])->data, wasm_exporttype_name(exports.data[0])->size),
            "memory");
  const wasm_externtype_t* table = wasm_exporttype_type(exports.data[1]);
  ASSERT_EQ(wasm_externtype_kind(table), WASM_EXTERN_TABLE);
  EXPECT_EQ(wasm_tabletype_limits(wasm_externtype_as_tabletype_const(table))->max, 4u);
  wasm_exporttype_vec_t copy;
  wasm_exporttype_vec_copy(&copy, &exports);
  wasm_exporttype_vec_delete(&exports);
  EXPECT_EQ(wasm_externtype_kind(wasm_exporttype_type(copy.data[2])), WASM_EXTERN_GLOBAL);
  wasm_exporttype_vec_delete(&copy);
}

TEST_F(WasmCApi, CallsBothWaysWithReferences) {
  int env = 0;
  wasm_func_t* func = host_func(add_one, &env);
  wasm_instance_t* instance = instantiate(func);
  ASSERT_NE(instance, nullptr);
  wasm_extern_vec_t exports;
  wasm_instance_exports(instance, &exports);
  wasm_func_t* call = wasm_extern_as_func(exports.data[3]);
  ASSERT_NE(call, nullptr);
  EXPECT_EQ(wasm_extern_as_memory(exports.data[3]), nullptr);

  // A foreign object, no object, and a reference to something that is no value in WebAssembly.
  wasm_foreign_t* foreign = wasm_foreign_new(store_);
  for (wasm_ref_t* ref :
       {wasm_foreign_as_ref(foreign), static_cast<wasm_ref_t*>(nullptr), wasm_instance_as_ref(instance)}) {
    wasm_val_t args[2] = {WASM_I32_VAL(41), WASM_REF_VAL(ref)};
    wasm_val_t results[2] = {WASM_INIT_VAL, WASM_INIT_VAL};
    const wasm_val_vec_t in = WASM_ARRAY_VEC(args);
    wasm_val_vec_t out = WASM_ARRAY_VEC(results);
    ASSERT_EQ(wasm_func_call(call, &in, &out), nullptr);
    EXPECT_EQ(results[0].of.i32, 42);
    EXPECT_TRUE(wasm_ref_same(results[1].of.ref, ref));
    if (ref != nullptr) EXPECT_FALSE(wasm_ref_same(results[1].of.ref, nullptr));
    wasm_val_delete(&results[1]);
  }
  wasm_foreign_delete(foreign);
  wasm_extern_vec_delete(&exports);
  wasm_instance_delete(instance);
  wasm_func_delete(func);
}

TEST_F(WasmCApi, SaysWhatIsWrongWithACall) {
  wasm_func_t* func = host_func(add_one, nullptr);
  wasm_val_t wrong[2] = {WASM_I64_VAL(1), WASM_INIT_VAL};
  wasm_val_t results[2] = {WASM_INIT_VAL, WASM_INIT_VAL};
  wasm_val_vec_t args = WASM_ARRAY_VEC(wrong);
  wasm_val_vec_t out = WASM_ARRAY_VEC(results);
  for (int step = 0; step < 3; ++step) {
    wasm_trap_t* trap = wasm_func_call(func, &args, &out);
    ASSERT_NE(trap, nullptr) << step;
    EXPECT_NE(message_of(trap), "");
    wasm_trap_delete(trap);
    wrong[0] = WASM_I32_VAL(1);
    if (step == 0) args.size = 1;
    if (step == 1) {
      args.size = 2;
      out.size = 1;
    }
  }
  wasm_func_delete(func);
}

TEST_F(WasmCApi, TrapsHaveFrames) {
  wasm_func_t* func = host_func(add_one, nullptr);
  wasm_instance_t* instance = instantiate(func);
  ASSERT_NE(instance, nullptr);
  wasm_extern_vec_t exports;
  wasm_instance_exports(instance, &exports);
  const wasm_val_vec_t none = WASM_EMPTY_VEC;
  wasm_val_vec_t out = WASM_EMPTY_VEC;
  wasm_trap_t* trap = wasm_func_call(wasm_extern_as_func(exports.data[4]), &none, &out);
  ASSERT_NE(trap, nullptr);
  EXPECT_EQ(message_of(trap), "unreachable");
  wasm_frame_t* origin = wasm_trap_origin(trap);
  ASSERT_NE(origin, nullptr);
  EXPECT_EQ(wasm_frame_func_index(origin), 2u);
  EXPECT_EQ(module_bytes()[wasm_frame_module_offset(origin)], 0x00);
  EXPECT_EQ(wasm_frame_func_offset(origin), 1u);  // After the (empty) declaration of locals.
  EXPECT_TRUE(wasm_instance_same(wasm_frame_instance(origin), instance));
  wasm_frame_delete(origin);
  wasm_frame_vec_t trace;
  wasm_trap_trace(trap, &trace);
  EXPECT_EQ(trace.size, 1u);
  wasm_frame_vec_delete(&trace);
  wasm_trap_delete(trap);
  wasm_extern_vec_delete(&exports);
  wasm_instance_delete(instance);
  wasm_func_delete(func);
}

TEST_F(WasmCApi, RefusesImportsThatDoNotFit) {
  wasm_functype_t* type = wasm_functype_new_0_0();
  wasm_func_t* func = wasm_func_new(store_, type, nullptr);
  wasm_functype_delete(type);
  wasm_trap_t* trap = nullptr;
  EXPECT_EQ(instantiate(func, &trap), nullptr);
  ASSERT_NE(trap, nullptr);
  EXPECT_NE(message_of(trap).find("incompatible import type"), std::string::npos);
  wasm_trap_delete(trap);
  wasm_func_delete(func);
}

TEST_F(WasmCApi, GlobalsTablesMemories) {
  const wasm_limits_t limits = {1, 3};
  wasm_tabletype_t* table_type = wasm_tabletype_new(wasm_valtype_new_funcref(), &limits);
  wasm_table_t* table = wasm_table_new(store_, table_type, nullptr);
  wasm_tabletype_delete(table_type);
  wasm_func_t* func = host_func(add_one, nullptr);
  EXPECT_TRUE(wasm_table_set(table, 0, wasm_func_as_ref(func)));
  EXPECT_FALSE(wasm_table_set(table, 1, wasm_func_as_ref(func)));
  EXPECT_FALSE(wasm_table_set(table, 0, wasm_table_as_ref(table)));
  EXPECT_TRUE(wasm_table_grow(table, 2, nullptr));
  EXPECT_FALSE(wasm_table_grow(table, 1, nullptr));
  wasm_ref_t* got = wasm_table_get(table, 0);
  EXPECT_TRUE(wasm_func_same(wasm_ref_as_func(got), func));
  wasm_ref_delete(got);
  EXPECT_EQ(wasm_table_get(table, 2), nullptr);

  wasm_globaltype_t* global_type = wasm_globaltype_new(wasm_valtype_new_i64(), WASM_CONST);
  const wasm_val_t seven = WASM_I64_VAL(7);
  const wasm_val_t wrong = WASM_I32_VAL(7);
  EXPECT_EQ(wasm_global_new(store_, global_type, &wrong), nullptr);
  wasm_global_t* global = wasm_global_new(store_, global_type, &seven);
  const wasm_val_t eight = WASM_I64_VAL(8);
  wasm_global_set(global, &eight);
  wasm_val_t value;
  wasm_global_get(global, &value);
  EXPECT_EQ(value.of.i64, 7);
  wasm_globaltype_delete(global_type);

  wasm_memorytype_t* memory_type = wasm_memorytype_new(&limits);
  wasm_memory_t* memory = wasm_memory_new(store_, memory_type);
  wasm_memorytype_delete(memory_type);
  wasm_memory_data(memory)[10] = 3;
  EXPECT_TRUE(wasm_memory_grow(memory, 2));
  EXPECT_EQ(wasm_memory_data(memory)[10], 3);
  EXPECT_FALSE(wasm_memory_grow(memory, 1));
  EXPECT_EQ(wasm_memory_data_size(memory), 3 * MEMORY_PAGE_SIZE);
  wasm_memory_delete(memory);
  wasm_global_delete(global);
  wasm_table_delete(table);
  wasm_func_delete(func);
}

int finalized = 0;
void count(void* data) {
  ++finalized;
  EXPECT_NE(data, nullptr);
}

TEST_F(WasmCApi, HostInfoBelongsToTheObject) {
  finalized = 0;
  int info = 0;
  wasm_func_t* func = host_func(add_one, &info, count);
  wasm_func_t* other = wasm_func_copy(func);
  wasm_func_set_host_info_with_finalizer(func, &info, count);
  EXPECT_EQ(wasm_func_get_host_info(other), &info);
  wasm_func_set_host_info(other, nullptr);
  EXPECT_EQ(finalized, 1);
  wasm_foreign_t* foreign = wasm_foreign_new(store_);
  wasm_foreign_set_host_info_with_finalizer(foreign, &info, count);
  // References keep their store alive, so that it may be deleted first.
  wasm_store_delete(store_);
  store_ = nullptr;
  EXPECT_EQ(wasm_foreign_get_host_info(foreign), &info);
  wasm_foreign_delete(foreign);
  wasm_func_delete(func);
  wasm_func_delete(other);
  wasm_module_delete(module_);
  module_ = nullptr;
  EXPECT_EQ(finalized, 3);
}

TEST_F(WasmCApi, SharesModulesBetweenThreads) {
  wasm_shared_module_t* shared = wasm_module_share(module_);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      wasm_store_t* store = wasm_store_new(engine_);
      wasm_module_t* module = wasm_module_obtain(store, shared);
      EXPECT_NE(module, nullptr);
      wasm_module_delete(module);
      wasm_store_delete(store);
    });
  }
  for (std::thread& thread : threads) thread.join();
  wasm_engine_t* engine = wasm_engine_new();
  wasm_store_t* store = wasm_store_new(engine);
  EXPECT_EQ(wasm_module_obtain(store, shared), nullptr);
  wasm_byte_vec_t bytes;
  wasm_module_serialize(module_, &bytes);
  wasm_module_t* copy = wasm_module_deserialize(store, &bytes);
  EXPECT_NE(copy, nullptr);
  bytes.data[8] = 99;
  EXPECT_FALSE(wasm_module_validate(store, &bytes));
  wasm_byte_vec_delete(&bytes);
  wasm_module_delete(copy);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  wasm_shared_module_delete(shared);
}

}  // namespace
