/* What a configuration chooses from. */
#ifndef WHERRY_WASMEDGE_ENUM_CONFIGURE_H
#define WHERRY_WASMEDGE_ENUM_CONFIGURE_H

/* A standard: the proposals it consists of. */
enum WasmEdge_Standard { WasmEdge_Standard_WASM_1 = 0, WasmEdge_Standard_WASM_2 = 1, WasmEdge_Standard_WASM_3 = 2 };

/* A proposal. The numbers from 8 on differ between releases of WasmEdge; these are those of 0.16 and later. */
enum WasmEdge_Proposal {
  WasmEdge_Proposal_ImportExportMutGlobals = 0,
  WasmEdge_Proposal_NonTrapFloatToIntConversions = 1,
  WasmEdge_Proposal_SignExtensionOperators = 2,
  WasmEdge_Proposal_MultiValue = 3,
  WasmEdge_Proposal_BulkMemoryOperations = 4,
  WasmEdge_Proposal_ReferenceTypes = 5,
  WasmEdge_Proposal_SIMD = 6,
  WasmEdge_Proposal_TailCall = 7,
  WasmEdge_Proposal_ExtendedConst = 8,
  WasmEdge_Proposal_FunctionReferences = 9,
  WasmEdge_Proposal_GC = 10,
  WasmEdge_Proposal_MultiMemories = 11,
  WasmEdge_Proposal_RelaxSIMD = 12,
  WasmEdge_Proposal_Annotations = 13,
  WasmEdge_Proposal_ExceptionHandling = 14,
  WasmEdge_Proposal_Memory64 = 15,
  WasmEdge_Proposal_Threads = 16,
  WasmEdge_Proposal_Component = 17
};

/* A host module that every VM of a configuration has. */
enum WasmEdge_HostRegistration { WasmEdge_HostRegistration_Wasi = 0 };

/* How hard the compiler tries. */
enum WasmEdge_CompilerOptimizationLevel {
  WasmEdge_CompilerOptimizationLevel_O0,
  WasmEdge_CompilerOptimizationLevel_O1,
  WasmEdge_CompilerOptimizationLevel_O2,
  WasmEdge_CompilerOptimizationLevel_O3,
  WasmEdge_CompilerOptimizationLevel_Os,
  WasmEdge_CompilerOptimizationLevel_Oz
};

/* What the compiler writes. */
enum WasmEdge_CompilerOutputFormat { WasmEdge_CompilerOutputFormat_Native, WasmEdge_CompilerOutputFormat_Wasm };

/* How code is run. Interpreter, unless it was asked for, means the fastest there is (see docs/moving-from-wasmedge.md).
 */
enum WasmEdge_RunMode {
  WasmEdge_RunMode_Interpreter = 0,
  WasmEdge_RunMode_JIT = 1,
  WasmEdge_RunMode_AOT = 2,
  WasmEdge_RunMode_LazyJIT = 3
};

#endif
