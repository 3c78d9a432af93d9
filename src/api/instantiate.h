// What Instance and Linker share: from public handles to the runtime's, and instantiation with checked imports.
#pragma once

#include <span>

#include "runtime/extern.h"
#include "wherry/instance.h"

namespace wherry::detail {

runtime::Extern to_internal(const Extern& item);
StoreRef owner_of(const Extern& item);

/// "incompatible import type: env.f: expected ..., found ..." for one import of a module.
std::unexpected<Error> incompatible_import(const Module& module, size_t import, const ExternType& found);

/// Instantiates and runs the start function. `imports` are in the module's order, checked, and of `store`.
Result<Instance> instantiate(StoreRef store, const Module& module, std::span<const runtime::Extern> imports);

/// Makes a host function on Values from one on slots.
HostFunctionPtr values_host_function(FuncType type, ValuesFunction f);

}  // namespace wherry::detail
