#include "wherry/trap.h"

#include <charconv>

namespace wherry {

Trap Trap::host_error(std::string_view why) {
  Trap trap;
  trap.kind = TrapKind::kHostError;
  trap.message = std::string(wherry::message(trap.kind)) + ": ";
  trap.message += why;
  return trap;
}

Trap Trap::exit(uint32_t code) {
  Trap trap;
  trap.kind = TrapKind::kExit;
  trap.exit_code = code;
  trap.message = std::string(wherry::message(trap.kind)) + " with code " + std::to_string(code);
  return trap;
}

std::string Trap::to_string() const {
  std::string text = "trap: " + message + "\n";
  size_t number = 0;
  for (const BacktraceFrame& frame : backtrace) {
    char offset[16];
    const auto end = std::to_chars(std::begin(offset), std::end(offset), frame.offset, 16).ptr;
    text += "  " + std::to_string(number++) + ": ";
    text +=
        frame.function_name.empty() ? "func[" + std::to_string(frame.function_index) + "]" : "$" + frame.function_name;
    text += " (" + (frame.module_name.empty() ? "module" : frame.module_name) + "+0x";
    text.append(offset, end);
    text += ")\n";
  }
  return text;
}

}  // namespace wherry
