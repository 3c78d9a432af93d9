// The C API of WasmEdge: lifetimes and linking, where the two designs differ. WasmEdge's own tests cover the rest.
#include "wasmedge/wasmedge.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "wherry/wherry.h"

namespace {

WasmEdge_String str(const char* text) { return WasmEdge_StringWrap(text, static_cast<uint32_t>(std::strlen(text))); }

std::vector<uint8_t> wasm(const char* text) {
  const auto module = wherry::Module::from_wat(wherry::Engine(), text);
  const auto bytes = module->bytes();
  return {bytes.begin(), bytes.end()};
}

uint32_t code(WasmEdge_Result result) { return WasmEdge_ResultGetCode(result); }

/// Steps with contexts that live as long as a test.
class WasmEdgeCApi : public testing::Test {
 protected:
  WasmEdgeCApi() { WasmEdge_LogOff(); }
  ~WasmEdgeCApi() override {
    WasmEdge_ExecutorDelete(executor_);
    WasmEdge_StoreDelete(store_);
    WasmEdge_LogSetErrorLevel();
  }

  WasmEdge_ASTModuleContext* load(const char* text) {
    const std::vector<uint8_t> bytes = wasm(text);
    WasmEdge_LoaderContext* loader = WasmEdge_LoaderCreate(nullptr);
    WasmEdge_ASTModuleContext* module = nullptr;
    EXPECT_TRUE(WasmEdge_ResultOK(WasmEdge_LoaderParseFromBytes(
        loader, &module, WasmEdge_BytesWrap(bytes.data(), static_cast<uint32_t>(bytes.size())))));
    WasmEdge_LoaderDelete(loader);
    WasmEdge_ValidatorContext* validator = WasmEdge_ValidatorCreate(nullptr);
    EXPECT_TRUE(WasmEdge_ResultOK(WasmEdge_ValidatorValidate(validator, module)));
    WasmEdge_ValidatorDelete(validator);
    return module;
  }
  WasmEdge_ModuleInstanceContext* instantiate(WasmEdge_StoreContext* store, const char* name, const char* text) {
    WasmEdge_ASTModuleContext* module = load(text);
    WasmEdge_ModuleInstanceContext* instance = nullptr;
    result_ = WasmEdge_ExecutorRegister(executor_, &instance, store, module, str(name));
    WasmEdge_ASTModuleDelete(module);
    return instance;
  }
  int32_t call(const WasmEdge_ModuleInstanceContext* instance, const char* name, std::vector<WasmEdge_Value> params) {
    WasmEdge_Value value{};
    result_ = WasmEdge_ExecutorInvoke(executor_, WasmEdge_ModuleInstanceFindFunction(instance, str(name)),
                                      params.data(), static_cast<uint32_t>(params.size()), &value, 1);
    return WasmEdge_ValueGetI32(value);
  }

  WasmEdge_ExecutorContext* executor_ = WasmEdge_ExecutorCreate(nullptr, nullptr);
  WasmEdge_StoreContext* store_ = WasmEdge_StoreCreate();
  WasmEdge_Result result_{};
};

WasmEdge_Result add_data(void* data, const WasmEdge_CallingFrameContext*, const WasmEdge_Value* params,
                         WasmEdge_Value* returns) {
  returns[0] = WasmEdge_ValueGenI32(WasmEdge_ValueGetI32(params[0]) + *static_cast<int32_t*>(data));
  return WasmEdge_Result_Success;
}

WasmEdge_FunctionInstanceContext* make_add(int32_t* data) {
  const WasmEdge_ValType type = WasmEdge_ValTypeGenI32();
  WasmEdge_FunctionTypeContext* signature = WasmEdge_FunctionTypeCreate(&type, 1, &type, 1);
  WasmEdge_FunctionInstanceContext* function = WasmEdge_FunctionInstanceCreate(signature, add_data, data, 0);
  WasmEdge_FunctionTypeDelete(signature);
  return function;
}

constexpr char kCaller[] = R"((module
  (import "host" "add" (func $add (param i32) (result i32)))
  (import "host" "global" (global $global (mut i32)))
  (import "host" "table" (table $table 2 funcref))
  (type $f (func (param i32) (result i32)))
  (func (export "call") (param i32) (result i32)
    (global.set $global (i32.add (global.get $global) (i32.const 1)))
    (call $add (local.get 0)))
  (func (export "indirect") (param i32) (result i32)
    (call_indirect $table (type $f) (local.get 0) (i32.const 0)))))";

