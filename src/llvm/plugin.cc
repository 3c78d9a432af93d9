// The plugin's C interface: engine/compiler_abi.h.
#include <algorithm>
#include <cstring>
#include <new>

#include "engine/compiler_abi.h"
#include "engine/native_image.h"
#include "llvm/compile.h"

namespace wherry::compiler {

namespace {

using engine::CompileRequest;
using engine::CompileResponse;

class RequestProgress final : public Progress {
 public:
  explicit RequestProgress(const CompileRequest& request) : request_(request) {}
  bool update(uint64_t done, uint64_t total) override {
    return request_.progress == nullptr || request_.progress(request_.user, done, total) != 0;
  }

 private:
  const CompileRequest& request_;
};

Result<std::vector<uint8_t>> serve(const CompileRequest& request) {
  if (request.abi != engine::kCompilerAbi) return fail(ErrorCode::kUnsupported, "the compiler is of another version");
  CompileOptions options;
  options.target = request.target;
  options.cpu = request.cpu;
  options.level = request.level;
  options.bounds = (request.flags & engine::kImageGuarded) != 0 ? BoundsStrategy::kGuard : BoundsStrategy::kChecks;
  options.relaxed_simd_deterministic = (request.flags & engine::kImageDeterministic) != 0;
  options.canonical_nan = (request.flags & engine::kImageCanonicalNan) != 0;
  options.fuel = (request.flags & engine::kImageFuel) != 0;
  options.threads = request.threads;
  if (request.functions != nullptr) options.functions.emplace(request.functions, request.function_count);

  wasm::TypeRegistry registry;
  WHERRY_TRY(const std::unique_ptr<wasm::Module> module,
             wasm::read_module({request.module, request.module_size}, Features::from_bits(request.features), registry));
  RequestProgress progress(request);
  return compile_module(*module, options, &progress);
}

constexpr std::align_val_t kAlignment{16};

}  // namespace

}  // namespace wherry::compiler

extern "C" {

[[gnu::visibility("default")]] int wherry_llvm_compile(const wherry::engine::CompileRequest* request,
                                                       wherry::engine::CompileResponse* response) {
  *response = {};
  const wherry::Result<std::vector<uint8_t>> image = wherry::compiler::serve(*request);
  if (!image) {
    const std::string& message = image.error().message;
    std::memcpy(response->error, message.data(), std::min(message.size(), sizeof response->error - 1));
    return 1;
  }
  response->image = static_cast<uint8_t*>(::operator new(image->size(), wherry::compiler::kAlignment));
  response->image_size = image->size();
  std::memcpy(response->image, image->data(), image->size());
  return 0;
}

[[gnu::visibility("default")]] void wherry_llvm_free(uint8_t* image) {
  ::operator delete(image, wherry::compiler::kAlignment);
}

}  // extern "C"
