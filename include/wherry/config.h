// How an Engine behaves. Immutable once an Engine is made from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wherry/features.h"

namespace wherry {

/// Which tier executes code.
enum class TierKind : uint8_t {
  kAuto,         ///< The fastest that is there: native code that a module brings with it, else the interpreter.
  kInterpreter,  ///< The interpreter only.
  kLlvm,         ///< Modules are compiled when they are loaded, which fails if there is no compiler.
};

/// How an access to a memory is kept within it. Results never differ.
enum class BoundsStrategy : uint8_t {
  kGuard,   ///< Reserve address space so that a 32-bit address cannot leave it; no checks. memory64 is checked.
  kChecks,  ///< Check every access; small reservations, so that very many memories fit, and no signal handler is
            ///< needed.
};

/// Linear memories set up beforehand and used again and again, for programs that make and drop very many instances.
struct PoolConfig {
  /// How many there are; 0: no pool, each memory is mapped when it is made. When all are in use, making one fails
  /// (kLimit). With BoundsStrategy::kGuard each takes 8 GiB of address space, of which a process has some 128 TiB.
  uint32_t memories = 0;
  /// Most bytes of one.
  uint64_t memory_bytes = uint64_t{256} << 20;
  /// Physical memory that one which is not in use may keep, so that its next user need not fault it in.
  uint64_t keep_resident_bytes = uint64_t{256} << 10;
};

struct Config {
  Features features = {};
  TierKind tier = TierKind::kAuto;
  BoundsStrategy bounds = BoundsStrategy::kGuard;
  PoolConfig pool = {};

  /// Where the user's keys are: native code in files and in the cache runs only if they vouch for it (docs/security.md).
  /// Empty: none does.
  std::string key_directory = {};
  /// Where compiled code, and what is known of files, is kept for the next time. Empty: nowhere.
  std::string cache_directory = {};
  /// Of compiled code in the cache; what was not used for longest is removed beyond it.
  uint64_t max_cache_bytes = uint64_t{2} << 30;
  /// kAuto: a module that has no native code, and is still in use after so many milliseconds, is compiled on a thread of
  /// its own, and goes on in native code when that is ready. A module that cannot be compiled stays as it is.
  bool compile_in_background = false;
  uint32_t background_delay_ms = 100;
  /// The directories that `wherry` uses: $XDG_CONFIG_HOME/wherry and $XDG_CACHE_HOME/wherry, or below $HOME; empty where
  /// the environment names none.
  [[gnu::visibility("default")]] void use_user_directories();

  /// The compiler: libwherry-llvm.so, which becomes part of this process, or the program wherry-compiler.
  /// Empty: the one that came with this library.
  std::string compiler = {};

  /// Tell gdb (through its JIT interface) or perf (through /tmp/perf-PID.map) the names of compiled functions.
  bool gdb = false;
  bool perf_map = false;

  /// Relaxed SIMD follows its deterministic profile, so that results do not depend on the machine.
  bool relaxed_simd_deterministic = false;
  /// Meter fuel: every instruction costs 1. Stores start with none; see Store::set_fuel.
  bool fuel = false;

  /// Bytes of stack for WebAssembly frames, per store.
  uint64_t stack_bytes = uint64_t{8} << 20;
  /// Upper bounds, per store; an allocation beyond fails as the spec lets it (grow gives -1, allocation traps or
  /// fails).
  uint64_t max_memory_bytes = uint64_t{1} << 40;  ///< Of one linear memory.
  /// Of all linear memories of a store together, without shared ones.
  uint64_t max_total_memory_bytes = ~uint64_t{0};
  uint64_t max_table_elements = 10'000'000;  ///< Of one table.
  uint64_t max_gc_heap_bytes = uint64_t{1} << 32;
  uint64_t max_instances = 100'000;

  /// Threads that validate a module's functions; 0: as many as the machine has cores. Small modules use one.
  uint32_t validation_threads = 0;
};

}  // namespace wherry
