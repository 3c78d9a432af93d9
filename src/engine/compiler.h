// Who makes native code, as those see it who ask for it. The implementation (src/native) reaches a compiler that is not
// part of this process, or not yet.
#pragma once

#include "engine/compiler_abi.h"
#include "engine/native_image.h"
#include "wherry/result.h"

namespace wherry::engine {

/// Thread-safe.
class NativeCompiler {
 public:
  virtual ~NativeCompiler() = default;
  /// Compiles a module. `request.progress` may stop it. Errors: kNotFound if there is no compiler; kUnsupported,
  /// kMalformed and the like as the compiler says, also if it crashes.
  virtual Result<NativeImage> compile(const CompileRequest& request) const = 0;
};

}  // namespace wherry::engine