TEST_F(WasmEdgeCApi, WhatTheHostMakesIsSharedByAllThatImportIt) {
  int32_t data = 40;
  WasmEdge_ModuleInstanceContext* host = WasmEdge_ModuleInstanceCreate(str("host"));
  EXPECT_TRUE(WasmEdge_ResultOK(WasmEdge_ModuleInstanceAddFunction(host, str("add"), make_add(&data))));
  WasmEdge_GlobalTypeContext* global_type =
      WasmEdge_GlobalTypeCreate(WasmEdge_ValTypeGenI32(), WasmEdge_Mutability_Var);
  WasmEdge_GlobalInstanceContext* global = WasmEdge_GlobalInstanceCreate(global_type, WasmEdge_ValueGenI32(7));
  WasmEdge_GlobalTypeDelete(global_type);
  EXPECT_TRUE(WasmEdge_ResultOK(WasmEdge_ModuleInstanceAddGlobal(host, str("global"), global)));
  WasmEdge_LimitContext* limit = WasmEdge_LimitCreate(2, false);
  WasmEdge_TableTypeContext* table_type = WasmEdge_TableTypeCreate(WasmEdge_ValTypeGenFuncRef(), limit);
  WasmEdge_TableInstanceContext* table = WasmEdge_TableInstanceCreate(table_type);
  WasmEdge_TableTypeDelete(table_type);
  WasmEdge_LimitDelete(limit);
  // A reference to a function that is in no store yet.
  WasmEdge_FunctionInstanceContext* other = make_add(&data);
  EXPECT_TRUE(WasmEdge_ResultOK(WasmEdge_TableInstanceSetData(table, WasmEdge_ValueGenFuncRef(other), 0)));
  EXPECT_TRUE(WasmEdge_ResultOK(WasmEdge_ModuleInstanceAddTable(host, str("table"), table)));

  // Two stores, one host module.
  WasmEdge_StoreContext* second = WasmEdge_StoreCreate();
  EXPECT_TRUE(WasmEdge_ResultOK(WasmEdge_ExecutorRegisterImport(executor_, store_, host)));
  EXPECT_TRUE(WasmEdge_ResultOK(WasmEdge_ExecutorRegisterImport(executor_, second, host)));
  WasmEdge_ModuleInstanceContext* a = instantiate(store_, "a", kCaller);
  WasmEdge_ModuleInstanceContext* b = instantiate(second, "b", kCaller);
  ASSERT_NE(a, nullptr);
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(call(a, "call", {WasmEdge_ValueGenI32(2)}), 42);
  EXPECT_EQ(call(b, "call", {WasmEdge_ValueGenI32(3)}), 43);
  EXPECT_EQ(WasmEdge_ValueGetI32(WasmEdge_GlobalInstanceGetValue(global)), 9);
  EXPECT_EQ(call(b, "indirect", {WasmEdge_ValueGenI32(1)}), 41);
  WasmEdge_Value element{};
  EXPECT_TRUE(WasmEdge_ResultOK(WasmEdge_TableInstanceGetData(table, &element, 0)));
  EXPECT_EQ(WasmEdge_ValueGetFuncRef(element), other);

  // In an order that would not do if they depended on one another.
  WasmEdge_StoreDelete(second);
  WasmEdge_ModuleInstanceDelete(host);
  EXPECT_EQ(WasmEdge_StoreFindModule(store_, str("host")), nullptr);
  EXPECT_EQ(call(a, "call", {WasmEdge_ValueGenI32(2)}), 42);
  WasmEdge_FunctionInstanceDelete(other);
  WasmEdge_ModuleInstanceDelete(b);
  WasmEdge_ModuleInstanceDelete(a);
}

TEST_F(WasmEdgeCApi, InstancesOfSeveralWorldsLink) {
  WasmEdge_StoreContext* second = WasmEdge_StoreCreate();
  WasmEdge_ModuleInstanceContext* a = instantiate(
      store_, "a", R"((module (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))))");
  WasmEdge_ModuleInstanceContext* b = instantiate(
      second, "b", R"((module (func (export "g") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
                                         (func (export "fail") (param i32) (result i32) unreachable)))");
  EXPECT_TRUE(WasmEdge_ResultOK(WasmEdge_ExecutorRegisterImport(executor_, store_, b)));
  WasmEdge_ModuleInstanceContext* both = instantiate(store_, "both", R"((module
    (import "a" "f" (func $f (param i32) (result i32)))
    (import "b" "g" (func $g (param i32) (result i32)))
    (import "b" "fail" (func $fail (param i32) (result i32)))
    (func (export "h") (param i32) (result i32) (call $g (call $f (local.get 0))))
    (func (export "i") (param i32) (result i32) (call $fail (local.get 0)))))");
  ASSERT_NE(both, nullptr) << WasmEdge_ResultGetMessage(result_);
  WasmEdge_ModuleInstanceDelete(a);
  EXPECT_EQ(call(both, "h", {WasmEdge_ValueGenI32(4)}), 10);
  call(both, "i", {WasmEdge_ValueGenI32(4)});
  EXPECT_EQ(code(result_), WasmEdge_ErrCode_Unreachable);
  WasmEdge_ModuleInstanceDelete(both);
  WasmEdge_ModuleInstanceDelete(b);
  WasmEdge_StoreDelete(second);
}

