#include "native/compiler_client.h"

#include <charconv>
#include <cstring>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "platform/memory.h"
#include "platform/process.h"

namespace wherry::native {

using engine::CompileRequest;
using engine::CompileResponse;
using engine::NativeImage;

namespace {

/// The largest image there may be.
constexpr uint64_t kMaxImage = uint64_t{4} << 30;

/// An image that fills the beginning of the memory.
NativeImage image_in(platform::Reservation memory, uint64_t size) {
  auto owner = std::make_shared<const platform::Reservation>(std::move(memory));
  return {{owner->base(), size}, owner};
}

class Plugin {
 public:
  static Result<Plugin> open(const std::string& path) {
    WHERRY_TRY(void* library, platform::open_library(path));
    Plugin plugin;
    plugin.compile_ = reinterpret_cast<engine::CompileFunction>(platform::find_symbol(library, engine::kCompileSymbol));
    plugin.free_ = reinterpret_cast<engine::FreeFunction>(platform::find_symbol(library, engine::kFreeSymbol));
    if (plugin.compile_ == nullptr || plugin.free_ == nullptr) {
      return fail(ErrorCode::kUnsupported, path + ": not a compiler of ours");
    }
    return plugin;
  }

  Result<NativeImage> compile(const CompileRequest& request) const {
    CompileResponse response;
    if (compile_(&request, &response) != 0) return fail(ErrorCode::kUnsupported, response.error);
    platform::Reservation memory = platform::Reservation::make(response.image_size);
    const bool fits = memory && memory.commit(0, memory.size());
    if (fits) std::memcpy(memory.base(), response.image, response.image_size);
    free_(response.image);
    if (!fits) return fail(ErrorCode::kLimit, "no memory for native code");
    return image_in(std::move(memory), response.image_size);
  }

 private:
  engine::CompileFunction compile_ = nullptr;
  engine::FreeFunction free_ = nullptr;
};

// The helper process.

std::vector<std::string> arguments_for(const CompileRequest& request, bool with_functions) {
  constexpr std::string_view kTargets[] = {"host", "x86_64", "aarch64"};
  constexpr std::string_view kCpus[] = {"host", "baseline"};
  constexpr std::string_view kLevels[] = {"fast", "default", "max"};
  std::vector<std::string> arguments;
  const auto add = [&](std::string_view name, std::string_view value) {
    arguments.emplace_back(name);
    arguments.emplace_back(value);
  };
  // Descriptors as HelperProcess numbers them.
  add("--module", "3");
  add("--image", "4");
  if (with_functions) add("--functions", "5");
  add("--progress", with_functions ? "6" : "5");
  add("--target", kTargets[static_cast<size_t>(request.target)]);
  add("--cpu", kCpus[static_cast<size_t>(request.cpu)]);
  add("--level", kLevels[static_cast<size_t>(request.level)]);
  add("--flags", std::to_string(request.flags));
  add("--features", std::to_string(request.features));
  add("--threads", std::to_string(request.threads));
  if (request.nice != 0) add("--nice", std::to_string(request.nice));
  return arguments;
}

/// A line "progress DONE TOTAL".
bool read_progress(std::string_view line, uint64_t& done, uint64_t& total) {
  constexpr std::string_view kWord = "progress ";
  if (!line.starts_with(kWord)) return false;
  line.remove_prefix(kWord.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return false;
  std::from_chars(line.data(), line.data() + space, done);
  std::from_chars(line.data() + space + 1, line.data() + line.size(), total);
  return true;
}

Result<NativeImage> compile_in_process(const std::string& program, const CompileRequest& request) {
  WHERRY_TRY(const platform::Descriptor module, platform::make_memory_file({request.module, request.module_size}));
  WHERRY_TRY(const platform::Descriptor image, platform::make_memory_file({}));
  std::vector<int> files{module.number(), image.number()};
  platform::Descriptor functions;
  if (request.functions != nullptr) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(request.functions);
    WHERRY_TRY(functions, platform::make_memory_file({bytes, request.function_count * sizeof(uint32_t)}));
    files.push_back(functions.number());
  }
  WHERRY_TRY(platform::HelperProcess helper,
             platform::HelperProcess::start(program, arguments_for(request, request.functions != nullptr), files));

  constexpr int kAskEvery = 100;  // milliseconds
  uint64_t done = 0;
  uint64_t total = 0;
  std::optional<std::string> last;
  while (!helper.at_end()) {
    const std::optional<std::string> line = helper.read_line(kAskEvery);
    if (line && !read_progress(*line, done, total)) last = line;
    if (request.progress != nullptr && request.progress(request.user, done, total) == 0) {
      return fail(ErrorCode::kLimit, "compilation was stopped");
    }
  }
  const std::string end = helper.wait();
  constexpr std::string_view kError = "error ";
  if (last && last->starts_with(kError)) return fail(ErrorCode::kUnsupported, last->substr(kError.size()));
  if (last != "done" || !end.empty()) {
    return fail(ErrorCode::kUnsupported, "the compiler ended too early: " + (end.empty() ? "it said nothing" : end));
  }
  WHERRY_TRY(platform::FileCopy copy, platform::copy_file(image, kMaxImage));
  return image_in(std::move(copy.memory), copy.size);
}

bool is_plugin(std::string_view path) { return path.ends_with(".so") || path.find(".so.") != std::string_view::npos; }

std::string find(const std::string& path) {
  if (!path.empty()) return path;
  const std::string program = platform::program_folder();
  const std::string library = platform::library_folder();
  if (platform::can_open_libraries()) {
    for (const std::string& folder : {library, program + "/../lib", std::string(WHERRY_PLUGIN_FOLDER)}) {
      const std::string candidate = folder + "/" + engine::kCompilerPlugin;
      if (platform::is_file(candidate)) return candidate;
    }
  }
  for (const std::string& folder :
       {program, program + "/../libexec/wherry", library + "/../bin", std::string(WHERRY_HELPER_FOLDER)}) {
    const std::string candidate = folder + "/" + engine::kCompilerProcess;
    if (platform::is_file(candidate)) return candidate;
  }
  return "";
}

class CompilerClient final : public engine::NativeCompiler {
 public:
  explicit CompilerClient(const std::string& path) : path_(path) {}

  Result<NativeImage> compile(const CompileRequest& request) const override {
    std::call_once(found_, [this] {
      program_ = find(path_);
      if (is_plugin(program_)) plugin_ = Plugin::open(program_);
    });
    if (program_.empty()) {
      return fail(ErrorCode::kNotFound, std::string("found no compiler (neither ") + engine::kCompilerPlugin + " nor " +
                                            engine::kCompilerProcess + ")");
    }
    if (!plugin_) return compile_in_process(program_, request);
    if (!plugin_->has_value()) return std::unexpected(plugin_->error());
    return (*plugin_)->compile(request);
  }

 private:
  std::string path_;
  mutable std::once_flag found_;
  mutable std::string program_;
  mutable std::optional<Result<Plugin>> plugin_;
};

}  // namespace

std::unique_ptr<const engine::NativeCompiler> find_compiler(const std::string& path) {
  return std::make_unique<const CompilerClient>(path);
}

}  // namespace wherry::native
