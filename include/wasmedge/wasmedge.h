/* The C API of WasmEdge 0.17, as libwasmedge.so.0 of Wherry implements it. docs/moving-from-wasmedge.md says what
 * differs.
 *
 * All functions take NULL for a context, and then do nothing or return 0, NULL or WrongVMWorkflow. A context may be
 * used by one thread at a time, but for AsyncCancel; calls into instances that are linked to each other wait for one
 * another. */
#ifndef WHERRY_WASMEDGE_WASMEDGE_H
#define WHERRY_WASMEDGE_WASMEDGE_H

#include "wasmedge/wasmedge_ast.h"
#include "wasmedge/wasmedge_basic.h"
#include "wasmedge/wasmedge_compiler.h"
#include "wasmedge/wasmedge_configure.h"
#include "wasmedge/wasmedge_deprecated.h"
#include "wasmedge/wasmedge_execution.h"
#include "wasmedge/wasmedge_experimental.h"
#include "wasmedge/wasmedge_instance.h"
#include "wasmedge/wasmedge_plugin.h"
#include "wasmedge/wasmedge_tools.h"
#include "wasmedge/wasmedge_value.h"
#include "wasmedge/wasmedge_vm.h"

#endif
