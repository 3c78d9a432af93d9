// What Instance and Linker share: from public handles to the runtime's, and instantiation with checked imports.
#pragma once

#include <memory>
#include <span>

#include "runtime/extern.h"
#include "runtime/instance_template.h"
#include "wherry/instance.h"

namespace wherry::detail {

runtime::Extern to_internal(const Extern& item);
StoreRef owner_of(const Extern& item);

/// "incompatible import type: env.f: expected ..., found ..." for one import of a module.
std::unexpected<Error> incompatible_import(const Module& module, size_t import, const ExternType& found);

/// Instantiates and runs the start function. `imports` are in the module's order, checked, and of `store`.
Result<Instance> instantiate(StoreRef store, std::shared_ptr<const runtime::InstanceTemplate> instance_template,
                             std::span<const runtime::Extern> imports);
/// The template of a module, which keeps the module.
std::shared_ptr<const runtime::InstanceTemplate> template_of(const Module& module);

/// Makes a host function on Values from one on slots.
HostFunctionPtr values_host_function(FuncType type, ValuesFunction f);

}  // namespace wherry::detail
