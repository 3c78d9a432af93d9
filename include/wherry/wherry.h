// Wherry's public C++ API. docs/embedding.md has worked examples.
//
// An Engine holds the configuration; a Module is code; a Store is a world of instances; a Linker names what modules may
// import. Errors are values: Result<T> for what the embedder or the module did wrong, CallResult<T> for traps.
#pragma once

#include "wherry/caller.h"
#include "wherry/config.h"
#include "wherry/engine.h"
#include "wherry/extern_type.h"
#include "wherry/features.h"
#include "wherry/func.h"
#include "wherry/host_func.h"
#include "wherry/instance.h"
#include "wherry/linker.h"
#include "wherry/memory.h"
#include "wherry/module.h"
#include "wherry/objects.h"
#include "wherry/ref.h"
#include "wherry/result.h"
#include "wherry/snapshot.h"
#include "wherry/stats.h"
#include "wherry/store.h"
#include "wherry/trap.h"
#include "wherry/types.h"
#include "wherry/v128.h"
#include "wherry/value.h"
