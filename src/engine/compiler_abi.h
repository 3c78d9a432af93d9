// How a process that runs code asks for native code: of the plugin (libwherry-llvm.so, in its own address space) or of
// the helper process (wherry-compiler). Plain data and C linkage, so that the two sides need not be built alike.
//
// The plugin: dlopen, then wherry_llvm_compile. Thread-safe; uses threads of its own; never throws, prints or exits. It
// trusts the module as little as a reader does, but it is LLVM: who fears for his process starts the helper.
//
// The helper: wherry-compiler --module FD --image FD [--progress FD] [--functions FD] [--target host|x86_64|aarch64]
// [--cpu host|baseline] [--level fast|default|max] [--flags N] [--features N] [--threads N] [--memory-limit BYTES]
// [--nice N]. It maps the module, and reads the list of functions (32-bit, native endian), from files by descriptor;
// writes the image to another; and writes lines to a pipe: "progress DONE TOTAL" now and then, at last "done" or
// "error TEXT". Exit status 0 after "done". It ends when the pipe's other end is closed. A helper that ends without a
// last line crashed, was killed or ran out of memory: a compile error like any other.
#pragma once

#include <cstdint>

namespace wherry::engine {

/// Rises with every change of this file.
inline constexpr uint32_t kCompilerAbi = 2;

enum class CompileTarget : uint32_t { kHost = 0, kX86_64 = 1, kAarch64 = 2 };
/// kHost on a foreign architecture is kBaseline.
enum class CompileCpu : uint32_t { kHost = 0, kBaseline = 1 };
enum class CompileLevel : uint32_t {
  kFast = 0,     ///< Little of the middle end, the quick instruction selector.
  kDefault = 1,  ///< All that is worth its time.
  kMax = 2,      ///< All there is.
};

struct CompileRequest {
  uint32_t abi = kCompilerAbi;
  CompileTarget target = CompileTarget::kHost;
  CompileCpu cpu = CompileCpu::kHost;
  CompileLevel level = CompileLevel::kDefault;
  uint32_t flags = 0;     ///< ImageFlag: what the code may take for granted.
  uint32_t threads = 0;   ///< 0: one a processor.
  uint32_t features = 0;  ///< Features::bits().
  uint32_t reserved = 0;
  const uint8_t* module = nullptr;  ///< Binary format, native sections left out: its hash goes into the image.
  uint64_t module_size = 0;
  /// The functions to compile, indices in the function index space; null: all that are defined.
  const uint32_t* functions = nullptr;
  uint64_t function_count = 0;
  /// Called now and then, by any thread but by one at a time, with bytes of function bodies; 0: stop. May be null.
  int (*progress)(void* user, uint64_t done, uint64_t total) = nullptr;
  void* user = nullptr;
  int32_t nice = 0;  ///< How much the helper process gives way to others, as nice(1) counts.
};

struct CompileResponse {
  uint8_t* image = nullptr;  ///< To be given back with wherry_llvm_free. Null after an error. Aligned to 16 bytes.
  uint64_t image_size = 0;
  char error[512] = {};  ///< One line, cut short if need be; empty after success.
};

}  // namespace wherry::engine

extern "C" {
/// 0: `response` holds an image; else it holds an error.
int wherry_llvm_compile(const wherry::engine::CompileRequest* request, wherry::engine::CompileResponse* response);
void wherry_llvm_free(uint8_t* image);
}

namespace wherry::engine {
inline constexpr const char* kCompilerPlugin = "libwherry-llvm.so";
inline constexpr const char* kCompilerProcess = "wherry-compiler";
inline constexpr const char* kCompileSymbol = "wherry_llvm_compile";
inline constexpr const char* kFreeSymbol = "wherry_llvm_free";
using CompileFunction = int (*)(const CompileRequest*, CompileResponse*);
using FreeFunction = void (*)(uint8_t*);
}  // namespace wherry::engine
