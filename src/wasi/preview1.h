// WASI preview 1 (wasi_snapshot_preview1) and the snapshot before it (wasi_unstable): decodes what the guest passes,
// lets the host layer do it, and encodes the results. Spec:
// https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "wasi/guest_memory.h"
#include "wasi/host/context.h"
#include "wasi/host/waiter.h"

namespace wherry::wasi {

/// The two snapshots differ in some layouts and numbers.
enum class Abi : uint8_t { kPreview1, kUnstable };

/// The module name that guests import from.
constexpr std::string_view module_name(Abi abi) {
  return abi == Abi::kPreview1 ? "wasi_snapshot_preview1" : "wasi_unstable";
}

/// One call of one guest thread.
struct Call {
  GuestMemory memory;
  Abi abi;
  host::Waiter& waiter;
  /// Set by the functions that end the guest: it must not run on.
  std::optional<uint32_t> exit_code = std::nullopt;
};

/// Thread-safe, as the context is, which must outlive it.
class Preview1 {
 public:
  explicit Preview1(host::Context& context) : context_(context) {}

#define WHERRY_WASI_FUNCTION(name, result, ...) host::HostResult<> name(Call& call __VA_OPT__(, ) __VA_ARGS__);
#include "wasi/preview1.inc"
#undef WHERRY_WASI_FUNCTION
#define WHERRY_WASI_FUNCTION(identifier, name, ...) host::HostResult<> identifier(Call& call, __VA_ARGS__);
#include "wasi/sockets.inc"
#undef WHERRY_WASI_FUNCTION

 private:
  host::Context& context_;
};

enum class Preview1Result : uint8_t { kNone, kErrno };

/// A function as linking sees it.
struct Preview1Function {
  std::string_view name;
  std::string_view params;  ///< A letter a parameter: 'i' is i32, 'I' is i64.
  Preview1Result result;    ///< kErrno is an i32.
  /// One of WasmEdge's, of which there is a second version with other parameters.
  bool first_version;
  /// `slots` are the arguments, one each.
  host::Errno (*invoke)(Preview1& self, Call& call, const uint64_t* slots);
};

/// The functions of the standard, in the order of the specification's witx file.
std::span<const Preview1Function> preview1_functions();
/// Those of WasmEdge's socket extension. A name may have two, with different parameters.
std::span<const Preview1Function> socket_functions();

}  // namespace wherry::wasi