WasmEdge_Result end(void* data, const WasmEdge_CallingFrameContext*, const WasmEdge_Value*, WasmEdge_Value*) {
  return *static_cast<WasmEdge_Result*>(data);
}

TEST_F(WasmEdgeCApi, HostFunctionsEndTheGuest) {
  WasmEdge_Result how = WasmEdge_Result_Terminate;
  WasmEdge_FunctionTypeContext* type = WasmEdge_FunctionTypeCreate(nullptr, 0, nullptr, 0);
  WasmEdge_ModuleInstanceContext* host = WasmEdge_ModuleInstanceCreate(str("host"));
  (void)WasmEdge_ModuleInstanceAddFunction(host, str("end"), WasmEdge_FunctionInstanceCreate(type, end, &how, 0));
  WasmEdge_FunctionTypeDelete(type);
  EXPECT_TRUE(WasmEdge_ResultOK(WasmEdge_ExecutorRegisterImport(executor_, store_, host)));
  WasmEdge_ModuleInstanceContext* guest = instantiate(store_, "guest", R"((module
    (import "host" "end" (func $end))
    (func (export "run") (result i32) (call $end) (i32.const 5))))");
  EXPECT_EQ(call(guest, "run", {}), 0);
  EXPECT_EQ(result_.Code, WasmEdge_Result_Terminate.Code);
  how = WasmEdge_ResultGen(WasmEdge_ErrCategory_UserLevelError, 1234);
  call(guest, "run", {});
  EXPECT_EQ(WasmEdge_ResultGetCategory(result_), WasmEdge_ErrCategory_UserLevelError);
  EXPECT_EQ(code(result_), 1234u);
  how = WasmEdge_Result_Success;
  EXPECT_EQ(call(guest, "run", {}), 5);
  WasmEdge_ModuleInstanceDelete(guest);
  WasmEdge_ModuleInstanceDelete(host);
}

TEST_F(WasmEdgeCApi, CallsAreCancelled) {
  WasmEdge_ModuleInstanceContext* guest = instantiate(store_, "guest", R"((module
    (func (export "spin") (loop $again (br $again)))
    (func (export "one") (result i32) (i32.const 1))))");
  WasmEdge_Async* async =
      WasmEdge_ExecutorAsyncInvoke(executor_, WasmEdge_ModuleInstanceFindFunction(guest, str("spin")), nullptr, 0);
  ASSERT_NE(async, nullptr);
  EXPECT_FALSE(WasmEdge_AsyncWaitFor(async, 20));
  WasmEdge_AsyncCancel(async);
  EXPECT_EQ(code(WasmEdge_AsyncGet(async, nullptr, 0)), WasmEdge_ErrCode_Interrupted);
  // A cancellation that comes too late is not for the next call.
  WasmEdge_AsyncCancel(async);
  WasmEdge_AsyncDelete(async);
  EXPECT_EQ(call(guest, "one", {}), 1);
  WasmEdge_ModuleInstanceDelete(guest);
}

TEST_F(WasmEdgeCApi, ExitCodesAndCosts) {
  WasmEdge_ConfigureContext* configure = WasmEdge_ConfigureCreate();
  WasmEdge_ConfigureAddHostRegistration(configure, WasmEdge_HostRegistration_Wasi);
  WasmEdge_ConfigureStatisticsSetCostMeasuring(configure, true);
  WasmEdge_ConfigureStatisticsSetInstructionCounting(configure, true);
  WasmEdge_VMContext* vm = WasmEdge_VMCreate(configure, nullptr);
  WasmEdge_ConfigureDelete(configure);
  const std::vector<uint8_t> bytes = wasm(R"((module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") (call $exit (i32.const 42)))
    (func (export "spin") (loop $again (br $again)))))");
  WasmEdge_StatisticsContext* statistics = WasmEdge_VMGetStatisticsContext(vm);
  const WasmEdge_Bytes wrapped = WasmEdge_BytesWrap(bytes.data(), static_cast<uint32_t>(bytes.size()));
  EXPECT_EQ(code(WasmEdge_VMRunWasmFromBytes(vm, wrapped, str("_start"), nullptr, 0, nullptr, 0)),
            WasmEdge_ErrCode_Terminated);
  EXPECT_EQ(
      WasmEdge_ModuleInstanceWASIGetExitCode(WasmEdge_VMGetImportModuleContext(vm, WasmEdge_HostRegistration_Wasi)),
      42u);
  EXPECT_GT(WasmEdge_StatisticsGetInstrCount(statistics), 0u);
  WasmEdge_StatisticsSetCostLimit(statistics, 1000);
  EXPECT_EQ(code(WasmEdge_VMExecute(vm, str("spin"), nullptr, 0, nullptr, 0)), WasmEdge_ErrCode_CostLimitExceeded);
  EXPECT_LE(WasmEdge_StatisticsGetTotalCost(statistics), 1000u);
  WasmEdge_VMDelete(vm);
}

}  // namespace
