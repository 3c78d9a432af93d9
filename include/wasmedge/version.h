/* The release of WasmEdge whose interface this is. */
#ifndef WHERRY_WASMEDGE_VERSION_H
#define WHERRY_WASMEDGE_VERSION_H

#define WASMEDGE_VERSION "0.18.0"
#define WASMEDGE_VERSION_MAJOR 0
#define WASMEDGE_VERSION_MINOR 18
#define WASMEDGE_VERSION_PATCH 0

/* What a plugin says in PluginDescriptor::APIVersion. */
#define WasmEdge_Plugin_CurrentAPIVersion 5

#endif
