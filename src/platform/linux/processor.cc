#include "platform/processor.h"

#include <sys/auxv.h>

namespace wherry::platform {

Capabilities processor_capabilities() { return {getauxval(AT_HWCAP), getauxval(AT_HWCAP2)}; }

}  // namespace wherry::platform
