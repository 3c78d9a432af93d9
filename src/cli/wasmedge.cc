// wasmedge: WasmEdge's command, over the library.
#include "wasmedge/wasmedge.h"

int main(int count, char* words[]) { return WasmEdge_Driver_UniTool(count, const_cast<const char**>(words)); }
