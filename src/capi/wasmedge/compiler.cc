// The compiler's functions.
#include "capi/wasmedge/ast.h"
#include "capi/wasmedge/errors.h"

using namespace wherry;
using namespace wherry::wasmedge;

struct WasmEdge_CompilerContext {
  WasmEdge_ConfigureContext configure;
};

namespace {

/// Nothing compiles ahead of time yet: what would be written would not be what was asked for.
WasmEdge_Result compile(const Result<LoadedModulePtr>& module) {
  if (!module.has_value()) return report(module.error());
  if (const Result<> valid = (*module)->validate(); !valid.has_value()) return report(valid.error());
  return report(result(WasmEdge_ErrCode_AOTDisabled));
}

}  // namespace

WasmEdge_CompilerContext* WasmEdge_CompilerCreate(const WasmEdge_ConfigureContext* configure) noexcept {
  return new WasmEdge_CompilerContext{configure == nullptr ? WasmEdge_ConfigureContext() : *configure};
}
WasmEdge_Result WasmEdge_CompilerCompile(WasmEdge_CompilerContext* compiler, const char* in, const char*) noexcept {
  if (compiler == nullptr) return kWrongWorkflow;
  return compile(LoadedModule::load_file(engine_for(compiler->configure), in));
}
WasmEdge_Result WasmEdge_CompilerCompileFromBytes(WasmEdge_CompilerContext* compiler, WasmEdge_Bytes data,
                                                  const char*) noexcept {
  if (compiler == nullptr) return kWrongWorkflow;
  return compile(LoadedModule::load(engine_for(compiler->configure), bytes(data)));
}
WasmEdge_Result WasmEdge_CompilerCompileFromBuffer(WasmEdge_CompilerContext* compiler, const uint8_t* buffer,
                                                   uint64_t length, const char* out) noexcept {
  return WasmEdge_CompilerCompileFromBytes(compiler, {static_cast<uint32_t>(length), buffer}, out);
}
void WasmEdge_CompilerDelete(WasmEdge_CompilerContext* compiler) noexcept { delete compiler; }
