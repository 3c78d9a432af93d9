// The tier that runs native code, over one that runs whatever has none.
//
// How a call travels. Compiled functions of an image call each other directly; everything else goes through a Func,
// which knows its code if it has some (Func::native) and its entry, which every function has. From slots to compiled
// code: native_entry, and the `enter` stub of the function's type, inside run_guarded, from which a trap or an
// interruption returns. From compiled code to any other function: the `leave` stub, which calls its entry.
//
// Frames of compiled code lie on the native stack and are linked by frame pointers. Backtraces follow these; the
// collector looks at all of the stack, from where it stands to the outermost native_entry; an exception unwinds with
// the image's tables (unwind_tables.h), as far as the innermost native_entry, whose caller gets it as a result.
#pragma once

#include <memory>

#include "engine/tier.h"

namespace wherry::native {

std::unique_ptr<engine::Tier> make_native_tier(std::unique_ptr<engine::Tier> below);

}  // namespace wherry::native
