// Names for compiled code: for gdb, through its JIT interface, and for perf, through /tmp/perf-PID.map.
// https://sourceware.org/gdb/current/onlinedocs/gdb.html/JIT-Interface.html
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "native/code.h"

namespace wherry::native {

/// A function or stub of an image.
struct CodeSymbol {
  uintptr_t address;
  uint64_t size;
  std::string name;
};

/// Functions by their names in the module, else in its exports, else "function[INDEX]"; stubs are "(enter)" and
/// "(leave)".
std::vector<CodeSymbol> code_symbols(const Code& code, const wasm::Module& module);

/// While it stands, gdb knows the symbols. Thread-safe.
class GdbSymbols {
 public:
  GdbSymbols(const Code& code, const std::vector<CodeSymbol>& symbols);
  ~GdbSymbols();
  GdbSymbols(const GdbSymbols&) = delete;
  GdbSymbols& operator=(const GdbSymbols&) = delete;

 private:
  struct Registered;
  std::unique_ptr<Registered> registered_;
};

/// Adds them to this process' map for perf. False if the file cannot be written.
bool add_to_perf_map(const std::vector<CodeSymbol>& symbols);

}  // namespace wherry::native
