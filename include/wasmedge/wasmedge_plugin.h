/* Plugins in C: shared libraries that bring host modules. */
#ifndef WHERRY_WASMEDGE_WASMEDGE_PLUGIN_H
#define WHERRY_WASMEDGE_WASMEDGE_PLUGIN_H

#include "wasmedge/wasmedge_basic.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum WasmEdge_ProgramOptionType {
  WasmEdge_ProgramOptionType_None,
  WasmEdge_ProgramOptionType_Toggle,
  WasmEdge_ProgramOptionType_Int8,
  WasmEdge_ProgramOptionType_Int16,
  WasmEdge_ProgramOptionType_Int32,
  WasmEdge_ProgramOptionType_Int64,
  WasmEdge_ProgramOptionType_UInt8,
  WasmEdge_ProgramOptionType_UInt16,
  WasmEdge_ProgramOptionType_UInt32,
  WasmEdge_ProgramOptionType_UInt64,
  WasmEdge_ProgramOptionType_Float,
  WasmEdge_ProgramOptionType_Double,
  WasmEdge_ProgramOptionType_String
} WasmEdge_ProgramOptionType;

/* An option of the command, --Name, stored where Storage points. */
typedef struct WasmEdge_ProgramOption {
  const char* Name;
  const char* Description;
  WasmEdge_ProgramOptionType Type;
  void* Storage;
  const void* DefaultValue;
} WasmEdge_ProgramOption;

typedef struct WasmEdge_ModuleDescriptor {
  const char* Name;
  const char* Description;
  WasmEdge_ModuleInstanceContext* (*Create)(const struct WasmEdge_ModuleDescriptor*);
} WasmEdge_ModuleDescriptor;

typedef struct WasmEdge_PluginVersionData {
  uint32_t Major;
  uint32_t Minor;
  uint32_t Patch;
  uint32_t Build;
} WasmEdge_PluginVersionData;

typedef struct WasmEdge_PluginDescriptor {
  const char* Name;
  const char* Description;
  uint32_t APIVersion;
  WasmEdge_PluginVersionData Version;
  uint32_t ModuleCount;
  uint32_t ProgramOptionCount;
  WasmEdge_ModuleDescriptor* ModuleDescriptions;
  WasmEdge_ProgramOption* ProgramOptions;
} WasmEdge_PluginDescriptor;

/* Plugins, process-wide and never unloaded. The caller owns a created module. */
WASMEDGE_CAPI_EXPORT void WasmEdge_PluginLoadWithDefaultPaths(void) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT void WasmEdge_PluginLoadFromPath(const char* Path) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_PluginListPluginsLength(void) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_PluginListPlugins(WasmEdge_String* Names, uint32_t Len) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT const WasmEdge_PluginContext* WasmEdge_PluginFind(WasmEdge_String Name) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_String WasmEdge_PluginGetPluginName(const WasmEdge_PluginContext* Cxt)
    WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_PluginListModuleLength(const WasmEdge_PluginContext* Cxt) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT uint32_t WasmEdge_PluginListModule(const WasmEdge_PluginContext* Cxt, WasmEdge_String* Names,
                                                        uint32_t Len) WASMEDGE_CAPI_NOEXCEPT;
WASMEDGE_CAPI_EXPORT WasmEdge_ModuleInstanceContext* WasmEdge_PluginCreateModule(
    const WasmEdge_PluginContext* Cxt, WasmEdge_String ModuleName) WASMEDGE_CAPI_NOEXCEPT;

/* Models for the wasi_nn plugin to load at first. */
WASMEDGE_CAPI_EXPORT void WasmEdge_PluginInitWASINN(const char* const* NNPreloads,
                                                    uint32_t PreloadsLen) WASMEDGE_CAPI_NOEXCEPT;

/* What a plugin exports. */
WASMEDGE_CAPI_PLUGIN_EXPORT extern const WasmEdge_PluginDescriptor* WasmEdge_Plugin_GetDescriptor(void);

#ifdef __cplusplus
}
#endif

#endif
