// The host module "spectest" that the suite's scripts import from.
#pragma once

#include "wherry/linker.h"

namespace wherry::cli {

/// Defines "spectest" in `linker`, its memories, tables and globals in `store`.
Result<> define_spectest(Linker& linker, StoreRef store);

}  // namespace wherry::cli
